"""The rows behind a figure: every record, its state, why, and the elements that decided it."""

from functools import cache

import pandas as pd

from ipats_lib.cohorts import PROGRAM_TITLES, PROGRAMS
from ipats_lib.disclosure import load_thresholds
from ipats_lib.indicators.outcomes import STATES
from ipats_lib.indicators.reasons import plain_reason
from ipats_lib.indicators.rules import INDICATORS, Indicator, Measure
from ipats_lib.params import load_layout
from ipats_lib.report import customers, display, downloads, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

# The total would show every customer of Title I a second time.
_LISTED = tuple(program for program in PROGRAMS if program != "title1")
_ORDER = [state for state in ("pending", "failure", "success", "excluded") if state in STATES]
_WAGE = "1704"


@cache
def roster(report: Report, measure: Measure) -> pd.DataFrame:
    """Every record of an indicator in the main report; empty for the state, which lists nobody.

    One row per period of participation and program: row, customer, program, program_title,
    state, reason (code), state_shown, reason_shown, and the elements that decide (named by their
    number, raw codes). Pending ones come first. A wage is replaced by whether one was found where
    readers may not see it (`params/disclosure.csv`).
    """
    rule = INDICATORS[measure]
    outcomes = report.data.frame("outcomes")
    mine = outcomes[
        (outcomes["indicator"] == measure)
        & (outcomes["report"] == report.period.reports[0].label)
        & outcomes["program"].isin(_LISTED)
    ]
    if report.scope.kind == "state":
        mine = mine.head(0)
    rows = report.data.frame("rows")[["row", "100", *rule.decided_by]]
    table = (
        mine[["row", "program", "state", "reason"]].astype({"reason": "str"}).merge(rows, on="row")
    )
    table = _without_wages(table, report.scope.kind)
    shown = table.assign(
        customer=table["100"].astype("str"),
        program_title=table["program"].astype("str").map(PROGRAM_TITLES),
        state_shown=table["state"].astype("str").map(display.STATE_WORDS),
        reason_shown=table["reason"].map(plain_reason),
        order=table["state"].astype("str").map({state: i for i, state in enumerate(_ORDER)}),
    )
    shown = shown.sort_values(["order", "customer", "row", "program"], ignore_index=True)
    first = ["row", "customer", "program", "program_title", "state", "reason"]
    return shown[[*first, "state_shown", "reason_shown", *rule.decided_by]]


def _without_wages(table: pd.DataFrame, scope_kind: str) -> pd.DataFrame:
    if _WAGE not in table or load_thresholds().shows_wages(scope_kind):
        return table
    return table.assign(**{_WAGE: table[_WAGE].notna().map({True: "found", False: ""})})


def roster_table(report: Report, measure: Measure) -> Html:
    """The roster as a table that a reader sorts and filters; a sentence for the state."""
    rule, title = INDICATORS[measure], INDICATORS[measure].title
    if report.scope.kind == "state":
        return display.paragraph(
            "The state's page lists nobody: open an area's page for its customers.", "empty"
        )
    columns = [
        Column("customer", "Customer", href="page"),
        Column("program_title", "Program"),
        Column("state_shown", "State"),
        Column("reason_shown", "Why"),
        *(Column(number, element_title(number), _cell) for number in rule.decided_by),
    ]
    listed = roster(report, measure)
    listed = listed.assign(page=customers.links(report, listed["customer"]))
    made = tables.table(listed, f"{title}: every record", columns, "nobody is in this cohort.")
    return tables.as_roster(made)


def roster_download(report: Report, measure: Measure, name: str) -> Html:
    """The roster as a CSV file beside the page; nothing to download for the state."""
    if report.scope.kind == "state":
        return Html("", "")
    table = roster(report, measure).drop(columns=["row", "state_shown", "program_title"])
    named = table.rename(columns={"100": "customer", "reason_shown": "why"})
    data = downloads.csv(named.rename(columns=_with_title(INDICATORS[measure])))
    return downloads.offer(name, data, f"every record of {INDICATORS[measure].title.lower()}")


def _with_title(rule: Indicator) -> dict[str, str]:
    return {number: element_title(number) for number in rule.decided_by}


def _cell(value: object) -> str:
    written = display.text(value)
    return "" if written == display.NONE else written.removesuffix(".0")


@cache
def element_title(number: str) -> str:
    """An element's number and name, as `901 date of program exit`."""
    names = {element.number: element.name for element in load_layout("pirl_2021").elements}
    return f"{number} {names[number]}"
