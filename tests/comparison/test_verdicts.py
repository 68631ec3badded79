"""Intervals, verdicts against the state and funnels.  Source: vectors of published tools, scipy."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from ipats_lib.comparison import (
    Z95,
    Z998,
    between,
    chances,
    dispersion,
    funnel_limits,
    funnel_place,
    scores,
    verdicts,
)
from ipats_lib.indicators.differences import discoveries
from ipats_lib.indicators.intervals import wilson

VECTORS = Path(__file__).parent / "vectors"


def rows(name):
    with (VECTORS / name).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_wilson_intervals_equal_the_published_ones():
    told = [row for row in rows("wilson.csv") if row["value"]]
    assert len(told) == 8
    for row in told:
        x, n = int(row["numerator"]), int(row["denominator"])
        assert wilson(x, n) == pytest.approx(
            (float(row["lower95"]), float(row["upper95"])), abs=1e-14
        )
        limits = float(row["lower998"]), float(row["upper998"])
        assert wilson(x, n, Z998) == pytest.approx(limits, abs=1e-14)


def test_funnel_limits_equal_the_published_ones():
    told = rows("funnel_prop_limits.csv")
    size = np.array([float(row["Population"]) for row in told])
    areas = rows("funnel_prop_areas.csv")
    pooled = sum(float(a["numerator"]) for a in areas) / sum(float(a["denominator"]) for a in areas)
    assert pooled * 100 == pytest.approx(80.642448, abs=1e-6)
    for z, name in ((stats.norm.ppf(0.975), "2s0025"), (stats.norm.ppf(0.999), "3s0001")):
        low, high = funnel_limits(pooled, size, z)
        assert low * 100 == pytest.approx([float(r[f"Lower{name}limit"]) for r in told], abs=1e-6)
        assert high * 100 == pytest.approx([float(r[f"Upper{name}limit"]) for r in told], abs=1e-6)


def test_each_area_lies_where_the_published_funnel_has_it():
    areas = rows("funnel_prop_areas.csv")
    found, size = (np.array([float(a[n]) for a in areas]) for n in ("numerator", "denominator"))
    score = scores(found, size, found.sum() / size.sum())
    words = {"Not significant": "inside", "Low (0.001)": "outside998", "High (0.001)": "outside998"}
    told = [words.get(area["significance"], "outside95") for area in areas]
    assert funnel_place(score).tolist() == told
    high = [area["significance"].startswith("High") for area in areas]
    assert [s > 0 for s, t in zip(score, told, strict=True) if t != "inside"] == [
        h for h, t in zip(high, told, strict=True) if t != "inside"
    ]


@pytest.mark.parametrize(("x", "n"), [(1, 9), (40, 60), (55, 60), (0, 30), (30, 30), (290, 400)])
def test_a_verdict_is_whether_the_interval_holds_the_states_value(x, n):
    for target in np.linspace(0.02, 0.98, 97):
        score = scores(np.array([x]), np.array([n]), target)
        (word,), (place,) = verdicts(score), funnel_place(score)
        (low, high), (far, wide) = wilson(x, n), wilson(x, n, Z998)
        inside = low <= target <= high
        assert (word == "similar") == inside == (place == "inside")
        assert word.startswith("much_") == (not far <= target <= wide) == (place == "outside998")
        assert ("better" in word) == (low > target)


def test_nobody_counted_and_a_certain_state_give_no_verdict():
    assert verdicts(scores(np.array([0]), np.array([0]), 0.5)).tolist() == [""]
    assert funnel_place(scores(np.array([5]), np.array([5]), 1.0)).tolist() == [""]


def test_a_median_is_judged_by_its_interval_alone():
    nan = np.nan
    told = between(*(np.array(c) for c in (
        [7000, 7000, 7000, nan, 7000], [6000, 6000, 6000, 1, nan], [8000, 8000, 8000, 2, nan],
        [5999, 7500, 8001, 1, 7000],
    )))  # fmt: skip
    assert told.tolist() == ["better", "similar", "worse", "", ""]


def test_chance_of_a_score_is_the_two_sided_normal():
    score = np.array([0, 1.2, -Z95, 4.0, np.nan])
    assert chances(score) == pytest.approx(2 * stats.norm.sf(np.abs(score)), nan_ok=True, rel=1e-12)


def test_several_verdicts_are_controlled_together():
    chance = np.array([0.001, 0.04, 0.03, 0.9, np.nan, 0.012])
    known = stats.false_discovery_control(chance[~np.isnan(chance)]) <= 0.05
    assert discoveries(chance)[~np.isnan(chance)].tolist() == known.tolist()


def test_chance_alone_has_a_dispersion_below_one_and_no_spread_between_areas():
    draw = np.random.default_rng(7)
    size = np.full(400, 300.0)
    phi, tau = dispersion(draw.binomial(300, 0.7, 400), size, 0.7)
    assert 0.4 < phi < 1
    assert tau < 0.01


def test_a_spread_between_areas_is_found_and_widens_the_funnel():
    draw = np.random.default_rng(8)
    size = np.full(400, 900.0)
    share = np.clip(draw.normal(0.7, 0.05, 400), 0, 1)
    phi, tau = dispersion(draw.binomial(900, share), size, 0.7)
    assert phi > 5
    assert tau == pytest.approx(0.05, abs=0.012)
    plain, wide = (funnel_limits(0.7, size[:1], Z95, t) for t in (0.0, tau))
    assert wide[0] < plain[0] < plain[1] < wide[1]


def test_too_few_areas_have_no_dispersion():
    phi, tau = dispersion(np.array([1, 2]), np.array([9, 9]), 0.4)
    assert np.isnan(phi)
    assert tau == 0
