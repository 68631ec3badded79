"""Contradictions between records and tables are on the pages of who may see both, and no others.

Source: domain 4.3 (across programs), 9.2 (facts of the whole customer).
"""

import pytest

from ipats_lib.params import load_areas
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import make_snapshot
from tests.spec.test_every_finding import LOCAL, extract_of

BOARDS = {area.lwia: area.board_code for area in load_areas()}
THERE = {**LOCAL, "108-A": BOARDS["02"]}
LEFT = {"901": "2025-02-10"}
OTHER = {"903": "", "904": 1, "410": "2024-01-05"}
SERVICES = "customer,enrolment,service_code,title,start,planned_end,actual_end,provider,status\n"
APPLICATIONS = "customer,lwia,applied,certified,status\n"
PLANNERS = "planner_id,lwia,name,active\n101,01,A,true\n102,01,B,true\n"
ASSIGNED = "customer,enrolment,planner_id,from,to\nA,1,101,20240110,\n"
SCOPES = {"state": STATE, "01": Scope("01"), "02": Scope("02"), "101": Scope("01", "101"),
          "102": Scope("01", "102")}  # fmt: skip
# The rule; records; services and applications: customer, day and for an application another day.
CASES = {
    "X-01": ([LOCAL], "A 20240109", ""),
    "X-02": ([{**LOCAL, **LEFT}, {**LOCAL, **OTHER, "901": "2025-03-10"}], "", ""),
    "X-03": ([LOCAL, {**LOCAL, **OTHER}], "", ""),
    "X-04": ([LOCAL, {**LOCAL, "802": 0}], "", ""),
    "X-05": ([{**LOCAL, **LEFT}], "A 20250211", ""),
    "X-06": ([LOCAL], "", "A 20240101 20240111"),
}


def seen(folder, rows: list[dict], services: str = "", applications: str = "") -> dict[str, set]:
    """The rules that each scope's pages name, and the rule book counts."""
    tables = {"planner": PLANNERS, "assignment": ASSIGNED, "service": SERVICES}
    if services:
        customer, start = services.split()
        tables["service"] += f"{customer},1,X,T,{start},,,P,\n"
    if applications:
        customer, applied, certified = applications.split()
        tables["application"] = f"{APPLICATIONS}{customer},01,{applied},{certified},\n"
    extract = extract_of(folder / "extract", [{**row, "100": "A"} for row in rows], **tables)
    state = StateData(make_snapshot(extract, folder / "kept"), Period.parse("PY2024Q4"))
    found = {}
    for name, scope in SCOPES.items():
        frames = state.slice(scope)
        found[name] = {*frames.frame("findings")["rule"]}
        if name != "101" and name != "102":
            book = frames.frame("rules")
            assert {*book.loc[book["records"] > 0, "rule"]} >= found[name]
    return found


@pytest.mark.parametrize("rule", CASES)
def test_a_contradiction_is_shown_to_state_area_and_planner_of_the_customer(tmp_path, rule):
    named = seen(tmp_path, *CASES[rule])
    assert {name for name, rules in named.items() if rule in rules} == {"state", "01", "101"}


@pytest.mark.parametrize("rule", ["X-02", "X-03", "X-04"])
def test_a_contradiction_between_two_areas_is_the_states_to_see(tmp_path, rule):
    first, second = CASES[rule][0]
    named = seen(tmp_path, [first, {**second, "108-A": BOARDS["02"]}])
    assert {name for name, rules in named.items() if rule in rules} == {"state"}


@pytest.mark.parametrize(
    ("start", "there"),
    [("20240109", {"900": "2024-01-02"}), ("20250211", {"900": "2024-09-10", "901": ""})],
    ids=["before the entry here", "after the exit here"],
)
def test_a_service_that_a_record_of_another_area_explains_is_no_finding(tmp_path, start, there):
    named = seen(tmp_path, [{**LOCAL, **LEFT}, {**THERE, **OTHER, **there}], f"A {start}")
    assert not {"X-01", "X-05"} & set().union(*named.values())


def test_what_the_service_holds_is_beside_the_record(tmp_path):
    tables = {"service": SERVICES + "A,1,X,T,20250211,,,P,\nA,1,X,T,20250301,,,P,\n"}
    extract = extract_of(tmp_path / "extract", [{**LOCAL, **LEFT, "100": "A"}], **tables)
    state = StateData(make_snapshot(extract, tmp_path / "kept"), Period.parse("PY2024Q4"))
    one = state.slice(Scope("01")).frame("findings").set_index("rule").loc["X-05"]
    assert one["values"].split("; ")[1:] == [
        "Service started: 2025-02-11", "Service started: 2025-03-01",
    ]  # fmt: skip
