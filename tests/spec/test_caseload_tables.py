"""Flow, shares and work by hand-worked customers.  Source: domain 5.2 (A-02, A-03, A-12, A-25, A-31
to A-35) and 2.1: an exit is known 90 days after it.

The extract is as of 15 August 2025, so exits are known up to 17 May 2025.
"""

from datetime import date

import pandas as pd
import pytest

from ipats_lib.caseload import Desk, caseload, flow, mix, workload
from ipats_lib.cohorts import Records
from tests.tables import records

TODAY = date(2025, 8, 15)
ADULT = {"903": 1, "900": "2025-03-01"}


def of(*rows: dict) -> Records:
    return Records(records(*({"100": f"C{n}", **row} for n, row in enumerate(rows))))


def test_enrolments_and_exits_stand_in_their_month_and_unknown_months_are_left_open():
    table = flow.monthly(
        of(
            {**ADULT, "900": "2024-04-30", "901": "2025-04-30"},
            {**ADULT, "900": "2025-08-01"},
            {"918": 1, "900": "2025-08-01"},
        ),
        TODAY,
    ).set_index("month")
    assert len(table) == 24
    assert table.index[-1] == "2025-08"
    assert table.loc["2024-04", "enrolments"] == table.loc["2025-08", "enrolments"] == 1
    assert table.loc["2025-04", "exits"] == 1
    # May ends after 17 May, so its exits are not all known.
    assert table.loc[["2025-05", "2025-06", "2025-08"], "exits"].isna().all()


def test_this_years_days_are_compared_with_the_same_days_of_last_year():
    table = flow.compared(
        of(
            {**ADULT, "900": "2025-07-01"},
            {**ADULT, "900": "2025-08-15"},
            {**ADULT, "900": "2024-08-15", "901": "2025-05-17"},
            {**ADULT, "900": "2024-08-16", "901": "2025-05-18"},
            {**ADULT, "900": "2023-01-01", "901": "2024-05-17"},
        ),
        TODAY,
    ).set_index("span")
    spans = ["Month to date", "Quarter to date", "Program year to date"]
    assert table.loc[spans, "n"].tolist() == [1, 2, 2]
    assert table.loc[spans, "before"].tolist() == [1, 1, 1]
    assert table.loc["12 months", ["n", "before"]].tolist() == [1, 1]
    assert table.loc["12 months", "start"] == date(2024, 5, 18)
    assert table.loc["3 months", ["start", "end"]].tolist() == [
        date(2025, 2, 18),
        date(2025, 5, 17),
    ]


def test_exits_by_reason_of_the_last_known_year():
    found = flow.exit_reasons(
        of(
            {**ADULT, "900": "2024-01-01", "901": "2025-01-01", "923": 3},
            {**ADULT, "900": "2024-01-01", "901": "2025-01-02"},
            {**ADULT, "900": "2024-01-01", "901": "2025-01-02", "923": 98},
            {**ADULT, "900": "2024-01-01", "901": "2024-05-17"},
            {**ADULT, "900": "2024-01-01", "901": "2025-05-18"},
        ),
        TODAY,
    )
    assert dict(zip(found["reason"], found["exits"], strict=True)) == {
        "No exclusion": 2,
        "Deceased": 1,
    }


def test_the_caseload_of_three_days_is_told_by_the_same_dates():
    """17 May 2025, 17 February 2025 and 17 May 2024; an exit on the day itself is over."""
    table = flow.standing(
        of(
            {**ADULT, "900": "2024-05-17", "901": "2025-05-17"},
            {**ADULT, "900": "2022-05-01"},
            {**ADULT, "900": "2025-02-18"},
        ),
        TODAY,
    )
    assert table["day"].tolist() == [date(2025, 5, 17), date(2025, 2, 17), date(2024, 5, 17)]
    assert table["active"].tolist() == [2, 2, 2]
    assert table["follow_up"].tolist() == [1, 0, 0]
    assert table["exited"].tolist() == [1, 0, 0]
    assert table["enrolled"].tolist() == [1, 0, 1]
    assert table["long"].tolist() == [1, 1, 1]


def test_a_day_that_a_month_lacks_becomes_its_last():
    assert flow.months_before(date(2025, 5, 31), 3) == date(2025, 2, 28)
    assert flow.a_year_before(date(2024, 2, 29)) == date(2023, 2, 28)


def share(name: str, *rows: dict) -> tuple[int, int]:
    found = mix.shares(of(*rows), TODAY).set_index("id").loc[name]
    return int(found["part"]), int(found["whole"])


GONE = {**ADULT, "900": "2024-01-01", "901": "2025-05-17"}
YOUTH = {"905": 1, "900": "2025-07-01"}
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
    "A-35": (
        [
            {**GONE, "1200": "2024-02-01", "802": 1},
            {**GONE, "1302": "2024-02-01", "804": 0},
            {**GONE, "802": 1},
            {**GONE, "1200": "2024-02-01", "802": 1, "901": "2025-05-18"},
        ],
        (1, 2),
    ),
}


@pytest.mark.parametrize("name", SHARES)
def test_each_share_counts_its_part_of_its_whole(name):
    rows, expected = SHARES[name]
    assert share(name, *rows) == expected


def test_every_share_has_its_question_and_its_case():
    assert set(SHARES) == set(mix.QUESTIONS) == set(mix.load_shares())


def test_a_share_under_its_threshold_is_flagged_and_an_empty_one_is_not():
    young = [{**YOUTH, "409": code} for code in (4, 5, 6, 1)]
    flagged = mix.shares(of(*young), TODAY).set_index("id")["flagged"]
    assert not flagged["A-34"]
    assert mix.shares(of(*young, {**YOUTH, "409": 2}), TODAY).set_index("id")["flagged"]["A-34"]
    assert not flagged["A-35"]


def test_open_trainings_are_counted_in_each_of_the_three_places():
    table = mix.open_trainings(
        of(
            {**ADULT, "1302": "2025-03-05", "1303": 6, "1306": "11111111", "1319": 1},
            {**ADULT, "1302": "2025-03-05", "1303": 6, "1308": "2025-04-01"},
            {**ADULT, "1309": "2025-03-05", "1310": 6, "1311": "22222222"},
            {**ADULT, "1302": "2025-08-16", "1303": 6},
            {**ADULT, "1302": "2025-03-05"},
        ),
        TODAY,
        {6: "Occupational"},
    ).set_index("type")
    assert table.loc["Occupational"].tolist() == [2, 1, 2]
    assert table.loc["Not recorded", "n"] == 1


def test_open_services_by_provider_leave_out_ended_and_coming_ones():
    table = pd.DataFrame(
        {
            "start": pd.to_datetime(["2025-08-01", "2025-08-15", "2025-08-16", "2025-08-01"]),
            "actual_end": pd.to_datetime([None, None, None, "2025-08-02"]),
            "provider": ["P", "P", "P", "P"],
            "title": ["T", "T", "T", "T"],
        }
    )
    assert mix.open_by_provider(table, TODAY)["n"].tolist() == [2]


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
    desk = Desk(rows, TODAY, {"planner": planner, "assignment": assignment})
    assert workload.current_planner(desk).tolist() == ["2", "", "1", ""]
    lines = pd.DataFrame({"customer": ["A", "A", "B"], "days": [-1.0, 5.0, float("nan")]})
    table = workload.balance(desk, caseload(rows, TODAY), lines).set_index("planner")
    assert table.loc["2", ["active", "follow_up", "load", "open", "late"]].tolist() == [
        1,
        0,
        1,
        2,
        1,
    ]
    assert table.loc["1", ["active", "follow_up", "load"]].tolist() == [0, 1, 0.25]
    assert table.loc["", ["active", "open", "late"]].tolist() == [1, 1, 0]
    # The mean is that of planners: (1 + 0.25) / 2.
    assert table.loc["2", "of_mean"] == pytest.approx(1.6)
    assert table.loc["2", "late_share"] == 0.5
