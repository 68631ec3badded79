"""What it takes, by hand.  Source: issue "Performance tools", page 3; domain 3.1, 2.2."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipats_lib.due_dates import due
from ipats_lib.periods import Period
from ipats_lib.projection import (
    Guess,
    Known,
    back_test,
    back_test_dated,
    back_test_medians,
    band,
    bands_of,
    mean_miss,
    median_bounds,
    median_expected,
    more_successes,
    more_wages,
    share_by_waits,
    share_expected,
    share_still_to_come,
)


def test_seventy_of_a_hundred_against_75_percent():
    """75 successes reach the level, 67.5 (so 68, reached) are 90 percent of it."""
    assert more_successes(70, 100, 0.75, 100) == 5
    assert more_successes(70, 100, 0.75, 90) == 0
    assert more_successes(60, 100, 0.75, 90) == 8


def test_a_level_that_comes_out_even_needs_no_extra_success():
    assert more_successes(0, 10, 0.7, 100) == 7


def test_a_level_above_what_everyone_could_reach_is_said_to_be_out_of_reach():
    assert more_successes(3, 3, 1.05, 100) is None


@given(st.integers(1, 400), st.integers(0, 400), st.floats(0.01, 1.0))
def test_so_many_more_reach_the_level_and_one_fewer_does_not(denominator, successes, level):
    successes = min(successes, denominator)
    more = more_successes(successes, denominator, level, 100)
    assert more is not None
    assert (successes + more) / denominator >= level - 1e-9
    if more:
        assert (successes + more - 1) / denominator < level


def test_wages_around_a_median_level():
    """5000, 6000, 7000 against 6500: two wages below, one at or above; two more make three."""
    assert more_wages([5000, 6000, 7000], 6500, 100) == 2
    assert more_wages([5000, 6500, 7000], 6500, 100) == 0
    assert more_wages([], 6500, 100) == 1


@given(st.lists(st.integers(1, 20_000), max_size=40), st.integers(1, 20_000))
def test_so_many_more_wages_lift_the_median_to_the_level(wages, level):
    lifted = [*wages, *[level] * more_wages(wages, level, 100)]
    assert pd.Series(lifted).median() >= level


def test_of_those_still_open_after_100_days_a_third_succeeded_later():
    """Six succeeded early, four late, eight never: of the twelve open ones four came."""
    delays = [10.0] * 6 + [150.0] * 4 + [float("nan")] * 8
    assert share_still_to_come(delays, 100) == pytest.approx(4 / 12)
    assert share_still_to_come(delays, -1) == pytest.approx(10 / 18)
    assert pd.isna(share_still_to_come([1.0, float("nan")], 0))


QUARTERS = [Known("Q1", 8, 2), Known("Q2", 6, 4), Known("Q3", 9, 1)]


def test_the_expected_share_is_that_of_the_known_outcomes():
    assert share_expected(QUARTERS) == pytest.approx(23 / 30)


def test_under_ten_known_outcomes_nothing_is_expected():
    few = [Known(one.quarter_label, 1, 1) for one in QUARTERS]
    assert pd.isna(share_expected(few))
    assert back_test(few) == []
    assert pd.isna(mean_miss(back_test(few)))


def test_each_quarter_is_guessed_from_those_before_it():
    """Q2: 8 of 10 before, 6 of 10 then. Q3: 14 of 20 before, 9 of 10 then."""
    tested = back_test(QUARTERS)
    assert [one.quarter_label for one in tested] == ["Q2", "Q3"]
    assert [one.expected for one in tested] == pytest.approx([0.8, 0.7])
    assert [one.miss for one in tested] == pytest.approx([-0.2, 0.2])
    assert mean_miss(tested) == pytest.approx(0.2)


def guesses(*of):
    """A back-test: expected and actual shares, and known outcomes, of each quarter."""
    return [Guess("", expected, actual, actual - expected, known) for expected, actual, known in of]


EXACT = guesses(*[(0.7, 0.7, 100)] * 4)


def held(tested):
    """How many past quarters ended inside the band that the others give, of how many with one."""
    inside = [
        low <= round(one.actual * one.known) <= high
        for one, (low, high) in zip(tested, bands_of(tested), strict=True)
        if not np.isnan(low)
    ]
    return sum(inside), len(inside)


def test_a_band_where_the_past_was_guessed_exactly_is_chance_in_the_open_outcomes():
    """400 known: (280 + 0.5) / 401 = 0.6995, and 100 x 0.6995 x 0.3005 = 21.02. Four tests: t is
    1.533, half 7.03. 70 - 7.53 = 62.47 and 77.53.
    """
    assert band(0.7, 100, EXACT) == (63, 77)


def test_a_share_that_was_always_zero_is_not_sure_to_stay_zero():
    """0.5 / 65 = 0.0077; of 40 open ones 0.305, half 0.847: up to 1."""
    assert band(0.0, 40, guesses(*[(0.0, 0.0, 16)] * 4)) == (0, 1)
    assert band(1.0, 40, guesses(*[(1.0, 1.0, 16)] * 4)) == (39, 40)


def test_misses_beyond_chance_widen_a_band():
    """Misses of 0.1 on 100 known: 0.01 - 0.0021 = 0.0079 unexplained; 21.02 + 79, half 15.33."""
    tested = guesses((0.7, 0.8, 100), (0.7, 0.6, 100), (0.7, 0.8, 100), (0.7, 0.6, 100))
    assert band(0.7, 100, tested) == (55, 85)
    assert band(0.7, 10, tested) == (4, 10), "no more than all of them"


def test_misses_that_chance_explains_do_not_widen_a_band():
    """On 21 known outcomes a miss of 0.1 is chance: 0.7 x 0.3 / 21 = 0.01."""
    tested = guesses(*[(0.7, 0.8, 21), (0.7, 0.6, 21)] * 2)
    assert band(0.7, 100, tested) == band(0.7, 100, EXACT)


def test_without_four_tested_quarters_or_an_expectation_no_band_is_attached():
    """Fewer than four cannot test a band: each needs three others."""
    assert np.isnan(band(0.7, 100, EXACT[:3])).all()
    assert np.isnan(band(float("nan"), 100, EXACT)).all()
    assert held(EXACT[:3]) == (0, 0)


def test_a_band_is_back_tested_by_the_other_quarters():
    """Three quarters as guessed, one 40 points off: the band of the others does not hold it."""
    off = guesses(*[(0.7, 0.7, 100)] * 3, (0.7, 0.3, 100))
    assert held(EXACT) == (4, 4)
    assert held(off) == (3, 4)


@pytest.mark.parametrize(
    ("size", "pending", "moves"),
    [(40, 40, 0.0), (40, 40, 0.08), (300, 300, 0.03), (300, 60, 0.08), (2_000, 1_500, 0.05)],
)
def test_a_band_holds_what_comes_at_least_as_often_as_it_says(size, pending, moves):
    """Eight quarters whose share moves about 72 percent; the ninth is guessed, 250 times over.

    With few open outcomes a band of whole successes holds more than 80 percent: no narrower one
    would hold enough.
    """
    draw, inside = np.random.default_rng(7), []
    for _ in range(250):
        shares = np.clip(draw.normal(0.72, moves, 9), 0, 1)
        success = draw.binomial(size, shares[:-1])
        quarters = [Known(f"Q{n}", one, size - one) for n, one in enumerate(success.tolist())]
        low, high = band(share_expected(quarters), pending, back_test(quarters))
        inside.append(low <= draw.binomial(pending, shares[-1]) <= high)
    assert 0.77 <= np.mean(inside) <= 0.93


def test_each_record_is_expected_by_its_own_wait():
    """After 100 days 12 are open and 4 come; after 200 days 8 are open and none comes."""
    delays = [10.0] * 6 + [150.0] * 4 + [float("nan")] * 8
    assert pd.isna(share_by_waits(delays, [100, 200]))  # eight are too few to say
    delays += [float("nan")] * 4
    assert share_by_waits(delays, [100, 200]) == pytest.approx((4 / 16 + 0 / 12) / 2)
    assert pd.isna(share_by_waits(delays, []))


def test_dated_successes_are_tested_by_the_method_that_expects_them():
    """First cohort: of 16 open after 100 days 4 came. Second: of 10 open, 5 came."""
    first = np.array([10.0] * 6 + [150.0] * 4 + [float("nan")] * 12)
    second = np.array([50.0] * 3 + [120.0] * 5 + [float("nan")] * 5)
    tested = back_test_dated([("Q1", first), ("Q2", second)], [100])
    assert tested == [Guess("Q2", *map(pytest.approx, (0.25, 0.5, 0.25)), 10)]
    assert back_test_dated([("Q1", first)], [100]) == []


def test_what_awaited_wages_can_do_to_a_median():
    """1, 2, 3, 4, 5: with two below, the middle of seven is 2; with two above, it is 4."""
    assert median_bounds([3, 1, 2, 5, 4], 2) == (2, 4)
    assert median_bounds([3, 1, 2], 0) == (2, 2)
    low, high = median_bounds([3, 1, 2], 3)  # the middle lies between known and unknown
    assert np.isnan(low)
    assert np.isnan(high)


@given(
    st.lists(st.integers(1, 99), min_size=1, max_size=12),
    st.lists(st.integers(1, 99), max_size=8),
    st.integers(0, 4),
)
def test_no_awaited_wages_lead_out_of_the_bounds(wages, arriving, never):
    low, high = median_bounds(wages, len(arriving) + never)
    median = float(np.median([*wages, *arriving]))
    assert np.isnan(low) or low <= median
    assert np.isnan(high) or median <= high


def test_the_expected_median_lets_coming_wages_be_like_the_past_ones():
    """Two known wages of 100; ten past ones of 200. With one coming 100 stays the middle."""
    assert median_expected([100, 100], [200] * 10, 1) == 100
    assert median_expected([100, 100], [200] * 10, 2) == 150
    assert median_expected([100, 100], [200] * 10, 3) == 200
    assert pd.isna(median_expected([100, 100], [200] * 9, 3))


def test_each_quarters_median_is_guessed_from_the_wages_before():
    cohorts = [("Q1", np.full(10, 5000.0)), ("Q2", np.array([6000.0, 6200.0]))]
    tested = back_test_medians(cohorts)
    assert tested == [Guess("Q2", 5000, 6100, 1100, 2)]


@pytest.mark.parametrize(
    ("period", "day"),
    [
        ("PY2024Q1", date(2024, 11, 15)),
        ("PY2024Q2", date(2025, 2, 14)),
        ("PY2024Q3", date(2025, 5, 15)),
        ("PY2024Q4", date(2025, 8, 14)),
        ("PY2024", date(2025, 10, 1)),
    ],
)
def test_federal_due_dates(period, day):
    assert due(Period.parse(period)) == day
