"""Reading one scope's rows of a table in parts, and only the row groups that hold them."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    """Row groups of one part that hold rows of a scope, out of so many.

    chosen: which rows of these groups are the scope's; None for all.
    """

    path: Path
    groups: tuple[int, ...]
    out_of: int
    chosen: NDArray[np.bool_] | None = None


def portions(folder: Path, choice: Choice | None) -> tuple[Portion, ...]:
    """Where the rows of a scope lie in a table's parts; choice None takes everything."""
    if choice is None:
        return tuple(_whole(path) for path in sorted(folder.glob("*.parquet")))
    paths = (folder / f"{name}.parquet" for name in (choice.lwia, SEVERAL))
    found = (_chosen(path, choice) for path in paths if path.exists())
    return tuple(portion for portion in found if portion.groups)


def _whole(path: Path) -> Portion:
    groups = pq.ParquetFile(path).num_row_groups
    return Portion(path, tuple(range(groups)), groups)


def _chosen(path: Path, choice: Choice) -> Portion:
    if path.stem == choice.lwia and choice.customers is None:
        return _whole(path)
    part = pq.ParquetFile(path)
    hidden = part.read(["_areas", "_customer"])
    mine = choice.of(hidden["_areas"].to_numpy(), hidden["_customer"].to_numpy())
    sizes = [part.metadata.row_group(group).num_rows for group in range(part.num_row_groups)]
    pieces = np.split(mine, np.cumsum(sizes)[:-1])
    groups = tuple(group for group, piece in enumerate(pieces) if piece.any())
    chosen = np.concatenate([pieces[group] for group in groups]) if groups else None
    return Portion(path, groups, len(sizes), chosen)


def read_portions(places: Sequence[Portion], columns: Sequence[str]) -> pa.Table:
    """The rows at these places, by `row`; of the columns, those that are not blank throughout."""
    tables = []
    for place in places:
        part = pq.ParquetFile(place.path)
        known = [name for name in columns if name in part.schema_arrow.names]
        table = part.read_row_groups(list(place.groups), known)
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
