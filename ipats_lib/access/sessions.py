"""Server-side sessions: a random token in a cookie, its hash here. Times in seconds since 1970."""

import hashlib
import hmac
import secrets
import sqlite3
from contextlib import suppress
from dataclasses import dataclass

from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store

# How exactly the last use is kept: a write at every request would cost more than the decision.
EXACTNESS = 30.0


def begin(store: Store, user: str, now: float, old: str = "") -> str:
    """A new session's token; the old one ends, so that no token outlives a sign-in."""
    token = secrets.token_urlsafe(32)
    with store.writing() as db:
        db.execute(
            "DELETE FROM session WHERE token = ? OR begun < ?", (_key(old), now - _longest())
        )
        db.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (_key(token), user, now, now))
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
    row = store.db.execute(query, (_key(token),)).fetchone()
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
    store.db.execute("DELETE FROM session WHERE token = ?", (_key(token),))


def form_token(store: Store, token: str) -> str:
    """What a form of this session (or of this browser before sign-in) must send back."""
    return hmac.new(store.secret("forms"), token.encode(), hashlib.sha256).hexdigest()


def is_form_token(store: Store, token: str, sent: str) -> bool:
    """Whether a form came from a page that this session was given."""
    right = form_token(store, token)
    return bool(token) and hmac.compare_digest(right.encode(), sent.encode())


def _longest() -> float:
    return 3600.0 * load_settings().session_hours


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
