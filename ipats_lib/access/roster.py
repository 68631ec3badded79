"""The IWDS accounts table as the access room reads it: one file, exported with a publication.

    {"taken": "2026-01-15T06:00:00+00:00", "accounts": [{"worknet_user": "anna", ...}, ...]}

Columns as in params/tables/account.csv. The file is written and loaded whole or not at all.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ipats_lib.errors import AccessError
from ipats_lib.inputs import read_json, spelled

COLUMNS = (
    "worknet_user", "iwds_user", "role", "lwia", "planner_id",
    "worknet_status", "iwds_status", "in_group", "linked_on",
)  # fmt: skip
Row = Mapping[str, str]
MOST_BYTES = 64 << 20
USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
NO_USER = "A user name holds letters, digits and . _ @ - only, at most 64."


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
    malformed = (
        f"{spelled(path)} is not a roster: export one with `publish.py access export roster`."
    )
    whole = read_json(path, AccessError, malformed, named=spelled(path), most=MOST_BYTES)
    try:
        taken = datetime.fromisoformat(whole["taken"])
        rows = whole["accounts"]
    except (ValueError, KeyError, TypeError):
        raise AccessError(malformed) from None
    if taken.tzinfo is None or not isinstance(rows, list):
        raise AccessError(f"{path}: `taken` needs a time zone, and `accounts` a list.")
    return RosterFile(taken, checked(rows, str(path)))


def checked(rows: Iterable[Any], source: str) -> tuple[Row, ...]:
    """Rows with our columns, all texts, of users with a user's name; AccessError names the first
    row that is not."""
    found = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or set(row) != set(COLUMNS):
            raise AccessError(f"{source}, account {number}: expected {', '.join(COLUMNS)}.")
        if not all(isinstance(value, str) for value in row.values()):
            raise AccessError(f"{source}, account {number}: texts only.")
        if not USER.fullmatch(row["worknet_user"]):
            raise AccessError(f"{source}, account {number}: {NO_USER}")
        found.append({name: row[name] for name in COLUMNS})
    return tuple(found)
