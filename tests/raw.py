"""The records behind a report, and its figures counted from them again, one scope at a time.

The library counts all scopes at once (`frames.source`, `frames.combined`); this reads and counts
one scope's own records, which no notebook receives.
"""

from dataclasses import dataclass, field, replace
from functools import cache, cached_property

import pandas as pd

from ipats_lib import caseload as caseloads
from ipats_lib import indicators
from ipats_lib.caseload import CaseTables, planners
from ipats_lib.disclosure import few_wages, load_thresholds
from ipats_lib.frames.combined import TABLES, caseload_of, rows_of
from ipats_lib.frames.source import reports_of
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.report.report import Report
from ipats_lib.report.source import sample_snapshot
from ipats_lib.scopes import STATE_AREA, Scope
from ipats_lib.snapshot import open_snapshot


@dataclass(frozen=True, eq=False)
class Raw:
    """What a snapshot holds of one scope, and what is counted from it."""

    state: StateData
    scope: Scope

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The scope's records, with the facts of the whole customer."""
        return rows_of(self.state.snapshot, self.scope)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The scope's case tables, as far as the extract has them."""
        tables = {name: self.state.snapshot.table(name, self.scope) for name in TABLES}
        return {name: table for name, table in tables.items() if table is not None}

    @cached_property
    def case_tables(self) -> CaseTables:
        return CaseTables(self.rows, self.state.snapshot.as_of, self.tables, self.scope.planner)

    @cached_property
    def caseload(self) -> pd.DataFrame:
        """`caseload.caseload` with the customer of each line."""
        customers = pd.DataFrame(
            {"row": self.rows["row"], "customer": self.rows["100"].astype("str")}
        )
        found = caseload_of(self.state.snapshot, self.rows, self.scope)
        return found.merge(customers, on="row")

    @cached_property
    def alerts(self) -> pd.DataFrame:
        """`caseload.alerts` with days (until due) and, in an LWIA, each line's planner."""
        found = caseloads.alerts(self.case_tables, self.scope.kind)
        days = (pd.to_datetime(found["due"]) - pd.Timestamp(self.case_tables.as_of)).dt.days
        lwia = self.scope.kind == "lwia"
        planner = list(planners.planner_of_lines(self.case_tables, found)) if lwia else ""
        return found.assign(days=days, planner=planner)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """The outcomes in scope of every report of the period and of its trend."""
        reports = reports_of(self.state.period)
        table = indicators.outcome_table(self.rows, reports, self.state.snapshot.as_of)
        return table.sort_values("row", kind="stable", ignore_index=True)

    @cached_property
    def figures(self) -> pd.DataFrame:
        """`indicators.aggregate` by report and program, without medians of few wages."""
        return self._shown(indicators.aggregate(self.outcomes, ["report", "program"]))

    @cached_property
    def earlier(self) -> pd.DataFrame:
        """The same of the quarters that only earlier snapshots hold."""
        known, kind = self.state.source.older, self.scope.kind
        area = STATE_AREA if kind == "state" else self.scope.area
        mine = known[(known["area_type"] == kind) & (known["area"] == area)]
        return self._shown(mine.drop(columns=["area_type", "area"]).reset_index(drop=True))

    def _shown(self, figures: pd.DataFrame) -> pd.DataFrame:
        lines = figures.rename(columns={"indicator": "measure"})
        hidden = few_wages(lines, self.scope.kind, load_thresholds())
        return figures.assign(
            **{name: figures[name].mask(hidden) for name in ("value", "lower", "upper")}
        )


@dataclass(frozen=True, eq=False)
class Opened(Report):
    """A report with the records behind it."""

    raw: Raw = field(kw_only=True)


def opened(state: StateData, scope: Scope) -> Opened:
    """The report of a scope, with the records behind it, which are counted once for all tests."""
    known = _known.setdefault(id(state), {})
    return Opened(state.slice(scope), raw=known.setdefault(scope, Raw(state, scope)))


_known: dict[int, dict[Scope, Raw]] = {}  # each `Raw` keeps its state, so no number comes again


def counted_again(state: StateData, scope: Scope) -> Report:
    """A report whose federal frames are counted anew, from the outcomes that all tests share."""
    fresh = replace(state)
    vars(fresh)["source"] = state.source.part((scope,))
    return Report(fresh.slice(scope))


def raw_of(report: Report) -> Raw:
    """The records behind a report that was opened on the sample, counted once for all tests."""
    return _raw(report.period, report.scope)


@cache
def _raw(period: Period, scope: Scope) -> Raw:
    return Raw(StateData(open_snapshot(sample_snapshot()), period), scope)
