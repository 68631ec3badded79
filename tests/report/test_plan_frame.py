"""The frame `plan`: a made plan beside what the ETA-9169 counts.  Source: issue 18."""

from functools import partial

import pytest

from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.levels.plans import Plan
from ipats_lib.scopes import STATE, Scope
from tests.frames.checked import check
from tests.raw import counted_again


@pytest.fixture
def planned(state, planner, monkeypatch):
    """The frame of a scope where both counts of every program are planned to be 200."""
    areas = (("state", "IL"), ("lwia", planner.lwia))
    made = {
        (2024, *area, program, item): Plan(200, "Made plan")
        for area in areas
        for program in ("adult", "dw", "youth", "wp")
        for item in ("participants", "exiters")
    }
    monkeypatch.setattr("ipats_lib.frames.plan.load_plans", lambda: made)
    return partial(counted_again, state)


@pytest.mark.parametrize("kind", ["state", "lwia"])
def test_it_counts_as_the_annual_form_does(planned, planner, kind):
    report = planned(STATE if kind == "state" else Scope(planner.lwia))
    frame = report.plan
    check(frame, SCHEMAS["plan"])
    form = report.forms.query("window == 'annual' and group == ''").set_index("program")
    told = frame.pivot(index="program", columns="item", values="so_far")
    for item, measure in (("participants", "served"), ("exiters", "exited")):
        counted = form.loc[form["measure"] == measure, "value"].to_dict()
        assert counted == {program: told.loc[program, item] for program in counted}
        assert set(told.loc[~told.index.isin(list(counted)), item]) <= {0}
    assert (frame["percent"] == frame["so_far"] / 2).all()
    assert (frame["plan_source"] == "Made plan").all()


def test_the_days_that_are_over_are_a_share_of_the_year(planned):
    """The extract is of August 15, 2025: program year 2024 is over."""
    frame = planned(STATE).plan
    assert (frame["elapsed"] == 1).all()


def test_planners_and_areas_without_a_plan_have_none(planned, planner, state):
    assert planned(planner).plan.empty
    other = next(s for s in state.snapshot.scopes() if s.kind == "lwia" and s.lwia != planner.lwia)
    assert planned(other).plan.empty


def test_without_a_file_nothing_is_planned(state):
    assert counted_again(state, STATE).plan.empty
