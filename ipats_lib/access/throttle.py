"""Attempts counted per account and per address; known and unknown names alike."""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store


@dataclass(frozen=True, slots=True)
class Counter:
    """What attempts are counted under, and how many of the last minutes hold it."""

    key: str
    limit: int


def of_sign_in(user: str, address: str) -> tuple[Counter, ...]:
    """A sign-in with a password counts for its account and its address."""
    limits = load_settings()
    # A name may be a mistyped password: only its hash is kept.
    account = "account " + hashlib.sha256(user.casefold().encode()).hexdigest()
    return (
        Counter(account, limits.failures_per_account),
        Counter(f"address {place_of(address)}", limits.failures_per_address),
    )


def of_request(address: str) -> tuple[Counter, ...]:
    """A request for access counts for its address, apart from sign-ins."""
    return (Counter(f"request {place_of(address)}", load_settings().failures_per_address),)


def of_provider(address: str) -> tuple[Counter, ...]:
    """A way to the provider that is begun counts for its address."""
    return (Counter(f"provider {place_of(address)}", load_settings().starts_per_address),)


def is_held(store: Store, counters: tuple[Counter, ...], now: float) -> bool:
    """Whether one of these was counted too often in the last minutes."""
    return any(_count(store, counter.key, now) >= counter.limit for counter in counters)


def note(store: Store, counters: tuple[Counter, ...], now: float) -> None:
    """Count one attempt, and forget those that no longer count."""
    with store.writing() as db:
        db.execute("DELETE FROM failure WHERE at < ?", (now - _window(),))
        db.executemany("INSERT INTO failure VALUES (?, ?)", [(c.key, now) for c in counters])


def forgive(store: Store, user: str, address: str, at: float) -> None:
    """A right password clears the account's count, and its own attempt of the address's.

    What others failed at from this address stays: one right password is no pass for guessing.
    """
    account, place = of_sign_in(user, address)
    with store.writing() as db:
        db.execute("DELETE FROM failure WHERE key = ?", (account.key,))
        _take_one(store, place, at)


def forgive_provider(store: Store, address: str) -> None:
    """A way to the provider that led to a sign-in no longer counts."""
    _take_one(store, of_provider(address)[0], None)


def _take_one(store: Store, counter: Counter, at: float | None) -> None:
    store.db.execute(
        "DELETE FROM failure WHERE rowid = (SELECT min(rowid) FROM failure "
        "WHERE key = ? AND (? IS NULL OR at = ?))",
        (counter.key, at, at),
    )


def _count(store: Store, key: str, now: float) -> int:
    query = "SELECT count(*) AS n FROM failure WHERE key = ? AND at >= ?"
    return int(store.db.execute(query, (key, now - _window())).fetchone()["n"])


def _window() -> float:
    return 60.0 * load_settings().failure_minutes


def unmapped(address: str) -> str:
    """An IPv4 address as such, also where a socket of both kinds writes it as IPv6."""
    return address.removeprefix("::ffff:")


def place_of(address: str) -> str:
    """Whoever has an IPv6 address has its /64: one host takes a new address at will."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if isinstance(read, IPv6Address) and read.ipv4_mapped is None:
        return f"{IPv6Address(int(read) >> 64 << 64)}/64"
    return str(getattr(read, "ipv4_mapped", None) or read)
