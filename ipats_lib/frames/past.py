"""Each scope's outcomes by report, program and measure, as the expectations of a year ask them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import Program, View
from ipats_lib.frames.earlier_quarters import holds_whole
from ipats_lib.frames.source import Source, quarters_of
from ipats_lib.indicators.predicates import ATTAINED_DIPLOMA, CREDENTIAL_SLOTS
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.periods import Period, Report
from ipats_lib.projection import Known

Days = NDArray[np.float64]
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth")
OPEN = ("pending", "awaiting")
UNKNOWN = float("nan")
_CREDENTIAL_DAYS = tuple(day for _, day in CREDENTIAL_SLOTS)
_GAIN_DAYS = ("1806", "1807", "1808", "1809", "1810")
_LINE = ("report", "program", "indicator")


def years_of(period: Period) -> tuple[Report, Report]:
    """The annual reports whose outcomes are still open: this program year's and the next."""
    return Period(period.py).program_year, Period(period.py + 1).program_year


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcome rows of one or several lines as arrays: record (its place among the records),
    program, state, reason (texts), value (dollars, NaN where there is none)."""

    record: NDArray[np.intp]
    program: NDArray[np.object_]
    state: NDArray[np.object_]
    reason: NDArray[np.object_]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.record)

    def at(self, places: NDArray[np.intp] | NDArray[np.bool_]) -> "Outcomes":
        """The rows at these places, or where a mask holds."""
        return Outcomes(*(getattr(self, name)[places] for name in self.__slots__))

    def among(self, *states: str) -> NDArray[np.bool_]:
        """Which rows are in one of these states."""
        return np.logical_or.reduce([self.state == state for state in states])

    @property
    def wages(self) -> NDArray[np.float64]:
        return self.value[~np.isnan(self.value)]


class Past:
    """The outcomes of all scopes of a source, found by scope, report, program and measure."""

    def __init__(self, source: Source) -> None:
        self.source = source
        table = source.outcomes
        at, owner = source.lines
        parts = [pd.factorize(table[name].astype("object")) for name in _LINE]
        self._numbers = [{name: n for n, name in enumerate(names)} for _, names in parts]
        self._shape = (len(source.scopes), *(max(1, len(names)) for names in self._numbers))
        lines = (owner, *(codes[at] for codes, _ in parts))
        keys = np.ravel_multi_index(lines, self._shape)
        order = np.argsort(keys, kind="stable")
        self._keys, self._at = keys[order], at[order]
        program, state, reason = (
            table[name].astype("object").to_numpy() for name in ("program", "state", "reason")
        )
        record = np.searchsorted(source.rows["row"].to_numpy(), table["row"].to_numpy())
        value = table["value"].to_numpy(dtype=np.float64)
        self._every = Outcomes(record, program, state, reason, value)

    def outcomes(self, owner: int, label: str, program: str, measure: str) -> Outcomes:
        """The outcomes of one line of a scope's report, excluded records too."""
        known = zip(self._numbers, (label, program, measure), strict=True)
        line = [numbers.get(name, -1) for numbers, name in known]
        if min(line) < 0:
            return self._every.at(np.empty(0, dtype=np.intp))
        key = np.ravel_multi_index((owner, *line), self._shape)
        first, last = (int(np.searchsorted(self._keys, key, side=s)) for s in ("left", "right"))
        return self._every.at(self._at[first:last])

    def quarters(self, owner: int, program: str, measure: str) -> list[Known]:
        """Success and failure counts of one line by report quarter, oldest first: of the quarters
        alone that this extract, or an earlier one that was named, holds as a whole."""
        scope = self.source.scopes[owner]
        return self._known.get((scope.kind, scope.area, program, measure), [])

    @cached_property
    def _counts(self) -> pd.DataFrame:
        source = self.source
        names = ["report", "area_type", "area", "program", "indicator", "success", "failure"]
        windows = {window.label: window for window in quarters_of(source.period)}
        whole = {
            (label, code)
            for label, window in windows.items()
            for code in INDICATORS
            if self.holds_whole(window, code)
        }
        counts = source.counts[names].astype(dict.fromkeys(names[:5], "object"))
        lines = zip(counts["report"], counts["indicator"], strict=True)
        mine = counts[np.array([line in whole for line in lines], dtype=np.bool_)]
        if len(source.older):
            older = source.older[names].astype(mine.dtypes.to_dict())
            mine = pd.concat([older, mine], ignore_index=True)
        label = mine["report"].map({one: _named(window) for one, window in windows.items()})
        return mine.assign(quarter_label=label).sort_values(
            "quarter_label", kind="stable", ignore_index=True
        )

    @cached_property
    def _known(self) -> Mapping[tuple[str, ...], list[Known]]:
        """By area type, area, program and indicator."""
        names = ("area_type", "area", "program", "indicator", *Known._fields)
        found = defaultdict(list)
        for *line, label, success, failure in zip(
            *(self._counts[name].tolist() for name in names), strict=True
        ):
            found[tuple(line)].append(Known(label, success, failure))
        return found

    def holds_whole(self, window: Report, measure: Measure) -> bool:
        """Whether the extract holds all that a figure of the window counts."""
        return holds_whole(window, measure, self.source.whole_from, self.source.snapshot.as_of)

    def trend(self, measure: Measure) -> list[tuple[str, str]]:
        """The label and the name of each report quarter that is held whole, oldest first."""
        windows = reversed(quarters_of(self.source.period))
        return [(w.label, _named(w)) for w in windows if self.holds_whole(w, measure)]

    @cached_property
    def view(self) -> View:
        """The records as predicates ask them, whatever the program and window."""
        window = self.source.period.reports[0].cohort("ER_Q4")
        return View(self.source.records, "title1", window, self.source.snapshot.as_of)

    @cached_property
    def has_diploma(self) -> NDArray[np.bool_]:
        """Of every record: whether it has a diploma."""
        return ATTAINED_DIPLOMA(self.view)

    @cached_property
    def waits(self) -> Days:
        """Of every record: days since exit, on the as-of date."""
        today = np.datetime64(self.source.snapshot.as_of)
        return _days(today - self.source.records.day("901"))

    @cached_property
    def days_to_credential(self) -> Days:
        """Of every record: days from exit to its first credential."""
        records = self.source.records
        first = _first([records.day(element) for element in _CREDENTIAL_DAYS])
        return _days(first - records.day("901"))

    def days_to_gain(self, start: np.datetime64) -> Days:
        """Of every record: days from `start` to its first gain, a diploma too (domain 2.9)."""
        return self.source.records.kept(f"first gain from {start}", lambda: self._gained(start))

    def _gained(self, start: np.datetime64) -> Days:
        records = self.source.records
        dated = [records.day(element) for element in _GAIN_DAYS]
        for kind, day in CREDENTIAL_SLOTS:
            dated.append(np.where(records.code(kind) == 1, records.day(day), np.datetime64("NaT")))
        within = [np.where(days >= start, days, np.datetime64("NaT")) for days in dated]
        return _days(_first(within) - start)

    def gained_after(self, end: np.datetime64) -> NDArray[np.bool_]:
        """Of every record: whether a gain of any kind is later than `end`."""
        records = self.source.records
        return records.kept(
            f"a gain after {end}",
            lambda: np.logical_or.reduce([records.day(element) > end for element in _GAIN_DAYS]),
        )


def _named(window: Report) -> str:
    return f"PY{window.py}{window.quarter}"


def _first(dated: list[NDArray[Any]]) -> NDArray[Any]:
    """The earliest of several dates, record by record; NaT where there is none."""
    far = np.datetime64("9999-12-31")
    days = np.array(dated, dtype="datetime64[D]")
    first = np.where(np.isnat(days), far, days).min(axis=0)
    return np.where(first == far, np.datetime64("NaT"), first)


def _days(span: NDArray[Any]) -> Days:
    days = span.astype("timedelta64[D]").astype(np.float64)
    return np.where(np.isnat(span), UNKNOWN, days)
