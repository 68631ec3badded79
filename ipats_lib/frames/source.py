"""What the frames of the federal indicators are counted from: every scope at once, or one alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib import forms, groups, indicators
from ipats_lib.breakdown import Membership, membership_of
from ipats_lib.cohorts import Records, whole_from
from ipats_lib.frames.earlier_quarters import history
from ipats_lib.frames.keys import FigureKey
from ipats_lib.indicators.rules import ELEMENTS
from ipats_lib.params import load_areas
from ipats_lib.periods import Period, Report
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import Released, Snapshot
from ipats_lib.snapshot.areas import places_between

TREND_QUARTERS = 8
# Who gave the first training, and the occupation that each of three trainings leads to.
TRAINED = ("1301", "1306", "1311", "1316")
ENTERED_TRAINING = "1302"
# What the indicators, their groups, the forms, trainings and the service to employers ask.
_ASKED = (*ELEMENTS, *groups.ELEMENTS, *forms.ELEMENTS, *TRAINED, ENTERED_TRAINING)
COLUMNS = tuple(dict.fromkeys(_ASKED))
AREA = ("area_type", "area")


def quarters_of(period: Period) -> list[Report]:
    """The report quarters of a trend, each alone, the newest first."""
    return [period.earlier(back).reports[1] for back in range(TREND_QUARTERS)]


def reports_of(period: Period) -> tuple[Report, ...]:
    """The reports whose outcomes a publication needs.

    Its windows, the quarters of its trend, and the program years before and after.
    """
    years = [Period(period.py + step).program_year for step in (-1, 1)]
    return tuple(dict.fromkeys((*period.windows, *quarters_of(period), *years)))


@dataclass(frozen=True, eq=False)
class Source:
    """The records of some scopes, each record once, and which scope has which.

    rows: by `row`, with `COLUMNS` at least. at, owner: one pair per scope and record: its place in
    rows, and the scope's place in `scopes`; by scope and then by record. earlier, released: older
    snapshots that were named, and records of what linked publications showed. whole: the source
    of more scopes that this one is a part of. by_group: what `groups.by_group` counted, by the
    window's label: several frames read it.
    """

    snapshot: Snapshot
    period: Period
    scopes: tuple[Scope, ...]
    rows: pd.DataFrame
    at: NDArray[np.intp]
    owner: NDArray[np.intp]
    earlier: tuple[Snapshot, ...] = ()
    released: tuple[Released, ...] = ()
    whole: "Source | None" = None
    by_group: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of_all(
        cls,
        snapshot: Snapshot,
        period: Period,
        rows: pd.DataFrame,
        scopes: Iterable[Scope],
        earlier: tuple[Snapshot, ...] = (),
        released: tuple[Released, ...] = (),
    ) -> "Source":
        """Many scopes in one pass. rows: the state's."""
        known = tuple(scopes)
        number = {(scope.kind, scope.area): place for place, scope in enumerate(known)}
        members = snapshot.membership()
        names = members.groupby(list(AREA), observed=True).ngroup().to_numpy()
        first = members.drop_duplicates(list(AREA)).index
        owners = np.full(int(names.max(initial=-1)) + 1, -1, dtype=np.intp)
        keys = zip(*(members.loc[first, name].astype("str") for name in AREA), strict=True)
        owners[names[first]] = [number.get(key, -1) for key in keys]  # type: ignore[call-overload]
        owner = owners[names]
        mine = owner >= 0
        at = np.searchsorted(rows["row"].to_numpy(), members["row"].to_numpy()[mine])
        owner = owner[mine]
        if STATE in known:
            everybody = np.arange(len(rows), dtype=np.intp)
            at = np.concatenate([everybody, at])
            owner = np.concatenate([np.full(len(rows), known.index(STATE)), owner])
        order = np.lexsort((at, owner))
        return cls(snapshot, period, known, rows, at[order], owner[order], earlier, released)

    @classmethod
    def of_one(
        cls,
        snapshot: Snapshot,
        period: Period,
        scope: Scope,
        earlier: tuple[Snapshot, ...] = (),
        released: tuple[Released, ...] = (),
    ) -> "Source":
        """One scope alone: nobody else's records are read."""
        rows = snapshot.rows(scope, COLUMNS)
        at = np.arange(len(rows), dtype=np.intp)
        owner = np.zeros(len(rows), dtype=np.intp)
        return cls(snapshot, period, (scope,), rows, at, owner, earlier, released)

    def part(self, scopes: tuple[Scope, ...]) -> "Source":
        """Some of the scopes, counted from the same outcomes."""
        if scopes == self.scopes:
            return self
        place = {scope: n for n, scope in enumerate(scopes)}
        owner = np.array([place.get(scope, -1) for scope in self.scopes])[self.owner]
        mine = np.flatnonzero(owner >= 0)
        mine = mine[np.argsort(owner[mine], kind="stable")]
        at, owner = self.at[mine], owner[mine]
        return replace(self, scopes=scopes, at=at, owner=owner, whole=self)

    @cached_property
    def records(self) -> Records:
        return self.whole.records if self.whole else Records(self.rows)

    @cached_property
    def members(self) -> Membership:
        """Which record is in which group."""
        return self.whole.members if self.whole else membership_of(self.rows)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """`indicators.outcome_table` of every report of `reports_of`, by record."""
        if self.whole:
            return self.whole.outcomes
        table = indicators.outcome_table(self.rows, reports_of(self.period), self.snapshot.as_of)
        return table.sort_values("row", kind="stable", ignore_index=True)

    @cached_property
    def counts(self) -> pd.DataFrame:
        """`indicators.aggregate` by report, area_type, area and program: each scope's figures."""
        placed = self.outcomes.take(self.lines[0]).reset_index(drop=True)
        owner = self.lines[1]
        kinds = [scope.kind for scope in self.scopes]
        areas = [scope.area for scope in self.scopes]
        named = {
            name: pd.Categorical.from_codes(pd.Index(codes := sorted(set(words))).get_indexer(
                pd.Index(words))[owner], codes)
            for name, words in (("area_type", kinds), ("area", areas))
        }  # fmt: skip
        return indicators.aggregate(placed.assign(**named), ["report", *AREA, "program"])

    @cached_property
    def lines(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The lines of `outcomes` of every scope, and the scope's place of each; by scope, then as
        they are there."""
        return lines_of_scopes(self, self.outcomes["row"].to_numpy())

    @cached_property
    def whole_from(self) -> str:
        """The first day of the oldest quarter whose exits the extract holds as a whole."""
        if self.whole:
            return self.whole.whole_from
        exits = self.snapshot.rows(STATE, ["901"])["901"].to_numpy(dtype="datetime64[D]")
        first = whole_from(exits)
        return first.isoformat() if first else ""

    @cached_property
    def older(self) -> pd.DataFrame:
        """The trend's quarters that only earlier snapshots hold (`earlier_quarters.history`)."""
        if self.whole:
            return self.whole.older
        return history(self.snapshot, self.whole_from, self.earlier, quarters_of(self.period))

    @cached_property
    def across(self) -> "Source":
        """The state and every LWIA, whatever scope asks: for the frames of several areas."""
        if self.whole:
            return self.whole.across
        wanted = (STATE, *(Scope(area.lwia) for area in load_areas()))
        if set(wanted) <= set(self.scopes):
            return self
        rows = self.rows if STATE in self.scopes else self.snapshot.rows(STATE, COLUMNS)
        facts = (self.snapshot, self.period, rows, wanted, self.earlier, self.released)
        return Source.of_all(*facts)


def lines_of_scopes(
    source: Source, row: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which lines of a table of records each scope has, and the scope's place of each; by scope,
    then as they are there. row: the record of each line, in order."""
    own = source.rows["row"].to_numpy()[source.at]
    first, last = np.searchsorted(row, own), np.searchsorted(row, own, side="right")
    return places_between(first, last), np.repeat(source.owner, last - first)


def keyed(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines with the columns of a key (`keys.KEY`), each with its id."""
    parts = ("period", "window", *AREA, "program", "measure", "group")
    columns = (lines[name].tolist() for name in parts)
    return lines.assign(id=[FigureKey(*key).id for key in zip(*columns, strict=True)])
