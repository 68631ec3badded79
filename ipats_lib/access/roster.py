"""The IWDS accounts table as the access room keeps it: lines of texts, and when it was taken.

    {"taken": "2026-01-15T06:00:00+00:00", "accounts": [{"worknet_user": "anna", ...}, ...]}

Columns as in params/tables/account.csv. `roster_files` reads it, whole or not at all.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

COLUMNS = (
    "worknet_user", "iwds_user", "role", "lwia", "planner_id",
    "worknet_status", "iwds_status", "in_group", "linked_on",
)  # fmt: skip
Row = Mapping[str, str]
USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
NO_USER = "A user name holds letters, digits and . _ @ - only, at most 64."
# Another's name in other signs must not look like it: no blanks at the ends, nothing unseen.
IWDS = re.compile(r"(?:[!-~](?:[ -~]{0,62}[!-~])?)?")
NO_IWDS = "An IWDS account is named by letters, digits and signs of ASCII only, at most 64."


@dataclass(frozen=True, slots=True)
class RosterFile:
    """An accounts table and the moment when it was taken from IWDS (with its time zone).

    rows: every column a text; in_group 1, 0 or blank, linked_on YYYYMMDD or blank, LWIAs with two
    digits, planner ids in lower case.
    """

    taken: datetime
    rows: tuple[Row, ...]

    @property
    def text(self) -> str:
        return json.dumps({"taken": self.taken.isoformat(), "accounts": self.rows}, indent=1) + "\n"
