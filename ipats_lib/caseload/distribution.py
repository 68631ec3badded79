"""Distribution checks: areas and programs whose records as a whole look odd (domain 4.3, Q-).

Names, populations and limits are data (`params/distribution.csv`). Q-06 and Q-10 are shares of the
caseload (`mix`, A-35 and A-34). A flag says that somebody should look, not that something is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal, cast, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.case_tables import CaseTables
from ipats_lib.caseload.catalogue import filled_in, threshold
from ipats_lib.caseload.checks import asked_of_records
from ipats_lib.caseload.flow import exits_known, view_of
from ipats_lib.caseload.identity_checks import DEMOGRAPHICS
from ipats_lib.caseload.vocabulary import condition, intensive, participated
from ipats_lib.cohorts import (
    IN_YOUTH,
    MISSING,
    STREAMS,
    Mask,
    Records,
    View,
)
from ipats_lib.indicators import predicates as p
from ipats_lib.params import one_of, read_each, whole_number
from ipats_lib.periods import Quarter

Base = Literal["", "median", "area"]
Figure = tuple[float, int]
Metric = Callable[[View, Mask, int], Figure]
BARRIERS = ("202", "800", "801", "802", "803", "804", "805", "806")
GAINS = ("1806", "1807", "1808", "1809", "1810")
NOT_TOLD = 9
COLUMNS = ("id", "metric", "area", "program", "n", "value", "median", "low", "high", "flag")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `params/distribution.csv`.

    days: how far the population reaches back; base: what low and high are added to (nothing, the
    median of the areas, or the area's value for everyone); None: no such limit. Shares are 0..1.
    value: of an area's records of a program: a share of conditions, or one of `METRICS`.
    """

    id: str
    metric: str
    definition: str
    unit: str
    days: int
    base: Base
    low: float | None
    high: float | None
    programs: tuple[str, ...]
    value: Metric
    source: str


@cache
def load_distribution() -> dict[str, Check]:
    """The checks by id; ParamsError names file and line."""
    columns = ("id", "metric", "definition", "unit", "days", "base", "low", "high", "programs",
               "whole", "holds", "source")  # fmt: skip
    return {check.id: check for check in read_each("distribution.csv", columns, _check)}


def _check(row: dict[str, str]) -> Check:
    scale = 100 if row["unit"] == "share" else 1
    low, high = (float(row[side]) / scale if row[side] else None for side in ("low", "high"))
    texts = (row["id"], row["metric"], filled_in(row["definition"]), row["unit"])
    base = cast(Base, one_of(row["base"], get_args(Base)))
    programs = tuple(one_of(program, STREAMS) for program in row["programs"].split("|"))
    days = whole_number(row["days"] or "0")
    value = _share_of(row, days) if row["holds"] else METRICS[one_of(row["id"], METRICS)]
    return Check(*texts, days, base, low, high, programs, value, row["source"])


def _share_of(row: dict[str, str], days: int) -> Metric:
    """The share that conditions say: `exited` and `days` are of the line's own span."""
    span = np.timedelta64(days, "D")
    whole, holds = (
        condition(row[name], exited=lambda view: _exited(view, days), days=lambda _: span)
        for name in ("whole", "holds")
    )

    def both(view: View) -> NDArray[np.bool_]:
        """Asked once for the programs of an area."""
        name = f"distribution {row['id']}"
        return view.records.kept(name, lambda: np.array([whole(view), holds(view)]))

    return lambda view, mine, _: _share(mine & both(view)[0], both(view)[1])


def distribution(cases: CaseTables, inner: pd.DataFrame) -> pd.DataFrame:
    """Every check for every area and program, with the median of the areas and the flag.

    cases: the state's; inner: row and area, one line for each area of a record. Returns `COLUMNS`:
    n (what the value rests on), value, median (of the areas with enough of it), low and high (the
    limits for this line; missing where there is none), flag. Values are shares 0..1, days (Q-13)
    or standard deviations (Q-12); missing where n is 0. Nothing is flagged under
    `distribution_least`.
    """
    places = pd.Series(pd.Index(cases.rows["row"]).get_indexer(inner["row"]))
    parts = [
        _of_area(Records(cases.rows.take(np.sort(mine))), str(area), cases.as_of)
        for area, mine in places.groupby(inner["area"].to_numpy())
    ]
    columns = ["id", "area", "program", "n", "value", "everyone"]
    table = pd.DataFrame([line for part in parts for line in part], columns=columns)
    if table.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    enough = table["n"] >= threshold("distribution_least")
    firm = table.assign(firm=table["value"].where(enough))
    median = firm.groupby(["id", "program"])["firm"].transform("median")
    known = load_distribution()
    base = np.select(
        [table["id"].map({c.id: c.base == kind for c in known.values()}) for kind in _BASES],
        [median, table["everyone"]],
        default=0.0,
    )
    low, high = (
        base + table["id"].map({c.id: getattr(c, side) for c in known.values()}).astype("float64")
        for side in ("low", "high")
    )
    flag = enough & ((table["value"] < low) | (table["value"] > high))
    named = table["id"].map({c.id: c.metric for c in known.values()})
    return table.assign(metric=named, median=median, low=low, high=high, flag=flag)[list(COLUMNS)]


_BASES = ("median", "area")


def _of_area(
    records: Records, area: str, as_of: date
) -> list[tuple[str, str, str, int, float, float]]:
    view, lines = view_of(records, as_of), []
    for check in load_distribution().values():
        for program in check.programs:
            mine = STREAMS[program](view)  # type: ignore[index]  # checked on loading
            value, n = check.value(view, mine, check.days)
            everyone = float("nan")
            if check.base == "area":
                everyone, _ = _share(mine & participated(view), intensive(view))
            lines.append((check.id, area, program, n, value, everyone))
    return lines


def _share(whole: Mask, part: Mask) -> Figure:
    n = int(whole.sum())
    return (float((whole & part).sum()) / n if n else float("nan"), n)


def _exited(view: View, days: int) -> Mask:
    """In the days up to the last one of which all exits are known."""
    last = exits_known(view.as_of)
    exits, first = view.day("901"), last - timedelta(days=days)
    return (exits > np.datetime64(first)) & (exits <= np.datetime64(last))


def _gain_mix(view: View, mine: Mask, days: int) -> Figure:
    today = np.datetime64(view.as_of)
    counts = []
    for gain in GAINS:
        day = view.day(gain)[mine]
        counts.append(int(((day <= today) & (day > today - np.timedelta64(days, "D"))).sum()))
    n = sum(counts)
    return (max(counts) / n if n else float("nan"), n)


def _barriers(view: View, mine: Mask, _: int) -> Figure:
    return _share(mine & participated(view), ~asked_of_records()["L-19"](view))


def _adult_types(view: View, mine: Mask, _: int) -> Figure:
    alone = mine & participated(view) & ~STREAMS["adult"](view) & ~STREAMS["dw"](view)
    return _share(alone, asked_of_records()["L-28"](view) & IN_YOUTH(view))


def _not_disclosed(view: View, mine: Mask, _: int) -> Figure:
    who = mine & participated(view)
    cells = np.array(
        [np.isin(view.code(e)[who], (MISSING, NOT_TOLD)) for e in (*DEMOGRAPHICS, *BARRIERS)]
    )
    return (float(cells.mean()) if cells.size else float("nan"), int(who.sum()))


def _spikes(view: View, mine: Mask, days: int) -> Figure:
    """Weeks are counted back from the last day of which all exits are known."""
    last = exits_known(view.as_of)
    exits = view.day("901")[mine & _exited(view, days)]
    week = (np.datetime64(last) - exits).astype(np.int64) // 7
    counts = np.bincount(week, minlength=days // 7)
    at_end = counts[_weeks_of_quarter_ends(last, len(counts))]
    spread = float(counts.std())
    value = (float(at_end.max()) - float(counts.mean())) / spread if spread else float("nan")
    return (value, len(exits))


def _weeks_of_quarter_ends(last: date, weeks: int) -> NDArray[np.int64]:
    """How many weeks back each quarter ended."""
    found, quarter = [], Quarter.of(last)
    if quarter.end > last:
        quarter -= 1
    while (back := (last - quarter.end).days // 7) < weeks:
        found.append(back)
        quarter -= 1
    return np.array(found, dtype=np.int64)


def _length(view: View, mine: Mask, days: int) -> Figure:
    who = mine & _exited(view, days)
    length = (view.day("901") - view.day("900"))[who].astype(np.float64)
    return (float(np.median(length)) if len(length) else float("nan"), len(length))


def _made_up(view: View, mine: Mask, days: int) -> Figure:
    wages = view.records.amount("1704")
    who = mine & _exited(view, days) & p.WAGE_FOUND_Q2(view)
    paid = wages[who]
    _, place, counts = np.unique(paid, return_inverse=True, return_counts=True)
    odd = (paid % threshold("round_wage") == 0) | (counts[place] >= threshold("same_wages"))
    return (float(odd.mean()) if len(paid) else float("nan"), len(paid))


METRICS: dict[str, Metric] = {
    "Q-03": _gain_mix,
    "Q-08": _barriers,
    "Q-09": _adult_types,
    "Q-11": _not_disclosed,
    "Q-12": _spikes,
    "Q-13": _length,
    "Q-14": _made_up,
}
