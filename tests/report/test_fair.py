"""Adjusted figures say nothing that the lines beside them withhold.  Source: decision 0023."""

import pandas as pd

from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames.fair import Lines, facts_of, fair, load_groups_of


def test_an_adjusted_figure_is_absent_where_illinois_own_is_withheld(state):
    """It is the share over the expected one, times Illinois': who has two of them has the third.
    Nor are there coefficients, which tell how many are counted (`tests/property`)."""
    lines = state.performance.across("areas", "released").to_pandas()
    before, fitted = fair(state.performance.source().across, lines)
    there = before.dropna(subset="adjusted")
    program, measure = there[["program", "measure"]].iloc[0]
    secret = (lines["program"] == program) & (lines["measure"] == measure)
    hidden = lines.assign(state_value=lines["state_value"].mask(secret))
    after, fits = fair(state.performance.source().across, hidden)
    here = (fitted["program"] == program) & (fitted["measure"] == measure)
    assert here.any()
    pd.testing.assert_frame_equal(fits, fitted[~here].reset_index(drop=True))
    mine = (after["program"] == program) & (after["measure"] == measure)
    names = ["adjusted", "adjusted_low", "adjusted_high", "expected", "standardized"]
    assert after.loc[mine, names].isna().all(axis=None)
    assert set(after.loc[mine & after["value"].notna(), "without"]) <= {
        "withheld",
        "too few people",
    }
    pd.testing.assert_frame_equal(after[~mine], before[~mine])


def test_coefficients_are_of_facts_that_many_have_or_nobody(state):
    """Of the small sample some are left out; every line has its constant."""
    source, groups = state.performance.source().across, load_groups_of("regression")
    lines = state.performance.across("coefficients", "released").to_pandas()
    assert lines.groupby(["program", "measure"])["fact"].first().eq("All others").all()
    left_out = 0
    for (program, measure), rows in lines.groupby(["program", "measure"]):
        counted = Lines(source, program, measure)
        holds = facts_of(source, program, groups)[counted.at]
        for group, n in zip(groups, holds.sum(axis=0).tolist(), strict=True):
            printed = group.title in set(rows["fact"])
            assert not printed or n == 0 or n >= load_thresholds().minimum_denominator
            left_out += not printed
    assert 0 < left_out < 12 * len(groups)
