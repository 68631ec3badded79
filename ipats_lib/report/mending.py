"""Records to mend: which edit checks they break, and whose they are (A-29)."""

import pandas as pd

from ipats_lib.caseload import mend, questions
from ipats_lib.params import load_layout
from ipats_lib.report import customers, display, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column


def checks(report: Report) -> Html:
    """Every edit check that a record breaks: what is wrong, in which elements, how often."""
    found = questions.mended(report.desk)
    counted = found["rule"].value_counts()
    mine = [check for check in mend.load_checks().values() if check.id in counted]
    frame = pd.DataFrame(
        {
            "name": [f"{check.id} {check.message}" for check in mine],
            "n": [int(counted[check.id]) for check in mine],
            "severity": [check.severity for check in mine],
            "elements": [_elements(check.elements) for check in mine],
        }
    )
    columns = (
        Column("name", "Check"),
        Column("n", "Records", display.count, number=True),
        Column("severity", "Severity"),
        Column("elements", "Elements"),
    )
    return tables.table(frame, "Edit checks that records break", columns, "no record breaks one.")


def to_mend(report: Report) -> Html:
    """The records that break an edit check, the newest first; for the state, a sentence."""
    if report.scope.kind == "state":
        return display.paragraph("The state's page lists nobody: see an area's page.", "empty")
    found = questions.mended(report.desk)
    return _listed(report, found[found["severity"] != mend.INFO], "Records to mend")


def worth_a_look(report: Report) -> Html:
    """The records that a check of severity info names: unusual, and often right."""
    if report.scope.kind == "state":
        return display.paragraph("The state's page lists nobody: see an area's page.", "empty")
    found = questions.mended(report.desk)
    return _listed(report, found[found["severity"] == mend.INFO], "Worth a look")


def _listed(report: Report, found: pd.DataFrame, title: str) -> Html:
    known = mend.load_checks()
    shown = found.assign(
        what=[f"{rule} {known[rule].message}" for rule in found["rule"]],
        elements=[_elements(known[rule].elements) for rule in found["rule"]],
        page=customers.links(report, found["customer"]),
    )
    columns = (
        Column("customer", "Customer", href="page"),
        Column("what", "What the check says"),
        Column("elements", "Elements"),
        Column("dated", "Exit, or entry"),
    )
    made = tables.table(shown, f"{title}, the newest first", columns, "none.")
    return made if found.empty else tables.as_roster(made)


def _elements(listed: str) -> str:
    """The elements of a check by number and name, where it names single ones."""
    names = {element.number: element.name for element in load_layout().elements}
    return ", ".join(
        f"{number} {names[number]}" if number in names else number for number in listed.split("|")
    )
