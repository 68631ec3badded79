"""The to-do page says what the alerts say, to whom it may.  Source: issue "Dashboard tools"."""

from datetime import date

import pandas as pd
from icalendar import Calendar

from ipats_lib.report import queue, queue_files
from ipats_lib.report.scope_data import as_of
from tests.published import cells, number


def test_every_line_is_a_customer_of_the_scope(area):
    lines = queue.queue(area)
    assert len(lines) > 20
    known = set(area.data.frame("rows")["100"].astype("str"))
    for table in ("application", "service"):
        known |= set(area.data.frame(table)["customer"].astype("str"))
    assert set(lines["customer"]) <= known


def test_the_counts_are_those_of_the_lines(report):
    lines = queue.queue(report)
    shown = {name[:4]: number(told) for name, told, *_ in cells(queue.counts(report).html)}
    counted = lines["alert"].value_counts()
    assert shown == {name: int(counted.get(name, 0)) for name in shown}
    assert sum(shown.values()) == len(lines)


def test_every_due_date_to_come_is_in_the_calendar_and_no_other(area):
    lines = queue.queue(area)
    made = queue_files.calendar(lines, as_of(area.data.about))
    events = Calendar.from_ical(made).walk("VEVENT")
    assert len(events) == int((lines["days"] >= 0).sum()) > 0
    assert min(event["dtstart"].dt for event in events) >= as_of(area.data.about)
    assert made == queue_files.calendar(lines, as_of(area.data.about))


def test_a_customer_stands_once_in_the_list_by_customer(area):
    lines, grouped = queue.queue(area), queue.by_customer(area)
    assert grouped.html.count("<tr>") - 1 == lines["customer"].nunique()


def test_no_two_events_of_a_calendar_have_one_identifier():
    """Two records of one customer, and two services of one of them, are due on one day."""
    lines = pd.DataFrame(
        {
            "alert": "A-11",
            "row": pd.array([1, 2, 2, pd.NA], dtype="Int64"),
            "customer": "A",
            "due": pd.Timestamp("2025-08-20"),
            "days": 5,
            "name": "Service ending soon",
            "action": "Plan what comes next",
            "detail": ["one", "two", "three", "four"],
        }
    )
    made = Calendar.from_ical(queue_files.calendar(lines, date(2025, 8, 15))).walk("VEVENT")
    assert len({str(event["uid"]) for event in made}) == len(made) == 4
