"""Every page of the dashboards offers its figures and rosters as files.  Source: issue "Dashboard
tools": each row with CSV and XLSX inside the same scope."""

import csv
import io
import re
import zipfile
from collections import ChainMap
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ipats_lib.publishing.catalogue import read_catalogue
from ipats_lib.report import (
    customers,
    downloads,
    queue,
    queue_files,
    timelines,
)
from ipats_lib.report.report import Report
from ipats_lib.scopes import STATE

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
OFFERS = {
    "queue": (
        queue_files.offers,
        queue_files.alert_offers,
        queue_files.mend_offers,
        timelines.offers,
    ),
}
CUSTOMER = re.compile(r"IL\d{10}|ILA\d{9}")


@pytest.fixture
def files(report, tmp_path, monkeypatch) -> dict[str, bytes]:
    """What the pages of one scope offer, by name; each link leads to a file that is there."""
    monkeypatch.setenv(downloads.DOWNLOADS_FOLDER, str(tmp_path))
    known = {n.name: n for n in read_catalogue(NOTEBOOKS) if n.name in OFFERS}
    linked = set()
    for name, offers in OFFERS.items():
        if report.scope.kind not in known[name].scopes:
            continue
        before = {path.name for path in tmp_path.iterdir()}
        for offer in offers:
            linked |= set(re.findall(r"href='([^']+)'", offer(report).html))
        made = {path.name for path in tmp_path.iterdir()} - before
        assert made <= set(known[name].downloads)
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert linked == set(found)
    return found


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def text(data: bytes) -> str:
    if not data.startswith(b"PK"):
        return data.decode()
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


def sheets(data: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return set(re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode()))


def test_every_page_has_files_and_the_states_name_nobody(report, files):
    named = {name for name, data in files.items() if CUSTOMER.search(text(data))}
    if report.scope == STATE:
        assert named == set()
        assert {"alerts.xlsx", "alerts.csv", "mend.csv"} <= set(files)
        return
    assert {"queue.csv", "queue.xlsx", "mend.csv", "customers.csv"} <= named


def test_the_time_lines_file_has_a_line_for_each_event_of_the_pages_customers(report, files):
    if report.scope == STATE:
        assert "customers.csv" not in files
        return
    listed = rows(files["customers.csv"])
    happened = timelines.events(report)
    here = set(customers.shown_here(report))
    mine = happened[happened["customer"].isin(here)]
    assert [(line["customer"], line["day"]) for line in listed] == [
        (customer, f"{day:%Y-%m-%d}")
        for customer, day in zip(mine["customer"], mine["day"], strict=True)
    ]
    assert listed


def test_no_event_of_a_time_line_is_a_formula_in_a_spreadsheet(area, tmp_path, monkeypatch):
    """The title of a service comes from the extract."""
    monkeypatch.setenv(downloads.DOWNLOADS_FOLDER, str(tmp_path))
    here = list(customers.shown_here(area))
    service = area.data.frame("service")
    planted = service.head(1).assign(
        customer=here[0], title="=1+1", provider=None, start=pd.Timestamp("2025-01-02")
    )
    planted = pd.concat([service, planted], ignore_index=True)
    frames = ChainMap({"service": planted}, area.data.frames)
    timelines.offers(Report(replace(area.data, frames=frames)))
    told = [line["what"] for line in rows((tmp_path / "customers.csv").read_bytes())]
    assert any(what.startswith("'=1+1") for what in told)
    assert not any(what.startswith("=") for what in told)


def test_the_queue_says_why_and_of_data_to_mend_which_rule_and_element(report, files):
    if report.scope == STATE:
        return
    lines = rows(files["queue.csv"])
    assert len(lines) == len(queue.queue(report))
    mended = [line["detail"] for line in lines if line["alert"] == "A-29"]
    assert all(re.match(r"[DLV]-\d\d \(\d{3,4}", detail) for detail in mended)
    assert sum(bool(line["detail"]) for line in lines) == len(lines)


def test_each_alert_of_each_part_is_in_the_file(report, files):
    if report.scope.kind == "planner":
        assert "alerts-by-part.csv" not in files
        return
    listed = rows(files["alerts-by-part.csv"])
    assert [int(line["All"]) for line in listed] == queue.part_counts(report)["All"].tolist()
