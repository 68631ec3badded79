"""What of the full state was known on an earlier day: case tables, planners, accounts.

The same rule as for PIRL rows (`known`): a line is known from its first day on, an end with its
own. A service that repeats stands in the table once, on the day that PIRL gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample import vocabulary as words
from ipats_lib.sample.case_services import (
    GAP_SHARE,
    OPEN_DAYS,
    OPEN_SHARE,
    PLANNED_AFTER_SILENCE,
    PLANNED_SHARE,
    SILENCE_DAYS,
    SINGLE,
)
from ipats_lib.sample.cases import APPLICATION_DAYS, DECISION_DAYS, joined, lines
from ipats_lib.sample.enrolments import Enrolments, Table
from ipats_lib.sample.known import NEWEST, Day, Known, Mask
from ipats_lib.sample.people import NAT, Days, People, Planner, chance, some_days, where_days

AHEAD_DAYS = 45
# Former planners left within so many days before the full state.
LEFT_WITHIN = 730


def tables_as_they_stood(
    known: Known, enrolments: Enrolments, tables: dict[str, Table], rng: Generator
) -> dict[str, Table]:
    """The case tables of a block as they stood; rng: drawn from alike for every day."""
    assignment, note = tables["assignment"], tables["case_note"]
    day = known.day
    ended = where_days(assignment["to"] <= day, assignment["to"])
    found = {
        "assignment": lines({**assignment, "to": ended}, assignment["from"] <= day),
        "service": _services(known, enrolments, tables["service"], rng),
        "case_note": lines(note, note["date"] <= day),
        "application": _applications(known, tables["application"]),
    }
    return {name: lines(table, _held(known, table["row"])) for name, table in found.items()}


def first_asked(people: People, tables: dict[str, Table]) -> Days:
    """When each row's customer applied who has not entered: known to the state from then on."""
    found, table = np.full(people.size, NAT), tables["application"]
    waiting = (table["status"] != "enrolled") & (table["row"] >= 0)
    found[table["row"][waiting]] = table["applied"][waiting]
    return found


def staff_as_it_stood(planners: Sequence[Planner], day: Day, rng: Generator) -> list[Planner]:
    """The planners; who has left meanwhile was active until then."""
    ago = some_days(rng, len(planners), 1, LEFT_WITHIN)
    return [
        replace(planner, active=planner.active or bool(rates.AS_OF - back > day))
        for planner, back in zip(planners, ago, strict=True)
    ]


def accounts_as_they_stood(account: Table, day: Day) -> Table:
    """The accounts; what was linked later was not linked yet."""
    linked = np.array([str(on) <= str(day).replace("-", "") for on in account["linked_on"]])
    return {**account, "linked_on": np.where(linked, account["linked_on"], "")}


def _held(known: Known, row: NDArray[np.int64]) -> Mask:
    """Lines of rows that the extract holds, and of applicants without a row."""
    return np.append(known.kept, True)[row]


def _applications(known: Known, table: Table) -> Table:
    """Who enters later is an applicant as yet; who never does is listed for a while."""
    day = known.day
    entry = np.append(known.full.days["900"], NAT)[table["row"]]
    certified = where_days(table["certified"] <= day, table["certified"])
    stage = np.where(np.isnat(certified), "applied", "certified").astype(object)
    refused = (table["status"] == "denied") & (table["applied"] + DECISION_DAYS <= day)
    status = np.select([entry <= day, refused], ["enrolled", "denied"], default=stage)
    row = np.where(entry > day, -1, table["row"])
    asked = {**table, "row": row, "certified": certified, "status": status}
    listed = (table["status"] == "enrolled") | (table["applied"] > day - APPLICATION_DAYS)
    return lines(asked, listed & (table["applied"] <= day))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is true of each service, and told of in no extract.

    late: its end is recorded weeks afterwards. ahead: it was planned so many days before.
    """

    late: Mask
    ahead: NDArray[np.timedelta64]


def _services(known: Known, enrolments: Enrolments, table: Table, rng: Generator) -> Table:
    size = len(table["row"])
    planned = (table["status"] == "planned") | chance(rng, size, PLANNED_SHARE)
    ahead = np.where(planned, some_days(rng, size, 1, AHEAD_DAYS), np.timedelta64(0, "D"))
    facts = _Facts(chance(rng, size, OPEN_SHARE), ahead)
    then, day = _moved(known, table), known.day
    recorded = (then["start"] - facts.ahead <= day) & ~_after_the_newest(known, then)
    active = ~known.people.exited[then["row"]]
    short = ~np.char.startswith(then["service_code"].astype("U3"), "3")
    waits = short & facts.late & active & (then["start"] > day - OPEN_DAYS)
    end = where_days((then["actual_end"] <= day) & ~waits, then["actual_end"])
    status = np.select(
        [then["start"] > day, np.isnat(end)], ["planned", "open"], default="closed"
    ).astype(object)
    shown = lines({**then, "actual_end": end, "status": status}, recorded)
    return joined(shown, *_on_the_day(known, enrolments, rng))


def _moved(known: Known, table: Table) -> Table:
    """The newest service of a kind stands on the day that was the newest then; NaT for none."""
    row, start = table["row"], table["start"]
    day = start.copy()
    for element, first in (*NEWEST.items(), ("1409", "")):
        if element in SINGLE:
            later = (table["service_code"] == SINGLE[element]) & (start > known.day)
            later &= start == known.full.days[element][row]
            then = known.people.days[element]
            # The first of a kind has a line of its own.
            again = where_days(then != known.people.days[first], then) if first else then
            day = np.where(later, again[row], day)
    shift = np.where(np.isnat(day), np.timedelta64(0, "D"), day - start)
    return {
        **table,
        "start": day,
        "planned_end": table["planned_end"] + shift,
        "actual_end": table["actual_end"] + shift,
    }


def _after_the_newest(known: Known, table: Table) -> Mask:
    """Contacts after the newest career service: they are recorded with the one that followed."""
    newest = known.people.days["1004"][table["row"]]
    return np.isin(table["service_code"], words.EXTRA_CONTACTS) & (table["start"] > newest)


def _on_the_day(known: Known, enrolments: Enrolments, rng: Generator) -> list[Table]:
    """Planned gaps, and the next service where it is planned, of those who were served later on."""
    day, row = known.day, enrolments.row
    newest: Days = known.people.days["1004"][row]
    silent = (day - newest).astype("float64") > SILENCE_DAYS
    share = np.where(silent, PLANNED_AFTER_SILENCE, PLANNED_SHARE)
    drawn, length = rng.random((2, enrolments.size)), some_days(rng, enrolments.size, 5, 120)
    follows = (newest < known.full.days["1004"][row]) & ~known.people.exited[row]
    coming = newest + known.steps[row]
    soon = follows & (coming > day) & (coming <= day + AHEAD_DAYS) & (drawn[0] < share)
    gap = follows & silent & (drawn[1] < GAP_SHARE)
    return [
        lines(_without_end(enrolments, words.INDIVIDUAL, coming, length, "planned"), soon),
        lines(_without_end(enrolments, words.GAP, newest, SILENCE_DAYS + length, "open"), gap),
    ]


def _without_end(
    enrolments: Enrolments, code: str, start: Days, length: NDArray[np.timedelta64], status: str
) -> Table:
    """A service for every enrolment, by its planner."""
    same = {"service_code": code, "title": words.TITLES[code], "provider": "", "status": status}
    size = enrolments.size
    varied = {
        "row": enrolments.row,
        "customer": enrolments.customer,
        "enrolment": enrolments.number,
        "start": start,
        "planned_end": start + length,
        "actual_end": np.full(size, NAT),
        "planner_id": enrolments.planner,
    }
    return varied | {name: np.full(size, text, dtype=object) for name, text in same.items()}
