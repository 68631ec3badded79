"""The frame `groups`: the main windows by group, and how each group compares (domain 7, 9.2)."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import TOTAL, WITHOUT, Membership
from ipats_lib.cohorts import PROGRAM_TITLES, PROGRAMS, Program
from ipats_lib.disclosure import load_thresholds, small_cells
from ipats_lib.frames.figures import MEASURE_TITLES, hidden_medians
from ipats_lib.frames.source import Source, keyed
from ipats_lib.groups import OVERLAPPING, PEOPLE
from ipats_lib.indicators.differences import discoveries, exact_chance, standard_deviations
from ipats_lib.indicators.intervals import of_medians, ratio_to_total, wilson
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.periods import Report
from ipats_lib.snapshot.areas import places_between
from ipats_lib.stacking import stacked

FOUR_FIFTHS = 0.8
_KNOWN = ("success", "failure", "pending")
_TESTS = ("gap", "p_value", "deviations", "ratio_best", "best_group")


def groups(source: Source) -> pd.DataFrame:
    """The frame `groups` of every scope, with `owner`: its scope's place."""
    parts = [by_group(source, window) for window in source.period.reports]
    lines = pd.concat(parts, ignore_index=True)
    kinds = np.array([scope.kind for scope in source.scopes], dtype=object)
    areas = np.array([scope.area for scope in source.scopes], dtype=object)
    lines = lines.assign(
        period=source.period.name, area_type=kinds[lines["owner"]], area=areas[lines["owner"]]
    )
    # Wagner-Peyser is a line of the state's and the LWIAs' pages.
    lines = lines[(lines["program"] != "wp") | (lines["area_type"] != "planner")]
    lines = lines.reset_index(drop=True)
    hidden = hidden_medians(lines)
    lines = lines.assign(
        **{name: lines[name].mask(hidden) for name in ("value", "lower95", "upper95")},
        suppressed=hidden,
        few=small_cells(lines, load_thresholds()),
        too_few=lines["denominator"] < load_thresholds().minimum_denominator,
        program_title=lines["program"].map(PROGRAM_TITLES),
        measure_title=lines["measure"].map(MEASURE_TITLES),
    )
    lines = lines.assign(**equity(lines))
    by = ["owner", "place", "program_order", "measure_order", "group_order"]
    ordered = lines.assign(
        program_order=lines["program"].map({code: n for n, code in enumerate(PROGRAM_TITLES)}),
        measure_order=lines["measure"].map({code: n for n, code in enumerate(INDICATORS)}),
    ).sort_values(by, ignore_index=True)
    return keyed(ordered)


def by_group(source: Source, window: Report) -> pd.DataFrame:
    """Every scope, program, measure and group that anybody is in, counted at once.

    Counted once for a source: not to be changed.
    """
    if window.label not in source.by_group:
        source.by_group[window.label] = by_members(source, window, source.members)
    return source.by_group[window.label]


def by_members(
    source: Source,
    window: Report,
    members: Membership,
    programs: Collection[Program] = PROGRAMS,
) -> pd.DataFrame:
    """The same for other groups and programs. members: which record is in which group."""
    lines, owner = source.lines
    table = source.outcomes
    mine = (table["report"] == window.label).to_numpy()
    record = members.rows.get_indexer(table["row"])
    keep = mine[lines]
    lines, owner = lines[keep], owner[keep]
    codes = [(p, m) for p in programs for m, rule in INDICATORS.items() if p in rule.programs]
    program, measure, known = table["program"], table["indicator"], table["state"].isin(_KNOWN)
    state = table["state"].astype("object").to_numpy()
    value = table["value"].to_numpy(dtype=np.float64)
    many, parts = len(members.titles), []
    for code, name in codes:
        here = ((program == code) & (measure == name) & known).to_numpy()
        at = here[lines]
        line, area = lines[at], owner[at]
        unique, back = np.unique(line, return_inverse=True)
        holds = members.of(code, record[unique])
        pair, group = _pairs(holds, back)
        cell = area[pair] * many + group
        counted_state = state[line][pair]
        found = (
            _medians(cell, value[line][pair])
            if INDICATORS[name].is_median
            else _rates(cell, counted_state, len(source.scopes) * many)
        )
        parts.append({**found, "program": code, "measure": name})
    titles = members.titles
    every = stacked(parts, "cell")
    every = every.assign(owner=every["cell"] // many, group_order=every["cell"] % many)
    reports = source.period.reports
    place = every["group_order"].tolist()
    return (
        every.drop(columns="cell")
        .assign(
            place=reports.index(window) if window in reports else len(reports),
            window=window.window,
            window_title=window.window_title.capitalize(),
            dimension=[titles[n][0] for n in place],
            group_title=[titles[n][1] for n in place],
            group=["" if not n else f"{titles[n][0]}={titles[n][1]}" for n in place],
        )
        .astype({"numerator": "Int64"})
    )


def _pairs(
    holds: NDArray[np.bool_], back: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Every line with each group that its record is in. back: the row of `holds` of each line."""
    record, group = np.nonzero(holds)
    first, size = np.searchsorted(record, back), holds.sum(axis=1)[back]
    return np.repeat(np.arange(len(back)), size), group[places_between(first, first + size)]


def _rates(cell: NDArray[np.intp], state: NDArray[np.object_], size: int) -> dict[str, object]:
    counted, success, pending = (
        np.bincount(cell[mine], minlength=size)
        for mine in (np.ones(len(cell), np.bool_), state == "success", state == "pending")
    )
    filled = np.flatnonzero(counted)
    counted, success, pending = counted[filled], success[filled], pending[filled]
    bounds = [wilson(*pair) for pair in zip(success.tolist(), counted.tolist(), strict=True)]
    lower, upper = np.array(bounds, dtype=np.float64).reshape(-1, 2).T
    return {
        "cell": filled,
        "numerator": success.astype(np.float64),
        "denominator": counted,
        "pending": pending,
        "value": success / counted,
        "lower95": lower,
        "upper95": upper,
    }


def _medians(cell: NDArray[np.intp], wages: NDArray[np.float64]) -> dict[str, object]:
    found = ~np.isnan(wages)
    filled, number = np.unique(cell[found], return_inverse=True)
    mine = wages[found]
    ordered = mine[np.lexsort((mine, number))]
    sizes = np.bincount(number, minlength=len(filled))
    first = np.cumsum(sizes) - sizes
    middle = (ordered[first + (sizes - 1) // 2] + ordered[first + sizes // 2]) / 2
    none = np.full(len(filled), np.nan)
    lower, upper = of_medians(mine, number.astype(np.int64)).T if len(filled) else (none, none)
    return {
        "cell": filled,
        "numerator": none,
        "denominator": sizes,
        "pending": np.zeros_like(sizes),
        "value": middle,
        "lower95": lower,
        "upper95": upper,
    }


def equity(lines: pd.DataFrame) -> dict[str, object]:
    """How each group compares with its program: ratio and its interval, and the equity tests.

    lines: owner, place, program, measure, dimension, group_title, numerator, denominator, value and
    too_few, with the line of `TOTAL` of each owner, place, program and measure.

    The tests are asked of rates, for the groups of people (`groups.PEOPLE`) of each program that
    repeats no other, where enough are counted; the false discovery rate of one scope and window is
    controlled together. Source: domain 9.2; 29 CFR part 38; 29 CFR 1607.4(D).
    """
    whole = lines["dimension"].to_numpy() == TOTAL
    keys = ("owner", "place", "program", "measure")
    cells = lines.groupby(list(keys), sort=False, observed=True).ngroup().to_numpy()
    totals = np.zeros(int(cells.max(initial=-1)) + 1, dtype=np.intp)
    totals[cells[whole]] = np.flatnonzero(whole)
    total = totals[cells]
    rate = lines["numerator"].notna().to_numpy()
    success = lines["numerator"].fillna(0).to_numpy(dtype=np.int64)
    counted = lines["denominator"].to_numpy()
    ratio = np.full((len(lines), 3), np.nan)
    at = np.flatnonzero(rate)
    sizes = (success[at], counted[at], success[total[at]], counted[total[at]])
    ratio[at] = np.array(
        [ratio_to_total(*four) for four in zip(*(s.tolist() for s in sizes), strict=True)]
    ).reshape(-1, 3)
    people = lines["dimension"].isin(PEOPLE).to_numpy()
    tested = rate & people & (lines["program"] != "title1").to_numpy()
    asked = tested & ~lines["too_few"].to_numpy()
    found = _compared(lines, np.flatnonzero(asked), total, success, counted, cells)
    differs = np.zeros(len(lines), dtype=np.bool_)
    for mine in lines.groupby(["owner", "place"], sort=False).indices.values():
        differs[mine] = discoveries(found["p_value"][mine])
    best = found["ratio_best"]
    return {
        "ratio": ratio[:, 0],
        "ratio_lower": ratio[:, 1],
        "ratio_upper": ratio[:, 2],
        **found,
        "differs": differs,
        "under_four_fifths": (best < FOUR_FIFTHS)
        & (np.array(found["best_group"]) != lines["group_title"].to_numpy()),
        "beyond_two": np.abs(found["deviations"]) > 2,
        "reading": readings(tested, lines["too_few"], found["p_value"], differs, found["gap"]),
    }


def readings(
    tested: NDArray[np.bool_],
    too_few: NDArray[np.bool_] | pd.Series,
    chance: NDArray[np.float64],
    differs: NDArray[np.bool_],
    gap: NDArray[np.float64],
) -> NDArray[np.object_]:
    """Whether each group differs from its program, in words; empty for lines that are no test's."""
    words = ("", "Too few to tell", "Cannot be tested", "No clear difference", "Lower")
    asked = (~tested, too_few, np.isnan(chance), ~differs, gap < 0)
    return np.select([np.asarray(one) for one in asked], words, "Higher").astype(object)


def _compared(
    lines: pd.DataFrame,
    asked: NDArray[np.intp],
    total: NDArray[np.intp],
    success: NDArray[np.int64],
    counted: NDArray[np.int64],
    cells: NDArray[np.intp],
) -> dict[str, NDArray[np.float64]]:
    """The tests of the lines at these places; missing elsewhere."""
    found: dict[str, NDArray[np.float64]] = {
        name: np.full(len(lines), np.nan) for name in _TESTS[:-1]
    }
    best_group = np.full(len(lines), "", dtype=object)
    value = lines["value"].to_numpy(dtype=np.float64)
    titles = lines["group_title"].to_numpy(dtype=object)
    best = _best(lines["dimension"].to_numpy(dtype=object), cells, value, asked)
    found["gap"][asked] = value[asked] - value[total[asked]]
    for n in asked.tolist():
        all_, everyone = int(success[total[n]]), int(counted[total[n]])
        mine, size = int(success[n]), int(counted[n])
        others, rest = all_ - mine, everyone - size
        found["p_value"][n] = exact_chance(mine, size, others, rest)
        found["deviations"][n] = standard_deviations(mine, size, all_, everyone)
        place = best.get(n)
        share = value[place] if place is not None else others / rest if rest else np.nan
        best_group[n] = titles[place] if place is not None else WITHOUT
        found["ratio_best"][n] = value[n] / share if share else np.nan
    return {**found, "best_group": best_group}  # type: ignore[dict-item]


def _best(
    dimensions: NDArray[np.object_],
    cells: NDArray[np.intp],
    value: NDArray[np.float64],
    asked: Sequence[int] | NDArray[np.intp],
) -> dict[int, int]:
    """The place of the best group of each line's dimension; none for barriers."""
    found: dict[tuple[int, str], int] = {}
    for n in np.asarray(asked).tolist():
        key = (int(cells[n]), str(dimensions[n]))
        if key not in found or value[n] > value[found[key]]:
            found[key] = n
    return {
        n: found[int(cells[n]), str(dimensions[n])]
        for n in np.asarray(asked).tolist()
        if dimensions[n] not in OVERLAPPING
    }
