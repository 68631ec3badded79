"""Records to fix: which edit checks they break, with which values, and whose they are (A-29)."""

from functools import cache

import pandas as pd

from ipats_lib.caseload import questions
from ipats_lib.caseload.checks import INFO, load_checks
from ipats_lib.frames.findings import element_names, values
from ipats_lib.report import before, customers, display, queue, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column


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
    counted = questions.found_to_fix(report.desk)["rule"].value_counts()
    mine = [check for check in load_checks().values() if check.id in counted]
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
    found, rows = questions.found_to_fix(report.desk), report.desk.rows
    known, places = load_checks(), pd.Index(rows["row"]).get_indexer(found["row"])
    return pd.DataFrame(
        {
            "rule": found["rule"],
            "severity": found["severity"],
            "row": found["row"],
            "customer": found["customer"].astype("str"),
            "what": [f"{rule} {known[rule].message}" for rule in found["rule"]],
            "values": values(rows, found["rule"], places, report.scope.kind),
            "dated": found["dated"],
            "planner": queue.planners_of(report, found),
        }
    )


def to_mend(report: Report) -> Html:
    """The records that break an edit check, the newest first; for the state, a sentence."""
    if report.scope.kind == "state":
        return display.paragraph(queue.NOBODY, "empty")
    found = broken(report)
    return _listed(report, found[found["severity"] != INFO], "Records to fix")


def worth_a_look(report: Report) -> Html:
    """The records that a check of severity info names: unusual, and often right."""
    if report.scope.kind == "state":
        return display.paragraph(queue.NOBODY, "empty")
    found = broken(report)
    return _listed(report, found[found["severity"] == INFO], "Worth a look")


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
