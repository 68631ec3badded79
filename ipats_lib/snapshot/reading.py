"""Reading one scope's rows of a table in parts, and only the row groups that hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ipats_lib.snapshot.areas import SEVERAL, Masks, Numbers
from ipats_lib.snapshot.manifest import Manifest, StoredFile
from ipats_lib.snapshot.parts import HIDDEN
from ipats_lib.snapshot.store import stored_bytes


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """The rows of an LWIA, or of one of its planners: those with a customer of the planner."""

    lwia: str
    bit: int
    customers: Numbers | None

    def of(self, areas: Masks, customers: Numbers) -> NDArray[np.bool_]:
        inside = (areas & self.bit) != 0
        return inside if self.customers is None else inside & np.isin(customers, self.customers)


@dataclass(frozen=True, eq=False, slots=True)
class Files:
    """The files of a snapshot by name. They are only read whole and as the manifest has them."""

    folder: Path
    stored: Mapping[str, StoredFile]

    @classmethod
    def of(cls, folder: Path, manifest: Manifest) -> "Files":
        return cls(folder, {file.path: file for file in manifest.files})

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """A Parquet file; SnapshotError when it is damaged, as in all that reads one."""
        return pq.read_table(self.open(name), columns=columns)

    def open(self, name: str) -> pa.BufferReader:
        return pa.BufferReader(stored_bytes(self.folder, self.stored[name]))


@dataclass(frozen=True, eq=False, slots=True)
class Portion:
    """Row groups of one part that hold rows of a scope.

    chosen: which rows of these groups are the scope's; None for all.
    """

    folder: Path
    file: StoredFile
    groups: tuple[int, ...]
    chosen: NDArray[np.bool_] | None = None

    @property
    def path(self) -> Path:
        return self.folder / self.file.path


def portions(files: Files, table: str, choice: Choice | None) -> tuple[Portion, ...]:
    """Where the rows of a scope lie in a table's parts; choice None takes everything."""
    if choice is None:
        names = sorted(name for name in files.stored if name.startswith(f"{table}/"))
        return tuple(_whole(files.folder, files.stored[name]) for name in names)
    wanted = (f"{table}/{section}.parquet" for section in (choice.lwia, SEVERAL))
    known = (files.stored[name] for name in wanted if name in files.stored)
    found = (_chosen(files.folder, file, choice) for file in known)
    return tuple(portion for portion in found if portion.groups)


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """What is asked of a part for every scope: its bytes, its footer, and where which customer's
    rows lie."""

    data: pa.Buffer
    footer: pq.FileMetaData
    names: frozenset[str]
    areas: Masks
    customers: Numbers
    ends: NDArray[np.int64]

    @property
    def groups(self) -> int:
        return len(self.ends)


@lru_cache(maxsize=16)
def _part(folder: Path, file: StoredFile) -> _Part:
    """The part in this file, read once for all planners of its LWIA.

    Its bytes stay in memory: what the file holds later is never read without being verified.
    """
    data = pa.py_buffer(stored_bytes(folder, file))
    part = pq.ParquetFile(pa.BufferReader(data))
    hidden = part.read(["_areas", "_customer"])
    footer = part.metadata
    sizes = [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]
    return _Part(
        data,
        footer,
        frozenset(part.schema_arrow.names),
        hidden["_areas"].to_numpy(),
        hidden["_customer"].to_numpy(),
        np.cumsum(sizes, dtype=np.int64),
    )


def _whole(folder: Path, file: StoredFile) -> Portion:
    return Portion(folder, file, tuple(range(_part(folder, file).groups)))


def _chosen(folder: Path, file: StoredFile, choice: Choice) -> Portion:
    if Path(file.path).stem == choice.lwia and choice.customers is None:
        return _whole(folder, file)
    part = _part(folder, file)
    mine = choice.of(part.areas, part.customers)
    pieces = np.split(mine, part.ends[:-1])
    groups = tuple(group for group, piece in enumerate(pieces) if piece.any())
    chosen = np.concatenate([pieces[group] for group in groups]) if groups else None
    return Portion(folder, file, groups, chosen)


def read_portions(places: Sequence[Portion], columns: Sequence[str]) -> pa.Table:
    """The rows at these places, by `row`; of the columns, those that are not blank throughout."""
    tables = []
    for place in places:
        part = _part(place.folder, place.file)
        known = [name for name in columns if name in part.names]
        file = pq.ParquetFile(pa.BufferReader(part.data), metadata=part.footer)
        table = file.read_row_groups(list(place.groups), known)
        tables.append(table if place.chosen is None else table.filter(pa.array(place.chosen)))
    if not tables:
        return pa.table({n: pa.array([], kind) for n, kind in HIDDEN.items() if n in columns})
    table = pa.concat_tables(tables)
    return table.take(pc.sort_indices(table["row"]))


def read_findings(files: Files, choice: Choice | None) -> pa.Table:
    """The findings of a scope's records and those about whole files, a few at a time."""
    found = pq.ParquetFile(files.open("findings.parquet"))
    shown = [name for name in found.schema_arrow.names if not name.startswith("_")]
    if choice is None:
        return found.read(shown)
    pieces = [found.schema_arrow.empty_table()]
    for batch in found.iter_batches():
        mine = choice.of(batch["_areas"].to_numpy(), batch["_customer"].to_numpy())
        whole = batch["row"].is_null().to_numpy(zero_copy_only=False)
        pieces.append(pa.Table.from_batches([batch]).filter(pa.array(mine | whole)))
    return pa.concat_tables(pieces).select(shown)
