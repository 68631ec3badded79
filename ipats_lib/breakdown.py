"""Figures by group: the same outcome rows, counted once more for each group they are in."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import Records, View
from ipats_lib.groups import load_groups
from ipats_lib.indicators.intervals import of_median, ratio_to_total, wilson
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.periods import Window

TOTAL = "All"
COLUMNS = (
    *("program", "indicator", "dimension", "group", "successes", "denominator", "pending"),
    *("value", "lower", "upper", "ratio", "ratio_lower", "ratio_upper"),
)


@dataclass(frozen=True)
class _Membership:
    """Which record (by place) is in which group (by place); the first group is everybody."""

    titles: tuple[tuple[str, str], ...]
    holds: NDArray[np.bool_]


def breakdown(outcomes: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Every program and indicator by every group that anyone of it is in.

    outcomes: the outcome rows of one report and one area; rows: their records, with the elements
    of `groups.ELEMENTS`. Returns `COLUMNS`: counts are periods of participation (for medians,
    wages); value a share 0..1 or dollars, with its 95 percent interval; ratio of the share to
    that of all, with its interval (missing for medians). The line of `TOTAL` comes first in each.
    Source: domain 7.1, 7.2.
    """
    membership = _membership(rows)
    place = pd.Index(rows["row"]).get_indexer(outcomes["row"])
    lines = []
    for (program, code), mine in outcomes.groupby(["program", "indicator"], observed=True):
        places = place[outcomes.index.get_indexer(mine.index)]
        counted = _counted(mine, membership.holds[places], INDICATORS[code].is_median)
        lines += [
            (program, code, *membership.titles[number], *line) for number, line in counted.items()
        ]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _membership(rows: pd.DataFrame) -> _Membership:
    # Groups ask about entry alone: program, window and as-of date of the view do not matter.
    view = View(Records(rows), "title1", Window(date.min, date.max), date.max)
    groups = load_groups()
    everybody = np.ones(len(rows), dtype=np.bool_)
    holds = np.column_stack([everybody, *(group.holds(view) for group in groups)])
    titles = ((TOTAL, TOTAL), *((group.dimension, group.title) for group in groups))
    return _Membership(titles, holds)


Line = tuple[float, int, int, float, float, float, float, float, float]


def _counted(outcomes: pd.DataFrame, holds: NDArray[np.bool_], is_median: bool) -> dict[int, Line]:
    state = outcomes["state"].astype("str").to_numpy()
    known = np.isin(state, ("success", "failure", "pending"))
    sizes = holds[known].sum(axis=0)
    if is_median:
        wages = outcomes["value"].to_numpy(dtype=np.float64)
        return {
            n: _median(wages[holds[:, n] & ~np.isnan(wages)])
            for n in np.flatnonzero(sizes).tolist()
        }
    successes = holds[state == "success"].sum(axis=0)
    pending = holds[state == "pending"].sum(axis=0)
    return {
        n: _share(
            int(successes[n]), int(sizes[n]), int(pending[n]), int(successes[0]), int(sizes[0])
        )
        for n in np.flatnonzero(sizes).tolist()
    }


def _share(successes: int, counted: int, pending: int, everyone: int, total: int) -> Line:
    lower, upper = wilson(successes, counted)
    ratio = ratio_to_total(successes, counted, everyone, total)
    return (successes, counted, pending, successes / counted, lower, upper, *ratio)


def _median(wages: NDArray[np.float64]) -> Line:
    lower, upper = of_median(list(wages))
    none = float("nan")
    return (none, len(wages), 0, float(np.median(wages)), lower, upper, none, none, none)
