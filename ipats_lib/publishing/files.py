"""Where the parts of a site are, and the names of its files; packed copies of large
ones, made once: `summary.html.gz` beside `summary.html` (decision 0018).

Both servers send the copy to a browser that accepts it; nobody can ask for it by name. Where asked
for, it is all that is kept (decision 0022): servers unpack it for the others.
"""

import gzip
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from ipats_lib.durable import file_hash
from ipats_lib.project import given

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
DOCS = given() / "docs"
# What the site's guide is made of, in its order.
GUIDE = (DOCS / "guide.md", DOCS / "glossary.md")
# The landing page of each scope's folder.
INDEX = "index.html"
LANDING = "index"
# In each scope's folder: `{"scopes": [{"path", "title"}]}` of the scope and of those inside it; one
# that has not the pages of every family names its `families`.
SCOPES_FILE = "scopes.json"
# What a run did, for state administrators.
RUN_FILE = PurePosixPath("state/run.html")
# What a page may load, on every server.
# Vega sets styles on the elements that it draws: allowed on attributes, never as a style sheet.
POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'",
    "style-src-attr 'unsafe-inline'", "img-src 'self' data:", "connect-src 'self'",
    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
))  # fmt: skip


def joined(pattern: str) -> bytes:
    """The style sheets or scripts under `static/` as one file, in the order of their names."""
    return b"\n".join(path.read_bytes() for path in sorted(STATIC.glob(pattern)))


def notebook_files(folder: Path) -> list[Path]:
    """The notebooks in the family folders of `folder`, sorted.

    Files whose name starts with a dot are left out: a Mac puts `._name.ipynb` beside `name.ipynb`.
    """
    return sorted(path for path in folder.glob("*/*.ipynb") if not path.name.startswith("."))


def is_sound(path: Path) -> bool:
    """Whether a file that is named by its content (`style.<hash>.css`) is there and holds it."""
    try:
        return file_hash(path).startswith(path.name.split(".")[-2])
    except OSError:
        return False


Each = Callable[[Callable[[str], Any], Iterable[str]], Iterable[Any]]
PACKED = ".gz"
# What a server sends before it waits for the first answer (RFC 6928) gains nothing from packing.
PACKED_FROM = 14_600
# What is kept packed alone is smaller on the disk, from its second block on.
ALONE_FROM = 4_097
_TEXT = frozenset({".html", ".csv", ".json", ".js", ".css", ".svg", ".ics"})


def _packs(name: str, size: int, least: int) -> bool:
    return PurePosixPath(name).suffix in _TEXT and size >= least


def pack(path: str, alone: bool = False) -> None:
    """Put a packed copy beside a large file of text; one that is there already stays.

    alone: in place of it.
    """
    plain = Path(path)
    if not _packs(path, os.stat(path).st_size, ALONE_FROM if alone else PACKED_FROM):
        return
    if not os.path.lexists(f"{path}{PACKED}"):
        with open(f"{path}{PACKED}", "xb") as copy:
            copy.write(packed(plain.read_bytes()))
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


def stored(files: Mapping[str, bytes], alone: bool) -> Iterator[tuple[str, bytes]]:
    """Files by the names that a site has them by: packed alone where that is asked, whichever way
    they are given."""
    for name, data in files.items():
        if alone and _packs(name, len(data), ALONE_FROM):
            yield f"{name}{PACKED}", packed(data)
        elif name.endswith(PACKED) and not alone:
            yield name.removesuffix(PACKED), gzip.decompress(data)
        else:
            yield name, data


def packed(data: bytes) -> bytes:
    """The same bytes for the same data: no time and no name in it."""
    return gzip.compress(data, 7, mtime=0)


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
