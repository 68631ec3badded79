"""A table kept in parts, one Parquet file per section of areas, in bounded memory.

Batches are spilled to disk sorted by section; only a few keys of each row stay in memory. From
the keys follows every row's place, and each part is written a few row groups at a time. Within a
part, rows stand by the customer's planner, customer, date and line, so that one planner's rows
lie together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ipats_lib.snapshot.areas import Masks, Numbers, section_names, sections_of

ROW_GROUP = 8192
SPILL_ROWS, SPILL_BYTES = 131_072, 128 << 20
CHUNK_BYTES = 160 << 20
HIDDEN = ("row", "_areas", "_customer")
_AT = "_at"

Homes = Callable[[Numbers], Numbers]


@dataclass(frozen=True, slots=True)
class Keys:
    """What is known of every row at once: one array entry per row, in order of the source."""

    areas: Masks
    customers: Numbers
    days: Numbers

    def order(self, homes: Homes) -> NDArray[np.int64]:
        """Row positions in the order of the parts."""
        return np.lexsort(
            (self.days, self.customers, homes(self.customers), sections_of(self.areas))
        )


class PartsWriter:
    """Takes batches in order of the source, and writes the parts when all are there.

    spill: a folder for the time being; out: the folder of the parts.
    """

    def __init__(self, spill: Path, out: Path) -> None:
        self._spill, self._out = spill, out
        self._waiting: list[pa.Table] = []
        self._spilled: list[tuple[Path, dict[int, int]]] = []
        self._keys: list[Keys] = []
        self._schemas: list[pa.Schema] = []
        self._rows = self._bytes = self._total = self._total_bytes = 0
        spill.mkdir(parents=True)
        out.mkdir(parents=True)

    def add(self, table: pa.Table, keys: Keys) -> None:
        """Append rows; columns that are blank throughout may be left out of `table`."""
        self._keys.append(keys)
        self._waiting.append(table)
        self._rows += len(table)
        self._bytes += table.nbytes
        if self._rows >= SPILL_ROWS or self._bytes >= SPILL_BYTES:
            self._flush()

    def keys(self) -> Keys:
        """The keys of all rows so far."""
        self._keys = [_joined(self._keys)]
        return self._keys[0]

    def finish(self, homes: Homes) -> None:
        """Write the parts. homes: customers -> the planner by whom they are sorted."""
        self._flush()
        keys = self.keys()
        order = keys.order(homes)
        sections = sections_of(keys.areas)
        places = np.empty(len(order), dtype=np.int64)
        places[order] = np.arange(len(order))
        counts = np.bincount(sections, minlength=len(section_names()))
        starts = np.concatenate(([0], np.cumsum(counts)))
        schema = pa.unify_schemas(self._schemas).remove(0) if self._schemas else pa.schema([])
        for section, name in enumerate(section_names()):
            if counts[section]:
                self._write(section, name, schema, places, range(*starts[section : section + 2]))
        for path, _ in self._spilled:
            path.unlink()
        self._spill.rmdir()

    def _flush(self) -> None:
        if not self._rows:
            return
        table = pa.concat_tables(self._waiting, promote_options="default").combine_chunks()
        areas = table["_areas"].to_numpy()
        sections = sections_of(areas)
        order = np.argsort(sections, kind="stable")
        table = table.add_column(0, _AT, pa.array(np.arange(self._total, self._total + len(table))))
        table = table.take(pa.array(order)).combine_chunks()
        path = self._spill / f"{len(self._spilled):05}.arrow"
        batches: dict[int, int] = {}
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(str(path), table.schema, options=options) as writer:
            start = 0
            for section in np.unique(sections).tolist():
                size = int(np.count_nonzero(sections == section))
                writer.write_batch(table.slice(start, size).to_batches()[0])
                batches[section] = len(batches)
                start += size
        self._spilled.append((path, batches))
        self._schemas.append(table.schema)
        self._total += len(table)
        self._total_bytes += table.nbytes
        self._waiting, self._rows, self._bytes = [], 0, 0

    def _write(
        self, section: int, name: str, schema: pa.Schema, places: NDArray[np.int64], among: range
    ) -> None:
        with pq.ParquetWriter(self._out / f"{name}.parquet", schema, compression="zstd") as writer:
            for start in range(among.start, among.stop, self._chunk(among)):
                stop = min(start + self._chunk(among), among.stop)
                table = self._gather(section, schema, places, start, stop)
                writer.write_table(table, row_group_size=ROW_GROUP)

    def _chunk(self, among: range) -> int:
        """Rows written at once: whole row groups within CHUNK_BYTES."""
        fitting = CHUNK_BYTES * self._total // self._total_bytes
        return max(1, min(len(among), fitting) // ROW_GROUP) * ROW_GROUP

    def _gather(
        self, section: int, schema: pa.Schema, places: NDArray[np.int64], start: int, stop: int
    ) -> pa.Table:
        found = []
        for path, batches in self._spilled:
            if section in batches:
                with pa.ipc.open_file(str(path)) as spilled:
                    batch = spilled.get_batch(batches[section])
                at = places[batch[_AT].to_numpy()]
                inside = (at >= start) & (at < stop)
                found.append(pa.Table.from_batches([batch]).filter(pa.array(inside)))
        table = pa.concat_tables(found, promote_options="default")
        order = np.argsort(places[table[_AT].to_numpy()])
        return _shaped(table.take(pa.array(order)), schema)


def _shaped(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of the schema, blank where the table lacks them."""
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _joined(keys: Sequence[Keys]) -> Keys:
    if not keys:
        none = np.empty(0, dtype=np.int32)
        return Keys(none.astype(np.int64), none, none)
    return Keys(
        np.concatenate([key.areas for key in keys]),
        np.concatenate([key.customers for key in keys]),
        np.concatenate([key.days for key in keys]),
    )
