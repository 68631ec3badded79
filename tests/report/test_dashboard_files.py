"""Every page of the dashboards offers its figures and rosters as files.  Source: issue "Dashboard
tools": each row with CSV and XLSX inside the same scope."""

import csv
import io
import re
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from ipats_lib.publishing.catalogue import read_catalogue
from ipats_lib.report import (
    areas,
    caseload_files,
    counted,
    dashboards,
    downloads,
    people,
    quality,
    work,
)
from ipats_lib.report.report import Report
from ipats_lib.scopes import STATE

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
OFFERS = {
    "caseload": (
        caseload_files.offers,
        caseload_files.flow_offers,
        caseload_files.training_offers,
        caseload_files.engagement_offers,
    ),
    "area": (work.offers, people.offers, quality.offers),
    "state": (areas.offers,),
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
        assert {"engagement.csv", "people.xlsx"} <= set(files)
        return
    if report.scope.kind == "planner":  # tests/notebooks/test_worklist.py
        return
    rosters = {"caseload.csv", "training.csv", "shares.csv", "groups.csv", "engagement-roster.csv"}
    assert rosters <= named
    if report.scope.kind == "lwia":
        assert "work-roster.csv" in named


def test_the_workbook_of_the_caseload_holds_each_table(report, files):
    if report.scope.kind == "planner":  # tests/notebooks/test_worklist.py
        return
    assert sheets(files["caseload.xlsx"]) >= {
        "Status", "Days since service", "Compared", "Months", "Exit reasons", "Against itself",
        "Shares", "Open trainings", "Occupations", "Providers", "Active by group", "Engagement",
    }  # fmt: skip


def test_the_caseload_holds_everyone_whom_the_status_page_counts(report, files):
    """Every status and program, also who has only applied and has no record."""
    if report.scope.kind == "planner":
        return
    table = dashboards.status_frame(report).set_index("status")
    if report.scope == STATE:
        assert [line["n"] for line in rows(files["caseload.csv"])] == table["n"].astype(
            str
        ).tolist()
        return
    listed = rows(files["caseload.csv"])
    programs = [name for name in table if name != "n"]
    found = Counter((line["status"], line["program"]) for line in listed)
    assert {(status, p): table.loc[status, p] for status in table.index for p in programs} == {
        (status, p): found[status, p] for status in table.index for p in programs
    }
    assert found.total() == len(listed) == table[programs].sum().sum()
    if report.scope.kind == "lwia":
        waiting = set(counted.applicants(report.desk)["customer"])
        assert waiting
        assert waiting <= {line["customer"] for line in listed}


def test_the_rosters_are_as_long_as_their_counts(report, files):
    if report.scope.kind != "lwia":
        return
    assert len(rows(files["training.csv"])) == people.training_frame(report)["n"].sum()
    counted = [line for line in rows(files["shares.csv"]) if line["counted"] == "yes"]
    assert len(counted) == people.share_frame(report)["n"].sum()


def test_without_a_planner_table_nobody_knows_how_many_planners_an_area_has(
    state, tmp_path, monkeypatch
):
    """Unknown is not none: a dash on the page, nothing in the file."""
    monkeypatch.setenv(downloads.DOWNLOADS_FOLDER, str(tmp_path))
    data = state.slice(STATE)
    bare = Report(replace(data, frames={n: f for n, f in data.frames.items() if n != "planner"}))
    body = BeautifulSoup(areas.balance(bare).html, "html.parser").find("tbody")
    cells = [[c.get_text() for c in line.find_all(["th", "td"])] for line in body.find_all("tr")]
    assert {line[1] for line in cells} == {line[3] for line in cells} == {"\N{EN DASH}"}
    areas.offers(bare)
    assert {line["planners"] for line in rows((tmp_path / "areas.csv").read_bytes())} == {""}
    areas.offers(Report(data))
    known = [line["planners"] for line in rows((tmp_path / "areas.csv").read_bytes())]
    assert all(number.isdecimal() for number in known)


def test_the_state_says_the_work_per_planner_of_each_area(state):
    whole = Report(state.slice(STATE))
    table = areas.by_area(whole)
    mine = table[table["planners"] > 0]
    assert (mine["follow_up_each"] * mine["planners"]).tolist() == pytest.approx(
        mine["follow_up"].tolist()
    )
    assert (mine["load_each"] * mine["planners"]).tolist() == pytest.approx(mine["load"].tolist())
    assert "Weighted load" in areas.balance(whole).html
