"""Figures by group and how sure they are, by hand.  Source: domain 7.1, 7.2."""

from datetime import date

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ipats_lib.breakdown import TOTAL, membership_of
from ipats_lib.cohorts import Records, View
from ipats_lib.groups import age, load_groups
from ipats_lib.indicators import outcome_table
from ipats_lib.indicators.intervals import (
    of_medians,
    of_ratio,
    ratio_to_total,
    wilson,
)
from ipats_lib.periods import Period, Window
from tests.grouped import breakdown, of_median
from tests.tables import records


def test_wilson_for_eight_of_ten():
    """Worked by hand from the formula: 0.4902 to 0.9433."""
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=5e-5)
    assert wilson(0, 10)[0] == 0
    assert np.isnan(wilson(0, 0)).all()


@given(st.integers(1, 5000), st.integers(0, 5000))
def test_wilson_holds_the_share_and_stays_a_share(counted, successes):
    low, high = wilson(min(successes, counted), counted)
    share = min(successes, counted) / counted
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


def test_the_median_of_nine_lies_between_the_second_and_the_eighth():
    """P(X <= 1) = 10/512 = 0.0195 is at most 0.025, P(X <= 2) = 0.0898 is not: r = 2."""
    assert of_median([5, 1, 2, 3, 4, 6, 7, 8, 9]) == (2, 8)
    assert np.isnan(of_median([1, 2, 3, 4, 5])).all(), "five values cannot give 95 percent"
    assert of_median([1, 2, 3, 4, 5, 6]) == (1, 6)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 99)), min_size=1, max_size=60))
def test_the_medians_of_many_groups_have_the_intervals_of_each(drawn):
    groups, values = (np.array(column, dtype=np.int64) for column in zip(*drawn, strict=True))
    _, groups = np.unique(groups, return_inverse=True)
    bounds = of_medians(values.astype(np.float64), groups)
    for group, bound in enumerate(bounds):
        mine = of_median(values[groups == group].astype(np.float64))
        np.testing.assert_equal(bound, mine)


def test_a_groups_ratio_to_the_total_it_is_part_of():
    """40 of 50 against 60 of 100: 0.8 / 0.6. The rest: 20 of 50, half of the total.

    Wilson: 0.66963 to 0.88756 and 0.27608 to 0.53819. With product 0.8 x 0.4 = 0.32 the ratio
    to the rest lies between
    (0.32 - sqrt(0.1024 - 0.66963 x 0.93037 x 0.53819 x 0.26181)) / (0.53819 x 0.26181) = 1.41304
    (0.32 + sqrt(0.1024 - 0.88756 x 0.71244 x 0.27608 x 0.52392)) / (0.27608 x 0.52392) = 2.93531
    and the ratio to the total, q / (0.5 q + 0.5), between 1.17117 and 1.49178.
    """
    assert wilson(40, 50) == pytest.approx((0.66963, 0.88756), abs=5e-6)
    assert wilson(20, 50) == pytest.approx((0.27608, 0.53819), abs=5e-6)
    assert of_ratio(40, 50, 20, 50) == pytest.approx((1.41304, 2.93531), abs=5e-5)
    assert ratio_to_total(40, 50, 60, 100) == pytest.approx((4 / 3, 1.17117, 1.49178), abs=5e-5)


def test_a_group_without_any_success_lies_below_the_total():
    """0 of 40, the rest 70 of 100. Wilson: up to 0.08763, and 0.60415 to 0.78107.

    Ratio to the rest: up to 0.08763 / sqrt(0.60415 x 0.79585) = 0.12637; group 2/7 of the total:
    0.12637 / (0.12637 x 2/7 + 5/7) = 0.16841.
    """
    assert ratio_to_total(0, 40, 70, 140) == pytest.approx((0, 0, 0.16841), abs=5e-5)


def test_a_group_where_everybody_succeeded_lies_above_the_total():
    """40 of 40, the rest 30 of 100: ratio 2 to the total of 0.5, and clearly above it."""
    ratio, low, high = ratio_to_total(40, 40, 70, 140)
    assert ratio == 2
    assert 1 < low < 2 < high < 140 / 40


def test_the_only_group_with_successes_has_an_upper_bound():
    """5 of 10, the rest 0 of 10: no more than the total's whole share can be the group's."""
    ratio, low, high = ratio_to_total(5, 10, 5, 20)
    assert (ratio, high) == (2, 2)
    assert 1 < low < 2
    assert np.isnan(ratio_to_total(0, 10, 0, 20)).all()


@given(st.data())
def test_the_ratios_interval_is_finite_and_holds_the_ratio(data):
    total = data.draw(st.integers(2, 400))
    counted = data.draw(st.integers(1, total - 1))
    successes = data.draw(st.integers(0, counted))
    others = data.draw(st.integers(0, total - counted))
    assume(successes + others)
    ratio, low, high = ratio_to_total(successes, counted, successes + others, total)
    assert 0 <= low <= ratio + 1e-9
    assert ratio - 1e-9 <= high < np.inf


def test_a_group_that_is_the_total_has_a_ratio_of_one_and_no_interval():
    ratio, low, _ = ratio_to_total(6, 10, 6, 10)
    assert ratio == 1
    assert np.isnan(low)


@pytest.mark.parametrize(("share", "size"), [(0.6, 80), (0.05, 40), (0.98, 40), (0.3, 12)])
def test_the_interval_covers_the_truth_as_often_as_it_says(share, size):
    """Four thousand draws of a group in an area of 200, the true ratio being known."""
    draw, rest = np.random.default_rng(7), 200 - size
    truth = share / (size / 200 * share + rest / 200 * 0.75)
    hits = 0
    groups, others = draw.binomial(size, share, 4000), draw.binomial(rest, 0.75, 4000)
    for a, b in zip(groups, others, strict=True):
        _, low, high = ratio_to_total(int(a), size, int(a + b), 200)
        hits += low <= truth <= high
    assert hits / 4000 == pytest.approx(0.95, abs=0.03)


def view(program="title1", **row) -> View:
    rows = records(row)
    return View(Records(rows), program, Window(date.min, date.max), date.max)


@pytest.mark.parametrize(
    ("born", "entry", "years"),
    [("2000-05-10", "2024-05-09", 23), ("2000-05-10", "2024-05-10", 24),
     ("2004-02-29", "2023-02-28", 18), ("2004-02-29", "2023-03-01", 19)],
)  # fmt: skip
def test_age_is_in_full_years_at_entry(born, entry, years):
    assert age(view(**{"200": born, "900": entry})) == [years]


BOTH = {"200": "2004-01-01", "900": "2023-12-31", "903": 1, "905": 1, "906": "2024-01-01"}


@pytest.mark.parametrize(
    ("program", "years"), [("youth", 20), ("title1", 20), ("adult", 19), ("dw", 19), ("wp", 19)]
)
def test_youth_lines_are_aged_at_the_first_youth_service_and_others_at_entry(program, years):
    """Twenty on the day of the first youth service, nineteen at entry the day before."""
    assert age(view(program, **BOTH)) == [years]


def test_without_a_first_youth_service_a_youth_line_is_aged_at_entry():
    assert age(view("youth", **{**BOTH, "906": None})) == [19]


def groups_of(program="title1", **row) -> set[str]:
    asked = view(program, **row)
    return {group.title for group in load_groups() if group.holds(asked)[0]}


def test_race_rows_are_any_of_and_more_than_one_is_a_row_of_its_own():
    assert groups_of(**{"213": 1, "215": 1, "210": 1}) == {
        "Black or African American", "White", "Hispanic or Latino", "More than one race",
    }  # fmt: skip


def test_the_service_tiers_exclude_each_other():
    assert groups_of(**{"1300": 1, "1200": "2024-01-01", "1001": "2024-01-01"}) == {"Training"}
    assert groups_of(**{"1300": 0, "1200": "2024-01-01"}) == {"Individualized career services"}
    assert groups_of(**{"1300": 0, "1001": "2024-01-01"}) == {"Basic career services only"}


TIERED = {"905": 1, "906": "2024-01-01", "1200": "2024-02-01", "1001": "2024-01-01"}


@pytest.mark.parametrize(
    ("program", "others", "tier"),
    [
        ("youth", {"1300": 1}, "Training"),
        ("youth", {"1300": 0}, "Youth services"),
        ("youth", {}, "Youth services"),
        ("title1", {}, "Youth services"),
        ("adult", {"903": 1}, "Individualized career services"),
        ("adult", {"903": 1, "1200": None}, "Basic career services only"),
        ("title1", {"903": 1}, "Individualized career services"),
        ("youth", {"903": 1}, "Youth services"),
    ],
)
def test_the_tier_depends_on_the_lines_program(program, others, tier):
    """Youth: training if 1300 is 1, otherwise youth services (906 filled).  Domain 2.14."""
    assert groups_of(program, **{**TIERED, **others}) == {tier}


def test_a_youth_without_any_service_date_is_in_no_tier():
    assert groups_of("youth", **{**TIERED, "906": None}) == set()


@pytest.mark.parametrize(
    ("state", "county", "home"),
    [("IL", "031", {"Cook"}), ("IN", "089", {"Outside Illinois"}),
     ("IN", "031", {"Outside Illinois"}), ("88", None, {"Outside Illinois"}),
     ("IL", None, set()), (None, "031", set()), ("IL", "999", set())],
)  # fmt: skip
def test_a_county_is_named_by_its_fips_code_in_illinois_alone(state, county, home):
    """Every state numbers its counties from 001: Indiana's Lake is 089, Illinois' Kane too."""
    assert groups_of(**{"101": state, "102": county}) == home


def test_there_are_102_counties_and_all_other_states():
    assert len([g for g in load_groups() if g.dimension == "County of residence"]) == 103


def test_a_breakdown_asks_in_the_program_of_each_line():
    """One record in Adult and Youth: 18 at entry, 19 at the first youth service a day later."""
    rows = records({**EXITED, **BOTH, "200": "2005-01-01", "901": "2024-05-05", "1300": 0})
    outcomes = outcome_table(rows, Period.parse("PY2024").reports, date(2025, 10, 1))
    lines = breakdown(outcomes, membership_of(rows))
    lines = lines[lines["indicator"] == "ERQ2"]
    tiers = lines[lines["dimension"].isin(["Age", "Service tier"])].groupby(
        "program", observed=True
    )
    assert {program: set(mine["group"]) for program, mine in tiers} == {
        "adult": {"16 to 18"},
        "youth": {"19 to 24", "Youth services"},
        "title1": {"19 to 24"},
    }


EXITED = {"903": 1, "900": "2023-01-10", "901": "2023-09-05", "923": 0}


def test_a_groups_figure_counts_its_own_records_and_all_come_first():
    """Three women, one of them employed; one man, employed: 2 of 4, of whom 1 of 3 women."""
    rows = records(
        {**EXITED, "201": 2, "1602": 1},
        {**EXITED, "201": 2, "1602": 0},
        {**EXITED, "201": 2, "1602": 0},
        {**EXITED, "201": 1, "1602": 1},
    )
    outcomes = outcome_table(rows, Period.parse("PY2024").reports, date(2025, 10, 1))
    lines = breakdown(outcomes, membership_of(rows))
    mine = lines[(lines["program"] == "adult") & (lines["indicator"] == "ERQ2")]
    counted = mine.set_index("group")[["successes", "denominator"]]
    assert mine["group"].iloc[0] == TOTAL
    assert counted.loc[TOTAL].tolist() == [2, 4]
    assert counted.loc["Female"].tolist() == [1, 3]
    assert counted.loc["Male"].tolist() == [1, 1]
