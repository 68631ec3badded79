"""Flow, shares and work by hand-worked customers.  Source: domain 5.2 (A-02, A-03, A-12, A-25, A-31
to A-35) and 2.1: an exit is known 90 days after it.

The extract is as of 15 August 2025, so exits are known up to 17 May 2025.
"""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from ipats_lib.caseload import (
    STATUSES,
    CaseTables,
    alerts,
    caseload,
    catalogue,
    engagement,
    flow,
    load_alerts,
    load_statuses,
    mix,
    planners,
    services,
    threshold,
    trainings,
)
from ipats_lib.caseload.status import is_active, waiting
from ipats_lib.cohorts import Records
from ipats_lib.frames.alerts import alerts as alerts_frame
from ipats_lib.frames.caseload import caseload as caseload_frame
from ipats_lib.frames.flow import flow as flows
from ipats_lib.frames.workload import workload
from tests.made_cases import of_area
from tests.tables import records

TODAY = date(2025, 8, 15)
ADULT = {"903": 1, "900": "2025-03-01"}


def made(make, *rows: dict, **tables: pd.DataFrame) -> pd.DataFrame:
    """A frame of one LWIA and its planners."""
    frame = records(*({"100": f"C{n}", **row} for n, row in enumerate(rows)))
    return of_area(make, frame, TODAY, tables)


def all_flow(*rows: dict) -> pd.DataFrame:
    """Enrollments and exits of the area, all programs together."""
    found = made(flows, *rows)
    return found[(found["area_type"] == "lwia") & (found["program"] == "all")]


def test_enrollments_and_exits_are_in_their_month_and_unknown_months_are_left_open():
    found = all_flow(
        {**ADULT, "900": "2024-04-30", "901": "2025-04-30"},
        {**ADULT, "900": "2025-08-01"},
        {"918": 1, "900": "2025-08-01"},
    )
    table = found[(found["span"] == "month") & (found["exit_reason"] == "")]
    table = table.pivot(index="start", columns="what", values="n")
    table.index = table.index.strftime("%Y-%m")
    assert len(table) == 24
    assert table.index[-1] == "2025-08"
    assert table.loc["2024-04", "enrollments"] == table.loc["2025-08", "enrollments"] == 1
    assert table.loc["2025-04", "exits"] == 1
    # May ends after 17 May, so its exits are not all known.
    assert table.loc[["2025-05", "2025-06", "2025-08"], "exits"].isna().all()


def test_this_years_days_are_compared_with_the_same_days_of_last_year():
    found = all_flow(
        {**ADULT, "900": "2025-07-01"},
        {**ADULT, "900": "2025-08-15"},
        {**ADULT, "900": "2024-08-15", "901": "2025-05-17"},
        {**ADULT, "900": "2024-08-16", "901": "2025-05-18"},
        {**ADULT, "900": "2023-01-01", "901": "2024-05-17"},
    )
    table = found[(found["span"] != "month") & (found["exit_reason"] == "")]
    table = table.set_index(["what", "span"])
    spans = [("enrollments", f"{span} to date") for span in ("month", "quarter", "program year")]
    assert table.loc[spans, "n"].tolist() == [1, 2, 2]
    assert table.loc[spans, "year_before"].tolist() == [1, 1, 1]
    year, quarter = (table.loc[("exits", f"{months} months")] for months in (12, 3))
    assert year[["n", "year_before"]].tolist() == [1, 1]
    assert year["start"] == pd.Timestamp("2024-05-18")
    assert quarter[["start", "end"]].tolist() == [
        pd.Timestamp("2025-02-18"),
        pd.Timestamp("2025-05-17"),
    ]


def test_exits_by_reason_of_the_last_whole_months_of_which_all_are_known():
    """May 2024 to April 2025: of May 2025 the exits are known up to the 17th alone."""
    found = all_flow(
        {**ADULT, "900": "2024-01-01", "901": "2024-05-01", "923": 3},
        {**ADULT, "900": "2024-01-01", "901": "2025-01-02"},
        {**ADULT, "900": "2024-01-01", "901": "2025-04-30", "923": 98},
        {**ADULT, "900": "2024-01-01", "901": "2024-04-30"},
        {**ADULT, "900": "2024-01-01", "901": "2025-05-01"},
        {**ADULT, "900": "2024-01-01", "901": "2025-01-02", "923": 8},
    )
    year = found[(found["span"] == "12 whole months") & (found["exit_reason"] != "")]
    assert dict(zip(year["exit_reason"], year["n"], strict=True)) == {
        "No exclusion": 2,
        "Deceased": 1,
        "Code 08, not in the list": 1,
    }


def test_a_month_counts_as_known_from_the_day_on_that_its_last_exit_is():
    """30 April 2025 is 90 days before 29 July."""
    assert flow.known_months(date(2025, 7, 29)).astype("str").tolist()[::11] == [
        "2024-05",
        "2025-04",
    ]
    assert str(flow.known_months(date(2025, 7, 28))[-1]) == "2025-03"


def test_the_caseload_of_three_days_is_told_by_the_same_dates():
    """17 May 2025, 17 February 2025 and 17 May 2024; an exit on the day itself is over."""
    found = made(
        caseload_frame,
        {**ADULT, "900": "2024-05-17", "901": "2025-05-17"},
        {**ADULT, "900": "2022-05-01"},
        {**ADULT, "900": "2025-02-18"},
    )
    days = found[found["part"] == "on a day"]
    table = days.pivot(index="day", columns="name", values="n").fillna(0).sort_index()[::-1]
    assert [f"{day:%Y-%m-%d}" for day in table.index] == ["2025-05-17", "2025-02-17", "2024-05-17"]
    assert table["active"].tolist() == [2, 2, 2]
    assert table["follow_up"].tolist() == [1, 0, 0]
    assert table["exited"].tolist() == [1, 0, 0]
    # Entries are known at once: up to 15 August 2025, 15 May 2025 and 15 August 2024.
    assert table["enrolled"].tolist() == [0, 1, 0]
    assert table["long"].tolist() == [1, 1, 1]


def test_a_day_that_a_month_lacks_becomes_its_last():
    assert flow.months_before(date(2025, 5, 31), 3) == date(2025, 2, 28)
    assert flow.a_year_before(date(2024, 2, 29)) == date(2023, 2, 28)


def shares(*rows: dict) -> pd.DataFrame:
    found = made(caseload_frame, *rows)
    return found[found["part"] == "share"].set_index("name")


def share(name: str, *rows: dict) -> tuple[int, int]:
    found = shares(*rows).loc[name]
    return int(found["n"]), int(found["of"])


GONE = {**ADULT, "900": "2024-01-01", "901": "2025-05-17"}
YOUTH = {"905": 1, "900": "2025-07-01"}
SERVED = {**GONE, "1200": "2024-02-01"}
SHARES = {
    "A-31a": ([{**ADULT, "904": 1}, ADULT, {**GONE, "904": 1}], (1, 2)),
    "A-31b": ([{**ADULT, "918": 1}, ADULT], (1, 2)),
    "A-31c": ([{**ADULT, "915": 1}, ADULT], (1, 2)),
    "A-32a": ([{**ADULT, "1409": "2025-03-02"}, ADULT], (1, 2)),
    "A-32b": ([{**ADULT, "1409": "2025-05-17"}, {**ADULT, "1409": "2025-05-18"}], (1, 2)),
    "A-33a": ([{**ADULT, "1310": 1}, ADULT, {**ADULT, "1303": 2}], (1, 3)),
    "A-33b": ([{**ADULT, "1315": 9}, ADULT], (1, 2)),
    "A-33c": ([{**ADULT, "1303": 5}, ADULT], (1, 2)),
    "A-33d": ([{**ADULT, "1203": "2025-04-01"}, {**ADULT, "901": "2025-06-30"}], (1, 1)),
    "A-33e": ([{**YOUTH, "1405": "2025-07-02"}, YOUTH, {**ADULT, "1203": "2025-04-01"}], (1, 2)),
    "A-34": ([{**YOUTH, "409": 4}, {**YOUTH, "409": 1}, YOUTH, {**ADULT, "409": 4}], (1, 2)),
    "A-34b": (
        [
            {**YOUTH, "409": 1, "702": 1},
            {**YOUTH, "409": 2, "702": 1, "803": 1},
            {**YOUTH, "409": 3},
            {**YOUTH, "409": 4, "702": 1},
            {**YOUTH, "409": 1, "702": 1, "900": "2025-06-30"},
        ],
        (1, 3),
    ),
    "A-35a": ([{**SERVED, "300": 1, "802": 1}, {**SERVED, "301": 3, "804": 1}, SERVED], (2, 3)),
    "A-35b": ([{**SERVED, "802": 1}, {**SERVED, "300": 1, "802": 1}], (1, 2)),
    "A-35c": ([{**SERVED, "301": 2}, {**SERVED, "300": 1, "600": 1}], (1, 2)),
    "A-35d": ([SERVED, {**SERVED, "802": 1}, {**SERVED, "300": 1}], (1, 3)),
    "A-35": (
        [
            {**GONE, "1200": "2024-02-01", "802": 1},
            {**GONE, "1300": 1, "804": 0},
            {**GONE, "1300": 0, "1302": "2024-02-01", "802": 1},
            {**GONE, "802": 1},
            {**GONE, "1200": "2024-02-01", "802": 1, "901": "2025-05-18"},
            {**GONE, "1200": "2024-02-01", "601": 1},
        ],
        (2, 3),
    ),
}


@pytest.mark.parametrize("name", SHARES)
def test_each_share_counts_its_part_of_its_whole(name):
    rows, expected = SHARES[name]
    assert share(name, *rows) == expected


def test_every_share_has_its_question_and_its_case():
    assert set(SHARES) == set(mix.load_shares())


def test_a_share_under_its_threshold_is_flagged_and_an_empty_one_is_not():
    young = [{**YOUTH, "409": code} for code in (4, 5, 6, 1)]
    found = shares(*young)
    assert not found.loc["A-34", "low"]
    assert shares(*young, {**YOUTH, "409": 2}).loc["A-34", "low"]
    assert "A-35" not in found.index


def test_a_share_over_its_cap_is_flagged():
    """20 CFR 681.310(b): at most 5 percent. One of 20 is 5 percent, two are more."""
    others = [{**YOUTH, "409": 1, "804": 1}] * 18
    alone = {**YOUTH, "409": 1, "702": 1}
    for few, flagged in (([alone, {**YOUTH, "409": 1}], False), ([alone, alone], True)):
        assert shares(*others, *few).loc["A-34b", "high"] == flagged


def test_the_newest_figures_are_of_the_as_of_date_and_exits_of_the_last_known_day():
    """In follow-up: 365 days, not 366, and no excluded exit. Enrolled: 90 days up to today."""
    gone = {**ADULT, "900": "2024-01-01", "923": 0}
    found = made(
        workload,
        {**gone, "901": "2024-08-15"},
        {**gone, "901": "2024-08-14"},
        {**gone, "901": "2025-05-17"},
        {**gone, "901": "2025-05-18"},
        {**gone, "901": "2025-05-01", "923": 3},
        {**ADULT, "900": "2025-05-18"},
        {**ADULT, "900": "2025-05-17"},
        {**ADULT, "900": "2023-08-15"},
        {**ADULT, "900": "2023-08-16"},
        {"918": 1, "900": "2025-08-01"},
    )
    mine = found[found["area_type"] == "lwia"].iloc[0]
    counted = mine[["active", "follow_up", "enrolled", "exited", "long"]].tolist()
    assert counted == [4, 3, 1, 2, 1]


def statuses(*rows: dict, **tables: pd.DataFrame) -> list[str]:
    frame = records(*({"100": f"C{n}", **row} for n, row in enumerate(rows)))
    return caseload(frame, TODAY, tables)["status"].tolist()


def test_follow_up_means_the_same_in_the_status_and_in_the_flow():
    days = ["2024-08-14", "2024-08-15", "2025-05-01", "2025-08-01"]
    rows = [{**GONE, "901": day, "923": reason} for day in days for reason in (0, 2)]
    frame = records(*({"100": f"C{n}", **row} for n, row in enumerate(rows)))
    status = caseload(frame, TODAY)["status"]
    work = made(workload, *rows).query("area_type == 'lwia'")
    assert (status == "Exited, in follow-up").sum() == work["follow_up"].item() == 3


def test_an_exit_after_the_extract_is_an_exit_wherever_the_active_are_counted():
    """An error that files have (L-03). Active is who has no exit date (domain 5.1); on earlier days
    all three were active. B: in follow-up. C: excluded."""
    frame = records(
        {"100": "A", **ADULT},
        {"100": "B", **ADULT, "901": "2025-08-25"},
        {"100": "C", **ADULT, "901": "2025-08-25", "923": 3},
    )
    found = caseload(frame, TODAY)["status"]
    assert found.tolist() == [
        "Active, past 90 days without service",
        "Exited, in follow-up",
        "Excluded exit",
    ]
    assert is_active(found).tolist() == [True, False, False]
    known = Records(frame)
    now = of_area(workload, frame, TODAY).query("area_type == 'lwia'").iloc[0]
    assert (now["active"], now["follow_up"]) == (1, 1)
    assert mix.active_records(known, TODAY).tolist() == [True, False, False]
    notes = pd.DataFrame({"customer": ["A"], "date": pd.to_datetime(["2025-08-01"])})
    case_tables = CaseTables(frame, TODAY, {"case_note": notes})
    assert engagement.notes_now(case_tables)["customer"].tolist() == ["A"]
    assert set(alerts(case_tables).query("alert == 'A-08'")["customer"]) == {"A"}
    days = of_area(caseload_frame, frame, TODAY).query("part == 'on a day' and name == 'active'")
    assert days["n"].tolist() == [3]


def test_the_active_statuses_are_those_that_say_so():
    told = pd.Series(STATUSES)
    assert told[is_active(told)].tolist() == [n for n in STATUSES if n.startswith("Active")]


def test_an_exit_is_closed_only_when_no_indicator_waits():
    """The exit was in the 2nd quarter of 2024, more than a year ago.

    A: employment of quarters 2 and 4 is known. B: that of quarter 4 is not (9). C: that of quarter
    2 is not, in Wagner-Peyser. D: a youth who is placed waits for nothing. E: the same in Adult
    too, where employment waits. F: excluded, whatever waits. G: one year ago is still follow-up.
    """
    left = {**ADULT, "900": "2023-01-01", "901": "2024-05-10", "923": 0, "1602": 0, "1606": 1}
    placed = {**left, "903": 0, "905": 1, "1602": 9, "1606": 9, "1900": 1, "1901": 1}
    assert statuses(
        left,
        {**left, "1606": 9},
        {**left, "903": 0, "918": 1, "1602": 9},
        placed,
        {**placed, "903": 1},
        {**left, "1606": 9, "923": 3},
        {**left, "901": "2024-08-15", "1606": 9},
    ) == [
        "Closed",
        "Exited, outcomes pending",
        "Exited, outcomes pending",
        "Closed",
        "Exited, outcomes pending",
        "Excluded exit",
        "Exited, in follow-up",
    ]


def service(*lines: tuple[str, str, str, str | None]) -> pd.DataFrame:
    """Services by customer, code, start and planned end."""
    customer, code, start, planned = zip(*lines, strict=True)
    return pd.DataFrame(
        {
            "customer": customer,
            "service_code": code,
            "start": pd.to_datetime(list(start)),
            "planned_end": pd.to_datetime(list(planned)),
            "actual_end": pd.Series([pd.NaT] * len(lines), dtype="datetime64[s]"),
        }
    )


def test_a_planned_gap_is_a_status_of_its_own_and_training_goes_before_it():
    """C0: a gap. C1: in training too. C2: the gap is over. C3: a service is no gap."""
    quiet = {**ADULT, "1201": "2025-05-01"}
    table = service(
        ("C0", "290", "2025-05-01", "2025-08-15"),
        ("C1", "290", "2025-05-01", None),
        ("C2", "290", "2025-05-01", "2025-08-14"),
        ("C3", "210", "2025-05-01", None),
    )
    assert statuses(quiet, {**quiet, "1302": "2025-04-01"}, quiet, quiet, service=table) == [
        "Active, planned gap",
        "Active, in training",
        "Active, past 90 days without service",
        "Active, past 90 days without service",
    ]
    assert services.services_only(table)["customer"].tolist() == ["C3"]


APPLICATIONS = pd.DataFrame(
    {
        "customer": ["C0", "C1", "C2", "C3", "X", "Y", "Z"],
        "applied": pd.Timestamp("2025-04-01"),
        "certified": pd.to_datetime([None, "2025-04-10", None, None, None, "2025-04-10", None]),
        "status": ["applied", "certified", "denied", "applied", "applied", "certified", "denied"],
    }
)


def test_a_contact_with_an_application_is_an_applicant_or_certified():
    """C2 was denied. C3 has entered since, so the application is answered."""
    contact = {"903": 4}
    found = statuses(
        contact, contact, contact, {**ADULT, "900": "2025-08-01"}, application=APPLICATIONS
    )
    assert found == [
        "Applicant",
        "Certified, not enrolled",
        "Reportable individual only",
        "Active",
    ]


def test_applicants_without_a_record_are_told_apart():
    frame = records(*({"100": f"C{n}", "903": 4} for n in range(4)))
    table = waiting(APPLICATIONS, frame, TODAY).set_index("customer")
    assert table["status"].to_dict() == {
        "C0": "Applicant",
        "C1": "Certified, not enrolled",
        "C3": "Applicant",
        "X": "Applicant",
        "Y": "Certified, not enrolled",
    }
    assert table.index[table["row"].isna()].tolist() == ["X", "Y"]


def test_the_certification_date_decides_whatever_the_status_says():
    """A: another wording, not certified. B: certified before its status says so, and written
    large. C: said to be certified, without a date. D: no status, certified tomorrow. E: denied,
    written large. F: no date of application; G: the same, entered. H: enrolled, no entry yet."""
    application = pd.DataFrame(
        {
            "customer": list("ABCDEFGH"),
            "applied": pd.to_datetime(["2025-04-01"] * 5 + [None, None, "2025-04-01"]),
            "certified": pd.to_datetime(
                [None, "2025-04-10", None, "2025-08-16", None, "2025-04-10", None, None]
            ),
            "status": ["pending review", "Applied", "certified", None, "DENIED ", "certified",
                       "applied", "enrolled"],
        }
    )  # fmt: skip
    frame = records({"100": "G", **ADULT})
    table = waiting(application, frame, TODAY).set_index("customer")
    assert table["status"].to_dict() == {
        "A": "Applicant",
        "B": "Certified, not enrolled",
        "C": "Applicant",
        "D": "Applicant",
        "F": "Certified, not enrolled",
    }


def test_an_assignment_without_a_start_holds_and_stands_behind_a_dated_one():
    """A: none other. B: a dated one too. C: it begins tomorrow."""
    rows = records(*({"100": customer, **ADULT} for customer in "ABC"))
    assignment = pd.DataFrame(
        {
            "customer": list("ABBC"),
            "planner_id": ["1", "2", "1", "1"],
            "from": pd.to_datetime([None, "2025-03-01", None, "2025-08-16"]),
            "to": pd.NaT,
        }
    )
    planner = pd.DataFrame({"planner_id": ["1", "2"], "active": [True, True]})
    case_tables = CaseTables(rows, TODAY, {"planner": planner, "assignment": assignment})
    assert planners.current_planner(case_tables).tolist() == ["1", "2", ""]


def test_financial_literacy_is_a_service():
    """Domain 2.14, 5.2: 1206 of 10 August is five days ago."""
    frame = records({"905": 1, "900": "2025-01-10", "906": "2025-01-10", "1206": "2025-08-10"})
    table = caseload(frame, TODAY)
    assert table["days"].tolist() == [5]
    assert table["status"].tolist() == ["Active"]


def test_the_days_since_the_last_service_stand_in_bands_that_hold_their_upper_end():
    days = {"2025-07-16": "0 to 30", "2025-07-15": "31 to 60", "2025-06-16": "31 to 60",
            "2025-06-15": "61 to 75", "2025-06-01": "61 to 75", "2025-05-31": "76 to 90",
            "2025-05-17": "76 to 90", "2025-05-16": "over 90"}  # fmt: skip
    rows = [{**ADULT, "100": day, "1201": day} for day in days]
    assert caseload(records(*rows), TODAY)["band"].tolist() == list(days.values())


def test_every_status_is_defined_with_the_numbers_that_the_rules_use():
    known = {status.status: status.definition for status in load_statuses()}
    assert list(known) == list(STATUSES)
    assert "60 to 90 days" in known["Active, at risk of soft exit"]
    assert "{" not in "".join([*known.values(), *(a.definition for a in load_alerts().values())])
    assert threshold("follow_up_days") == 365


OPEN = {**ADULT, "1302": "2025-03-05", "1303": 6}
TYPES = {6: "Occupational"}


def open_trainings(*rows: dict, **tables: pd.DataFrame) -> pd.DataFrame:
    frame = records(*({"100": f"C{n}", **row} for n, row in enumerate(rows)))
    return trainings.open_trainings(CaseTables(frame, TODAY, tables), TYPES)


def test_open_trainings_are_counted_in_each_of_the_three_places():
    found = open_trainings(
        {**OPEN, "1306": "11111111", "1319": 1},
        {**OPEN, "1308": "2025-04-01"},
        {**ADULT, "1309": "2025-03-05", "1310": 6, "1311": "22222222"},
        {**OPEN, "1302": "2025-08-16"},
        {**ADULT, "1302": "2025-03-05"},
        {**OPEN, "901": "2025-04-01"},
    )
    assert found["type"].value_counts().to_dict() == {"Occupational": 2, "Not recorded": 1}
    assert found["with_account"].sum() == 1
    assert found["occupation"].value_counts().to_dict() == {
        "11111111": 1, "22222222": 1, "Not recorded": 1,
    }  # fmt: skip


def test_the_parts_of_the_open_trainings_have_one_sum():
    rows = [
        {**OPEN, "1306": "11111111", "1319": 1},
        {**OPEN, "1306": "11111111"},
        {**ADULT, "1309": "2025-03-05", "1310": 6, "1311": "22222222"},
    ]
    found = made(caseload_frame, *rows)
    for part, names in {
        "training": {"Occupational skills training": 3},
        "training on an account": {"Occupational skills training": 1},
        "occupations of a training": {"Occupational skills training": 2},
        "occupation": {"11111111": 2, "22222222": 1},
        "provider": {"Not recorded": 3},
    }.items():
        mine = found[found["part"] == part]
        assert dict(zip(mine["name"], mine["n"], strict=True)) == names, part


def test_a_training_has_the_provider_of_the_service_that_begins_nearest_to_it():
    """C0: of two, the same day. C1: a week off. C2: eight days off. C3: two that begin alike."""
    table = service(
        ("C0", "306", "2025-03-05", None),
        ("C0", "306", "2025-03-06", None),
        ("C1", "306", "2025-03-12", None),
        ("C2", "306", "2025-03-13", None),
        ("C3", "306", "2025-03-05", None),
        ("C3", "306", "2025-03-05", None),
        ("C3", "210", "2025-03-05", None),
    ).assign(provider=["P", "Q", "Q", "P", "P", "Q", None])
    table.loc[4, "actual_end"] = pd.Timestamp("2025-04-01")
    found = open_trainings(OPEN, OPEN, OPEN, OPEN, service=table)
    assert found["provider"].tolist() == ["P", "Q", "Not recorded", "Q"]


def test_work_is_counted_with_the_newest_active_planner():
    """A: two planners, the later one counts. B: its planner has left. C: exited, in follow-up."""
    rows = records(
        {"100": "A", **ADULT, "1201": "2025-08-01"},
        {"100": "B", **ADULT, "1201": "2025-08-01"},
        {"100": "C", **ADULT, "901": "2025-05-01"},
        {"100": "D", "918": 1, "900": "2025-03-01", "1003": "2025-08-01"},
    )
    planner = pd.DataFrame({"planner_id": ["1", "2", "3"], "active": [True, True, False]})
    assignment = pd.DataFrame(
        {
            "customer": ["A", "A", "B", "C"],
            "planner_id": ["1", "2", "3", "1"],
            "from": pd.to_datetime(["2025-03-01", "2025-04-01", "2025-03-01", "2025-03-01"]),
            "to": pd.NaT,
        }
    )
    case_tables = CaseTables(rows, TODAY, {"planner": planner, "assignment": assignment})
    assert planners.current_planner(case_tables).tolist() == ["2", "", "1", ""]
    table = of_area(workload, rows, TODAY, case_tables.tables).query("area_type == 'planner'")
    table = table.set_index("area")
    assert table.loc["2", ["active", "follow_up", "load"]].tolist() == [1, 0, 1]
    assert table.loc["1", ["active", "follow_up", "load"]].tolist() == [0, 1, 0.25]
    assert table.loc["", "active"] == 1
    # The mean is that of planners: (1 + 0.25) / 2.
    assert table.loc["2", "of_mean"] == pytest.approx(1.6)
    assert table["balance"].to_dict() == {"": "assign", "1": "under", "2": "over"}
    lines = of_area(alerts_frame, rows, TODAY, case_tables.tables)
    for area, mine in lines.groupby("planner"):
        late = int((mine["urgency"] == "overdue").sum())
        assert table.loc[area, ["open", "overdue"]].tolist() == [len(mine), late]
        assert table.loc[area, "overdue_share"] == pytest.approx(late / len(mine))
    assert len(lines) == table["open"].sum() > 2


def test_a_planner_whose_every_customer_has_left_follow_up_is_not_listed():
    """A and C: active with planners 2 and 3. B: exited years ago, planner 1 has nothing to do."""
    rows = records(
        {"100": "A", **ADULT}, {"100": "B", **ADULT, "901": "2022-05-01"}, {"100": "C", **ADULT}
    )
    assignment = pd.DataFrame(
        {
            "customer": ["A", "B", "C"],
            "planner_id": ["2", "1", "3"],
            "from": pd.to_datetime(["2025-03-01", "2022-03-01", "2025-03-01"]),
            "to": pd.to_datetime([None, "2022-05-01", None]),
        }
    )
    planner = pd.DataFrame({"planner_id": ["1", "2", "3"], "active": [True] * 3})
    case_tables = CaseTables(rows, TODAY, {"planner": planner, "assignment": assignment})
    found = of_area(workload, rows, TODAY, case_tables.tables).query("area_type == 'planner'")
    weighed = found.dropna(subset="of_mean").set_index("area")
    assert weighed["of_mean"].to_dict() == {"2": 1.0, "3": 1.0}


def test_a_follow_up_on_the_day_of_exit_covers_nobody():
    """L-30: it must lie after the exit. 1412 is that of youth."""
    gone = {"900": "2024-01-01", "901": "2025-05-01", "923": 0}
    found = made(
        workload,
        {**gone, "903": 1, "1503": "2025-05-01"},
        {**gone, "905": 1, "1412": "2025-05-01"},
        {**gone, "903": 1, "1412": "2025-05-02"},
        {**gone, "903": 1, "1503": "2025-05-02"},
        {**gone, "905": 1, "1412": "2025-05-02"},
    )
    area = found[found["area_type"] == "lwia"].iloc[0]
    assert area[["follow_up", "reached", "coverage"]].tolist() == [5, 2, 0.4]


def test_a_recent_supportive_service_is_one_of_the_days_that_its_name_says(monkeypatch):
    known = catalogue.load_thresholds()
    changed = {**known, "support_days": replace(known["support_days"], value=10)}
    monkeypatch.setattr(catalogue, "load_thresholds", lambda: changed)
    mix.load_shares.cache_clear()
    rows = [{**ADULT, "1409": day} for day in ("2025-08-05", "2025-08-06")]
    line = shares(*rows).loc["A-32b"]
    mix.load_shares.cache_clear()
    assert (line["n"], line["title"]) == (1, "Supportive service in the last 10 days")


def test_an_exiter_stays_with_the_last_planner_and_an_active_customer_does_not():
    """A and B: the assignment ended on the day of exit, and before it. C: active. D: handed on."""
    gone = {**ADULT, "901": "2025-06-01"}
    rows = records(
        *({"100": n, **row} for n, row in zip("ABCD", [gone, gone, ADULT, gone], strict=True))
    )
    assignment = pd.DataFrame(
        {
            "customer": list("ABCDD"),
            "planner_id": ["1", "1", "1", "1", "2"],
            "from": pd.to_datetime(["2025-03-01"] * 4 + ["2025-05-01"]),
            "to": pd.to_datetime(
                ["2025-06-01", "2025-05-31", "2025-06-01", "2025-06-01", "2025-07-01"]
            ),
        }
    )
    planner = pd.DataFrame({"planner_id": ["1", "2"], "active": [True, True]})
    case_tables = CaseTables(rows, TODAY, {"planner": planner, "assignment": assignment})
    assert planners.current_planner(case_tables).tolist() == ["1", "", "", "2"]
    lines = pd.DataFrame({"row": pd.array([1, 2, pd.NA], dtype="Int64"), "customer": list("ABA")})
    assert planners.planner_of_lines(case_tables, lines).tolist() == ["1", "", ""]
