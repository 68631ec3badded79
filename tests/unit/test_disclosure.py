"""Withholding.  Source: domain 7.3, rules 1 and 2."""

import pandas as pd
import pytest

from ipats_lib.disclosure import Thresholds, withhold

LIMITS = Thresholds(
    minimum_denominator=10, minimum_numerator=3, minimum_wages=10, minimum_hidden_cells=3
)


def cells(*sizes, measure="ERQ2"):
    """One area per (numerator, denominator); value is their ratio."""
    return pd.DataFrame(
        {
            "report": "annual", "quarter": "", "window": "annual", "area_type": "lwia",
            "area": [f"{n:02d}" for n in range(len(sizes))], "program": "adult",
            "measure": measure,
            "numerator": pd.array([n for n, _ in sizes], dtype="Int64"),
            "denominator": [d for _, d in sizes],
            "value": [n / d if d and n is not None else None for n, d in sizes],
            "suppressed": False,
        }
    )  # fmt: skip


def hidden(frame):
    return withhold(frame, LIMITS)["suppressed"].tolist()


BIG = [(50, 100), (60, 110), (70, 120), (80, 130)]


def test_large_cells_are_shown():
    assert hidden(cells(*BIG)) == [False] * 4


@pytest.mark.parametrize("small", [(5, 9), (2, 100), (98, 100)])
def test_small_denominator_numerator_or_complement_is_withheld(small):
    assert hidden(cells(small, *BIG))[0]


def test_one_small_cell_hides_the_next_smallest_so_that_no_sum_gives_it_back():
    assert hidden(cells((5, 9), *BIG)) == [True, True, True, False, False]


def test_hidden_cells_hold_together_at_least_a_publishable_count():
    tiny = cells((1, 2), (1, 2), (1, 2), *BIG)
    assert hidden(tiny) == [True, True, True, True, False, False, False]


def test_empty_cells_hide_nobody():
    assert hidden(cells((0, 0), *BIG)) == [False] * 5


def test_a_set_of_one_cell_is_judged_alone():
    assert hidden(cells((5, 9))) == [True]


def test_medians_need_ten_wages():
    medians = cells((None, 9), (None, 10), (None, 50), (None, 60), (None, 70), measure="ME")
    assert hidden(medians)[0]
    assert not hidden(medians)[-1]


def test_a_withheld_line_keeps_its_keys_and_loses_every_number():
    line = withhold(cells((5, 9)), LIMITS).iloc[0]
    assert line["area"] == "00"
    assert line[["numerator", "denominator", "value"]].isna().all()
