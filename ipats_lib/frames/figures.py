"""The frames `figures` (every window of the period) and `history` (eight report quarters)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ipats_lib import indicators
from ipats_lib.cohorts import (
    IN_ADULT_EDUCATION,
    IN_TITLE_I,
    IN_VOCATIONAL_REHABILITATION,
    IN_WAGNER_PEYSER,
    PROGRAM_TITLES,
    View,
)
from ipats_lib.disclosure import few_wages, load_thresholds
from ipats_lib.frames.earlier_quarters import holds_whole
from ipats_lib.frames.levels_of import judged, with_levels
from ipats_lib.frames.source import Source, keyed, quarters_of
from ipats_lib.indicators.differences import change_limits
from ipats_lib.indicators.intervals import wilson
from ipats_lib.indicators.outcomes import judge
from ipats_lib.indicators.rules import ESE, INDICATORS
from ipats_lib.levels.level import NO_VERDICT
from ipats_lib.periods import Report
from ipats_lib.scopes import STATE

MEASURE_TITLES = {rule.code: rule.title for rule in (*INDICATORS.values(), ESE)}
CORE = "core"
TITLES: dict[str, str] = {str(code): title for code, title in PROGRAM_TITLES.items()}
TITLES[CORE] = "All core programs"
IN_OTHER_TITLES_ALONE = (IN_ADULT_EDUCATION | IN_VOCATIONAL_REHABILITATION) & ~(
    IN_TITLE_I | IN_WAGNER_PEYSER
)
BASELINE = "a baseline, no level is negotiated yet"
_MORE = ("pending", "excluded", "resolved", "ceiling", "lower", "upper")
_NAMED = {"resolved": "known", "ceiling": "best", "lower": "lower95", "upper": "upper95"}
_AMOUNTS = ["value", "lower95", "upper95"]


def figures(source: Source) -> pd.DataFrame:
    """The frame `figures` of every scope, with `owner`: its scope's place."""
    windows = source.period.windows
    lines = lines_of(source, source.counts, windows)
    lines = lines[_shown(lines)]
    lines = lines.assign(period=source.period.name)
    lines = _with_days(judged(with_levels(lines, source), source), windows)
    if STATE in source.scopes:
        served = _employers(source)
        lines = pd.concat([lines, served], ignore_index=True) if len(served) else lines
    order = np.lexsort((np.arange(len(lines)), lines["place"], lines["owner"]))
    return keyed(lines.take(order).reset_index(drop=True))


def lines_of(
    source: Source,
    counts: pd.DataFrame,
    windows: Sequence[Report],
    areas: Sequence[tuple[str, str]] = (),
) -> pd.DataFrame:
    """Every scope, window, program and measure, zero denominators included, before any level.

    counts: `Source.counts`, or some of its reports. areas: the area types and areas that it
    counts, where these are no scopes. Adds owner, place (of the window), label,
    titles, group and suppressed; what a median of few wages would tell is missing.
    """
    wanted = {window.label: window for window in windows}
    mine = counts[counts["report"].astype("str").isin(list(wanted))]
    scopes = [(scope.kind, scope.area) for scope in source.scopes]
    lwias = [" ".join(area) for area in areas] or [scope.lwia for scope in source.scopes]
    places = areas or scopes
    lines = indicators.long_form(mine, windows, places, more=_MORE).rename(columns=_NAMED)
    each = len(lines) // len(windows)
    within = each // max(1, len(places))
    place = np.repeat(np.arange(len(windows)), each)
    owner = np.tile(np.repeat(np.arange(len(places)), within), len(windows))
    lines = lines.fillna({"pending": 0, "excluded": 0}).astype(
        {"pending": "int64", "excluded": "int64", "numerator": "Int64"}
    )
    hidden = hidden_medians(lines)
    return lines.assign(
        **{name: lines[name].astype("float64").mask(hidden) for name in _AMOUNTS},
        known=lines["known"].astype("float64"),
        best=lines["best"].astype("float64"),
        suppressed=hidden,
        place=place,
        owner=owner,
        label=np.array(list(wanted), dtype=object)[place],
        lwia=np.array(lwias, dtype=object)[owner],
        group="",
        partial=False,
        program_title=lines["program"].map(TITLES),
        measure_title=lines["measure"].map(MEASURE_TITLES),
    )


def hidden_medians(lines: pd.DataFrame) -> pd.Series:
    """Which lines (area_type, measure, denominator) are medians that would tell a wage."""
    kinds = lines.groupby("area_type", sort=False, observed=True)
    parts = [few_wages(mine, str(kind), load_thresholds()) for kind, mine in kinds]
    none = pd.Series([], dtype="bool")
    return pd.concat(parts).reindex(lines.index).astype("bool") if parts else none


def _shown(lines: pd.DataFrame) -> pd.Series:
    """Wagner-Peyser has lines where the state or an LWIA counts anybody in the window."""
    wagner = lines["program"] == "wp"
    counted = (wagner & (lines["denominator"] > 0)).groupby([lines["owner"], lines["place"]])
    here = counted.transform("any") & (lines["area_type"] != "planner")
    return ~wagner | here


def _with_days(lines: pd.DataFrame, windows: Sequence[Report]) -> pd.DataFrame:
    """Adds cohort_first and cohort_last, the days that select whom a line counts, window_title, and
    window_titles: of all windows that select the same, as at the end of a program year."""
    cohorts = {code: rule.cohort for code, rule in (*INDICATORS.items(), ("ESE", ESE))}
    spans = {
        (place, code): window.cohort(cohort)
        for place, window in enumerate(windows)
        for code, cohort in cohorts.items()
    }
    days = [
        spans[key] for key in zip(lines["place"].tolist(), lines["measure"].tolist(), strict=True)
    ]
    titles = np.array([window.window_title.capitalize() for window in windows], dtype=object)
    same: dict[tuple[object, ...], list[str]] = {}
    for place, title in enumerate(titles):
        same.setdefault(tuple(spans[place, code] for code in cohorts), []).append(title)
    named = {title: _listed(alike) for alike in same.values() for title in alike}
    together = np.array([named[title] for title in titles], dtype=object)
    return lines.assign(
        window_title=titles[lines["place"]],
        window_titles=together[lines["place"]],
        cohort_first=np.array([day.start for day in days], dtype="datetime64[s]"),
        cohort_last=np.array([day.end for day in days], dtype="datetime64[s]"),
    )


def _listed(titles: list[str]) -> str:
    """Rolling 4 quarters, program year to date and annual."""
    *others, last = titles[0], *map(str.lower, titles[1:])
    return " and ".join(filter(None, [", ".join(others), last]))


def _employers(source: Source) -> pd.DataFrame:
    """The sixth indicator: one line per window, for the state alone (domain 2.10)."""
    lines: list[dict[str, object]] = []
    for place, window in enumerate(source.period.windows):
        view = View(source.records, "title1", window.cohort(ESE.cohort), source.snapshot.as_of)
        state, _ = judge(view, ESE)
        lines.append({"place": place, **_retained(state), "partial": _is_part(view, state)})
        lines[-1]["window"] = window.window
    empty = dict.fromkeys(("level", "percent", "percent_best"), np.nan)
    found = pd.DataFrame(lines).assign(
        **empty,
        owner=source.scopes.index(STATE),
        period=source.period.name,
        area_type="state",
        area=STATE.area,
        program=CORE,
        program_title=TITLES[CORE],
        measure="ESE",
        measure_title=ESE.title,
        group="",
        level_kind="",
        level_synthetic=False,
        could_be_chance=False,
        suppressed=False,
        status=f"{NO_VERDICT.name}: {BASELINE}",
    )
    return _with_days(found, source.period.windows).astype({"numerator": "Int64"})


def _retained(state: np.ndarray) -> dict[str, float]:
    names = ("success", "failure", "pending", "excluded")
    success, failure, pending, excluded = (int((state == name).sum()) for name in names)
    whole, known = success + failure + pending, success + failure
    lower, upper = wilson(success, whole)
    return {
        "numerator": success,
        "denominator": whole,
        "pending": pending,
        "excluded": excluded,
        "value": success / whole if whole else np.nan,
        "lower95": lower,
        "upper95": upper,
        "known": success / known if known else np.nan,
        "best": (success + pending) / whole if whole else np.nan,
    }


def _is_part(view: View, state: np.ndarray) -> bool:
    """Whether nobody counted is in Title II or IV alone: the file is part of what is counted."""
    return not (IN_OTHER_TITLES_ALONE(view) & (state != "not_in_scope")).any()


def history(source: Source) -> pd.DataFrame:
    """The frame `history` of every scope, with `owner`: its scope's place."""
    quarters = quarters_of(source.period)
    lines = lines_of(source, source.counts, quarters)
    lines = lines.assign(known_at=source.snapshot.as_of.isoformat(), back=lines["place"])
    held = {
        (place, code): holds_whole(window, code, source.whole_from, source.snapshot.as_of)
        for place, window in enumerate(quarters)
        for code in INDICATORS
    }
    keys = list(zip(lines["place"].tolist(), lines["measure"].tolist(), strict=True))
    lines = lines[[held[key] for key in keys]]
    lines = pd.concat([lines, _older(source, quarters)], ignore_index=True)
    names = [source.period.earlier(back).name for back in range(len(quarters))]
    years = np.array([window.py for window in quarters])
    lines = lines.assign(
        period=np.array(names, dtype=object)[lines["back"]],
        py=years[lines["back"]],
        known_at=lines["known_at"].to_numpy(dtype="datetime64[s]"),
        quarter_title=[quarters[back].report_quarter.label for back in lines["back"]],
    )
    wagner = lines["program"] == "wp"
    counted = (wagner & (lines["denominator"] > 0)).groupby(lines["owner"]).transform("any")
    lines = lines[~wagner | (counted & (lines["area_type"] != "planner"))]
    lines = _with_chances(with_levels(lines, source))
    by = ["owner", "back", "program_order", "measure_order"]
    ordered = lines.assign(
        program_order=lines["program"].map({code: n for n, code in enumerate(TITLES)}),
        measure_order=lines["measure"].map({code: n for n, code in enumerate(INDICATORS)}),
    ).sort_values(by, ignore_index=True)
    return keyed(ordered)


def _with_chances(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines of quarters with whether chance explains their change since one and four before."""
    of = ["owner", "area_type", "area", "program", "measure", "back"]
    amounts = lines.set_index(of)[["value", "lower95", "upper95"]].astype("float64")
    now = tuple(amounts.to_numpy().T)
    for name, back in (("quarter_could_be_chance", 1), ("year_could_be_chance", 4)):
        wanted = pd.MultiIndex.from_frame(lines[of].assign(back=lines["back"] + back))
        before = tuple(amounts.reindex(wanted).to_numpy().T)
        least, most = change_limits(now, before)
        lines = lines.assign(**{name: (least <= 0) & (most >= 0)})
    return lines


def _older(source: Source, quarters: Sequence[Report]) -> pd.DataFrame:
    """Quarters that only earlier snapshots hold, as those knew them, as `lines_of` has them."""
    found = source.older
    parts = []
    for place, window in enumerate(quarters):
        mine = found[found["report"] == window.label]
        for day, codes in mine.groupby("known_at")["indicator"].unique().items():
            lines = lines_of(source, mine[mine["known_at"] == day], [window])
            lines = lines[lines["measure"].isin(list(codes))]
            parts.append(lines.assign(known_at=day, back=place))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
