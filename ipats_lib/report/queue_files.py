"""The files of the queue's pages: the queue itself, the alerts' counts, the records to mend, and
the due dates as a calendar."""

from datetime import date
from functools import cache

import pandas as pd
from icalendar import vText
from icalendar.parser import Contentline

from ipats_lib.report import display, downloads, mending, queue
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of

_DAY = pd.Timedelta(1, "D")
# Octets of a content line; a longer one is folded.
_LINE = 75
_LINES = (
    *("alert", "name", "customer", "program", "detail", "since", "due", "days", "state"),
    *("mine", "planner", "action"),
)


def offers(report: Report) -> Html:
    """The queue as CSV, workbook and calendar; for the state its counts alone."""
    counts = queue.count_frame(report).drop(columns=["definition", "source"])
    sheets = {"Alerts": counts, "Records to fix": mending.frame(report)}
    if report.scope.kind != "planner":
        sheets["By part"] = queue.part_counts(report)
    if report.scope.kind == "state":
        book = downloads.book(report, "Alerts", sheets)
        return display.together(downloads.offer("alerts.xlsx", book, "all counts as a workbook"))
    lines = queue.queue(report)
    plain = lines[[*_LINES]]
    if report.scope.kind == "planner":
        plain = plain.drop(columns="planner")
    book = downloads.book(report, "To do", {"To do": plain, **sheets})
    parts = [
        downloads.offer("queue.csv", downloads.csv(plain), "the queue"),
        downloads.offer("queue.xlsx", book, "the queue, the alerts and the records to fix"),
    ]
    if report.scope.kind == "planner":
        dates = calendar(lines, as_of(report.data.about))
        parts.append(downloads.offer("due-dates.ics", dates, "due dates to come"))
    return display.together(*parts)


def _book(report: Report) -> str:
    return "alerts.xlsx" if report.scope.kind == "state" else "queue.xlsx"


def alert_offers(report: Report) -> Html:
    """The alerts' counts as CSV, and where the lines behind them are."""
    made = downloads.csv(queue.count_frame(report))
    parts = [downloads.offer("alerts.csv", made, "the counts of each alert")]
    if report.scope.kind != "planner":
        by_part = downloads.csv(queue.part_counts(report))
        what = "the same by LWIA" if report.scope.kind == "state" else "the same by planner"
        parts.append(downloads.offer("alerts-by-part.csv", by_part, what))
    parts.append(downloads.again(_book(report), "both as a workbook"))
    if report.scope.kind != "state":
        parts.append(downloads.again("queue.csv", "every line of every alert"))
    return display.together(*parts)


def mend_offers(report: Report) -> Html:
    """The records to mend as CSV (for the state: counts by check)."""
    data = downloads.csv(mending.frame(report))
    what = "the checks" if report.scope.kind == "state" else "each record, check and value"
    return display.together(
        downloads.offer("mend.csv", data, what), downloads.again(_book(report), "as a workbook")
    )


def calendar(lines: pd.DataFrame, today: date) -> bytes:
    """Due dates from `today` on as an iCalendar file, one all-day event per line (RFC 5545).

    The library escapes and folds; its objects would cost ten times as much for each event.
    """
    mine = lines[lines["days"] >= 0]
    alike = mine.groupby(["alert", "customer", "row", "due"], dropna=False).cumcount()
    mine = mine.assign(alike=alike, record=mine["row"].fillna(0))
    texts = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//IPATS//Due dates//EN"]
    names = ["alert", "customer", "name", "action", "detail", "due", "alike", "record"]
    for line in mine[names].itertuples(index=False):
        day = f"{line.due:%Y%m%d}"
        uid = f"{line.alert}-{line.customer}-{line.record}-{day}-{line.alike}@ipats"
        texts += [
            "BEGIN:VEVENT",
            f"SUMMARY:{_escaped(f'{line.customer}: {line.name}')}",
            f"DTSTART;VALUE=DATE:{day}",
            f"DTEND;VALUE=DATE:{line.due + _DAY:%Y%m%d}",
            f"DTSTAMP:{today:%Y%m%d}T000000Z",
            f"UID:{_escaped(uid)}",
            f"DESCRIPTION:{_escaped(line.action)}",
            f"COMMENT:{_escaped(line.detail)}",
            "END:VEVENT",
        ]
    return b"\r\n".join(_folded(text) for text in (*texts, "END:VCALENDAR", ""))


def _folded(text: str) -> bytes:
    if len(text) <= _LINE and text.isascii():
        return text.encode()
    return bytes(Contentline(text).to_ical())  # type: ignore[no-untyped-call]


@cache
def _escaped(text: str) -> str:
    return vText(text).to_ical().decode()
