"""A reader who solves everything that two publications showed as one system of equations.

The world is counts of people by area, program and quarter of exit. Whatever is printed is a sum of
such counts, so all prints together are equations over whole numbers, and a withheld figure is
found out where every solution gives it the same value (mixed-integer programming, HiGHS). The
reader knows which lines count the same people, and nothing of how cells were chosen.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from ipats_lib.periods import Period

PROGRAMS = ("adult", "dw", "youth")
# The newest exit quarter of each cohort of the first publication; the others are later ones.
NEWEST = {"ERQ2": 4, "ERQ4": 2}
LATER = {"first": 0, "next": 1, "second": 2}  # report quarters after the first
PERIODS = {which: Period.parse("PY2024Q2").earlier(-later) for which, later in LATER.items()}
LENGTH = {"current": 1, "rolling4": 4}
SUCCESSES = {"ERQ2": "employed2", "ERQ4": "employed4"}
Count = tuple[str, str, str, int]  # kind, area, program, quarter of exit


def draw(seed: int, areas: int, *, all_wages: bool = False) -> dict[Count, int]:
    """Random people: how many exited, were employed in either quarter, and had a wage.

    all_wages: everybody employed has one; otherwise up to two of a count lack it.
    """
    some, world = random.Random(seed), {}
    for area, program in product([f"{n:02d}" for n in range(1, areas + 1)], PROGRAMS):
        usual = some.choice([0, 1, 2, 4, 12, 30])
        for quarter in range(-1, 7):
            exited = some.randint(0, 2 * usual)
            employed, later = (round(exited * some.choice([0, 0.2, 0.6, 0.9, 1])) for _ in "24")
            missing = 0 if all_wages else some.choice([0, 0, 0, 1, 2])
            counts = (exited, employed, later, max(employed - missing, 0))
            for kind, number in zip(
                ("exited", "employed2", "employed4", "wage"), counts, strict=True
            ):
                world[kind, area, program, quarter] = number
    return world


def corrected(world: dict[Count, int], seed: int, most: int) -> dict[Count, int]:
    """The same people as a later extract knows them: a few late or withdrawn exits."""
    some, later = random.Random(seed), dict(world)
    for kind, *cell in world:
        if kind == "exited" and some.random() < 0.2:
            size = max(world[kind, *cell] + some.randint(-most, most), 0)
            later["exited", *cell] = size
            for inner in ("employed2", "employed4"):
                later[inner, *cell] = min(world[inner, *cell], size)
            gap = world["employed2", *cell] - world["wage", *cell]
            later["wage", *cell] = max(later["employed2", *cell] - gap, 0)
    return later


@dataclass(frozen=True)
class Line:
    """A line of a publication: which counts its denominator and its numerator add up."""

    keys: tuple[str, str, str, str, str]  # window, area_type, area, program, measure
    size: list[Count]
    successes: list[Count] | None


def lines(which: str, areas: int) -> list[Line]:
    """Every line of one of the publications."""
    return _lines(LATER[which], areas, LENGTH)


def _lines(later: int, areas: int, windows: Iterable[str]) -> list[Line]:
    everywhere = [f"{n:02d}" for n in range(1, areas + 1)]
    places = [("state", "IL", everywhere), *(("lwia", one, [one]) for one in everywhere)]
    groups = [*((one, (one,)) for one in PROGRAMS), ("title1", PROGRAMS)]
    found = []
    for (kind, area, inside), (program, those), window, measure in product(
        places, groups, windows, ("ERQ2", "ERQ4", "ME")
    ):
        newest = NEWEST[measure.replace("ME", "ERQ2")] + later
        cells = list(product(inside, those, range(newest - LENGTH[window] + 1, newest + 1)))
        whole = "wage" if measure == "ME" else "exited"
        part = SUCCESSES.get(measure)
        found.append(
            Line(
                (window, kind, area, program, measure),
                [(whole, *cell) for cell in cells],
                [(part, *cell) for cell in cells] if part else None,
            )
        )
    return found


def quarters(world: dict[Count, int], which: str, areas: int) -> pd.DataFrame:
    """The trend of a publication in the long form: report quarters alone, nothing withheld."""
    parts = []
    for back in range(8):
        found = _lines(LATER[which] - back, areas, ["current"])
        known = [line for line in found if all(count in world for count in line.size)]
        parts.append(frame(known, world, PERIODS[which].earlier(back)))
    return pd.concat(parts, ignore_index=True)


def frame(found: list[Line], world: dict[Count, int], period: Period) -> pd.DataFrame:
    """The long form of a publication, nothing withheld."""
    names = ("window", "area_type", "area", "program", "measure")
    sizes = [sum(world[count] for count in line.size) for line in found]
    successes = [
        pd.NA if line.successes is None else sum(world[count] for count in line.successes)
        for line in found
    ]
    return pd.DataFrame(
        {
            "report": "quarterly", "py": period.py, "quarter": f"Q{period.quarter}",
            **{name: [line.keys[place] for line in found] for place, name in enumerate(names)},
            "numerator": pd.array(successes, dtype="Int64"), "denominator": sizes,
            "value": 0.5, "suppressed": False,
        }
    )  # fmt: skip


@dataclass
class Reader:
    """All that was printed so far, as equations over the counts of one or two extracts."""

    places: dict[tuple[str, Count], int] = field(default_factory=dict)
    truth: list[int] = field(default_factory=list)
    rows: list[tuple[dict[int, int], float, float]] = field(default_factory=list)
    sought: dict[tuple[str, ...], dict[int, int]] = field(default_factory=dict)
    printed: list[dict[int, int]] = field(default_factory=list)
    system: tuple = ()

    def knows(self, extract: str, world: dict[Count, int], gap: int) -> None:
        """What is true of any extract: whoever has a wage is employed and has exited.

        gap: the most employed people of a count without a wage.
        """
        for count, number in world.items():
            self.places[extract, count] = len(self.truth)
            self.truth.append(number)
        for kind, *cell in world:
            inside = {"employed2": "exited", "employed4": "exited", "wage": "employed2"}.get(kind)
            if inside:
                outer = self.places[extract, (inside, *cell)]
                most = gap if kind == "wage" else np.inf
                self.rows.append(({outer: 1, self.places[extract, (kind, *cell)]: -1}, 0, most))

    def links(self, one: str, other: str, width: int) -> None:
        """Both extracts count the same exits, but for so many corrections a count."""
        for (extract, count), place in list(self.places.items()):
            if extract == one and count[0] == "exited":
                self.rows.append(({place: 1, self.places[other, count]: -1}, -width, width))

    def reads(self, title: str, extract: str, found: list[Line], printed: pd.DataFrame) -> None:
        """One publication; what it withholds is sought."""
        for line, hidden in zip(found, printed["suppressed"], strict=True):
            for name, counts in (("size", line.size), ("successes", line.successes)):
                if counts is None:
                    continue
                total = {self.places[extract, count]: 1 for count in counts}
                number = sum(self.truth[place] for place in total)
                if hidden and number and name == "size" and line.successes:
                    self.rows.append((total, 1, np.inf))  # a line of nobody is never withheld
                if not hidden:
                    self.printed.append(total)
                    self.rows.append((total, number, number))
                elif total not in self.printed:
                    self.sought[title, name, *line.keys] = total

    def owns(self, area: str) -> None:
        """The full figures of an area: those of its people are sought no more, nor the sums in
        which nobody else is counted."""
        mine = {place for (_, count), place in self.places.items() if count[1] == area}
        self.rows += [({place: 1}, self.truth[place], self.truth[place]) for place in sorted(mine)]
        self.sought = {
            key: total
            for key, total in self.sought.items()
            if any(self.truth[place] for place in total if place not in mine)
        }

    def narrows(self, width: int = 3) -> dict[tuple[str, ...], tuple[int, int]]:
        """The withheld positive counts of which least and most lie less than `width` apart."""
        left = {k: total for k, total in self.sought.items() if self._count(self.truth, total)}
        ends = {key: [self._count(self.truth, total)] * 2 for key, total in left.items()}
        draws, idle, found = random.Random(0), 0, {}

        def wide(solution):
            for key, total in left.items():
                count = self._count(solution, total)
                ends[key] = [min(ends[key][0], count), max(ends[key][1], count)]
            return {key for key in left if ends[key][1] - ends[key][0] >= width}

        while left and idle < 2:
            aims = np.zeros(len(self.truth))
            for total in left.values():
                sign = draws.choice((-1, 1))
                for place in total:
                    aims[place] += sign * draws.uniform(0.5, 1)
            freed = wide(self._solved(aims)) | wide(self._solved(-aims))
            idle = 0 if freed else idle + 1
            left = {key: total for key, total in left.items() if key not in freed}
        for key in list(left):
            aim = np.zeros(len(self.truth))
            aim[list(left[key])] = 1
            if key not in wide(self._solved(aim)) | wide(self._solved(-aim)):
                found[key] = tuple(ends[key])
        return found

    def _count(self, solution, total):
        return sum(int(solution[place]) for place in total)

    def finds_out(self) -> set[tuple[str, ...]]:
        """The withheld numbers that every solution agrees on."""
        left, draws = dict(self.sought), random.Random(0)
        while left:
            aims = np.zeros(len(self.truth))
            for total in left.values():
                sign = draws.choice((-1, 1))
                for place in total:
                    aims[place] += sign * draws.uniform(0.5, 1)
            moved = self._moved(left, self._solved(aims))
            if not moved:
                break
            left = {key: total for key, total in left.items() if key not in moved}
        found: set[tuple[str, ...]] = set()
        while left:
            key, total = left.popitem()
            aim = np.zeros(len(self.truth))
            aim[list(total)] = 1
            moved = {key} & self._moved({key: total}, self._solved(aim), self._solved(-aim))
            found |= {key} - moved
        return found

    def _moved(self, sought, *solutions):
        return {
            key
            for key, total in sought.items()
            for solution in solutions
            if sum(solution[place] for place in total) != sum(self.truth[p] for p in total)
        }

    def _solved(self, aims):
        if not self.system or len(self.system[1]) != len(self.rows):
            values = [value for row, *_ in self.rows for value in row.values()]
            at = [(n, place) for n, (row, *_) in enumerate(self.rows) for place in row]
            shape = (len(self.rows), len(self.truth))
            matrix = csr_array((values, tuple(np.array(at).T)), shape=shape)
            self.system = (matrix, *(np.array([row[n] for row in self.rows]) for n in (1, 2)))
        matrix, low, high = self.system
        bounds = Bounds(0, 3 * max(self.truth) + 10)
        for presolve in (True, False):  # which has called a system infeasible that has a solution
            answer = milp(
                aims, constraints=LinearConstraint(matrix, low, high), bounds=bounds,
                integrality=np.ones(len(aims)), options={"presolve": presolve},
            )  # fmt: skip
            if answer.x is not None:
                break
        assert answer.x is not None, answer.message
        return np.rint(answer.x).astype(int)
