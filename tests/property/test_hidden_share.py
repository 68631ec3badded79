"""Protection is not bought by hiding everything.  Source: issue 19; domain 7.3."""

import pytest

from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.sample import write_sample
from ipats_lib.snapshot import make_snapshot


@pytest.mark.xdist_group("hidden share")
def test_at_most_a_tenth_of_the_cells_that_are_not_small_are_hidden(tmp_path):
    """Of the sample state at its full size, the report's own quarter: 95 of 1,010 on 2026-11-30.
    (Of PY2024Q3 alone it is 104 of 995, which is more.)"""
    write_sample(tmp_path / "extract", seed=7)
    snapshot = make_snapshot(tmp_path / "extract", tmp_path / "store")
    cost = StateData(snapshot, Period.parse("PY2024Q4")).performance.hiding
    print(cost.sentence)
    assert cost.large > 900
    assert 0 < cost.beside <= cost.large / 10
