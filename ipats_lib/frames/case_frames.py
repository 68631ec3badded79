"""The frames of customers, services and work for every scope: counted in bulk, then sliced."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from ipats_lib.cohorts import whole_from
from ipats_lib.frames.alerts import alert_counts, alerts
from ipats_lib.frames.caseload import caseload
from ipats_lib.frames.cases import Cases
from ipats_lib.frames.change_lines import changes
from ipats_lib.frames.changes import Changes, changes_between
from ipats_lib.frames.combined import alone, combine
from ipats_lib.frames.corrections import corrections
from ipats_lib.frames.customers import customers, places_of
from ipats_lib.frames.distribution import distribution
from ipats_lib.frames.engagement import by_area, engagement
from ipats_lib.frames.findings import findings
from ipats_lib.frames.flow import flow
from ipats_lib.frames.geography import counties
from ipats_lib.frames.members import engagement_events, group_members, share_members
from ipats_lib.frames.rule_book import intake_counts, rules
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.services import services
from ipats_lib.frames.slices import Sliced, arrow_bytes, sliced
from ipats_lib.frames.soft_exits import soft_exits
from ipats_lib.frames.source_documents import source_documents
from ipats_lib.frames.terms import terms
from ipats_lib.frames.workload import workload
from ipats_lib.periods import Report
from ipats_lib.scopes import STATE, AreaType, Scope
from ipats_lib.snapshot import Snapshot

Make = Callable[[Cases], pd.DataFrame]
MAKE: Mapping[str, Make] = {
    one.__name__: one
    for one in (
        *(customers, alerts, alert_counts, services, caseload, flow),
        *(engagement, workload, findings, corrections, rules, distribution, changes),
        *(soft_exits, counties, terms, source_documents),
        *(share_members, group_members, engagement_events),
    )
}


@dataclass(frozen=True, eq=False)
class State:
    """The state's records for all scopes: rows, their caseload, and whose they are
    (`combined.rows_of`, `combined.caseload_of`, `Snapshot.membership`)."""

    rows: pd.DataFrame
    caseload: pd.DataFrame
    members: pd.DataFrame


@dataclass(frozen=True, eq=False)
class CaseFrames:
    """The frames of customers, services and work of a snapshot's scopes.

    A frame is counted when it is first asked for, for all of `scopes` of that kind. state: gives
    the state's records when something is counted for all. earlier: gives what earlier extracts
    counted of a kind of scope (`Cases.earlier`). effects: gives what one more success adds in each
    LWIA (`effects.effects`). only: the one scope that is asked for, where it is
    opened alone; then an LWIA's or planner's own records are read and nobody else is counted.
    beside: the snapshot of pages that stay and lead into those of these frames, if there is one.
    before: the last of the earlier snapshots, with which `changes` compares. reports: the main one.
    """

    snapshot: Snapshot
    state: Callable[[], State]
    earlier: Callable[[AreaType], pd.DataFrame]
    effects: Callable[[], pd.DataFrame]
    scopes: tuple[Scope, ...]
    only: Scope | None = None
    beside: Snapshot | None = None
    before: Snapshot | None = None
    reports: tuple[Report, ...] = ()
    _cases: dict[AreaType, Cases] = field(default_factory=dict)
    _made: dict[tuple[AreaType, str], Sliced] = field(default_factory=dict)

    def table(self, name: str, scope: Scope) -> pa.Table:
        """One frame of one scope, with the schema's columns."""
        key = (scope.kind, name)
        if key not in self._made:
            self._made[key] = self._sliced(name, scope.kind)
        return self._made[key].of(scope)

    def _sliced(self, name: str, kind: AreaType) -> Sliced:
        found = MAKE[name](self.cases(kind))
        known = [self.only] if self.only else self.scopes
        scopes = sorted((one for one in known if one.kind == kind), key=lambda one: one.area)
        owner = pd.Index([scope.area for scope in scopes]).get_indexer(found["scope"])
        # An earlier extract also counted scopes that nobody asks for, or that there are no more.
        mine = found.assign(owner=owner)[owner >= 0]
        return sliced(mine, scopes, SCHEMAS[name])

    def files(self, names: tuple[str, ...], scope: Scope) -> dict[str, bytes]:
        """The Arrow bytes of some frames of one scope, by name. Equal rows, equal bytes."""
        return {name: arrow_bytes(self.table(name, scope)) for name in names}

    def cases(self, kind: AreaType) -> Cases:
        """What the frames of a kind of scope are made from."""
        if kind not in self._cases:
            alone_here = self.only if self.only and self.only.kind == kind != "state" else None
            self._cases[kind] = self._of(kind, alone_here)
        return self._cases[kind]

    def engaged(self, names: Iterable[str]) -> pd.DataFrame:
        """Engagement by area (`engagement.by_area`), whatever scope asks."""
        whole, inside = (self._of(kind) if self.only else self.cases(kind) for kind in _ACROSS)
        return by_area(whole, inside, names)

    def _of(self, kind: AreaType, scope: Scope | None = None) -> Cases:
        """All scopes of a kind; or one alone, whose own records are read and nobody else's."""
        earlier, members, places = self.earlier(kind), _NOBODY, None
        if scope:
            areas: tuple[str, ...] = (scope.area,)
            combined, exits = alone(self.snapshot, scope), self.snapshot.rows(STATE, ["901"])["901"]
            earlier = earlier[earlier["area"] == scope.area].reset_index(drop=True)
            members = self.snapshot.membership() if kind == "lwia" else members
        else:
            state, areas = self.state(), tuple(s.area for s in self.scopes if s.kind == kind)
            facts = state.rows, state.caseload, state.members
            combined, exits = combine(self.snapshot, kind, *facts, areas), state.rows["901"]
            members, places = state.members, self._places_before
        return Cases(
            combined,
            areas,
            self._names,
            _oldest(exits),
            self._shown_by(members) if kind == "lwia" else _NOBODY,
            earlier,
            self.cases,
            lambda: self._effects(kind),
            places,
            lambda: self._between,
            self.reports,
            lambda: self._intake,
        )

    @cached_property
    def _intake(self) -> pd.DataFrame:
        return intake_counts(self.snapshot)

    @cached_property
    def _between(self) -> Changes | None:
        """What changed since the last extract, counted once for all scopes."""
        return None if self.before is None else changes_between(self.before, self.snapshot)

    @cached_property
    def _places_before(self) -> pd.Series | None:
        return None if self.beside is None else places_of(self.beside)

    def _effects(self, kind: AreaType) -> pd.DataFrame:
        """What one more success adds in the LWIA of each area of a kind."""
        known = self.effects()
        if kind != "planner":
            return known.rename(columns={"lwia": "area"})
        homes = [(scope.lwia, scope.planner) for scope in self.snapshot.scopes() if scope.planner]
        return known.merge(pd.DataFrame(homes, columns=["lwia", "area"]), on="lwia")

    @cached_property
    def _names(self) -> Mapping[str, str]:
        planners = self.snapshot.planners()
        return dict(zip(planners["planner_id"], planners["name"], strict=True))

    def _shown_by(self, members: pd.DataFrame) -> pd.DataFrame:
        """The first planner of each LWIA whose pages show a record: row, lwia, planner."""
        homes = {scope.planner: scope.lwia for scope in self.snapshot.scopes() if scope.planner}
        mine = members[members["area_type"] == "planner"]
        planner = mine["area"].astype("str")
        found = pd.DataFrame({"row": mine["row"], "lwia": planner.map(homes), "planner": planner})
        return found.sort_values(["planner"], kind="stable").drop_duplicates(["row", "lwia"])


_ACROSS: tuple[AreaType, ...] = ("state", "lwia")
_NOBODY = pd.DataFrame({"row": [], "lwia": [], "planner": []})


def _oldest(exits: pd.Series) -> np.datetime64:
    return np.datetime64(whole_from(exits.to_numpy(dtype="datetime64[D]")) or "NaT", "D")
