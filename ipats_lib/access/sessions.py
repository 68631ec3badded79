"""Server-side sessions: a random token in a cookie, its hash here. Times in seconds since 1970.

And local passwords: argon2id, as slow for an unknown user as for a known one, few at a time."""

import asyncio
import hashlib
import hmac
import secrets
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store
from ipats_lib.errors import AccessError

SHORTEST, LONGEST = 12, 256
_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """The hash to store; AccessError for a password of fewer than 12 or over 256 characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccessError(f"A password has {SHORTEST} to {LONGEST} characters.")
    return _HASHER.hash(password)


@cache
def _dummy() -> str:
    return _HASHER.hash(secrets.token_hex(32))


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one. Without a stored one, as much work, and no."""
    try:
        right = _HASHER.verify(stored or _dummy(), password)
    except (Argon2Error, InvalidHashError):
        return False
    return right and stored is not None


class Verifier:
    """Checks passwords outside the event loop, `hashes_at_once` at a time.

    Each check takes 64 MiB and a good part of a second: without the cap a flood of logins would
    take the service down.
    """

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(load_settings().hashes_at_once)
        _dummy()

    async def matches(self, stored: str | None, password: str) -> bool:
        """As `matches`; a password longer than any that is stored costs nothing."""
        if len(password) > LONGEST:
            password = ""
        async with self._free:
            return await asyncio.to_thread(matches, stored, password)


# How exactly the last use is kept: a write at every request would cost more than the decision.
EXACTNESS = 30.0


def begin(store: Store, user: str, now: float, old: str = "") -> str:
    """A new session's token; the old one ends, so that no token outlives a sign-in."""
    token = secrets.token_urlsafe(32)
    with store.writing() as db:
        db.execute(
            "DELETE FROM session WHERE token = ? OR begun < ?", (key_of(old), now - _longest())
        )
        db.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (key_of(token), user, now, now))
    return token


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the store has it. begun, seen: seconds since 1970."""

    key: str
    user: str
    begun: float
    seen: float


def find(store: Store, token: str) -> Session | None:
    """The session of a token, over or not; None when there is none."""
    if not token:
        return None
    query = "SELECT token, user, begun, seen FROM session WHERE token = ?"
    row = store.db.execute(query, (key_of(token),)).fetchone()
    return None if row is None else Session(*row)


def user_of(store: Store, session: Session | None, now: float) -> str | None:
    """The session's user; None when there is none, it lay idle, or it ran for too long."""
    if session is None:
        return None
    idle = 60 * load_settings().session_idle_minutes
    if not (0 <= now - session.begun <= _longest() and now - session.seen <= idle):
        _tried(store, "DELETE FROM session WHERE token = ?", session.key)
        return None
    if now - session.seen > EXACTNESS:
        _tried(store, "UPDATE session SET seen = ? WHERE token = ?", now, session.key)
    return session.user


def _tried(store: Store, statement: str, *values: object) -> None:
    """Write when nobody else is writing: the next request will otherwise. Nothing is allowed by it:
    a `seen` not written makes a session shorter, one not deleted is over by its times."""
    with suppress(sqlite3.OperationalError):
        store.db.execute(statement, values)


def end(store: Store, token: str) -> None:
    """Sign out."""
    store.db.execute("DELETE FROM session WHERE token = ?", (key_of(token),))


def form_token(store: Store, token: str) -> str:
    """What a form of this session (or of this browser before sign-in) must send back."""
    return hmac.new(store.secret("forms"), token.encode(), hashlib.sha256).hexdigest()


def is_form_token(store: Store, token: str, sent: str) -> bool:
    """Whether a form came from a page that this session was given."""
    right = form_token(store, token)
    return bool(token) and hmac.compare_digest(right.encode(), sent.encode())


def _longest() -> float:
    return 3600.0 * load_settings().session_hours


def key_of(token: str) -> str:
    """What the store keeps in place of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
