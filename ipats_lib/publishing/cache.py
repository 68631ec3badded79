"""Finished page bodies, kept by what they depend on.

A key is the hash of every input of a page; whoever finds the key finds the page that a clean build
would make. An entry is packed (a tenth of its size) and carries the hash of what it packs: one that
is damaged counts as absent.
"""

import hashlib
import os
import time
from pathlib import Path

import pyarrow as pa

# How long a body waits for the run that goes on from it, when its own has failed or was killed.
UNUSED_SECONDS = 7 * 24 * 3600.0
_HASH_LENGTH = 64


class PageCache:
    """A folder of entries `<key[:2]>/<key>`; safe for several writers of the same entry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def get(self, key: str) -> str | None:
        """The body kept under `key`; None when there is none or it is damaged."""
        try:
            entry = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        digest, packed = entry[:_HASH_LENGTH], entry[_HASH_LENGTH + 1 :]
        if hashlib.sha256(packed).hexdigest().encode() != digest:
            return None
        try:
            with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as text:
                return str(text.read(), "utf-8")
        except OSError:  # packed in another way, by an earlier version
            return None

    def put(self, key: str, body: str) -> None:
        """Keep a body. Not brought to the disk: a torn entry is noticed by its hash."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = pa.Codec("zstd", 6).compress(body.encode("utf-8"), asbytes=True)
        beside = path.with_name(f".{key}.{os.getpid()}")
        beside.write_bytes(hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
        os.replace(beside, path)

    def keep_only(self, keys: set[str]) -> None:
        """Remove every entry that none of the kept publications uses.

        One of the last days stays: the next run of another period may go on from it.
        """
        now = time.time()
        for path in self.folder.glob("??/*"):
            if path.name not in keys and abs(now - path.stat().st_mtime) > UNUSED_SECONDS:
                path.unlink(missing_ok=True)


class RunCache:
    """What one publication finds in a cache: asked to be `clean`, only what it put there itself."""

    def __init__(self, cache: PageCache, clean: bool) -> None:
        self._cache, self._clean = cache, clean
        self.made: set[str] = set()

    def get(self, key: str) -> str | None:
        """What is kept under `key`, by an earlier publication or for another reader of this one."""
        return self._cache.get(key) if key in self.made or not self._clean else None

    def put(self, key: str, body: str) -> None:
        """Keep what was made now."""
        self._cache.put(key, body)
        self.made.add(key)
