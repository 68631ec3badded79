"""Planners, and the accounts of every kind that access has to decide about (domain 1.2, 1.3)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.random import Generator

from ipats_lib.sample.cases import COLUMNS
from ipats_lib.sample.enrolments import Table
from ipats_lib.sample.people import Planner
from ipats_lib.sample.vocabulary import FIRST_NAMES, LAST_NAMES

Line = dict[str, str]
FIRST_LINK, LINK_DAYS = np.datetime64("2022-02-01"), 1200
# Of every forty planners the one that lacks this; what stands in the account instead.
CYCLE = 40
FLAWS: dict[int, Line] = {
    7: {"worknet_status": "inactive"},
    11: {"iwds_status": "inactive"},
    13: {"in_group": "0"},
    17: {"linked_on": ""},
    23: {"worknet_status": "inactive", "iwds_status": "inactive"},
    29: {"in_group": "0", "linked_on": ""},
}
STATE_FLAWS: dict[int, Line] = {3: {"worknet_status": "inactive"}, 5: {"in_group": "0"}}
ADMIN_FLAWS: dict[str, Line] = {
    "07": {"worknet_status": "inactive"}, "10": {"iwds_status": "inactive"},
    "15": {"in_group": "0"}, "20": {"linked_on": ""},
}  # fmt: skip


def planner_table(rng: Generator, planners: Sequence[Planner]) -> Table:
    """One line for each planner; no name twice before all names have been used."""
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    order = rng.permutation(len(names))
    columns: dict[str, list[Any]] = {
        "planner_id": [planner.number for planner in planners],
        "lwia": [planner.lwia for planner in planners],
        "name": [names[order[n % len(names)]] for n in range(len(planners))],
        "active": ["1" if planner.active else "0" for planner in planners],
    }
    return {name: np.array(values, dtype=object) for name, values in columns.items()}


def account_table(rng: Generator, planners: Sequence[Planner], areas: Sequence[str]) -> Table:
    """State users, administrators of each area, planners, and those who are none or several."""
    lines = [_account(rng, f"state{n}", "state", "", "") | STATE_FLAWS.get(n, {})
             for n in range(1, 7)]  # fmt: skip
    lines += [_account(rng, f"admin{lwia}", "lwia_admin", lwia, "") for lwia in areas]
    lines += [_account(rng, f"admin{lwia}b", "lwia_admin", lwia, "") | flaw
              for lwia, flaw in ADMIN_FLAWS.items() if lwia in areas]  # fmt: skip
    lines += [_planner_account(rng, place, planner) for place, planner in enumerate(planners)]
    lines += _special_accounts(rng, planners)
    return {
        name: np.array([line[name] for line in lines], dtype=object) for name in COLUMNS["account"]
    }


def _planner_account(rng: Generator, place: int, planner: Planner) -> Line:
    line = _account(rng, f"planner{planner.number}", "planner", planner.lwia, planner.number)
    if not planner.active:
        return line | {"iwds_status": "inactive"}
    return line | FLAWS.get(place % CYCLE, {})


def _special_accounts(rng: Generator, planners: Sequence[Planner]) -> list[Line]:
    """An administrator who is also a planner; planners who moved to another LWIA.

    One has a second line for the new area and an inactive one for the old; another's single line
    names the new area beside the planner id of the old one.
    """
    first = planners[0]
    elsewhere = next(other for other in planners if other.lwia != first.lwia)
    both = _account(rng, f"admin{first.lwia}", "planner", first.lwia, first.number)
    moved = f"moved{elsewhere.number}"
    old = _account(rng, moved, "planner", first.lwia, first.number) | {"iwds_status": "inactive"}
    new = _account(rng, moved, "planner", elsewhere.lwia, elsewhere.number)
    new["iwds_user"] += "b"
    stale = _account(rng, f"moved{first.number}", "planner", elsewhere.lwia, first.number)
    return [both, old, new, stale]


def _account(rng: Generator, user: str, role: str, lwia: str, planner: str) -> Line:
    linked = str(FIRST_LINK + int(rng.integers(LINK_DAYS))).replace("-", "")
    return {
        "worknet_user": user,
        "iwds_user": "" if role == "state" else f"iwds_{user}",
        "role": role,
        "lwia": lwia,
        "planner_id": planner,
        "worknet_status": "active",
        "iwds_status": "" if role == "state" else "active",
        "in_group": "1",
        "linked_on": linked,
    }
