"""Every row of the catalogue in every scope that it names, on the published pages and in files.

Source: domain 5.2 (count, trend, roster, due date, reason, what to do, CSV) and issue "Dashboard
tools" (XLSX). A row that loses one of them in one scope fails here by its name.
"""

import csv
import re
import zipfile
from pathlib import Path

import pytest

from ipats_lib.caseload import load_alerts
from ipats_lib.caseload.mix import load_shares
from tests.published import headings, lines, page, rows

PERIOD = "PY2024Q4"

TREND = ["Quarter before 2025-05-15", "Change", "A year before 2024-08-15", "Change in the year"]

BY_EXTRACT = [f"{what} {day}" for day in ("May 15, 2025", "Aug 15, 2024")
              for what in ("On", "Change since")]  # fmt: skip

AREA = "lwia/01"

# The catalogue of domain 5.2: P career planner, L LWIA, S state.
SCOPES = {
    "A-01": "LS", "A-02": "LS", "A-03": "LS", "A-04": "PL", "A-05": "PL", "A-06": "LS",
    "A-07": "PL", "A-08": "PLS", "A-09": "PL", "A-10": "PL", "A-11": "P", "A-12": "LS",
    "A-13": "PL", "A-14": "PLS", "A-15": "PL", "A-16": "PL", "A-17": "PL", "A-18": "PL",
    "A-19": "PL", "A-20": "PL", "A-21": "PL", "A-22": "PL", "A-23": "PLS", "A-24": "PLS",
    "A-25": "LS", "A-26": "L", "A-27": "PL", "A-28": "PL", "A-29": "PL", "A-30": "LS",
    "A-31": "LS", "A-32": "LS", "A-33": "LS", "A-34": "LS", "A-35": "LS",
}  # fmt: skip

ALERTS = {
    *("A-04", "A-05", "A-07", "A-08", "A-09", "A-10", "A-11", "A-13", "A-14", "A-15", "A-16"),
    *("A-17", "A-18", "A-19", "A-20", "A-21", "A-22", "A-26", "A-27", "A-28", "A-29"),
}

SHARES = {"A-31", "A-32", "A-33", "A-34", "A-35"}

# Of a row that is no alert: its page, the table of its counts, the file of its customers.
COUNTS = {
    "A-01": ("dashboards/caseload-status", "Periods of participation by status", "caseload.csv"),
    "A-02": ("dashboards/caseload-flow", "Spans of fixed length, by extract", "flow-roster.csv"),
    "A-03": ("dashboards/caseload-flow", "Exits of the last 12 whole months by", "flow-roster.csv"),
    "A-06": ("dashboards/caseload-status", "Active in Title I on", "caseload.csv"),
    "A-12": ("dashboards/caseload-training", "Open trainings by type", "training.csv"),
    "A-23": ("performance/outlook-calendar", "Employment rate, 2nd quarter after exit, by extract",
             "calendar-roster.csv"),
    "A-24": ("performance/outlook-takes", "PY2024, outcomes still open, by extract",
             "outlook-open.csv"),
    "A-25": ("dashboards/area-balance", "Active by career planner", "work-roster.csv"),
    "A-30": ("dashboards/area-people", "Active in Title I on", "groups.csv"),
    **dict.fromkeys(SHARES, ("dashboards/area-people", "Shares", "shares.csv")),
    "A-32": ("dashboards/caseload-training", "Shares", "shares.csv"),
}  # fmt: skip

# Tables whose counts stand by type, by occupation and by provider.
BESIDES = {"A-12": ("Open trainings by occupation", "Open trainings by provider")}

KINDS = {"P": "planner", "L": "lwia", "S": "state"}

CASES = [(row, KINDS[letter]) for row, letters in SCOPES.items() for letter in letters]


@pytest.fixture(scope="module")
def folders(site_with_earlier) -> dict[str, Path]:
    """The published folder of each kind of scope, with a quarter and a year before it."""
    period = site_with_earlier / PERIOD
    planner = next((period / AREA / "planner").iterdir())
    return {"state": period / "state", "lwia": period / AREA, "planner": planner}


def tables(folder: Path, name: str, caption: str) -> list:
    """The tables of a page whose caption starts so."""
    found = page(folder / f"{name}.html").find_all("table")
    return [one for one in found if one.caption and one.caption.get_text().startswith(caption)]


def has_trend(table) -> bool:
    """Both earlier extracts and both changes stand in the table, and no change is blank."""
    told = headings(table)
    if set(BY_EXTRACT) <= set(told):
        return all(line[name] for line in lines(table) for name in BY_EXTRACT)
    return set(TREND) <= set(told) and all(line["Change"] for line in lines(table))


def linked(folder: Path, name: str) -> set[str]:
    """The files that a page offers; each is there."""
    places = "p.download a, p.show-file a, .show-note a[href$='.csv']"
    found = {a["href"] for a in page(folder / f"{name}.html").select(places)}
    assert all(((folder / name).parent / file).is_file() for file in found)
    return found


def sheets(path: Path) -> int:
    with zipfile.ZipFile(path) as book:
        return book.read("xl/workbook.xml").decode().count("<sheet ")


LISTS = {"planner": "index", "lwia": "dashboards/worklist-today",
         "state": "dashboards/worklist-today"}  # fmt: skip


def listed_beside(folder: Path, kind: str) -> set[str]:
    """The files that the work list offers, by name."""
    return {Path(file).name for file in linked(folder, LISTS[kind])}


def place_of(row: str, kind: str) -> tuple[str, str, str]:
    if row in ALERTS:
        return "dashboards/worklist-kinds", "Open work by kind", "queue.csv"
    if (row, kind) == ("A-25", "state"):
        return "dashboards/state-areas", "Active by LWIA", ""
    name, caption, file = COUNTS[row]
    # A planner has one page of the caseload.
    ours = kind == "planner" and name.startswith("dashboards/caseload-")
    return "dashboards/worklist-caseload" if ours else name, caption, file


def figures(folder: Path, row: str, kind: str) -> list[dict[str, str]]:
    """The lines that hold the row's count."""
    name, caption, _ = place_of(row, kind)
    (table, *_) = tables(folder, name, caption)
    if row in SHARES:
        mine = {one.name for one in load_shares().values() if one.id.startswith(row)}
        return [line for line in lines(table) if line["What"] in mine]
    name = load_alerts()[row].name if row in ALERTS else ""
    return [line for line in lines(table) if not name or next(iter(line.values())) == name]


def first_cell(line: dict[str, str]) -> str:
    return next(iter(line.values()))


def test_the_catalogue_is_whole():
    assert list(SCOPES) == [f"A-{n:02}" for n in range(1, 36)]
    assert set(SCOPES) == ALERTS | set(COUNTS)


@pytest.mark.parametrize(("row", "kind"), CASES)
def test_a_row_has_a_count(folders, row, kind):
    mine = figures(folders[kind], row, kind)
    assert mine
    assert all(re.search(r"\d", " ".join([*line.values()][1:3])) for line in mine), mine


@pytest.mark.parametrize(("row", "kind"), CASES)
def test_a_row_has_a_trend_against_earlier_extracts(folders, row, kind):
    name, caption, _ = place_of(row, kind)
    for known in (caption, *BESIDES.get(row, ())):
        found = tables(folders[kind], name, known)
        assert found, known
        assert has_trend(found[0]), known


@pytest.mark.parametrize(("row", "kind"), CASES)
def test_a_row_says_what_it_is_what_to_do_and_on_whose_word(folders, row, kind):
    made = page(folders[kind] / f"{place_of(row, kind)[0]}.html")
    if notes := [note.get_text() for note in made.select(".show-note") if row in note.get_text()]:
        assert all(word in notes[0] for word in ("What it is:", "What to do:", "Source:"))
        return
    found = made.find_all("table")
    told = [
        line
        for table in found
        if {"What it is", "What to do", "Source"} <= set(headings(table))
        for line in lines(table)
        if next(iter(line.values())).startswith(row)
    ]
    assert told
    for line in told:
        assert all(len(line[name]) > 5 for name in ("What it is", "What to do", "Source")), line


@pytest.mark.parametrize(("row", "kind"), CASES)
def test_a_row_is_offered_as_csv_and_as_a_workbook(folders, row, kind):
    name = place_of(row, kind)[0]
    files = {(folders[kind] / name).with_name(file) for file in linked(folders[kind], name)}
    if row in ALERTS:  # the workbook is with the list
        files |= {folders[kind] / "dashboards" / f for f in listed_beside(folders[kind], kind)}
    assert {path.suffix for path in files} >= {".csv", ".xlsx"}
    for path in files:
        assert sheets(path) > 1 if path.suffix == ".xlsx" else path.read_text().count("\n") > 0


CUSTOMERS = [(row, kind) for row, kind in CASES if kind != "state"]


@pytest.mark.parametrize(("row", "kind"), CUSTOMERS)
def test_a_row_has_a_roster_of_its_customers(folders, row, kind):
    name, _, file = place_of(row, kind)
    beside = listed_beside(folders[kind], kind) if row in ALERTS else linked(folders[kind], name)
    assert file in beside
    listed = rows((folders[kind] / name).with_name(file))
    assert listed
    assert {"customer", "program"} <= set(listed[0])


@pytest.mark.parametrize(("row", "kind"), [(row, kind) for row, kind in CUSTOMERS if row in ALERTS])
def test_an_alert_lists_each_customer_with_due_date_reason_and_what_to_do(folders, row, kind):
    """On the page and in the file, as many as the count says."""
    folder = folders[kind]
    (count,) = figures(folder, row, kind)
    open_ = int(count["Open"].replace(",", ""))
    listed = [r for r in rows(folder / "dashboards/queue.csv") if r["alert"] == row]
    assert len(listed) == open_
    assert all(line["customer"] and line["detail"] and line["action"] for line in listed)
    assert all(line["due"] or line["state"] == "at any time" for line in listed)
    shown = page(folder / f"{LISTS[kind]}.html").select_one(".show-records")
    assert {"Customer", "Why", "Due", "Days late", "Do next"} <= set(headings(shown.table))
    assert int(shown["data-rows"]) == len(rows(folder / "dashboards/queue.csv"))


@pytest.mark.parametrize("kind", ["planner", "lwia"])
def test_a_count_that_waits_for_something_says_until_when_and_why(folders, kind):
    folder = folders[kind] / "performance"
    listed = rows(folder / "outlook-open.csv")
    assert all(r["why"] and r["happens_by"] and r["recorded_by"] for r in listed)
    mend = rows(folders[kind] / "dashboards/mend.csv")
    assert all(r["what"] and r["values"] for r in mend)
    if kind == "lwia":
        flow = rows(folders[kind] / "dashboards/flow-roster.csv")
        assert all(r["reason"] for r in flow if r["what"] == "Exit")
    calendar = next(t for t in page(folder / "outlook-calendar.html").select("table") if t.caption)
    assert {"Quarterly report due", "Locked by the annual report"} <= set(headings(calendar))


def test_the_states_files_name_no_customer(folders):
    """Rows of the state have counts and trends; whose they are stands in the areas."""
    for path in folders["state"].rglob("*.csv"):
        with path.open(encoding="utf-8") as file:
            named = next(csv.reader(file))
        assert "customer" not in named, path
    assert not any((folders["state"] / "dashboards").glob("*roster*"))
