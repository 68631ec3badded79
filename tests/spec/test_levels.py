"""Levels and what a figure is compared with, by hand.  Source: domain 3.1 to 3.4."""

from datetime import date

import numpy as np
import pytest

from ipats_lib.levels import Level, target, year_over


@pytest.mark.parametrize(
    ("adjusted", "over", "value", "which"),
    [
        (None, False, 0.80, "negotiated"),
        (None, True, 0.80, "negotiated"),
        (0.75, False, 0.80, "negotiated"),
        (0.75, True, 0.75, "adjusted"),
    ],
)
def test_the_adjusted_level_counts_once_the_year_is_over_and_it_is_published(
    adjusted, over, value, which
):
    assert target(Level(0.80, adjusted, "x"), over) == (value, which)


def test_where_there_is_no_level_there_is_no_target():
    value, which = target(None, True)
    assert np.isnan(value)
    assert not which


def test_a_program_year_is_over_on_the_first_of_july():
    assert not year_over(2024, date(2025, 6, 30))
    assert year_over(2024, date(2025, 7, 1))
