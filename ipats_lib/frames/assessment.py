"""The frames `assessment`, `score_cases` and `adjustment`: what the state and each LWIA score
(domain 3).

Planners are not assessed: their frames are empty.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
import pandas as pd

from ipats_lib.assessment.adjustment import Factor, adjustment_factor, load_adjustment
from ipats_lib.assessment.history import (
    consequence,
    individual_name,
    load_complete_years,
    load_failures,
    years_failed,
)
from ipats_lib.assessment.scores import individual_scores, limit_of, overall_scores
from ipats_lib.breakdown import TOTAL
from ipats_lib.frames.figures import MEASURE_TITLES, TITLES, lines_of
from ipats_lib.frames.groups import by_group
from ipats_lib.frames.outlook import outlook
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.source import Source
from ipats_lib.groups import group_names
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels.files import load_levels
from ipats_lib.levels.level import NO_VERDICT, band_of, year_over
from ipats_lib.periods import Period
from ipats_lib.scopes import Scope

Line = tuple[str, str]
"""A program and a measure."""
Complete = Mapping[Line, tuple[int, ...]]
"""The program years of complete data of each line of a scope."""
_MEANS: tuple[Literal["program", "indicator"], ...] = ("program", "indicator")
NO_COEFFICIENTS = "no coefficients"
NOT_ASSESSED = "Not assessed"  # by law (20 CFR 677.220): for want of data, a level or people
# What becomes of the pending outcomes, and the column of `outlook` with the figure then.
CASES = {"none": "at_worst", "expected": "expected", "all": "at_best"}
_LINE = ["owner", "program", "measure"]


def assessment(source: Source) -> pd.DataFrame:
    """The frame `assessment` of every scope, with `owner`: its scope's place."""
    factors, parts = _factors(source), []
    for owner, lines in _scored(source, _figures(source), _complete_years(source)):
        estimates = _estimates(lines, factors.get(owner, {}))
        judged = _with_failures(lines.assign(**estimates), source, source.scopes[owner])
        parts.append(judged.assign(owner=owner))
    return _together(parts, source, "assessment")


def score_cases(source: Source) -> pd.DataFrame:
    """The frame `score_cases` of every scope, with `owner`: its scope's place.

    The assessment's own scores, of the figures that `outlook` has for each case. A figure without
    one (Wagner-Peyser, a median without a bound, no forecast) stays as it stands.
    """
    figures = _figures(source)
    parts: list[pd.DataFrame] = []
    if figures.empty:
        return _together(parts, source, "score_cases")
    ahead, years = outlook(source), _complete_years(source)
    ahead = ahead[ahead["period"] == f"PY{source.period.py}"]
    cases = figures[["owner", "program", "measure"]].merge(ahead, how="left", on=_LINE)
    for case, column in CASES.items():
        known = cases[column].to_numpy(dtype=np.float64)
        value = figures["value"].where(np.isnan(known), known)
        mine = figures.assign(value=value)
        stands = set(mine.loc[np.isnan(known), _LINE].itertuples(index=False, name=None))
        for owner, lines in _scored(source, mine, years):
            keys = zip(lines["program"], lines["measure"], strict=True)
            as_it_stands = [(owner, *key) in stands for key in keys]
            judged = lines.assign(case=case, as_it_stands=as_it_stands, owner=owner)
            parts.append(judged.assign(**_titles_and_status(judged)))
    found = _together(parts, source, "score_cases")
    return found.sort_values("owner", kind="stable", ignore_index=True)


def _figures(source: Source) -> pd.DataFrame:
    """The program year's figures of the scopes that are assessed."""
    lines = lines_of(source, source.counts, [source.period.program_year])
    lines = lines[lines["area_type"] != "planner"].reset_index(drop=True)
    return lines.rename(columns={"lower95": "lower", "upper95": "upper"})


def _scored(
    source: Source, figures: pd.DataFrame, years: list[Complete]
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Each scope's place and its scores: individual ones, then means over programs, indicators."""
    levels, as_of = load_levels(source.snapshot.synthetic), source.snapshot.as_of
    for place, mine in figures.groupby("owner"):
        owner = int(place)  # type: ignore[call-overload]
        lwia = source.scopes[owner].lwia
        single = individual_scores(mine, levels, lwia, as_of, years[owner])
        means = [_mean(overall_scores(single, kind, lwia), kind) for kind in _MEANS]
        yield owner, pd.concat([_individual(single), *means], ignore_index=True)


def _together(parts: list[pd.DataFrame], source: Source, name: str) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(columns=[*SCHEMAS[name].names, "owner"])
    lines = pd.concat(parts, ignore_index=True)
    scopes = [source.scopes[owner] for owner in lines["owner"]]
    return lines.assign(
        period=source.period.name,
        area_type=[scope.kind for scope in scopes],
        area=[scope.area for scope in scopes],
    )


def _individual(scores: pd.DataFrame) -> pd.DataFrame:
    synthetic = scores["basis"].str.contains("synthetic")
    return scores.assign(
        score_kind="individual",
        name=list(map(individual_name, scores["program"], scores["measure"])),
        components=scores["score"].notna().astype("int64"),
        value=scores["actual"],
        level=scores["target"],
        level_kind=scores["basis"].str.partition(",")[0],
        level_synthetic=synthetic,
        data_years=[", ".join(f"PY{py}" for py in years) for years in scores["years"]],
        could_be_chance=scores["chance"],
        partial="",
    )


def _mean(scores: pd.DataFrame, kind: Literal["program", "indicator"]) -> pd.DataFrame:
    nothing = dict.fromkeys(("denominator", "value", "negotiated", "level"), np.nan)
    other = {"program": "measure", "indicator": "program"}[kind]
    own = {"program": "program", "indicator": "measure"}[kind]
    return scores.assign(
        **nothing,
        **{own: scores["name"], other: ""},
        score_kind=kind,
        level_kind="",
        level_synthetic=False,
        data_years="",
        could_be_chance=False,
    )


def _estimates(lines: pd.DataFrame, factors: Mapping[Line, Factor]) -> dict[str, object]:
    """The negotiated level and what the model adds; never on top of an adjusted level."""
    none = Factor(None, NO_COEFFICIENTS)
    pairs = zip(lines["program"], lines["measure"], strict=True)
    found = [factors.get(line, none) for line in pairs]
    change = [np.nan if one.value is None else one.value for one in found]
    single = lines["score_kind"] == "individual"
    lacks = np.where(lines["negotiated"].isna(), "no negotiated level", [f.lacks for f in found])
    return {
        "estimate": (lines["negotiated"] + change).where(single),
        "estimate_lacks": np.where(single, lacks, ""),
    }


def _with_failures(lines: pd.DataFrame, source: Source, scope: Scope) -> pd.DataFrame:
    """Adds titles, threshold, status, and what follows from which year of the same failure."""
    synthetic, py = source.snapshot.synthetic, source.period.py
    failures, published = load_failures(synthetic), load_failures(False)
    earlier = [one for one in failures if one.area == scope.area and one.py < py]
    known = [(one.kind, one.name) for one in earlier]
    invented = {(one.kind, one.name) for one in earlier if one not in published}
    names = list(zip(lines["score_kind"], lines["name"], strict=True))
    counted = [
        years_failed(failures, py, scope.area, *name) if fails else 0
        for name, fails in zip(names, lines["fails"], strict=True)
    ]
    follows = [
        consequence(scope.kind, kind, years) if years else ""
        for (kind, _), years in zip(names, counted, strict=True)
    ]
    limits = {kind: limit_of(scope.lwia, kind) for kind in ("individual", *_MEANS)}  # type: ignore[arg-type]
    return lines.assign(
        **_titles_and_status(lines),
        threshold_source=[limits[kind].source for kind in lines["score_kind"]],
        years_failed=counted,
        follows=follows,
        earlier_failures=[known.count(name) for name in names],
        earlier_synthetic=[name in invented for name in names],
    )


def _titles_and_status(lines: pd.DataFrame) -> dict[str, object]:
    """Titles, status and threshold of each score."""
    return {
        "program_title": lines["program"].map(TITLES).fillna(""),
        "measure_title": lines["measure"].map(MEASURE_TITLES).fillna(""),
        "status": [_status(line) for line in lines.itertuples()],
        "threshold": lines["limit"],
    }


def _status(line: object) -> str:
    """The band of a score, or why there is no verdict."""
    reason, partial, score = line.reason, line.partial, line.score  # type: ignore[attr-defined]
    if reason or pd.isna(score):
        return f"{NOT_ASSESSED}: {reason or 'withheld'}"
    if partial:
        return f"{NO_VERDICT.name}: {partial}"
    return band_of(score, overall=line.score_kind != "individual").name  # type: ignore[attr-defined]


def _complete_years(source: Source) -> list[Complete]:
    """Of each scope the program years of complete data of each line, up to the period's: those on
    file, and those that are over and whose cohort this extract holds as a whole."""
    known: list[dict[Line, set[int]]] = [{} for _ in source.scopes]
    places = {scope.area: n for n, scope in enumerate(source.scopes) if scope.kind != "planner"}
    for py, area, program, measure in load_complete_years(source.snapshot.synthetic):
        if area in places and py <= source.period.py:
            known[places[area]].setdefault((program, measure), set()).add(py)
    for py in (source.period.py - 1, source.period.py):
        year = Period(py).program_year
        if not source.whole_from or not year_over(py, source.snapshot.as_of):
            continue
        whole = [
            code
            for code, rule in INDICATORS.items()
            if year.cohort(rule.cohort).start.isoformat() >= source.whole_from
        ]
        lines = lines_of(source, source.counts, [year])
        lines = lines[lines["measure"].isin(whole) & (lines["denominator"] > 0)]
        names = ("owner", "program", "measure")
        for owner, program, measure in zip(*(lines[n].tolist() for n in names), strict=True):
            known[owner].setdefault((program, measure), set()).add(py)
    return [{line: tuple(sorted(years)) for line, years in mine.items()} for mine in known]


def adjustment(source: Source) -> pd.DataFrame:
    """The frame `adjustment` of every scope, with `owner`: its scope's place."""
    printed, py = load_adjustment().predictions, source.period.py
    lines = []
    for owner, factors in _factors(source).items():
        scope = source.scopes[owner]
        key = (owner, source.period.name, scope.kind, scope.area)
        lines += [
            (*key, *line, part.variable, part.coefficient, part.before, part.actual, part.value,
             printed.get((py, scope.area, *line)))
            for line, factor in factors.items()
            for part in factor.contributions
        ]  # fmt: skip
    return pd.DataFrame(lines, columns=["owner", *SCHEMAS["adjustment"].names])


def _factors(source: Source) -> dict[int, dict[Line, Factor]]:
    """Of each scope's place, the factor of each line that has coefficients for the year."""
    model, py = load_adjustment(), source.period.py
    asked = [(program, measure) for year, program, measure in model.terms if year == py]
    if not asked:
        return {}
    shares = _shares(source)
    return {
        owner: {
            line: adjustment_factor(model, py, scope.area, *line, shares.get((owner, *line), {}))
            for line in asked
        }
        for owner, scope in enumerate(source.scopes)
        if scope.kind != "planner"
    }


def _shares(source: Source) -> dict[tuple[int, str, str], dict[str, float]]:
    """The share of each group in each measure's own cohort of the program year: among the periods
    of participation that its denominator counts (for ME, whose wages it counts)."""
    counted = by_group(source, source.period.program_year)
    found: dict[tuple[int, str, str], dict[str, float]] = {}
    for (owner, program, measure), cohort in counted.groupby(["owner", "program", "measure"]):
        names = cohort["dimension"] + ": " + cohort["group_title"]
        sizes = dict(zip(names, cohort["denominator"].tolist(), strict=True))
        number = sizes.pop(f"{TOTAL}: {TOTAL}")
        shares = {name: size / number for name, size in sizes.items()}
        found[owner, program, measure] = dict.fromkeys(group_names(), 0.0) | shares  # type: ignore[index]
    return found
