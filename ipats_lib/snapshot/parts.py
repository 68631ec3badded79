"""A table kept in parts, one Parquet file per section of areas, in bounded memory.

Rows are spilled to disk while they come in; only a few keys of each stay in memory. From the keys
follows every row's place, and each part is written a few row groups at a time. Within a part, rows
stand by the customer's planner, customer, date and line, so that one planner's rows lie together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ipats_lib.snapshot.areas import Masks, Numbers, section_names, sections_of

SPILL_ROWS, SPILL_BYTES = 131_072, 128 << 20
AT = "_at"
ROW_GROUP = 8192
CHUNK_BYTES = 96 << 20
WRITERS = 2
HIDDEN = {"row": pa.int64(), "_areas": pa.int64(), "_customer": pa.int32()}  # what every row has

Homes = Callable[[Numbers], Numbers]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Keys:
    """What is known of every row at once: one array entry per row, in order of the source."""

    areas: Masks
    customers: Numbers
    days: Numbers

    def places(self, homes: Homes) -> Places:
        """The place of each row in the order of the parts."""
        sections = sections_of(self.areas)
        order = np.lexsort((self.days, self.customers, homes(self.customers), sections))
        places = np.empty(len(order), dtype=np.int64)
        places[order] = np.arange(len(order))
        return places


@dataclass(frozen=True, slots=True)
class _Spilled:
    """One file; batches: section -> its number among the file's record batches."""

    path: Path
    batches: dict[int, int]


class Spill:
    """Takes tables with a column `_areas`; gives them back by section, each row with its place in
    the order of the source (`_at`). Columns may differ from table to table; a lacking one is blank.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._waiting: list[pa.Table] = []
        self._files: list[_Spilled] = []
        self._schemas: list[pa.Schema] = []
        self._rows = self._bytes = 0
        self.total = self.total_bytes = 0

    @property
    def schema(self) -> pa.Schema:
        """All columns met so far, without `_at`."""
        return pa.unify_schemas(self._schemas).remove(0) if self._schemas else pa.schema([])

    def add(self, table: pa.Table) -> None:
        """Append rows; they are written when enough are waiting."""
        self._waiting.append(table)
        self._rows += len(table)
        self._bytes += table.nbytes
        if self._rows >= SPILL_ROWS or self._bytes >= SPILL_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if not self._rows:
            return
        table = pa.concat_tables(self._waiting, promote_options="default").combine_chunks()
        sections = sections_of(table["_areas"].to_numpy())
        at = pa.array(np.arange(self.total, self.total + len(table)))
        table = table.add_column(0, AT, at)
        table = table.take(pa.array(np.argsort(sections, kind="stable"))).combine_chunks()
        path = self._folder / f"{len(self._files):05}.arrow"
        self._files.append(_Spilled(path, _write_sections(path, table, np.sort(sections))))
        self._schemas.append(table.schema)
        self.total += len(table)
        self.total_bytes += table.nbytes
        self._waiting, self._rows, self._bytes = [], 0, 0

    def section(self, section: int) -> Iterator[pa.Table]:
        """The rows of a section, file by file."""
        for spilled in self._files:
            if section in spilled.batches:
                with pa.ipc.open_file(str(spilled.path)) as file:
                    batch = file.get_batch(spilled.batches[section])
                yield pa.Table.from_batches([batch])

    def remove(self) -> None:
        """Delete the files."""
        for spilled in self._files:
            spilled.path.unlink()
        self._folder.rmdir()


def _write_sections(path: Path, table: pa.Table, sections: np.ndarray) -> dict[int, int]:
    """Write one record batch per section; the table is sorted by them."""
    batches: dict[int, int] = {}
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    found, starts, sizes = np.unique(sections, return_index=True, return_counts=True)
    with pa.ipc.new_file(str(path), table.schema, options=options) as writer:
        for section, start, size in zip(found.tolist(), starts, sizes, strict=True):
            writer.write_batch(table.slice(start, size).to_batches()[0])
            batches[section] = len(batches)
    return batches


class Parts(Protocol):
    """Takes a table's rows in order of the source."""

    def add(self, lines: NDArray[np.int64], columns: Mapping[str, pa.Array], keys: Keys) -> None:
        """Append rows; columns blank throughout may be left out."""

    def keys(self) -> Keys:
        """The keys of all rows so far."""

    def finish(self, homes: Homes) -> None:
        """All rows are there. homes: customers -> the planner by whom they are sorted."""


class Held:
    """Rows whose columns `wanted` are held in memory, in order of the source."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._wanted = wanted
        self._tables = [pa.schema(HIDDEN).empty_table()]
        self._keys: list[Keys] = []

    def add(self, lines: NDArray[np.int64], columns: Mapping[str, pa.Array], keys: Keys) -> None:
        self._keys.append(keys)
        held = _hidden(lines, keys) | {n: columns[n] for n in self._wanted if n in columns}
        self._tables.append(pa.table(held))

    def keys(self) -> Keys:
        self._keys = [_joined(self._keys)]
        return self._keys[0]

    def finish(self, homes: Homes) -> None:
        pass

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Those of the columns that are not blank throughout; KeyError for one that is not held."""
        if unheld := set(columns) - {*HIDDEN, *self._wanted}:
            raise KeyError(*sorted(unheld))
        rows = pa.concat_tables(self._tables, promote_options="default").combine_chunks()
        self._tables = [rows]
        return rows.select([name for name in columns if name in rows.column_names])


class PartsWriter:
    """Takes rows in order of the source, and writes the parts when all are there.

    spill: a folder for the time being; out: the folder of the parts.
    """

    def __init__(self, spill: Path, out: Path) -> None:
        out.mkdir(parents=True)
        self._spill, self._out = Spill(spill), out
        self._keys: list[Keys] = []

    def add(self, lines: NDArray[np.int64], columns: Mapping[str, pa.Array], keys: Keys) -> None:
        """Append rows, behind the columns HIDDEN; columns blank throughout may be left out."""
        self._keys.append(keys)
        self._spill.add(pa.table(_hidden(lines, keys) | dict(columns)))

    def keys(self) -> Keys:
        """The keys of all rows so far."""
        self._keys = [_joined(self._keys)]
        return self._keys[0]

    def finish(self, homes: Homes) -> None:
        """Write the parts. homes: customers -> the planner by whom they are sorted."""
        self._spill.flush()
        keys = self.keys()
        places = keys.places(homes)
        counts = np.bincount(sections_of(keys.areas), minlength=len(section_names()))
        ends = np.cumsum(counts)
        with ThreadPoolExecutor(WRITERS) as pool:
            parts = [
                pool.submit(self._write, section, places, int(ends[section] - size), int(size))
                for section, size in enumerate(counts)
                if size
            ]
            for part in parts:
                part.result()
        self._spill.remove()

    def _write(self, section: int, places: Places, first: int, size: int) -> None:
        """The part of a section, whose rows have the places from `first` on."""
        path, schema = self._out / f"{section_names()[section]}.parquet", self._spill.schema
        step = self._rows_at_once(size)
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for start in range(first, first + size, step):
                table = self._gather(section, places, start, min(start + step, first + size))
                writer.write_table(_shaped(table, schema), row_group_size=ROW_GROUP)

    def _rows_at_once(self, size: int) -> int:
        """Whole row groups within CHUNK_BYTES."""
        fitting = CHUNK_BYTES * self._spill.total // self._spill.total_bytes
        return max(1, min(size, fitting) // ROW_GROUP) * ROW_GROUP

    def _gather(self, section: int, places: Places, start: int, stop: int) -> pa.Table:
        """The rows of a section with places from start to stop, in that order."""
        found = []
        for table in self._spill.section(section):
            at = places[table[AT].to_numpy()]
            found.append(table.filter(pa.array((at >= start) & (at < stop))))
        table = pa.concat_tables(found, promote_options="default").combine_chunks()
        return table.take(pa.array(np.argsort(places[table[AT].to_numpy()])))


def _hidden(lines: NDArray[np.int64], keys: Keys) -> dict[str, pa.Array]:
    hidden = zip(HIDDEN, (lines, keys.areas, keys.customers), strict=True)
    return {name: pa.array(of) for name, of in hidden}


def _shaped(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of the schema, blank where the table lacks them."""
    known = set(table.column_names)
    columns = [
        table[field.name] if field.name in known else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _joined(keys: Sequence[Keys]) -> Keys:
    none = np.empty(0, dtype=np.int32)
    return Keys(
        np.concatenate([none.astype(np.int64), *(key.areas for key in keys)]),
        np.concatenate([none, *(key.customers for key in keys)]),
        np.concatenate([none, *(key.days for key in keys)]),
    )
