"""Dates of services in PIRL: 1001 to 1007, 1200 to 1206, 1402 to 1503 (domain 2.1, 5.2, 9.2)."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.people import NAT, Days, People, between, chance, some_days, where_days
from ipats_lib.sample.training import SLOTS

# Days without service of active participants: shape and scale of a gamma distribution.
QUIET_SHAPE, QUIET_DAYS, LONGEST_QUIET = 1.1, 32, 400
INDIVIDUALIZED = {"adult": 0.94, "dw": 0.94, "youth": 0.85, "wp": 0.25}
# Career services that are given once: their first date is their most recent one.
ONLY_ONCE = 0.4
# Youth elements, of which one may be the last service; the follow-up (1412) is none of them. A
# supportive service is one too, of everybody (SUPPORTED), and extends a youth's participation.
YOUTH_SERVICES = {
    "1405": 0.45, "1410": 0.15, "1411": 0.3, "1402": 0.2, "1403": 0.05, "1407": 0.1, "1408": 0.12,
    "1413": 0.04, "1414": 0.2, "1415": 0.15,
}  # fmt: skip
SUPPORTIVE, SUPPORTED = "1409", 0.35


def serve(rng: Generator, people: People) -> None:
    """Fill the service dates; the newest qualifying one of an exiter is the exit."""
    last = _last_service(rng, people)
    basic = _career_services(rng, people, last)
    _youth_services(rng, people, last, ~basic)
    _other_services(rng, people, last)
    _after_exit(rng, people)
    _self_service(rng, people, last)


def _last_service(rng: Generator, people: People) -> Days:
    quiet = np.clip(rng.gamma(QUIET_SHAPE, QUIET_DAYS, people.size), 0, LONGEST_QUIET)
    recent = np.fmax(rates.AS_OF - quiet.astype("timedelta64[D]"), people.days["900"])
    return where_days(people.takes_part, np.where(people.exited, people.days["901"], recent))


def _career_services(rng: Generator, people: People, last: Days) -> NDArray[np.bool_]:
    """1001 to 1004, 1200, 1201. Returns where one of them is the last service."""
    size, entry, days = people.size, people.days["900"], people.days
    share = np.select(
        [people.is_in(program) for program in INDIVIDUALIZED], list(INDIVIDUALIZED.values())
    )
    individual = people.takes_part & chance(rng, size, share)
    trained = np.logical_or.reduce([days[slot[4]] == last for slot in SLOTS])
    youth_last = people.is_in("youth") & chance(rng, size, 0.25)
    career = ~trained & ~youth_last
    counselled = career & individual & chance(rng, size, 0.6)
    days["1001"] = entry
    basic = np.where(chance(rng, size, ONLY_ONCE), entry, between(rng, entry, last))
    days["1003"] = np.where(career & ~counselled, last, basic)
    planned = np.fmin(entry + some_days(rng, size, 0, 14), last)
    days["1200"] = where_days(individual, planned)
    later = np.where(chance(rng, size, ONLY_ONCE), planned, between(rng, planned, last))
    days["1201"] = where_days(individual, np.where(counselled, last, later))
    days["1004"] = np.fmax(days["1003"], days["1201"])
    return career | trained


def _youth_services(rng: Generator, people: People, last: Days, is_last: NDArray[np.bool_]) -> None:
    """The youth elements and supportive services; of youth one of them may be the last."""
    size, youth = people.size, people.is_in("youth")
    shares = {**YOUTH_SERVICES, SUPPORTIVE: SUPPORTED}
    which = rng.integers(0, len(shares), size)
    for number, (element, share) in enumerate(shares.items()):
        closes = is_last & (which == number)
        given = youth & (closes | chance(rng, size, share))
        day = np.where(closes, last, between(rng, people.days["906"], last))
        people.days[element] = where_days(given, day)


def _other_services(rng: Generator, people: People, last: Days) -> None:
    size, inside = people.size, between(rng, people.days["900"], last)
    worked = people.title_one & chance(rng, size, 0.15)
    people.days["1203"] = where_days(worked, inside)
    kind = np.where(people.is_in("youth"), rng.integers(1, 10, size), rng.integers(1, 6, size))
    people.codes["1205"] = np.where(worked | ~np.isnat(people.days["1405"]), kind, 0)
    literacy = people.title_one & chance(rng, size, 0.1)
    people.days["1206"] = where_days(literacy, between(rng, people.days["900"], last))
    supported = people.is_in("adult", "dw") & chance(rng, size, SUPPORTED)
    inside = between(rng, people.days["900"], last)
    people.days[SUPPORTIVE] = np.where(supported, inside, people.days[SUPPORTIVE])
    people.codes["1500"] = (people.title_one & chance(rng, size, 0.01)).astype(int)


def _after_exit(rng: Generator, people: People) -> None:
    """Follow-up within a year of exit: youth 1412, adults and dislocated workers 1503 (5.3)."""
    size = people.size
    follow = people.days["901"] + some_days(rng, size, 20, 360)
    follow = where_days(follow <= rates.AS_OF, follow)
    people.days["1412"] = where_days(people.is_in("youth") & chance(rng, size, 0.7), follow)
    adults = people.is_in("adult", "dw") & chance(rng, size, 0.3)
    people.days["1503"] = np.where(adults, follow, people.days["1412"])


def _self_service(rng: Generator, people: People, last: Days) -> None:
    """1002 extends nothing and may come after exit; 1007 is for reportable individuals."""
    size = people.size
    contact = rates.AS_OF - some_days(rng, size, 0, 700)
    people.days["1007"] = where_days(~people.takes_part, contact)
    visit = np.where(people.takes_part, np.fmin(last + some_days(rng, size, 0, 40), rates.AS_OF),
                     contact)  # fmt: skip
    people.days["1002"] = np.where(chance(rng, size, 0.4), visit, NAT)
