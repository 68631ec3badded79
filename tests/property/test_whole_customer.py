"""One customer, several areas: planned services, planned gaps and planners count wherever they are.

Source: domain 9.2 (common exit). An area sees the answer, never the other area's rows.
"""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipats_lib.caseload import CaseTables, alerts, load_alerts
from ipats_lib.caseload.planners import ELSEWHERE, UNASSIGNED, current_planner
from ipats_lib.caseload.questions import QUESTIONS
from ipats_lib.caseload.services import load_gap_codes
from ipats_lib.caseload.whole_customer import FACTS, with_facts
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import make_snapshot
from tests.extract.drawn import write_extract
from tests.raw import Raw
from tests.tables import records

TODAY = date(2025, 8, 15)
AREAS = ("1", "2")
ASKED = ("A-07", "A-08", "A-26")
GAP = min(load_gap_codes())

near = st.integers(-40, 40).map(lambda days: TODAY + timedelta(days=days))
later = st.one_of(st.none(), near)
customers = st.sampled_from("ABCD")
services = st.lists(
    st.tuples(st.sampled_from(AREAS), customers, st.sampled_from([GAP, "S1"]), near, later, later),
    max_size=8,
)
assignments = st.lists(
    st.tuples(st.sampled_from(["1a", "1b", "2a", "2b"]), customers, later, later), max_size=6
)
last_services = st.lists(st.integers(50, 120), min_size=4, max_size=4)
PLANNERS = pd.DataFrame({"planner_id": ["1a", "1b", "2a", "2b"], "active": [True, False] * 2})


def dates(column) -> pd.Series:
    return pd.to_datetime(pd.Series(list(column), dtype="object")).astype("datetime64[s]")


def frame(columns: str, drawn: list[tuple]) -> pd.DataFrame:
    """Drawn rows as a table; columns with a date's name are dates."""
    named = dict(
        zip(columns.split(), zip(*drawn, strict=True) if drawn else [[]] * 9, strict=False)
    )
    days = ("start", "planned_end", "actual_end", "from", "to")
    return pd.DataFrame(
        {name: dates(v) if name in days else pd.Series(v, dtype="str") for name, v in named.items()}
    )


@given(services, assignments, last_services)
@settings(deadline=None, max_examples=100)
def test_an_area_has_the_answer_of_all_areas_for_every_co_enrolled_customer(served, assigned, days):
    """Every customer is in both areas; each area holds the rows of its own planners alone."""
    rows = records(
        *(
            {"100": name, "903": 1, "900": "2025-01-01", "1201": f"{TODAY - timedelta(days=ago)}"}
            for name, ago in zip("ABCD", days, strict=True)
        )
    )
    service = frame("area customer service_code start planned_end actual_end", served)
    assignment = frame("planner_id customer from to", assigned)
    whole = {"service": service, "assignment": assignment, "planner": PLANNERS}
    right = asked(CaseTables(rows, TODAY, whole))
    known = with_facts(rows, whole, TODAY)
    for area in AREAS:
        own = {
            "service": service[service["area"] == area],
            "assignment": assignment[assignment["planner_id"].str[:1] == area],
            "planner": PLANNERS[PLANNERS["planner_id"].str[:1] == area],
        }
        case_tables = CaseTables(known, TODAY, own)
        assert asked(case_tables) == right
        nobody = {line[1] for line in right if line[0] == "A-26"}
        planner = dict(zip("ABCD", current_planner(case_tables), strict=True))
        assert {name for name, who in planner.items() if who == UNASSIGNED} == nobody


def asked(case_tables: CaseTables) -> set[tuple]:
    return {
        (alert, line.customer, line.detail)
        for alert in ASKED
        for line in QUESTIONS[alert](case_tables, load_alerts()[alert]).itertuples()
    }


BOTH = "    {} | 17005 | 17010 | 20250101 | 1 | 20250401"
PIRL = "100 | 108-A | 108-B | 900 | 903 | 1201\n" + "\n".join(BOTH.format(n) for n in "abcd")
TABLES = {
    "planner": """
        planner_id | lwia | name    | active
        pl-one         | 01   | Ada One | 1
        pl-two         | 02   | Ben Two | 1
    """,
    "assignment": """
        customer | enrolment | planner_id | from     | to
        a        | e1        | pl-two         | 20250101 |
        b        | e2        | pl-two         | 20250101 | 20250301
        d        | e4        | pl-one         | 20250101 |
    """,
    "service": f"""
        customer | planner_id | enrolment | service_code | title | start    | planned_end | SPAN
        b        | pl-two         | e2        | S1           | x     | 20250901 |             | |||
        c        | pl-two         | e3        | {GAP}        | x     | 20250701 | 20251001    | |||
        d        | pl-one         | e4        | S1           | x     | 20250901 |             | |||
    """.replace("SPAN", "actual_end | provider | status").replace("|||", "| |"),
}


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> StateData:
    folder = tmp_path_factory.mktemp("two areas")
    extract = write_extract(folder / "extract", PIRL, TABLES)
    return StateData(make_snapshot(extract, folder / "store"), Period.parse("PY2024Q4"))


def test_an_area_of_a_snapshot_answers_for_the_whole_customer(state):
    """In LWIA 01: b has a session planned in 02, c a planned gap there, a a planner there."""
    case_tables = Raw(state, Scope("01")).case_tables
    found = alerts(case_tables)
    named = {alert: set(found.loc[found["alert"] == alert, "customer"]) for alert in ASKED}
    assert named == {"A-07": set(), "A-08": {"a"}, "A-26": {"b", "c"}}
    told = found[found["alert"] == "A-26"].set_index("customer")["detail"].to_dict()
    assert told == {
        "b": "The last assignment has ended, or its planner left", "c": "Never assigned",
    }  # fmt: skip
    assert current_planner(case_tables).tolist() == [ELSEWHERE, UNASSIGNED, UNASSIGNED, "pl-one"]


def test_the_facts_travel_and_the_other_areas_rows_do_not(state):
    """The slice of LWIA 01 holds yes and no; no planner, service or date of 02 is in its bytes."""
    data = state.slice(Scope("01"))
    raw = Raw(state, Scope("01"))
    assert set(raw.rows[list(FACTS)].dtypes.astype("str")) == {"bool"}
    assert raw.tables["service"]["customer"].tolist() == ["d"]
    bytes_ = b"".join(data.files.values())
    assert b"pl-one" in bytes_
    assert b"pl-two" not in bytes_
    assert b"Ben Two" not in bytes_
    assert alerts(Raw(state, STATE).case_tables).query("alert == 'A-08'")["customer"].tolist() == [
        "a"
    ]
