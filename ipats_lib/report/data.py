"""The frames of all scopes.

The state is computed once (`StateData`); a scope's data are slices of it. A publisher writes each
slice to a folder of its own, so that a wrong notebook has no other scope's record to show.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, partial

import pandas as pd
import pyarrow as pa

from ipats_lib.disclosure import few_wages, load_thresholds
from ipats_lib.errors import UsageError
from ipats_lib.frames.case_frames import MAKE, CaseFrames, State
from ipats_lib.frames.combined import caseload_of, rows_of
from ipats_lib.frames.effects import effects
from ipats_lib.frames.historical_counts import NOTHING, Counts, counts_of
from ipats_lib.frames.outlook import EARLIER
from ipats_lib.frames.performance import PerformanceFrames
from ipats_lib.frames.source import Source
from ipats_lib.params import load_areas
from ipats_lib.periods import Period
from ipats_lib.report.scope_data import FRAMES, About, Kept, ScopeData
from ipats_lib.scopes import AreaType, Scope
from ipats_lib.snapshot import Released, Snapshot


@dataclass(frozen=True)
class StateData:
    """A whole snapshot for one period, computed once and sliced per scope.

    earlier: older snapshots, for quarters of the trend that this one no longer holds. counts: what
    `counts_of` tells of each, where somebody has been asked already. released: what publications
    of linked quarters showed across areas. asked: the scopes that are sliced, where not all are:
    frames are counted for no others. only: the scope that is opened alone, if one is: then the
    frames of `SCHEMAS` need nobody else's records, but for those of several areas. beside: the
    snapshot of the publication's other pages, where they stay as they are (decision 0024).
    """

    snapshot: Snapshot
    period: Period
    earlier: tuple[Snapshot, ...] = ()
    counts: Iterable[Counts] | None = None
    released: tuple[Released, ...] = ()
    asked: tuple[Scope, ...] = ()
    only: Scope | None = None
    beside: Snapshot | None = None

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes that frames are counted for: those asked for, and the LWIAs of planners."""
        known, asked = self.snapshot.scopes(), {*self.asked, *(Scope(s.lwia) for s in self.asked)}
        return tuple(scope for scope in known if scope in asked or not asked)

    @cached_property
    def around(self) -> tuple[Scope, ...]:
        """These, the state and every LWIA."""
        mine = {*self.scopes}
        return tuple(s for s in self.snapshot.scopes() if s.kind != "planner" or s in mine)

    @cached_property
    def source(self) -> Source:
        """What the frames of the federal indicators are counted from."""
        if self.only is not None:
            facts = (self.snapshot, self.period, self.only)
            return Source.of_one(*facts, self.earlier, self.released)
        return self._everybody.part(self.scopes)

    @cached_property
    def performance(self) -> PerformanceFrames:
        return PerformanceFrames(lambda: self.source, self._earlier_of, self.cases.engaged)

    @cached_property
    def cases(self) -> CaseFrames:
        return CaseFrames(
            self.snapshot,
            lambda: State(self.rows, self.caseload, self.membership),
            self.earlier_counts,
            self.effects,
            self.around,
            self.only,
            self.beside,
            max(self.earlier, key=lambda older: older.as_of, default=None),
            self.period.reports[:1],
        )

    def effects(self) -> pd.DataFrame:
        """What one more success adds in each LWIA, from what all readers may see of it."""
        areas = self.performance.across("areas", "released").to_pandas()
        return effects(areas, self.period.reports[0].window)

    def _table(self, name: str, scope: Scope) -> pa.Table:
        """One frame of `SCHEMAS`, counted for all scopes of a kind or for one alone."""
        return (self.cases if name in MAKE else self.performance).table(name, scope)

    @cached_property
    def _everybody(self) -> Source:
        """What everybody's frames are counted from, also where one scope is opened alone."""
        facts = (self.snapshot, self.period, self.rows, self.around)
        return Source.of_all(*facts, self.earlier, self.released)

    @cached_property
    def rows(self) -> pd.DataFrame:
        return rows_of(self.snapshot)

    @cached_property
    def membership(self) -> pd.DataFrame:
        return self.snapshot.membership()

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Every figure of every scope: `indicators.aggregate` by report, area and program.

        One computation for all: a scope's own would cost a hundred times as much in sum.
        """
        return self._everybody.counts

    @cached_property
    def caseload(self) -> pd.DataFrame:
        return caseload_of(self.snapshot, self.rows)

    @cached_property
    def areas(self) -> pd.DataFrame:
        """Figures of the state and of every LWIA, small cells withheld: fit for any reader."""
        return self.performance.withheld

    def slice(self, scope: Scope) -> ScopeData:
        """The data of one scope; UsageError for a scope that the snapshot does not have."""
        if scope not in self.scopes:
            raise UsageError(f"Scope '{scope}' is not in snapshot {self.snapshot.id}.")
        tables = Kept(FRAMES, lambda name: self._table(name, scope))
        frames = Kept(FRAMES, lambda name: tables[name].to_pandas())
        return ScopeData(self._about(scope), frames, tables)

    @cached_property
    def _before(self) -> tuple[tuple[Snapshot, Counts], ...]:
        count = partial(counts_of, self.period.name)
        counted_earlier = map(count, (str(snapshot.path) for snapshot in self.earlier))
        return tuple(zip(self.earlier, self.counts or counted_earlier, strict=True))

    def earlier_counts(self, kind: AreaType) -> pd.DataFrame:
        """What the earlier snapshots counted of a kind of scope: area, known_at and the columns
        of `historical_counts.counted`."""
        parts = [
            mine.assign(area=area, known_at=snapshot.as_of.isoformat())
            for snapshot, counts in self._before
            for (area_type, area), mine in counts.items()
            if area_type == kind
        ]
        return pd.concat([NOTHING.assign(area=""), *parts], ignore_index=True)

    def _earlier_of(self, scope: Scope) -> pd.DataFrame:
        """What the earlier snapshots counted of the kinds `EARLIER`: known_at and the columns of
        `historical_counts.counted`, without medians that would tell a wage."""
        key = (scope.kind, scope.area)
        parts = [
            mine[mine["kind"].isin(EARLIER)].assign(known_at=snapshot.as_of.isoformat())
            for snapshot, counts in self._before
            if scope in snapshot.scopes() and (mine := counts.get(key)) is not None
        ]
        found = pd.concat([NOTHING, *parts], ignore_index=True) if parts else NOTHING
        named = found["key"].str.replace(".* ", "", regex=True)
        official = named.where(found["kind"] == "official", "")
        lines = found.assign(measure=official, denominator=found["n"])
        hidden = few_wages(lines, scope.kind, load_thresholds())
        shown = found.assign(value=found["value"].mask(hidden))
        return shown[list(NOTHING.columns)].astype(NOTHING.dtypes)

    def _about(self, scope: Scope) -> About:
        found = about_of(self.snapshot, scope, self.title(scope), self.period)
        return replace(found, whole_from=self.source.whole_from)

    @cached_property
    def _planner_names(self) -> dict[str, str]:
        planners = self.snapshot.planners()
        return dict(zip(planners["planner_id"], planners["name"], strict=True))

    def title(self, scope: Scope) -> str:
        """The scope's name as a reader knows it."""
        names = {area.lwia: area.name for area in load_areas()}
        if scope.kind == "planner":
            name = self._planner_names.get(scope.planner, "")
            return f"{name} ({scope.planner}), LWIA {scope.lwia}"
        return f"LWIA {scope.lwia}: {names[scope.lwia]}" if scope.lwia else "Illinois"


def about_of(snapshot: Snapshot, scope: Scope, title: str, period: Period) -> About:
    """What a page says of its data, without the oldest quarter that they hold as a whole."""
    return About(
        scope=scope.path,
        title=title,
        period=period.name,
        as_of=snapshot.as_of.isoformat(),
        as_of_source=snapshot.provenance.as_of_source,
        synthetic=snapshot.synthetic,
        missing_tables=tuple(snapshot.missing_tables),
    )
