"""The alerts by hand-worked customers.  Source: domain 5.2, 5.3.

The extract is as of 15 August 2025. Each test draws customers on both sides of the line.
"""

from datetime import date

import pandas as pd
import pytest

from ipats_lib.caseload import Desk, alerts, load_alerts
from ipats_lib.caseload.questions import QUESTIONS
from tests.tables import records

TODAY = date(2025, 8, 15)
ACTIVE = {"903": 1, "900": "2025-03-01"}


def named(alert: str, *rows: dict, **tables: pd.DataFrame) -> dict[str, str]:
    """Customers named by one alert, with the day that is due."""
    frame = records(*({"100": name, **row} for name, row in zip("ABCDEFGH", rows, strict=False)))
    found = alerts(Desk(frame, TODAY, tables))
    mine = found[found["alert"] == alert]
    return {
        line.customer: "" if pd.isna(line.due) else f"{line.due:%Y-%m-%d}"
        for line in mine.itertuples()
    }


def test_every_alert_of_the_catalogue_has_a_question_and_the_other_way_round():
    assert set(load_alerts()) == set(QUESTIONS)


def test_a07_the_soft_exit_nears_from_60_to_90_days():
    """59, 60, 90 and 91 days after the last service; one in training is not watched."""
    assert named(
        "A-07",
        {**ACTIVE, "1201": "2025-06-17"},
        {**ACTIVE, "1201": "2025-06-16"},
        {**ACTIVE, "1201": "2025-05-17"},
        {**ACTIVE, "1201": "2025-05-16"},
        {**ACTIVE, "1201": "2025-05-17", "1302": "2025-03-10"},
    ) == {"B": "2025-09-14", "C": "2025-08-15"}


def test_a08_after_90_days_it_is_overdue_unless_a_service_is_planned():
    planned = pd.DataFrame({"customer": ["B"], "start": [pd.Timestamp("2025-09-01")]})
    planned = planned.assign(planned_end=pd.NaT, actual_end=pd.NaT)
    late = {**ACTIVE, "1201": "2025-05-16"}
    assert named("A-08", late, late, service=planned) == {"A": "2025-08-14"}


def test_a09_no_case_note_for_60_days_or_30_of_a_youth():
    notes = pd.DataFrame(
        {
            "customer": list("ABC"),
            "date": pd.to_datetime(["2025-06-15", "2025-06-16", "2025-07-01"]),
        }
    )
    youth = {"905": 1, "900": "2025-03-01"}
    assert named("A-09", ACTIVE, ACTIVE, youth, case_note=notes) == {
        "A": "2025-08-14",
        "C": "2025-07-31",
    }


def services(**ends: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer": list(ends),
            "start": pd.Timestamp("2025-05-01"),
            "planned_end": pd.to_datetime(list(ends.values())),
            "actual_end": pd.NaT,
        }
    )


def test_a10_and_a11_the_planned_end_of_a_service_is_past_or_near():
    table = services(A="2025-08-14", B="2025-08-15", C="2025-08-29", D="2025-08-30")
    assert set(named("A-10", *[ACTIVE] * 4, service=table)) == {"A"}
    assert set(named("A-11", *[ACTIVE] * 4, service=table)) == {"B", "C"}


def test_a13_a_training_that_ended_over_30_days_ago_needs_its_outcome():
    ended = {**ACTIVE, "1302": "2025-03-10"}
    assert named(
        "A-13",
        {**ended, "1308": "2025-07-15"},
        {**ended, "1308": "2025-07-16"},
        {**ended, "1308": "2025-07-15", "1307": 0},
    ) == {"A": "2025-08-14"}


def test_a14_a_skill_gain_is_due_by_30_june_of_the_running_program_year():
    learning = {**ACTIVE, "1811": "2025-04-01"}
    assert named(
        "A-14",
        learning,
        {**learning, "1809": "2025-07-20"},
        {**learning, "1809": "2025-06-30"},
        {**learning, "1813": "2025-06-30"},
        ACTIVE,
    ) == {"A": "2026-06-30", "C": "2026-06-30"}


def test_a15_training_that_counts_without_the_enrolment_date():
    assert set(
        named(
            "A-15",
            {**ACTIVE, "1303": 6},
            {**ACTIVE, "1303": 6, "1811": "2025-04-01"},
            {**ACTIVE, "1303": 1},
        )
    ) == {"A"}


TRAINED = {"903": 1, "900": "2024-01-10", "923": 0, "1303": 6}


def test_a16_a_credential_can_be_earned_until_one_year_after_exit():
    """Year after exit: 15 August, 13 November and 14 November 2025; yesterday; one has it."""
    assert named(
        "A-16",
        {**TRAINED, "901": "2024-08-15"},
        {**TRAINED, "901": "2024-11-13"},
        {**TRAINED, "901": "2024-11-14"},
        {**TRAINED, "901": "2024-08-14"},
        {**TRAINED, "901": "2024-11-13", "1800": 6, "1801": "2024-12-01"},
    ) == {"A": "2025-08-15", "B": "2025-11-13"}


def test_a17_a_diploma_alone_needs_employment_or_education():
    diploma = {**TRAINED, "901": "2024-11-13", "1800": 1, "1801": "2024-10-01"}
    assert named("A-17", diploma, {**diploma, "1600": 1}, {**diploma, "1406": "2025-01-02"}) == {
        "A": "2025-11-13"
    }


EXITED = {"903": 1, "900": "2024-01-10", "923": 0}


def test_a18_from_the_first_day_of_quarter_2_until_the_report_is_locked():
    """Exit in Q1 2025: quarter 2 is July to September, reported in PY2025, locked 1 October 2026.

    Exit in Q2 2025: its quarter 2 begins on 1 October. Exit in Q2 2024: locked 1 October 2025.
    """
    assert named(
        "A-18",
        {**EXITED, "901": "2025-03-31", "1602": 9},
        {**EXITED, "901": "2025-04-01", "1602": 9},
        {**EXITED, "901": "2024-05-10", "1602": 0},
        {**EXITED, "901": "2024-05-10", "1602": 1},
        {**EXITED, "901": "2023-05-10", "1602": 0},
        {**EXITED, "901": "2024-05-10", "1602": 0, "923": 3},
    ) == {"A": "2026-10-01", "C": "2025-10-01"}


def test_a19_quarter_4_is_locked_two_report_quarters_later():
    """Exit in Q4 2023: quarter 4 is Q4 2024, reported in Q2 2025 of PY2024: 1 October 2025."""
    assert named(
        "A-19",
        {**EXITED, "901": "2023-12-31", "1606": 0},
        {**EXITED, "901": "2024-01-01"},
        {**EXITED, "901": "2025-03-31"},
    ) == {"A": "2025-10-01", "B": "2026-10-01"}


def test_a21_and_a22_follow_up_for_twelve_months():
    youth = {"905": 1, "900": "2024-01-10", "901": "2025-02-01", "923": 0}
    assert named(
        "A-21", youth, {**youth, "1412": "2025-06-01"}, {**youth, "901": "2024-08-14"}
    ) == {"A": "2025-05-02"}
    adult = {**EXITED, "901": "2025-02-01"}
    assert named("A-22", adult, {**adult, "1600": 1}) == {"B": "2025-05-02"}


def test_a26_nobody_is_without_an_active_planner():
    planner = pd.DataFrame({"planner_id": ["1", "2"], "active": [True, False]})
    assignment = pd.DataFrame(
        {
            "customer": list("ABC"),
            "planner_id": ["1", "2", "1"],
            "from": pd.Timestamp("2025-03-01"),
            "to": pd.to_datetime([None, None, "2025-08-01"]),
        }
    )
    rows = [ACTIVE] * 4
    assert set(named("A-26", *rows, planner=planner, assignment=assignment)) == {"B", "C", "D"}


def test_a27_and_a28_long_participation_and_no_service():
    assert set(named("A-27", {**ACTIVE, "900": "2023-08-15"}, {**ACTIVE, "900": "2023-08-16"})) == {
        "A"
    }
    assert set(named("A-28", ACTIVE, {**ACTIVE, "1001": "2025-03-01"})) == {"A"}


def test_a04_and_a05_applications_grow_old():
    table = pd.DataFrame(
        {
            "customer": list("WXYZ"),
            "applied": pd.to_datetime(["2025-07-15", "2025-07-16", "2025-06-01", "2025-06-01"]),
            "certified": pd.to_datetime([None, None, "2025-06-30", "2025-07-01"]),
            "status": ["applied", "applied", "certified", "certified"],
        }
    )
    assert named("A-04", ACTIVE, application=table) == {"W": "2025-08-14"}
    assert named("A-05", ACTIVE, application=table) == {"Y": "2025-08-14"}


@pytest.mark.parametrize("kind", ["state", "lwia", "planner"])
def test_each_kind_of_scope_gets_its_own_alerts(kind):
    frame = records({"100": "A", **ACTIVE, "1201": "2025-05-16"})
    found = set(alerts(Desk(frame, TODAY), kind)["alert"])
    assert found
    assert all(kind in load_alerts()[alert].scopes for alert in found)
