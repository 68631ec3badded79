"""Who may read what, written apart from the rule: texts in, yes or no out.

From domain 1.2 and 1.3 read sentence by sentence. Knows rows of the accounts table as a CSV gives
them, and paths as a browser asks for them; imports nothing of the library.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Row = dict[str, str]
SHAPE = re.compile(
    r"^/PY20\d\d(Q[1-4])?/(state|lwia/(\d\d)(/planner/([a-z0-9_-]{1,32}))?)/[a-z0-9_/.-]+$",
    re.ASCII,
)


def folder(path: str) -> tuple[str, str] | None:
    """(LWIA, planner) in whose folder a published path lies; ("", "") for the state's."""
    found = SHAPE.match(path)
    return (found[3] or "", found[5] or "") if found else None


def may_read(rows: Sequence[Row], user: str, path: str) -> bool:
    """Whether IWDS would show this user what lies at the path. `rows`: the whole accounts table."""
    place = folder(path)
    mine = [row for row in rows if row["worknet_user"] == user]
    if place is None or not mine:
        return False
    if any(row["worknet_status"] != "active" or row["in_group"] != "1" for row in mine):
        return False
    return any(_opens(row, rows, *place) for row in mine)


def _opens(row: Row, rows: Sequence[Row], lwia: str, planner: str) -> bool:
    if not row["linked_on"]:
        return False
    holders = {
        r["worknet_user"] for r in rows if r["iwds_user"] == row["iwds_user"] and r["linked_on"]
    }
    if row["iwds_user"] and len(holders) != 1:
        return False
    if row["role"] == "state":
        return True
    if not row["iwds_user"] or not _active(row, rows):
        return False
    if row["role"] == "lwia_admin":
        return row["lwia"] == lwia != ""
    if row["role"] == "planner":
        return (row["lwia"], row["planner_id"]) == (lwia, planner) and planner != ""
    return False


def _active(row: Row, rows: Sequence[Row]) -> bool:
    """Whether every line of the IWDS account says so."""
    return all(
        other["iwds_status"] == "active"
        for other in rows
        if other["iwds_user"].casefold() == row["iwds_user"].casefold()
    )


@dataclass
class Desk:
    """What approvers said, as plain facts. granted: user -> (yes or no, since that roster?)."""

    known: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)
    granted: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    links: dict[tuple[str, str], bool] = field(default_factory=dict)


def folders_of(rows: Sequence[Row], desk: Desk, user: str) -> set[tuple[str, str]]:
    """(LWIA, planner) of every folder that is this user's; ("", "") is the state, with all below.

    A folder here is the role as IWDS has it, whether or not anything was published for it.
    """
    mine = [row for row in rows if row["worknet_user"] == user]
    if user not in desk.known or user in desk.off:
        return set()
    if any(row["worknet_status"] != "active" for row in mine) or not _in_group(mine, desk, user):
        return set()
    return {
        {"state": ("", ""), "lwia_admin": (row["lwia"], "")}.get(
            row["role"], (row["lwia"], row["planner_id"])
        )
        for row in rows
        if _counts(row, rows, desk, user)
    }


def _in_group(mine: Sequence[Row], desk: Desk, user: str) -> bool:
    said = {row["in_group"] for row in mine}
    if user not in desk.granted:
        return said == {"1"}
    let_in, newer_roster = desk.granted[user]
    return let_in and not (newer_roster and "0" in said)


def _linked(row: Row, desk: Desk, user: str) -> bool:
    by_iwds = row["worknet_user"] == user and row["linked_on"] != ""
    return desk.links.get((user, row["iwds_user"]), by_iwds) if row["iwds_user"] else by_iwds


def _counts(row: Row, rows: Sequence[Row], desk: Desk, user: str) -> bool:
    if not _linked(row, desk, user):
        return False
    same = [other for other in rows if row["iwds_user"] and other["iwds_user"] == row["iwds_user"]]
    holders = {u for u in desk.known for other in same if _linked(other, desk, u)}
    if len(holders) > 1:
        return False
    needs_account = row["role"] != "state" or row["worknet_user"] != user
    if needs_account and not (row["iwds_user"] and _active(row, rows)):
        return False
    wanted = {"state": (), "lwia_admin": ("lwia",), "planner": ("lwia", "planner_id")}
    return row["role"] in wanted and all(row[name] for name in wanted[row["role"]])


@dataclass(frozen=True)
class Records:
    """What IWDS holds: who lives where, and who worked with whom. Numbers are lines of the file.

    areas: line -> LWIAs; customer: line -> id; met: planner -> customers; homes: planner -> LWIA.
    """

    areas: Mapping[int, set[str]]
    customer: Mapping[int, str]
    met: Mapping[str, set[str]]
    homes: Mapping[str, str]

    def shown(self, folders: set[tuple[str, str]]) -> set[int]:
        """The lines that IWDS shows to whoever has these roles."""
        return {line for line in self.areas for role in folders if self._shows(line, *role)}

    def _shows(self, line: int, lwia: str, planner: str) -> bool:
        if not lwia:
            return True
        if lwia not in self.areas[line]:
            return False
        worked = self.customer[line] in self.met.get(planner, set())
        return not planner or (worked and self.homes[planner] == lwia)
