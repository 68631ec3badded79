"""Who may read what, written apart from the rule: texts in, yes or no out.

From domain 1.2 and 1.3 read sentence by sentence. Knows rows of the accounts table as a CSV gives
them, and paths as a browser asks for them; imports nothing of the library.
"""

import re
from collections.abc import Sequence

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
    if row["iwds_status"] != "active" or not row["iwds_user"]:
        return False
    if row["role"] == "lwia_admin":
        return row["lwia"] == lwia != ""
    if row["role"] == "planner":
        return (row["lwia"], row["planner_id"]) == (lwia, planner) and planner != ""
    return False
