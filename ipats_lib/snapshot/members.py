"""Which PIRL rows belong to which LWIA and which planner, listed for all areas at once."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ipats_lib.snapshot.areas import Numbers, area_bits

Lines = NDArray[np.int64]
AREA_TYPES = ["lwia", "planner"]


def membership(
    hidden: pa.Table, contacts: pa.Table, planners: Sequence[str], lwias: Sequence[str]
) -> pd.DataFrame:
    """One row per area and PIRL row: area_type and area (categories), row.

    hidden: row, _areas, _customer of every PIRL row. contacts: planner_id, _customer. planners
    and lwias: every planner and the LWIA they belong to.
    """
    rows, areas = hidden["row"].to_numpy(), hidden["_areas"].to_numpy()
    bits = area_bits()
    order = np.argsort(hidden["_customer"].to_numpy(), kind="stable")
    customers = hidden["_customer"].to_numpy()[order]
    by_planner = _rows_met(contacts, planners, customers, order)
    inside = [np.flatnonzero(areas & bit) for bit in bits.values()]
    of_planner = np.array([bits[lwia] for lwia in lwias], dtype=np.int64)[by_planner[0]]
    own = (areas[by_planner[1]] & of_planner) != 0
    numbers = np.concatenate(
        [
            np.repeat(np.arange(len(bits)), [len(one) for one in inside]),
            by_planner[0][own] + len(bits),
        ]
    )
    places = np.concatenate([*inside, by_planner[1][own]])
    kinds = (numbers >= len(bits)).astype(np.int8)
    return pd.DataFrame(
        {
            "area_type": pd.Categorical.from_codes(kinds, AREA_TYPES),
            "area": pd.Categorical.from_codes(numbers, [*bits, *planners]),
            "row": rows[places],
        }
    )


def _rows_met(
    contacts: pa.Table, planners: Sequence[str], customers: Numbers, order: Lines
) -> tuple[Lines, Lines]:
    """Pairs (planner number, row position) of each planner and each row of their customers.

    customers: sorted customer of every row; order: that sort.
    """
    index = pa.compute.index_in(contacts["planner_id"], pa.array(planners, pa.string()))
    number, met = index.to_numpy(), contacts["_customer"].to_numpy()
    first, last = np.searchsorted(customers, met), np.searchsorted(customers, met, side="right")
    return np.repeat(number, last - first).astype(np.int64), order[places_between(first, last)]


def places_between(first: Lines, last: Lines) -> Lines:
    """The places from each `first` up to its `last`, which is not among them, one by one."""
    size = last - first
    return np.arange(size.sum()) + np.repeat(last - np.cumsum(size), size)
