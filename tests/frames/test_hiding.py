"""What withholding costs, as a build says it.  Source: domain 7.3."""

import pandas as pd

from ipats_lib.frames.editions import Hiding


def test_figures_and_records_that_are_hidden_are_counted():
    lines = pd.DataFrame({"denominator": [5, 20, 30, 0, 45]})
    hidden = pd.Series([True, True, False, True, False])
    small = pd.Series([True, False, False, False, False])
    found = Hiding.of(lines, hidden, small)
    assert found == Hiding(figures=4, hidden=2, beside=1, large=3, records=100, hidden_records=25)
    assert found.sentence == (
        "Withheld across areas: 2 of 4 figures, which count 25 of 100 records (a record once in "
        "each figure). 1 of the 3 figures that are not small are among them (33% of those)."
    )


def test_a_state_of_nobody_hides_nothing():
    none = pd.Series([False])
    found = Hiding.of(pd.DataFrame({"denominator": [0]}), none, none)
    assert found.sentence.startswith("Withheld across areas: 0 of 0 figures")
