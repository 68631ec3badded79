"""Accounts, links and the authorization group: what the store keeps, and what a decision needs.

The roster's word and an approver's word meet here, and whatever closes outranks what opens.
Activity: both must say active, in every line of the user and of the IWDS account. The group: who
was taken out here stays out; who was let in here is in until a newer roster says 0. Links: parted
here stays parted; made here or by the roster stands, but not one of a day after the roster's.
Names compare as IWDS compares them: large and small letters are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ipats_lib.access.decision import CLOCK, Account, Person, Role, Roster
from ipats_lib.access.roster import COLUMNS, NO_USER, USER, RosterFile, Row, doubt_of, narrowed
from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store
from ipats_lib.errors import AccessError

_LINES = """
SELECT l.*, l.worknet_user = :user AS own, k.stands AS link, NOT EXISTS (
    SELECT 1 FROM roster_line r WHERE r.iwds_user = l.iwds_user AND r.iwds_status <> 'active'
  ) AS open, (
    SELECT count(DISTINCT worknet_user) FROM (
      SELECT worknet_user FROM roster_line r WHERE r.iwds_user = l.iwds_user AND r.linked_on <> ''
        AND NOT EXISTS (SELECT 1 FROM link x WHERE x.user = r.worknet_user
                        AND x.iwds_user = r.iwds_user AND NOT x.stands)
      UNION SELECT user FROM link WHERE link.iwds_user = l.iwds_user AND stands)) AS holders
FROM roster_line l LEFT JOIN link k ON k.user = :user AND k.iwds_user = l.iwds_user
WHERE l.worknet_user = :user OR (k.stands AND l.iwds_user <> '')
"""


def person(store: Store, user: str) -> Person | None:
    """What is known about a portal user now; None for one who is not in the store."""
    found = store.db.execute("SELECT * FROM portal WHERE user = ?", (user,)).fetchone()
    if found is None:
        return None
    lines = store.db.execute(_LINES, {"user": user}).fetchall()
    own = [line for line in lines if line["own"]]
    roster_active = all(line["worknet_status"] == "active" for line in own)
    active = bool(found["active"]) and roster_active
    return Person(found["user"], active, _in_group(store, found, own), _accounts(store, lines))


def _in_group(store: Store, found: Any, own: Sequence[Any]) -> bool:
    says = {line["in_group"] for line in own}
    if found["granted"] is None:
        return says == {"1"}
    taken = store.meta("roster_taken")
    newer = taken is not None and datetime.fromisoformat(taken).timestamp() > found["granted_at"]
    return bool(found["granted"]) and not (newer and "0" in says)


def _accounts(store: Store, lines: Sequence[Any]) -> tuple[Account, ...]:
    taken = (store.meta("roster_taken") or "")[:10].replace("-", "")
    return tuple(dict.fromkeys(_account(line, taken) for line in lines))


def _account(line: Any, taken: str) -> Account:
    """taken: the day of the roster, as it writes days: no link of a later one is made yet."""
    own = bool(line["own"])
    by_roster = own and "" < line["linked_on"] <= taken
    return Account(
        iwds_user=line["iwds_user"],
        role=Role.read(line["role"]),
        lwia=line["lwia"],
        planner=line["planner_id"],
        active=bool(line["open"]),
        linked=by_roster if line["link"] is None else bool(line["link"]),
        holders=line["holders"],
        own=own,
    )


def roster(store: Store) -> Roster | None:
    """When the roster in the store was taken, and how old it may become."""
    taken = store.meta("roster_taken")
    return Roster(datetime.fromisoformat(taken), load_settings().roster_limit) if taken else None


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a roster. doubt: why the one before stays, empty when it was replaced;
    changed: lines of the new roster, or those of the old one that something was taken from."""

    doubt: str
    changed: int


def import_roster(store: Store, file: RosterFile, now: datetime, *, sure: bool) -> Imported:
    """Take a newer roster; one that is empty or loses too many accounts only when `sure`.

    When not, the roster before stays with the age that it has, but for what the new one takes away
    from accounts that it names: a cut file must not keep open what IWDS has closed. The share is
    `roster_loss_percent` in params/access.csv. AccessError, and nothing changes, for a file from
    the future or older than the one in the store.
    """
    if file.taken - now > CLOCK:
        raise AccessError(
            f"The roster is of {file.taken.isoformat()}, which is yet to come: the time must be in "
            "UTC."
        )
    with store.writing() as db:
        before = [dict(line) for line in db.execute("SELECT * FROM roster_line").fetchall()]
        most = load_settings().roster_loss_percent
        doubt = "" if sure else doubt_of(before, file.rows, most)
        if not doubt:
            return Imported("", load_roster(store, file, now))
        _refuse_older(store, file, now)
        after = narrowed(before, file.rows)
        _put(store, after)
        said_no = {(row["worknet_user"],) for row in file.rows if row["in_group"] == "0"}
        db.executemany(
            "UPDATE portal SET granted = NULL WHERE user = ? AND granted AND granted_at < ?",
            [(*user, file.taken.timestamp()) for user in sorted(said_no)],
        )
        return Imported(doubt, sum(old != new for old, new in zip(before, after, strict=True)))


def load_roster(store: Store, file: RosterFile, now: datetime | None = None) -> int:
    """Replace the roster as a whole; users seen for the first time become accounts.

    Returns the number of lines. AccessError, and nothing changes, for a file older than the one in
    the store: a late copy must not give back what a newer one took away. One from the future in the
    store (now: this moment) is none, and never a reason to refuse the right file.
    """
    with store.writing() as db:
        _refuse_older(store, file, now)
        _put(store, file.rows)
        users = {(row["worknet_user"],) for row in file.rows}
        db.executemany("INSERT OR IGNORE INTO portal (user) VALUES (?)", sorted(users))
        store.set_meta("roster_taken", file.taken.isoformat())
    return len(file.rows)


def _refuse_older(store: Store, file: RosterFile, now: datetime | None) -> None:
    known = roster(store)
    if known is None or (now is not None and known.taken - now > CLOCK):
        return
    if file.taken < known.taken:
        raise AccessError(
            f"The store's roster is of {known.taken.isoformat()}, this one is older: "
            "export it again."
        )


def _put(store: Store, rows: Sequence[Row]) -> None:
    places = ", ".join("?" * len(COLUMNS))
    with store.writing() as db:
        db.execute("DELETE FROM roster_line")
        db.executemany(
            f"INSERT INTO roster_line VALUES ({places})",  # noqa: S608  # question marks only
            [tuple(row[name] for name in COLUMNS) for row in rows],
        )


def create(store: Store, user: str, mail: str = "", secret: str | None = None) -> None:
    """Add a portal account, or give one that the roster brought its mail and password hash."""
    if not USER.fullmatch(user):
        raise AccessError(NO_USER)
    with store.writing() as db:
        db.execute(
            "INSERT INTO portal (user, mail, secret) VALUES (?, ?, ?) ON CONFLICT (user) DO UPDATE "
            "SET mail = coalesce(nullif(excluded.mail, ''), mail), "
            "secret = coalesce(excluded.secret, secret)",
            (user, mail, secret),
        )
        if secret is not None:
            db.execute("DELETE FROM session WHERE user = ?", (user,))


def mail_of(store: Store, user: str) -> str:
    """The mail address of an account; empty when it has none, or is none."""
    row = store.db.execute("SELECT mail FROM portal WHERE user = ?", (user,)).fetchone()
    return row["mail"] if row else ""


def spelled(store: Store, user: str) -> str:
    """The name of an account as the store has it; AccessError when there is none."""
    row = store.db.execute("SELECT user FROM portal WHERE user = ?", (user,)).fetchone()
    if row is None:
        raise AccessError("There is no such account: `publish.py access create` makes one.")
    return str(row["user"])


def set_active(store: Store, user: str, active: bool) -> None:
    """Switch a portal account on or off here; off ends its sessions."""
    _change(store, "UPDATE portal SET active = ? WHERE user = ?", user, active)


def set_group(store: Store, user: str, member: bool, now: datetime) -> None:
    """Add to or take from the authorization group; taken out ends the sessions."""
    statement = "UPDATE portal SET granted = ?, granted_at = ? WHERE user = ?"
    _change(store, statement, user, member, now.timestamp())


def set_link(store: Store, user: str, iwds_user: str, stands: bool) -> None:
    """Link a portal user and an IWDS account, or part them."""
    user = spelled(store, user)
    lines = store.db.execute("SELECT 1 FROM roster_line WHERE iwds_user = ?", (iwds_user,))
    if not iwds_user or lines.fetchone() is None:
        raise AccessError("The roster has no such IWDS account: import a newer one first.")
    store.db.execute("INSERT OR REPLACE INTO link VALUES (?, ?, ?)", (user, iwds_user, stands))


def set_identity(store: Store, user: str, iss: str, sub: str, stands: bool = True) -> None:
    """Link a provider's identity to a portal user, or part them. Never by mail address: those
    change hands. Whoever had the identity before has to sign in again."""
    user = spelled(store, user)
    with store.writing() as db:
        before = user_of_identity(store, iss, sub)
        if not stands and before != user:
            raise AccessError("This identity is not linked to this account.")
        db.execute("DELETE FROM identity WHERE iss = ? AND sub = ?", (iss, sub))
        if stands:
            db.execute("INSERT INTO identity VALUES (?, ?, ?)", (iss, sub, user))
        if not stands or before != user:
            db.execute("DELETE FROM session WHERE user = ?", (before,))


def user_of_identity(store: Store, iss: str, sub: str) -> str | None:
    """The portal user of a provider's identity."""
    query = "SELECT user FROM identity WHERE iss = ? AND sub = ?"
    row = store.db.execute(query, (iss, sub)).fetchone()
    return row["user"] if row else None


def listed(store: Store) -> list[tuple[Person, str]]:
    """Every account, by name; and in which ways it signs in."""
    query = """SELECT user, secret IS NOT NULL AS local,
        EXISTS (SELECT 1 FROM identity i WHERE i.user = portal.user) AS outside
        FROM portal ORDER BY user"""
    ways = {(1, 0): "password", (0, 1): "provider", (1, 1): "password, provider"}
    found = []
    for row in store.db.execute(query).fetchall():
        known = person(store, row["user"])
        if known is not None:
            found.append((known, ways.get((row["local"], row["outside"]), "")))
    return found


def _change(store: Store, statement: str, user: str, value: bool, *more: float) -> None:
    user = spelled(store, user)
    with store.writing() as db:
        db.execute(statement, (value, *more, user))
        if not value:
            db.execute("DELETE FROM session WHERE user = ?", (user,))
