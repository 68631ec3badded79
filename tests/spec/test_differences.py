"""Which groups of a page differ, by hand.  Source: domain 9.2; 29 CFR part 38, 29 CFR 1607.4(D)."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipats_lib.breakdown import TOTAL, WITHOUT
from ipats_lib.frames.groups import equity
from ipats_lib.indicators.differences import (
    change_limits,
    discoveries,
    exact_chance,
    standard_deviations,
)
from ipats_lib.indicators.intervals import wilson


def test_fisher_s_tea_and_one_more():
    """3 of 4 against 1 of 4: (16 + 16 + 1 + 1) / 70. 4 of 4 against 0 of 4: (1 + 1) / 70."""
    assert exact_chance(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert exact_chance(4, 4, 0, 4) == pytest.approx(2 / 70)
    assert exact_chance(2, 4, 2, 4) == pytest.approx(1)


def test_where_nothing_could_differ_there_is_no_comparison():
    assert math.isnan(exact_chance(0, 4, 0, 9))
    assert math.isnan(exact_chance(4, 4, 9, 9))
    assert math.isnan(exact_chance(4, 4, 0, 0))
    assert math.isnan(exact_chance(0, 0, 4, 4))


@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_the_exact_chance_is_the_sum_over_all_ways_that_are_no_likelier(counted, rest, data):
    successes = data.draw(st.integers(0, counted))
    others = data.draw(st.integers(0, rest))
    total, all_ = counted + rest, successes + others
    ways = {
        k: math.comb(counted, k) * math.comb(rest, all_ - k)
        for k in range(max(0, all_ - rest), min(counted, all_) + 1)
    }
    chance = exact_chance(successes, counted, others, rest)
    if all_ in (0, total):
        assert math.isnan(chance)
        return
    unlikely = sum(n for n in ways.values() if n <= ways[successes])
    assert chance == pytest.approx(unlikely / math.comb(total, all_))


def test_the_exact_chance_of_large_groups_is_that_of_the_normal_test():
    """4,000 of 10,000 against 4,200 of 10,000: 2.88 standard deviations."""
    chance = exact_chance(4_000, 10_000, 4_200, 10_000)
    assert chance == pytest.approx(math.erfc(2.876 / math.sqrt(2)), rel=0.06)


# Newcombe (1998), table II, method 10: successes, counted, others, rest, lower and upper limit.
NEWCOMBE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
]


@pytest.mark.parametrize(("successes", "counted", "others", "rest", "low", "high"), NEWCOMBE)
def test_the_limits_of_a_change_are_newcombe_s(successes, counted, others, rest, low, high):
    now, before = (
        tuple(np.array([number]) for number in (k / n, *wilson(k, n)))
        for k, n in ((successes, counted), (others, rest))
    )
    limits = [one[0] for one in change_limits(now, before)]
    assert limits == pytest.approx([low, high], abs=0.00005)


# The worked example of Benjamini and Hochberg (1995), p. 295: four are rejected at 5 percent.
FIFTEEN = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
    0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip


def test_benjamini_and_hochberg_s_own_example():
    assert discoveries(FIFTEEN).tolist() == [True] * 4 + [False] * 11
    assert discoveries(FIFTEEN[::-1]).tolist() == [False] * 11 + [True] * 4


def test_a_comparison_that_cannot_be_made_is_no_comparison():
    """0.04 of two is a discovery with 0.05 beside it; with two NaN it stays one."""
    nan = float("nan")
    assert discoveries([0.04, nan, 0.05, nan]).tolist() == [True, False, True, False]
    assert discoveries([nan, nan]).tolist() == [False, False]
    assert discoveries([]).tolist() == []


def test_of_what_is_marked_at_most_one_in_twenty_is_chance_and_not_one_in_twenty_of_all():
    """400 pages of 80 groups, of which 10 truly differ by 20 points; then none differs."""
    draw = np.random.default_rng(7)

    def false_share(true_ones):
        shares = np.where(np.arange(80) < true_ones, 0.55, 0.75)
        groups, others = draw.binomial(120, shares), draw.binomial(900, 0.75, 80)
        marked = discoveries(
            [exact_chance(int(a), 120, int(b), 900) for a, b in zip(groups, others, strict=True)]
        )
        return marked[true_ones:].sum() / max(1, marked.sum()), marked[:true_ones].mean()

    with_some = [false_share(10) for _ in range(400)]
    assert np.mean([false for false, _ in with_some]) <= 0.05
    assert np.mean([found for _, found in with_some]) > 0.9
    with_none = [np.mean(discoveries(draw.uniform(size=80))) > 0 for _ in range(1_000)]
    assert np.mean(with_none) == pytest.approx(0.05, abs=0.02)


def test_the_two_standard_deviation_test_by_hand():
    """50 of 100 counted, 60 succeed: 30 expected, variance 50 x 0.6 x 0.4 x 50 / 99 = 6.0606."""
    assert standard_deviations(40, 50, 60, 100) == pytest.approx(10 / 6.060606**0.5, rel=1e-6)
    assert standard_deviations(20, 50, 60, 100) == pytest.approx(-10 / 6.060606**0.5, rel=1e-6)
    assert math.isnan(standard_deviations(5, 5, 5, 5))
    assert math.isnan(standard_deviations(1, 1, 1, 1))


def page(*cells, program="adult", measure="ERQ2"):
    """Lines of one program and indicator: dimension, group, successes, counted; all come first."""
    columns = ["dimension", "group_title", "numerator", "denominator"]
    lines = pd.DataFrame(cells, columns=columns)
    value, few = lines["numerator"] / lines["denominator"], lines["denominator"] < 10
    facts = {"owner": 0, "place": 0, "program": program, "measure": measure}
    return lines.assign(**facts, value=value, too_few=few)


def differences(lines):
    """Lines with what the frame `groups` adds to them."""
    lines = lines.reset_index(drop=True)
    return lines.assign(**equity(lines))


ADULT = page(
    (TOTAL, TOTAL, 600, 1_000),
    ("Sex", "Female", 200, 500),
    ("Sex", "Male", 400, 500),
    ("Race and ethnicity", "Asian", 9, 9),
    ("Race and ethnicity", "Black or African American", 150, 300),
    ("Race and ethnicity", "White", 400, 600),
    ("Barriers", "Single parents", 50, 100),
    ("Barriers", "Low-income individuals", 6, 10),
)


def line(found, group):
    return found.set_index("group_title").loc[group]


def test_a_group_is_compared_with_the_others_of_its_program():
    female = line(differences(ADULT), "Female")
    assert female["gap"] == pytest.approx(-0.2)
    assert female["p_value"] == pytest.approx(exact_chance(200, 500, 400, 500))
    assert female["differs"]
    assert female["deviations"] == pytest.approx(standard_deviations(200, 500, 600, 1_000))


def test_the_80_percent_rule_takes_the_best_group_of_the_kind_that_is_large_enough():
    """Women at 40 percent, men at 80: 0.50. Nine are too few to be the best."""
    found = differences(ADULT)
    assert (line(found, "Female")["ratio_best"], line(found, "Female")["best_group"]) == (
        0.5,
        "Male",
    )
    assert line(found, "Male")["ratio_best"] == 1
    black = line(found, "Black or African American")
    assert black["ratio_best"] == pytest.approx(0.5 / (400 / 600))
    assert black["best_group"] == "White"


def test_a_barrier_is_compared_with_those_without_it():
    """50 of 100 against 550 of 900: barriers are no alternatives of each other."""
    parents = line(differences(ADULT), "Single parents")
    assert parents["ratio_best"] == pytest.approx(0.5 / (550 / 900))
    assert parents["best_group"] == WITHOUT


def test_all_of_a_program_and_groups_of_too_few_are_not_compared():
    found = differences(ADULT)
    for group in (TOTAL, "Asian"):
        assert line(found, group)[["gap", "p_value", "deviations", "ratio_best"]].isna().all()
        assert not line(found, group)["differs"]
    assert found["p_value"].notna().sum() == 6


def test_the_rate_is_controlled_over_all_programs_and_indicators_of_the_page():
    """0.03 alone is a discovery; among twenty others that do not differ it is none."""
    alone = page((TOTAL, TOTAL, 50, 100), ("Sex", "Female", 20, 50))
    chance = differences(alone)["p_value"].iloc[1]
    assert 0.05 / 21 < chance < 0.08
    even = [
        page((TOTAL, TOTAL, 50, 100), ("Sex", "Female", 25, 50), program=f"p{n}") for n in range(20)
    ]
    strong = page((TOTAL, TOTAL, 60, 120), ("Sex", "Female", 20, 60))
    assert differences(strong)["differs"].iloc[1]
    together = pd.concat([page((TOTAL, TOTAL, 60, 120), ("Sex", "Female", 23, 60)), *even])
    one = page((TOTAL, TOTAL, 60, 120), ("Sex", "Female", 23, 60))
    assert differences(one)["differs"].iloc[1]
    assert not differences(together.reset_index(drop=True))["differs"].any()


def test_a_page_of_nothing_marks_nothing():
    assert differences(ADULT.iloc[:0]).empty


def test_what_a_comparison_says():
    """Ten thousand counted, so that 10 points differ clearly; nine are too few; all alike."""
    found = differences(
        page(
            (TOTAL, TOTAL, 6_000, 10_000),
            ("Sex", "Female", 2_500, 5_000),
            ("Sex", "Male", 3_500, 5_000),
            ("Age", "Below 16", 0, 9),
            ("Race and ethnicity", "White", 601, 1_000),
        )
    )
    said = found.set_index("group_title")["reading"].to_dict()
    assert said == {
        TOTAL: "", "Female": "Lower", "Male": "Higher", "Below 16": "Too few to tell",
        "White": "No clear difference",
    }  # fmt: skip
    alike = differences(page((TOTAL, TOTAL, 50, 50), ("Sex", "Female", 20, 20)))
    assert line(alike, "Female")["reading"] == "Cannot be tested"


def test_medians_and_the_title_i_total_are_not_tested():
    """The total repeats its programs, and a median has no share."""
    total = page((TOTAL, TOTAL, 600, 1_000), ("Sex", "Female", 200, 500), program="title1")
    median = page((TOTAL, TOTAL, None, 1_000), ("Sex", "Female", None, 500), measure="ME")
    for lines in (total, median.assign(value=5_000.0)):
        found = differences(lines.astype({"numerator": "Int64"}))
        assert found["gap"].isna().all()
        assert set(found["reading"]) == {""}
