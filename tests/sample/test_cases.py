"""The case-management tables fit the PIRL file and each other.  Source: domain 2.1, 5.2, 8.2."""

import csv
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

import pytest

from ipats_lib.params import load_areas

AS_OF = "20250815"
LWIA_OF = {area.board_code: area.lwia for area in load_areas()}
TITLE_ONE = ("903", "904", "905")
# Dates of services that extend participation (domain 5.2), and titles of those that do not.
QUALIFYING = ("900", "906", "1001", "1003", "1004", "1200", "1201", "1203", "1206", "1302", "1308",
              "1309", "1313", "1314", "1318")  # fmt: skip
# Those of youth alone: the youth elements, supportive services among them (domain 9.2).
OF_YOUTH = ("1402", "1403", "1405", "1407", "1408", "1409", "1410", "1411", "1413", "1414", "1415")
NOT_QUALIFYING = ("Follow-up contact", "Youth follow-up service")
SUPPORTIVE = "Supportive service"


def youth(row):
    return row["905"] in ("1", "2", "3")


def qualifying(row):
    return (*QUALIFYING, *OF_YOUTH) if youth(row) else QUALIFYING


@pytest.fixture(scope="module")
def tables(larger):
    found = {}
    for name in ("assignment", "service", "case_note", "application", "planner", "account"):
        with (larger / f"{name}.csv").open(newline="") as lines:
            found[name] = list(csv.DictReader(lines))
    return found


@pytest.fixture(scope="module")
def staff(tables):
    """planner_id -> LWIA."""
    return {planner["planner_id"]: planner["lwia"] for planner in tables["planner"]}


@pytest.fixture(scope="module")
def periods(many):
    """customer -> its Title I rows."""
    found = defaultdict(list)
    for row in many:
        if row["900"] and any(row[e] in ("1", "2", "3") for e in TITLE_ONE):
            found[row["100"]].append(row)
    return found


def test_planner_ids_are_short_unique_and_statewide(tables, staff):
    assert len(staff) == len(tables["planner"])
    assert all(number.isdigit() and 4 <= len(number) <= 6 for number in staff)
    assert {p["active"] for p in tables["planner"]} == {"0", "1"}


def test_no_planners_name_stands_in_another_name(tables):
    """Pages are searched for names, so that one inside another would mislead."""
    names = {planner["name"] for planner in tables["planner"]}
    assert len(names) == len(tables["planner"])
    assert not [(a, b) for a in names for b in names if a != b and a in b]


@pytest.mark.parametrize("name", ["assignment", "service", "case_note"])
def test_every_customer_is_in_the_pirl_file(tables, many, name):
    assert {line["customer"] for line in tables[name]} <= {row["100"] for row in many}


def test_every_planner_is_in_the_planner_table(tables, staff, periods):
    for name in ("assignment", "case_note"):
        assert {line["planner_id"] for line in tables[name]} <= staff.keys()
    for line in tables["service"]:
        assert line["planner_id"] in staff or (
            not line["planner_id"] and line["customer"] not in periods
        ), "only Wagner-Peyser services have no planner"


def test_planners_work_in_an_area_of_their_customer(tables, staff, periods):
    """But for rows whose board code is one of the errors."""
    areas = {
        customer: {LWIA_OF.get(row[e]) for row in rows for e in ("108-A", "108-B", "108-C")}
        for customer, rows in periods.items()
    }
    away = [a for a in tables["assignment"] if staff[a["planner_id"]] not in areas[a["customer"]]]
    assert len(away) < 0.003 * len(tables["assignment"])


def test_a_customer_of_two_areas_has_planners_of_both(tables, staff):
    areas = defaultdict(set)
    for line in tables["assignment"]:
        areas[line["customer"]].add(staff[line["planner_id"]])
    assert sum(len(found) > 1 for found in areas.values()) > 100
    assert sum("90" in found for found in areas.values()) > 30


def test_enrolments_are_the_customer_and_a_running_number(tables):
    numbers = defaultdict(set)
    for line in tables["assignment"] + tables["service"]:
        customer, _, number = line["enrolment"].rpartition("-")
        assert customer == line["customer"]
        numbers[customer].add(int(number))
    assert all(found == set(range(1, max(found) + 1)) for found in numbers.values())


def test_assignments_follow_each_other(tables):
    spells = defaultdict(list)
    for line in tables["assignment"]:
        assert not line["to"] or line["from"] <= line["to"] <= AS_OF
        spells[line["enrolment"]].append((line["from"], line["to"] or "99999999"))
    for found in spells.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(found)))


def test_some_customers_had_two_planners_and_some_actives_have_none(tables, periods):
    inactive = {p["planner_id"] for p in tables["planner"] if p["active"] == "0"}
    current, ever = defaultdict(set), defaultdict(set)
    for line in tables["assignment"]:
        ever[line["customer"]].add(line["planner_id"])
        if not line["to"]:
            current[line["customer"]].add(line["planner_id"])
    assert sum(len(found) > 1 for found in ever.values()) > 0.1 * len(ever)
    active = [c for c, rows in periods.items() if any(not row["901"] for row in rows)]
    without = [c for c in active if not current[c]]
    assert 0 < len(without) < 0.06 * len(active)
    assert any(current[c] and current[c] <= inactive for c in active)


def test_a_planner_has_about_fifty_five_customers_a_year(tables, periods):
    served = {
        c for c, rows in periods.items()
        if any(r["900"] <= "20250630" and (not r["901"] or r["901"] >= "20240701") for r in rows)
    }  # fmt: skip
    pairs = {(a["customer"], a["planner_id"]) for a in tables["assignment"]}
    assert 45 < sum(c in served for c, _ in pairs) / len(tables["planner"]) < 75


def test_how_many_services_and_notes(tables, periods):
    rows = sum(map(len, periods.values()))
    assert 4 < len(tables["service"]) / rows < 7
    assert 5 < len(tables["case_note"]) / rows < 7.5


def test_services_are_closed_open_or_planned(tables):
    for line in tables["service"]:
        assert (line["status"] == "closed") == bool(line["actual_end"])
        assert (line["status"] == "planned") == (line["start"] > AS_OF)
        assert line["start"] <= line["planned_end"]
        assert not line["actual_end"] or line["start"] <= line["actual_end"] <= AS_OF
    overdue = [s for s in tables["service"] if s["status"] == "open" and s["planned_end"] < AS_OF]
    assert 0.005 < len(overdue) / len(tables["service"]) < 0.05


def test_the_last_service_is_the_same_in_pirl_and_in_the_service_table(tables, periods):
    """Customers with one period; a few differ because their row carries an error."""
    newest, young = defaultdict(str), {c for c, rows in periods.items() if youth(rows[0])}
    for line in tables["service"]:
        supports = line["title"] == SUPPORTIVE and line["customer"] not in young
        if line["title"] not in NOT_QUALIFYING and line["status"] != "planned" and not supports:
            day = max(line["start"], line["actual_end"])
            newest[line["customer"]] = max(newest[line["customer"]], day)
    single = {c: rows[0] for c, rows in periods.items() if len(rows) == 1}
    same = [newest[c] == max(row[e] for e in qualifying(row)) for c, row in single.items()]
    assert sum(same) > 0.99 * len(same)
    exits = [newest[c] == row["901"] for c, row in single.items() if row["901"].strip("0")]
    assert sum(exits) > 0.99 * len(exits)


def test_a_supportive_service_or_another_youth_element_alone_keeps_some_youth(periods):
    """Without it they would be past 90 days; an adult's supportive service keeps nobody."""
    kept = defaultdict(int)
    for row in (row for rows in periods.values() for row in rows if youth(row)):
        last = max(row[e] for e in qualifying(row))
        for element in OF_YOUTH:
            rest = max(row[e] for e in qualifying(row) if e != element)
            if row[element] == last > rest:
                kept["exited" if row["901"] else "active", element] += 1
    assert all(kept["exited", element] for element in OF_YOUTH)
    assert kept["active", "1409"]
    adults = [row for rows in periods.values() for row in rows if not youth(row) and row["901"]]
    later = [r for r in adults if r["1409"] > max(r[e] for e in QUALIFYING)]
    assert len(later) < 0.002 * len(adults), "but for rows that carry an error"


def test_actives_have_recent_services_but_some_wait_for_weeks(periods):
    waits = []
    for row in (row for rows in periods.values() for row in rows if not row["901"]):
        last = max(day for day in map(row.day, qualifying(row)) if day)
        waits.append((date(2025, 8, 15) - last).days)
    bands = [sum(low <= d <= high for d in waits) for low, high in ((0, 59), (60, 90), (91, 999))]
    assert bands[0] > 0.75 * len(waits)
    assert bands[1] > 0.03 * len(waits)
    assert bands[2] > 0.01 * len(waits)


def test_notes_and_applications_lie_where_they_can(tables, periods):
    assert all(line["date"] <= AS_OF for line in tables["case_note"])
    for line in tables["application"]:
        assert line["applied"] <= (line["certified"] or AS_OF) <= AS_OF
    statuses = Counter(line["status"] for line in tables["application"])
    assert statuses.keys() == {"applied", "certified", "denied", "enrolled"}
    enrolled = {line["customer"] for line in tables["application"] if line["status"] == "enrolled"}
    assert periods.keys() <= enrolled


def test_accounts_link_to_planners_and_areas(tables, staff):
    areas = set(LWIA_OF.values())
    for line in tables["account"]:
        if line["role"] == "state":
            assert (line["iwds_user"], line["iwds_status"], line["lwia"]) == ("", "", "")
        else:
            assert line["lwia"] in areas
            assert line["iwds_user"]
        assert bool(line["planner_id"]) == (line["role"] == "planner")
    assert {a["planner_id"] for a in tables["account"] if a["planner_id"]} == staff.keys()
    assert {a["lwia"] for a in tables["account"] if a["role"] == "lwia_admin"} == areas


def test_accounts_that_access_has_to_think_about(tables, staff):
    accounts = tables["account"]
    roles, homes = defaultdict(set), defaultdict(set)
    for line in accounts:
        roles[line["worknet_user"]].add(line["role"])
        homes[line["worknet_user"]].add(line["lwia"])
    assert {"lwia_admin", "planner"} in roles.values()
    assert any(len(found) > 1 for found in homes.values()), "a planner who moved"
    assert any(a["planner_id"] and staff[a["planner_id"]] != a["lwia"] for a in accounts)
    states = ("worknet_status", "iwds_status", "in_group")
    flaws = {(*(a[s] for s in states), bool(a["linked_on"])) for a in accounts}
    assert len(flaws) >= 7
