"""The store's versions: a store of the one before, a newer one, and what a step that fails leaves.

`BEFORE` is the store as it was made before its version had a number; it is never changed.
"""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta

import pytest

from ipats_lib.access import accounts, requests, sessions
from ipats_lib.access import store as stores
from ipats_lib.access.decision import scopes_of
from ipats_lib.access.store import Store
from ipats_lib.errors import AccessError

NOW = datetime.now(UTC)
BEFORE = """
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
  asked_mailed REAL, outcome_mailed REAL, reminded REAL) STRICT;
"""


def row(user, iwds, lwia="07") -> tuple[str, ...]:
    return user, iwds, "lwia_admin", lwia, "", "active", "active", "1", "20240102"


@pytest.fixture
def path(tmp_path):
    """A store of the version before: in use, with accounts that IWDS would take for one."""
    path = tmp_path / "access.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(BEFORE)
    db.execute("INSERT INTO meta VALUES ('roster_taken', ?)", (NOW.isoformat(),))
    db.execute("INSERT INTO meta VALUES ('secret_forms', ?)", ("ab" * 32,))
    later = NOW.timestamp()
    db.executemany(
        "INSERT INTO portal VALUES (?, ?, ?, ?, ?, ?)",
        [
            ("anna", "anna@example.org", "hash 1", 1, None, None),
            ("Ben", "", "hash 2", 1, 1, later),
            ("ben", "ben@example.org", "hash 3", 1, None, None),
            ("Cara", "", None, 1, 1, later),
            ("CARA", "", None, 0, 0, later),
            ("dora", "", None, 1, 1, later),
        ],
    )
    db.executemany(
        "INSERT INTO roster_line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [row("anna", "iw1"), row("ben", "iw2", "08"), row("CARA", "iw3"), row("dora", "iw4", "10")],
    )
    db.executemany(
        "INSERT INTO identity VALUES ('https://idp', ?, ?)", [("1", "anna"), ("2", "Ben")]
    )
    db.executemany(
        "INSERT INTO link VALUES (?, ?, ?)",
        [("Ben", "iw2", 1), ("ben", "IW2", 0), ("dora", "iw4", 1)],
    )
    db.execute("INSERT INTO session VALUES ('token', 'anna', ?, ?)", (later, later))
    db.executemany(
        "INSERT INTO request (user, mail, administrator, asked, outcome) VALUES (?, ?, ?, ?, ?)",
        [
            ("Eve", "e@example.org", "a@example.org", later, None),
            ("dora", "d@example.org", "a@example.org", later, "granted"),
        ],
    )
    db.close()
    return path


def folders(store, user) -> list[str]:
    found = scopes_of(accounts.person(store, user), accounts.roster(store), NOW)
    return [scope.path for scope in found]


def shape(path) -> dict[str, str]:
    db = sqlite3.connect(path)
    found = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    db.close()
    return {name: " ".join(sql.replace('"', "").split()) for name, sql in found.items()}


def test_a_store_of_the_version_before_goes_on_as_it_was(path):
    with Store(path) as store:
        assert stores.version(store.db) == len(stores.STEPS)
        assert folders(store, "anna") == ["lwia/07"]
        assert folders(store, "dora") == ["lwia/10"]
        assert accounts.mail_of(store, "Anna") == "anna@example.org"
        assert accounts.user_of_identity(store, "https://idp", "1") == "anna"
        assert store.secret("forms") == b"\xab" * 32
        assert [one.user for one in requests.waiting(store)] == ["Eve"]
        assert [one.user for one in requests.unaddressed(store)] == ["dora"]
        assert requests.ask(store, "EVE", "x@example.org", "y@example.org", NOW) == 1
        assert store.db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert store.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_accounts_that_become_one_do_so_by_whatever_closes(path):
    with Store(path) as store:
        assert [one.user for one, _ in accounts.listed(store)] == ["anna", "Ben", "CARA", "dora"]
        ben = store.db.execute("SELECT * FROM portal WHERE user = 'BEN'").fetchone()
        assert (ben["secret"], ben["mail"], ben["granted"]) == (None, "", None)
        assert accounts.user_of_identity(store, "https://idp", "2") is None
        assert folders(store, "ben") == [], "a link that one of them had parted is parted"
        cara = accounts.person(store, "cara")
        assert (cara.active, cara.in_group) == (False, False)
        assert store.db.execute("SELECT count(*) FROM session").fetchone()[0] == 0


def test_a_store_that_grew_and_a_new_one_are_the_same(path, tmp_path):
    for one in (path, tmp_path / "new.db"):
        Store(one).close()
    assert shape(path) == shape(tmp_path / "new.db")


def test_a_store_of_a_newer_version_is_left_as_it_is(tmp_path):
    path = tmp_path / "access.db"
    Store(path).close()
    newer = len(stores.STEPS) + 1
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {newer}")
    db.close()
    with pytest.raises(
        AccessError, match=f"of version {newer}, and this program knows versions up"
    ):
        Store(path)
    db = sqlite3.connect(path)
    assert stores.version(db) == newer
    db.close()


def test_a_step_that_fails_changes_nothing(path, monkeypatch):
    before = shape(path)
    monkeypatch.setattr(stores, "STEPS", (*stores.STEPS, "DROP TABLE portal; DROP TABLE nothing"))
    with pytest.raises(AccessError, match="cannot be opened as the access store"):
        Store(path)
    assert shape(path) == before
    monkeypatch.undo()
    with Store(path) as store:
        assert folders(store, "anna") == ["lwia/07"]


def test_several_that_open_it_at_once_take_each_step_once(path):
    """The gateway and the command line, after an update."""
    failed = []

    def opened():
        try:
            Store(path).close()
        except AccessError as error:
            failed.append(error)

    running = [threading.Thread(target=opened) for _ in range(8)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert failed == []
    with Store(path) as store:
        assert len(accounts.listed(store)) == 4


def test_an_old_session_is_over_and_a_new_one_is_had(path):
    with Store(path) as store:
        assert sessions.find(store, "token") is None
        token = sessions.begin(store, "ANNA", NOW.timestamp())
        assert sessions.user_of(store, sessions.find(store, token), NOW.timestamp()) is not None
        accounts.set_group(store, "anna", False, NOW + timedelta(seconds=1))
        assert sessions.find(store, token) is None
