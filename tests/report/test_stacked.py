"""What an extract counts is asked once for all areas, and is what each area's own desk gives."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from ipats_lib.caseload.planners import current_planner
from ipats_lib.frames.combined import Combined, apart, combine
from ipats_lib.report.counted import counted
from ipats_lib.report.data import StateData
from ipats_lib.report.earlier import counts_of
from ipats_lib.scopes import STATE

KEYS = ["kind", "key", "part"]


@pytest.fixture(scope="module")
def sliced(state):
    """The state's data, its scopes and what they hold."""
    fresh = StateData(state.snapshot, state.period)
    return fresh, {scope: fresh.slice(scope) for scope in fresh.snapshot.scopes()}


def alone(state: StateData, scope, data) -> Combined:
    rows = data.frames["rows"]
    areas = np.full(len(rows), scope.area, dtype=object)
    desk = state.desk(scope)
    if scope.kind != "state":
        tables = {
            name: apart(table, np.full(len(table), scope.area, dtype=object))
            for name, table in desk.tables.items()
        }
        desk = replace(desk, rows=apart(desk.rows, areas), tables=tables)
    lines = rows["row"].to_numpy()
    return Combined(scope.kind, desk, data.frames["standing"], areas, data.frames["seats"], lines)


@pytest.mark.parametrize("kind", ["state", "lwia", "planner"])
def test_areas_counted_together_have_the_counts_of_their_own_desks(sliced, kind):
    state, scopes = sliced
    every = counts_of(state.period.name, str(state.snapshot.path))
    mine = {scope: data for scope, data in scopes.items() if scope.kind == kind}
    assert mine
    for scope, data in mine.items():
        lines = counted(alone(state, scope, data), state.period)
        own = lines.groupby(KEYS)["n"].sum()
        figures = lines.set_index(KEYS)["value"].dropna()
        together = every[scope.kind, scope.area]
        together = together[~together["kind"].isin(["official", "open"])]
        told = together.set_index(KEYS)["value"].dropna()
        assert told.to_dict() == pytest.approx(figures.to_dict())
        assert together.set_index(KEYS)["n"].to_dict() == own.to_dict(), scope
        assert (together["n"] > 0).all()


def test_nothing_of_one_area_meets_anything_of_another(state):
    """A customer of two areas is two customers on the desk of all areas."""
    together = combine(state.snapshot, "lwia", state.rows, state.caseload, state.membership)
    customers = together.desk.rows["100"].astype("str")
    areas = customers.groupby(customers).agg(lambda found: set(together.areas[found.index]))
    assert (areas.map(len) == 1).all()
    assert len(together.desk.rows) == (state.membership["area_type"] == "lwia").sum()
    assert together.desk.rows["row"].is_unique
    for table in together.desk.tables.values():
        assert "customer" not in table or table["customer"].str.contains("|", regex=False).all()


def test_what_was_asked_of_a_desk_goes_when_the_desk_goes(state):
    desk = state.desk(STATE)
    assert current_planner(desk) is current_planner(desk)
    gone = weakref.ref(desk)
    del desk
    gc.collect()
    assert gone() is None
