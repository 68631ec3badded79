"""What changed between two snapshots, by hand-worked pairs of extracts.  Source: domain 8."""

import stat
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from ipats_lib.errors import UsageError
from ipats_lib.frames.changes import COLUMNS, changes_between, load_kinds
from ipats_lib.params import load_areas
from ipats_lib.publishing.site import Site
from ipats_lib.report.show.files import csv as as_csv
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import Snapshot, make_snapshot
from tests.conftest import publish
from tests.spec.test_every_finding import LOCAL, extract_of
from tests.switched import switch

OTHER_BOARD = next(area.board_code for area in load_areas() if area.lwia == "02")
PLANNERS = "planner_id,lwia,name,active\n1001,01,A,true\n1002,01,B,true\n2001,02,C,true\n"
HELD = "customer,enrolment,planner_id,from,to\n"


def kept(folder: Path, name: str, rows: list[dict], day: date, **tables: str) -> Snapshot:
    extract = extract_of(folder / name, rows, **tables)
    return make_snapshot(extract, folder / "snapshots", as_of=day)


def compared(
    folder: Path, old: list[dict], new: list[dict], scope: str = "state", **tables: tuple[str, str]
) -> pd.DataFrame:
    before, after = ({name: pair[n] for name, pair in tables.items()} for n in (0, 1))
    return changes_between(
        kept(folder, "old", old, date(2025, 5, 15), **before),
        kept(folder, "new", new, date(2025, 8, 15), **after),
    ).of(Scope.parse(scope))


def told(found: pd.DataFrame, *columns: str) -> list[tuple]:
    return [tuple(row) for row in found[list(columns or ("kind", "element", "before", "after"))]
            .astype(object).fillna("").itertuples(index=False)]  # fmt: skip


EXITED = {"901": "2025-02-10"}
# What a record held, what it holds now, and the changes by kind, element, before and after.
ONE = {
    "nothing": ({}, {}, []),
    "exit added": ({}, EXITED, [("exit added", "901", "", "2025-02-10")]),
    "exit undone": (EXITED, {}, [("exit undone", "901", "2025-02-10", "")]),
    "exit moved": (
        EXITED,
        {"901": "2025-02-11"},
        [("exit moved", "901", "2025-02-10", "2025-02-11")],
    ),
    "credential added": ({"1800": 0}, {"1800": 4}, [("credential added", "1800", "0", "4")]),
    "credential removed": ({"1802": 4}, {}, [("credential removed", "1802", "4", "")]),
    "another credential": ({"1800": 4}, {"1800": 5}, [("changed", "1800", "4", "5")]),
    "gain added": (
        {},
        {"1808": "2025-03-01"},
        [("gain added", "1808", "", "2025-03-01")],
    ),
    "gain removed": (
        {"1806": "2025-03-01"},
        {},
        [("gain removed", "1806", "2025-03-01", "")],
    ),
    "late wage": (
        {"1704": "999999.99"},
        {"1704": "4321.09"},
        [("late wage", "1704", "not available yet", "found")],
    ),
    "no wage yet": (
        {"1704": "0"},
        {"1704": "999999.99"},
        [("changed", "1704", "0", "not available yet")],
    ),
    "another wage": (
        {"1704": "4000"},
        {"1704": "4321.09"},
        [("changed", "1704", "found", "found")],
    ),
    "wage removed": ({"1703": "4000"}, {}, [("wage removed", "1703", "found", "")]),
    "demographics": ({"201": 1}, {"201": 2}, [("demographics changed", "201", "1", "2")]),
    "entry moved": (
        {},
        {"900": "2024-01-11"},
        [("entry moved", "900", "2024-01-10", "2024-01-11")],
    ),
    "anything else": ({"802": 1}, {"802": 0}, [("changed", "802", "1", "0")]),
}  # fmt: skip


@pytest.fixture(scope="module")
def each(tmp_path_factory):
    """The changes of all cases, each a customer of two extracts."""
    sides = [[{**LOCAL, **case[n]} for case in ONE.values()] for n in (0, 1)]
    return compared(tmp_path_factory.mktemp("each"), *sides)


@pytest.mark.parametrize("name", ONE)
def test_a_change_of_a_period_is_of_its_kind(each, name):
    mine = each[each["id"] == f"C{1 + list(ONE).index(name)}"]
    assert told(mine) == ONE[name][2]


def test_every_kind_has_its_case():
    named = {row[0] for _, _, rows in ONE.values() for row in rows}
    whole = {"added", "aged out", "came", "gone", "left", "planner moved"}
    assert named | whole == {kind.name for kind in load_kinds()}


def test_a_period_is_added_or_gone_by_customer_and_entry(tmp_path):
    first, second = {**LOCAL, "100": "A"}, {**LOCAL, "100": "B"}
    found = compared(tmp_path, [first], [second])
    assert told(found, "kind", "id", "entry", "element", "row") == [
        ("gone", "A", "2024-01-10", "period", 1),
        ("added", "B", "2024-01-10", "period", 1),
    ]


def test_a_period_that_the_extract_is_too_short_for_has_aged_out(tmp_path):
    """An extract holds ten quarters of exits: older ones leave it, and nobody removed them."""
    first, last = ({**LOCAL, "100": f"{n}", "900": "2022-01-10", "901": day}
                   for n, day in enumerate(("2022-12-31", "2023-01-01")))  # fmt: skip
    rest = [{**LOCAL, "901": day} for day in ("2023-01-02", "2023-04-03", "2023-07-03")]
    found = compared(tmp_path, [*rest, first, last], rest)
    assert told(found, "kind", "id") == [("aged out", "0"), ("gone", "1")]


def test_two_periods_that_moved_are_not_guessed(tmp_path):
    old = [{**LOCAL, "100": "A", "900": day} for day in ("2024-01-10", "2024-02-10")]
    new = [{**LOCAL, "100": "A", "900": day} for day in ("2024-03-10", "2024-04-10")]
    assert sorted(told(compared(tmp_path, old, new), "kind")) == [("added",)] * 2 + [("gone",)] * 2


def test_the_order_of_lines_is_no_change(tmp_path):
    first, second = {**LOCAL, "100": "A", "OBS": 1}, {**LOCAL, "100": "B", "OBS": 2}
    swapped = [{**second, "OBS": 1}, {**first, "OBS": 2}]
    assert told(compared(tmp_path, [first, second], swapped)) == []


def test_lines_of_one_customer_and_entry_are_compared_in_their_order(tmp_path):
    twin = {**LOCAL, "100": "A"}
    found = compared(tmp_path, [twin, {**twin, "905": 1}], [twin, {**twin, "905": 2}])
    assert told(found, "kind", "row", "element") == [("changed", 2, "905")]


def test_a_planner_who_took_over_is_named(tmp_path):
    old = HELD + "C1,1,1001,20240110,\n"
    new = HELD + "C1,1,1001,20240110,20250601\nC1,1,1002,20250602,\n"
    tables = {"planner": (PLANNERS, PLANNERS), "assignment": (old, new)}
    assert told(compared(tmp_path, [LOCAL], [LOCAL], **tables)) == [
        ("planner moved", "planner", "1001", "1002")
    ]


def test_a_scope_sees_its_own_records_alone(tmp_path):
    other = {**LOCAL, "108-A": OTHER_BOARD}
    old, new = [LOCAL, other], [{**LOCAL, **EXITED}, {**other, **EXITED}]
    found = compared(tmp_path, old, new, "lwia/02")
    assert told(found, "kind", "id") == [("exit added", "C2")]


def test_of_a_period_that_another_scope_has_now_a_scope_learns_that_alone(tmp_path):
    """It sees neither what the other scope recorded since nor who it is."""
    moved = {**LOCAL, **EXITED, "108-A": OTHER_BOARD}
    stays = {**LOCAL, "802": 1}
    old, new = [LOCAL, stays], [moved, {**stays, "802": 0}]
    first = compared(tmp_path / "1", old, new, "lwia/01")
    assert told(first, "kind", "id", "row", "element", "after") == [
        ("left", "", "", "period", ""),
        ("changed", "C2", 2, "802", "0"),
    ]
    second = compared(tmp_path / "2", old, new, "lwia/02")
    assert told(second, "kind", "id", "element", "before") == [("came", "C1", "period", "")]


def test_a_planner_sees_the_changes_of_customers_then_and_now_alone(tmp_path):
    """Who has the customer now and had not then is not told what was recorded before."""
    old = HELD + "C1,1,1001,20240110,\nC2,1,1001,20240110,\n"
    new = old + "C1,1,1002,20250602,\n"
    tables = {"planner": (PLANNERS, PLANNERS), "assignment": (old, new)}
    sides = [LOCAL, LOCAL], [{**LOCAL, **EXITED}] * 2
    of = {name: tmp_path / name for name in ("1001", "1002")}
    mine = compared(of["1001"], *sides, "lwia/01/planner/1001", **tables)
    assert told(mine, "kind", "id") == [("exit added", "C1"), ("exit added", "C2")]
    theirs = compared(of["1002"], *sides, "lwia/01/planner/1002", **tables)
    assert told(theirs, "kind", "id", "after") == [("came", "C1", "")]


def test_no_wage_is_written(tmp_path):
    found = compared(tmp_path, [{**LOCAL, "1704": "4000"}], [{**LOCAL, "1704": "4321.09"}])
    assert list(found.columns) == list(COLUMNS)
    text = as_csv(found).decode()
    assert "4321" not in text
    assert "4000" not in text


def test_the_older_snapshot_comes_first(tmp_path):
    old = kept(tmp_path, "old", [LOCAL], date(2025, 5, 15))
    new = kept(tmp_path, "new", [LOCAL], date(2025, 8, 15))
    with pytest.raises(UsageError, match="name the older snapshot first"):
        changes_between(new, old)


def test_the_commands_list_verify_and_compare_what_is_kept(tmp_path):
    old = kept(tmp_path, "old", [LOCAL], date(2025, 5, 15))
    new = kept(tmp_path, "new", [{**LOCAL, **EXITED}], date(2025, 8, 15))
    listed = publish("snapshots", "list", "--store", tmp_path / "snapshots")
    assert [line.split()[:2] for line in listed.stdout.splitlines()] == [
        [new.id, "2025-08-15"],
        [old.id, "2025-05-15"],
    ]
    out = tmp_path / "changes.csv"
    done = publish("snapshots", "diff", old.path, new.path, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "exit added: 1" in done.stderr
    assert pd.read_csv(out)["kind"].tolist() == ["exit added"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    of_nobody = ("--out", out, "--scope", "lwia/07/planner/nobody")
    done = publish("snapshots", "diff", old.path, new.path, *of_nobody)
    assert (done.returncode, "Neither snapshot has the scope" in done.stderr) == (2, True)
    assert publish("snapshots", "verify", old.path, new.path).returncode == 0
    file = new.path / new.manifest.files[0].path
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert publish("snapshots", "verify", old.path, new.path).returncode == 4
    assert publish("snapshots", "list", "--store", tmp_path / "nothing").returncode == 4


def test_pruning_keeps_the_newest_and_what_a_site_was_made_from(tmp_path):
    made = [kept(tmp_path, f"e{n}", [LOCAL], date(2025, n, 15)) for n in range(2, 8)]
    released = tmp_path / "snapshots" / "released" / "record.csv"
    released.parent.mkdir()
    released.write_text("kept")
    site = Site(tmp_path / "site")
    with site.publisher():
        staged = site.stage("PY2024Q4")
        (staged / "index.html").write_text("x")
        alone = {"snapshot": made[2].id, "earlier": ""}  # dashboards of a newer day
        facts = {"snapshot": made[1].id, "earlier": made[0].id, "dashboards": alone}
        switch(site, "PY2024Q4", staged, facts)
    asked = ("snapshots", "prune", "--keep", 2, "--site", tmp_path / "site",
             "--store", tmp_path / "snapshots")  # fmt: skip
    folder = tmp_path / "snapshots"
    listed = publish(*asked)
    assert listed.stdout.split() == [made[3].id, "2025-05-15"]
    assert "With --yes" in listed.stderr
    assert all(one.path.is_dir() for one in made)
    assert publish(*asked, "--yes").returncode == 0
    assert {path.name for path in folder.iterdir()} == {
        "released", *(one.id for n, one in enumerate(made) if n != 3)
    }  # fmt: skip
    assert released.read_text() == "kept"


def test_pruning_needs_a_site_that_is_one(tmp_path):
    kept(tmp_path, "e", [LOCAL], date(2025, 3, 15))
    done = publish(
        "snapshots", "prune", "--keep", 1, "--yes", "--site", tmp_path / "nosuch",
        "--store", tmp_path / "snapshots",
    )  # fmt: skip
    assert done.returncode == 2


def test_customers_whose_identifier_is_withheld_are_not_taken_for_each_other(tmp_path):
    """Their numbers are those of one extract: withheld-0 of the next may be somebody else."""
    one, two = {**LOCAL, "100": "123-45-6789"}, {**LOCAL, "100": "234-56-7891", "201": 1}
    known = {**LOCAL, "100": "A"}
    assert told(compared(tmp_path, [one, known], [two, {**known, **EXITED}]), "kind", "id") == [
        ("exit added", "A")
    ]


def test_the_planner_of_a_new_customer_has_not_moved(tmp_path):
    tables = {"planner": (PLANNERS, PLANNERS), "assignment": (HELD, HELD + "B,1,1001,20240110,\n")}
    found = compared(tmp_path, [{**LOCAL, "100": "A"}], [{**LOCAL, "100": "B"}], **tables)
    assert {kind for (kind,) in told(found, "kind")} == {"gone", "added"}
