"""The one place where a file is opened that somebody hands over.

Only regular files are read, and none beyond a size: a pipe, a device, a folder, a link to nowhere
or a file that never ends is refused in one sentence before anything waits for it. Each caller says
which error a refusal is (`refuse`), since its class is the exit code.
"""

import csv
import errno
import json
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import Any

from ipats_lib.errors import IpatsError

Refusal = Callable[[str], IpatsError]
MEGABYTE = 1 << 20
LONGEST_LINE = MEGABYTE
SMALL, LARGEST = 16 * MEGABYTE, 1 << 36

# What reading a damaged archive raises, whatever it is packed with.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)

# A line may be one cell; the csv module's own limit is 128 KiB.
csv.field_size_limit(LONGEST_LINE)

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# Never wait for a pipe's other end, never take a terminal, and on Windows never change line ends.
_FLAGS = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):
    _FLAGS |= getattr(os, _flag, 0)


def spelled(name: object) -> str:
    """A file's name for a sentence: what is no UTF-8 or cannot be printed is escaped."""
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in str(name))


def _escaped(sign: str) -> str:
    byte = ord(sign) - 0xDC00  # Python's way to keep a byte that is no UTF-8
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else sign.encode("unicode_escape").decode()


def is_utf8(name: str) -> bool:
    """Whether a file's name can be written down."""
    return not any("\ud800" <= sign <= "\udfff" for sign in name)


def has_suffix(path: Path, *suffixes: str) -> bool:
    """Whether a file's name ends in one of them; large and small letters are the same."""
    return path.suffix.casefold() in suffixes


def open_input(
    path: Path, refuse: Refusal, *, named: str = "", most: int = LARGEST, advice: str = ""
) -> BufferedReader:
    """A regular file of at most `most` bytes, opened to be read.

    named: how a sentence names it (by default its name). advice: what to do when it is not there.
    """
    named = named or spelled(path.name)
    try:
        _refuse_kind(os.stat(path), refuse, named)
        number = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise refuse(f"{named} {_why(path, error)}{advice and f': {advice}'}.") from None
    facts = os.fstat(number)
    try:
        _refuse_kind(facts, refuse, named)  # it may have been replaced since
        if facts.st_size > most:
            raise refuse(
                f"{named} is larger than {max(1, most // MEGABYTE):,} MB, the most that is read."
            )
        return os.fdopen(number, "rb")
    except IpatsError:
        os.close(number)
        raise


def _refuse_kind(facts: os.stat_result, refuse: Refusal, named: str) -> None:
    if not stat.S_ISREG(facts.st_mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(facts.st_mode)), "something else")
        raise refuse(f"{named} is {kind}, not a regular file: put the file itself there.")


def _why(path: Path, error: Exception) -> str:
    if not isinstance(error, OSError):
        return "has a name that no file can have"
    if error.errno == errno.ELOOP:
        return "is a link that leads back to itself"
    if error.errno == errno.ENOENT and os.path.islink(path):
        return "is a link to a file that is not there"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "is not there"
    return f"cannot be read ({error.strerror})"


def read_input(
    path: Path, refuse: Refusal, *, named: str = "", most: int = SMALL, advice: str = ""
) -> bytes:
    """The whole of a small file, without a byte order mark."""
    named = named or spelled(path.name)
    with open_input(path, refuse, named=named, most=most, advice=advice) as source:
        try:
            data = source.read(most + 1)
        except OSError as error:
            raise refuse(f"{named} cannot be read ({error.strerror}).") from None
    return data.removeprefix(b"\xef\xbb\xbf")


def parse_json(data: bytes) -> Any:
    """What a JSON text says; ValueError for anything that RFC 8259 leaves open.

    That is a name that occurs twice in an object, half of a surrogate pair, NaN and Infinity, more
    levels than can be read, and an encoding other than UTF-8 (with or without byte order mark).
    """
    try:
        said = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_no_number
        )
        json.dumps(said, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("more levels than can be read") from None
    return said


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def read_json(
    path: Path, refuse: Refusal, malformed: str, *, named: str = "", most: int = SMALL
) -> Any:
    """What a JSON file says; malformed: the sentence for one that cannot be read as JSON."""
    data = read_input(path, refuse, named=named, most=most)
    try:
        return parse_json(data)
    except ValueError:
        raise refuse(malformed) from None
