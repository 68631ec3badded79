"""The frames `outlook` (how a program year may end), `open_outcomes` (who can still change it),
`accuracy` (how far earlier expectations were off) and `cohort_members`."""

from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import PROGRAM_TITLES, Program
from ipats_lib.due_dates import due
from ipats_lib.frames.calendar import held, windows_ahead
from ipats_lib.frames.expectations import Expectations
from ipats_lib.frames.figures import MEASURE_TITLES, hidden_medians
from ipats_lib.frames.levels_of import judged, with_levels
from ipats_lib.frames.past import OPEN, PROGRAMS, Past, years_of
from ipats_lib.frames.record_outcomes import areas_of_records
from ipats_lib.frames.source import Source, quarters_of
from ipats_lib.indicators.intervals import of_medians, wilson
from ipats_lib.indicators.outcomes import plain_reason
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.levels.level import percent_of_level
from ipats_lib.periods import Period, Report, program_year_end
from ipats_lib.projection import (
    Guess,
    bands_of,
    last_day,
    median_bounds,
    more_successes,
    more_wages,
)
from ipats_lib.scopes import STATE

_LINES = tuple(
    (program, measure)
    for program in PROGRAMS
    for measure, rule in INDICATORS.items()
    if program in rule.programs
)
_AMOUNTS = (
    *("value", "at_worst", "expected", "low80", "high80", "at_best", "usual_miss"),
    *("to_90", "to_100", "percent", "percent_expected", "percent_best", "one_more"),
)
_LINE = ("owner", "program", "measure")
_INTERVAL = ("lower95", "upper95")
EARLIER = ("official", "open", "cohort")


@lru_cache(maxsize=1)
def outlook(source: Source) -> pd.DataFrame:
    """The frame `outlook` of every scope, with `owner`: its scope's place. Kept for `score_cases`,
    which reads it again; nobody changes it."""
    years = years_of(source.period)
    keys = [
        {"owner": owner, "py": year.py, "lwia": scope.lwia, "area_type": scope.kind,
         "program": program, "measure": measure}
        for owner, scope in enumerate(source.scopes)
        for year in years
        for program, measure in _LINES
    ]  # fmt: skip
    lines = with_levels(pd.DataFrame(keys), source)
    known, found = _expectations(source), []
    for owner, py, program, measure, level in zip(
        *(lines[name].tolist() for name in ("owner", "py", "program", "measure", "level")),
        strict=True,
    ):
        year = years[py - source.period.py]
        of = _of_median if INDICATORS[measure].is_median else _of_rate
        found.append(of(known(owner, program), year, measure, level))
    lines = pd.concat([lines, pd.DataFrame(found)], axis=1)
    hidden = hidden_medians(lines)
    lines = lines.assign(
        **{name: lines[name].astype("float64").mask(hidden) for name in _AMOUNTS},
        period=[f"PY{py}" for py in lines["py"]],
        suppressed=hidden,
        **_titles(lines),
    )
    whole = judged(lines.assign(window="annual", quarter="", best=lines["at_best"]), source)
    return lines.assign(status=whole["status"], could_be_chance=whole["could_be_chance"])


@lru_cache(maxsize=1)
def _past(source: Source) -> Past:
    return Past(source)


@lru_cache(maxsize=1)
def _expectations(source: Source) -> Callable[[int, Program], Expectations]:
    """The expectations of each scope and program, counted once for `outlook` and `accuracy`."""
    return cache(partial(Expectations, _past(source)))


def _titles(lines: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "program_title": lines["program"].map(PROGRAM_TITLES),
        "measure_title": lines["measure"].map(MEASURE_TITLES),
    }


def _of_rate(past: Expectations, year: Report, measure: Measure, level: float) -> dict[str, Any]:
    mine = past.outcomes(year.label, measure)
    successes, failures, pending = (
        int(mine.among(state).sum()) for state in ("success", "failure", "pending")
    )
    denominator = successes + pending + failures
    hoped = past.of_rate(year, measure, mine)
    more = (0, hoped.value, hoped.low, hoped.high, pending)
    value, expected, low, high, best = (
        (successes + n) / denominator if denominator else np.nan for n in more
    )
    asked = denominator and not np.isnan(level)
    return {
        "numerator": successes,
        "denominator": denominator,
        "pending": pending,
        "value": value,
        **dict(zip(_INTERVAL, wilson(successes, denominator), strict=True)),
        "at_worst": value,
        "expected": expected,
        "low80": low,
        "high80": high,
        "at_best": best,
        "usual_miss": hoped.miss,
        "to_90": more_successes(successes, denominator, level, 90) if asked else None,
        "to_100": more_successes(successes, denominator, level, 100) if asked else None,
        "one_more": percent_of_level(1 / denominator, level) if asked else np.nan,
        **_percents(level, value, expected, best),
    }


def _percents(level: float, value: float, expected: float, best: float) -> dict[str, float]:
    return {
        "percent": percent_of_level(value, level),
        "percent_expected": percent_of_level(expected, level),
        "percent_best": percent_of_level(best, level),
    }


def _of_median(past: Expectations, year: Report, measure: Measure, level: float) -> dict[str, Any]:
    mine = past.outcomes(year.label, measure)
    wages = mine.wages.tolist()
    awaited = int(mine.among("awaiting").sum())
    worst, best = median_bounds(wages, awaited)
    groups = np.zeros(len(wages), dtype=np.int64)
    bounds = of_medians(mine.wages, groups)[0] if wages else (np.nan, np.nan)
    hoped = past.of_median(mine)
    value = float(np.median(wages)) if wages else np.nan
    known = not np.isnan(level)
    return {
        "numerator": pd.NA,
        "denominator": len(wages),
        "pending": awaited,
        "value": value,
        **dict(zip(_INTERVAL, bounds, strict=True)),
        "at_worst": worst,
        "expected": hoped.value,
        "low80": np.nan,
        "high80": np.nan,
        "at_best": best,
        "usual_miss": hoped.miss,
        "to_90": more_wages(wages, level, 90) if known else None,
        "to_100": more_wages(wages, level, 100) if known else None,
        "one_more": np.nan,
        **_percents(level, value, hoped.value, best),
    }


def accuracy(source: Source) -> pd.DataFrame:
    """The frame `accuracy` of every scope, with `owner`: its scope's place."""
    known = _expectations(source)
    tests = {
        (owner, program, measure): found
        for owner in range(len(source.scopes))
        for program, measure in _LINES
        if len(found := known(owner, program).tested(measure))
    }
    guesses = [(*line, *guess) for line, found in tests.items() for guess in found]
    lines = pd.DataFrame(guesses, columns=[*_LINE, *Guess._fields])
    bands = [_bands(found, measure) for (_, _, measure), found in tests.items()]
    low, high = np.concatenate([np.empty((0, 2)), *bands]).T
    count, actual = (lines[name].to_numpy(dtype=np.float64) for name in ("known", "actual"))
    reached = np.round(actual * count)
    inside = np.where((low <= reached) & (reached <= high), "inside", "outside")
    quarters = {f"PY{w.py}{w.quarter}": w.report_quarter.label for w in quarters_of(source.period)}
    return lines.assign(
        period=lines["quarter_label"],
        quarter_title=lines["quarter_label"].map(quarters),
        turned_out=lines["actual"],
        known_outcomes=lines["known"],
        low80=low / count,
        high80=high / count,
        in_band=np.where(np.isnan(low), "", inside),
        **_titles(lines),
    )


def _bands(tests: list[Guess], measure: Measure) -> NDArray[np.float64]:
    """The band that the other quarters give each test; unknown for medians."""
    median = INDICATORS[measure].is_median
    return np.full((len(tests), 2), np.nan) if median else np.array(bands_of(tests))


def open_outcomes(source: Source) -> pd.DataFrame:
    """The frame `open_outcomes` of every scope, with `owner`: its scope's place.

    The state's has no customer; others have their own LWIA alone.
    """
    table = source.outcomes
    years = {year.label: year for year in years_of(source.period)}
    mine = (
        table["report"].astype("object").isin(list(years))
        & table["program"].astype("object").isin(PROGRAMS)
        & table["state"].astype("object").isin(OPEN)
    ).to_numpy()
    at, owner = source.lines
    keep = mine[at]
    at, owner = at[keep], owner[keep]
    record = np.searchsorted(source.rows["row"].to_numpy(), table["row"].to_numpy()[at])
    label, program, measure, reason = (
        table[name].astype("object").to_numpy()[at]
        for name in ("report", "program", "indicator", "reason")
    )
    days = _counts_by(source, years, label, measure, record)
    lines = pd.DataFrame(
        {
            "owner": owner,
            "period": [f"PY{years[one].py}" for one in label],
            "program": program,
            "measure": measure,
            "row": table["row"].to_numpy()[at],
            "customer": source.records.text("100")[record].astype("str").astype("object"),
            "area": areas_of_records(source)[record],
            "reason": reason,
            "counts_by": days.astype("datetime64[s]"),
            "days_left": (days - np.datetime64(source.snapshot.as_of, "D")).astype("int64"),
            "locked": [np.datetime64(due(Period(years[one].py)), "s") for one in label],
        }
    )
    scopes = np.array([scope.lwia for scope in source.scopes], dtype=object)[owner]
    state = np.array([scope == STATE for scope in source.scopes], dtype=bool)[owner]
    words = {code: plain_reason(code) for code in set(reason)}
    lines = lines.assign(
        customer=lines["customer"].mask(state, None),
        area=lines["area"].where(state, scopes),
        reason_title=lines["reason"].map(words),
        measure_order=lines["measure"].map({code: n for n, code in enumerate(INDICATORS)}),
        program_order=lines["program"].map({code: n for n, code in enumerate(PROGRAMS)}),
        **_titles(lines),
    )
    by = ["owner", "period", "counts_by", "customer", "program_order", "measure_order", "row"]
    return lines.sort_values(by, ignore_index=True)


def _counts_by(
    source: Source,
    years: dict[str, Report],
    label: NDArray[np.object_],
    measure: NDArray[np.object_],
    record: NDArray[np.intp],
) -> NDArray[np.datetime64]:
    """The last day on which each open outcome can happen (`projection.last_day`)."""
    view = _past(source).view
    found = np.full(len(record), np.datetime64("NaT"), dtype="datetime64[D]")
    for name, year in years.items():
        end = program_year_end(year.cohort("MSG").end)
        for code in INDICATORS:
            mine = (label == name) & (measure == code)
            found[mine] = last_day(view, code, end).astype("datetime64[D]")[record[mine]]
    return found


def cohort_members(source: Source) -> pd.DataFrame:
    """The frame `cohort_members` of every scope, with `owner`: its scope's place; of the state
    nobody."""
    state = np.array([scope == STATE for scope in source.scopes], dtype=bool)
    inside = ~state[source.owner]
    at, owner = source.at[inside], source.owner[inside]
    parts, none = [], np.empty(0, dtype=np.intp)
    for period, window in windows_ahead(source.period):
        for measure in INDICATORS:
            for program in PROGRAMS:
                mine = held(source.records, source.snapshot.as_of, measure, window, program)
                here = np.flatnonzero(mine[at])
                parts.append((period.name, measure, program, at[here], owner[here]))
    sizes = [len(part[3]) for part in parts]
    names = [np.array([part[n] for part in parts], dtype=object) for n in (0, 1, 2)]
    period_, measure_, program_ = (np.repeat(column, sizes) for column in names)
    record, owner = (np.concatenate([none, *(part[n] for part in parts)]) for n in (3, 4))
    lines = pd.DataFrame(
        {
            "owner": owner,
            "period": period_,
            "measure": measure_,
            "program": program_,
            "row": source.rows["row"].to_numpy()[record],
            "customer": source.records.text("100")[record].astype("str").astype("object"),
        }
    )
    return lines.assign(**_titles(lines)).sort_values("owner", kind="stable", ignore_index=True)


def earlier_outlook(counts: pd.DataFrame) -> pd.DataFrame:
    """The frame `earlier_outlook` of one scope. counts: what earlier extracts counted of it of the
    kinds `EARLIER` (known_at, kind, key, n, value), as its readers may have it."""
    words = counts["key"].astype("object").str.split(" ")
    lines = counts.assign(
        what=counts["kind"],
        period=words.str[0],
        program=words.str[-2],
        measure=words.str[-1],
        known_at=counts["known_at"].to_numpy(dtype="datetime64[s]"),
    )
    by = ["known_at", "what", "period", "program", "measure"]
    return lines.assign(**_titles(lines)).sort_values(by, ignore_index=True)
