"""Rounding is half up on the exact number, in tables and bands.  Source: domain 2.11."""

from fractions import Fraction
from math import floor

from hypothesis import example, given
from hypothesis import strategies as st

from ipats_lib.levels.level import band_of, percent_of_level
from ipats_lib.report.show.numbers import written

COUNTS = st.tuples(st.integers(0, 2000), st.integers(1, 2000)).filter(
    lambda pair: pair[0] <= pair[1]
)
LEVELS = st.integers(10, 1000)


def half_up(exact: Fraction) -> str:
    """Tenths, half up, by whole numbers alone."""
    tenths = floor(exact * 10 + Fraction(1, 2))
    return f"{tenths // 10}.{tenths % 10}"


@given(COUNTS)
@example((23, 80))
def test_a_rate_is_rounded_from_its_exact_value(counts):
    """23 of 80 is 28.75 percent, printed 28.8."""
    part, whole = counts
    exact = half_up(Fraction(part * 100, whole)) + "%"
    assert written("share", part / whole) == exact


def test_every_rate_that_lies_between_two_tenths_is_rounded_up():
    """All rates of at most 2000 records that end in 5 at the second decimal place."""
    for whole in range(1, 2001):
        for odd in range(1, 2000, 2):
            part, rest = divmod(odd * whole, 2000)
            if not rest:
                assert written("share", part / whole) == half_up(Fraction(odd, 20)) + "%"


@given(COUNTS, LEVELS)
@example((117, 200), 650)
def test_the_band_and_the_printed_percent_are_those_of_the_exact_number(counts, tenths):
    part, whole = counts
    exact = Fraction(part, whole) / Fraction(tenths, 1000) * 100
    percent = percent_of_level(part / whole, tenths / 10 / 100)
    cuts = [(100, "Exceeds"), (90, "Meets"), (50, "Below"), (0, "Fails")]
    assert band_of(percent).name == next(name for cut, name in cuts if exact >= cut)
    printed = written("percent", percent).replace(",", "").removesuffix("%")
    assert band_of(float(printed)).name == band_of(percent).name
    if len(printed.partition(".")[2]) == 1:  # more where one digit would cross a cut
        assert printed == half_up(exact)


@given(st.integers(1, 2000), LEVELS, st.sampled_from([50, 90, 100]))
def test_what_meets_a_cut_exactly_is_above_it(whole, tenths, cut):
    """The counts are chosen so that the percent of the level is the cut itself."""
    exact = Fraction(cut, 100) * Fraction(tenths, 1000)
    whole *= exact.denominator
    part = int(exact * whole)
    percent = percent_of_level(part / whole, tenths / 10 / 100)
    assert percent == cut
