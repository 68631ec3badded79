"""The alerts by hand-worked customers.  Source: domain 5.2, 5.3.

The extract is as of 15 August 2025. Each test draws customers on both sides of the line.
"""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from ipats_lib.caseload import CaseTables, alerts, load_alerts, soft_exit
from ipats_lib.caseload.checks import records_to_fix
from ipats_lib.caseload.questions import QUESTIONS
from ipats_lib.cohorts import Records
from ipats_lib.indicators import outcome_table
from tests.tables import annual, records

TODAY = date(2025, 8, 15)
ACTIVE = {"903": 1, "900": "2025-03-01"}


def lines(alert: str, *rows: dict, day: date = TODAY, **tables: pd.DataFrame) -> pd.DataFrame:
    """The lines of one alert."""
    frame = records(*({"100": name, **row} for name, row in zip("ABCDEFGH", rows, strict=False)))
    found = alerts(CaseTables(frame, day, tables))
    return found[found["alert"] == alert]


def named(alert: str, *rows: dict, **tables: pd.DataFrame) -> dict[str, str]:
    """Customers named by one alert, with the day that is due."""
    return {
        line.customer: "" if pd.isna(line.due) else f"{line.due:%Y-%m-%d}"
        for line in lines(alert, *rows, **tables).itertuples()
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


def service(**given: tuple[str, str, str | None]) -> pd.DataFrame:
    """Open services by customer: code, start, planned end."""
    code, start, planned = zip(*given.values(), strict=True)
    return pd.DataFrame(
        {
            "customer": list(given),
            "enrolment": [f"{name}-1" for name in given],
            "service_code": list(code),
            "title": "Career counseling",
            "start": pd.to_datetime(list(start)),
            "planned_end": pd.to_datetime(list(planned)),
            "actual_end": pd.NaT,
            "provider": None,
        }
    )


LATE = {**ACTIVE, "1201": "2025-05-16"}


def test_a08_after_90_days_it_is_overdue_unless_a_service_is_planned():
    """A gap that is planned for later is no service."""
    coming = service(B=("210", "2025-09-01", None), C=("290", "2025-09-01", None))
    assert named("A-08", LATE, LATE, LATE, service=coming) == {
        "A": "2025-08-14",
        "C": "2025-08-14",
    }
    assert lines("A-08", LATE)["level"].item() == "red"


def test_a07_and_a08_leave_out_whoever_is_in_a_planned_gap():
    """A gap lasts to its planned end, and no longer even if nobody closed it."""
    near = {**ACTIVE, "1201": "2025-06-01"}
    gaps = service(
        A=("290", "2025-06-01", "2025-08-15"),
        B=("290", "2025-06-01", "2025-08-14"),
        C=("290", "2025-06-01", None),
        D=("210", "2025-06-01", "2025-09-30"),
    )
    assert set(named("A-07", *[near] * 4, service=gaps)) == {"B", "D"}
    assert set(named("A-08", *[LATE] * 4, service=gaps)) == {"B", "D"}
    assert set(named("A-07", near)) == {"A"}


def test_a07_is_amber_from_60_days_and_red_from_75_and_tells_the_exit_it_would_be():
    """74 and 75 days; the exit would be dated back to the last service, in the 2nd quarter."""
    found = lines("A-07", {**ACTIVE, "1201": "2025-06-02"}, {**ACTIVE, "1201": "2025-06-01"})
    assert dict(zip(found["customer"], found["level"], strict=True)) == {"A": "amber", "B": "red"}
    assert found.set_index("customer").loc["B", "detail"] == (
        "75 days since the last service; a soft exit would be dated Jun 1, 2025, in 2025 Q2"
    )


def test_the_soft_exit_watch_is_a07_and_a08_and_nothing_else():
    """59, 60, 90 and 91 days; one of Wagner-Peyser alone is in neither alert."""
    rows = [{**ACTIVE, "1201": day} for day in ("2025-06-17", "2025-06-16", "2025-05-17")]
    rows += [LATE, {"918": 1, "900": "2025-03-01", "1003": "2025-05-01"}]
    frame = records(*({"100": n, **row} for n, row in zip("ABCDE", rows, strict=True)))
    case_tables = CaseTables(frame, TODAY)
    watched, found = soft_exit.watch(case_tables), alerts(case_tables)
    both = found[found["alert"].isin(["A-07", "A-08"])]
    assert watched["customer"].tolist() == ["D", "C", "B"]
    assert set(zip(watched["alert"], watched["row"], strict=True)) == set(
        zip(both["alert"], both["row"], strict=True)
    )
    assert watched.loc[0, ["days", "quarter"]].tolist() == [91, "2025 Q2"]


def test_a09_a_case_note_is_due_60_days_after_the_last_one_or_30_of_a_youth():
    """It is listed from a week ahead: due yesterday, on 14 August, in 7 and in 8 days."""
    notes = pd.DataFrame(
        {
            "customer": list("ABCDE"),
            "date": pd.to_datetime(
                ["2025-06-15", "2025-06-23", "2025-06-24", "2025-07-23", "2025-07-24"]
            ),
        }
    )
    youth = {"905": 1, "900": "2025-03-01"}
    rows = [ACTIVE, ACTIVE, ACTIVE, youth, youth]
    assert named("A-09", *rows, case_note=notes) == {
        "A": "2025-08-14",
        "B": "2025-08-22",
        "D": "2025-08-22",
    }


def services(**ends: str) -> pd.DataFrame:
    return service(**{name: ("210", "2025-05-01", end) for name, end in ends.items()})


def test_a10_and_a11_the_planned_end_of_a_service_is_past_or_near():
    table = services(A="2025-08-14", B="2025-08-15", C="2025-08-29", D="2025-08-30")
    assert set(named("A-10", *[ACTIVE] * 4, service=table)) == {"A"}
    assert set(named("A-11", *[ACTIVE] * 4, service=table)) == {"B", "C"}


def test_a10_has_a_line_for_each_service_and_says_which():
    """Two services of one customer, one of them twice: the earlier date of the two counts."""
    table = pd.concat(
        [
            services(A="2025-08-14"),
            services(A="2025-08-10"),
            services(A="2025-08-01").assign(title="Training", provider="Oak, Inc."),
        ]
    )
    found = lines("A-10", {**ACTIVE, "900": "2024-01-01", "901": "2024-06-01"}, service=table)
    assert dict(zip(found["detail"], found["due"].dt.strftime("%m-%d"), strict=True)) == {
        "Training, Oak, Inc. (enrolment A-1)": "08-01",
        "Career counseling (enrolment A-1)": "08-10",
    }


def test_a_service_stands_under_the_record_that_was_open_when_it_began():
    """A's periods began in 2024 and on 1 March 2025; B's only one after its service."""
    first = {"100": "A", "903": 1, "900": "2024-01-01", "901": "2024-06-01"}
    rows = records(first, {**ACTIVE, "100": "A"}, {**ACTIVE, "100": "B", "900": "2025-06-01"})
    table = services(A="2025-08-14", B="2025-08-14", C="2025-08-14")
    early = table[:1].assign(start=pd.Timestamp("2024-02-01"), title="Early")
    found = alerts(CaseTables(rows, TODAY, {"service": pd.concat([table, early])}))
    found = found[found["alert"] == "A-10"]
    placed = {(c, d.split()[0]): r for c, d, r in found[["customer", "detail", "row"]].to_numpy()}
    assert placed[("A", "Early")] == 1
    assert placed[("A", "Career")] == 2
    assert placed[("B", "Career")] == 3
    assert pd.isna(placed[("C", "Career")])


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


def test_a14_is_the_pending_lines_of_the_indicator_in_the_same_program_year():
    """C left in July and can still gain; D left for ill health; E left before the year."""
    learning = {**ACTIVE, "1811": "2025-04-01"}
    gone = {**learning, "901": "2025-07-10", "923": 0}
    rows = [learning, {**learning, "1809": "2025-07-20"}, gone, {**gone, "923": 2}]
    rows += [{**gone, "901": "2025-06-30"}, {**gone, "923": 7}, {**learning, "903": 0, "918": 1}]
    assert set(named("A-14", *rows)) == {"A", "C", "F"}
    frame = records(*({"100": name, **row} for name, row in zip("ABCDEFG", rows, strict=True)))
    outcomes = outcome_table(frame, [annual(2025)], TODAY)
    mine = outcomes[(outcomes["indicator"] == "MSG") & (outcomes["program"] == "title1")]
    pending = mine.loc[mine["state"] == "pending", "row"]
    found = alerts(CaseTables(frame, TODAY))
    assert sorted(found.loc[found["alert"] == "A-14", "row"]) == sorted(pending)


@pytest.mark.parametrize(
    ("day", "level"),
    [
        (date(2025, 8, 15), ""),
        (date(2026, 2, 28), ""),
        (date(2026, 3, 1), "amber"),
        (date(2026, 5, 31), "amber"),
        (date(2026, 6, 1), "red"),
    ],
)
def test_a14_is_amber_from_march_and_red_in_june(day, level):
    found = lines("A-14", {**ACTIVE, "1811": "2025-04-01"}, day=day)
    assert found["level"].tolist() == [level]


def broken(rule: str, rows: list[dict]) -> set[int]:
    found = records_to_fix(Records(records(*rows)), TODAY)
    return set(found.loc[found["rule"] == rule, "row"])


def test_a15_and_a28_are_the_edit_checks_that_they_cite():
    """A-15 is L-45: secondary education counts with a diploma too, and of those who have left."""
    gone = {"901": "2025-05-01", "923": 0}
    switch = [
        {**ACTIVE, "1303": 6},
        {**ACTIVE, "1303": 6, "1811": "2025-04-01"},
        {**ACTIVE, "1303": 1},
        {**ACTIVE, "408": 1, "1401": 1},
        {**ACTIVE, **gone, "1332": 1},
    ]
    assert set(named("A-15", *switch)) == {"A", "D", "E"}
    assert set(lines("A-15", *switch)["row"]) == broken("L-45", switch)
    served = [ACTIVE, {**ACTIVE, "1001": "2025-03-01"}, {**ACTIVE, **gone}]
    assert set(lines("A-28", *served)["row"]) == broken("L-23", served) == {1, 3}


def test_a29_says_what_is_wrong_in_words():
    detail = lines("A-29", {**ACTIVE, "1001": "2025-03-01", "409": ""})["detail"].item()
    assert "School status missing" in detail.split("; ")


@pytest.mark.parametrize(
    ("alert", "row", "words"),
    [
        ("A-13", {"1303": 6, "1302": "2024-02-01", "1308": "2025-02-05"},
         "Training 1, occupational skills training, ended Feb 5, 2025: completion not recorded"),
        ("A-16", {"901": "2024-08-15"}, "No credential from occupational skills training"),
        ("A-18", {"901": "2025-03-31", "1602": 9}, "Exited Mar 31, 2025"),
        ("A-20", {"901": "2024-12-31", "1602": 1, "1603": 4, "1704": 5000.0},
         "Supplemental wage of the quarter that ended Jun 30, 2025"),
    ],
)  # fmt: skip
def test_a_reason_has_no_codes_and_days_as_pages_write_them(alert, row, words):
    assert lines(alert, {**TRAINED, **row})["detail"].item() == words


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


def test_a18_and_a19_count_from_the_first_day_of_the_quarter():
    """Exit in Q1 2025: its quarter 2 began on 1 July. Exit in Q3 2024: quarter 4 on 1 July."""
    second = lines("A-18", {**EXITED, "901": "2025-03-31", "1602": 9})
    fourth = lines("A-19", {**EXITED, "901": "2024-09-30"})
    assert [f"{day:%Y-%m-%d}" for day in (*second["since"], *fourth["since"])] == ["2025-07-01"] * 2
    assert second["detail"].item() == "Exited Mar 31, 2025"
    assert fourth["detail"].item() == "Exited Sep 30, 2024"


def test_a18_and_a19_do_not_chase_a_youth_who_is_placed():
    """B is placed and in Adult too, where only employment counts; an adult has no placement."""
    youth = {"905": 1, "900": "2024-01-10", "901": "2024-09-30", "923": 0}
    placed = {**youth, "1900": 2, "1901": 1}
    rows = [placed, {**placed, "903": 1}, youth, {**placed, "905": 0, "903": 1}]
    assert set(named("A-18", *rows)) == set(named("A-19", *rows)) == {"B", "C", "D"}


def test_a20_a_supplemental_wage_may_still_be_matched_until_the_lock():
    """A match of 5 with a wage is an error (L-34) and no wage that waits; D has no wage."""
    wage = {**EXITED, "901": "2024-09-30", "1602": 1, "1603": 4, "1704": 5000}
    rows = [wage, {**wage, "1603": 5}, {**wage, "1603": 1}, {**wage, "1704": 0}]
    rows += [{**wage, "901": "2023-06-30"}, {**wage, "923": 3}]
    assert named("A-20", *rows) == {"A": "2026-10-01"}


YOUTH_GONE = {"905": 1, "900": "2024-01-10", "923": 0}


@pytest.mark.parametrize(
    ("exit_", "last", "due"),
    [
        ("2025-07-30", None, "2025-08-29"),  # day 16: day 30 is 14 days ahead
        ("2025-07-31", None, None),  # day 15: not yet
        ("2025-07-01", None, "2025-07-31"),  # day 45: day 30 is past
        ("2025-06-30", "2025-07-15", "2025-07-30"),  # given 15 days ahead of day 30: not for it
        ("2025-06-30", "2025-07-16", "2025-08-29"),  # given 14 days ahead: day 60 is next
        ("2025-05-01", "2025-06-30", "2025-07-30"),  # given on day 60: day 90 is past
        ("2025-02-01", "2025-05-02", "2025-07-31"),  # given on day 90: the quarter is past
        ("2024-08-20", "2025-05-17", "2025-08-20"),  # the last one, one year after exit
        ("2024-08-20", "2025-08-10", None),  # the last one is given
        ("2024-08-14", None, None),  # follow-up is over
    ],
)
def test_a21_follows_the_schedule_from_two_weeks_ahead(exit_, last, due):
    found = named("A-21", {**YOUTH_GONE, "901": exit_, "1412": last or ""})
    assert found == ({"A": due} if due else {})


def test_a22_is_quarterly_of_those_employed():
    adult = {**EXITED, "901": "2025-05-20"}
    hired = {**adult, "1600": 1}
    assert named("A-22", adult, hired, {**hired, "1503": "2025-08-04"}) == {"B": "2025-08-18"}
    assert lines("A-22", hired)["detail"].item() == "Day 90 after exit; no follow-up yet"
    # An excluded exit is in no follow-up.
    assert named("A-22", {**hired, "923": 2}) == {}


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


def test_a27_long_participation():
    assert set(named("A-27", {**ACTIVE, "900": "2023-08-15"}, {**ACTIVE, "900": "2023-08-16"})) == {
        "A"
    }


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
    assert lines("A-04", ACTIVE, application=table)["detail"].item() == "Applied 31 days ago"


def test_an_application_is_answered_by_an_entry_and_stands_under_a_contact_without_one():
    """A entered after applying, B before; C is a reportable individual."""
    table = pd.DataFrame(
        {
            "customer": list("ABC"),
            "applied": pd.to_datetime(["2025-02-01", "2025-04-01", "2025-04-01"]),
            "certified": pd.NaT,
            "status": "applied",
        }
    )
    found = lines("A-04", ACTIVE, ACTIVE, {"903": 4}, application=table)
    assert found["customer"].tolist() == ["B", "C"]
    assert found["row"].astype("object").where(found["row"].notna(), 0).tolist() == [0, 3]


def assigned(*lines: tuple[str, str, str | None]) -> dict[str, pd.DataFrame]:
    """Assignments by customer, planner and end; planner 3 has left."""
    customer, planner, end = zip(*lines, strict=True)
    table = {"customer": customer, "planner_id": planner, "to": pd.to_datetime(list(end))}
    known = {"planner_id": ["1", "2", "3"], "active": [True, True, False]}
    return {
        "assignment": pd.DataFrame({**table, "from": pd.Timestamp("2025-03-01")}),
        "planner": pd.DataFrame(known),
    }


def test_a_planners_lines_say_who_is_assigned_and_whom_the_planner_worked_with():
    """A stands; B was handed over while active; C left with the planner; D left after the end."""
    tables = assigned(("A", "1", None), ("B", "1", "2025-04-01"), ("C", "1", "2025-07-01"),
                      ("D", "1", "2025-04-01"))  # fmt: skip
    gone = {**YOUTH_GONE, "901": "2025-07-01"}
    frame = records(
        *({"100": n, **r} for n, r in zip("ABCD", [LATE, LATE, gone, gone], strict=True))
    )
    found = alerts(CaseTables(frame, TODAY, tables, planner="1"))
    mine = found[found["alert"].isin(["A-08", "A-21"])].set_index("customer")["mine"]
    assert mine.to_dict() == {
        "A": "assigned to me",
        "B": "worked with",
        "C": "assigned to me",
        "D": "worked with",
    }
    assert set(alerts(CaseTables(frame, TODAY, tables))["mine"]) == {""}


@pytest.mark.parametrize("kind", ["state", "lwia", "planner"])
def test_each_kind_of_scope_gets_its_own_alerts(kind):
    frame = records({"100": "A", **ACTIVE, "1201": "2025-05-16"})
    found = set(alerts(CaseTables(frame, TODAY), kind)["alert"])
    assert found
    assert all(kind in load_alerts()[alert].scopes for alert in found)


def test_the_meaning_of_an_alert_names_its_days_and_no_threshold_of_none():
    known = load_alerts()
    assert known["A-04"].meaning.endswith(f"more than {known['A-04'].days} days old")
    assert "have been over, with no service to come" in known["A-08"].meaning
    assert "over for more than 3 days, with" in replace(known["A-08"], days=3).meaning
