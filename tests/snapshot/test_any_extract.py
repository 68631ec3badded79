"""Random extracts: what a scope is given equals the whole, filtered by hand (domain 1.2, 2.1).

The second implementation works on plain lists, from the drawn cells alone.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ipats_lib.params import load_areas
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot
from tests.extract.drawn import write_extract

BOARDS = {area.board_code: area.lwia for area in load_areas()}
CODES = st.sampled_from(["", "17005", "17010", "17035", "17000", "99999"])
CUSTOMERS = st.sampled_from(["", "a", "b", "c", "d", "e"])
PLANNERS = {"p1": "01", "p2": "01", "p3": "02", "p4": "07"}
MAKERS = st.sampled_from(["", "p1", "p2", "p3", "p4", "p9"])
DAYS = st.sampled_from(["", "20240101", "20250814", "20250815", "20250816"])


@dataclass(frozen=True)
class Drawn:
    pirl: list[tuple[str, str, str, str]]
    assignment: list[tuple[str, str, str, str]]
    service: list[tuple[str, str]]


DRAWN = st.builds(
    Drawn,
    st.lists(st.tuples(CUSTOMERS, CODES, CODES, CODES), min_size=1, max_size=12),
    st.lists(st.tuples(CUSTOMERS, MAKERS, DAYS, DAYS), max_size=8),
    st.lists(st.tuples(CUSTOMERS, MAKERS), max_size=8),
)


def written(drawn: Drawn, folder: Path) -> Path:
    def lines(header, rows):
        return header + "\n" + "\n".join(" | ".join(row) for row in rows)

    columns = "customer | planner_id | enrolment | service_code | title | start | planned_end"
    blank = [""] * 8
    tables = {
        "planner": lines(
            "planner_id | lwia | name | active", [(p, lwia, p, "1") for p, lwia in PLANNERS.items()]
        ),
        "assignment": lines(
            "customer | planner_id | from | to | enrolment", [(*a, "") for a in drawn.assignment]
        ),
        "service": lines(
            f"{columns} | actual_end | provider | status", [(*s, *blank) for s in drawn.service]
        ),
    }
    numbered = [("20240101", *row) for row in drawn.pirl]
    return write_extract(folder, lines("900 | 100 | 108-A | 108-B | 108-C", numbered), tables)


def customers_of(planner: str, drawn: Drawn, rule: str) -> set[str]:
    met = set()
    for customer, maker, begun, ended in drawn.assignment:
        current = (not begun or begun <= "20250815") and (not ended or ended >= "20250815")
        if maker == planner and (rule != "current_only" or current):
            met.add(customer)
    if rule == "any_contact":
        met |= {customer for customer, maker in drawn.service if maker == planner}
    return met - {""}


def pirl_lines_of(scope: Scope, drawn: Drawn, rule: str) -> list[int]:
    return [
        line
        for line, (customer, *codes) in enumerate(drawn.pirl, start=1)
        if scope.kind == "state"
        or (
            scope.lwia in {BOARDS.get(code) for code in codes}
            and (not scope.planner or customer in customers_of(scope.planner, drawn, rule))
        )
    ]


def service_lines_of(scope: Scope, drawn: Drawn, rule: str) -> list[int]:
    found = []
    for line, (customer, maker) in enumerate(drawn.service, start=2):
        if (customer, maker) in drawn.service[: line - 2]:
            continue  # equal lines count once
        if maker in PLANNERS:
            lwias = {PLANNERS[maker]}
        else:
            lwias = {
                BOARDS.get(code)
                for known, *codes in drawn.pirl
                for code in codes
                if known == customer != ""
            }
        met = not scope.planner or customer in customers_of(scope.planner, drawn, rule)
        if scope.kind == "state" or (scope.lwia in lwias and met):
            found.append(line)
    return found


@settings(max_examples=60, deadline=None)
@given(DRAWN, st.sampled_from(["current_only", "ever_assigned", "any_contact"]))
def test_every_scope_gets_the_rows_that_filtering_by_hand_gives(drawn, rule):
    with tempfile.TemporaryDirectory() as folder:
        extract = written(drawn, Path(folder) / "extract")
        snapshot = make_snapshot(extract, Path(folder) / "store", contact_rule=rule)
        members = snapshot.membership()
        whole = snapshot.rows(columns=["100", "108-A"])
        for scope in [Scope(), *map(Scope, ("01", "02", "07", "90")), *(
            Scope(lwia, planner) for planner, lwia in PLANNERS.items()
        )]:  # fmt: skip
            expected = pirl_lines_of(scope, drawn, rule)
            rows = snapshot.rows(scope, ["100", "108-A"])
            assert rows["row"].tolist() == expected
            assert rows.equals(whole[whole["row"].isin(expected)].reset_index(drop=True))
            assert snapshot.table("service", scope)["row"].tolist() == service_lines_of(
                scope, drawn, rule
            )
            if scope.kind != "state":
                mine = members["area_type"].eq(scope.kind) & members["area"].eq(scope.area)
                assert sorted(members.loc[mine, "row"]) == expected
