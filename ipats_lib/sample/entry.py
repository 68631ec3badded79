"""What was true at entry: residence, demographics, barriers, school, employment (domain 2.14)."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample.people import People, chance, choose, pick, some_days, where_days
from ipats_lib.sample.vocabulary import INDUSTRIES, OCCUPATIONS, OTHER_STATES, ZIP_PREFIXES

# Weights of race shares: White, Black, Asian, American Indian, Pacific Islander; Cook has its own.
RACES = ("215", "213", "212", "211", "214")
RACE_WEIGHTS, COOK_RACE_WEIGHTS = (64, 30, 3, 2, 1), (33, 58, 6, 2, 1)
# Percent of adults, dislocated workers, youth, Wagner-Peyser with each barrier.
PROGRAMS = ("adult", "dw", "youth", "wp")
BARRIERS = {
    "600": (5, 1, 7, 3), "603": (42, 14, 40, 20), "604": (4, 1, 3, 2), "701": (0, 0, 13, 0),
    "702": (0, 0, 50, 0), "704": (0, 0, 5, 0), "800": (4, 1, 5, 2), "801": (14, 6, 9, 6),
    "803": (6, 5, 4, 5), "804": (32, 17, 55, 5), "805": (3, 2, 3, 1), "806": (22, 12, 10, 8),
    "807": (1, 1, 0, 1), "202": (7, 4, 14, 5), "300": (4, 8, 0, 7),
}  # fmt: skip
UNKNOWN_ALLOWED = ("600", "603", "604", "704", "800", "801", "803", "804", "805", "806", "807")
YOUTH_BARRIERS = ("701", "704", "800", "801", "803", "804", "805", "806", "202")
UNKNOWN_SHARE = 0.008
SCHOOL_LEVELS = {0: 6, 1: 46, 2: 12, 3: 1, 4: 15, 5: 8, 6: 6, 7: 5, 8: 1}


def describe_entry(rng: Generator, people: People) -> None:
    """Fill 100 to 103, 201 to 602 and 603 to 808 but for the programs' own elements."""
    _residence(rng, people)
    _demographics(rng, people)
    _barriers(rng, people)
    _schooling(rng, people)
    _employment(rng, people)
    _farmwork(rng, people)
    _youth_needs(people)


def _residence(rng: Generator, people: People) -> None:
    size, block = people.size, people.block
    people.strings["100"] = people.customer
    zips = np.char.add(ZIP_PREFIXES[block.lwia], np.char.mod("%02d", rng.integers(0, 99, size)))
    abroad = np.array(OTHER_STATES)[rng.integers(0, len(OTHER_STATES), size)].T
    away = chance(rng, size, 0.012)
    inside = (np.full(size, "IL"), pick(rng, size, block.counties), zips)
    for element, here, there in zip(("101", "102", "103"), inside, abroad, strict=True):
        people.strings[element] = np.where(away, there, here)


def _demographics(rng: Generator, people: People) -> None:
    """201 to 215, drawn once for each person so that periods agree (rule D-05)."""
    persons, person = people.persons, people.person
    people.codes["201"] = choose(rng, persons, {1: 47, 2: 51, 9: 2})[person]
    people.codes["210"] = choose(rng, persons, {0: 78, 1: 19, 9: 3})[person]
    weights = COOK_RACE_WEIGHTS if people.block.lwia == "07" else RACE_WEIGHTS
    main, other = (choose(rng, persons, dict(enumerate(weights))) for _ in range(2))
    several, unsaid = chance(rng, persons, 0.05), chance(rng, persons, 0.025)
    for number, element in enumerate(RACES):
        held = (main == number) | (several & (other == number))
        people.codes[element] = np.where(unsaid, 9, held.astype(int))[person]


def _barriers(rng: Generator, people: People) -> None:
    size = people.size
    member = [people.is_in(program) for program in PROGRAMS]
    for element, shares in BARRIERS.items():
        share = np.select(member, shares, default=0) / 100
        people.codes[element] = (rng.random(size) < share).astype(int)
        if element in UNKNOWN_ALLOWED:
            people.codes[element][chance(rng, size, UNKNOWN_SHARE)] = 9
    codes = people.codes
    codes["704"][~people.is_in("youth")] = 0
    codes["601"] = np.where(codes["600"] == 1, chance(rng, size, 0.15), 0).astype(int)
    codes["601"][codes["600"] == 9] = 9
    codes["602"] = choose(rng, size, {0: 950, 1: 28, 2: 16, 3: 6})
    needy = (codes["600"] == 1) | (codes["603"] == 1)
    poor = chance(rng, size, np.where(people.is_in("dw"), 0.15, 0.4))
    codes["802"] = np.where(needy | poor, 1, np.where(chance(rng, size, 0.01), 9, 0))
    codes["202"][chance(rng, size, 0.02)] = 9
    kind = np.where(chance(rng, size, 0.1), 9, rng.integers(1, 8, size))
    codes["203"] = np.select([codes["202"] == 1, codes["202"] == 9], [kind, 9], default=0)
    veteran = codes["300"] == 1
    codes["301"] = np.where(veteran, choose(rng, size, {1: 10, 2: 90}),
                            choose(rng, size, {0: 99, 3: 1}))  # fmt: skip
    helped = veteran & people.takes_part & chance(rng, size, 0.3)
    codes["914"] = np.where(helped, choose(rng, size, {1: 70, 2: 30}), 0)


def _schooling(rng: Generator, people: People) -> None:
    """407 to 409 and 1401; in-school youth are 14 to 21, others 16 to 24 (L-06, L-14, L-15)."""
    size, youth = people.size, people.is_in("youth")
    age = people.age(np.where(youth, people.days["906"], people.days["900"]))
    level = choose(rng, size, SCHOOL_LEVELS)
    pupil = youth & (age <= 18) & chance(rng, size, 0.4)
    student = youth & ~pupil & (age >= 18) & (age <= 21) & chance(rng, size, 0.12)
    dropout = youth & ~pupil & ~student & chance(rng, size, 0.42)
    truant = dropout & (age == 16)
    level[youth] = choose(rng, size, {1: 82, 2: 10, 4: 8})[youth]
    level[pupil | dropout] = 0
    studying = ~youth & (level >= 1) & chance(rng, size, 0.05)
    people.codes["408"] = level
    status = [pupil & chance(rng, size, 0.12), pupil, student | studying, truant, level == 0]
    people.codes["409"] = np.select(status, [2, 1, 3, 6, 4], default=5)
    people.codes["407"] = np.where(level == 0, rng.integers(8, 12, size), 12)
    adult_learner = people.title_one & ~youth & (level == 0) & chance(rng, size, 0.4)
    secondary = pupil | (dropout & chance(rng, size, 0.6)) | adult_learner
    people.codes["1401"] = np.where(people.takes_part, secondary, 0).astype(int)


def _employment(rng: Generator, people: People) -> None:
    """400 to 406, 410, 412: work before participation, dislocation (L-08, L-09, L-12)."""
    size, codes = people.size, people.codes
    dislocated = (codes["904"] > 0) & people.takes_part
    codes["400"] = choose(rng, size, {0: 72, 1: 16, 2: 3, 3: 9})
    codes["400"][dislocated] = choose(rng, size, {0: 82, 1: 4, 2: 14})[dislocated]
    codes["402"] = ((codes["400"] != 1) & chance(rng, size, 0.15)).astype(int)
    # Claimants by who referred them (RESEA, WPRS, nobody), exhaustees, the exempt; 0 is neither.
    claims = choose(rng, size, {0: 34, 1: 16, 2: 6, 3: 34, 4: 9, 5: 1})
    others = choose(rng, size, {0: 84, 1: 4, 2: 2, 3: 7, 4: 3})
    codes["401"] = np.where(dislocated, claims, others)
    spared = dislocated & (codes["807"] == 1)
    before = people.days["900"] - some_days(rng, size, 5, 300)
    announced = people.days["900"] + some_days(rng, size, 5, 60)
    lost = np.where(codes["400"] == 2, announced, before)
    people.days["410"] = where_days(dislocated & ~spared, lost)
    tenure = np.clip(rng.lognormal(3.3, 1.0, size), 1, 480).astype(int)
    codes["412"] = np.where(dislocated & ~spared, tenure, -1)
    worked = people.takes_part & (dislocated | chance(rng, size, 0.75))
    people.strings["403"] = np.where(worked, pick(rng, size, OCCUPATIONS), "")
    industry = pick(rng, size, INDUSTRIES)
    for element in ("404", "405", "406"):
        employed = worked & chance(rng, size, np.where(dislocated, 0.85, 0.65))
        people.strings[element] = np.where(employed, industry, "")


def _farmwork(rng: Generator, people: People) -> None:
    """413, 808: seasonal and migrant farm workers and their dependents (domain 2.14 C)."""
    size = people.size
    adult = choose(rng, size, {0: 988, 1: 5, 2: 4, 4: 3})
    kind = np.where(people.is_in("youth"), choose(rng, size, {0: 990, 3: 7, 5: 3}), adult)
    people.codes["808"] = kind
    worker = np.where(kind == 3, choose(rng, size, {1: 1, 2: 1}), 0)
    people.codes["413"] = np.where(np.isin(kind, (1, 2)), kind, worker)


def _youth_needs(people: People) -> None:
    """Every young participant has at least one barrier (rule L-19)."""
    held: NDArray[Any] = np.logical_or.reduce([people.codes[e] == 1 for e in YOUTH_BARRIERS])
    youth = people.is_in("youth")
    people.codes["702"][youth & ~held] = 1
