"""Packed copies of large files, made once: `summary.html.gz` beside `summary.html` (decision 0018).

Both servers send the copy to a browser that accepts it; nobody can ask for it by name.
"""

import gzip
import os
import zlib
from collections.abc import Iterable
from pathlib import Path

PACKED = ".gz"
# What a server sends before it waits for the first answer (RFC 6928) gains nothing from packing.
PACKED_FROM = 14_600
_TEXT = frozenset({".html", ".csv", ".json", ".js", ".css", ".svg", ".ics"})


def pack(path: str) -> None:
    """Put a packed copy beside a large file of text; one that is there already stays."""
    plain = Path(path)
    if plain.suffix not in _TEXT or os.stat(path).st_size < PACKED_FROM:
        return
    if not os.path.lexists(f"{path}{PACKED}"):
        Path(f"{path}{PACKED}").write_bytes(packed(plain.read_bytes()))


def packed(data: bytes) -> bytes:
    """The same bytes for the same data: no time and no name in it."""
    return gzip.compress(data, mtime=0)


def unpacked(data: bytes) -> bytes | None:
    """What was packed; None when that cannot be said."""
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


def copies(names: Iterable[str]) -> set[str]:
    """Of the names of files, those that are a copy of another."""
    known = set(names)
    return {name for name in known if name.endswith(PACKED) and name.removesuffix(PACKED) in known}
