"""The assessment of one area on a page: scores, what fails, what follows."""

from functools import cache
from typing import Literal

import pandas as pd

from ipats_lib import indicators
from ipats_lib.assessment import (
    Adjustment,
    adjustment_factor,
    consequence,
    individual_name,
    individual_scores,
    load_adjustment,
    load_failures,
    overall_scores,
    years_failed,
)
from ipats_lib.cohorts import PARTICIPATED_IN_WINDOW, PROGRAM_TITLES, STREAMS, Records, View
from ipats_lib.groups import load_groups
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels import band_of, load_levels
from ipats_lib.report import display, tables
from ipats_lib.report.data import as_of
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

__all__ = ["adjusted", "finding", "history", "individual", "overall"]

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
    every = report.data.frame("figures")
    figures = every[every["report"] == year.label]
    area = (report.scope.kind, report.scope.area)
    long = indicators.long_form(figures.assign(area_type=area[0], area=area[1]), [year], [area])
    levels = load_levels(report.data.about.synthetic)
    return individual_scores(long, levels, report.lwia, as_of(report.data.about))


def individual(report: Report) -> Html:
    """Every individual indicator score of the program year, its target, and what follows."""
    scores = _individual(report)
    shown = scores.assign(
        name=_names(scores),
        stands=_figures(scores, "actual"),
        asked=_figures(scores, "target"),
        which=[basis or display.NONE for basis in scores["basis"]],
        verdict=_verdicts(scores, overall=False),
        follows=_follow(report, "individual", scores.assign(name=_keys(scores))),
    )
    columns = (
        Column("name", "Program and indicator"),
        Column("denominator", "Counted", display.count, number=True),
        Column("stands", "Actual", number=True),
        Column("asked", "Target", number=True),
        Column("which", "Which level"),
        Column("score", "Score", display.percent_of_level, number=True),
        Column("verdict", "Verdict"),
        Column("follows", "What follows"),
    )
    return tables.table(shown, "Individual indicator scores", columns, "none.")


def overall(report: Report) -> Html:
    """Overall program and overall indicator scores, and what a failure leads to."""
    parts = []
    for kind in _OVERALL:
        scores = overall_scores(_individual(report), kind)
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
    if not line.fails:  # type: ignore[attr-defined]
        return str(band)
    short = display.rounded(line.short, 1)  # type: ignore[attr-defined]
    return f"{band}: {short} points under {line.limit:.0f}"  # type: ignore[attr-defined]


def finding(report: Report) -> Html:
    """How many scores fail, or why none is assessed."""
    scores = _individual(report)
    failing = int(scores["fails"].sum())
    for kind in _OVERALL:
        failing += int(overall_scores(scores, kind)["fails"].sum())
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
    """Levels adjusted to the participants' mix; a sentence where no coefficients are supplied."""
    model = load_adjustment()
    if not model.terms:
        return display.paragraph(
            "No coefficients of a statistical adjustment model are supplied "
            "(params/adjustment/): no adjusted level is estimated.",
            "empty",
        )
    lines = [_estimate(report, model, line) for line in _individual(report).itertuples()]
    frame = pd.DataFrame(lines, columns=["program", "measure", "agreed", "estimate", "note"])
    shown = frame.assign(
        name=_names(frame), before=_figures(frame, "agreed"), after=_figures(frame, "estimate")
    )
    columns = (
        Column("name", "Program and indicator"),
        Column("before", "Negotiated level", number=True),
        Column("after", "Adjusted level, an estimate", number=True),
        Column("note", "Why there is none"),
    )
    return tables.table(shown, "Estimated adjusted levels, not official", columns, "none.")


def _estimate(report: Report, model: Adjustment, line: object) -> tuple[object, ...]:
    """Negotiated level plus factor: never on top of a level that is adjusted already."""
    program, measure = line.program, line.measure  # type: ignore[attr-defined]
    agreed = float(line.negotiated)  # type: ignore[attr-defined]
    if pd.isna(agreed):
        return program, measure, agreed, agreed, "no negotiated level"
    factor = adjustment_factor(
        model, report.period.py, _area(report), program, measure, _shares(report, program)
    )
    estimate = float("nan") if factor.value is None else agreed + factor.value
    return program, measure, agreed, estimate, factor.lacks or display.NONE


@cache
def _shares(report: Report, program: str) -> dict[str, float]:
    """The share of each group among the periods of participation served in the program year."""
    rows, today = report.data.frame("rows"), as_of(report.data.about)
    window = report.period.program_year.cohort("served")
    view = View(Records(rows), program, window, today)  # type: ignore[arg-type]
    served = STREAMS[view.program](view) & PARTICIPATED_IN_WINDOW(view)
    number = max(1, int(served.sum()))
    return {
        f"{group.dimension}: {group.title}": int((served & group.holds(view)).sum()) / number
        for group in load_groups()
    }


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
