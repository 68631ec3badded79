"""Training and education during participation: 1300 to 1333, 1811, 1813 (domain 2.8, 2.9)."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.people import (
    Days,
    People,
    between,
    chance,
    choose,
    pick,
    some_days,
    where_days,
)
from ipats_lib.sample.vocabulary import OCCUPATIONS, PROVIDERS

# Entered, type, occupation, completed, ended.
SLOTS = (("1302", "1303", "1306", "1307", "1308"), ("1309", "1310", "1311", "1312", "1313"),
         ("1314", "1315", "1316", "1317", "1318"))  # fmt: skip
SLOT_SHARES = (1.0, *rates.FURTHER_TRAININGS)
ALL_TYPES = dict.fromkeys(range(1, 13), 1)
ADULT_EDUCATION, TAA_EDUCATION, YOUTH_SKILLS = 4, 7, 10
TAA_EDUCATION_SHARE = 0.4
OCCUPATIONAL = (1, 2, 5, 6, 9, 10)
COLLEGE = (6, 8)


def train(rng: Generator, people: People) -> None:
    """Fill the training elements and the enrolment that counts for skill gains."""
    _trainings(rng, people)
    _about_trainings(rng, people)
    _education(rng, people)


def _trainings(rng: Generator, people: People) -> None:
    """Up to three trainings one after the other; all have ended by the exit (rule L-29)."""
    size, until = people.size, people.until
    takes = people.title_one & chance(rng, size, people.rates("trained"))
    people.codes["1300"] = takes.astype(int)
    after = people.days["900"]
    for (entered, kind, occupation, completed, ended), share in zip(
        SLOTS, SLOT_SHARES, strict=True
    ):
        start = after + some_days(rng, size, 3, 50)
        if share == 1.0:
            start = np.fmin(start, until)
        takes = takes & chance(rng, size, share) & (start <= until)
        planned = start + some_days(rng, size, 20, 260)
        end = np.where(people.exited, np.fmin(planned, until), planned)
        end = where_days(takes & (end <= rates.AS_OF), end)
        people.days[entered], people.days[ended] = where_days(takes, start), end
        people.codes[kind] = np.where(takes, _types(rng, people, first=share == 1.0), -1)
        done = chance(rng, size, rates.COMPLETED_SHARE).astype(int)
        recorded = ~np.isnat(end) & ~chance(rng, size, rates.UNRECORDED_COMPLETION_SHARE)
        people.codes[completed] = np.where(recorded, done, -1)
        taught = takes & np.isin(people.codes[kind], OCCUPATIONAL)
        people.strings[occupation] = np.where(taught, pick(rng, size, OCCUPATIONS), "")
        takes, after = takes & ~np.isnat(end), end


def _types(rng: Generator, people: People, *, first: bool) -> NDArray[Any]:
    """Types by program, later ones evenly; as rule L-28 allows, 07 with TAA alone."""
    size, youth = people.size, people.codes["905"] > 0
    kinds = choose(rng, size, ALL_TYPES)
    for name, weights in rates.TRAINING_TYPES.items():
        if first:
            kinds = np.where(people.is_in(name), choose(rng, size, weights), kinds)
    alone = youth & (people.codes["903"] == 0) & (people.codes["904"] == 0)
    kinds[alone & np.isin(kinds, (1, 3, 6)) & ~chance(rng, size, 0.03)] = YOUTH_SKILLS
    kinds[~youth & (kinds == YOUTH_SKILLS)] = 6
    assisted = people.codes["915"] == 1
    kinds[assisted & chance(rng, size, TAA_EDUCATION_SHARE)] = TAA_EDUCATION
    kinds[~assisted & (kinds == TAA_EDUCATION)] = ADULT_EDUCATION
    return kinds


def _about_trainings(rng: Generator, people: People) -> None:
    size, trained = people.size, people.codes["1300"] == 1
    first = people.codes["1303"]
    first[people.title_one & ~trained] = 0
    for kind in ("1310", "1315"):
        nothing = trained & (people.codes[kind] < 0) & chance(rng, size, 0.05)
        people.codes[kind][nothing] = 0
    people.strings["1301"] = np.where(trained, pick(rng, size, PROVIDERS), "")
    people.codes["1319"] = ((first == 6) & chance(rng, size, 0.9)).astype(int)
    online = choose(rng, size, {0: 62, 1: 22, 2: 14, 9: 2})
    people.codes["1328"] = np.where(trained, online, 0)
    people.codes["1333"] = (trained & chance(rng, size, 0.2)).astype(int)
    studying = people.title_one & np.isin(first, COLLEGE) & chance(rng, size, 0.3)
    student = people.title_one & (people.codes["409"] == 3)
    people.codes["1332"] = (studying | student).astype(int)


def _education(rng: Generator, people: People) -> None:
    """1811 where training or school asks for it (rule L-45), 1813 when all of it was completed."""
    size, until = people.size, people.until
    begun = np.full(size, np.datetime64("NaT", "D"))
    finished, complete = begun.copy(), np.ones(size, dtype=bool)
    for entered, kind, _, completed, ended in SLOTS:
        counts = np.isin(people.codes[kind], rates.CREDENTIAL_TRAINING)
        begun = np.fmin(begun, where_days(counts, people.days[entered]))
        finished = np.fmax(finished, where_days(counts, people.days[ended]))
        complete &= ~counts | (people.codes[completed] == 1)
    school = people.title_one & ((people.codes["1401"] == 1) | (people.codes["1332"] == 1))
    start = np.fmin(people.days["900"] + some_days(rng, size, 0, 30), until)
    lessons = where_days(school, _last_lesson(rng, start, until))
    people.days["1811"] = np.fmin(begun, where_days(school, start))
    leaves = complete & (~school | chance(rng, size, 0.5))
    people.days["1813"] = where_days(leaves, np.where(school, np.fmax(finished, lessons), finished))


def _last_lesson(rng: Generator, start: Days, until: Days) -> Days:
    """When school was left; blank where it had not ended by the as-of date."""
    end = between(rng, start + np.timedelta64(60, "D"), start + np.timedelta64(400, "D"))
    return where_days(end <= until, end)
