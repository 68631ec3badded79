"""What changed, what correcting moves, the rule book, by hand-worked rows.  Source: issue 22."""

import csv
import io
from datetime import date

import pytest

from ipats_lib.caseload.checks import load_checks
from ipats_lib.caseload.distribution import load_distribution
from ipats_lib.frames.changes import load_kinds
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.report.report import Report
from ipats_lib.scopes import Scope
from ipats_lib.validation.rules import load_rules
from tests.notebooks.pages import pages
from tests.spec.test_changes import HELD, ONE, OTHER_BOARD, PLANNERS, kept
from tests.spec.test_corrections import ATTAINED, LEFT, TRAINED
from tests.spec.test_every_finding import LOCAL

WAGE = {"1704": "4321.09", "1602": 1, "1603": 1}
# C1 is active again, C2's wage was found, C3 went to another area, C4 is new.
OLD = [{**LOCAL, "901": "2025-02-10"}, {**LEFT, **ATTAINED}, LOCAL]
NEW = [LOCAL, {**LEFT, **ATTAINED, **WAGE}, {**LOCAL, "108-A": OTHER_BOARD}, LOCAL]
BLANK = [{**LEFT, **TRAINED, "1800": ""}] * 2  # of C5 and C6 nobody entered a credential


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> StateData:
    folder = tmp_path_factory.mktemp("changed")
    tables = {
        "planner": PLANNERS,
        "assignment": HELD + "".join(f"C{n},1,1001,20240110,\n" for n in (1, 3)),
    }
    old = kept(folder, "old", OLD, date(2025, 5, 15), **tables)
    new = kept(folder, "new", [*NEW, *BLANK], date(2025, 8, 15), **tables)
    return StateData(new, Period.parse("PY2024Q4"), (old,))


@pytest.fixture
def shown(state, tmp_path, monkeypatch):
    """The pages of a notebook for a scope, as texts, and the files beside them by name."""

    def run(notebook: str, scope: str, *only: str):
        monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
        report = Report(state.slice(Scope.parse(scope)))
        found = pages(f"dashboards/{notebook}", report, monkeypatch, only=only)
        texts = {name: " ".join(page.get_text(" ").split()) for name, page in found.items()}
        return texts, {path.name: path.read_text() for path in tmp_path.glob("*.csv")}

    return run


def test_an_area_reads_what_changed_in_its_own_records(shown):
    texts, files = shown("worklist", "lwia/01", "changes")
    assert "1 exit was undone; 1 late wage was found." in texts["changes"]
    assert "Period left this area" in texts["changes"]
    lines = list(csv.DictReader(io.StringIO(files["changes.csv"])))
    told = {
        (line["customer"], line["kind"], line["value_before"], line["value_now"]) for line in lines
    }
    assert ("C1", "exit undone", "2025-02-10", "") in told
    assert ("C2", "late wage", "", "found") in told
    assert ("C4", "added", "", "") in told
    assert "C3" not in {line["customer"] for line in lines}
    assert "4321" not in files["changes.csv"] + texts["changes"]


def test_the_state_counts_changes_by_area_and_names_nobody(shown):
    texts, files = shown("worklist", "state", "changes")
    lines = list(csv.DictReader(io.StringIO(files["changes.csv"])))
    counted = {(one["area"], one["kind"]): one["records"] for one in lines}
    assert counted["IL", "exit undone"] == counted["01", "exit undone"] == "1"
    assert (counted["01", "left"], counted["02", "came"]) == ("1", "1")
    assert not {"C1", "C2", "C3"} & {*texts["changes"].split(), *files["changes.csv"].split(",")}


def test_a_planner_reads_of_the_customers_who_are_there_then_and_now(shown):
    texts, files = shown("worklist", "lwia/01/planner/1001", "changes")
    lines = list(csv.DictReader(io.StringIO(files["changes.csv"])))
    listed = {(line["customer"], line["kind"]) for line in lines}
    assert listed == {("C1", "exit undone"), ("", "left")}
    assert "No longer on your pages" in texts["changes"]


def test_without_an_earlier_extract_the_page_says_that_nothing_is_compared(state, monkeypatch):
    alone = StateData(state.snapshot, state.period)
    for scope in ("state", "lwia/01"):
        report = Report(alone.slice(Scope.parse(scope)))
        page = pages("dashboards/worklist", report, monkeypatch, only=("changes",))["changes"]
        assert "No earlier extract was given" in page.get_text(" ")
        assert not page.select("table")


def test_what_correcting_moves_is_said_first_and_listed(shown):
    """Of three with training one has a credential."""
    texts, _ = shown("area", "lwia/01", "quality")
    said = "Correcting 2 records can raise Adult credential attainment rate by up to 66.7 points"
    assert said in texts["quality"]
    assert "33.3% 100.0% +66.7 points" in texts["quality"]
    texts, _ = shown("worklist", "lwia/01", "index", "fix")
    assert "A certification on the day of exit; No credential" in texts["fix"]


def test_findings_are_counted_by_rule_beside_the_extract_before(state, shown):
    texts, _ = shown("area", "lwia/01", "quality")
    assert "On May 15, 2025" in texts["quality"]
    rules = state.slice(Scope("01")).frame("rules")
    counts = rules[rules["rule"] == "L-43"].set_index("known_at")["records"]
    assert counts["2025-08-15"] == 2
    assert "2025-05-15" not in counts.index  # nobody broke it then


def test_the_rule_book_has_every_rule_once(shown):
    texts, files = shown("area", "state", "quality", "rules")
    lines = list(csv.DictReader(io.StringIO(files["rule-book.csv"])))
    every = {**load_rules(), **load_checks(), **load_distribution(), "Q-06": None, "Q-10": None}
    assert sorted(line["rule"] for line in lines) == sorted(every)
    assert f"checked against {len(every)} rules" in texts["rules"]
    first = next(line for line in lines if line["rule"] == "L-02")
    assert (first["wips"], first["severity"], first["enter"]) == (
        "4", "Reject", "The true entry and the day of the last qualifying service.",
    )  # fmt: skip
    assert first["elements"].startswith("900 Date of program entry")


# What no change of one period shows: who came and who went, and one who has another planner.
MOVED = {
    "added": (None, LOCAL),
    "gone": (LOCAL, None),
    "left": (LOCAL, {**LOCAL, "108-A": OTHER_BOARD}),
    "came": ({**LOCAL, "108-A": OTHER_BOARD}, LOCAL),
    "planner moved": (LOCAL, LOCAL),
}


TITLES = (
    "Period gone", "Exit undone", "Exit moved", "Entry moved", "Credential removed",
    "Skill gain removed", "Wage removed", "Demographics changed", "New period", "Exit added",
    "Credential added", "Skill gain added", "Late wage found", "Any other field",
)  # fmt: skip


@pytest.fixture(scope="module")
def every_kind(tmp_path_factory) -> StateData:
    """A customer for each kind of change, but for those who left long ago."""
    folder, made = tmp_path_factory.mktemp("kinds"), []
    cases = {name: ({**LOCAL, **old}, {**LOCAL, **new}) for name, (old, new, _) in ONE.items()}
    cases |= MOVED
    for side, day in enumerate((date(2025, 5, 15), date(2025, 8, 15))):
        rows = {f"C{n}": pair[side] for n, pair in enumerate(cases.values())}
        other = f"C{[*cases].index('planner moved')}" if side else ""
        held = "".join(f"{one},1,{1001 + (one == other)},20240110,\n" for one in rows)
        there = [{**row, "100": one} for one, row in rows.items() if row is not None]
        tables = {"planner": PLANNERS, "assignment": HELD + held}
        made.append(kept(folder, str(side), there, day, **tables))
    return StateData(made[1], Period.parse("PY2024Q4"), (made[0],))


@pytest.mark.parametrize("scope", ["state", "lwia/01", "lwia/01/planner/1001"])
def test_every_kind_of_change_is_on_the_page_and_in_the_file(
    every_kind, tmp_path, monkeypatch, scope
):
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    report = Report(every_kind.slice(Scope.parse(scope)))
    page = pages("dashboards/worklist", report, monkeypatch, only=("changes",))["changes"]
    kinds = {kind.name for kind in load_kinds()} - {"aged out"}
    lines = csv.DictReader(io.StringIO((tmp_path / "changes.csv").read_text()))
    text = " ".join(page.get_text(" ").split())
    if "planner" in scope:  # who has another planner now is on that planner's pages
        kinds -= {"planner moved"}
        assert "No longer on your pages 2" in text
        assert "No longer on your pages 2 1 " not in text  # such lines name no customer
    assert {line["kind"] for line in lines} == kinds
    assert [title for title in TITLES if title not in text] == []
