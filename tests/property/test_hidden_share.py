"""Protection is not bought by hiding everything.  Source: issue 19; domain 7.3."""

from datetime import date

import pytest

from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.sample import write_sample
from ipats_lib.snapshot import make_snapshot


@pytest.mark.xdist_group("hidden share")
@pytest.mark.parametrize(
    ("period", "day"), [("PY2024Q4", date(2025, 8, 15)), ("PY2024Q3", date(2025, 5, 15))]
)
def test_at_most_a_tenth_of_the_cells_that_are_not_small_are_hidden(period, day, tmp_path):
    """Of the sample state at its full size, each quarter from an extract of its own day: 93 of
    1,010 and 99 of 998 on 2026-11-30. An extract of August lacks a quarter that PY2024Q3 counts."""
    write_sample(tmp_path / "extract", seed=7, as_of=day)
    snapshot = make_snapshot(tmp_path / "extract", tmp_path / "store")
    cost = StateData(snapshot, Period.parse(period)).performance.hiding
    print(cost.sentence)
    assert cost.large > 900
    assert 0 < cost.beside <= cost.large / 10
