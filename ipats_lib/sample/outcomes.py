"""What happens after exit: reasons, employment, match, wages, placements (domain 2.3, 2.4)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.people import DAY, Days, People, chance, choose, pick, some_days, where_days
from ipats_lib.sample.vocabulary import INDUSTRIES, OCCUPATIONS

# Employed, match, wage, industry of the first to the fourth quarter after exit.
QUARTERS = (("1600", "1601", "1703", "1614"), ("1602", "1603", "1704", "1615"),
            ("1604", "1605", "1705", "1616"), ("1606", "1607", "1706", "1617"))  # fmt: skip
NOT_YET, NOT_YET_CODE, NOT_YET_MATCH = 999999.99, 9, 5
JOBS = {1: 91, 2: 7, 3: 2}
MILITARY, VR_ONLY = 3, 4
MATCHES = {1: 92, 2: 2, 4: 6}
SUPPLEMENTAL = 4
LOWEST_WAGE, HIGHEST_WAGE = 120, 60000
DECEASED, FOSTER_CARE = 3, 5
WORKED_BEFORE = {"adult": 0.6, "dw": 0.85, "youth": 0.4}
BEFORE_TO_AFTER = {"adult": 0.75, "dw": 1.05, "youth": 0.6}


@dataclass(frozen=True, slots=True)
class Jobs:
    """The truth behind the quarters after exit, most of it not yet known to the state.

    works: 4 x rows. how: code 1 to 4. found: match code of each row's job. wage: usual quarterly
    wage. delay: days until a quarter's wages are in the file.
    """

    works: NDArray[np.bool_]
    how: NDArray[Any]
    found: NDArray[Any]
    wage: NDArray[np.float64]
    delay: NDArray[Any]


def follow_up(rng: Generator, people: People) -> None:
    """Fill 923, 1406, 1600 to 1618, 1700 to 1706, 1900 and 1901."""
    _reasons(rng, people)
    jobs = _jobs(rng, people)
    people.wage_delay = jobs.delay
    industry = pick(rng, people.size, INDUSTRIES)
    for number, elements in enumerate(QUARTERS, start=1):
        _quarter(rng, people, jobs, number, elements)
        employed = np.isin(people.codes[elements[0]], (1, 2, 3, 4))
        people.strings[elements[3]] = np.where(employed, industry, "")
    _wages_before(rng, people, jobs)
    for number, element in ((2, "1900"), (4, "1901")):
        _placement(rng, people, jobs, number, element)
    _post_exit_enrolment(rng, people)
    _about_the_job(rng, people)


def quarter_end(exits: Days, number: int) -> Days:
    """First day after the n-th quarter after the exit quarter (domain 2.2)."""
    months = np.where(np.isnat(exits), rates.AS_OF, exits).astype("datetime64[M]").astype("int64")
    over = ((months // 3 + number + 1) * 3).astype("datetime64[M]").astype(DAY)
    return where_days(~np.isnat(exits), over)


def _reasons(rng: Generator, people: People) -> None:
    reason = choose(rng, people.size, rates.EXIT_REASONS)
    reason[(reason == FOSTER_CARE) & ~people.is_in("youth")] = 0
    reason[(reason == 0) & chance(rng, people.size, rates.EXIT_REASON_BLANK_SHARE)] = -1
    people.codes["923"] = np.where(people.exited, reason, -1)


def _jobs(rng: Generator, people: People) -> Jobs:
    size = people.size
    shifts = sum(
        shift * (people.codes[element] == code)
        for (element, code), shift in rates.EMPLOYMENT_EFFECTS.items()
    )
    share = people.rates("employed") + people.area_shift("employed") + shifts
    inclination = rng.random(size)
    alive = people.exited & (people.codes["923"] != DECEASED)
    works = np.zeros((4, size), dtype=bool)
    for quarter in range(4):
        drawn = np.where(chance(rng, size, rates.STEADY), inclination, rng.random(size))
        works[quarter] = alive & (
            drawn < np.clip(share - people.rates("fade") * quarter, 0.05, 0.97)
        )
    how = choose(rng, size, JOBS)
    how[(people.codes["917"] > 0) & chance(rng, size, 0.15)] = VR_ONLY
    found = np.where(how == MILITARY, MILITARY, choose(rng, size, MATCHES))
    delays = np.array(rates.WAGE_DELAYS, dtype="timedelta64[D]")
    delay = delays[rng.choice(len(delays), size, p=rates.WAGE_DELAY_SHARES)]
    return Jobs(works, how, found, _usual_wage(rng, people), delay)


def _usual_wage(rng: Generator, people: People) -> NDArray[np.float64]:
    education = people.codes["408"]
    schooling = np.select(
        [education == level for level in rates.EDUCATION_WAGE],
        list(rates.EDUCATION_WAGE.values()),
        default=1.0,
    )
    person = np.exp(rng.normal(people.area_shift("wage"), rates.PERSON_WAGE_SPREAD, people.size))
    schooling = np.where(people.is_in("youth"), 1.0, schooling)
    return np.asarray(people.rates("wage") * schooling * person, dtype=np.float64)


def _paid(rng: Generator, wage: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = np.exp(rng.normal(0, rates.QUARTER_WAGE_SPREAD, len(wage)))
    paid = np.clip(wage * spread, LOWEST_WAGE, HIGHEST_WAGE)
    return np.asarray(np.round(paid, 2), dtype=np.float64)


def _quarter(
    rng: Generator, people: People, jobs: Jobs, number: int, elements: tuple[str, str, str, str]
) -> None:
    """One quarter after exit, as far as it was known on the as-of date (rules L-31 to L-36)."""
    employed, match, amount, _ = elements
    over, exited, works = quarter_end(people.days["901"], number), people.exited, jobs.works
    known = over + jobs.delay <= rates.AS_OF
    early = (over <= rates.AS_OF) & ~known & works[number - 1]
    early &= chance(rng, people.size, rates.EARLY_SUPPLEMENTAL_SHARE)
    found = np.where(early, SUPPLEMENTAL, jobs.found)
    unpaid = (found == SUPPLEMENTAL) & chance(rng, people.size, rates.SUPPLEMENTAL_WITHOUT_WAGE)
    unpaid |= ~works[number - 1]
    known |= early
    people.codes[employed] = _told(known, exited, works[number - 1] * jobs.how, NOT_YET_CODE, -1)
    people.codes[match] = _told(known, exited, works[number - 1] * found, NOT_YET_MATCH, -1)
    paid = np.where(unpaid, 0.0, _paid(rng, jobs.wage))
    people.amounts[amount] = _told(known, exited, paid, NOT_YET, np.nan)


def _told(
    known: NDArray[np.bool_],
    exited: NDArray[np.bool_],
    value: NDArray[Any],
    not_yet: float,
    blank: float,
) -> NDArray[Any]:
    return np.where(known, value, np.where(exited, not_yet, blank)).astype(value.dtype)


def _wages_before(rng: Generator, people: People, jobs: Jobs) -> None:
    """1700, 1701, 1702: the third, second and first quarter before; 0 without work."""
    share = np.select([people.is_in(name) for name in WORKED_BEFORE], list(WORKED_BEFORE.values()))
    factor = np.select(
        [people.is_in(name) for name in BEFORE_TO_AFTER], list(BEFORE_TO_AFTER.values())
    )
    inclination = rng.random(people.size)
    industries = {"1700": "406", "1701": "405", "1702": "404"}
    for element, industry in industries.items():
        drawn = np.where(
            chance(rng, people.size, rates.STEADY), inclination, rng.random(people.size)
        )
        worked = (drawn < share) & (people.strings[industry] != "")
        wage = np.where(worked, _paid(rng, jobs.wage * factor), 0.0)
        people.amounts[element] = np.where(people.title_one, wage, np.nan)


def _placement(rng: Generator, people: People, jobs: Jobs, number: int, element: str) -> None:
    """1900, 1901: youth in education or training in the second, fourth quarter (domain 2.5)."""
    youth, works = people.codes["905"] > 0, jobs.works[number - 1]
    over = quarter_end(people.days["901"], number)
    soon = (over <= rates.AS_OF) & chance(rng, people.size, rates.EARLY_SUPPLEMENTAL_SHARE)
    recorded = youth & ((over + jobs.delay <= rates.AS_OF) | soon)
    share = np.where(works, rates.PLACEMENT_EMPLOYED, rates.PLACEMENT_OTHERS)
    alive = people.codes["923"] != DECEASED
    kind = np.where(alive & chance(rng, people.size, share),
                    choose(rng, people.size, {1: 35, 2: 45, 3: 20}), 0)  # fmt: skip
    people.codes[element] = np.where(recorded, kind, -1)


def _post_exit_enrolment(rng: Generator, people: People) -> None:
    enrolled = people.days["901"] + some_days(rng, people.size, 10, 360)
    shares = rates.POST_EXIT_ENROLMENT
    share = np.select([people.is_in(name) for name in shares], list(shares.values()))
    later = (enrolled <= rates.AS_OF) & chance(rng, people.size, share)
    people.days["1406"] = where_days(later & (people.codes["923"] != DECEASED), enrolled)


def _about_the_job(rng: Generator, people: People) -> None:
    """1608, 1610 to 1613, 1618 (rules L-40, L-55)."""
    size, codes = people.size, people.codes
    hired = [np.isin(codes[elements[0]], (1, 2, 3)) for elements in QUARTERS]
    trained = hired[1] & (codes["1300"] == 1)
    codes["1608"] = np.where(trained, choose(rng, size, {1: 58, 0: 38, 9: 4}), -1)
    anywhere = np.logical_or.reduce(hired)
    codes["1611"] = np.where(anywhere, choose(rng, size, {0: 92, 1: 5, 9: 3}), -1)
    stayed = np.where(chance(rng, size, rates.SAME_EMPLOYER), 1, 0)
    settled = codes["1606"] != NOT_YET_CODE
    retained = np.where(settled, np.where(hired[3], stayed, 0), NOT_YET_CODE)
    codes["1618"] = np.where(hired[1], retained, -1)
    occupation = pick(rng, size, OCCUPATIONS)
    for element, employed in (("1610", anywhere), ("1612", hired[1]), ("1613", hired[3])):
        people.strings[element] = np.where(employed, occupation, "")
