"""The queue of a scope: who needs what, by when, and why."""

from datetime import date, timedelta
from functools import cache

import pandas as pd
from icalendar import Calendar, Event, vDatetime, vText

from ipats_lib import caseload
from ipats_lib.caseload import load_alerts, planners
from ipats_lib.params import load_areas
from ipats_lib.report import customers, display, downloads, tables
from ipats_lib.report.data import as_of
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

LISTED = 1_000


@cache
def queue(report: Report) -> pd.DataFrame:
    """Every alert of the scope's kind, the first due first.

    One row per alert and customer (`caseload.alerts`): alert, row, customer, since, due, and name,
    action, program, days (until due; negative when past, missing at any time).
    """
    desk = report.desk
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
        f"Customers: {lines['customer'].nunique():,}, in {len(lines):,} lines. Past their date: "
        f"{late:,}. Due within seven days: {week:,}.",
        "finding",
    )


def table(report: Report) -> Html:
    """The queue, one line per alert and customer; for the state, which lists nobody, a sentence.

    A planner chooses between the order of due dates and the customers. An area's list ends after
    `LISTED` lines: its planners have their own, and the CSV file holds all.
    """
    if report.scope.kind == "state":
        return display.paragraph("The state's page lists nobody: see an area's page.", "empty")
    lines = queue(report)
    shown = _shown(report, lines.head(LISTED))
    made = tables.as_roster(tables.table(shown, "To do, the first due first", _COLUMNS, "nothing."))
    if report.scope.kind == "planner":
        return display.switch({"By due date": made, "By customer": by_customer(report)}, "Order")
    more = f"The first {len(shown):,} of {len(lines):,} lines; queue.csv holds all."
    return Html(made.html + display.paragraph(more).html, made.plain)


def by_customer(report: Report) -> Html:
    """The same lines, one row per customer with everything that is open: the sheet to print."""
    if report.scope.kind == "state":
        return Html("", "")
    lines = queue(report)
    days = ["" if pd.isna(due) else f" {due:%m-%d}" for due in lines["due"]]
    open_ = (lines["name"] + days).groupby(lines["customer"], sort=False)
    first = lines.groupby("customer", sort=False)["due"].min()
    shown = pd.DataFrame(
        {
            "customer": list(open_.groups),
            "first": first.to_numpy(),
            "open": ["; ".join(dict.fromkeys(names)) for _, names in open_],
        }
    )
    shown["page"] = customers.links(report, shown["customer"])
    columns = (
        Column("customer", "Customer", href="page"),
        Column("first", "First due"),
        Column("open", "Open, with month and day"),
    )
    made = tables.table(shown, "To do by customer", columns, "nothing.")
    html = made.html.replace("<div class='table'", "<div class='table roster sheet'", 1)
    return Html(html, made.plain)


def by_part(report: Report) -> Html:
    """How many lines of each alert each LWIA has, or in an LWIA each career planner's customers;
    nothing for a planner."""
    if report.scope.kind == "planner":
        return Html("", "")
    if report.scope.kind == "state":
        return _by_lwia(report)
    lines = queue(report)
    named = lines.assign(planner=planners.planner_of_lines(report.desk, lines))
    counted = pd.crosstab(named["planner"], named["alert"])
    counted.insert(0, "Career planner", planner_names(report, list(counted.index)))
    return tables.counts(counted, "Open lines by career planner and alert", "nothing.")


def _by_lwia(report: Report) -> Html:
    """A record of several LWIAs counts in each."""
    placed = queue(report)[["alert", "row"]].merge(report.data.frame("seats"), on="row")
    counted = pd.crosstab(placed["area"], placed["alert"])
    names = {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}
    counted.insert(0, "LWIA", [names[lwia] for lwia in counted.index])
    return tables.counts(counted, "Open lines by LWIA and alert", "nothing.")


def planner_names(report: Report, ids: list[str]) -> list[str]:
    """Each planner's name and id; `No planner` for the blank one."""
    names = {}
    if (known := report.data.frames.get("planner")) is not None:
        names = dict(zip(known["planner_id"], known["name"], strict=True))
    return [f"{names.get(p, '')} ({p})" if p else "No planner" for p in ids]


def counts(report: Report) -> Html:
    """Each alert of the catalogue for this kind of scope: definition, count, how much is late, and
    the counts of the earlier extracts that the publication was given."""
    lines = queue(report)
    mine = [alert for alert in load_alerts().values() if report.scope.kind in alert.scopes]
    backlog = report.data.frames.get("backlog", pd.DataFrame(columns=["known_at", "alert", "n"]))
    days = sorted(set(backlog["known_at"]))
    known = {(line.known_at, line.alert): line.n for line in backlog.itertuples()}
    frame = pd.DataFrame(
        {
            "name": [f"{alert.id} {alert.name}" for alert in mine],
            "n": [int((lines["alert"] == alert.id).sum()) for alert in mine],
            **{day: [known.get((day, alert.id)) for alert in mine] for day in days},
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
        *(Column(day, f"Open on {day}", display.count, number=True) for day in days),
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
    ]
    if report.scope.kind == "planner":
        dates = calendar(lines, as_of(about))
        parts.append(downloads.offer("due-dates.ics", dates, "due dates to come"))
    return Html("".join(part.html for part in parts), "; ".join(part.plain for part in parts))


def calendar(lines: pd.DataFrame, today: date) -> bytes:
    """Due dates from `today` on as an iCalendar file, one all-day event per line (RFC 5545)."""
    made = Calendar()
    made.add("prodid", "-//IPATS//Due dates//EN")
    made.add("version", "2.0")
    stamp = vDatetime(pd.Timestamp(today, tz="UTC").to_pydatetime())
    coming = lines[lines["days"] >= 0]
    alike = coming.groupby(["alert", "customer", "row", "due"], dropna=False).cumcount()
    for line in coming.assign(alike=alike).itertuples():
        row = 0 if pd.isna(line.row) else line.row
        uid = f"{line.alert}-{line.customer}-{row}-{line.due:%Y%m%d}-{line.alike}@ipats"
        event = Event(
            uid=vText(uid),
            dtstamp=stamp,
            summary=vText(f"{line.customer}: {line.name}"),
            description=vText(line.action),
        )
        event.add("dtstart", line.due.date())
        event.add("dtend", line.due.date() + timedelta(days=1))
        made.add_component(event)
    return bytes(made.to_ical())


def _shown(report: Report, lines: pd.DataFrame) -> pd.DataFrame:
    late = (lines["days"] < 0).map({True: "\N{BLACK UP-POINTING TRIANGLE} past", False: ""})
    return lines.assign(
        page=customers.links(report, lines["customer"]),
        when=late.where(lines["days"].notna(), "at any time"),
        days=lines["days"].astype("Int64"),
    )


_COLUMNS = (
    Column("customer", "Customer", href="page"),
    Column("name", "What"),
    Column("program", "Program"),
    Column("since", "Since"),
    Column("due", "Due"),
    Column("days", "Days left", display.count, number=True),
    Column("when", "State"),
    Column("action", "What to do"),
)
