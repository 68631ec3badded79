"""Workers have pages to make while the publisher counts the frames of the next notebook."""

from itertools import groupby
from types import SimpleNamespace

import pyarrow as pa

from ipats_lib.periods import Period
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.plan import make_plan
from ipats_lib.publishing.publication import _steps
from ipats_lib.report.scope_data import FRAMES, About, Kept, ScopeData
from ipats_lib.scopes import Scope
from tests.conftest import ROOT

SCOPES = tuple(map(Scope.parse, ("lwia/07/planner/1042", "lwia/07", "state")))


def test_each_notebook_waits_for_its_own_frames_alone(tmp_path):
    period, counted, written = Period.parse("PY2024Q4"), [], []
    options = Options(notebooks=ROOT / "notebooks", site=tmp_path, period=period)
    plan = make_plan(options, SCOPES, ())

    def count(name: str) -> pa.Table:
        counted.append(name)
        return pa.table({"n": [1]})

    def slice_(scope: Scope) -> ScopeData:
        about = About(scope.path, "T", period.name, "2025-08-15", "given", True, ())
        return ScopeData(about, dict.fromkeys(FRAMES), Kept(FRAMES, count))

    state = SimpleNamespace(slice=slice_)
    writer = SimpleNamespace(write_scope=lambda scope, about: written.append(scope))
    declared: set[str] = set()
    pages = []
    for step in _steps(plan, state, SCOPES, writer, lambda *_: None):
        declared.update(step.page.notebook.data)
        assert declared.issuperset(counted), step.page.label
        pages.append(step.page)
    assert sorted(map(str, pages)) == sorted(map(str, plan.pages))
    assert sorted(written) == sorted(SCOPES)
    notebooks = [key for key, _ in groupby(page.notebook.key for page in pages)]
    assert len(notebooks) == len({*notebooks})
    first, last = pages[0].notebook, pages[-1].notebook
    assert len(first.scopes) > len(last.scopes)
    assert len(first.data) == min(
        len(p.notebook.data) for p in pages if "planner" in p.notebook.scopes
    )
