"""The IWDS accounts table as the access room keeps it: lines of texts, and when it was taken.

    {"taken": "2026-01-15T06:00:00+00:00", "accounts": [{"worknet_user": "anna", ...}, ...]}

Columns as in params/tables/account.csv. `roster_files` reads it, whole or not at all. A file that
was cut, or exported with the wrong filter, must not shut everybody out; and what it says of the
accounts that it does name must not be lost with it.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
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


_ROLE = ("role", "lwia", "planner_id")
# From what closes to what opens; whatever else is there is as a blank.
_GROUP = {"0": 0, "": 1, "1": 2}
_Key = tuple[str, ...]


def doubt_of(before: Sequence[Row], after: Sequence[Row], percent: int) -> str:
    """Why a new roster is not to be believed without a word of an operator; empty when it is.

    An account is a workNet user with one IWDS account. percent: how many of the accounts before
    may be gone.
    """
    if not after:
        return "it holds no account"
    known, there = ({_pair(row) for row in rows} for rows in (before, after))
    gone = len(known - there)
    if 100 * gone > percent * len(known):
        return f"it lacks {gone:,} of the {len(known):,} accounts of the one before"
    return ""


def narrowed(before: Iterable[Row], after: Sequence[Row]) -> list[dict[str, str]]:
    """The rows before, in their order, less what the new ones take from the accounts they name.

    workNet status and group are the user's, the IWDS status is the IWDS account's, and link and
    role are both's: a role that the new roster gives to neither under this name is blank.
    """
    users, accounts, pairs = (_grouped(after, key) for key in (_user, _account, _pair))
    found = []
    for row in before:
        new = dict(row)
        mine, account, same = users[_user(row)], accounts[_account(row)], pairs[_pair(row)]
        new["worknet_status"] = _closed(row, mine, "worknet_status")
        new["in_group"] = min((line["in_group"] for line in (row, *mine)), key=_group)
        if row["iwds_user"]:
            new["iwds_status"] = _closed(row, account, "iwds_status")
        if same and not any(line["linked_on"] for line in same):
            new["linked_on"] = ""
        if same and _role(row) not in {_role(line) for line in same}:
            new["role"] = ""
        found.append(new)
    return found


def _closed(row: Row, lines: Sequence[Row], status: str) -> str:
    """The status that closes, when one of the new lines has it."""
    return next((line[status] for line in lines if line[status] != "active"), row[status])


def _group(word: str) -> int:
    return _GROUP.get(word, 1)


def _grouped(rows: Iterable[Row], key: Callable[[Row], _Key]) -> defaultdict[_Key, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _user(row: Row) -> _Key:
    return (row["worknet_user"].casefold(),)


def _account(row: Row) -> _Key:
    return (row["iwds_user"].casefold(),)


def _pair(row: Row) -> _Key:
    return _user(row) + _account(row)


def _role(row: Row) -> _Key:
    return tuple(row[name] for name in _ROLE)
