"""The queue of a scope: who needs what, by when, and why."""

from datetime import date, timedelta
from functools import cache

import pandas as pd
from icalendar import Calendar, Event

from ipats_lib import caseload
from ipats_lib.caseload import Desk, load_alerts
from ipats_lib.report import display, downloads, tables
from ipats_lib.report.data import as_of
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

CASE_TABLES = ("application", "service", "case_note", "assignment", "planner")


@cache
def queue(report: Report) -> pd.DataFrame:
    """Every alert of the scope's kind, the first due first.

    One row per alert and customer (`caseload.alerts`): alert, row, customer, since, due, and name,
    action, program, days (until due; negative when past, missing at any time).
    """
    frames = {name: report.data.frames[name] for name in CASE_TABLES if name in report.data.frames}
    desk = Desk(report.data.frame("rows"), as_of(report.data.about), frames)
    found = caseload.alerts(desk, report.scope.kind)
    known = load_alerts()
    programs = report.caseload().set_index("row")["program"]
    today = pd.Timestamp(desk.as_of)
    return found.assign(
        name=found["alert"].map({code: alert.name for code, alert in known.items()}),
        action=found["alert"].map({code: alert.action for code, alert in known.items()}),
        program=found["row"].map(programs).fillna(""),
        days=(pd.to_datetime(found["due"]) - today).dt.days,
    )


def finding(report: Report) -> Html:
    """How many customers need something, and how much of it is late."""
    lines = queue(report)
    if lines.empty:
        return display.paragraph("Nobody needs anything that the records would tell.", "finding")
    late, week = int((lines["days"] < 0).sum()), int(lines["days"].between(0, 7).sum())
    return display.paragraph(
        f"{lines['customer'].nunique():,} customers in {len(lines):,} lines: {late:,} are past "
        f"their date, {week:,} fall due within seven days.",
        "finding",
    )


def table(report: Report) -> Html:
    """The queue, one line per alert and customer; for the state, which lists nobody, a sentence."""
    if report.scope.kind == "state":
        return display.paragraph("The state's page lists nobody: see an area's page.", "empty")
    return tables.as_roster(
        tables.table(_shown(queue(report)), "To do, the first due first", _COLUMNS, "nothing.")
    )


def by_customer(report: Report) -> Html:
    """The same lines, one row per customer with everything that is open."""
    if report.scope.kind == "state":
        return Html("", "")
    lines = queue(report)
    grouped = lines.groupby("customer", sort=False)
    shown = pd.DataFrame(
        {
            "customer": list(grouped.groups),
            "first": [group["due"].min() for _, group in grouped],
            "open": ["; ".join(dict.fromkeys(group["name"])) for _, group in grouped],
        }
    )
    columns = (Column("customer", "Customer"), Column("first", "First due"), Column("open", "Open"))
    return tables.as_roster(tables.table(shown, "To do by customer", columns, "nothing."))


def counts(report: Report) -> Html:
    """Each alert of the catalogue for this kind of scope: definition, count, how much is late."""
    lines = queue(report)
    mine = [alert for alert in load_alerts().values() if report.scope.kind in alert.scopes]
    frame = pd.DataFrame(
        {
            "name": [f"{alert.id} {alert.name}" for alert in mine],
            "n": [int((lines["alert"] == alert.id).sum()) for alert in mine],
            "late": [
                int(((lines["alert"] == alert.id) & (lines["days"] < 0)).sum()) for alert in mine
            ],
            "definition": [alert.definition for alert in mine],
            "days": [alert.days for alert in mine],
            "action": [alert.action for alert in mine],
            "source": [alert.source for alert in mine],
        }
    )
    columns = (
        Column("name", "Alert"),
        Column("n", "Open", display.count, number=True),
        Column("late", "Past its date", display.count, number=True),
        Column("definition", "What it is"),
        Column("days", "Days", display.count, number=True),
        Column("action", "What to do"),
        Column("source", "Source"),
    )
    return tables.table(frame, "Alerts", columns, "none.")


def offers(report: Report) -> Html:
    """The queue as CSV, workbook and calendar; nothing for the state."""
    if report.scope.kind == "state":
        return Html("", "")
    lines = queue(report)
    plain = lines[["alert", "name", "customer", "program", "since", "due", "days", "action"]]
    texts = plain.assign(
        since=[display.text(day) for day in plain["since"]],
        due=[display.text(day) for day in plain["due"]],
        days=plain["days"].astype("Float64"),
    )
    about = report.data.about
    facts = {"Report": "To do", "Area": about.title, "Data as of": about.as_of}
    book = downloads.workbook({"To do": texts}, facts, as_of(about))
    parts = [
        downloads.offer("queue.csv", downloads.csv(plain), "the queue"),
        downloads.offer("queue.xlsx", book, "the queue as a workbook"),
        downloads.offer("due-dates.ics", calendar(lines, as_of(about)), "due dates to come"),
    ]
    return Html("".join(part.html for part in parts), "; ".join(part.plain for part in parts))


def calendar(lines: pd.DataFrame, today: date) -> bytes:
    """Due dates from `today` on as an iCalendar file, one all-day event per line (RFC 5545)."""
    made = Calendar()
    made.add("prodid", "-//IPATS//Due dates//EN")
    made.add("version", "2.0")
    for line in lines[lines["days"] >= 0].itertuples():
        event = Event()
        event.add("uid", f"{line.alert}-{line.customer}-{line.due:%Y%m%d}@ipats")
        event.add("dtstamp", pd.Timestamp(today, tz="UTC").to_pydatetime())
        event.add("dtstart", line.due.date())
        event.add("dtend", line.due.date() + timedelta(days=1))
        event.add("summary", f"{line.customer}: {line.name}")
        event.add("description", line.action)
        made.add_component(event)
    return bytes(made.to_ical())


def _shown(lines: pd.DataFrame) -> pd.DataFrame:
    late = (lines["days"] < 0).map({True: "\N{BLACK UP-POINTING TRIANGLE} past", False: ""})
    return lines.assign(
        when=late.where(lines["days"].notna(), "at any time"),
        days=lines["days"].astype("Int64"),
    )


_COLUMNS = (
    Column("customer", "Customer"),
    Column("name", "What"),
    Column("program", "Program"),
    Column("since", "Since"),
    Column("due", "Due"),
    Column("days", "Days left", display.count, number=True),
    Column("when", "State"),
    Column("action", "What to do"),
)
