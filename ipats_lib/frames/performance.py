"""The frames of the federal indicators of every scope: counted in bulk, then sliced."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
import pyarrow as pa

from ipats_lib.frames import ACROSS
from ipats_lib.frames.assessment import adjustment, assessment, score_cases
from ipats_lib.frames.calendar import calendar
from ipats_lib.frames.compared import funnels, trends
from ipats_lib.frames.editions import Edition, Hiding, areas, edition_of, hiding, withheld
from ipats_lib.frames.fair import fair, mix, peers
from ipats_lib.frames.figures import figures, history
from ipats_lib.frames.form_lines import FormLines
from ipats_lib.frames.geography import shapes
from ipats_lib.frames.groups import groups
from ipats_lib.frames.inside import planner_figures
from ipats_lib.frames.outlook import (
    accuracy,
    cohort_members,
    earlier_outlook,
    open_outcomes,
    outlook,
)
from ipats_lib.frames.plan import plan
from ipats_lib.frames.reach import ENGAGEMENT, reach, reached
from ipats_lib.frames.record_elements import ElementLines
from ipats_lib.frames.record_outcomes import OutcomeLines
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.slices import Sliced, sliced, typed
from ipats_lib.frames.source import Source
from ipats_lib.frames.standings import standings
from ipats_lib.frames.training import training
from ipats_lib.scopes import Scope

_MAKE: Mapping[str, Callable[[Source], pd.DataFrame]] = {
    one.__name__: one
    for one in (
        *(figures, history, groups, training, calendar, plan, planner_figures, standings),
        *(assessment, score_cases, adjustment, accuracy, open_outcomes, cohort_members),
    )
} | {"outlook": outlook}
Lines = OutcomeLines | ElementLines | FormLines
_LINES: Mapping[str, Callable[[Source], Lines]] = {
    "outcomes": OutcomeLines,
    "elements": ElementLines,
    "forms": FormLines,
}
"""Frames whose lines are made once and of which a scope has some, each by its places."""


@dataclass(frozen=True, eq=False)
class PerformanceFrames:
    """Each frame is counted when it is first asked for, for all scopes of `source` at once.

    source: gives the records when something is counted: all scopes', or those of one scope alone.
    earlier: gives what earlier extracts counted of a scope, as its readers may have it.
    engaged: gives indicators of engagement by area (`CaseFrames.engaged`).
    """

    source: Callable[[], Source]
    earlier: Callable[[Scope], pd.DataFrame]
    engaged: Callable[[Iterable[str]], pd.DataFrame]
    _made: dict[str, Sliced | Lines] = field(default_factory=dict)
    _areas: dict[tuple[str, Edition], pd.DataFrame] = field(default_factory=dict)
    _across: dict[tuple[str, Edition], pa.Table] = field(default_factory=dict)

    def table(self, name: str, scope: Scope) -> pa.Table:
        """One frame of one scope, with the columns and types of its schema."""
        if name in ACROSS:
            return self.across(name, edition_of(scope))
        if name == "earlier_outlook":
            return typed(earlier_outlook(self.earlier(scope)), SCHEMAS[name])
        if name not in self._made:
            source = self._source
            self._made[name] = (
                _LINES[name](source)
                if name in _LINES
                else sliced(_MAKE[name](source), source.scopes, SCHEMAS[name])
            )
        return self._made[name].of(scope)

    def across(self, name: str, edition: Edition) -> pa.Table:
        """A frame of several areas in one edition: the same for every scope that has it."""
        if (name, edition) not in self._across:
            self._across[name, edition] = typed(self._compared(name, edition), SCHEMAS[name])
        return self._across[name, edition]

    def _compared(self, name: str, edition: Edition) -> pd.DataFrame:
        if (name, edition) not in self._areas:
            self._areas.update(
                ((made, edition), frame) for made, frame in self._made_of(name, edition).items()
            )
        return self._areas[name, edition]

    def _made_of(self, name: str, edition: Edition) -> dict[str, pd.DataFrame]:
        """The frame, and those that come with it."""
        across = self._source.across
        if name == "areas":
            return {name: areas(across, self._withheld, edition)}
        if name in ("reach", "shapes"):
            full = edition == "full"
            return {name: shapes() if name == "shapes" else reach(self._reached, full=full)}
        lines = self._compared("areas", edition)
        if name in ("adjusted", "coefficients"):
            return dict(zip(("adjusted", "coefficients"), fair(across, lines), strict=True))
        if name == "peers":
            return {name: peers(lines, self._compared("mix", edition))}
        made = {"trends": trends, "funnels": funnels}
        if name == "mix":
            return {name: mix(across, lines, full=edition == "full")}
        return {name: made[name](lines)}

    @property
    def withheld(self) -> pd.DataFrame:
        """What a publication puts on record: `editions.withheld` of the windows that it prints."""
        windows = [report.window for report in self._source.period.reports]
        return self._withheld[self._withheld["window"].isin(windows)].reset_index(drop=True)

    @cached_property
    def _withheld(self) -> pd.DataFrame:
        return withheld(self._source.across)

    @property
    def hiding(self) -> Hiding:
        """What this costs."""
        return hiding(self._source.across, self.withheld)

    @cached_property
    def _reached(self) -> pd.DataFrame:
        return reached(self._source.across, self.engaged(ENGAGEMENT))

    @cached_property
    def _source(self) -> Source:
        return self.source()
