"""The access room's own store: one SQLite file (WAL), opened by the gateway and the command line.

Every fact stands once. What IWDS and the authorization group said (`roster_line`) is replaced as a
whole by each import; what an approver decided here (`portal`, `link`) stays. Nothing about a
customer is ever in it.

An empty file goes through all steps that lead from a version to the next, so that a new store and
one that grew are the same. The version is SQLite's `user_version`; stores that were made before
versions had numbers have 0, and the first step gives them the tables that they lack. A released
step is never changed: add one.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipats_lib.errors import AccessError, UsageError
from ipats_lib.modes import open_private, private_folder

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS portal (
  user TEXT PRIMARY KEY, mail TEXT NOT NULL DEFAULT '', secret TEXT,
  active INTEGER NOT NULL DEFAULT 1, granted INTEGER, granted_at REAL) STRICT;
CREATE TABLE IF NOT EXISTS identity (
  iss TEXT NOT NULL, sub TEXT NOT NULL, user TEXT NOT NULL REFERENCES portal ON DELETE CASCADE,
  PRIMARY KEY (iss, sub)) STRICT;
CREATE TABLE IF NOT EXISTS link (
  user TEXT NOT NULL REFERENCES portal ON DELETE CASCADE, iwds_user TEXT NOT NULL,
  stands INTEGER NOT NULL, PRIMARY KEY (user, iwds_user)) STRICT;
CREATE TABLE IF NOT EXISTS roster_line (
  worknet_user TEXT NOT NULL, iwds_user TEXT NOT NULL, role TEXT NOT NULL, lwia TEXT NOT NULL,
  planner_id TEXT NOT NULL, worknet_status TEXT NOT NULL, iwds_status TEXT NOT NULL,
  in_group TEXT NOT NULL, linked_on TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS roster_user ON roster_line (worknet_user);
CREATE INDEX IF NOT EXISTS roster_iwds ON roster_line (iwds_user);
CREATE TABLE IF NOT EXISTS session (
  token TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES portal ON DELETE CASCADE,
  begun REAL NOT NULL, seen REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS signing_in (
  state TEXT PRIMARY KEY, browser TEXT NOT NULL, nonce TEXT NOT NULL, verifier TEXT NOT NULL,
  begun REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS failure (key TEXT NOT NULL, at REAL NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS failure_key ON failure (key, at);
CREATE TABLE IF NOT EXISTS request (
  id INTEGER PRIMARY KEY, user TEXT NOT NULL, mail TEXT NOT NULL, administrator TEXT NOT NULL,
  asked REAL NOT NULL, decided REAL, outcome TEXT, approver TEXT, reason TEXT,
  asked_mailed REAL, outcome_mailed REAL, reminded REAL) STRICT
"""
# Names compare as IWDS compares them: large and small letters are the same. Accounts that differed
# in nothing else become one, by whatever closes: active only when all were, in the group only when
# all say so, without a password, an identity or an address that was only one's. Everybody signs in
# anew. A request keeps the address that it came from.
_ONE_NAME = """
ALTER TABLE portal RENAME TO old_portal;
ALTER TABLE identity RENAME TO old_identity;
ALTER TABLE link RENAME TO old_link;
ALTER TABLE roster_line RENAME TO old_roster_line;
ALTER TABLE request RENAME TO old_request;
DROP TABLE session;
CREATE TABLE portal (
  user TEXT COLLATE NOCASE PRIMARY KEY, mail TEXT NOT NULL DEFAULT '', secret TEXT,
  active INTEGER NOT NULL DEFAULT 1, granted INTEGER, granted_at REAL) STRICT;
CREATE TABLE identity (
  iss TEXT NOT NULL, sub TEXT NOT NULL,
  user TEXT COLLATE NOCASE NOT NULL REFERENCES portal ON DELETE CASCADE,
  PRIMARY KEY (iss, sub)) STRICT;
CREATE TABLE link (
  user TEXT COLLATE NOCASE NOT NULL REFERENCES portal ON DELETE CASCADE,
  iwds_user TEXT COLLATE NOCASE NOT NULL,
  stands INTEGER NOT NULL, PRIMARY KEY (user, iwds_user)) STRICT;
CREATE TABLE roster_line (
  worknet_user TEXT COLLATE NOCASE NOT NULL, iwds_user TEXT COLLATE NOCASE NOT NULL,
  role TEXT NOT NULL, lwia TEXT NOT NULL, planner_id TEXT NOT NULL, worknet_status TEXT NOT NULL,
  iwds_status TEXT NOT NULL, in_group TEXT NOT NULL, linked_on TEXT NOT NULL) STRICT;
CREATE TABLE session (
  token TEXT PRIMARY KEY, user TEXT COLLATE NOCASE NOT NULL REFERENCES portal ON DELETE CASCADE,
  begun REAL NOT NULL, seen REAL NOT NULL) STRICT;
CREATE TABLE request (
  id INTEGER PRIMARY KEY, user TEXT COLLATE NOCASE NOT NULL, mail TEXT NOT NULL,
  administrator TEXT NOT NULL, place TEXT NOT NULL DEFAULT '', asked REAL NOT NULL, decided REAL,
  outcome TEXT, approver TEXT, reason TEXT, asked_mailed REAL, outcome_mailed REAL, reminded REAL)
  STRICT;
INSERT INTO portal
  SELECT min(user), CASE WHEN min(mail) = max(mail) THEN min(mail) ELSE '' END,
    CASE WHEN count(*) = 1 THEN min(secret) END, min(active),
    CASE WHEN min(granted) = 0 THEN 0 WHEN count(granted) = count(*) THEN 1 END, min(granted_at)
  FROM old_portal GROUP BY user COLLATE NOCASE;
INSERT INTO identity
  SELECT iss, sub, user FROM old_identity i
  WHERE (SELECT count(*) FROM old_portal p WHERE p.user = i.user COLLATE NOCASE) = 1;
INSERT INTO link
  SELECT min(user), min(iwds_user), min(stands) FROM old_link
  GROUP BY user COLLATE NOCASE, iwds_user COLLATE NOCASE;
INSERT INTO roster_line SELECT * FROM old_roster_line;
INSERT INTO request (id, user, mail, administrator, asked, decided, outcome, approver, reason,
    asked_mailed, outcome_mailed, reminded)
  SELECT id, user, mail, administrator, asked, decided, outcome, approver, reason,
    asked_mailed, outcome_mailed, reminded FROM old_request;
DROP TABLE old_portal;
DROP TABLE old_identity;
DROP TABLE old_link;
DROP TABLE old_roster_line;
DROP TABLE old_request;
CREATE INDEX roster_user ON roster_line (worknet_user);
CREATE INDEX roster_iwds ON roster_line (iwds_user);
CREATE INDEX request_place ON request (place) WHERE outcome IS NULL
"""
STEPS = (_TABLES, _ONE_NAME)


def bring_up(db: sqlite3.Connection) -> None:
    """Bring a store to the newest version, in one transaction; before foreign keys are on.

    AccessError for a store of a version that is not known here.
    """
    if version(db) == len(STEPS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        found = version(db)
        if not 0 <= found <= len(STEPS):
            raise AccessError(
                f"it is of version {found}, and this program knows versions up to {len(STEPS)}: "
                "use the program that wrote it, or a newer one"
            )
        for step in STEPS[found:]:
            for statement in step.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(STEPS)}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def version(db: sqlite3.Connection) -> int:
    """The version that a store says it has."""
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    return found


class StoreReplacedError(AccessError):
    """Another file is where the open store was, or none: what it says is no longer true."""


class Store:
    """A connection to the store. Not shared between threads.

    patience: seconds to wait for another connection's writing; then sqlite3.OperationalError.
    """

    def __init__(self, path: Path, patience: float = 10) -> None:
        self.path = path
        try:
            if not path.parent.exists():
                private_folder(path.parent)
            number = open_private(path, os.O_RDWR)
            facts = os.fstat(number)
            os.close(number)
            self._file = facts.st_dev, facts.st_ino
            self.db = sqlite3.connect(path, isolation_level=None, timeout=patience)
            self.db.row_factory = sqlite3.Row
            self.db.execute("PRAGMA journal_mode = WAL")
            bring_up(self.db)
            self.db.execute("PRAGMA foreign_keys = ON")
        except (OSError, sqlite3.Error, AccessError) as error:
            raise AccessError(f"{path} cannot be opened as the access store: {error}.") from error

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.db.close()

    def check_place(self) -> None:
        """StoreReplacedError when the open file is no longer the one that bears its name.

        It is not opened anew: SQLite would mix the journal of the one into the other
        (sqlite.org/howtocorrupt, 1.3 and 2.4). Whoever replaces a store starts the gateway again.
        """
        try:
            there = os.stat(self.path)
        except OSError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != self._file:
            raise StoreReplacedError(
                f"{self.path} was replaced or removed while it was open, so that nothing is shown: "
                "put it back, or start the gateway again."
            )

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or nothing. Within another it is a part of that."""
        if self.db.in_transaction:
            yield self.db
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def state(self) -> tuple[int, int]:
        """Another value as soon as anything in the store has changed, by whichever connection.

        SQLite's own count of the commits of others, and of this connection's changes: what was
        read while it stays the same is what would be read now.
        """
        version: int = self.db.execute("PRAGMA data_version").fetchone()[0]
        return version, self.db.total_changes

    def meta(self, name: str) -> str | None:
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else None

    def set_meta(self, name: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def secret(self, name: str) -> bytes:
        """A random key of this store, made when first asked for; later only read, so that a form
        is shown while somebody else is writing."""
        key = f"secret_{name}"
        if self.meta(key) is None:
            new = secrets.token_hex(32)
            self.db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, new))
        return bytes.fromhex(self.meta(key) or "")


def existing(path: Path) -> Store:
    """The store that is there; UsageError when none is: only `create` and `import` make one."""
    if not path.is_file():
        raise UsageError(
            f"There is no access store {path}: name it with --access, or make one with "
            "`publish.py access import` or `create`."
        )
    return Store(path)
