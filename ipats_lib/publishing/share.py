"""What publishers and workers of several machines have in common, beside the scheduler.

    SHARE/2026-11/frames/<name>    a scope's data that jobs name, once for all jobs
    SHARE/2026-11/bodies/<name>    finished bodies, for whoever publishes the same page

Entries are sealed (AES-GCM) with a key that lies outside the share: who can read it learns nothing,
who can write it can forge nothing, and a torn or damaged entry counts as absent. The folders are
months of last use; the oldest go as a whole.
"""

import hashlib
import hmac
import os
import re
import stat
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ipats_lib.errors import PlaceError, UsageError
from ipats_lib.inputs import read_input, spelled
from ipats_lib.places import Place
from ipats_lib.publishing.cache import Content, PageCache

Kind = Literal["frames", "bodies"]
KINDS: tuple[Kind, ...] = ("frames", "bodies")
KEPT_MONTHS = 3
_NONCE = 12
_KEY = re.compile(r"[0-9a-f]{64}\n?")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


def _today() -> date:
    return datetime.now(UTC).date()


class LostInShare(Exception):  # noqa: N818  (what happened to an entry, no fault of the caller's)
    """An entry that another machine has written is not there, or is damaged."""


class Share:
    """Entries by kind and key. Raises PlaceError when the place does not answer.

    today: the day, in UTC; it decides in which month's folder an entry is put and nothing else.
    """

    def __init__(self, place: Place, secret: bytes, today: Callable[[], date] = _today) -> None:
        self._place, self._secret, self._today = place, secret, today
        self._cipher = AESGCM(secret)
        self._months: list[str] = []
        self._known: dict[str, str] | None = None

    def __str__(self) -> str:
        return str(self._place)

    def put(self, kind: Kind, key: str, data: bytes) -> None:
        """Write an entry, in place of any other."""
        name, nonce = self._name(kind, key), os.urandom(_NONCE)
        packed = zlib.compress(data, level=1)
        self._write(name, nonce + self._cipher.encrypt(nonce, packed, name.encode()))

    def keep(self, kind: Kind, key: str, data: bytes) -> None:
        """Write an entry unless this month's folder is known to hold it."""
        if self._names().get(self._name(kind, key)) != self._month():
            self.put(kind, key, data)

    def has(self, kind: Kind, key: str) -> bool:
        """Whether it was there at the first look, or has been met since."""
        return self._name(kind, key) in self._names()

    def get(self, kind: Kind, key: str) -> bytes | None:
        """An entry that is whole and was sealed with our key; its use makes it last."""
        name, met = self._name(kind, key), self._months
        found = self._search(name, met)
        if found is None:
            found = self._search(name, [month for month in self._look() if month not in met])
        return found

    def _search(self, name: str, months: Sequence[str]) -> bytes | None:
        for month in months:
            sealed = self._place.read(f"{month}/{name}")
            data = None if sealed is None else self._opened(name, sealed)
            if sealed is not None and data is not None:
                if month < self._month():
                    self._write(name, sealed)
                else:
                    self._note(name, month)
                return data
        return None

    def forget_frames(self) -> None:
        """After one was lost: take none for granted, so that what jobs name is written anew."""
        self._known = {n: month for n, month in self._names().items() if n.startswith("bodies/")}

    def prune(self) -> None:
        """Remove the months before the last `KEPT_MONTHS`; what cannot be removed stays."""
        now = self._today()
        first = divmod(now.year * 12 + now.month - KEPT_MONTHS, 12)
        oldest = f"{first[0]:04}-{first[1] + 1:02}"
        with suppress(PlaceError):
            for month in self._look():
                if month < oldest:
                    self._place.remove(month)

    def _name(self, kind: Kind, key: str) -> str:
        """Where an entry lies in a month's folder; strangers cannot tell what is behind it."""
        return f"{kind}/{hmac.digest(self._secret, f'{kind}/{key}'.encode(), 'sha256').hex()}"

    def _month(self) -> str:
        return f"{self._today():%Y-%m}"

    def _write(self, name: str, sealed: bytes) -> None:
        month = self._month()
        self._place.write(f"{month}/{name}", sealed)
        self._note(name, month)

    def _note(self, name: str, month: str) -> None:
        if self._known is not None:
            self._known[name] = month

    def _opened(self, name: str, sealed: bytes) -> bytes | None:
        try:
            packed = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except (InvalidTag, ValueError):
            return None
        return zlib.decompress(packed)

    def _names(self) -> dict[str, str]:
        """The newest month of every entry: one listing, instead of a question for each."""
        if self._known is None:
            self._known = {
                f"{kind}/{name}": month
                for month in reversed(self._look())
                for kind in KINDS
                for name in self._place.names(f"{month}/{kind}")
            }
        return self._known

    def _look(self) -> list[str]:
        """The months that are there, the newest first."""
        self._months = [m for m in reversed(self._place.names()) if _MONTH.fullmatch(m)]
        return self._months


class SharedCache(PageCache):
    """A site's own bodies, and behind them what others have put into a share.

    What a publication uses is in this month's folder after it, wherever it was found.
    """

    def __init__(self, folder: Path, share: Share) -> None:
        super().__init__(folder)
        self._share = share

    def get(self, key: str) -> Content | None:
        if (content := super().get(key)) is not None:
            self._share.keep("bodies", key, content.text().encode())
            return content
        found = self._share.get("bodies", key) if self._share.has("bodies", key) else None
        if found is None:
            return None
        content = Content.read(found.decode())
        super().put(key, content)
        return content

    def put(self, key: str, content: Content) -> None:
        super().put(key, content)
        self._share.keep("bodies", key, content.text().encode())


def frame_key(data: bytes) -> str:
    """What a job names a frame by."""
    return hashlib.sha256(data).hexdigest()


def open_share(address: str, key: Path | None) -> Share:
    """The share at a path or fsspec URL, with the key in a file.

    UsageError when there is no key, others may read it, or it lies in the share itself.
    """
    if key is None:
        raise UsageError("--share needs --share-key: a file with 64 hex digits, the same anywhere.")
    place = Place(address)
    try:
        text = read_input(key, UsageError, named=f"--share-key {spelled(key)}").decode("ascii")
        mode = key.stat().st_mode
    except (OSError, ValueError):
        raise UsageError(f"--share-key {key} cannot be read.") from None
    if not _KEY.fullmatch(text):
        raise UsageError(f"--share-key {key} is not 64 hex digits: openssl rand -hex 32 makes one.")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(f"--share-key {key} may be read by others: chmod 600 it.")
    if place.folder and key.resolve().is_relative_to(place.folder.resolve()):
        raise UsageError(f"--share-key {key} lies in the share, which it is to protect.")
    return Share(place, bytes.fromhex(text.strip()))
