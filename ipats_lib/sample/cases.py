"""The case-management tables and accounts of the synthetic state (domain 8.2)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.people import People, chance

Table = dict[str, NDArray[Any]]
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
NAT = np.datetime64("NaT")


def text_of(days: NDArray[Any]) -> NDArray[Any]:
    """YYYYMMDD, or nothing for a missing day."""
    written = np.char.replace(np.datetime_as_string(days.astype("datetime64[D]")), "-", "")
    return np.where(np.isnat(days), "", written)


def case_tables(rng: Generator, people: People) -> dict[str, Table]:
    """assignment, service, case_note and application of one block."""
    mine = np.flatnonzero(people.title_one & (people.home == people.block.lwia))
    worker = rng.choice(np.array(people.block.planners), len(mine))
    enrolment = np.char.add(
        np.char.add(people.customer[mine], "-"), _running(people.customer[mine])
    )
    return {
        "assignment": _assignments(rng, people, mine, worker, enrolment),
        "service": _services(rng, people, mine, worker, enrolment),
        "case_note": _notes(rng, people, mine, worker),
        "application": _applications(rng, people, mine),
    }


def _running(customers: NDArray[Any]) -> NDArray[Any]:
    """1 for a customer's first enrolment in the block, 2 for the next."""
    seen: dict[str, int] = {}
    numbers = []
    for customer in customers.tolist():
        seen[customer] = seen.get(customer, 0) + 1
        numbers.append(str(seen[customer]))
    return np.array(numbers, dtype="U3")


def _assignments(
    rng: Generator,
    people: People,
    mine: NDArray[Any],
    worker: NDArray[Any],
    enrolment: NDArray[Any],
) -> Table:
    entry, exit_ = people.days["900"][mine], people.days["901"][mine]
    end = np.where(np.isnat(exit_), rates.AS_OF, exit_)
    handed = chance(rng, len(mine), 0.12)
    change = entry + ((end - entry) / 2).astype("timedelta64[D]")
    unassigned = np.isnat(exit_) & chance(rng, len(mine), 0.02)
    first_to = np.where(handed, change, np.where(unassigned, change, NAT))
    successor = rng.choice(np.array(people.block.planners), len(mine))
    again = np.flatnonzero(handed & ~unassigned)
    return {
        "customer": np.concatenate([people.customer[mine], people.customer[mine][again]]),
        "enrolment": np.concatenate([enrolment, enrolment[again]]),
        "planner_id": np.concatenate([worker, successor[again]]),
        "from": text_of(np.concatenate([entry, change[again]])),
        "to": text_of(np.concatenate([first_to, np.full(len(again), NAT)])),
    }


def _services(
    rng: Generator,
    people: People,
    mine: NDArray[Any],
    worker: NDArray[Any],
    enrolment: NDArray[Any],
) -> Table:
    """Contacts from entry to the last service, and each first training."""
    number = 2 + rng.poisson(2.2, len(mine))
    line = np.repeat(np.arange(len(mine)), number)
    entry, last = people.days["900"][mine][line], people.days["1003"][mine][line]
    span = np.maximum((last - entry).astype("int64"), 0)
    start = entry + np.floor(rng.random(len(line)) * (span + 1)).astype("timedelta64[D]")
    newest = np.append(line[1:] != line[:-1], True) if len(line) else np.zeros(0, bool)
    start = np.where(newest, last, start)
    kind = rng.integers(0, len(rates.SERVICES), len(line))
    stays_open = (start > rates.AS_OF - np.timedelta64(60, "D")) & chance(rng, len(line), 0.3)
    planned = start + rng.integers(0, 45, len(line)).astype("timedelta64[D]")
    by = np.where(chance(rng, len(line), 0.05), rng.permutation(worker[line]), worker[line])
    contacts = {
        "customer": people.customer[mine][line],
        "enrolment": enrolment[line],
        "service_code": np.array([code for code, _ in rates.SERVICES])[kind],
        "title": np.array([title for _, title in rates.SERVICES])[kind],
        "start": text_of(start),
        "planned_end": text_of(planned),
        "actual_end": text_of(np.where(stays_open, NAT, start)),
        "provider": np.full(len(line), ""),
        "status": np.where(stays_open, "open", "closed"),
        "planner_id": by,
    }
    trainings = _training_services(people, mine, worker, enrolment)
    return {name: np.concatenate([contacts[name], trainings[name]]) for name in contacts}


def _training_services(
    people: People, mine: NDArray[Any], worker: NDArray[Any], enrolment: NDArray[Any]
) -> Table:
    trained = np.flatnonzero(~np.isnat(people.days["1302"][mine]))
    rows = mine[trained]
    start, end = people.days["1302"][rows], people.days["1308"][rows]
    return {
        "customer": people.customer[rows],
        "enrolment": enrolment[trained],
        "service_code": np.full(len(rows), "301"),
        "title": np.full(len(rows), "Occupational training"),
        "start": text_of(start),
        "planned_end": text_of(np.where(np.isnat(end), start + np.timedelta64(180, "D"), end)),
        "actual_end": text_of(end),
        "provider": people.strings["1301"][rows],
        "status": np.where(np.isnat(end), "open", "closed"),
        "planner_id": worker[trained],
    }


def _notes(rng: Generator, people: People, mine: NDArray[Any], worker: NDArray[Any]) -> Table:
    line = np.repeat(np.arange(len(mine)), 2 + rng.poisson(3.5, len(mine)))
    entry, last = people.days["900"][mine][line], people.days["1003"][mine][line]
    span = np.maximum((last - entry).astype("int64"), 0)
    day = entry + np.floor(rng.random(len(line)) * (span + 1)).astype("timedelta64[D]")
    kinds = np.array(["phone", "office visit", "e-mail", "case review"])
    return {
        "customer": people.customer[mine][line],
        "date": text_of(day),
        "type": rng.choice(kinds, len(line)),
        "planner_id": worker[line],
    }


def _applications(rng: Generator, people: People, mine: NDArray[Any]) -> Table:
    """One application for each enrolment, and some that have not led to one (yet)."""
    entry = people.days["900"][mine]
    certified = entry - rng.integers(0, 40, len(mine)).astype("timedelta64[D]")
    applied = certified - rng.integers(0, 30, len(mine)).astype("timedelta64[D]")
    waiting = max(1, len(mine) // 30)
    asked = rates.AS_OF - rng.integers(1, 120, waiting).astype("timedelta64[D]")
    passed = np.where(chance(rng, waiting, 0.5), asked + np.timedelta64(1, "D"), NAT)
    names = np.array([f"ILA{people.block.number:04d}{n:05d}" for n in range(waiting)])
    lwia = people.block.lwia
    return {
        "customer": np.concatenate([people.customer[mine], names]),
        "lwia": np.full(len(mine) + waiting, lwia),
        "applied": text_of(np.concatenate([applied, asked])),
        "certified": text_of(np.concatenate([certified, passed])),
        "status": np.concatenate(
            [np.full(len(mine), "enrolled"), np.where(np.isnat(passed), "applied", "certified")]
        ),
    }


def planner_table(rng: Generator, planners: Sequence[tuple[str, str]]) -> Table:
    """planners: (planner id, LWIA). Every twenty-fifth is no longer active."""
    first, last = np.array(rates.FIRST_NAMES), np.array(rates.LAST_NAMES)
    size = len(planners)
    names = np.char.add(np.char.add(rng.choice(first, size), " "), rng.choice(last, size))
    return {
        "planner_id": np.array([planner for planner, _ in planners]),
        "lwia": np.array([lwia for _, lwia in planners]),
        "name": names,
        "active": np.where(np.arange(size) % 25 == 24, "0", "1"),
    }


def account_table(planners: Sequence[tuple[str, str]], areas: Sequence[str]) -> Table:
    """Accounts of every kind that access has to decide about: see `_account`."""
    lines = [_account(f"state{n}", "state", "", "") for n in range(1, 4)]
    lines[2]["worknet_status"] = "inactive"
    lines += [_account(f"admin{lwia}", "lwia_admin", lwia, "") for lwia in areas]
    for number, (planner, lwia) in enumerate(planners):
        line = _account(f"planner{planner}", "planner", lwia, planner)
        flag = {7: "worknet_status", 11: "iwds_status", 13: "in_group", 17: "linked_on"}
        broken = flag.get(number % 40, "")
        if broken:
            spoiled = {"in_group": "0", "linked_on": ""}
            line[broken] = spoiled.get(broken, "inactive")
        lines.append(line)
    lines += _special_accounts(planners)
    return {name: np.array([line[name] for line in lines]) for name in COLUMNS["account"]}


def _special_accounts(planners: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """An administrator who is also a planner; a planner whose account names the area left."""
    planner, lwia = planners[0]
    both = _account(f"admin{lwia}", "planner", lwia, planner)
    elsewhere = next(other for _, other in planners if other != lwia)
    moved = _account(f"moved{planner}", "planner", elsewhere, planner)
    return [both, moved]


def _account(user: str, role: str, lwia: str, planner: str) -> dict[str, str]:
    return {
        "worknet_user": user,
        "iwds_user": "" if role == "state" else f"iwds_{user}",
        "role": role,
        "lwia": lwia,
        "planner_id": planner,
        "worknet_status": "active",
        "iwds_status": "" if role == "state" else "active",
        "in_group": "1",
        "linked_on": "20240115",
    }
