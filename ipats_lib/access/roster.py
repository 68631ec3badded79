"""The IWDS accounts table as the access room reads it: one file, exported with a publication.

    {"taken": "2026-01-15T06:00:00+00:00", "accounts": [{"worknet_user": "anna", ...}, ...]}

Columns as in params/tables/account.csv. The file is written and loaded whole or not at all.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ipats_lib.access.people import Account, Person, Role
from ipats_lib.errors import AccessError

COLUMNS = (
    "worknet_user", "iwds_user", "role", "lwia", "planner_id",
    "worknet_status", "iwds_status", "in_group", "linked_on",
)  # fmt: skip
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RosterFile:
    """An accounts table and the moment when it was taken from IWDS (with its time zone)."""

    taken: datetime
    rows: tuple[Row, ...]

    @property
    def text(self) -> str:
        return json.dumps({"taken": self.taken.isoformat(), "accounts": self.rows}, indent=1) + "\n"


def read_roster(path: Path) -> RosterFile:
    """Read a roster file; AccessError names the line of the list that breaks its form."""
    try:
        whole = json.loads(path.read_bytes())
        taken = datetime.fromisoformat(whole["taken"])
        rows = whole["accounts"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AccessError(
            f"{path} is not a roster: export one with `publish.py access export roster`."
        ) from error
    if taken.tzinfo is None or not isinstance(rows, list):
        raise AccessError(f"{path}: `taken` needs a time zone, and `accounts` a list.")
    return RosterFile(taken, checked(rows, str(path)))


def checked(rows: Iterable[Any], source: str) -> tuple[Row, ...]:
    """Rows with our columns, all texts; AccessError names the first row that is not."""
    found = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or set(row) != set(COLUMNS):
            raise AccessError(f"{source}, account {number}: expected {', '.join(COLUMNS)}.")
        if not all(isinstance(value, str) for value in row.values()) or not row["worknet_user"]:
            raise AccessError(f"{source}, account {number}: texts only, and a worknet_user.")
        found.append({name: row[name] for name in COLUMNS})
    return tuple(found)


def people(rows: Iterable[Row]) -> dict[str, Person]:
    """Every portal user of the table, with the roles of its lines.

    Lines of one user that contradict each other about the portal account count as inactive, and
    as not in the group.
    """
    lines = tuple(rows)
    holders = _holders(lines)
    by_user: dict[str, list[Row]] = defaultdict(list)
    for row in lines:
        by_user[row["worknet_user"]].append(row)
    return {
        user: Person(
            user,
            active=all(row["worknet_status"] == "active" for row in mine),
            in_group=all(row["in_group"] == "1" for row in mine),
            accounts=tuple(_account(row, holders) for row in mine),
        )
        for user, mine in by_user.items()
    }


def _holders(rows: Iterable[Row]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["linked_on"]:
            found[row["iwds_user"]].add(row["worknet_user"])
    return found


def _account(row: Row, holders: Mapping[str, set[str]]) -> Account:
    return Account(
        iwds_user=row["iwds_user"],
        role=Role.read(row["role"]),
        lwia=row["lwia"],
        planner=row["planner_id"],
        active=row["iwds_status"] == "active",
        linked=bool(row["linked_on"]),
        holders=len(holders.get(row["iwds_user"], ())),
    )
