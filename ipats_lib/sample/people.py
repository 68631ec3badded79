"""Who takes part: identities, areas, programs and what was true at entry."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates

Columns = dict[str, NDArray[Any]]
DAY = "datetime64[D]"


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of one area, small enough to be held in memory.

    number: unique, seeds the block. counts: participants a program year, per program.
    """

    number: int
    lwia: str
    board_code: str
    counts: dict[str, int]
    planners: tuple[str, ...]
    counties: tuple[str, ...]
    other_areas: tuple[tuple[str, str], ...]
    effect: float
    """The area's own shift of every rate, on the scale of a standard normal."""


@dataclass
class People:
    """Periods of participation of one block as arrays; `text` is what the file will say.

    codes: small integers, -1 for blank. days: datetime64[D], NaT for blank. amounts: dollars, NaN
    for blank. strings: text.
    """

    block: Block
    size: int
    program: NDArray[Any]
    customer: NDArray[Any]
    home: NDArray[Any]
    codes: Columns = field(default_factory=dict)
    days: Columns = field(default_factory=dict)
    amounts: Columns = field(default_factory=dict)
    strings: Columns = field(default_factory=dict)

    def blank_day(self) -> NDArray[Any]:
        return np.full(self.size, np.datetime64("NaT"), dtype=DAY)

    def is_in(self, *programs: str) -> NDArray[np.bool_]:
        return np.isin(self.program, programs)

    def rates(self, name: str) -> NDArray[np.float64]:
        """Each row's program rate of that name; 0 for reportable individuals."""
        programs = rates.PROGRAMS
        return np.select(
            [self.is_in(program) for program in programs],
            [getattr(programs[program], name) for program in programs],
            default=0.0,
        )

    @property
    def title_one(self) -> NDArray[np.bool_]:
        return self.is_in("adult", "dw", "youth")


def chance(rng: Generator, size: int, share: Any) -> NDArray[np.bool_]:
    """True with probability `share`, one share or one per row."""
    return rng.random(size) < share


def choose(rng: Generator, size: int, weights: dict[int, int]) -> NDArray[Any]:
    """Codes drawn by weight."""
    shares = np.array(list(weights.values()), dtype=float)
    return rng.choice(np.array(list(weights)), size, p=shares / shares.sum())


def participations(rng: Generator, block: Block) -> People:
    """Programs, identities, entries and exits of a block, re-entries included."""
    program = _programs(rng, block)
    entry, exit_ = _spans(rng, len(program))
    entry[program == "reportable"] = np.datetime64("NaT")
    exit_[program == "reportable"] = np.datetime64("NaT")
    first = np.arange(len(program))
    again, entry2, exit2 = _reentries(rng, program, entry, exit_)
    index = np.concatenate([first, again])
    people = People(
        block=block,
        size=len(index),
        program=program[index],
        customer=np.array([f"IL{block.number:04d}{n:06d}" for n in index]),
        home=np.full(len(index), block.lwia),
    )
    people.days["900"] = np.concatenate([entry, entry2])
    people.days["901"] = np.concatenate([exit_, exit2])
    _areas(rng, people, len(first))
    _flags(rng, people)
    _at_entry(rng, people, index)
    return people


def _programs(rng: Generator, block: Block) -> NDArray[Any]:
    sizes = {
        name: round(count * rates.ROWS_PER_PARTICIPANT[name])
        for name, count in block.counts.items()
    }
    local = sum(sizes.values())
    if block.lwia != "90":
        sizes["wp"] = round(local * rates.WAGNER_PEYSER_SHARE)
        sizes["reportable"] = round(local * rates.REPORTABLE_SHARE)
    return rng.permutation(np.repeat(list(sizes), list(sizes.values())))


def _spans(rng: Generator, size: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Entries and exits of periods that a ten-quarter file still holds; NaT while active."""
    reach = int((rates.AS_OF - rates.FIRST_EXIT).astype(int)) + 1500
    draws = size * 4 + 200
    entry = rates.AS_OF - rng.integers(1, reach, draws).astype("timedelta64[D]")
    days = np.clip(rng.lognormal(rates.LOG_DAYS, rates.LOG_DAYS_SPREAD, draws), 8, 1400)
    exit_ = entry + days.astype("timedelta64[D]")
    kept = np.flatnonzero(exit_ >= rates.FIRST_EXIT)[:size]
    entry, exit_ = entry[kept], exit_[kept]
    exit_[exit_ > rates.LAST_EXIT] = np.datetime64("NaT")
    return entry, exit_


def _reentries(
    rng: Generator, program: NDArray[Any], entry: NDArray[Any], exit_: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Second periods: who, entry, exit; at least 91 days after the first exit (rule D-03)."""
    early = (exit_ < rates.AS_OF - np.timedelta64(330, "D")) & (program != "wp")
    again = np.flatnonzero(early & chance(rng, len(entry), rates.REENTRY_SHARE * 2))
    entry2 = exit_[again] + rng.integers(91, 240, len(again)).astype("timedelta64[D]")
    exit2 = entry2 + rng.integers(30, 300, len(again)).astype("timedelta64[D]")
    exit2[exit2 > rates.LAST_EXIT] = np.datetime64("NaT")
    return again, entry2, exit2


def _areas(rng: Generator, people: People, first: int) -> None:
    size, block = people.size, people.block
    code = np.full(size, block.board_code, dtype="U5")
    second = np.full(size, "", dtype="U5")
    others = np.array([other for _, other in block.other_areas])
    homes = np.array([lwia for lwia, _ in block.other_areas])
    pick = rng.integers(0, len(others), size)
    moved = (np.arange(size) >= first) & chance(rng, size, rates.ELSEWHERE_SHARE)
    code[moved], people.home[moved] = others[pick[moved]], homes[pick[moved]]
    both = people.title_one & ~moved & chance(rng, size, rates.SECOND_AREA_SHARE)
    second[both] = others[pick[both]]
    people.strings |= {"100": people.customer, "108-A": code, "108-B": second}
    people.strings["101"] = np.full(size, "IL")
    people.strings["102"] = rng.choice(np.array(block.counties), size)
    people.strings["103"] = np.char.mod("6%04d", rng.integers(0, 2999, size))


def _flags(rng: Generator, people: People) -> None:
    size, block = people.size, people.block
    local = np.where(block.lwia == "90", 2, 1)
    adult, dw, youth = (np.where(people.is_in(p), local, 0) for p in ("adult", "dw", "youth"))
    adult[people.is_in("dw") & chance(rng, size, 0.05)] = 1
    dw[people.is_in("adult") & chance(rng, size, 0.03)] = 1
    adult[people.is_in("youth") & chance(rng, size, 0.03)] = 1
    state_too = (adult == 1) & (people.strings["108-B"] == "") & chance(rng, size, 0.015)
    adult[state_too] = 3
    people.strings["108-B"][state_too] = "17000"
    reportable = people.is_in("reportable")
    adult[reportable] = 4
    people.codes |= {"903": adult, "904": dw, "905": youth}
    partner = people.is_in("adult", "dw") & chance(rng, size, 0.35)
    people.codes["918"] = (people.is_in("wp") | partner).astype(int)
    for element, share in (("910", 0.03), ("915", 0.02), ("917", 0.02), ("921", 0.03)):
        people.codes[element] = (people.title_one & chance(rng, size, share)).astype(int)
    for element, share in (("907", 0.002), ("908", 0.08), ("909", 0.02), ("914", 0.01)):
        people.codes[element] = (people.is_in("adult", "dw") & chance(rng, size, share)).astype(int)
    grant = people.is_in("dw") & chance(rng, size, 0.06)
    people.strings["932"] = np.where(grant, "DW-00000-24-60-A-17", "")
    people.days["933"] = np.where(grant, people.days["900"], np.datetime64("NaT"))
    people.days["906"] = np.where(youth > 0, people.days["900"], np.datetime64("NaT"))


def _at_entry(rng: Generator, people: People, person: NDArray[Any]) -> None:
    """Demographics and barriers; what cannot change is drawn once for each person."""
    persons = int(person.max(initial=0)) + 1
    youth = people.is_in("youth")
    start = np.where(np.isnat(people.days["900"]), rates.AS_OF, people.days["900"])
    age = np.where(youth, rng.integers(17, 24, people.size), rng.integers(22, 64, people.size))
    born = start.astype(DAY) - (age * 365.25 + 100).astype("timedelta64[D]")
    people.days["200"] = born[_first_line(person)][person]
    fixed = {"201": {1: 47, 2: 51, 9: 2}, "210": {0: 78, 1: 19, 9: 3}, "211": {0: 98, 1: 2}}
    fixed |= {"212": {0: 96, 1: 4}, "213": {0: 58, 1: 40, 9: 2}, "214": {0: 99, 1: 1}}
    fixed |= {"215": {0: 55, 1: 43, 9: 2}}
    for element, weights in fixed.items():
        people.codes[element] = choose(rng, persons, weights)[person]
    shares = {"202": 8, "402": 14, "600": 5, "601": 1, "603": 38, "604": 4, "800": 4, "801": 11}
    shares |= {"803": 6, "804": 32, "805": 3, "806": 19, "807": 1}
    for element, share in shares.items():
        people.codes[element] = (rng.random(people.size) < share / 100).astype(int)
    needy = (people.codes["600"] == 1) | (people.codes["603"] == 1)
    people.codes["802"] = (needy | chance(rng, people.size, 0.35)).astype(int)
    people.codes["400"] = choose(rng, people.size, {0: 72, 1: 16, 2: 5, 3: 7})
    people.codes["402"][people.codes["400"] == 1] = 0
    people.codes["401"] = choose(rng, people.size, {0: 70, 1: 10, 2: 14, 3: 5, 4: 1})
    people.codes["602"] = choose(rng, people.size, {0: 95, 1: 3, 2: 2})
    people.codes["808"] = choose(rng, people.size, {0: 99, 1: 1})
    people.codes["413"] = np.minimum(people.codes["808"], 1)
    disabled = people.codes["202"] == 1
    people.codes["203"] = np.where(disabled, rng.integers(1, 8, people.size), 0)
    veteran = ~youth & chance(rng, people.size, 0.05)
    people.codes["300"] = veteran.astype(int)
    people.codes["301"] = np.where(veteran, 2, 0)
    _schooling(rng, people, youth)
    _dislocation(rng, people)


def _first_line(person: NDArray[Any]) -> NDArray[Any]:
    """The first line of every person; a person without a line takes line 0."""
    lines = np.zeros(int(person.max(initial=0)) + 1, dtype=int)
    lines[person[::-1]] = np.arange(len(person))[::-1]
    return lines


def _schooling(rng: Generator, people: People, youth: NDArray[np.bool_]) -> None:
    in_school = youth & chance(rng, people.size, 0.22)
    dropout = youth & ~in_school & chance(rng, people.size, 0.45)
    level = choose(rng, people.size, {1: 48, 2: 12, 3: 1, 4: 16, 5: 8, 6: 6, 7: 7, 8: 2})
    level[youth] = 1
    level[in_school | dropout] = 0
    people.codes["408"] = level
    people.codes["409"] = np.select([in_school, dropout], [1, 4], default=5)
    people.codes["407"] = np.where(level == 0, rng.integers(8, 12, people.size), 12)
    secondary = in_school | (dropout & chance(rng, people.size, 0.5))
    people.codes["1401"] = secondary.astype(int)
    for element, share in (("701", 0.12), ("702", 0.5), ("704", 0.04)):
        held = (chance(rng, people.size, share)).astype(int)
        people.codes[element] = np.where(youth, held, 0)
    none = youth & (people.codes["802"] == 0) & (people.codes["804"] == 0)
    people.codes["702"][none] = 1


def _dislocation(rng: Generator, people: People) -> None:
    dislocated = people.codes["904"] > 0
    before = rng.integers(5, 300, people.size).astype("timedelta64[D]")
    people.days["410"] = np.where(dislocated, people.days["900"] - before, np.datetime64("NaT"))
    people.codes["412"] = np.where(dislocated, rng.integers(3, 240, people.size), -1)
    people.strings["403"] = np.where(people.title_one, "43406100", "")
    for element in ("404", "405", "406"):
        employed = people.title_one & chance(rng, people.size, 0.5)
        people.strings[element] = np.where(employed, "493110", "")
