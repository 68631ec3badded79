"""Reports on the small synthetic state: the state, an area and one of its planners."""

import pytest

from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot
from tests.raw import Opened, opened


@pytest.fixture(scope="session")
def state(extract, store) -> StateData:
    return StateData(make_snapshot(extract, store), Period.parse("PY2024Q4"))


@pytest.fixture(scope="session")
def planner(state) -> Scope:
    """The planner of the sample with most customers."""
    members = state.membership[state.membership["area_type"] == "planner"]
    busiest = members["area"].astype("str").value_counts().index[0]
    return next(s for s in state.snapshot.scopes() if s.planner == busiest)


@pytest.fixture(params=["state", "lwia", "planner"])
def report(request, state, planner) -> Opened:
    scopes = {"state": Scope.parse("state"), "lwia": Scope.parse(f"lwia/{planner.lwia}")}
    return opened(state, scopes.get(request.param, planner))


@pytest.fixture
def area(state, planner) -> Opened:
    return opened(state, Scope.parse(f"lwia/{planner.lwia}"))
