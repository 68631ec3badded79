"""The twenty reference cases of domain 2.13, by number.

PY2024 annual: ER Q2 and ME exits 2023-07-01 to 2024-06-30, ER Q4 and CR exits 2023-01-01 to
2023-12-31, MSG 2024-07-01 to 2025-06-30.
"""

from datetime import date

import pytest

from ipats_lib.indicators import aggregate, outcome_table
from tests.tables import AFTER_EVERYTHING, annual, pirl, states

PY2024 = annual(2024)


def wages(rows):
    table = outcome_table(rows, [PY2024], AFTER_EVERYTHING)
    lines = table[(table["indicator"] == "ME") & (table["program"] == "adult")]
    return lines["value"].dropna().tolist()


def test_case_01_employed_with_a_wage():
    rows = pirl("""
        id | 903 | 901      | 923 | 1602 | 1704
        A  | 1   | 20230701 | 00  | 1    | 8000.00
    """)
    assert states(rows, "ERQ2") == {("A", "adult"): "success"}
    assert wages(rows) == [8000.0]


def test_case_02_not_yet_available_is_pending_and_has_no_wage():
    rows = pirl("""
        id | 903 | 901      | 923 | 1602 | 1704
        A  | 1   | 20240630 | 00  | 9    | 999999.99
    """)
    assert states(rows, "ERQ2") == {("A", "adult"): "pending"}
    assert wages(rows) == []


def test_case_03_apprentice_without_a_wage():
    rows = pirl("""
        id | 903 | 901      | 923 | 1602 | 1704
        A  | 1   | 20240630 | 00  | 2    | 0.00
    """)
    assert states(rows, "ERQ2") == {("A", "adult"): "success"}
    assert wages(rows) == []


@pytest.mark.parametrize("indicator", ["ERQ2", "ERQ4"])
def test_case_04_health_exit_is_excluded(indicator):
    rows = pirl("""
        id | 903 | 901      | 923 | 1602 | 1606 | 1303
        A  | 1   | 20231010 | 02  | 0    | 0    | 06
    """)
    assert states(rows, indicator) == {("A", "adult"): "excluded"}


def test_case_04_health_exit_is_excluded_from_credentials_and_wages():
    rows = pirl("""
        id | 903 | 901      | 923 | 1602 | 1704    | 1303
        A  | 1   | 20231010 | 02  | 1    | 7000.00 | 06
    """)
    assert states(rows, "CR") == {("A", "adult"): "excluded"}
    assert wages(rows) == []


def test_case_05_youth_placement_succeeds_without_a_wage():
    rows = pirl("""
        id | 905 | 901      | 1602 | 1900
        Y  | 1   | 20230905 | 0    | 2
    """)
    assert states(rows, "ERQ2") == {("Y", "youth"): "success"}
    assert states(rows, "ME") == {}


def test_case_06_placement_counts_for_youth_only():
    rows = pirl("""
        id | 903 | 905 | 901      | 1602 | 1900
        A  | 1   | 0   | 20230905 | 0    | 2
        AY | 1   | 1   | 20230905 | 0    | 2
    """)
    assert states(rows, "ERQ2") == {
        ("A", "adult"): "failure",
        ("AY", "adult"): "failure",
        ("AY", "youth"): "success",
    }


def test_case_07_on_the_job_training_alone_is_outside_credentials():
    rows = pirl("""
        id | 903 | 901      | 1303
        A  | 1   | 20231231 | 01
    """)
    assert states(rows, "CR") == {}


def test_case_08_credential_exactly_one_year_after_exit():
    rows = pirl("""
        id | 903 | 901      | 1303 | 1800 | 1801
        A  | 1   | 20231231 | 06   | 6    | 20241231
    """)
    assert states(rows, "CR") == {("A", "adult"): "success"}


def test_case_09_credential_a_day_too_late():
    rows = pirl("""
        id | 903 | 901      | 1303 | 1800 | 1801
        A  | 1   | 20231231 | 06   | 6    | 20250101
    """)
    assert states(rows, "CR") == {("A", "adult"): "failure"}


def test_case_10_diploma_alone():
    rows = pirl("""
        id | 905 | 901      | 408 | 1401 | 1800 | 1801     | 1600 | 1602 | 1604 | 1606
        Y  | 1   | 20230520 | 0   | 1    | 1    | 20230501 | 0    | 0    | 0    | 0
    """)
    assert states(rows, "CR") == {("Y", "youth"): "failure"}


def test_case_11_diploma_with_employment_in_the_third_quarter():
    rows = pirl("""
        id | 905 | 901      | 408 | 1401 | 1800 | 1801     | 1604
        Y  | 1   | 20230520 | 0   | 1    | 1    | 20230501 | 1
    """)
    assert states(rows, "CR") == {("Y", "youth"): "success"}


def test_case_12_diploma_with_enrolment_exactly_one_year_after_exit():
    rows = pirl("""
        id | 905 | 901      | 408 | 1401 | 1800 | 1801     | 1406
        Y  | 1   | 20230520 | 0   | 1    | 1    | 20230501 | 20240520
        Z  | 1   | 20230520 | 0   | 1    | 1    | 20230501 | 20240521
    """)
    assert states(rows, "CR") == {("Y", "youth"): "success", ("Z", "youth"): "failure"}


@pytest.mark.parametrize(
    ("as_of", "expected"), [(date(2025, 6, 30), "pending"), (date(2025, 7, 1), "failure")]
)
def test_case_13_enrolled_in_education_on_the_last_day(as_of, expected):
    rows = pirl("""
        id | 904 | 900      | 1811
        D  | 1   | 20250601 | 20250630
    """)
    assert states(rows, "MSG", as_of=as_of) == {("D", "dw"): expected}


def test_case_14_education_completed_before_the_window():
    rows = pirl("""
        id | 904 | 900      | 1811     | 1813     | 1810
        D  | 1   | 20230105 | 20230110 | 20240630 | 20240615
    """)
    assert states(rows, "MSG") == {}


def test_case_15_offender_exit_stays_in_skill_gains():
    rows = pirl("""
        id | 903 | 900      | 901      | 923 | 1811     | 1809
        A  | 1   | 20240601 | 20240801 | 07  | 20240705 | 20240720
    """)
    assert states(rows, "MSG") == {("A", "adult"): "success"}
    assert states(rows, "ERQ2", annual(2025)) == {("A", "adult"): "excluded"}


@pytest.mark.parametrize("indicator", ["ERQ2", "ERQ4", "ME", "CR", "MSG"])
def test_case_16_reportable_individual_is_nowhere(indicator):
    rows = pirl("""
        id | 903 | 900      | 901      | 1602 | 1606 | 1704    | 1303 | 1811
        R  | 4   | 20230601 | 20231115 | 1    | 1    | 8000.00 | 06   | 20230705
    """)
    assert states(rows, indicator) == {}


def test_case_17_median_of_an_even_count():
    rows = pirl("""
        id | 903 | 901      | 1602 | 1704
        A  | 1   | 20230905 | 1    | 5000.00
        B  | 1   | 20230905 | 1    | 6000.00
        C  | 1   | 20230905 | 1    | 7000.00
        D  | 1   | 20230905 | 1    | 9000.00
    """)
    figures = aggregate(outcome_table(rows, [PY2024], AFTER_EVERYTHING), ["program"])
    line = figures[(figures["program"] == "adult") & (figures["indicator"] == "ME")].iloc[0]
    assert (line["value"], line["denominator"]) == (6500.0, 4)


def test_case_18_two_periods_count_twice_in_the_rate():
    rows = pirl("""
        id | 903 | 900      | 901      | 1602
        A  | 1   | 20230101 | 20230705 | 1
        A  | 1   | 20231201 | 20240305 | 0
    """)
    figures = aggregate(outcome_table(rows, [PY2024], AFTER_EVERYTHING), ["program"])
    line = figures[(figures["program"] == "adult") & (figures["indicator"] == "ERQ2")].iloc[0]
    assert (line["numerator"], line["denominator"]) == (1, 2)
    assert rows["100"].nunique() == 1


def test_case_19_co_enrolled_counts_in_each_stream_and_once_in_the_total():
    rows = pirl("""
        id | 903 | 904 | 901      | 1602
        A  | 1   | 1   | 20230905 | 1
    """)
    figures = aggregate(outcome_table(rows, [PY2024], AFTER_EVERYTHING), ["program"])
    erq2 = figures[figures["indicator"] == "ERQ2"].set_index("program")["denominator"]
    assert erq2.to_dict() == {"adult": 1, "dw": 1, "title1": 1}


def test_case_20_the_last_day_of_the_year_divides_the_cohorts():
    rows = pirl("""
        id | 903 | 901      | 1606
        A  | 1   | 20231231 | 1
        B  | 1   | 20240101 | 1
    """)
    assert states(rows, "ERQ4") == {("A", "adult"): "success"}
    assert states(rows, "ERQ4", annual(2025)) == {("B", "adult"): "success"}
