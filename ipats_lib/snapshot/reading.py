"""Reading one scope's rows of a table in parts, and only the row groups that hold them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ipats_lib.snapshot.areas import SEVERAL, Masks, Numbers


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
class Portion:
    """Row groups of one part that hold rows of a scope.

    chosen: which rows of these groups are the scope's; None for all.
    """

    path: Path
    groups: tuple[int, ...]
    chosen: NDArray[np.bool_] | None = None


def portions(folder: Path, choice: Choice | None) -> tuple[Portion, ...]:
    """Where the rows of a scope lie in a table's parts; choice None takes everything."""
    if choice is None:
        return tuple(_whole(path) for path in sorted(folder.glob("*.parquet")))
    paths = (folder / f"{name}.parquet" for name in (choice.lwia, SEVERAL))
    found = (_chosen(path, choice) for path in paths if path.exists())
    return tuple(portion for portion in found if portion.groups)


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """What is asked of a part for every scope: its footer, and where which customer's rows lie."""

    footer: pq.FileMetaData
    names: frozenset[str]
    areas: Masks
    customers: Numbers
    ends: NDArray[np.int64]

    @property
    def groups(self) -> int:
        return len(self.ends)


def _part(path: Path) -> _Part:
    """The part at this path, read once for all planners of its LWIA."""
    known = path.stat()
    return _read_part(path, known.st_size, known.st_mtime_ns)


@lru_cache(maxsize=32)
def _read_part(path: Path, size: int, changed: int) -> _Part:  # noqa: ARG001  (they are the key)
    part = pq.ParquetFile(path)
    hidden = part.read(["_areas", "_customer"])
    footer = part.metadata
    sizes = [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]
    return _Part(
        footer,
        frozenset(part.schema_arrow.names),
        hidden["_areas"].to_numpy(),
        hidden["_customer"].to_numpy(),
        np.cumsum(sizes, dtype=np.int64),
    )


def _whole(path: Path) -> Portion:
    return Portion(path, tuple(range(_part(path).groups)))


def _chosen(path: Path, choice: Choice) -> Portion:
    if path.stem == choice.lwia and choice.customers is None:
        return _whole(path)
    part = _part(path)
    mine = choice.of(part.areas, part.customers)
    pieces = np.split(mine, part.ends[:-1])
    groups = tuple(group for group, piece in enumerate(pieces) if piece.any())
    chosen = np.concatenate([pieces[group] for group in groups]) if groups else None
    return Portion(path, groups, chosen)


def read_portions(places: Sequence[Portion], columns: Sequence[str]) -> pa.Table:
    """The rows at these places, by `row`; of the columns, those that are not blank throughout."""
    tables = []
    for place in places:
        part = _part(place.path)
        known = [name for name in columns if name in part.names]
        file = pq.ParquetFile(place.path, metadata=part.footer)
        table = file.read_row_groups(list(place.groups), known)
        tables.append(table if place.chosen is None else table.filter(pa.array(place.chosen)))
    if not tables:
        return pa.table({"row": pa.array([], pa.int64())})
    table = pa.concat_tables(tables)
    return table.take(pc.sort_indices(table["row"]))


def read_findings(path: Path, choice: Choice | None) -> pa.Table:
    """The findings of a scope's records and those about whole files, a few at a time."""
    found = pq.ParquetFile(path)
    shown = [name for name in found.schema_arrow.names if not name.startswith("_")]
    if choice is None:
        return found.read(shown)
    pieces = [found.schema_arrow.empty_table()]
    for batch in found.iter_batches():
        mine = choice.of(batch["_areas"].to_numpy(), batch["_customer"].to_numpy())
        whole = batch["row"].is_null().to_numpy(zero_copy_only=False)
        pieces.append(pa.Table.from_batches([batch]).filter(pa.array(mine | whole)))
    return pa.concat_tables(pieces).select(shown)
