"""The access room's own store: one SQLite file (WAL), opened by the gateway and the command line.

Every fact stands once. What IWDS and the authorization group said (`roster_line`) is replaced as a
whole by each import; what an approver decided here (`portal`, `link`) stays. Nothing about a
customer is ever in it.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipats_lib.access.schema import bring_up
from ipats_lib.errors import AccessError, UsageError
from ipats_lib.modes import open_private, private_folder


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
        """A random key of this store, made when first asked for."""
        self.db.execute(
            "INSERT OR IGNORE INTO meta VALUES (?, ?)", (f"secret_{name}", secrets.token_hex(32))
        )
        return bytes.fromhex(self.meta(f"secret_{name}") or "")


def existing(path: Path) -> Store:
    """The store that is there; UsageError when none is: only `create` and `import` make one."""
    if not path.is_file():
        raise UsageError(
            f"There is no access store {path}: name it with --access, or make one with "
            "`publish.py access import` or `create`."
        )
    return Store(path)
