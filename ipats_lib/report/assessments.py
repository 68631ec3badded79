"""The assessment of one area on a page: scores, what fails, what follows."""

from functools import cache
from typing import Literal

import pandas as pd

from ipats_lib import indicators
from ipats_lib.assessment import (
    Factor,
    adjustment_factor,
    consequence,
    individual_name,
    individual_scores,
    limit_of,
    load_adjustment,
    load_complete_years,
    load_failures,
    overall_scores,
    years_failed,
)
from ipats_lib.breakdown import TOTAL, breakdown
from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.groups import group_names
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels import band_of, load_levels, year_over
from ipats_lib.periods import Period
from ipats_lib.report import display, downloads, sentences, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.tables import Column

__all__ = ["adjusted", "finding", "history", "individual", "overall", "question"]

FILE = "adjustment.csv"

_TITLES: dict[str, str] = {
    **{str(program): title for program, title in PROGRAM_TITLES.items()},
    **{str(code): rule.title for code, rule in INDICATORS.items()},
}


_OVERALL: tuple[Literal["program", "indicator"], ...] = ("program", "indicator")
_NTH = {1: "first year", 2: "second year", 3: "third year"}


def _area(report: Report) -> str:
    return report.lwia or report.scope.area


@cache
def _individual(report: Report) -> pd.DataFrame:
    year = report.period.program_year
    every = report.data.frame("aggregates")
    figures = every[every["report"] == year.label]
    area = (report.scope.kind, report.scope.area)
    placed = figures.assign(area_type=area[0], area=area[1])
    long = indicators.long_form(placed, [year], [area], more=("lower", "upper"))
    levels, today = load_levels(report.data.about.synthetic), as_of(report.data.about)
    return individual_scores(long, levels, report.lwia, today, _complete_years(report))


def _complete_years(report: Report) -> dict[tuple[str, str], tuple[int, ...]]:
    """The program years of complete data of each line, up to the report's: those on file, and
    those that are over and whose cohort this extract holds as a whole."""
    known: dict[tuple[str, str], set[int]] = {}
    for py, area, program, measure in load_complete_years(report.data.about.synthetic):
        if area == _area(report) and py <= report.period.py:
            known.setdefault((program, measure), set()).add(py)
    figures, first = report.data.frame("aggregates"), report.data.about.whole_from
    for py in (report.period.py - 1, report.period.py):
        year = Period(py).program_year
        mine = figures[(figures["report"] == year.label) & (figures["denominator"] > 0)]
        if not first or not year_over(py, as_of(report.data.about)):
            continue
        for program, measure in zip(mine["program"], mine["indicator"], strict=True):
            cohort = year.cohort(INDICATORS[measure].cohort)
            if cohort.start.isoformat() >= first:
                known.setdefault((str(program), str(measure)), set()).add(py)
    return {line: tuple(sorted(years)) for line, years in known.items()}


def question(report: Report) -> Html:
    """What the page asks of this kind of area, under which scores it says no, and who says so."""
    single, mean = (limit_of(report.lwia, kind) for kind in ("individual", "program"))
    asked = (
        "Does this area meet the state's local performance threshold? An LWIA has no federal pass "
        "mark: the state sets the threshold."
        if report.lwia
        else "Does the state meet its levels of performance, as far as this extract can say?"
    )
    return display.paragraph(
        f"{asked} An individual indicator score under {single.threshold:g} percent fails, and an "
        f"overall score under {mean.threshold:g}. Source: {mean.source}."
    )


def individual(report: Report) -> Html:
    """Every individual indicator score of the program year, its target, and what follows."""
    scores = _individual(report)
    shown = scores.assign(
        name=_names(scores),
        stands=_figures(scores, "actual"),
        asked=_figures(scores, "target"),
        which=[basis or display.NONE for basis in scores["basis"]],
        data=[", ".join(f"PY{py}" for py in years) or "none" for years in scores["years"]],
        verdict=_verdicts(scores, overall=False),
        follows=_follow(report, "individual", scores.assign(name=_keys(scores))),
    )
    columns = (
        Column("name", "Program and indicator"),
        Column("denominator", "Counted", display.count, number=True),
        Column("stands", "Actual", number=True),
        Column("asked", "Target", number=True),
        Column("which", "Which level"),
        Column("data", "Years of complete data"),
        Column("score", "Score", display.percent_of_level, number=True),
        Column("verdict", "Verdict"),
        Column("follows", "What follows"),
    )
    return tables.table(shown, "Individual indicator scores", columns, "none.")


def overall(report: Report) -> Html:
    """Overall program and overall indicator scores, and what a failure leads to."""
    parts = []
    for kind in _OVERALL:
        scores = overall_scores(_individual(report), kind, report.lwia)
        shown = scores.assign(
            title=[_TITLES[name] for name in scores["name"]],
            verdict=_verdicts(scores, overall=True),
            follows=_follow(report, kind, scores),
        )
        columns = (
            Column("title", f"{kind.capitalize()}"),
            Column("components", "Scores in it", display.count, number=True),
            Column("score", "Score", display.percent_of_level, number=True),
            Column("verdict", "Verdict"),
            Column("follows", "What follows"),
        )
        parts.append(tables.table(shown, f"Overall {kind} scores", columns, "none."))
    return Html("".join(part.html for part in parts), "; ".join(part.plain for part in parts))


def _follow(report: Report, kind: str, scores: pd.DataFrame) -> list[str]:
    """What follows from each score: which year of the same failure it is, and what the law says."""
    return [
        _follows(report, kind, str(name)) if fails else display.NONE
        for name, fails in zip(scores["name"], scores["fails"], strict=True)
    ]


def _follows(report: Report, kind: str, name: str) -> str:
    failures = load_failures(report.data.about.synthetic)
    years = years_failed(failures, report.period.py, _area(report), kind, name)
    nth = _NTH.get(years, f"year {years}")
    follows = consequence(report.scope.kind, kind, years)
    return f"{nth} of this failure" + (f": {follows}" if follows else "")


def history(report: Report) -> Html:
    """Where the failures of earlier years come from: published ones, or invented ones."""
    area = _area(report)
    known = sum(
        failure.area == area and failure.py < report.period.py
        for failure in load_failures(report.data.about.synthetic)
    )
    invented = " They are invented, for the sample alone." if report.data.about.synthetic else ""
    if not known:
        return display.paragraph(
            "No failure of an earlier year is on file for this area: any failure counts as the "
            "first year's.",
            "empty",
        )
    return display.paragraph(f"{known} failed scores of earlier years are on file.{invented}")


def _verdicts(scores: pd.DataFrame, *, overall: bool) -> list[str]:
    return [_verdict(line, overall) for line in scores.itertuples()]


def _verdict(line: object, overall: bool) -> str:
    band = band_of(line.score, overall=overall)  # type: ignore[attr-defined]
    if line.reason:  # type: ignore[attr-defined]
        return f"{band}: {line.reason}"  # type: ignore[attr-defined]
    if overall and line.partial:  # type: ignore[attr-defined]
        return f"{display.NONE} No verdict: {line.partial}"  # type: ignore[attr-defined]
    chance = not overall and line.chance  # type: ignore[attr-defined]
    if not line.fails:  # type: ignore[attr-defined]
        return sentences.verdict(band, chance)
    short = display.rounded(line.short, 1)  # type: ignore[attr-defined]
    said = f"{band}: {short} points under {line.limit:.0f}"  # type: ignore[attr-defined]
    return sentences.verdict(said, chance)


def finding(report: Report) -> Html:
    """How many scores fail, or why none is assessed."""
    scores = _individual(report)
    failing = int(scores["fails"].sum())
    for kind in _OVERALL:
        failing += int(overall_scores(scores, kind, report.lwia)["fails"].sum())
    assessed = int(scores["score"].notna().sum())
    if not assessed:
        why = " or ".join(scores["reason"].unique())
        return display.paragraph(f"No indicator of this area can be assessed: {why}.", "finding")
    return display.paragraph(
        f"{assessed} of {len(scores)} indicators are assessed; "
        + ("1 score fails." if failing == 1 else f"{failing or 'no'} scores fail."),
        "finding",
    )


def adjusted(report: Report) -> Html:
    """Levels adjusted to the participants' mix, and a file of what each variable contributes; a
    sentence where no coefficients are supplied for the year."""
    factors = _factors(report)
    if not factors:
        return display.paragraph(
            f"No coefficients of a statistical adjustment model are supplied for "
            f"PY{report.period.py} (params/adjustment/): no adjusted level is estimated.",
            "empty",
        )
    scores = _individual(report)
    pairs = zip(scores["program"], scores["measure"], strict=True)
    found = [factors.get(line, Factor(None, "no coefficients")) for line in pairs]
    agreed = scores["negotiated"]
    change = [float("nan") if one.value is None else one.value for one in found]
    after = agreed + change  # never on top of a level that is adjusted already
    notes = [
        "no negotiated level" if pd.isna(level) else one.lacks or display.NONE
        for level, one in zip(agreed, found, strict=True)
    ]
    shown = scores.assign(after=after).assign(
        name=_names(scores),
        before=_figures(scores, "negotiated"),
        after=lambda frame: _figures(frame, "after"),
        note=notes,
    )
    columns = (
        Column("name", "Program and indicator"),
        Column("before", "Negotiated level", number=True),
        Column("after", "Adjusted level, an estimate", number=True),
        Column("note", "Why there is none"),
    )
    made = tables.table(shown, "Estimated adjusted levels, not official", columns, "none.")
    what = "what each variable contributes (shares of 1; of median earnings, dollars)"
    return display.together(made, downloads.offer(FILE, downloads.csv(contributions(report)), what))


@cache
def _factors(report: Report) -> dict[tuple[str, str], Factor]:
    """The factor of each line that has coefficients; the shares are computed for these alone."""
    model, py = load_adjustment(), report.period.py
    mine = [(program, measure) for year, program, measure in model.terms if year == py]
    shares = _shares(report) if mine else {}
    return {
        line: adjustment_factor(model, py, _area(report), *line, shares.get(line, {}))
        for line in mine
    }


def contributions(report: Report) -> pd.DataFrame:
    """What each variable of the model contributes to each estimate.

    One row per program, indicator and variable: program, measure, variable, coefficient, before,
    actual (shares of the indicator's own cohort 0..1, or a local condition), contribution (a
    share, or dollars for ME; missing where a value is), printed_before (DOL's estimate before the
    year as it was printed; missing where it was not imported).
    """
    printed = load_adjustment().predictions
    lines = [
        (
            program,
            measure,
            part.variable,
            part.coefficient,
            part.before,
            part.actual,
            part.value,
            printed.get((report.period.py, _area(report), program, measure)),
        )
        for (program, measure), factor in _factors(report).items()
        for part in factor.contributions
    ]
    names = ("program", "measure", "variable", "coefficient", "before", "actual", "contribution")
    return pd.DataFrame(lines, columns=[*names, "printed_before"])


@cache
def _shares(report: Report) -> dict[tuple[str, str], dict[str, float]]:
    """The share of each group in each indicator's own cohort of the program year: among the
    periods of participation that its denominator counts (for ME, whose wages it counts)."""
    every = report.data.frame("outcome_rows")
    mine = every[every["report"] == report.period.program_year.label].reset_index(drop=True)
    lines = breakdown(mine, report.members)
    found: dict[tuple[str, str], dict[str, float]] = {}
    for (program, measure), cohort in lines.groupby(["program", "indicator"], observed=True):
        names = cohort["dimension"] + ": " + cohort["group"]
        sizes = dict(zip(names, cohort["denominator"], strict=True))
        number = sizes.pop(f"{TOTAL}: {TOTAL}")
        shares = {name: size / number for name, size in sizes.items()}
        found[str(program), str(measure)] = dict.fromkeys(group_names(), 0.0) | shares
    return found


def _keys(scores: pd.DataFrame) -> list[str]:
    return list(map(individual_name, scores["program"], scores["measure"]))


def _names(frame: pd.DataFrame) -> list[str]:
    pairs = zip(frame["program"], frame["measure"], strict=True)
    return [f"{_TITLES[program]}: {_TITLES[measure]}" for program, measure in pairs]


def _figures(frame: pd.DataFrame, column: str) -> list[str]:
    return [
        display.figure(measure, value)
        for measure, value in zip(frame["measure"], frame[column], strict=True)
    ]
