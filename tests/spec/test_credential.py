"""CR: credential attainment.  Source: domain 2.8; PIRL 1303 to 1406, 1800 to 1805."""

from datetime import date

import pytest

from ipats_lib.params import load_layout
from tests.tables import annual, pirl, states

TRAINING_CODES = next(e.codes for e in load_layout().elements if e.number == "1303")
LEADS_TO_A_CREDENTIAL = {"02", "03", "04", "06", "07", "08", "09", "10"}


@pytest.mark.parametrize("code", TRAINING_CODES)
@pytest.mark.parametrize("slot", ["1303", "1310", "1315"])
def test_training_types_in_the_denominator(code, slot):
    rows = pirl(f"""
        id | 903 | 901      | {slot}
        A  | 1   | 20230615 | {code}
    """)
    in_denominator = {("A", "adult"): "failure"} if code in LEADS_TO_A_CREDENTIAL else {}
    assert states(rows, "CR") == in_denominator


@pytest.mark.parametrize("kind", ["2", "3", "4", "5", "6", "7"])
@pytest.mark.parametrize("slot", [("1800", "1801"), ("1802", "1803"), ("1804", "1805")])
def test_postsecondary_credentials_in_any_slot_succeed(kind, slot):
    rows = pirl(f"""
        id | 903 | 900      | 901      | 1303 | {slot[0]} | {slot[1]}
        A  | 1   | 20230101 | 20230615 | 06   | {kind}    | 20230601
    """)
    assert states(rows, "CR") == {("A", "adult"): "success"}


@pytest.mark.parametrize("kind", ["0", "8"])
@pytest.mark.parametrize("slot", [("1800", "1801"), ("1802", "1803"), ("1804", "1805")])
def test_other_kinds_do_not_count(kind, slot):
    """8, a post-graduate degree, is of Vocational Rehabilitation alone: no credential here, also
    of who is in both."""
    rows = pirl(f"""
        id | 903 | 917 | 900      | 901      | 1303 | {slot[0]} | {slot[1]}
        A  | 1   | 0   | 20230101 | 20230615 | 06   | {kind}    | 20230601
        B  | 1   | 2   | 20230101 | 20230615 | 06   | {kind}    | 20230601
    """)
    assert states(rows, "CR") == {("A", "adult"): "failure", ("B", "adult"): "failure"}


@pytest.mark.parametrize("kind", ["1", "6"])
@pytest.mark.parametrize("slot", [("1800", "1801"), ("1802", "1803"), ("1804", "1805")])
def test_a_credential_earned_before_entry_is_not_this_programs(kind, slot):
    """A diploma, linked by employment, has the same lower bound as other credentials."""
    rows = pirl(f"""
        id | 903 | 900      | 901      | 1303 | 1600 | {slot[0]} | {slot[1]}
        A  | 1   | 20230101 | 20230615 | 06   | 1    | {kind}    | 20221231
        B  | 1   | 20230101 | 20230615 | 06   | 1    | {kind}    | 20230101
    """)
    assert states(rows, "CR") == {("A", "adult"): "failure", ("B", "adult"): "success"}


def test_one_year_after_a_leap_day_is_the_28th_of_february():
    rows = pirl("""
        id | 903 | 901      | 1303 | 1800 | 1801
        A  | 1   | 20240229 | 06   | 6    | 20250228
        B  | 1   | 20240229 | 06   | 6    | 20250301
    """)
    assert states(rows, "CR", annual(2025)) == {
        ("A", "adult"): "success",
        ("B", "adult"): "failure",
    }


def test_secondary_school_needs_both_no_diploma_and_enrolment():
    rows = pirl("""
        id | 905 | 901      | 408 | 1401
        A  | 1   | 20230615 | 0   | 1
        B  | 1   | 20230615 | 1   | 1
        C  | 1   | 20230615 | 0   | 0
        D  | 1   | 20230615 |     | 1
    """)
    assert states(rows, "CR") == {("A", "youth"): "failure"}


def test_postsecondary_education_alone_is_enough_for_the_denominator():
    rows = pirl("""
        id | 904 | 901      | 1332
        A  | 1   | 20230615 | 1
    """)
    assert states(rows, "CR") == {("A", "dw"): "failure"}


@pytest.mark.parametrize(
    ("as_of", "expected"), [(date(2024, 6, 15), "pending"), (date(2024, 6, 16), "failure")]
)
def test_pending_up_to_one_year_after_exit(as_of, expected):
    rows = pirl("""
        id | 903 | 901      | 1303
        A  | 1   | 20230615 | 06
    """)
    assert states(rows, "CR", as_of=as_of) == {("A", "adult"): expected}


def test_diploma_waiting_for_wages_is_pending():
    rows = pirl("""
        id | 905 | 901      | 408 | 1401 | 1800 | 1801     | 1606
        A  | 1   | 20230615 | 0   | 1    | 1    | 20230601 | 9
    """)
    assert states(rows, "CR") == {("A", "youth"): "pending"}


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (date(2025, 4, 1), "pending"),  # the year itself is not over
        (date(2025, 5, 15), "pending"),  # the fourth quarter after exit runs to 30 June 2025
        (date(2025, 6, 30), "pending"),
        (date(2025, 7, 1), "failure"),
    ],
)
def test_a_diploma_waits_for_the_fourth_quarter_after_exit(as_of, expected):
    """Employment in any of four quarters links it; a credential has one year (domain 2.8)."""
    rows = pirl("""
        id | 905 | 901      | 408 | 1401 | 1800 | 1801
        A  | 1   | 20240401 | 0   | 1    | 1    | 20240301
        B  | 1   | 20240401 | 0   | 1    |      |
    """)
    alone = "pending" if as_of <= date(2025, 4, 1) else "failure"
    assert states(rows, "CR", annual(2025), as_of) == {
        ("A", "youth"): expected,
        ("B", "youth"): alone,
    }


@pytest.mark.parametrize("match", ["1601", "1603", "1605", "1607"])
def test_a_match_that_is_not_yet_available_keeps_a_diploma_pending(match):
    rows = pirl(f"""
        id | 905 | 901      | 408 | 1401 | 1800 | 1801     | {match}
        A  | 1   | 20230615 | 0   | 1    | 1    | 20230601 | 5
        B  | 1   | 20230615 | 0   | 1    | 1    | 20230601 | 0
    """)
    assert states(rows, "CR") == {("A", "youth"): "pending", ("B", "youth"): "failure"}


def test_wagner_peyser_has_no_credential_rate():
    rows = pirl("""
        id | 918 | 901      | 1303
        A  | 1   | 20230615 | 06
    """)
    assert states(rows, "CR") == {}
