"""Batches put aside on disk, sorted by section, until the place of every row is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ipats_lib.snapshot.areas import sections_of

SPILL_ROWS, SPILL_BYTES = 131_072, 128 << 20
AT = "_at"


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
