"""ER Q2, ER Q4 and ME: employment and earnings after exit.  Source: domain 2.3 to 2.7."""

from datetime import date

import pytest

from ipats_lib.indicators import aggregate, outcome_table
from tests.tables import annual, pirl, states


def test_both_ends_of_the_window_are_inside():
    rows = pirl("""
        id | 903 | 901      | 1602
        A  | 1   | 20230630 | 1
        B  | 1   | 20230701 | 1
        C  | 1   | 20240630 | 1
        D  | 1   | 20240701 | 1
    """)
    assert set(states(rows, "ERQ2")) == {("B", "adult"), ("C", "adult")}


@pytest.mark.parametrize(
    ("code", "expected"),
    [("1", "success"), ("2", "success"), ("3", "success"), ("4", "failure"), ("0", "failure")]
    + [("9", "pending"), ("", "failure")],
)
def test_employment_codes(code, expected):
    """4 is vocational rehabilitation's; 9 is not yet available; blank is not a success."""
    rows = pirl(f"""
        id | 904 | 901      | 1602
        A  | 2   | 20230905 | {code}
    """)
    assert states(rows, "ERQ2") == {("A", "dw"): expected}


@pytest.mark.parametrize(
    ("indicator", "employed", "match"), [("ERQ2", "1602", "1603"), ("ERQ4", "1606", "1607")]
)
def test_match_type_5_is_not_yet_available(indicator, employed, match):
    """Not known yet by its match alone; a job that is known stays a success (domain 2.4)."""
    rows = pirl(f"""
        id | 903 | 901      | {employed} | {match}
        A  | 1   | 20230905 | 0          | 5
        B  | 1   | 20230905 |            | 5
        C  | 1   | 20230905 | 1          | 5
        D  | 1   | 20230905 | 0          | 0
        E  | 1   | 20230905 | 0          | 4
    """)
    report = annual(2024)
    assert states(rows, indicator, report) == {
        ("A", "adult"): "pending",
        ("B", "adult"): "pending",
        ("C", "adult"): "success",
        ("D", "adult"): "failure",
        ("E", "adult"): "failure",
    }


def test_fourth_quarter_does_not_depend_on_the_second():
    rows = pirl("""
        id | 903 | 901      | 1602 | 1606
        A  | 3   | 20230905 | 0    | 1
    """)
    assert states(rows, "ERQ4") == {("A", "adult"): "success"}


def test_a_blank_outcome_is_pending_until_its_quarter_is_over():
    """Exit on 5 September 2023: the second quarter after it ends on 31 March 2024."""
    rows = pirl("""
        id | 903 | 901
        A  | 1   | 20230905
    """)
    pending, failure = {("A", "adult"): "pending"}, {("A", "adult"): "failure"}
    assert states(rows, "ERQ2", as_of=date(2024, 3, 31)) == pending
    assert states(rows, "ERQ2", as_of=date(2024, 4, 1)) == failure


@pytest.mark.parametrize("code", ["00", "", "98", "99"])
def test_no_exclusion(code):
    rows = pirl(f"""
        id | 903 | 901      | 923    | 1602
        A  | 1   | 20230905 | {code} | 1
    """)
    assert states(rows, "ERQ2") == {("A", "adult"): "success"}


@pytest.mark.parametrize("code", ["01", "02", "03", "04", "05", "06", "07"])
def test_exit_reasons_exclude(code):
    rows = pirl(f"""
        id | 903 | 901      | 923    | 1602
        A  | 1   | 20230905 | {code} | 1
    """)
    assert states(rows, "ERQ2") == {("A", "adult"): "excluded"}


@pytest.mark.parametrize(
    ("employed", "wage", "counts"),
    [("1", "0.01", True), ("1", "999999.98", True), ("1", "999999.99", False)]
    + [("1", "0.00", False), ("1", "", False), ("0", "5000.00", False), ("9", "5000.00", False)],
)
def test_wages_that_count(employed, wage, counts):
    rows = pirl(f"""
        id | 903 | 901      | 1602       | 1704
        A  | 1   | 20230905 | {employed} | {wage}
    """)
    known = {key: state for key, state in states(rows, "ME").items() if state != "awaiting"}
    assert known == ({("A", "adult"): "success"} if counts else {})


def test_a_wage_that_may_still_come_is_awaited_beside_the_denominator():
    """Exit on 5 September 2023: the second quarter after it ends on 31 March 2024."""
    rows = pirl("""
        id | 903 | 901      | 923 | 1602 | 1603 | 1704
        A  | 1   | 20230905 |     | 1    | 1    | 999999.99
        B  | 1   | 20230905 |     | 9    | 5    | 999999.99
        C  | 1   | 20230905 |     | 0    | 5    |
        D  | 1   | 20230905 |     | 0    | 0    | 0.00
        E  | 1   | 20230905 | 03  | 1    | 1    | 999999.99
        F  | 1   | 20230905 |     | 1    | 4    | 0.00
        G  | 1   | 20230905 |     | 1    | 5    | 4100.00
    """)
    table = outcome_table(rows, [annual(2024)], date(2024, 4, 1))
    mine = table[(table["indicator"] == "ME") & (table["program"] == "adult")]
    found = list(zip(mine["row"], mine["state"], mine["reason"], strict=True))
    assert found == [
        (1, "awaiting", "wage_q2_not_yet_available"),
        (2, "awaiting", "employment_q2_not_yet_available"),
        (3, "awaiting", "match_q2_not_yet_available"),
        (7, "success", "wage_found_q2"),
    ]
    figures = aggregate(mine, ["program"])
    assert figures[["denominator", "value"]].iloc[0].tolist() == [1, 4100.0]
    early = states(rows, "ME", as_of=date(2024, 3, 31))
    assert {id_ for (id_, _), state in early.items() if state == "awaiting"} == set("ABCDF")


def test_wagner_peyser_is_a_stream_of_its_own():
    rows = pirl("""
        id | 918 | 903 | 901      | 1602 | 1900
        A  | 1   | 0   | 20230905 | 0    | 2
        B  | 1   | 1   | 20230905 | 1    | 0
    """)
    assert states(rows, "ERQ2") == {
        ("A", "wp"): "failure",
        ("B", "wp"): "success",
        ("B", "adult"): "success",
    }


def test_the_window_moves_with_the_program_year():
    rows = pirl("""
        id | 903 | 901      | 1602
        A  | 1   | 20240905 | 1
    """)
    assert states(rows, "ERQ2", annual(2024)) == {}
    assert states(rows, "ERQ2", annual(2025)) == {("A", "adult"): "success"}
