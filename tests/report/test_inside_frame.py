"""Planners of an LWIA beside each other: their own figures, to the readers of the LWIA alone.

Source: issue 19 (inside an LWIA); domain 7.3.
"""

import dataclasses

import pandas as pd
import pytest

from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames import inside
from ipats_lib.frames.slices import arrow_bytes
from ipats_lib.indicators.intervals import wilson
from ipats_lib.report.data import StateData
from ipats_lib.scopes import STATE, Scope

LWIA = Scope("07")
KEYS = ["program", "measure"]


@pytest.fixture(scope="module")
def frame(state) -> pd.DataFrame:
    return state.slice(LWIA).frame("planner_figures")


def planners(state, lwia="07"):
    return [s for s in state.snapshot.scopes() if s.kind == "planner" and s.lwia == lwia]


def figures_of(state, scope, window):
    figures = state.slice(scope).frame("figures")
    return figures[figures["window"] == window]


def test_every_line_is_the_planners_own_figure(state, frame):
    """As the planner's own pages have it; who counts few people is there without a name."""
    window, few = state.period.reports[0].window, load_thresholds().minimum_denominator
    seen = 0
    for scope in planners(state):
        own = figures_of(state, scope, window)
        own = own[own["denominator"] >= few]
        mine = frame[frame["area"] == scope.planner]
        assert set(mine["area_title"]) <= {
            f"{state._planner_names[scope.planner]} ({scope.planner})"
        }
        both = mine.merge(own, on=KEYS, suffixes=("", "_own"))
        assert len(both) == len(mine) == len(own)
        for name in ("numerator", "denominator"):
            assert both[name].fillna(-1).tolist() == both[f"{name}_own"].fillna(-1).tolist()
        assert both["value"].tolist() == both["value_own"].tolist()
        seen += len(mine)
    assert seen == (~frame["few"]).sum() > 50
    own = figures_of(state, LWIA, window).set_index(KEYS)["value"]
    assert (frame["area_value"] == own.reindex(pd.MultiIndex.from_frame(frame[KEYS])).values).all()


def test_who_counts_few_people_has_no_name_and_no_verdict(frame):
    few = frame[frame["few"]]
    assert len(few) > 5
    assert (few["denominator"] < load_thresholds().minimum_denominator).all()
    assert set(few["area_title"]) == {""}
    assert few["area"].str.fullmatch(r"few-\d+").all()
    assert set(few["versus_area"]) | set(few["funnel"]) == {""}
    assert not few["clear"].any()
    for _, rows in few.groupby(KEYS):  # the number is that of the size, which says nothing of who
        assert rows["area"].tolist() == [f"few-{n + 1}" for n in range(len(rows))]
        assert rows["denominator"].is_monotonic_increasing


def test_no_order_is_that_of_a_figure(frame):
    """By name within a program and measure."""
    for _, rows in frame[~frame["few"]].groupby(KEYS):
        assert rows["area_title"].tolist() == sorted(rows["area_title"])


def test_a_verdict_says_whether_wilsons_interval_holds_the_areas_figure(frame):
    asked = frame[frame["funnel"] != ""]
    assert len(asked) > 50
    for row in asked.itertuples():
        low, high = wilson(row.numerator, row.denominator)
        assert (row.lower95, row.upper95) == pytest.approx((low, high))
        word = (
            "similar"
            if low <= row.area_value <= high
            else "better"
            if low > row.area_value
            else "worse"
        )
        assert row.versus_area.removeprefix("much_") == word
        inside_ = row.lower_95 <= row.value <= row.upper_95
        assert (row.funnel == "inside") == (word == "similar") == inside_
        assert (row.funnel == "outside998") == row.versus_area.startswith("much_")


def test_no_median_of_few_wages_and_no_interval_of_one_is_there(state, frame, monkeypatch):
    """Not even where the area and its planners may see wages; its interval is two of them."""
    open_ = dataclasses.replace(load_thresholds(), areas_see_wages=1, planners_see_wages=1)
    for module in (inside, "ipats_lib.frames.figures"):
        name = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(f"{name}.load_thresholds", lambda: open_)
    fresh = StateData(state.snapshot, state.period).slice(LWIA).frame("planner_figures")
    medians = fresh[fresh["measure"] == "ME"]
    few = medians["denominator"] < open_.minimum_wages
    assert few.any()
    assert (~few).any()
    assert medians.loc[few, "value"].isna().all()
    assert medians.loc[few, "suppressed"].all()
    assert medians.loc[~few, "value"].notna().all()
    assert medians[["lower95", "upper95"]].isna().all(axis=None)
    assert set(medians.loc[~few, "versus_area"]) <= {"better", "worse", "similar"}
    pd.testing.assert_frame_equal(fresh, frame)


def test_nobody_else_has_a_line(state):
    for scope in (STATE, *planners(state)):
        assert state.slice(scope).frame("planner_figures").empty


def test_an_area_asked_for_without_its_planners_has_them_all(state):
    bulk = arrow_bytes(state.performance.table("planner_figures", LWIA))
    asked = StateData(state.snapshot, state.period, asked=(LWIA,))
    assert not any(scope.kind == "planner" for scope in asked.scopes)
    assert arrow_bytes(asked.performance.table("planner_figures", LWIA)) == bulk
