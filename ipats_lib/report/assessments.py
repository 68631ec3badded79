"""The assessment of one area on a page: scores, what fails, what follows."""

from functools import cache

import pandas as pd

from ipats_lib import indicators
from ipats_lib.assessment import (
    adjustment_factor,
    consequence,
    individual_scores,
    load_adjustment,
    load_failures,
    overall_scores,
    years_failed,
)
from ipats_lib.cohorts import PARTICIPATED_IN_WINDOW, PROGRAM_TITLES, STREAMS, Records, View
from ipats_lib.groups import load_groups
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels import load_levels
from ipats_lib.report import display, tables
from ipats_lib.report.data import as_of
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

__all__ = ["adjusted", "finding", "individual", "overall"]


_TITLES: dict[str, str] = {
    **{str(program): title for program, title in PROGRAM_TITLES.items()},
    **{str(code): rule.title for code, rule in INDICATORS.items()},
}


def _area(report: Report) -> str:
    return report.lwia or report.scope.area


@cache
def _individual(report: Report) -> pd.DataFrame:
    year = report.period.program_year
    every = report.data.frame("figures")
    figures = every[every["report"] == year.label]
    area = (report.scope.kind, report.scope.area)
    long = indicators.long_form(figures.assign(area_type=area[0], area=area[1]), [year], [area])
    over = as_of(report.data.about) > year.report_quarter.end
    levels = load_levels(report.data.about.synthetic)
    return individual_scores(long, levels, _area(report), year_over=over)


def individual(report: Report) -> Html:
    """Every individual indicator score of the program year, with its target and what it was."""
    scores = _individual(report)
    shown = scores.assign(
        name=_names(scores),
        stands=_figures(scores, "actual"),
        asked=_figures(scores, "target"),
        verdict=_verdicts(scores),
    )
    columns = (
        Column("name", "Program and indicator"),
        Column("denominator", "Counted", display.count, number=True),
        Column("stands", "Actual", number=True),
        Column("asked", "Target", number=True),
        Column("basis", "Which level"),
        Column("score", "Score", display.percent_of_level, number=True),
        Column("verdict", "Verdict"),
    )
    return tables.table(shown, "Individual indicator scores", columns, "none.")


def overall(report: Report) -> Html:
    """Overall program and overall indicator scores, and what a failure leads to."""
    parts = []
    for kind in ("program", "indicator"):
        scores = overall_scores(_individual(report), kind)  # type: ignore[arg-type]
        shown = scores.assign(
            title=[_TITLES[name] for name in scores["name"]],
            verdict=_verdicts(scores),
            follows=[_follows(report, kind, line) for line in scores.itertuples()],
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


def _follows(report: Report, kind: str, line: object) -> str:
    if not line.fails:  # type: ignore[attr-defined]
        return display.NONE
    name = str(line.name)  # type: ignore[attr-defined]
    years = years_failed(load_failures(), report.period.py, _area(report), kind, name)
    return f"year {years}: {consequence(report.scope.kind, years)}"


def _verdicts(scores: pd.DataFrame) -> list[str]:
    return [
        _verdict(line.reason, bool(line.fails), float(line.short), float(line.limit))
        for line in scores.itertuples()
    ]


def _verdict(reason: str, fails: bool, short: float, limit: float) -> str:
    if reason:
        return f"{display.NONE} not assessed: {reason}"
    if fails:
        return f"\N{HEAVY BALLOT X} fails: {display.rounded(short, 1)} points under {limit:.0f}"
    return f"\N{BLACK CIRCLE} passes (at least {limit:.0f})"


def finding(report: Report) -> Html:
    """How many scores fail."""
    scores = _individual(report)
    failing = int(scores["fails"].sum())
    for kind in ("program", "indicator"):
        failing += int(overall_scores(scores, kind)["fails"].sum())  # type: ignore[arg-type]
    assessed = int(scores["score"].notna().sum())
    if not assessed:
        return display.paragraph("No indicator of this area can be assessed: no level.", "finding")
    return display.paragraph(
        f"{assessed} of {len(scores)} indicators are assessed; {failing or 'no'} scores fail.",
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
    lines = []
    for line in _individual(report).itertuples():
        factor = adjustment_factor(
            model, report.period.py, _area(report), line.program, line.measure,
            _shares(report, line.program),
        )  # fmt: skip
        known = factor is not None and line.basis
        lines.append((line.program, line.measure, line.target + factor if known else None))
    frame = pd.DataFrame(lines, columns=["program", "measure", "estimate"])
    shown = frame.assign(
        name=_names(frame),
        shown=_figures(frame, "estimate"),
    )
    columns = (
        Column("name", "Program and indicator"),
        Column("shown", "Adjusted level, an estimate", number=True),
    )
    return tables.table(shown, "Estimated adjusted levels, not official", columns, "none.")


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


def _names(frame: pd.DataFrame) -> list[str]:
    pairs = zip(frame["program"], frame["measure"], strict=True)
    return [f"{_TITLES[program]}: {_TITLES[measure]}" for program, measure in pairs]


def _figures(frame: pd.DataFrame, column: str) -> list[str]:
    return [
        display.figure(measure, value)
        for measure, value in zip(frame["measure"], frame[column], strict=True)
    ]
