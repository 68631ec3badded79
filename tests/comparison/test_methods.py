"""Trends, ranks, fair comparison and peers.  Source: scipy, hand-worked answers."""

import numpy as np
import pytest
from scipy import optimize, stats

from ipats_lib.comparison import (
    direct,
    limits,
    linear_trend,
    logistic,
    nearest_by_mix,
    nearest_by_size,
    rank_ranges,
    trend,
)
from ipats_lib.indicators.intervals import wilson


@pytest.mark.parametrize("seed", range(6))
def test_the_trend_test_is_the_correlation_of_people_and_quarters(seed):
    """Chi-squared for linear trend is N times the squared correlation of outcome and quarter."""
    draw = np.random.default_rng(seed)
    size = draw.integers(5, 80, 8)
    found = draw.binomial(size, draw.uniform(0.2, 0.9, 8))
    step = np.repeat(np.arange(8), size)
    success = np.concatenate(
        [np.repeat([1, 0], [x, n - x]) for x, n in zip(found, size, strict=True)]
    )
    expected = len(step) * stats.pearsonr(step, success).statistic ** 2
    score, chance = linear_trend(found, size)
    assert score**2 == pytest.approx(expected, rel=1e-9)
    assert chance == pytest.approx(stats.chi2.sf(expected, 1), rel=1e-7)


def test_the_words_of_a_trend():
    size = [100] * 8
    assert trend([40, 45, 50, 55, 60, 65, 70, 75], size) == "rising"
    assert trend([75, 70, 65, 60, 55, 50, 45, 40], size) == "falling"
    assert trend([50, 52, 49, 51, 50, 52, 49, 51], size) == "none"
    assert trend([100] * 8, size) == "none"
    assert trend([40, 50, 60, 70], [100] * 4) == "few"
    assert trend([0, 40, 0, 50, 60, 70], [0, 100, 0, 100, 100, 100]) == "few"


def test_limits_of_a_run():
    """Published: mean .1416238, limits -3.01138 and 3.294627, so a mean moving range of 1.18534."""
    range_ = (3.294627 - 0.1416238) / 2.66
    values = [0.1416238 - range_ / 2, 0.1416238 + range_ / 2] * 4
    assert limits(values) == pytest.approx((0.1416238, -3.01138, 3.294627), abs=5e-6)
    assert np.isnan(limits([1.0])).all()


def test_ranks_are_sure_where_areas_are_far_apart_and_unsure_where_they_are_alike():
    low, high = rank_ranges(np.array([900.0, 500, 100]), np.array([1000.0, 1000, 1000]))
    assert (low.tolist(), high.tolist()) == ([1, 2, 3], [1, 2, 3])
    low, high = rank_ranges(np.array([5.0] * 10), np.array([10.0] * 10))
    assert low.max() <= 2
    assert high.min() >= 9


def test_ranks_are_those_of_beta_draws_and_the_same_each_time():
    """Two areas: the chance of the first place is the integral of one density and the other."""
    x, n = np.array([30.0, 33]), np.array([50.0, 50])
    first, again = rank_ranges(x, n), rank_ranges(x, n)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    grid = np.linspace(0, 1, 20001)
    ahead = np.trapezoid(stats.beta.pdf(grid, 31, 21) * stats.beta.cdf(grid, 34, 18), grid)
    assert 0.1 < ahead < 0.9
    assert [one.tolist() for one in first] == [[1, 1], [2, 2]]


def test_a_standardized_share_weighs_the_groups_as_the_standard_does():
    """By hand: 0.25 x 20/40 + 0.75 x 54/60 = 0.8; the plain share is 74/100."""
    found, size, weights = np.array([20.0, 54]), np.array([40.0, 60]), np.array([0.25, 0.75])
    share, low, high = direct(found, size, weights)
    assert share == pytest.approx(0.8)
    assert low < 0.8 < high


def test_with_one_group_the_interval_is_wilsons():
    share, low, high = direct(np.array([740.0]), np.array([1000.0]), np.array([1.0]))
    assert share == pytest.approx(0.74)
    assert (low, high) == pytest.approx(wilson(740, 1000), abs=2e-4)


def test_a_standardized_interval_holds_the_truth_about_as_often_as_it_says():
    draw = np.random.default_rng(3)
    size, weights = np.array([40.0, 15, 25]), np.array([0.3, 0.5, 0.2])
    chance = np.array([0.8, 0.6, 0.9])
    truth = float((weights * chance).sum())
    held = [direct(draw.binomial(size.astype(int), chance), size, weights)[1:] for _ in range(2000)]
    assert 0.93 < np.mean([low <= truth <= high for low, high in held]) < 0.98


def test_a_group_with_nobody_leaves_no_standardized_share():
    assert np.isnan(direct(np.array([3.0, 0]), np.array([9.0, 0]), np.array([0.5, 0.5]))).all()


def test_the_regression_is_the_maximum_of_the_likelihood():
    draw = np.random.default_rng(5)
    facts = draw.integers(0, 2, (600, 3)).astype(float)
    truth = np.array([0.4, -1.0, 0.7, 0.2])
    success = draw.random(600) < 1 / (1 + np.exp(-(truth[0] + facts @ truth[1:])))
    fit = logistic(facts, success)
    rows = np.column_stack([np.ones(600), facts])

    def loss(at):
        odds = rows @ at
        return np.logaddexp(0, odds).sum() - (odds * success).sum()

    found = optimize.minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8})
    assert fit.coefficients == pytest.approx(found.x, abs=1e-3)
    chance = fit.expected(facts)
    curve = (rows * (chance * (1 - chance))[:, None]).T @ rows
    assert fit.errors == pytest.approx(np.sqrt(np.diag(np.linalg.inv(curve))), rel=1e-3)
    assert fit.expected(facts).sum() == pytest.approx(success.sum(), rel=1e-6)


def test_a_fact_that_decides_all_keeps_the_regression_finite():
    facts = np.array([[1.0]] * 30 + [[0.0]] * 30)
    assert np.isfinite(logistic(facts, facts[:, 0] == 1).coefficients).all()


def test_nearest_by_mix_skips_what_is_missing():
    nan = np.nan
    mix = np.array([[0.5, 0.5], [0.52, nan], [0.9, 0.5], [nan, nan]])
    assert nearest_by_mix(mix, 2) == [[1, 2], [0, 2], [0, 1], []]


def test_nearest_by_size_goes_by_the_ratio():
    sizes = {"a": 100.0, "b": 210.0, "c": 51.0, "d": 0.0}
    assert nearest_by_size(sizes, 1) == {"a": ["c"], "b": ["a"], "c": ["a"]}
