"""Rounding on pages: half up, never minus zero, never across a mark (decision 0017)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipats_lib.rounding import MARKS, percent_of_level, rounded


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [(0.25, 1, "0.3"), (-0.25, 1, "-0.3"), (28.749999999999996, 1, "28.8"), (-0.04, 1, "0.0"),
     (1234.5, 0, "1235"), (-0.4, 0, "0")],
)  # fmt: skip
def test_numbers_are_rounded_half_up_and_never_to_minus_zero(value, places, shown):
    assert str(rounded(value, places)) == shown


@pytest.mark.parametrize(
    ("percent", "shown"),
    [
        (89.94, "89.9%"),
        (89.96, "89.96%"),
        (89.996, "89.996%"),
        (90.04, "90.0%"),
        (99.95, "99.95%"),
        (99.94, "99.9%"),
        (100.04, "100.0%"),
        (49.97, "49.97%"),
        (1234.56, "1,234.6%"),
    ],
)
def test_a_percent_of_a_level_shows_one_more_digit_where_rounding_would_cross_a_mark(
    percent, shown
):
    assert percent_of_level(percent) == shown


@given(st.floats(0, 200))
def test_what_is_shown_lies_on_the_same_side_of_every_mark(percent):
    shown = float(percent_of_level(percent).rstrip("%").replace(",", ""))
    exact = round(percent, 11)
    assert all((shown < mark) == (exact < mark) for mark in MARKS)
