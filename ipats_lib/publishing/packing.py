"""Packed copies of large files, made once: `summary.html.gz` beside `summary.html` (decision 0018).

Both servers send the copy to a browser that accepts it; nobody can ask for it by name. Where asked
for, it is all that is kept (decision 0022): servers unpack it for the others.
"""

import gzip
import os
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

Each = Callable[[Callable[[str], Any], Iterable[str]], Iterable[Any]]
PACKED = ".gz"
# What a server sends before it waits for the first answer (RFC 6928) gains nothing from packing.
PACKED_FROM = 14_600
_TEXT = frozenset({".html", ".csv", ".json", ".js", ".css", ".svg", ".ics"})


def pack(path: str, alone: bool = False) -> None:
    """Put a packed copy beside a large file of text; one that is there already stays.

    alone: in place of it.
    """
    plain = Path(path)
    if plain.suffix not in _TEXT or os.stat(path).st_size < PACKED_FROM:
        return
    if not os.path.lexists(f"{path}{PACKED}"):
        Path(f"{path}{PACKED}").write_bytes(packed(plain.read_bytes()))
    if alone:
        plain.unlink()


def pack_all(paths: Iterable[Path], each: Each, alone: bool) -> None:
    """Pack files; one that has several names once. each: what packs many of them."""
    names: dict[int, list[str]] = {}
    for path in paths:
        names.setdefault(os.stat(path).st_ino, []).append(str(path))
    list(each(partial(pack, alone=alone), [same[0] for same in names.values()]))
    for first, *others in names.values():
        for other in others if os.path.lexists(f"{first}{PACKED}") else ():
            if not os.path.lexists(f"{other}{PACKED}"):
                os.link(f"{first}{PACKED}", f"{other}{PACKED}")
            if alone:
                os.unlink(other)


def packed(data: bytes) -> bytes:
    """The same bytes for the same data: no time and no name in it."""
    return gzip.compress(data, mtime=0)


def unpacked(data: bytes) -> bytes | None:
    """What was packed; None when that cannot be said."""
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


def files_of(names: Iterable[str]) -> set[str]:
    """The files that are there under these names, each in one form or both."""
    return {name.removesuffix(PACKED) for name in names}


def read_published(path: Path) -> bytes:
    """What a published file holds, in whichever form it is kept.  FileNotFoundError for none."""
    if path.exists():
        return path.read_bytes()
    return gzip.decompress(path.with_name(f"{path.name}{PACKED}").read_bytes())
