"""The frames of customers, services and work of the small synthetic state."""

import pandas as pd
import pytest

from ipats_lib.frames.case_frames import CaseFrames, State
from ipats_lib.frames.historical_counts import counts_of
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot
from tests.raw import opened

from ..conftest import once, passed, publish

EARLIER = "2025-05-15"
EVERY = [
    pytest.param(False, id="some"),
    pytest.param(True, id="every", marks=pytest.mark.attack),
]


@pytest.fixture(scope="session")
def state(shared, extract, store) -> StateData:
    """The state beside an extract of a quarter before."""
    before = once(
        shared,
        f"frames-before-{EARLIER}",
        lambda f: passed(publish("sample", "--out", f, "--scale", 0.05, "--as-of", EARLIER)),
    )
    earlier, period = make_snapshot(before, store), Period.parse("PY2024Q4")
    counts = [counts_of(period.name, str(earlier.path))]
    return StateData(make_snapshot(extract, store), period, (earlier,), counts)


def no_effects() -> pd.DataFrame:
    """No LWIA has a figure that one more success would move."""
    return pd.DataFrame(columns=["lwia", "program", "measure", "one_more"])


@pytest.fixture(scope="session")
def bulk(state) -> CaseFrames:
    """All scopes at once."""
    return CaseFrames(
        state.snapshot,
        lambda: State(state.rows, state.caseload, state.membership),
        state.earlier_counts,
        no_effects,
        state.scopes,
        before=state.earlier[0],
        reports=state.period.reports[:1],
    )


def some(scopes: tuple[Scope, ...], every: bool) -> list[Scope]:
    """The scopes that a test takes: all, or the state and a few of each kind."""
    return list(scopes) if every else [scopes[0], *scopes[1::18]]


@pytest.fixture
def report_of(state):
    return lambda scope: opened(state, scope)


@pytest.fixture
def frame(bulk):
    def read(name: str, scope: Scope) -> pd.DataFrame:
        return bulk.table(name, scope).to_pandas()

    return read
