"""One pass over a file's bytes: its hash, and whether it is text that can be read as CSV at all.

Runs before anything is parsed, so that the parser only ever meets UTF-8 lines whose quotes are
closed. Messages name file and line, never a value. Source: domain 4.3 F-02, 8.1.
"""

import hashlib
import os
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ipats_lib.errors import ExtractError
from ipats_lib.inputs import LONGEST_LINE, open_input, spelled
from ipats_lib.params import read_rows

BLOCK = 8 << 20
BOM = b"\xef\xbb\xbf"
EXPORT = "export it from IWDS again as a UTF-8 CSV file"

_TEXT = bytes({0x00, 0x09, 0x0A, 0x0D, *range(0x20, 0x7F), *range(0x80, 0x100)})
_CONTROL = re.compile(b"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONE_CR = re.compile(b"\r(?!\n)")
_ZERO_RUN = b"\0" * 512
Unreadable = tuple[tuple[int, str, str], ...]  # line, rule, and its number of columns or nothing


class UnreadableLineError(ExtractError):
    """A line of a file is no line of CSV, or has another number of columns (F-01, F-02)."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A source file as it was read: what provenance keeps of it.

    doubles: numbers of the lines that equal an earlier line of the file, byte for byte. nuls: how
    many NUL bytes it holds. changed: when it was last written, by the file system. unreadable:
    the lines that are left out, each with the rule that it breaks and its number of columns.
    """

    path: Path
    sha256: str
    bytes: int
    lines: int
    ends_with_newline: bool
    doubles: NDArray[np.int64] = field(compare=False, repr=False)
    nuls: int
    changed: int
    unreadable: Unreadable = ()

    @property
    def name(self) -> str:
        return spelled(self.path.name)

    @property
    def left_out(self) -> NDArray[np.int64]:
        """Numbers of the lines that are no records: doubles, and those that cannot be read."""
        lines = np.array([line for line, *_ in self.unreadable], dtype=np.int64)
        return np.union1d(self.doubles, lines)

    def opened(self) -> BufferedReader:
        """The file once more; ExtractError when it is not the one that was scanned."""
        source = open_input(self.path, ExtractError)
        facts = os.fstat(source.fileno())
        if (facts.st_size, facts.st_mtime_ns) != (self.bytes, self.changed):
            source.close()
            raise ExtractError(f"{self.name} was changed while it was read: start again.")
        return source


def scan(path: Path, advance: Callable[[int], None] = lambda _: None) -> FileFacts:
    """Hash and check a file; `advance` is called with the bytes of each step.

    ExtractError, one sentence, when it is empty, binary, not UTF-8, has empty lines, unclosed
    quotes, or line ends other than LF and CRLF.
    """
    name, digest, size, rest = spelled(path.name), hashlib.sha256(), 0, b""
    lines = _Lines(name)
    with open_input(path, ExtractError) as source:
        changed = os.fstat(source.fileno()).st_mtime_ns
        while chunk := _read(source, name):
            if not size:
                refuse_magic(name, chunk, EXPORT)
            digest.update(chunk)
            block = rest + (chunk if size else chunk.removeprefix(BOM))
            size += len(chunk)
            cut = block.rfind(b"\n") + 1
            lines.take(block[:cut])
            rest = block[cut:]
            if len(rest) > LONGEST_LINE:
                _check_text(name, rest[:LONGEST_LINE], lines.count)
                refuse_length(name, lines.count + 1)
            advance(len(chunk))
    whole = not rest
    lines.take(rest)
    if not lines.count:
        raise ExtractError(f"{name} is empty: {EXPORT}.")
    doubles, sha256 = lines.doubles(), digest.hexdigest()
    return FileFacts(path, sha256, size, lines.count, whole, doubles, lines.nuls, changed)


def _read(source: BufferedReader, name: str) -> bytes:
    try:
        return source.read(BLOCK)
    except OSError as error:
        raise ExtractError(f"{name} cannot be read ({error.strerror}).") from None


class _Lines:
    """The lines of a file, checked as they come; 96 bits of each are kept, not the line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._hashes: list[NDArray[np.int64]] = []
        self._sums: list[NDArray[np.uint32]] = []
        self.count = self.nuls = 0

    def take(self, block: bytes) -> None:
        """The next whole lines; the last line of a file may lack its line end."""
        if not block:
            return
        texts = block.removesuffix(b"\n").split(b"\n")
        _check_text(self._name, block, self.count)
        _check_lines(self._name, block, texts, self.count)
        if b"\r" in block:
            texts = [text.removesuffix(b"\r") for text in texts]
        self._hashes.append(np.fromiter(map(hash, texts), np.int64, len(texts)))
        self._sums.append(np.fromiter(map(zlib.crc32, texts), np.uint32, len(texts)))
        self.count += len(texts)
        self.nuls += block.count(b"\0") if b"\0" in block else 0

    def doubles(self) -> NDArray[np.int64]:
        """Numbers (from 1) of the lines that equal an earlier one, in their order."""
        hashes = np.concatenate(self._hashes)
        ordered = np.sort(hashes)
        again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        at = np.flatnonzero(np.isin(hashes, again)) if len(again) else np.empty(0, dtype=np.int64)
        hashes, sums = hashes[at], np.concatenate(self._sums)[at].astype(np.int64)
        order = np.lexsort((sums, hashes))  # stable: the first of equal lines comes first
        same = (np.diff(hashes[order]) == 0) & (np.diff(sums[order]) == 0)
        return np.sort(at[order[1:][same]]) + 1


@cache
def _openings() -> dict[bytes, str]:
    """What is handed over in place of a CSV file, by its opening bytes."""
    rows = read_rows(Path(__file__).with_name("openings.csv"), ("opening", "file"))
    return {bytes.fromhex(row["opening"]): row["file"] for row in rows}


def refuse_magic(name: str, opening: bytes, advice: str) -> None:
    """ExtractError when a file's first bytes are those of another kind of file than text."""
    for magic, what in _openings().items():
        if opening.startswith(magic):
            raise ExtractError(f"{name} is {what}, not a CSV file: unpack it, or {advice}.")
    head = np.frombuffer(opening[:1024], dtype=np.uint8)
    even, odd = head[0::2], head[1::2]
    if len(odd) > 1 and abs(float((even == 0).mean()) - float((odd == 0).mean())) > 0.9:
        raise ExtractError(f"{name} is UTF-16 text from line 1 on: {advice}.")


def refuse_length(name: str, line: int) -> NoReturn:
    """ExtractError for a line longer than any line of CSV."""
    raise ExtractError(f"{name} line {line} is longer than 1 MiB, so it is no CSV line: {EXPORT}.")


def check_line(name: str, line: bytes, number: int) -> None:
    """UnreadableLineError where a line, without its LF, is no text that can be read as CSV."""
    _check_text(name, line, number - 1)
    _check_lines(name, line, [line], number - 1)


def _check_text(name: str, block: bytes, before: int) -> None:
    """Bytes that no text has, in lines of a file, the first of them number before + 1."""
    if block.translate(None, _TEXT) and (control := _CONTROL.search(block)):
        at, what = control.start(), "holds control characters, so the file is binary or damaged"
        _stop(name, _line(block, at, before), what)
    if (zeros := block.find(_ZERO_RUN)) >= 0:
        what = "holds a run of zero bytes, so the file is binary or damaged"
        _stop(name, _line(block, zeros, before), what)


def _check_lines(name: str, block: bytes, texts: list[bytes], before: int) -> None:
    """Whole lines of a file (texts: without their LF), the first of them number before + 1."""
    if not block.isascii():
        try:
            block.decode("utf-8")
        except UnicodeDecodeError as error:
            what = "is not UTF-8 text (Latin-1 or another encoding?)"
            _stop(name, _line(block, error.start, before), what)
    if b"\r" in block and (lone := _LONE_CR.search(block)):
        _stop(name, _line(block, lone.start(), before), "ends in a bare carriage return")
    ends = (b"", b"\r") if b"\r" in block else (b"",)
    if empty := [texts.index(end) for end in ends if end in texts]:
        _stop(name, before + min(empty) + 1, "is empty")
    if b'"' in block and (line := _open_quote(block)) is not None:
        _stop(name, before + line + 1, "opens a quote that it does not close")


def _line(block: bytes, at: int, before: int) -> int:
    return before + block.count(b"\n", 0, at) + 1


def _open_quote(block: bytes) -> int | None:
    """The first line (from 0) with an odd number of quotes."""
    data = np.frombuffer(block, dtype=np.uint8)
    ends, quotes = np.flatnonzero(data == 0x0A), np.flatnonzero(data == 0x22)
    odd = np.flatnonzero(np.bincount(np.searchsorted(ends, quotes)) % 2)
    return int(odd[0]) if len(odd) else None


def _stop(name: str, line: int, what: str) -> NoReturn:
    raise UnreadableLineError(f"{name} line {line} {what}: {EXPORT}.") from None
