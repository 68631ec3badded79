"""Figures by group, counted group by group: what the frame `groups` counts for all scopes at once.

`tests/report/test_performance_frames.py` compares the two to the bit.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import Membership
from ipats_lib.indicators.intervals import of_medians, ratio_to_total, wilson
from ipats_lib.indicators.rules import INDICATORS

COLUMNS = (
    *("program", "indicator", "dimension", "group", "successes", "denominator", "pending"),
    *("value", "lower", "upper", "ratio", "ratio_lower", "ratio_upper"),
)


def breakdown(outcomes: pd.DataFrame, members: Membership) -> pd.DataFrame:
    """Every program and indicator by every group that anyone of it is in.

    outcomes: the outcome rows of one report and one area, whose records are in `members`.
    Returns `COLUMNS`: counts are periods of participation (for medians, wages); value a share
    0..1 or dollars, with its 95 percent interval; ratio of the share to that of all, with its
    interval (missing for medians). The line of `TOTAL` comes first in each. Source: domain 7.1,
    7.2.
    """
    places = members.rows.get_indexer(outcomes["row"])
    states = outcomes["state"].astype("str").to_numpy()
    values = outcomes["value"].to_numpy(dtype=np.float64)
    lines = []
    for (program, code), at in outcomes.groupby(
        ["program", "indicator"], observed=True
    ).indices.items():
        holds = members.of(program, places[at])
        counted = _counted(states[at], values[at], holds, INDICATORS[code].is_median)
        lines += [(program, code, *members.titles[n], *line) for n, line in counted.items()]
    return pd.DataFrame(lines, columns=list(COLUMNS))


Line = tuple[float, int, int, float, float, float, float, float, float]


def _counted(
    states: NDArray[np.object_],
    values: NDArray[np.float64],
    holds: NDArray[np.bool_],
    is_median: bool,
) -> dict[int, Line]:
    known = np.isin(states, ("success", "failure", "pending"))
    sizes = holds[known].sum(axis=0)
    filled: list[int] = np.flatnonzero(sizes).tolist()
    if is_median:
        found = ~np.isnan(values)
        return {n: _median(values[holds[:, n] & found]) for n in filled}
    successes, pending = (holds[states == name].sum(axis=0) for name in ("success", "pending"))
    total = int(successes[0]), int(sizes[0])
    return {n: _share(int(successes[n]), int(sizes[n]), int(pending[n]), *total) for n in filled}


def _share(successes: int, counted: int, pending: int, everyone: int, total: int) -> Line:
    lower, upper = wilson(successes, counted)
    ratio = ratio_to_total(successes, counted, everyone, total)
    return (successes, counted, pending, successes / counted, lower, upper, *ratio)


def _median(wages: NDArray[np.float64]) -> Line:
    ordered, size = np.sort(wages), len(wages)
    middle = float(ordered[(size - 1) // 2] + ordered[size // 2]) / 2
    none = float("nan")
    return (none, size, 0, middle, *of_median(ordered), none, none, none)


def of_median(values) -> tuple[float, float]:
    """The interval of one group's median; NaN for nobody."""
    wages = np.asarray(values, dtype=np.float64)
    found = of_medians(wages, np.zeros(len(wages), dtype=np.int64)).tolist()
    return tuple(found[0]) if found else (float("nan"), float("nan"))
