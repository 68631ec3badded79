"""Withholding small cells, in one place, on the way out (domain 7.3).

*Withheld* is a state of its own: never 0, never blank. A withheld line keeps its keys and loses
its numerator, denominator and value; it is printed as `*`.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import Mask
from ipats_lib.hidden_cells import Cells, Links, Sum, Thresholds
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import read_settings
from ipats_lib.printed import days, family
from ipats_lib.readers import CountsAlone, System
from ipats_lib.scopes import STATE_AREA

WITHHELD = "*"
# Shares whose windows are sums of quarters of exit; no median follows from other medians.
_OF_QUARTERS = [
    code
    for code, rule in INDICATORS.items()
    if rule.cohort not in ("served", "MSG") and not rule.is_median
]
_YEAR = ("rolling4", "annual")
_HIDDEN = ("numerator", "denominator", "value")


@cache
def load_thresholds() -> Thresholds:
    """`params/disclosure.csv`; ParamsError when a setting is missing or no whole number."""
    return read_settings("disclosure.csv", Thresholds)


def withhold(
    figures: pd.DataFrame,
    thresholds: Thresholds,
    homes: Mapping[str, str] | None = None,
    released: Iterable[pd.DataFrame] = (),
    quarters: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Hide the cells that are too small, and enough others that no subtraction gives them back.

    figures: the long form; `suppressed` becomes True and the numbers missing where withheld.
    homes: the LWIA of each planner, where the figures hold planners.
    released: what publications of other periods showed, each in the long form (`suppressed`, and
    no numbers where it is True).
    quarters: single report quarters in the long form, nothing withheld, as far as the extract holds
    them whole: what an area's own readers know, and what two areas count together.

    What a reader can subtract: the areas of one kind from the state, an LWIA's planners from the
    LWIA, the three programs from the Title I total, and the current quarter from the rolling four
    quarters. Two publications a quarter apart tell of the quarter that only the earlier one counts:
    where it is a small cell, the later one's current quarter is hidden, or the earlier one's four.
    Where a part is hidden, the next smallest are too, until at least
    `minimum_hidden_cells` (of programs two) are, whose counts, successes and failures together
    are no small cell; or all are. A hidden whole has hidden parts, so that no addition gives it
    back. Of two windows that differ by a small cell the shorter one is hidden. The wages of a
    median are the successes of the employment rate of the same exits (but for youth placed in
    education, and for wages not known yet): both are hidden or none. Exits that another
    publication counted and hid are hidden here too, whatever rate they are the denominator of.
    Parts are taken to add up to their whole; who stands in two areas or programs only makes that
    less exact. Last, every hidden count, of this publication and of those at most two quarters
    away, is sought by solving all that they print at once, for strangers and for the readers of
    each area; where the sums give one away, one more cell is hidden (`readers.System`). Beside a
    publication of the same records a large system is not solved: all of its areas are hidden.
    Empty cells (denominator 0) hide nobody and stay as they are, but for an empty median beside a
    hidden rate. Source: domain 7.3, rules 1 to 3; 9.2, linked cells.
    """
    others = list(released)
    if quarters is not None:
        quarters = quarters.assign(small=small_cells(quarters, thresholds))
    groups = _connected(figures, homes or {})
    systems = [System(one, figures, others, quarters) for one in groups]
    small = small_cells(figures, thresholds).to_numpy() | _hidden_before(figures, others)
    for record in others:
        small |= _tells_of_a_quarter(figures, record, thresholds)
    for system in systems:
        small[system.beyond_solving()] = True
    cells = Cells(figures, small, thresholds)
    links = Links(_sums(figures, homes or {}, thresholds), _windows(figures), _wages(figures))
    _settle(cells, links, figures, systems)
    hidden = pd.Series(cells.hidden, index=figures.index)
    protected = figures.copy()
    protected["suppressed"] = hidden
    protected["denominator"] = protected["denominator"].astype("Int64")
    for column in _HIDDEN:
        protected[column] = protected[column].mask(hidden)
    return protected


def _settle(cells: Cells, links: Links, figures: pd.DataFrame, systems: Sequence[System]) -> None:
    """Hide more cells until none of the systems gives a hidden one away."""
    local = figures["area_type"].eq("lwia").to_numpy()
    areas = figures["area"].astype("str").where(local, "").to_numpy(dtype=object)
    cells.settle(links, areas)
    cells.open_needless(links, areas)
    more = True
    while more:
        given = [system.given_away(cells.hidden) for system in systems]
        more = cells.hide_beside(links, {k: v for found in given for k, v in found.items()})
        cells.settle(links, areas)


def withhold_groups(
    figures: pd.DataFrame, by: Sequence[str], group: str, thresholds: Thresholds
) -> pd.Series:
    """Which cells of groups are withheld: small ones, and enough others beside them that no
    subtraction from everybody gives them back.

    figures: measure, numerator, denominator; by: the columns that name one kind of group of one
    area, program and window, whose total is printed elsewhere; group: the column of its name. The
    wages of a median are the successes of the employment rate of the same exits: both are hidden or
    none. Who is in two groups makes a subtraction less exact. Source: domain 7.3, rules 1 to 3.
    """
    cells = Cells(figures, small_cells(figures, thresholds).to_numpy(), thresholds)
    fewest = thresholds.minimum_hidden_cells
    kinds = figures.groupby([*by, "measure"], observed=True, sort=False).indices.values()
    names = [*by, group]
    rates, medians = (
        figures.assign(place=np.arange(len(figures)))[figures["measure"] == code]
        for code in ("ERQ2", "ME")
    )
    pairs = rates.merge(medians, on=names, suffixes=("", "_median"))
    wages = list(zip(pairs["place"].tolist(), pairs["place_median"].tolist(), strict=True))
    cells.close(Links([Sum(None, parts, fewest) for parts in kinds], [], wages))
    return pd.Series(cells.hidden, index=figures.index)


def withhold_counts(
    figures: pd.DataFrame, thresholds: Thresholds, more: pd.Series | None = None
) -> pd.Series:
    """Which counts and shares of participants are withheld: small ones and, as `withhold` has it,
    enough others that no sum over areas or programs gives one back, to an area's own readers too.

    figures: the state, its areas and programs in one window: program, measure, area_type, area,
    denominator and, of shares, numerator. more: what is hidden for another reason, with its
    denominator; that of others is printed elsewhere, and of a share the numerator alone is hidden.
    """
    reported = figures.assign(**dict.fromkeys(_OF_REPORT, ""))
    unknown = pd.Series(False, index=figures.index) if more is None else more.astype("bool")
    known = (figures["numerator"].notna() & ~unknown).to_numpy(dtype=np.bool_)
    small = small_cells(reported, thresholds) | unknown
    cells = Cells(reported, small.to_numpy(dtype=np.bool_), thresholds)
    links = Links(_sums(reported, {}, thresholds), [], [])
    groups = reported.groupby("measure", sort=False).indices.values()
    _settle(cells, links, reported, [CountsAlone(group, reported, known) for group in groups])
    return pd.Series(cells.hidden, index=figures.index)


def small_cells(figures: pd.DataFrame, limits: Thresholds) -> pd.Series:
    """Whether each cell is small: its denominator, its numerator, or what lies between them.

    figures: measure, numerator and denominator. Empty cells are not small. One rule for what is
    withheld across areas and for the notice inside one. Source: domain 7.3, rules 1 and 5.
    """
    size = figures["denominator"].astype("int64")
    successes = figures["numerator"].astype("Float64").fillna(limits.minimum_numerator)
    few = (successes < limits.minimum_numerator) | (size - successes < limits.minimum_numerator)
    small_rate = (size < limits.minimum_denominator) | few.astype("bool")
    small = small_rate.where(~_is_median(figures["measure"]), size < limits.minimum_wages)
    return (small & (size > 0)).astype("bool")


def few_wages(figures: pd.DataFrame, scope_kind: str, limits: Thresholds) -> pd.Series:
    """Whether each figure is a median of fewer than `minimum_wages` that its readers may not see.

    figures: measure and denominator (the number of wages). The median of one wage is that wage, and
    the roster beside it names the customer. Source: domain 7.3; 20 CFR 603.
    """
    if not limits.hides_wages(scope_kind):
        return pd.Series(False, index=figures.index)
    size = figures["denominator"].astype("int64")
    return _is_median(figures["measure"]) & (size > 0) & (size < limits.minimum_wages)


def _is_median(measures: pd.Series) -> pd.Series:
    return measures.isin([code for code, rule in INDICATORS.items() if rule.is_median])


def _connected(figures: pd.DataFrame, homes: Mapping[str, str]) -> list[NDArray[np.intp]]:
    """Places of the cells that a reader solves together: of measures that count the same people,
    the state with its LWIAs, and each LWIA with its planners."""
    same = figures["measure"].map(family)
    place = {str(area): lwia for area, lwia in homes.items()}
    inner = figures["area_type"].eq("planner").to_numpy()
    homes_of = np.array([place.get(str(a), "") for a in figures["area"]])
    areas, found = figures["area"].astype("str").to_numpy(), []
    for mine in figures.groupby([figures["report"], same], sort=False).indices.values():
        planners = inner[mine]
        found.append(mine[~planners])
        found += [
            mine[(planners & (homes_of[mine] == home)) | (~planners & (areas[mine] == home))]
            for home in sorted(set(homes_of[mine[planners]]) - {""})
        ]
    return found


def _wages(figures: pd.DataFrame) -> list[tuple[int, int]]:
    """Places of an employment rate and of the median earnings of the same exits.

    The counts differ by youth placed in education or training and by wages not known yet alone.
    """
    cells = _at(figures)
    pairs = (
        (place, (*key[:4], "ME", *key[5:])) for key, place in cells.items() if key[4] == "ERQ2"
    )
    return [(place, cells[median]) for place, median in pairs if median in cells]


def _hidden_before(figures: pd.DataFrame, released: Iterable[pd.DataFrame]) -> Mask:
    """Which cells count people that another publication hid.

    The exits of an employment rate's second quarter are those of another report's fourth quarter,
    and an annual report counts whom its fourth quarter's report counts in four quarters.
    """
    mine, hidden = _counted(figures), np.zeros(len(figures), dtype=np.bool_)
    for earlier in released:
        secret = set(_counted(earlier[earlier["suppressed"]]).values())
        hidden[[place for place, key in mine.items() if key in secret]] = True
    return hidden


def _tells_of_a_quarter(figures: pd.DataFrame, record: pd.DataFrame, limits: Thresholds) -> Mask:
    """Which cells would give a small quarter away, beside what a publication a quarter before or
    after shows: its four quarters less those of the next one, and that one's current quarter."""
    step = _number_of_quarter(record) - _number_of_quarter(figures)
    found = np.zeros(len(figures), dtype=np.bool_)
    if abs(step) != 1:
        return found
    mine = figures.assign(place=np.arange(len(figures)))
    theirs = record[~record["suppressed"].astype("bool")].assign(place=-1)
    first, then = (theirs, mine) if step < 0 else (mine, theirs)
    keys, counts = ["measure", "program", "area_type", "area"], ["numerator", "denominator"]
    before, after, last = (
        lines[lines["window"].isin(windows) & lines["measure"].isin(_OF_QUARTERS)]
        .astype({"area": "str", **dict.fromkeys(counts, "Int64")})
        .set_index(keys)[[*counts, "place"]]
        for lines, windows in ((first, _YEAR), (then, _YEAR), (then, ("current",)))
    )
    shown = before.index.intersection(after.index).intersection(last.index)
    before, after, last = (lines.loc[shown] for lines in (before, after, last))
    quarter = before[counts] - after[counts] + last[counts]
    small = small_cells(quarter.reset_index(), limits).to_numpy()
    found[(last if step < 0 else before)["place"].to_numpy()[small]] = True
    return found


def _number_of_quarter(figures: pd.DataFrame) -> int:
    """Of a publication's report quarter; an annual report is of the fourth."""
    quarter = str(figures["quarter"].iloc[0] or "Q4")
    return int(figures["py"].iloc[0]) * 4 + int(quarter[1])


def _counted(figures: pd.DataFrame) -> dict[int, tuple[object, ...]]:
    """Whom the denominator of a share counts, by its place: the days, measures, program and area.

    Of measures whose denominator is the whole cohort it is the same people.
    """
    rates = [code for code, rule in INDICATORS.items() if not rule.is_median]
    names = ("report", "py", "quarter", "window", "measure", "program", "area_type", "area")
    lines = zip(*(figures[name].tolist() for name in names), strict=True)
    return {
        place: (days(*line[:5]), family(line[4]), *map(str, line[5:]))
        for place, line in enumerate(lines)
        if line[4] in rates
    }


# Who knows one program of an area knows all of them: two hidden cells do.
_HIDDEN_PROGRAMS = 2
_OF_REPORT = ("report", "quarter", "window")


def _sums(figures: pd.DataFrame, homes: Mapping[str, str], limits: Thresholds) -> list[Sum]:
    """All that adds up: areas to the state, planners to their LWIA, programs to Title I."""
    areas, place = _at(figures), {str(area): lwia for area, lwia in homes.items()}
    parent = pd.Series([place.get(str(a), "") for a in figures["area"]], index=figures.index)
    found = []
    for kinds in (["area_type"], ["area_type", parent.rename("parent")]):
        keys = [*_OF_REPORT, "program", "measure", *kinds]
        for key, parts in figures.groupby(keys, observed=True, sort=False).indices.items():
            *same, kind = key[:6]
            inner = len(key) > 6
            if kind == "state" or (inner and not key[6]):
                continue
            area = ("lwia", key[6]) if inner else ("state", STATE_AREA)
            whole = areas.get((*same, *area))
            found.append(Sum(whole, parts, limits.minimum_hidden_cells, not inner))
    keys = [*_OF_REPORT, "measure", "area_type", "area"]
    inside = figures["program"].isin(("adult", "dw", "youth")).to_numpy()
    for key, lines in figures.groupby(keys, observed=True, sort=False).indices.items():
        *same, measure, kind, area = key
        whole = areas.get((*same, "title1", measure, kind, area))
        if whole is not None:
            found.append(Sum(whole, lines[inside[lines]], _HIDDEN_PROGRAMS))
    return found


def _windows(figures: pd.DataFrame) -> list[tuple[int, int]]:
    """Places of two windows of one cell, the shorter first, which the longer one holds."""
    cells = _at(figures)
    longer = ((key, (key[0], key[1], "rolling4", *key[3:])) for key in cells if key[2] == "current")
    return [(cells[key], cells[other]) for key, other in longer if other in cells]


def _at(figures: pd.DataFrame) -> dict[tuple[str, ...], int]:
    """The place of each cell by report, quarter, window, program, measure, area_type and area."""
    keys = (*_OF_REPORT, "program", "measure", "area_type", "area")
    texts = (figures[key].astype("str") for key in keys)
    return {key: place for place, key in enumerate(zip(*texts, strict=True))}
