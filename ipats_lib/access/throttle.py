"""Failed sign-ins, counted per account and per address; known and unknown names alike."""

import hashlib

from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store


def is_held(store: Store, user: str, address: str, now: float) -> bool:
    """Whether this account or this address failed too often in the last minutes."""
    limits = load_settings()
    of_account = _count(store, _account(user), now) >= limits.failures_per_account
    return of_account or _count(store, _address(address), now) >= limits.failures_per_address


def note_failure(store: Store, user: str, address: str, now: float) -> None:
    """Count one failure, and forget those that no longer count."""
    with store.writing() as db:
        db.execute("DELETE FROM failure WHERE at < ?", (now - _window(),))
        keys = (_account(user), _address(address))
        db.executemany("INSERT INTO failure VALUES (?, ?)", [(key, now) for key in keys])


def forgive(store: Store, user: str) -> None:
    """A right password clears the account's count, never the address's."""
    store.db.execute("DELETE FROM failure WHERE key = ?", (_account(user),))


def _count(store: Store, key: str, now: float) -> int:
    query = "SELECT count(*) AS n FROM failure WHERE key = ? AND at >= ?"
    return int(store.db.execute(query, (key, now - _window())).fetchone()["n"])


def _window() -> float:
    return 60.0 * load_settings().failure_minutes


def _account(user: str) -> str:
    # A name may be a mistyped password: only its hash is kept.
    return "account " + hashlib.sha256(user.encode()).hexdigest()


def _address(address: str) -> str:
    return f"address {address}"
