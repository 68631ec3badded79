"""The files of the caseload's pages: tables as a workbook, and who stands behind them."""

import pandas as pd

from ipats_lib.report import dashboards, display, downloads, engaged, flows, people
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report

BOOK = "caseload.xlsx"


def offers(report: Report) -> Html:
    """The tables of the caseload as a workbook, and its roster as CSV (for the state: counts)."""
    sheets = {
        "Status": dashboards.status_frame(report),
        "Days since service": dashboards.bands(report),
        "Compared": flows.compared_frame(report),
        "Months": flows.months(report).astype({"exits": "Float64"}),
        "Exit reasons": flows.exits_by_reason(report),
        "Reasons by extract": flows.reason_frame(report),
        "Against itself": flows.standing_frame(report),
        "Overdue": flows.overdue_frame(report),
        "Shares": people.share_frame(report),
        "Open trainings": people.training_frame(report),
        "Occupations": people.occupation_frame(report),
        "Providers": people.provider_frame(report),
        "Active by group": people.active_by_group(report),
        "Engagement": engaged.figures(report),
    }
    book = downloads.book(report, "Caseload", sheets)
    return display.together(
        downloads.offer("caseload.csv", downloads.csv(_caseload(report)), "the caseload"),
        downloads.offer(BOOK, book, "all tables of the caseload as a workbook"),
    )


def _caseload(report: Report) -> pd.DataFrame:
    if report.scope.kind == "state":
        return dashboards.status_frame(report)
    return dashboards.roster(report)


def flow(report: Report) -> pd.DataFrame:
    """Enrolments, exits and each reason of exit by month: whole numbers, of exits missing where not
    all of a month are known yet, of reasons also before `flow.known_months`."""
    reasons = flows.exits_by_reason(report).drop(columns="All").set_index("month").astype("Int64")
    return flows.months(report).merge(reasons, how="left", on="month")


def flow_offers(report: Report) -> Html:
    """Enrolments and exits by month as CSV, and inside an area whose they are."""
    months = downloads.csv(flow(report))
    parts = [downloads.offer("flow.csv", months, "enrolments and exits by month")]
    if report.scope.kind != "state":
        listed = downloads.csv(flows.flow_roster(report))
        parts.append(downloads.offer("flow-roster.csv", listed, "each enrolment and exit"))
    return display.together(*parts, downloads.again(BOOK, "all tables as a workbook"))


def training_offers(report: Report) -> Html:
    """Open trainings and shares as CSV: each customer, or for the state the counts."""
    state = report.scope.kind == "state"
    trainings = people.training_frame(report) if state else people.training_roster(report)
    shares = people.share_frame(report) if state else people.share_roster(report)
    what = "counts" if state else "each customer"
    parts = [
        downloads.offer("training.csv", downloads.csv(trainings), f"open trainings: {what}"),
        downloads.offer("shares.csv", downloads.csv(shares), f"A-31 to A-35: {what}"),
    ]
    if not state:
        groups = downloads.csv(people.group_roster(report))
        parts.append(downloads.offer("groups.csv", groups, "A-30: each active customer's groups"))
    parts.append(downloads.again(BOOK, "all tables as a workbook"))
    return display.together(*parts)


def engagement_offers(report: Report) -> Html:
    """The engagement indicators as CSV: figures, and inside an area who is behind them."""
    figures = downloads.csv(engaged.figures(report))
    parts = [downloads.offer("engagement.csv", figures, "every indicator by quarter")]
    if report.scope.kind != "state":
        roster = downloads.csv(engaged.roster(report))
        parts.append(downloads.offer("engagement-roster.csv", roster, "each customer and event"))
    parts.append(downloads.again(BOOK, "all tables as a workbook"))
    return display.together(*parts)
