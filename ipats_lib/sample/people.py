"""What is passed from step to step: a block of one area, and its periods of participation."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates

Columns = dict[str, NDArray[Any]]
Days = NDArray[np.datetime64]
DAY = "datetime64[D]"
NAT = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True)
class Planner:
    """A career planner of an area."""

    number: str
    lwia: str
    active: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another area, as far as customers may be served there too; more of them in a large one."""

    lwia: str
    board_code: str
    planners: tuple[Planner, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of one area, small enough to be held in memory.

    number: unique, seeds the block. counts: participants of PY2024, per program. counties: FIPS
    codes of the area, a populous one as often as it has weight. effects: the area's own shift of
    each rate, on the scale of a standard normal. openness: the rest of the state's share of all
    planners, so that as many customers go to another area as come from it. others: the areas
    where its customers may be served too; without 90, which is `statewide`.
    """

    number: int
    lwia: str
    board_code: str
    counts: dict[str, int]
    planners: tuple[Planner, ...]
    counties: tuple[str, ...]
    effects: dict[str, float]
    openness: float
    others: tuple[Neighbour, ...]
    statewide: Neighbour


@dataclass
class People:
    """Periods of participation of one block as arrays; the file's text is made from them.

    codes: small integers, -1 for blank. days: datetime64[D], NaT for blank. amounts: dollars, NaN
    for blank. strings: text. customer: PIRL 100. person: number of the customer in the block.
    home, second: LWIA of 108-A and of the enrolment beside it, or nothing. wage_delay: days from
    the end of a quarter until its wages are known. gains: the newest skill gain of the last program
    years, one array for each; the elements 1806 to 1810 hold the newest of them.
    """

    block: Block
    program: NDArray[Any]
    person: NDArray[np.int64]
    customer: NDArray[Any]
    home: NDArray[Any]
    second: NDArray[Any]
    codes: Columns = field(default_factory=dict)
    days: Columns = field(default_factory=dict)
    amounts: Columns = field(default_factory=dict)
    strings: Columns = field(default_factory=dict)
    wage_delay: NDArray[Any] = field(default_factory=lambda: np.empty(0, dtype="timedelta64[D]"))
    gains: list[Days] = field(default_factory=list)

    def only(self, kept: NDArray[np.bool_]) -> "People":
        """The rows of a mask."""

        def some(columns: Columns) -> Columns:
            return {element: column[kept] for element, column in columns.items()}

        return replace(
            self,
            program=self.program[kept],
            person=self.person[kept],
            customer=self.customer[kept],
            home=self.home[kept],
            second=self.second[kept],
            codes=some(self.codes),
            days=some(self.days),
            amounts=some(self.amounts),
            strings=some(self.strings),
            wage_delay=self.wage_delay[kept],
            gains=[gain[kept] for gain in self.gains],
        )

    @property
    def size(self) -> int:
        return len(self.program)

    @property
    def persons(self) -> int:
        return int(self.person.max(initial=-1)) + 1

    def is_in(self, *programs: str) -> NDArray[np.bool_]:
        return np.isin(self.program, programs)

    @property
    def title_one(self) -> NDArray[np.bool_]:
        return self.is_in("adult", "dw", "youth")

    @property
    def takes_part(self) -> NDArray[np.bool_]:
        """Participants, as opposed to reportable individuals (domain 2.1)."""
        return ~self.is_in("reportable")

    @property
    def exited(self) -> NDArray[np.bool_]:
        return ~np.isnat(self.days["901"])

    @property
    def until(self) -> Days:
        """The last day that the record can speak of: exit, or the as-of date while active."""
        return np.where(self.exited, self.days["901"], rates.AS_OF)

    def rates(self, name: str) -> NDArray[np.float64]:
        """Each row's program rate of that name; 0 for reportable individuals."""
        programs = rates.PROGRAMS
        return np.select(
            [self.is_in(program) for program in programs],
            [getattr(programs[program], name) for program in programs],
            default=0.0,
        )

    def area_shift(self, name: str) -> float:
        """What the area adds to a rate of that name (domain 3.5: areas differ)."""
        return rates.AREA_EFFECTS[name] * self.block.effects[name]

    def age(self, at: Days) -> NDArray[np.int64]:
        """Full years at a day, from 200 (domain 2.2); 0 where the day is blank."""
        return years_between(self.days["200"], at)


def years_between(born: Days, at: Days) -> NDArray[np.int64]:
    """Full years from one day to another; 0 where either is blank."""
    known = ~np.isnat(born) & ~np.isnat(at)
    start, end = np.where(known, born, rates.AS_OF), np.where(known, at, rates.AS_OF)
    months, day = _months_and_days(start)
    later_months, later_day = _months_and_days(end)
    return (later_months - months - (later_day < day)) // 12


def _months_and_days(days: Days) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    months = days.astype("datetime64[M]")
    return months.astype("int64"), (days - months.astype(DAY)).astype("int64")


def chance(rng: Generator, size: int, share: Any) -> NDArray[np.bool_]:
    """True with probability `share`, one share or one per row."""
    return rng.random(size) < share


def choose(rng: Generator, size: int, weights: dict[int, int]) -> NDArray[Any]:
    """Codes drawn by weight."""
    shares = np.array(list(weights.values()), dtype=float)
    return rng.choice(np.array(list(weights)), size, p=shares / shares.sum())


def pick(rng: Generator, size: int, texts: tuple[str, ...]) -> NDArray[Any]:
    """Texts drawn with equal chances."""
    return np.array(texts)[rng.integers(0, len(texts), size)]


def some_days(rng: Generator, size: int, low: int, high: int) -> NDArray[Any]:
    """Spans of `low` up to, not including, `high` days."""
    return rng.integers(low, high, size).astype("timedelta64[D]")


def between(rng: Generator, low: Days, high: Days) -> Days:
    """A day between two days, both included; NaT where either is, `low` where high is earlier."""
    span = (high - low).astype("timedelta64[D]").astype("int64")
    blank = np.isnat(low) | np.isnat(high)
    steps = np.floor(rng.random(len(low)) * (np.where(blank, 0, np.maximum(span, 0)) + 1))
    return np.where(blank, NAT, low + steps.astype("timedelta64[D]"))


def where_days(condition: NDArray[np.bool_], days: Days) -> Days:
    """The days where the condition holds, blank elsewhere."""
    return np.where(condition, days, NAT)
