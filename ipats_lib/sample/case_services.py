"""The service table: the services that the PIRL dates tell of, and a few contacts between."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample import vocabulary as words
from ipats_lib.sample.enrolments import Enrolments, Table
from ipats_lib.sample.people import NAT, Days, between, chance, some_days, where_days
from ipats_lib.sample.training import SLOTS

CONTACTS = 0.2
OPEN_DAYS, OPEN_SHARE = 75, 0.3
LONGEST_TRAINING = 260
PLANNED_SHARE, PLANNED_AFTER_SILENCE, GAP_SHARE, SILENCE_DAYS = 0.06, 0.3, 0.12, 60
WAGNER_PEYSER_LISTED = 0.2
# PIRL date -> service code. Each is written on the day that PIRL gives.
SINGLE = {
    "1001": "101", "1003": words.BASIC, "1200": "204", "1201": words.INDIVIDUAL,
    "906": words.YOUTH_START,
    "1203": words.EXPERIENCE, "1206": words.LITERACY, "1405": words.YOUTH_EXPERIENCE,
    "1410": words.MENTORING, "1411": words.GUIDANCE, "1409": words.SUPPORTIVE,
    "1402": words.TUTORING, "1403": words.ALTERNATIVE, "1407": words.CONCURRENT,
    "1408": words.LEADERSHIP, "1413": words.ENTREPRENEURIAL, "1414": words.LABOR_MARKET,
    "1415": words.TRANSITION, "1503": words.FOLLOW_UP, "1412": words.YOUTH_FOLLOW_UP,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Services:
    """Some services as arrays. place: of the enrolment. status: closed, open or planned."""

    place: NDArray[np.int64]
    code: NDArray[Any]
    start: Days
    planned: Days
    end: Days
    status: NDArray[Any]


def service_table(rng: Generator, enrolments: Enrolments) -> Table:
    """The services of a block; those of Wagner-Peyser alone stand at the end, without planner."""
    parts = [_single(rng, enrolments, element, code) for element, code in SINGLE.items()]
    parts += [_trainings(rng, enrolments, slot) for slot in SLOTS]
    parts += [_contacts(rng, enrolments), _planned(rng, enrolments), _gaps(rng, enrolments)]
    place, code, start, planned, end, status = (
        np.concatenate([getattr(part, name) for part in parts]) for name in Services.__slots__
    )
    order = np.lexsort((start, place))
    place, code = place[order], code[order]
    titles = np.array([words.TITLES[c] for c in code], dtype=object)
    taught = np.char.startswith(code.astype("U3"), "3")
    row = enrolments.row[place]
    table = {
        "row": row,
        "customer": enrolments.customer[place],
        "enrolment": enrolments.number[place],
        "service_code": code,
        "title": titles,
        "start": start[order],
        "planned_end": planned[order],
        "actual_end": end[order],
        "provider": np.where(taught, enrolments.people.strings["1301"][row].astype(object), ""),
        "status": status[order],
        "planner_id": _recorded_by(rng, enrolments, place),
    }
    alone = _wagner_peyser(rng, enrolments)
    return {name: np.concatenate([table[name], alone[name]]) for name in table}


def _recorded_by(rng: Generator, enrolments: Enrolments, place: NDArray[np.int64]) -> NDArray[Any]:
    """Mostly the assigned planner; each enrolment has at most one helper besides."""
    other = enrolments.somebody(rng, share=0.3)
    helped = chance(rng, len(place), 0.2)
    return np.where(helped, other[place], enrolments.planner[place])


def _services(
    rng: Generator, enrolments: Enrolments, given: NDArray[np.bool_], code: str, start: Days
) -> Services:
    """Short services: closed on their day, or still open when they are recent."""
    place = np.flatnonzero(given)
    day = start[place]
    recent = (day > rates.AS_OF - OPEN_DAYS) & ~enrolments.exited[place]
    stays = recent & chance(rng, len(place), OPEN_SHARE)
    planned = day + some_days(rng, len(place), 0, 60)
    status = np.where(stays, "open", "closed").astype(object)
    codes = np.full(len(place), code, dtype=object)
    return Services(place, codes, day, planned, where_days(~stays, day), status)


def _single(rng: Generator, enrolments: Enrolments, element: str, code: str) -> Services:
    start = enrolments.days(element)
    given = ~np.isnat(start)
    if element == "1003":
        given &= start != enrolments.days("1001")
    if element == "1201":
        given &= start != enrolments.days("1200")
    if element == "1503":
        given &= np.isnat(enrolments.days("1412"))
    return _services(rng, enrolments, given, code, start)


def _contacts(rng: Generator, enrolments: Enrolments) -> Services:
    """Contacts on days between the first and the last career service."""
    first, last = enrolments.days("1001"), enrolments.days("1004")
    given = chance(rng, enrolments.size, CONTACTS)
    kind = rng.integers(0, len(words.EXTRA_CONTACTS), enrolments.size)
    services = _services(rng, enrolments, given, "", between(rng, first, last))
    codes = np.array(words.EXTRA_CONTACTS, dtype=object)[kind[services.place]]
    return Services(services.place, codes, services.start, services.planned, services.end,
                    services.status)  # fmt: skip


def _trainings(rng: Generator, enrolments: Enrolments, slot: tuple[str, ...]) -> Services:
    """A training of PIRL: open without an end date, some of these past the planned one."""
    start, end = enrolments.days(slot[0]), enrolments.days(slot[4])
    place = np.flatnonzero(~np.isnat(start))
    start, end = start[place], end[place]
    expected = start + some_days(rng, len(place), 60, LONGEST_TRAINING)
    near = np.where(np.isnat(end), expected, end + some_days(rng, len(place), -10, 30))
    kind = enrolments.people.codes[slot[1]][enrolments.row[place]]
    codes = np.array([f"3{number:02d}" for number in kind], dtype=object)
    status = np.where(np.isnat(end), "open", "closed").astype(object)
    return Services(place, codes, start, np.fmax(near, start), end, status)


def _silence(enrolments: Enrolments) -> NDArray[np.float64]:
    """Days since the last career service of active participants; 0 after an exit."""
    days = (rates.AS_OF - enrolments.days("1004")).astype("float64")
    return np.where(enrolments.exited, 0, days)


def _planned(rng: Generator, enrolments: Enrolments) -> Services:
    """Services that begin after the as-of date."""
    long = _silence(enrolments) > SILENCE_DAYS
    share = np.where(long, PLANNED_AFTER_SILENCE, PLANNED_SHARE)
    place = np.flatnonzero(~enrolments.exited & chance(rng, enrolments.size, share))
    start = rates.AS_OF + some_days(rng, len(place), 1, 45)
    codes = np.full(len(place), words.INDIVIDUAL, dtype=object)
    status = np.full(len(place), "planned", dtype=object)
    planned = start + some_days(rng, len(place), 0, 30)
    return Services(place, codes, start, planned, np.full(len(place), NAT), status)


def _gaps(rng: Generator, enrolments: Enrolments) -> Services:
    """Planned gaps: open from the last service on, so that no exit follows (domain 2.1)."""
    long = _silence(enrolments) > SILENCE_DAYS
    place = np.flatnonzero(long & chance(rng, enrolments.size, GAP_SHARE))
    start = enrolments.days("1004")[place]
    codes = np.full(len(place), words.GAP, dtype=object)
    planned = rates.AS_OF + some_days(rng, len(place), 5, 120)
    status = np.full(len(place), "open", dtype=object)
    return Services(place, codes, start, planned, np.full(len(place), NAT), status)


def _wagner_peyser(rng: Generator, enrolments: Enrolments) -> Table:
    """The last service of some Wagner-Peyser participants, recorded by no planner."""
    people = enrolments.people
    row = np.flatnonzero(people.is_in("wp") & chance(rng, people.size, WAGNER_PEYSER_LISTED))
    day = people.days["1003"][row]
    same = {"service_code": words.BASIC, "title": words.TITLES[words.BASIC], "provider": "",
            "status": "closed", "planner_id": ""}  # fmt: skip
    varied = {
        "row": row,
        "customer": people.customer[row],
        "enrolment": np.array([f"{c}-1" for c in people.customer[row]], dtype=object),
        "start": day,
        "planned_end": day,
        "actual_end": day,
    }
    return varied | {name: np.full(len(row), text, dtype=object) for name, text in same.items()}
