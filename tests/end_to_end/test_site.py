"""What a published site holds, and above all what a scope's folder must not hold."""

import csv
import gzip
import re
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest

from ipats_lib.params import load_areas
from tests.independent import areas_of, read

PERIOD = "PY2024Q4"
ROOT = Path(__file__).parents[2]
CUSTOMER = re.compile(r"IL\d{10}|ILA\d{9}")


@pytest.fixture(scope="module")
def customers_of(extract) -> dict[tuple[str, str], set[str]]:
    """(area_type, area) -> customers, from the raw file."""
    areas, found = areas_of(extract), defaultdict(set)
    for row in read(extract):
        for area in areas(row):
            found[area].add(row["100"])
    # Who has only applied has no PIRL record yet.
    for application in table(extract, "application"):
        found["lwia", application["lwia"]].add(application["customer"])
    # A record without a board code is in no LWIA, but what a planner did is the planner's to see.
    lwias = {planner["planner_id"]: planner["lwia"] for planner in table(extract, "planner")}
    for name in ("assignment", "service", "case_note"):
        for line in table(extract, name):
            if (planner := line["planner_id"]) in lwias:
                found["planner", planner].add(line["customer"])
                found["lwia", lwias[planner]].add(line["customer"])
    return found


def table(extract: Path, name: str) -> list[dict[str, str]]:
    """The rows of a case table, from the raw file."""
    with (extract / f"{name}.csv").open() as lines:
        return list(csv.DictReader(lines))


def text_of(path: Path) -> str:
    """All that a file says: a workbook's parts, and a packed copy, unpacked."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes()).decode()
    if path.suffix != ".xlsx":
        return path.read_text()
    with zipfile.ZipFile(path) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


def folders(site: Path) -> dict[tuple[str, str], list[Path]]:
    """(area_type, area) -> the files that lie in that folder and in no inner scope's."""
    found = defaultdict(list)
    period = site / PERIOD
    for path in period.rglob("*"):
        parts = path.relative_to(period).parts
        if path.is_dir():
            continue
        if parts[0] == "state":
            found["state", "IL"].append(path)
        elif len(parts) > 3 and parts[2] == "planner":
            found["planner", parts[3]].append(path)
        else:
            found["lwia", parts[1]].append(path)
    return found


def test_the_folders_are_the_scopes(site, extract):
    with (extract / "planner.csv").open() as lines:
        planners = {
            p["planner_id"] for p in csv.DictReader(lines) if p["lwia"] in ("01", "02", "90")
        }
    expected = {("state", "IL"), ("lwia", "01"), ("lwia", "02"), ("lwia", "90")}
    assert folders(site).keys() == expected | {("planner", p) for p in planners}


def test_no_folder_holds_a_customer_of_another_scope(site, customers_of):
    seen = set()
    for area, files in folders(site).items():
        for path in files:
            found = set(CUSTOMER.findall(text_of(path)))
            assert found <= customers_of[area], f"{path} holds customers of another scope"
            seen |= found
    assert seen, "no roster names a customer, so this test would prove nothing"


def test_no_planner_is_named_in_another_planners_folder(site, extract):
    with (extract / "planner.csv").open() as lines:
        planners = {p["planner_id"]: p["name"] for p in csv.DictReader(lines)}
    for (kind, area), files in folders(site).items():
        if kind == "planner":
            others = [n for i, n in planners.items() if i != area and n != planners[area]]
            for path in files:
                text = text_of(path)
                assert not [name for name in others if name in text]


def test_every_page_says_what_it_shows(site):
    for path in (site / PERIOD).rglob("*.html"):
        text = path.read_text()
        if 'http-equiv="refresh"' in text:  # an old address, which leads to the page
            continue
        for needed in (PERIOD, "2025-08-15", "Synthetic sample data", "corrected in IWDS"):
            assert needed in text, (path, needed)
        assert re.search(r"snapshot <code>[0-9a-f]{16}</code>", text), path


def test_pages_hold_no_code_no_path_and_nothing_from_elsewhere(site, shared):
    for path in (site / PERIOD).rglob("*.html"):
        text = path.read_text()
        assert "open_report" not in text, path
        assert "/tmp/" not in text, path
        assert str(shared) not in text, path
        assert not re.search(r'(?:src|href)="(?:https?:)?//', text), path
        assert not re.search(r"<script(?![^>]*(?: src=| type=\"application/json\"))", text), path


def test_the_download_is_the_scopes_own_figures(site):
    for (kind, area), files in folders(site).items():
        (figures,) = [path for path in files if path.name == "figures.csv"]
        with figures.open() as lines:
            assert {(r["area_type"], r["area"]) for r in csv.DictReader(lines)} == {(kind, area)}


def test_the_comparison_shows_other_areas_as_withheld_aggregates_only(site):
    """Cells of a comparison with fewer than ten records are printed as `*`."""
    page = site / PERIOD / "lwia" / "01" / "comparison" / "areas-erq2.html"
    text = page.read_text()
    assert "*<span class='v'> withheld</span>" in text
    assert all(f">{a.lwia} " in text for a in load_areas())
    assert not CUSTOMER.findall(text)


def test_a_planners_comparison_is_the_areas_own_in_the_planners_frame(site):
    page = "comparison/areas-scoreboard.html"
    area = site / "PY2024Q4" / "lwia" / "01"
    planners = sorted(area.glob(f"planner/*/{page}"))
    body = main_part(area / page)
    assert planners
    assert "(this area)" in body
    assert {main_part(planner) for planner in planners} == {body}
    assert all("Career planner, LWIA 01" in planner.read_text() for planner in planners)
    # One file for all: its script names whose page it is (test_frame).
    assert len({planner.stat().st_ino for planner in planners}) == 1


def main_part(page):
    """What the notebook gave, without the frame around it."""
    return page.read_text().partition("<main")[2].partition("</main>")[0]


ROW = re.compile(r"^\| (A-\d\d) \| [^|]+ \| ([a-z0-9/-]+) \| ([PLS ]+) \|$", re.MULTILINE)
LETTERS = {"P": "planner", "L": "lwia", "S": "state"}


def catalogue() -> list[tuple[str, str, str]]:
    """(id, page, kind of scope) of docs/dashboards.md."""
    text = (ROOT / "docs/dashboards.md").read_text(encoding="utf-8")
    return [
        (name, page, LETTERS[letter])
        for name, page, scopes in ROW.findall(text)
        for letter in scopes.split()
    ]


def test_the_whole_catalogue_of_dashboards_is_listed():
    assert {name for name, _, _ in catalogue()} == {f"A-{n:02}" for n in range(1, 36)}


def test_each_row_of_the_catalogue_stands_on_its_page_of_each_scope(site):
    """Performance pages are named by the dashboards that lead to them."""
    period, lacking = site / PERIOD, []
    folders_of = {
        "state": [period / "state"],
        "lwia": [period / "lwia/01", period / "lwia/02", period / "lwia/90"],
        "planner": sorted(period.glob("lwia/*/planner/*")),
    }
    for name, page, kind in catalogue():
        for folder in folders_of[kind]:
            path = folder / f"{page}.html"
            there = path.is_file()
            if not there or (page.startswith("dashboards/") and name not in path.read_text()):
                lacking.append((name, path))
    assert lacking == []


def test_the_footer_of_the_states_pages_leads_to_how_they_were_made(site):
    """Snapshot, notebook and version: the state sees the page on the run, others their names."""
    of_state = (site / "PY2024Q4/state/performance/summary.html").read_text()
    assert '<a href="../run.html">how this publication was made</a>' in of_state
    made = (site / "PY2024Q4/state/run.html").read_text()
    named = re.search(r"notebook <code>(\S+)\.ipynb (\w+)</code>", of_state)
    assert f"{named[1]}.ipynb" in made
    assert f"<code>{named[2]}</code>" in made
    of_area = (site / "PY2024Q4/lwia/01/performance/summary.html").read_text()
    assert "run.html" not in of_area
