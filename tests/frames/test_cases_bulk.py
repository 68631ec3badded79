"""All scopes counted at once give each scope what it gives alone, and nothing of another."""

import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pyarrow import feather

from ipats_lib.frames import case_frames
from ipats_lib.frames.case_frames import MAKE, CaseFrames, State
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.slices import arrow_bytes, sliced
from ipats_lib.scopes import STATE, Scope
from tests.frames.checked import check

from .conftest import EVERY, no_effects, some

NAMES = tuple(MAKE)

ID = re.compile(rb"IL[A0-9][0-9]{9}")

# No results of source documents are on file: `test_source_documents.py` has some.
NOT_FOR = {
    "state": ("customers", "alerts", "services", "share_members", "group_members",
              "engagement_events", "source_documents"),
    "lwia": ("source_documents",),
    "planner": ("distribution", "source_documents"),
}  # fmt: skip

# Medians of all areas: an LWIA's lines of the state's.
OF_ALL_AREAS = ("distribution",)


def never(*_: object):
    raise AssertionError("The whole state was counted for one scope.")


def opened_alone(state, scope: Scope) -> CaseFrames:
    """As a notebook opens it: of an LWIA or planner nobody asks for the state's records."""

    def all_records() -> State:
        return State(state.rows, state.caseload, state.membership)

    asked = all_records if scope == STATE else never
    counts = (state.earlier_counts, no_effects)
    more = {"before": state.earlier[0], "reports": state.period.reports[:1]}
    return CaseFrames(state.snapshot, asked, *counts, state.scopes, only=scope, **more)


@pytest.mark.parametrize("every", EVERY)
def test_a_slice_is_byte_for_byte_what_the_scope_gives_alone(state, bulk, every):
    for scope in some(state.snapshot.scopes(), every):
        names = tuple(n for n in NAMES if n not in OF_ALL_AREAS or scope.kind != "lwia")
        alone = opened_alone(state, scope).files(names, scope)
        assert [n for n, b in bulk.files(names, scope).items() if b != alone[n]] == [], scope


def test_a_frame_of_all_areas_is_the_same_for_one_scope_alone(state, bulk):
    for scope in state.snapshot.scopes()[:3]:
        alone = replace(state, only=scope).cases
        assert bulk.files(OF_ALL_AREAS, scope) == alone.files(OF_ALL_AREAS, scope)


def test_every_frame_of_every_scope_has_its_schema(state, bulk):
    for scope in state.snapshot.scopes():
        for name, data in bulk.files(NAMES, scope).items():
            check(feather.read_feather(io.BytesIO(data)), SCHEMAS[name])


def test_each_frame_has_rows_of_some_scope_of_each_kind(state, bulk):
    for name in NAMES:
        for kind in ("state", "lwia", "planner"):
            scopes = [scope for scope in state.snapshot.scopes() if scope.kind == kind]
            rows = sum(bulk.table(name, scope).num_rows for scope in scopes)
            assert (rows > 0) == (name not in NOT_FOR.get(kind, ())), (name, kind)


def test_no_slice_names_a_customer_of_another_scope(state, bulk):
    """The bytes are searched, not the frames: what is cut off must not come along."""
    customers = state.rows["100"].astype("str")
    of_row = dict(zip(state.rows["row"], customers, strict=True))
    applied = state.snapshot.table("application").set_index("row")["customer"]
    by_row = {"pirl": of_row, "application": applied.to_dict()}
    mine: dict[tuple[str, str], set[str]] = {}
    for table, customer in by_row.items():
        members = state.snapshot.membership(table)
        for (kind, area), rows in members.groupby(["area_type", "area"], observed=True)["row"]:
            mine.setdefault((kind, area), set()).update(customer[row] for row in rows)
    assert all(ID.fullmatch(name.encode()) for names in mine.values() for name in names)
    known = set.union(*mine.values())
    for scope in state.snapshot.scopes():
        whole = b"".join(bulk.files(NAMES, scope).values())
        assert b"|IL" not in whole
        named = known & {name.decode() for name in ID.findall(whole)}
        own = mine.get((scope.kind, scope.area), set())
        assert named <= own, scope
        assert named or not own


def test_no_slice_outside_an_lwia_names_its_planners(state, bulk):
    planners = state.snapshot.planners()
    for scope in state.snapshot.scopes():
        whole = b"".join(bulk.files(NAMES, scope).values())
        for line in planners.itertuples():
            inside = scope.lwia == line.lwia and scope.planner in ("", line.planner_id)
            assert inside or line.name.encode() not in whole, (scope, line.name)


def test_a_frame_is_counted_when_it_is_asked_for(state, monkeypatch):
    made = []
    watched = {name: lambda cases, n=name: made.append(n) or MAKE[n](cases) for name in MAKE}
    monkeypatch.setattr(case_frames, "MAKE", watched)
    scope = state.snapshot.scopes()[1]
    frames = opened_alone(state, scope)
    frames.table("alerts", scope)
    frames.table("alerts", scope)
    assert made == ["alerts"]


def test_a_slice_holds_no_flag_of_the_rows_beside_it():
    """Flags are packed into bits: eight rows share a byte, and only its own may be copied."""
    found = pd.DataFrame(
        {
            **{c.name: "" for c in SCHEMAS["customers"].columns},
            "owner": [0] * 3 + [1] * 3,
            "row": range(6),
            **dict.fromkeys(("entry", "exit", "last_service", "first_due"), pd.NaT),
            **dict.fromkeys(("days", "open", "overdue"), 0),
            "title1": [True] * 6,
            **dict.fromkeys(("is_active", "co_enrolled", "in_planned_gap"), False),
            "service_planned": np.array([True] * 3 + [False] * 3),
        }
    )
    scopes = [Scope("01"), Scope("02")]
    both = sliced(found, scopes, SCHEMAS["customers"]).of(scopes[1])
    last = found.tail(3).reset_index(drop=True)
    alone = sliced(last, scopes, SCHEMAS["customers"]).of(scopes[1])
    assert arrow_bytes(both) == arrow_bytes(alone)
