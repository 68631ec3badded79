"""Records to mend: which edit checks they break, with which values, and whose they are (A-29)."""

import re
from functools import cache

import pandas as pd

from ipats_lib.caseload import mend, questions
from ipats_lib.disclosure import load_thresholds
from ipats_lib.params import load_layout
from ipats_lib.report import before, customers, display, queue, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

_ELEMENT = re.compile(r"(\d{3,4})(?:-(\d{3,4}))?")
_WAGES = ("1703", "1704", "1705", "1706")
BLANK = "blank"


def checks(report: Report) -> Html:
    """Every edit check that a record breaks: what is wrong, in which elements, how often."""
    columns = (
        Column("name", "Check"),
        Column("n", "Records", display.count, number=True),
        *before.columns(report),
        Column("severity", "Severity"),
        Column("elements", "Elements"),
    )
    frame = check_frame(report)
    return tables.table(frame, "Edit checks that records break", columns, "no record breaks one.")


@cache
def check_frame(report: Report) -> pd.DataFrame:
    """One row per check that a record breaks: rule, name, n (records), severity, elements, and n of
    earlier extracts."""
    counted = questions.mended(report.desk)["rule"].value_counts()
    mine = [check for check in mend.load_checks().values() if check.id in counted]
    table = pd.DataFrame(
        {
            "rule": [check.id for check in mine],
            "name": [f"{check.id} {check.message}" for check in mine],
            "n": [int(counted[check.id]) for check in mine],
            "severity": [check.severity for check in mine],
            "elements": [element_names(check.elements) for check in mine],
        }
    )
    return before.beside(report, table, "check", table["rule"].tolist())


def frame(report: Report) -> pd.DataFrame:
    """What the page lists: the records (`broken`), or for the state the checks."""
    if report.scope.kind == "state":
        return check_frame(report)
    mine = broken(report).drop(columns=["row"])
    return mine if report.scope.kind == "lwia" else mine.drop(columns="planner")


@cache
def broken(report: Report) -> pd.DataFrame:
    """One row per check and record, the newest exit or entry first.

    Columns: rule, severity, row, customer, what (the check says), values (the elements with what
    stands in them), dated (exit, or entry) and planner (the customer's, in an LWIA). Wages are
    shown where readers may see them (`params/disclosure.csv`).
    """
    found = questions.mended(report.desk)
    known = mend.load_checks()
    return pd.DataFrame(
        {
            "rule": found["rule"],
            "severity": found["severity"],
            "row": found["row"],
            "customer": found["customer"].astype("str"),
            "what": [f"{rule} {known[rule].message}" for rule in found["rule"]],
            "values": _values(report, found),
            "dated": found["dated"],
            "planner": queue.planners_of(report, found),
        }
    )


def to_mend(report: Report) -> Html:
    """The records that break an edit check, the newest first; for the state, a sentence."""
    if report.scope.kind == "state":
        return display.paragraph(queue.NOBODY, "empty")
    found = broken(report)
    return _listed(report, found[found["severity"] != mend.INFO], "Records to mend")


def worth_a_look(report: Report) -> Html:
    """The records that a check of severity info names: unusual, and often right."""
    if report.scope.kind == "state":
        return display.paragraph(queue.NOBODY, "empty")
    found = broken(report)
    return _listed(report, found[found["severity"] == mend.INFO], "Worth a look")


def _listed(report: Report, found: pd.DataFrame, title: str) -> Html:
    shown = found.assign(
        page=customers.links(report, found["customer"]),
        planner=queue.planner_names(report, found["planner"].tolist()),
    )
    columns = [
        Column("customer", "Customer", href="page"),
        Column("what", "What the check says"),
        Column("values", "Elements, and what stands there"),
        Column("dated", "Exit, or entry"),
    ]
    if report.scope.kind == "lwia":
        columns.append(Column("planner", "Career planner"))
    made = tables.table(shown, f"{title}, the newest first", columns, "none.")
    return made if found.empty else tables.as_roster(made)


def _values(report: Report, found: pd.DataFrame) -> list[str]:
    rows = report.desk.rows
    places = pd.Index(rows["row"]).get_indexer(found["row"])
    texts: dict[tuple[str, int], str] = {}
    for rule, lines in found.assign(place=places).groupby("rule")["place"]:
        elements = mend.load_checks()[str(rule)].elements
        for place, text in zip(lines, _texts(report, elements, lines.to_numpy()), strict=True):
            texts[str(rule), int(place)] = text
    return [texts[key] for key in zip(found["rule"], places.tolist(), strict=True)]


def _texts(report: Report, listed: str, places: object) -> list[str]:
    """Of each place, the elements that a check names and their values; of a range the filled."""
    lines: list[list[str]] = [[] for _ in places]  # type: ignore[attr-defined]
    for first, last in _ELEMENT.findall(listed):
        for number in _between(first, last):
            if number not in report.desk.rows:
                continue
            for line, value in zip(lines, _written(report, number, places), strict=True):
                if value != BLANK or not last:
                    line.append(f"{_named(number)}: {value}")
    return ["; ".join(line) for line in lines]


def _written(report: Report, number: str, places: object) -> list[str]:
    values = [display.text(v) for v in report.desk.rows[number].take(places).tolist()]
    plain = [BLANK if v in ("", display.NONE) else v.removesuffix(".0") for v in values]
    if number in _WAGES and not load_thresholds().shows_wages(report.scope.kind):
        return [v if v == BLANK else "found" for v in plain]
    return plain


def element_names(listed: str) -> str:
    """The elements of a check by number and name; of a range the first and the last."""
    named = [
        f"{_named(first)} to {_named(last)}" if last else _named(first)
        for first, last in _ELEMENT.findall(listed)
    ]
    return ", ".join(named)


@cache
def _names() -> dict[str, str]:
    return {element.number: element.name for element in load_layout().elements}


def _named(number: str) -> str:
    return f"{number} {_names()[number]}" if number in _names() else number


@cache
def _between(first: str, last: str) -> tuple[str, ...]:
    """The elements from the first to the last as the layout orders them; the first alone."""
    numbers = list(_names())
    if not last or first not in numbers or last not in numbers:
        return (first,)
    return tuple(numbers[numbers.index(first) : numbers.index(last) + 1])
