"""Local passwords: argon2id, as slow for an unknown user as for a known one, few at a time."""

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from ipats_lib.access.settings import load_settings
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
