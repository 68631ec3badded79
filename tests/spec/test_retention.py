"""ESE: retention with the same employer.  Source: domain 2.10; 89 FR 13814."""

from datetime import date

import pytest

from ipats_lib.cohorts import Records, View
from ipats_lib.indicators.outcomes import judge
from ipats_lib.indicators.rules import ESE, INDICATORS
from tests.tables import annual, pirl

AFTER = date(2026, 12, 31)


def states(rows, as_of=AFTER) -> dict[str, str]:
    view = View(Records(rows), "title1", annual(2024).cohort("ER_Q4"), as_of)
    state, _ = judge(view, ESE)
    return dict(zip(rows["100"].astype("str"), state.tolist(), strict=True))


def test_every_core_program_counts_and_a_record_in_several_counts_once():
    rows = pirl("""
        id | 903 | 904 | 905 | 918 | 901      | 1602 | 1603 | 1618
        A  | 1   | 1   | 1   | 1   | 20230615 | 1    | 1    | 1
        B  |     |     |     | 1   | 20230615 | 1    | 1    | 1
        C  |     |     | 2   |     | 20230615 | 2    | 3    | 0
        D  | 4   | 4   |     | 0   | 20230615 | 1    | 1    | 1
    """)
    expected = {"A": "success", "B": "success", "C": "failure", "D": "not_in_scope"}
    assert states(rows) == expected


def test_adult_education_and_vocational_rehabilitation_are_core_programs_too():
    rows = pirl("""
        id | 903 | 910 | 917 | 901      | 1602 | 1603 | 1618
        A  | 0   | 1   | 0   | 20230615 | 1    | 1    | 1
        B  | 0   | 0   | 3   | 20230615 | 1    | 1    | 0
        C  | 0   | 9   | 0   | 20230615 | 1    | 1    | 1
    """)
    assert states(rows) == {"A": "success", "B": "failure", "C": "not_in_scope"}


@pytest.mark.parametrize(
    ("match", "expected"),
    [("1", "success"), ("2", "success"), ("3", "success"), ("4", "success")]
    + [("0", "not_in_scope"), ("5", "not_in_scope"), ("", "not_in_scope")],
)
def test_supplemental_wage_information_counts_as_wage_records_do(match, expected):
    """The final rule does not limit the type of wage information; 0, 5 and blank are no match."""
    rows = pirl(f"""
        id | 903 | 901      | 1602 | 1603    | 1618
        A  | 1   | 20230615 | 1    | {match} | 1
    """)
    assert states(rows) == {"A": expected}


@pytest.mark.parametrize("employed", ["0", "4", "9", ""])
def test_only_unsubsidized_employment_in_the_second_quarter_is_counted(employed):
    rows = pirl(f"""
        id | 903 | 901      | 1602       | 1603 | 1618
        A  | 1   | 20230615 | {employed} | 1    | 1
    """)
    assert states(rows) == {"A": "not_in_scope"}


def test_window_exclusion_and_pending():
    """Exit on 15 June 2023: the fourth quarter after it ends on 30 June 2024."""
    rows = pirl("""
        id | 903 | 901      | 923 | 1602 | 1603 | 1618
        A  | 1   | 20221231 |     | 1    | 1    | 1
        B  | 1   | 20231231 | 00  | 1    | 2    | 1
        C  | 1   | 20230615 | 03  | 1    | 1    | 1
        D  | 1   | 20230615 |     | 1    | 1    | 9
        E  | 1   | 20230615 |     | 1    | 1    |
    """)
    late = {"A": "not_in_scope", "B": "success", "C": "excluded", "D": "pending", "E": "failure"}
    assert states(rows) == late
    assert states(rows, date(2024, 6, 30)) == {**late, "E": "pending"}


def test_it_is_in_no_programs_line_and_so_in_no_programs_score():
    assert "ESE" not in INDICATORS
    assert not ESE.programs
