"""Whose rows are whose: LWIAs by board code, planners by whom they worked with.

Source: domain 1.2 rules 3 and 4, 2.1 (local area scope). 17005 is LWIA 01, 17010 is 02, 17115 is
23, 17000 is 90.
"""

import pytest

from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import ContactRule, Snapshot, make_snapshot
from tests.extract.drawn import write_extract

PIRL = """
    100 | 108-A | 108-B | 108-C | 900      | 903
    a   | 17005 |       |       | 20240101 | 1
    b   | 17005 | 17010 |       | 20240102 | 1
    b   | 17010 |       |       | 20240601 | 1
    c   |       |       | 17115 | 20240103 | 1
    d   | 99999 |       |       | 20240104 | 1
    e   |       |       |       | 20240105 | 1
"""
TABLES = {
    "planner": """
        planner_id | lwia | name    | active
        p1         | 01   | Ada One | 1
        P2         | 2    | Ben Two | 0
        p3         | 23   | Cy Late | yes
        p4         | 01   | Di None | no
    """,
    "assignment": """
        customer | enrolment | planner_id | from     | to
        a        | e1        | p1         | 20240101 | 20240630
        b        | e2        | p1         | 20240101 |
        b        | e3        | p2         | 20240601 | 2025-08-15
        c        | e4        | p3         | 20260101 |
    """,
    "service": """
        customer | planner_id | enrolment | service_code | title | start | status | provider | SPAN
        a        | p1         | e1        | 1            | x     |       | open   |          | |
        b        |            | e2        | 1            | x     |       | open   |          | |
        c        | p2         | e4        | 1            | x     |       | open   |          | |
        d        | p4         | e5        | 1            | x     |       | open   |          | |
        a        | p4         | e1        | 2            | x     |       | open   |          | |
    """.replace("SPAN", "planned_end | actual_end"),
    "case_note": """
        customer | date     | type
        c        | 20240105 | phone
        z        | 20240105 | phone
    """,
    "application": """
        customer | lwia | applied  | certified | status
        a        | 1    | 20240101 | 20240102  | certified
        b        | 02   | 20240101 | 20240102  | certified
        b        | 55   | 20240101 | 20240102  | certified
    """,
}


@pytest.fixture
def made(tmp_path):
    def make(rule: ContactRule = "any_contact", tables=TABLES) -> Snapshot:
        extract = write_extract(tmp_path / "extract", PIRL, tables)
        return make_snapshot(extract, tmp_path / "store", contact_rule=rule)

    return make


def lines(snapshot: Snapshot, path: str) -> list[int]:
    return snapshot.rows(Scope.parse(path), ["100"])["row"].tolist()


def test_a_row_belongs_to_every_area_that_one_of_three_board_codes_names(made):
    snapshot = made()
    assert lines(snapshot, "state") == [1, 2, 3, 4, 5, 6]
    assert lines(snapshot, "lwia/01") == [1, 2]
    assert lines(snapshot, "lwia/02") == [2, 3]
    assert lines(snapshot, "lwia/23") == [4]
    assert lines(snapshot, "lwia/90") == []


@pytest.mark.parametrize(
    ("rule", "p1", "p2", "p3", "p4"),
    [
        # On 2025-08-15 b is with p1, and on the last day with p2; c's assignment has not begun.
        ("current_only", [2], [2, 3], [], []),
        ("ever_assigned", [1, 2], [2, 3], [4], []),
        # p4 served a (LWIA 01) and d (no known area); p2 served c, who is in LWIA 23 only.
        ("any_contact", [1, 2], [2, 3], [4], [1]),
    ],
)
def test_a_planner_has_the_rows_in_their_lwia_of_customers_they_worked_with(
    made, rule, p1, p2, p3, p4
):
    snapshot = made(rule)
    assert lines(snapshot, "lwia/01/planner/p1") == p1
    assert lines(snapshot, "lwia/02/planner/p2") == p2
    assert lines(snapshot, "lwia/23/planner/p3") == p3
    assert lines(snapshot, "lwia/01/planner/p4") == p4


def test_membership_lists_what_rows_gives_for_every_scope(made):
    snapshot = made()
    listed = {
        (kind, area): sorted(rows)
        for (kind, area), rows in snapshot.membership().groupby(
            ["area_type", "area"], observed=True
        )["row"]
    }
    by_scope = {(s.kind, s.area): lines(snapshot, s.path) for s in snapshot.scopes() if s != STATE}
    assert listed == {area: rows for area, rows in by_scope.items() if rows}


def test_scopes_are_the_state_all_areas_and_all_planners_active_or_not(made):
    paths = [scope.path for scope in made().scopes()]
    assert paths[:4] == ["state", "lwia/01", "lwia/01/planner/p1", "lwia/01/planner/p4"]
    assert "lwia/90" in paths
    assert "lwia/02/planner/p2" in paths
    assert len(paths) == 1 + 23 + 4


def test_planners_are_listed_with_two_digit_lwia_and_lower_case_id(made):
    planners = made().planners()
    assert planners.to_dict("list") == {
        "planner_id": ["p1", "p4", "p2", "p3"],
        "lwia": ["01", "01", "02", "23"],
        "name": ["Ada One", "Di None", "Ben Two", "Cy Late"],
        "active": [True, False, False, True],
    }


def table_lines(snapshot: Snapshot, name: str, path: str) -> list[int]:
    table = snapshot.table(name, Scope.parse(path))
    assert table is not None
    return table["row"].tolist()


def test_a_service_is_of_the_planners_lwia_and_without_planner_of_its_customers_lwias(made):
    snapshot = made()
    assert table_lines(snapshot, "service", "state") == [2, 3, 4, 5, 6]
    assert table_lines(snapshot, "service", "lwia/01") == [2, 3, 5, 6]
    assert table_lines(snapshot, "service", "lwia/02") == [3, 4]
    assert table_lines(snapshot, "service", "lwia/23") == []
    assert table_lines(snapshot, "case_note", "lwia/23") == [2]


def test_a_planner_has_the_lwias_case_rows_of_their_own_customers(made):
    snapshot = made()
    assert table_lines(snapshot, "service", "lwia/01/planner/p1") == [2, 3, 6]
    assert table_lines(snapshot, "service", "lwia/01/planner/p4") == [2, 5, 6]
    assert table_lines(snapshot, "service", "lwia/02/planner/p2") == [3, 4]
    assert table_lines(snapshot, "assignment", "lwia/01/planner/p4") == [2]


def test_an_application_is_of_the_lwia_that_it_names(made):
    snapshot = made()
    assert table_lines(snapshot, "application", "lwia/01") == [2]
    assert table_lines(snapshot, "application", "lwia/02") == [3]
    assert table_lines(snapshot, "application", "state") == [2, 3, 4]
    found = snapshot.findings()
    assert found.loc[found["rule"] == "C-02", "row"].tolist() == [4]


def test_the_planner_table_shows_a_planner_only_themselves(made):
    snapshot = made()
    ids = {
        path: snapshot.table("planner", Scope.parse(path))["planner_id"].tolist()
        for path in ("lwia/01", "lwia/01/planner/p4")
    }
    assert ids == {"lwia/01": ["p1", "p4"], "lwia/01/planner/p4": ["p4"]}


def test_findings_of_a_scope_are_those_of_its_records_and_of_whole_files(made):
    snapshot = made()
    unknown_board = snapshot.findings().query("rule == 'V-07'")
    assert unknown_board[["row", "element", "value"]].values.tolist() == [[5, "108-A", "99999"]]
    for path in ("lwia/01", "lwia/01/planner/p1"):
        found = snapshot.findings(Scope.parse(path))
        assert "V-07" not in set(found["rule"])
        assert found["row"].dropna().empty


def test_without_a_planner_table_planners_have_no_scope(made):
    snapshot = made(tables={name: t for name, t in TABLES.items() if name != "planner"})
    assert {scope.kind for scope in snapshot.scopes()} == {"state", "lwia"}
    assert snapshot.planners().columns.tolist() == ["planner_id", "lwia", "name", "active"]
    assert table_lines(snapshot, "service", "lwia/01") == [2, 3, 6]
    assert "C-01" not in set(snapshot.findings()["rule"])
    assert "planner" in snapshot.missing_tables
