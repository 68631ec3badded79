"""What a new roster takes away, when as a whole it is not to be believed: pure, on rows as texts.

A file that was cut, or exported with the wrong filter, must not shut everybody out; and what it
says of the accounts that it does name must not be lost with it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from ipats_lib.access.roster import Row

_ROLE = ("role", "lwia", "planner_id")
# From what closes to what opens; whatever else is there is as a blank.
_GROUP = {"0": 0, "": 1, "1": 2}
_Key = tuple[str, ...]


def doubt(before: Sequence[Row], after: Sequence[Row], percent: int) -> str:
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


def without(before: Iterable[Row], after: Sequence[Row]) -> list[dict[str, str]]:
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
