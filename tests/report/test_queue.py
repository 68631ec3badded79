"""The to-do page says what the alerts say, to whom it may.  Source: issue "Dashboard tools"."""

from bs4 import BeautifulSoup
from icalendar import Calendar

from ipats_lib.report import queue, queue_files
from ipats_lib.report.data import as_of
from ipats_lib.report.report import Report
from ipats_lib.scopes import STATE


def test_every_line_is_a_customer_of_the_scope(area):
    lines = queue.queue(area)
    assert len(lines) > 20
    known = set(area.data.frame("rows")["100"].astype("str"))
    for table in ("application", "service"):
        known |= set(area.data.frame(table)["customer"].astype("str"))
    assert set(lines["customer"]) <= known


def test_the_counts_are_those_of_the_lines(report):
    lines = queue.queue(report)
    body = BeautifulSoup(queue.counts(report).html, "html.parser").find("tbody")
    cells = [[cell.text for cell in row.find_all(["th", "td"])] for row in body.find_all("tr")]
    shown = {name.split()[0]: number.replace(",", "") for name, number, *_ in cells}
    counted = lines["alert"].value_counts()
    assert {name: int(number) for name, number in shown.items()} == {
        name: int(counted.get(name, 0)) for name in shown
    }
    assert sum(int(number) for number in shown.values()) == len(lines)


def test_the_state_lists_nobody(state):
    whole = Report(state.slice(STATE))
    customers = set(whole.data.frame("rows")["100"].astype("str"))
    for shown in (queue.table(whole), queue.by_customer(whole), queue_files.offers(whole)):
        assert not any(customer in shown.html for customer in customers)


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
