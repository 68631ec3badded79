"""The versions of the access store, and the steps that lead from each to the next.

An empty file goes through all of them, so that a new store and one that grew are the same. The
version is SQLite's `user_version`; stores that were made before versions had numbers have 0, and
the first step gives them the tables that they lack. A released step is never changed: add one.
"""

import sqlite3

from ipats_lib.errors import AccessError

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
