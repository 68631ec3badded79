"""The frame `forms`: every line of the ETA-9169 and the ETA-9173, of every scope (domain 7.1, 9.2).

All scopes are counted at once. Each has the same lines in the same order, which is that of the
files; Wagner-Peyser's only where a state's or an LWIA's records hold any of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ipats_lib import forms
from ipats_lib.breakdown import TOTAL
from ipats_lib.cohorts import PROGRAM_TITLES, STREAMS, Mask, Program, View
from ipats_lib.disclosure import few_wages, load_thresholds
from ipats_lib.forms import Count, FormName, Share, groups_of, load_forms, rows_by_name
from ipats_lib.frames.figures import MEASURE_TITLES
from ipats_lib.frames.groups import by_group
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.slices import typed
from ipats_lib.frames.source import Source
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.periods import Cohort, Report
from ipats_lib.scopes import Scope

Numbers = NDArray[np.float64]
_NUMBERS = ("numerator", "denominator", "value")
_KNOWN = ("success", "failure", "pending")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line: of a window, a program, a measure, and the place of a group."""

    window: Report
    program: Program
    measure: str
    group: int


@dataclass(frozen=True, slots=True)
class _Cells:
    """Of one measure: numbers by scope and group; only the value where a form has one number."""

    value: Numbers
    numerator: Numbers | None = None
    denominator: Numbers | None = None


class FormLines:
    """The lines of both forms of every scope, counted once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        rows = source.rows
        own = list(groups_of("9173").values())
        every = source.members.with_groups(rows, own)
        first = len(source.members.titles)
        chosen = [
            place
            for place, (dimension, _) in enumerate(every.titles)
            if place >= first or dimension in (*forms.DIMENSIONS, forms.TIER)
        ]
        self._members, self._chosen = every, np.array(chosen)
        self._groups = [every.titles[place] for place in chosen]
        self._own = {n for n, place in enumerate(chosen) if place >= first}
        self._tiers = {
            title: n for n, (kind, title) in enumerate(self._groups) if kind == forms.TIER
        }
        # Every record of every scope, by scope and then by person.
        person = pd.factorize(rows["100"])[0][source.at]
        order = np.lexsort((person, source.owner))
        self._at, self._owner, self._person = source.at[order], source.owner[order], person[order]
        self._place = {scope: n for n, scope in enumerate(source.scopes)}

    def of(self, scope: Scope) -> pa.Table:
        """The frame `forms` of one scope; medians of few wages are withheld."""
        number, (lines, table) = self._place[scope], self._table
        shown = np.ones(len(lines), dtype=np.bool_)
        if scope.kind == "planner" or not self._in_wagner_peyser[number]:
            shown = lines["program"].to_numpy() != "wp"
        numbers = {name: self._numbers[name][shown, number] for name in _NUMBERS}
        asked = lines[["measure"]][shown].assign(denominator=numbers["denominator"])
        hidden = few_wages(asked.fillna({"denominator": 0}), scope.kind, load_thresholds())
        numbers["value"] = np.where(hidden, np.nan, numbers["value"])
        many = int(shown.sum())
        changed = {"area_type": [scope.kind] * many, "area": [scope.area] * many}
        changed |= {**numbers, "suppressed": hidden.to_numpy()}
        mine = table.filter(pa.array(shown))
        for name, values in changed.items():
            field = mine.schema.field(name)
            column = pa.array(values, from_pandas=True)
            mine = mine.set_column(
                mine.schema.get_field_index(name), field, column.cast(field.type)
            )
        return mine

    @cached_property
    def _table(self) -> tuple[pd.DataFrame, pa.Table]:
        """Every line's keys and words, and the same as a table whose numbers are blank."""
        lines = pd.DataFrame([self._words(line) for line in self._lines], columns=_WORDS)
        blank = lines.assign(period=self._source.period.name, area_type="", area="")
        blank = blank.assign(**dict.fromkeys(_NUMBERS, np.nan), suppressed=False)
        return lines, typed(blank, SCHEMAS["forms"])

    @cached_property
    def _numbers(self) -> dict[str, Numbers]:
        """Each of the numbers by line and scope."""
        cells = {
            (window.label, program): self._counted(window, program)
            for window in _windows(self._source)
            for program in forms.PROGRAMS
        }
        none = np.full(len(self._place), np.nan)
        found: dict[str, Numbers] = {}
        for name in _NUMBERS:
            columns = []
            for line in self._lines:
                numbers = getattr(cells[line.window.label, line.program][line.measure], name)
                columns.append(none if numbers is None else numbers[:, line.group])
            found[name] = np.array(columns).reshape(len(self._lines), len(none))
        return found

    @cached_property
    def _in_wagner_peyser(self) -> Mask:
        """Which scopes have a record of it."""
        here = (self._source.rows["918"] == 1).fillna(False).to_numpy(dtype=np.bool_)
        size = len(self._place)
        return np.bincount(self._source.owner[here[self._source.at]], minlength=size) > 0

    # The lines, in the order of the files

    @cached_property
    def _lines(self) -> list[_Line]:
        """Of each form the groups that both have, then what only this one has."""
        lines: list[_Line] = []
        for form in ("9169", "9173"):
            windows = [window for window in _windows(self._source) if _name(window) == form]
            lines += [line for window in windows for line in self._shared(window)]
            for window in windows:
                lines += [
                    _Line(window, program, measure, 0)
                    for program in forms.PROGRAMS
                    for measure in forms.SERVICES
                ]
                lines += self._of_quarterly(window) if form == "9173" else ()
        return lines

    def _shared(self, window: Report, *, tiers: bool = False) -> Iterator[_Line]:
        for program in forms.PROGRAMS:
            mine = [code for code, rule in INDICATORS.items() if program in rule.programs]
            wanted = {self._tiers[forms.TIERS[tier]] for tier in forms.tiers_of(program)}
            for place, (dimension, _) in enumerate(self._groups):
                is_tier = dimension == forms.TIER
                if place not in self._own and is_tier == tiers and (place in wanted or not is_tier):
                    for measure in ("served", "exited", *mine):
                        yield _Line(window, program, measure, place)

    def _of_quarterly(self, window: Report) -> Iterator[_Line]:
        yield from self._shared(window, tiers=True)
        for program in forms.PROGRAMS:
            for place, (dimension, _) in enumerate(self._groups):
                if dimension != forms.TIER:
                    for tier in (t for t in forms.TIERS if t in forms.tiers_of(program)):
                        yield _Line(window, program, f"served_{tier}", place)
                if place in self._own:
                    yield _Line(window, program, "served", place)
        for program in forms.REPORTABLE:
            yield _Line(window, program, "reportable", 0)
        for program in forms.PROGRAMS:
            tiers = [self._tiers[forms.TIERS[tier]] for tier in forms.tiers_of(program)]
            for measure in forms.GAINS if program in INDICATORS["MSG"].programs else ():
                for place in (0, *tiers):
                    yield _Line(window, program, measure, place)

    def _words(self, line: _Line) -> tuple[str, ...]:
        """`_WORDS` of a line."""
        form = _name(line.window)
        dimension, title = self._groups[line.group]
        everybody, named = dimension == TOTAL, rows_by_name(form)
        group = "all" if everybody else f"{dimension}: {title}"
        row = named.get(line.measure if everybody or line.measure in forms.GAINS else group)
        measure = named.get(line.measure) or rows_by_name("9169").get(line.measure)
        return (
            load_forms()[form].name,
            load_forms()[form].edition,
            line.window.window,
            line.window.window_title.capitalize(),
            line.program,
            PROGRAM_TITLES[line.program],
            forms.section_of(form, line.measure, dimension),
            dimension,
            title,
            "" if everybody else f"{dimension}={title}",
            line.measure,
            measure.title if measure else _TITLES[line.measure],
            row.item if row else "",
            row.unconfirmed if row else "item",
            forms.kind_of(line.measure),
            forms.NOTHING if forms.SERVICES.get(line.measure, line) is None else "",
        )

    # The numbers

    def _counted(self, window: Report, program: Program) -> dict[str, _Cells]:
        """Every measure of one window and program."""
        holds = self._members.of(program)[:, self._chosen]
        everybody = holds[:, :1]
        found = {
            name: _Cells(self._count(count, window, program, holds))
            for name, count in (("served", forms.SERVED), ("exited", forms.EXITED))
        }
        found |= self._indicators[window.label, program]
        for name, asked in forms.SERVICES.items():
            found[name] = _Cells(self._services_of(asked, window, program, everybody))
        if _name(window) == "9169":
            return found
        for tier in forms.tiers_of(program):
            inside = holds[:, self._tiers[forms.TIERS[tier]]]
            numbers = self._count(forms.SERVED, window, program, holds, inside)
            found[f"served_{tier}"] = _Cells(numbers)
        if program in forms.REPORTABLE:
            asked = forms.REPORTABLE[program]
            mask = asked.asked(self._view(asked.cohort, window, program))
            found["reportable"] = _Cells(self._sizes(mask, everybody, persons=True))
        if program in INDICATORS["MSG"].programs:
            found |= self._gains(window, program, holds)
        return found

    def _services_of(
        self, asked: Count | Share | None, window: Report, program: Program, holds: Mask
    ) -> Numbers:
        if asked is None:
            return np.full((len(self._place), 1), np.nan)
        if isinstance(asked, Count):
            return self._count(asked, window, program, holds)
        part, whole = (
            self._count(one, window, program, holds) for one in (asked.part, asked.whole)
        )
        return _over(part, whole)

    def _gains(self, window: Report, program: Program, holds: Mask) -> dict[str, _Cells]:
        """Periods of participation with a gain, of those that the skill gains count."""
        table = self._source.outcomes
        mine = (table["report"] == window.label) & (table["program"] == program)
        mine &= (table["indicator"] == "MSG") & table["state"].isin(_KNOWN)
        counted = self._source.rows["row"].isin(table.loc[mine, "row"]).to_numpy()
        whole = self._sizes(counted, holds)
        view, found = self._view("MSG", window, program), {}
        for name, gained in forms.GAINS.items():
            part = self._sizes(counted & gained(view), holds)
            found[name] = _Cells(_over(part, whole), part, whole)
        return found

    @cached_property
    def _indicators(self) -> dict[tuple[str, Program], dict[str, _Cells]]:
        """The indicators of every window, program, scope and group."""
        place = np.full(len(self._members.titles), -1)
        place[self._chosen] = np.arange(len(self._chosen))
        size = (len(self._place), len(self._chosen))
        pairs = [(p, code) for p in forms.PROGRAMS for code in INDICATORS]
        index = pd.MultiIndex.from_tuples(pairs)
        found: dict[tuple[str, Program], dict[str, _Cells]] = {}
        for window in _windows(self._source):
            lines = by_group(self._source, window)
            pair = index.get_indexer(pd.MultiIndex.from_frame(lines[["program", "measure"]]))
            at = place[lines["group_order"]]
            mine = np.flatnonzero((at >= 0) & (pair >= 0))
            cell = (pair[mine], lines["owner"].to_numpy()[mine], at[mine])
            numbers = {name: np.zeros((len(pairs), *size)) for name in _NUMBERS}
            numbers["value"] += np.nan
            for name, values in numbers.items():
                values[cell] = lines[name].to_numpy(np.float64, na_value=np.nan)[mine]
            found |= {(window.label, program): {} for program in forms.PROGRAMS}
            for n, (program, code) in enumerate(pairs):
                above, below, value = (numbers[name][n] for name in _NUMBERS)
                above = None if INDICATORS[code].is_median else above
                found[window.label, program][code] = _Cells(value, above, below)
        return found

    def _view(self, of: Cohort, window: Report, program: Program) -> View:
        source, cohort = self._source, window.cohort(of)
        return View(source.records, program, cohort, source.snapshot.as_of)

    def _count(
        self,
        count: Count,
        window: Report,
        program: Program,
        holds: Mask,
        inside: Mask | None = None,
    ) -> Numbers:
        view = self._view(count.cohort, window, program)
        mask = STREAMS[program](view) & count.asked(view)
        return self._sizes(mask if inside is None else mask & inside, holds, persons=count.persons)

    def _sizes(self, chosen: Mask, holds: Mask, *, persons: bool = False) -> Numbers:
        """By scope and group: how many of the chosen records, or persons with such a record.

        holds: records x groups.
        """
        found = np.zeros((len(self._place), holds.shape[1]))
        pairs = np.flatnonzero(chosen[self._at])
        if not len(pairs):
            return found
        held, owner = holds[self._at[pairs]], self._owner[pairs]
        if persons:
            first = np.flatnonzero(
                (np.diff(self._person[pairs], prepend=-2) != 0) | (np.diff(owner, prepend=-1) != 0)
            )
            held, owner = np.logical_or.reduceat(held, first, axis=0), owner[first]
        owners, starts = np.unique(owner, return_index=True)
        found[owners] = np.add.reduceat(held, starts, axis=0, dtype=np.int64)
        return found


_TITLES: dict[str, str] = {str(code): title for code, title in MEASURE_TITLES.items()}
_TITLES |= {f"served_{tier}": title for tier, title in forms.TIERS.items()}
_WORDS = [
    *("form", "edition", "window", "window_title", "program", "program_title", "section"),
    *("dimension", "group_title", "group", "measure", "measure_title", "item", "unconfirmed"),
    *("kind", "note"),
]


def _windows(source: Source) -> tuple[Report, ...]:
    """The program year, as far as it is known, and the windows of a quarterly report."""
    year = source.period.program_year
    return (year, *(window for window in source.period.reports if window != year))


def _name(window: Report) -> FormName:
    return "9169" if window.kind == "annual" else "9173"


def _over(part: Numbers, whole: Numbers) -> Numbers:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
