"""Distribution checks: whether an area's records as a whole look odd (domain 4.3, Q-01 to Q-15)."""

import pandas as pd

from ipats_lib.caseload.distribution import load_distribution
from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.params import load_areas
from ipats_lib.report import catalogue, display, downloads, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

_FILE = ("id", "metric", "area", "program", "n", "value", "median", "low", "high", "flag")
_LOOK, _WITHIN = "\N{BLACK UP-POINTING TRIANGLE} look", "within"


def lines(report: Report) -> pd.DataFrame:
    """The area's lines (`caseload.distribution`), or for the state those of every area."""
    return report.data.frame("quality")


def finding(report: Report) -> Html:
    """How many lines should be looked at."""
    known = lines(report)
    tried = int((known["n"] > 0).sum())
    return display.paragraph(
        f"Figures outside their limits: {int(known['flag'].sum()):,} of {tried:,}. "
        "A flag says that somebody should look, not that something is wrong.",
        "finding",
    )


def table(report: Report) -> Html:
    """The figures outside their limits first; an area has every figure, the state the flagged."""
    known = lines(report)
    if report.scope.kind == "state":
        known = known[known["flag"]]
    known = known[known["n"] > 0].sort_values(
        ["flag", "id", "area", "program"], ascending=[False, True, True, True]
    )
    made = tables.table(shown(known), "Distribution checks", _COLUMNS, "nothing to look at.")
    return tables.as_roster(made)


def shown(known: pd.DataFrame) -> pd.DataFrame:
    """The lines with their values written in each check's unit."""
    units = known["id"].map({check.id: check.unit for check in load_distribution().values()})
    names = {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}
    written = {
        column: [_written(unit, value) for unit, value in zip(units, known[column], strict=True)]
        for column in ("value", "median", "low", "high")
    }
    return known.assign(
        **written,
        name=known["id"] + " " + known["metric"],
        whose=known["area"].astype("str").map(names),
        what=known["program"].astype("str").map(PROGRAM_TITLES),
        verdict=known["flag"].map({True: _LOOK, False: _WITHIN}),
    )


def _written(unit: str, value: object) -> str:
    return display.rate(value) if unit == "share" else display.one_place(value)


def definitions() -> Html:
    """What each check looks at, and where its limits come from."""
    known = {f"{check.id} {check.metric}": check for check in load_distribution().values()}
    return catalogue.described(known, "What the checks are", "Check")


def offers(report: Report) -> Html:
    """Every line as CSV and as a workbook, values unrounded."""
    frame = lines(report)[list(_FILE)]
    checks = {"Checks": frame.astype({"flag": "str"})}
    book = downloads.book(report, "Distribution checks", checks)
    return display.together(
        downloads.offer("quality.csv", downloads.csv(frame), "every check, every figure"),
        downloads.offer("quality.xlsx", book, "the same as a workbook"),
    )


_COLUMNS = (
    Column("name", "Check"),
    Column("whose", "Area"),
    Column("what", "Program"),
    Column("value", "Value", number=True),
    Column("n", "Rests on", display.count, number=True),
    Column("median", "Median of the areas", number=True),
    Column("low", "From", number=True),
    Column("high", "To", number=True),
    Column("verdict", "Verdict"),
)
