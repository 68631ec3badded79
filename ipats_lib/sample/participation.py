"""Who takes part, when, where and in which programs (domain 2.1, 6.2)."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.people import (
    DAY,
    NAT,
    Block,
    Days,
    Neighbour,
    People,
    chance,
    choose,
    pick,
    some_days,
    where_days,
    years_between,
)
from ipats_lib.sample.vocabulary import GRANTS, PROJECTS

PROGRAM_ELEMENTS = {"adult": "903", "dw": "904", "youth": "905"}
STATE_AREA = "90"
# Youngest age and spread of ages at entry: years from the youngest one, gamma distributed.
AGES = {"adult": (18, 2.0, 7.5), "dw": (20, 3.4, 7.0), "wp": (18, 2.2, 9.0),
        "reportable": (18, 2.2, 9.0)}  # fmt: skip
OLDEST = 72
YOUTH_AGES = {16: 9, 17: 14, 18: 18, 19: 17, 20: 14, 21: 11, 22: 9, 23: 8}
# Whoever left before the full state begins: a later year whose exits it holds as a whole stands
# model, and their customer numbers begin where those of no block of the full state reach.
MODEL_YEAR, NUMBERS_OF_A_YEAR = 2023, 50_000


def participations(rng: Generator, block: Block) -> People:
    """Programs, identities, entries and exits of a block, second periods included."""
    program, entry, exit_ = _first_periods(rng, block)
    born = _births(rng, program, entry)
    again, entry2, exit2 = _second_periods(rng, entry, exit_)
    person = np.concatenate([np.arange(len(program)), again])
    people = _people(
        block,
        np.concatenate([program, _program_again(program[again], born[again], entry2)]),
        person,
    )
    people.days["200"] = born[person]
    people.days["900"] = np.concatenate([entry, entry2])
    people.days["901"] = np.concatenate([exit_, exit2])
    _enter(rng, people, len(program))
    return people


def departures(rng: Generator, block: Block, year: int) -> People:
    """Whoever exited in a year before the full state begins: one period each, ids of their own.

    As many and of the same lengths as in `MODEL_YEAR`, so that the state neither grows nor shrinks.
    """
    program, entry, exit_ = _first_periods(rng, block)
    model, first = (np.datetime64(f"{one}-01-01") for one in (MODEL_YEAR, year))
    gone = exit_.astype("datetime64[Y]") == model.astype("datetime64[Y]")
    program, entry, exit_ = program[gone], entry[gone], exit_[gone]
    people = _people(
        block, program, np.arange(len(program)), (MODEL_YEAR - year) * NUMBERS_OF_A_YEAR
    )
    people.days["900"], people.days["901"] = entry - (model - first), exit_ - (model - first)
    people.days["200"] = _births(rng, program, people.days["900"])
    _enter(rng, people, len(program))
    return people


def _people(
    block: Block, program: NDArray[Any], person: NDArray[np.int64], first: int = 0
) -> People:
    """Periods of a block's customers, numbered from `first` on; nothing filled in yet."""
    return People(
        block=block,
        program=program,
        person=person,
        customer=np.array([f"IL{block.number:04d}{first + n:06d}" for n in person], dtype=object),
        home=np.full(len(person), block.lwia),
        second=np.full(len(person), "", dtype="U2"),
    )


def _enter(rng: Generator, people: People, first: int) -> None:
    """Programs, areas, partners; the first so many are nobody's second period."""
    _enter_programs(rng, people)
    _enter_areas(rng, people, first)
    _enter_partners(rng, people)


def _first_periods(rng: Generator, block: Block) -> tuple[NDArray[Any], Days, Days]:
    """Periods until each program has its participants of PY2024, then those of Wagner-Peyser."""
    parts: list[tuple[str, Days, Days]] = []
    for name, count in _own_participants(block).items():
        parts.append((name, *_periods_until(rng, count)))
    local = sum(len(entry) for _, entry, _ in parts)
    if block.lwia != STATE_AREA:
        size = round(local * rates.WAGNER_PEYSER_SHARE)
        entry, exit_ = _periods(rng, size)
        parts.append(("wp", entry[:size], exit_[:size]))
        blank = np.full(round(local * rates.REPORTABLE_SHARE), NAT)
        parts.append(("reportable", blank, blank))
    program = np.concatenate([np.full(len(entry), name, dtype="U10") for name, entry, _ in parts])
    order = rng.permutation(len(program))
    entry, exit_ = (np.concatenate([part[i] for part in parts])[order] for i in (1, 2))
    return program[order], entry, exit_


def _own_participants(block: Block) -> dict[str, int]:
    """The target counts without those who come from re-entry, another area or co-enrolment."""
    counts = dict(block.counts)
    for (program, element), share in rates.CO_ENROLLED.items():
        joined = next(name for name, other in PROGRAM_ELEMENTS.items() if other == element)
        if joined in counts:
            counts[joined] -= round(share * block.counts.get(program, 0))
    own = 1 - rates.COMING_AGAIN - rates.COMING_FROM_ELSEWHERE * block.openness
    return {name: max(1, round(count * own)) for name, count in counts.items()}


def _periods_until(rng: Generator, served: int) -> tuple[Days, Days]:
    """Periods, as many as hold `served` that overlap PY2024."""
    entry, exit_ = _periods(rng, 4 * served + 40)
    overlaps = (entry <= rates.YEAR_END) & ~(exit_ < rates.YEAR_START)
    last = int(np.searchsorted(np.cumsum(overlaps), served)) + 1
    return entry[:last], exit_[:last]


def _periods(rng: Generator, size: int) -> tuple[Days, Days]:
    """At least `size` periods that a ten-quarter file still holds; exit NaT while active."""
    reach = int((rates.AS_OF - rates.FIRST_EXIT).astype(int)) + 1500
    draws = size * 4 + 200
    entry = rates.AS_OF - some_days(rng, draws, 1, reach)
    length = np.clip(rng.lognormal(rates.LOG_DAYS, rates.LOG_DAYS_SPREAD, draws), 8, 1400)
    exit_ = entry + length.astype("timedelta64[D]")
    kept = exit_ >= rates.FIRST_EXIT
    entry, exit_ = entry[kept], exit_[kept]
    return entry, where_days(exit_ <= rates.LAST_EXIT, exit_)


def _second_periods(rng: Generator, entry: Days, exit_: Days) -> tuple[NDArray[Any], Days, Days]:
    """Who comes again, entry and exit; at least 91 days after the first exit (rule D-03)."""
    early = exit_ < rates.AS_OF - np.timedelta64(330, "D")
    again = np.flatnonzero(early & chance(rng, len(entry), rates.REENTRY_SHARE))
    entry2 = exit_[again] + some_days(rng, len(again), 91, 240)
    exit2 = entry2 + some_days(rng, len(again), 30, 300)
    return again, entry2, where_days(exit2 <= rates.LAST_EXIT, exit2)


def _births(rng: Generator, program: NDArray[Any], entry: Days) -> Days:
    size = len(program)
    age = choose(rng, size, YOUTH_AGES)
    for name, (youngest, shape, scale) in AGES.items():
        drawn = youngest + np.floor(rng.gamma(shape, scale, size)).astype(int)
        age = np.where(program == name, np.minimum(drawn, OLDEST), age)
    start = np.where(np.isnat(entry), rates.AS_OF - np.timedelta64(730, "D"), entry)
    return start - (age * 365.2425 + rng.uniform(1, 363, size)).astype("timedelta64[D]")


def _program_again(program: NDArray[Any], born: Days, entry: Days) -> NDArray[Any]:
    """Whoever is too old for a second youth period comes as an adult (rule L-05)."""
    return np.where((program == "youth") & (years_between(born, entry) >= 24), "adult", program)


def _enter_programs(rng: Generator, people: People) -> None:
    """903 to 905, 918: own program, co-enrolment, and 4 for reportable individuals."""
    size = people.size
    fund = 2 if people.block.lwia == STATE_AREA else 1
    for name, element in PROGRAM_ELEMENTS.items():
        people.codes[element] = np.where(people.is_in(name), fund, 0)
    of_age = people.age(people.days["900"]) >= 18
    for (name, element), share in rates.CO_ENROLLED.items():
        joins = people.is_in(name) & of_age & chance(rng, size, share)
        people.codes[element][joins] = fund
    reportable = people.is_in("reportable")
    flag = np.where(chance(rng, size, 0.8), "903", "904")
    for element in ("903", "904"):
        people.codes[element][reportable & (flag == element)] = 4
    people.codes["918"] = people.is_in("wp").astype(int)
    for name, share in rates.PARTNER_WAGNER_PEYSER.items():
        people.codes["918"][people.is_in(name) & chance(rng, size, share)] = 1
    started = people.days["900"] + some_days(rng, size, 0, 12)
    people.days["906"] = where_days(people.codes["905"] > 0, np.fmin(started, people.until))


def _enter_areas(rng: Generator, people: People, first: int) -> None:
    """108-A to C: the area, another one after a move or beside it, the state's grant as well."""
    size, block = people.size, people.block
    state, local = block.statewide.board_code, block.lwia != STATE_AREA
    sizes = np.array([len(other.planners) for other in block.others], dtype=float)
    neighbour = rng.choice(len(sizes), size, p=sizes / sizes.sum())
    going = rates.ELSEWHERE_SHARE * block.openness
    beside = rates.SECOND_AREA_SHARE * block.openness
    moved = local & (np.arange(size) >= first) & chance(rng, size, going)
    both = local & people.title_one & ~moved & chance(rng, size, beside)
    codes = _of(block.others, neighbour, "board_code")
    places = _of(block.others, neighbour, "lwia")
    people.home[moved] = places[moved]
    people.second[both] = places[both]
    first_code = np.where(moved, codes, block.board_code)
    second_code, third_code = np.where(both, codes, ""), np.full(size, "", dtype="U5")
    state_too = local & people.title_one & chance(rng, size, rates.STATE_TOO_SHARE)
    for element in PROGRAM_ELEMENTS.values():
        people.codes[element][state_too & (people.codes[element] == 1)] = 3
    third_code[state_too & both] = state
    second_code[state_too & ~both] = state
    people.second[state_too & ~both & chance(rng, size, 0.5)] = STATE_AREA
    people.strings |= {"108-A": first_code, "108-B": second_code, "108-C": third_code}


def _of(others: tuple[Neighbour, ...], chosen: NDArray[Any], name: str) -> NDArray[Any]:
    return np.array([getattr(other, name) for other in others])[chosen]


def _enter_partners(rng: Generator, people: People) -> None:
    """907 to 921, 932, 933, 105 to 107: partner programs, grants and special projects."""
    size, dislocated = people.size, people.codes["904"] > 0
    title_one, takes_part = people.title_one, people.takes_part
    shares = {
        "907": (title_one, 0.002), "908": (dislocated, 0.3), "909": (dislocated, 0.05),
        "915": (dislocated, 0.08), "910": (takes_part, 0.03), "921": (takes_part, 0.03),
    }  # fmt: skip
    for element, (who, share) in shares.items():
        people.codes[element] = (who & chance(rng, size, share)).astype(int)
    for element in ("910", "921"):
        people.codes[element][takes_part & chance(rng, size, 0.01)] = 9
    rehabilitation = takes_part & chance(rng, size, 0.02)
    people.codes["917"] = np.where(rehabilitation, rng.integers(1, 4, size), 0)
    granted = dislocated & takes_part & chance(rng, size, 0.06)
    people.strings["932"] = np.where(granted, pick(rng, size, GRANTS), "")
    started = np.fmin(people.days["900"] + some_days(rng, size, 0, 30), people.until)
    people.days["933"] = where_days(granted, started).astype(DAY)
    special = title_one & chance(rng, size, 0.04)
    for element, share in (("105", 1.0), ("106", 0.1), ("107", 0.2)):
        special = special & chance(rng, size, share)
        people.strings[element] = np.where(special, pick(rng, size, PROJECTS), "")
