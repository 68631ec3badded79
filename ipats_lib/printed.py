"""All that publications printed, as one system of equations between counts of people.

The unknowns are who exited, was successful, or had a wage, by area, program and quarter of exit.
Each line of each publication is a sum of them, so whatever adds up, overlaps, or counts the same
people is in the equations, within a publication and between two (domain 7.3, 9.2).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.inference import Numbers
from ipats_lib.periods import Period, Quarter, Window

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Place = tuple[str, str, str]  # area_type, area, program
Spans = tuple[tuple[int, int], ...]  # the first and the last quarter of what is counted apart
Count = tuple[str, Place, Spans]  # what is counted, where, and when
PROGRAMS = ("adult", "dw", "youth")


@cache
def days(kind: str, py: int, quarter: str, window: str, measure: Measure) -> Window:
    """Whose exits, or days in a program, a line counts."""
    period = Period.parse(f"PY{py}{quarter}")
    report = next(r for r in period.windows if (r.kind, r.window) == (kind, window))
    return report.cohort(INDICATORS[measure].cohort)


@cache
def _spans(kind: str, py: int, quarter: str, window: str, measure: Measure) -> Spans:
    """Quarters that add up to a line; of those who were served, the whole window."""
    span = days(kind, py, quarter, window, measure)
    first, last = Quarter.of(span.start).index, Quarter.of(span.end).index
    if INDICATORS[measure].cohort in ("served", "MSG"):
        return ((first, last),)
    return tuple((each, each) for each in range(first, last + 1))


def family(measure: str) -> str:
    """What measures have in common whose lines count the same people."""
    rule = INDICATORS[cast(Measure, measure)]
    return "exits" if rule.is_median or rule.activity is None else rule.code


@dataclass(frozen=True, slots=True)
class Line:
    """What a line counts. size, successes: names of its counts; a median has no successes."""

    place: Place
    spans: Spans
    size: str
    successes: str


def lines_of(figures: pd.DataFrame) -> list[Line]:
    """The lines of figures in the long form."""
    names = ("report", "py", "quarter", "window", "measure", "area_type", "area", "program")
    found = []
    for *when, measure, kind, area, program in zip(
        *(figures[name].tolist() for name in names), strict=True
    ):
        rule = INDICATORS[measure]
        size = "wages" if rule.is_median else "exits" if rule.activity is None else f"in {measure}"
        place = (str(kind), str(area), str(program))
        won = "" if rule.is_median else str(measure)
        found.append(Line(place, _spans(*when, measure), size, won))
    return found


class Leaves:
    """The places whose counts a place adds up: of its areas, and of the programs of Title I."""

    def __init__(self, places: Iterable[Place]) -> None:
        known = dict.fromkeys(places)
        kinds = {kind for kind, _, _ in known}
        self._whole = next((k for k in ("state", "lwia") if k in kinds and len(kinds) > 1), "")
        self._inner = [(k, a) for k, a in dict.fromkeys(p[:2] for p in known) if k != self._whole]
        self._known = known

    def of(self, place: Place) -> list[Place]:
        """Itself where nothing adds up to it."""
        kind, area, program = place
        areas = self._inner if kind == self._whole else [(kind, area)]
        inside = PROGRAMS if program == "title1" else (program,)
        found = [(*one, p) for one in areas for p in inside if (*one, p) in self._known]
        return found or [(*one, program) for one in areas]


@dataclass(frozen=True, slots=True)
class Publication:
    """Lines with what is printed of them. sizes, successes: missing where that is not known."""

    lines: list[Line]
    sizes: Numbers
    successes: Numbers

    @classmethod
    def of(cls, figures: pd.DataFrame) -> "Publication":
        """Of figures in the long form, numbers missing where they are withheld."""
        return cls(lines_of(figures), *_numbers(figures))

    @classmethod
    def of_counts(cls, figures: pd.DataFrame) -> "Publication":
        """Of counts of persons in one window: each `measure` apart, with successes of a share."""
        sizes, successes = _numbers(figures)
        places = zip(
            *(figures[n].astype("str") for n in ("area_type", "area", "program")), strict=True
        )
        names = zip(figures["measure"].astype("str"), np.isnan(successes).tolist(), strict=True)
        lines = [
            Line(place, ((0, 0),), f"in {name}", "" if whole else name)
            for place, (name, whole) in zip(places, names, strict=True)
        ]
        return cls(lines, sizes, successes)


def _numbers(figures: pd.DataFrame) -> tuple[Numbers, Numbers]:
    sizes, successes = (
        figures[name].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("denominator", "numerator")
    )
    return sizes, successes


def _counts(one: Publication) -> dict[Count, float]:
    """The counts of each line by what they count."""
    found = {}
    for line, size, successes in zip(one.lines, one.sizes, one.successes, strict=True):
        found[line.size, line.place, line.spans] = float(size)
        if line.successes:
            found[line.successes, line.place, line.spans] = float(successes)
    return found


class Equations:
    """The lines of a publication and of those before it, each a sum of unknown counts.

    now: with every number, hidden or not. before: with those that were shown. quarters: the lines
    of single quarters with every number, as far as these are known.

    Rows are the sizes of all lines, then their successes; the lines of `now` come first, then
    those of each publication before (`parts`: their places). sums: the factors of the unknowns in
    each row; inner: rows that are 0 or more. values: what each row was printed as, and of `now`
    what it is. counted: what it is, missing where that is not known. overlap: how many more the
    sum has than the row, as people are in two areas or programs; taken to be known.
    """

    def __init__(
        self, now: Publication, before: Sequence[Publication], quarters: Publication | None
    ) -> None:
        self.lines = [*now.lines, *(line for one in before for line in one.lines)]
        self.many, every = len(now.lines), len(self.lines)
        ends = np.cumsum([self.many, *(len(one.lines) for one in before)])
        self.parts = [np.r_[a:b, every + a : every + b] for a, b in pairwise(ends)]
        self.values = np.concatenate(
            [one.sizes for one in (now, *before)] + [one.successes for one in (now, *before)]
        )
        self.leaves = Leaves(line.place for line in now.lines)
        self._known = _known(now, quarters)
        self.unknowns: dict[Count, int] = {}
        rows = [(line.size, line) for line in self.lines]
        rows += [(line.successes, line) for line in self.lines]
        self.sums = self._sums(rows)
        self.inner = self._inner()
        self.counted = np.array(
            [self.known(name, one.place, one.spans) if name else np.nan for name, one in rows]
        )
        self.overlap = np.array([self._overlap(name, line) for name, line in rows])

    @property
    def sums_of_quarters(self) -> bool:
        """Whether lines add quarters up; those of participants in a window do not."""
        return any(len(line.spans) > 1 for line in self.lines)

    def beside(self, line: int) -> list[int]:
        """The lines of the publication that count some of the people of a line."""
        mine = self._people(line)
        return [n for n in range(self.many) if mine & self._people(n)]

    def _people(self, line: int) -> set[tuple[Place, tuple[int, int]]]:
        one = self.lines[line]
        return {(place, span) for place in self.leaves.of(one.place) for span in one.spans}

    def known(self, name: str, place: Place, spans: Spans) -> float:
        """A count, or the sum of its quarters; missing where these are not known."""
        whole = self._known.get((name, place, spans))
        if whole is not None:
            return whole
        return sum(self._known.get((name, place, (span,)), np.nan) for span in spans)

    def others(self, row: int, area: str) -> float:
        """How many of a row are counted in other areas than one; missing where not known."""
        line = self.lines[row % len(self.lines)]
        name = line.size if row < len(self.lines) else line.successes
        places = [place for place in self.leaves.of(line.place) if place[1] != area]
        return sum(self.known(name, place, line.spans) for place in places)

    def _overlap(self, name: str, line: Line) -> float:
        """Taken to be none where it is not known."""
        parts = self.leaves.of(line.place)
        if not name or parts == [line.place]:
            return 0.0
        whole = self.known(name, line.place, line.spans)
        more = sum(self.known(name, place, line.spans) for place in parts) - whole
        return 0.0 if np.isnan(more) else more

    def _sums(self, rows: Sequence[tuple[str, Line]]) -> "csr_array":
        at: list[tuple[int, int]] = []
        for n, (name, line) in enumerate(rows):
            if name:
                parts = self.leaves.of(line.place)
                counts = [(name, place, (span,)) for place in parts for span in line.spans]
                at += [(n, self.unknowns.setdefault(c, len(self.unknowns))) for c in counts]
        return _matrix([(n, place, 1) for n, place in at], len(rows), len(self.unknowns))

    def _inner(self) -> "csr_array":
        """Whoever is successful is counted, whoever has a wage is employed, and whoever is served
        in one window is in a longer one, where the records are so."""
        pairs = []
        for (name, place, spans), inner in self.unknowns.items():
            measure = name.removeprefix("in ")
            outer = {"wages": "ERQ2", "ERQ2": "exits", "ERQ4": "exits"}.get(name, f"in {name}")
            if (other := self.unknowns.get((outer, place, spans))) is not None:
                pairs.append((other, inner))
            if measure in INDICATORS and INDICATORS[measure].cohort in ("served", "MSG"):
                pairs += self._longer(name, place, spans[0], inner)
        found = [(n, at, factor) for n, pair in enumerate(pairs)
                 for at, factor in zip(pair, (1, -1), strict=True)]  # fmt: skip
        return _matrix(found, len(pairs), len(self.unknowns))

    def _longer(
        self, name: str, place: Place, span: tuple[int, int], inner: int
    ) -> list[tuple[int, int]]:
        found = []
        for (other, where, ((first, last),)), outer in self.unknowns.items():
            holds = first <= span[0] and span[1] <= last and (first, last) != span
            if (other, where) == (name, place) and holds:
                more = self.known(name, place, ((first, last),)) - self.known(name, place, (span,))
                found += [(outer, inner)] if more >= 0 else []
        return found


def quarters_beside(released: pd.DataFrame, quarters: pd.DataFrame) -> pd.DataFrame:
    """The quarters alone that a publication showed beside its report (`releasable`), as they are
    known now. quarters: with whether each is `small`."""

    def keys(lines: pd.DataFrame) -> list[tuple[str, str, str]]:
        names = (lines["area"].astype("str"), lines["program"].astype("str"))
        return [*zip(*names, lines["measure"].map(family), strict=True)]

    hidden = {*keys(released[released["suppressed"]]), *keys(quarters[quarters["small"]])}
    hidden |= {(area, "title1", counts) for area, _, counts in hidden}
    last = released["py"].iloc[0], released["quarter"].iloc[0] or "Q4"
    days = zip(quarters["py"], quarters["quarter"], strict=True)
    shown = [key not in hidden and day <= last
             for key, day in zip(keys(quarters), days, strict=True)]  # fmt: skip
    return quarters[np.array(shown, dtype=bool) & quarters["area_type"].eq("lwia")]


def _known(now: Publication, quarters: Publication | None) -> dict[Count, float]:
    """Every count that is known; those of single quarters where they add up to the lines."""
    found = _counts(now)
    if quarters is None:
        return found
    every = {**_counts(quarters), **found}
    wrong = set()
    for (name, place, spans), number in found.items():
        pieces = sum(every.get((name, place, (span,)), np.nan) for span in spans)
        if pieces != number and not np.isnan(pieces):
            wrong.add((name, place))
    return {key: n for key, n in every.items() if key in found or key[:2] not in wrong}


def _matrix(entries: Sequence[tuple[int, int, int]], rows: int, columns: int) -> "csr_array":
    from scipy.sparse import csr_array

    lines, places, factors = zip(*entries, strict=True) if entries else ((), (), ())
    values = np.array(factors, dtype=np.float64)
    return csr_array((values, (np.array(lines, int), np.array(places, int))), (rows, columns))
