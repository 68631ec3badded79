"""Assignments, case notes and applications of the synthetic state (domain 8.2)."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.case_services import service_table
from ipats_lib.sample.enrolments import Enrolments, Table
from ipats_lib.sample.people import NAT, People, between, chance, pick, some_days, where_days
from ipats_lib.sample.vocabulary import NOTE_TYPES

COLUMNS = {
    "assignment": ("customer", "enrolment", "planner_id", "from", "to"),
    "service": ("customer", "enrolment", "service_code", "title", "start", "planned_end",
                "actual_end", "provider", "status", "planner_id"),
    "case_note": ("customer", "date", "type", "planner_id"),
    "application": ("customer", "lwia", "applied", "certified", "status"),
    "planner": ("planner_id", "lwia", "name", "active"),
    "account": ("worknet_user", "iwds_user", "role", "lwia", "planner_id", "worknet_status",
                "iwds_status", "in_group", "linked_on"),
}  # fmt: skip
HANDED_OVER, UNASSIGNED, NEVER_ASSIGNED = 0.12, 0.012, 0.012
RELEASED_AFTER_FOLLOW_UP = 0.5
FEWEST_NOTES, FURTHER_NOTES = 2, 3.9
# Applicants without an enrolment, for each enrolment; and what became of them.
APPLICANTS_SHARE = 1 / 30
# How long an extract lists them, how long a decision takes, numbers for those of one span, and how
# many of those who apply never enter.
APPLICATION_DAYS, DECISION_DAYS, APPLICANTS_OF_A_SPAN, NOTHING_CAME = 120, 30, 1000, 0.35
LATE_CERTIFICATION_SHARE, CERTIFIED_SHARE, REFUSED_SHARE = 0.05, 0.45, 0.08


def case_tables(rng: Generator, enrolments: Enrolments) -> dict[str, Table]:
    """assignment, service, case_note and application of one block."""
    return {
        "assignment": _assignments(rng, enrolments),
        "service": service_table(rng, enrolments),
        "case_note": _notes(rng, enrolments),
        "application": _applications(rng, enrolments),
    }


def _assignments(rng: Generator, enrolments: Enrolments) -> Table:
    """From entry on; handed over half-way, always where the planner has left; some actives none."""
    size, entry, active = enrolments.size, enrolments.days("900"), ~enrolments.exited
    end = np.where(active, rates.AS_OF, enrolments.days("901"))
    change = entry + ((end - entry) / 2).astype("timedelta64[D]")
    left = ~enrolments.active & ~chance(rng, size, rates.FORMER_KEEPS)
    handed = left | chance(rng, size, HANDED_OVER)
    unassigned = active & chance(rng, size, UNASSIGNED)
    released = ~active & (end + 365 < rates.AS_OF) & chance(rng, size, RELEASED_AFTER_FOLLOW_UP)
    final = np.select([unassigned, released], [change, end + 365], default=NAT)
    known = ~(active & chance(rng, size, NEVER_ASSIGNED))
    again = np.flatnonzero(handed & ~unassigned & known)
    first = np.flatnonzero(known)
    successor, _ = enrolments.successor(rng)
    return {
        "row": np.concatenate([enrolments.row[first], enrolments.row[again]]),
        "customer": np.concatenate([enrolments.customer[first], enrolments.customer[again]]),
        "enrolment": np.concatenate([enrolments.number[first], enrolments.number[again]]),
        "planner_id": np.concatenate([enrolments.planner[first], successor[again]]),
        "from": np.concatenate([entry[first], change[again]]),
        "to": np.concatenate([np.where(handed & ~unassigned, change, final)[first], final[again]]),
    }


def _notes(rng: Generator, enrolments: Enrolments) -> Table:
    """About six for each period, up to the exit or a few weeks before the as-of date."""
    number = FEWEST_NOTES + rng.poisson(FURTHER_NOTES, enrolments.size)
    line = np.repeat(np.arange(enrolments.size), number)
    contact = np.fmax(enrolments.days("1003"), enrolments.days("1004"))
    recent = np.fmin(contact + some_days(rng, enrolments.size, 0, 40), rates.AS_OF)
    last = np.where(enrolments.exited, enrolments.days("901"), recent)
    return {
        "row": enrolments.row[line],
        "customer": enrolments.customer[line],
        "date": between(rng, enrolments.days("900")[line], last[line]),
        "type": pick(rng, len(line), NOTE_TYPES).astype(object),
        "planner_id": enrolments.somebody(rng)[line],
    }


def _applications(rng: Generator, enrolments: Enrolments) -> Table:
    """One for each enrolment, and some that have not led to one (yet): rules of domain 5.1."""
    size = enrolments.size
    certified = enrolments.days("900") - some_days(rng, size, 0, 44)
    wait = np.where(chance(rng, size, LATE_CERTIFICATION_SHARE), 45, 1) * some_days(rng, size, 0, 2)
    applied = certified - wait - some_days(rng, size, 0, 28)
    table = {
        "row": enrolments.row,
        "customer": enrolments.customer,
        "lwia": enrolments.lwia.astype(object),
        "applied": applied,
        "certified": certified,
        "status": np.full(size, "enrolled", dtype=object),
    }
    return joined(table, _applicants(rng, enrolments.people, size))


def joined(*tables: Table) -> Table:
    """The lines of several tables of the same columns, one after the other."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def lines(table: Table, kept: NDArray[np.bool_]) -> Table:
    """The lines of a mask."""
    return {name: column[kept] for name, column in table.items()}


def _applicants(rng: Generator, people: People, enrolled: int) -> Table:
    """The applications of those without an entry date; half are in PIRL."""
    waiting = max(1, round(enrolled * APPLICANTS_SHARE))
    known = np.flatnonzero(~people.takes_part)[: waiting // 2]
    return _waiting(rng, people, waiting, known)


def came_to_nothing(rng: Generator, people: People, enrolled: int, spans: int) -> Table:
    """Applications so many spans of `APPLICATION_DAYS` before the full state's own, which does not
    list them any more: nothing has come of them."""
    waiting = round(enrolled * APPLICANTS_SHARE * NOTHING_CAME)
    return _waiting(rng, people, waiting, np.empty(0, dtype="int64"), spans)


def _waiting(
    rng: Generator, people: People, waiting: int, known: NDArray[np.int64], spans: int = 0
) -> Table:
    """known: rows of those who are in PIRL; the others have numbers of their span."""
    others = range(spans * APPLICANTS_OF_A_SPAN, spans * APPLICANTS_OF_A_SPAN + waiting)
    names = [f"ILA{people.block.number:04d}{n:05d}" for n in others[: waiting - len(known)]]
    ago = some_days(rng, waiting, 1, APPLICATION_DAYS) + spans * APPLICATION_DAYS
    asked = rates.AS_OF - ago
    passed = np.fmin(asked + some_days(rng, waiting, 1, DECISION_DAYS), rates.AS_OF)
    accepted = chance(rng, waiting, CERTIFIED_SHARE)
    refused = ~accepted & chance(rng, waiting, REFUSED_SHARE)
    status = np.select([accepted, refused], ["certified", "denied"], default="applied")
    return {
        "row": np.append(known, np.full(len(names), -1)),
        "customer": np.append(people.customer[known], np.array(names, dtype=object)),
        "lwia": np.full(waiting, people.block.lwia, dtype=object),
        "applied": asked,
        "certified": where_days(accepted, passed),
        "status": status.astype(object),
    }
