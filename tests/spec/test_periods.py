"""The report calendar.  Source: domain 2.2."""

from datetime import date

import numpy as np
import pytest

from ipats_lib.cohorts import whole_from
from ipats_lib.errors import UsageError
from ipats_lib.periods import LAG, Period, Quarter, Window, program_year, program_year_end


def test_annual_windows_of_py2024():
    report = Period.parse("PY2024").reports[0]
    assert report.cohort("served") == Window(date(2024, 7, 1), date(2025, 6, 30))
    assert report.cohort("exited") == Window(date(2024, 4, 1), date(2025, 3, 31))
    assert report.cohort("ER_Q2") == Window(date(2023, 7, 1), date(2024, 6, 30))
    assert report.cohort("ER_Q4") == Window(date(2023, 1, 1), date(2023, 12, 31))
    assert report.cohort("MSG") == Window(date(2024, 7, 1), date(2025, 6, 30))


@pytest.mark.parametrize("cohort", LAG)
def test_rolling_windows_of_the_fourth_quarter_are_the_annual_ones(cohort):
    rolling = Period.parse("PY2024Q4").reports[0]
    assert rolling.window == "rolling4"
    assert rolling.cohort(cohort) == Period.parse("PY2024").reports[0].cohort(cohort)


def test_current_quarter_windows():
    """R is Jan-Mar 2025: exits of R-4 feed ER Q2, of R-6 feed ER Q4, of R-1 are the exiters."""
    current = Period.parse("PY2024Q3").reports[1]
    assert current.window == "current"
    assert current.cohort("ER_Q2") == Window(date(2024, 1, 1), date(2024, 3, 31))
    assert current.cohort("ER_Q4") == Window(date(2023, 7, 1), date(2023, 9, 30))
    assert current.cohort("exited") == Window(date(2024, 10, 1), date(2024, 12, 31))
    assert current.cohort("MSG") == Window(date(2025, 1, 1), date(2025, 3, 31))


@pytest.mark.parametrize("quarter", [1, 2, 3, 4])
def test_the_program_year_to_date_grows_quarter_by_quarter(quarter):
    """It begins where the annual report's windows begin, and ends with the report quarter."""
    period = Period(2024, quarter)
    to_date = next(w for w in period.windows if w.window == "ytd")
    current = next(w for w in period.windows if w.window == "current")
    assert to_date.quarters == quarter
    assert to_date.cohort("served").start == date(2024, 7, 1)
    assert to_date.cohort("ER_Q2").start == date(2023, 7, 1)
    assert to_date.cohort("ER_Q4").start == date(2023, 1, 1)
    assert to_date.cohort("ER_Q2").end == current.cohort("ER_Q2").end


def test_an_annual_publication_offers_the_year_and_its_last_quarter():
    assert [w.window for w in Period(2024).windows] == ["annual", "current"]
    assert Period(2024).windows[1] == Period(2024, 4).windows[1]


def test_a_few_old_exits_do_not_make_a_whole_quarter():
    """One exit in 2022, forty in each quarter of 2023: the extract is whole from 2023 on."""
    days = ["2022-02-01", *(f"2023-{month:02d}-10" for month in (1, 4, 7, 10) for _ in range(40))]
    assert whole_from(np.array([*days, "NaT"], dtype="datetime64[D]")) == date(2023, 1, 1)
    assert whole_from(np.array(["NaT"], dtype="datetime64[D]")) is None


def test_program_years_turn_on_the_first_of_july():
    assert program_year(date(2024, 6, 30)) == 2023
    assert program_year(date(2024, 7, 1)) == 2024
    assert program_year_end(date(2024, 7, 1)) == date(2025, 6, 30)


def test_quarters_add_across_years():
    assert (Quarter.of(date(2024, 5, 10)) + 4).start == date(2025, 4, 1)
    assert Quarter.of(date(2024, 12, 31)).end == date(2024, 12, 31)
    assert Quarter.of(date(2024, 1, 1)).label == "2024 Q1"


def test_earlier_periods_cross_the_program_year():
    assert Period.parse("PY2024Q1").earlier(1) == Period.parse("PY2023Q4")
    assert Period.parse("PY2024Q4").earlier(4) == Period.parse("PY2023Q4")


@pytest.mark.parametrize(
    ("period", "title"),
    [
        ("PY2024", "July 2024 to June 2025 (PY 2024)"),
        ("PY2024Q1", "July to September 2024 (PY 2024, quarter 1)"),
        ("PY2024Q2", "October to December 2024 (PY 2024, quarter 2)"),
        ("PY2024Q3", "January to March 2025 (PY 2024, quarter 3)"),
        ("PY2024Q4", "April to June 2025 (PY 2024, quarter 4)"),
    ],
)
def test_a_title_names_the_months_and_their_program_year(period, title):
    assert Period.parse(period).title == title


@pytest.mark.parametrize("text", ["2024", "PY24", "PY2024Q5", "PY2024q4", "PY2024Q4/..", ""])
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError):
        Period.parse(text)
