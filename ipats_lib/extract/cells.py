"""From text to typed values, column by column; whatever does not parse is flagged, never guessed.

Each distinct text of a column is read once. A text of the expected shape is converted in bulk; any
other is first corrected (padding off, `0` for no date) or given up as wrong, with a flag either
way.
Source: domain 8.1 (every column as text first), 4.3 (F-05, F-06, F-07).
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntFlag
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ipats_lib.params import Element


class Flag(IntFlag):
    """What was found out about a text.

    WRONG: it does not parse or is not allowed. SECRET: it may be a Social Security number. The
    others are habits of the producer, noted once.
    """

    PADDED = 1
    ZEROS = 2
    NULL_LIKE = 4
    DECIMALS = 8
    WRONG = 16
    SECRET = 32


Flags = NDArray[np.uint8]
# What a text is padded with, and the invisible characters inside it: NUL, controls, soft hyphens,
# what has no width, what turns the direction of writing, tags.
_PADDING = " \t\0"
_HIDDEN = (
    "\u0080-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
_UNSEEN = rf"[\x00{_HIDDEN}]"
_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # those of Unicode but the space
FIRST_YEAR, LAST_YEAR = 1900, 2199
YEARS_AHEAD = 5
LARGEST_AMOUNT = 999999.99
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed column; `flags` has one entry per row, or is None when no row has any."""

    values: pa.Array
    flags: Flags | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How texts become values of one type.

    shape: what a text looks like when it needs no correction. correct: any other text -> the text
    to convert (None for missing) and flags. convert: texts -> values and flags.
    """

    type: pa.DataType
    shape: str
    correct: Callable[[str], tuple[str | None, Flag]]
    convert: Callable[[pa.Array], tuple[pa.Array, Flags]]


def type_column(text: pa.Array, kind: Kind | None) -> Typed:
    """Type one column of texts (blank is null); kind None keeps it as text, without padding and
    invisible characters."""
    if text.null_count == len(text):
        return Typed(pa.nulls(len(text), kind.type if kind else pa.string()))
    if kind is None:
        return _trimmed(text)
    coded = text.dictionary_encode()
    values, flags = _distinct(coded.dictionary, kind)
    column = values.take(coded.indices)
    if not flags.any():
        return Typed(column)
    where = coded.indices.fill_null(len(flags)).to_numpy(zero_copy_only=False)
    return Typed(column, np.append(flags, np.uint8(0))[where])


def _trimmed(text: pa.Array) -> Typed:
    trimmed = pc.ascii_trim(text, characters=_PADDING)
    if not pc.all(pc.string_is_ascii(text)).as_py() or pc.any(_holds_nul(trimmed)).as_py():
        trimmed = pc.utf8_trim_whitespace(pc.replace_substring_regex(trimmed, _UNSEEN, ""))
    padded = pc.not_equal(trimmed, text).fill_null(False).to_numpy(zero_copy_only=False)
    if not padded.any():
        return Typed(text)
    blank = pc.equal(trimmed, "")
    return Typed(pc.if_else(blank, None, trimmed), padded * np.uint8(Flag.PADDED))


def _holds_nul(texts: pa.Array) -> pa.Array:
    return pc.match_substring(texts, "\0")


def _bare(text: str) -> str:
    return re.sub(_UNSEEN, "", text).strip()


def holds_unseen(texts: pa.Array) -> NDArray[np.bool_]:
    """Which texts look like another text: for names that open something."""
    found = pc.match_substring_regex(texts, f"[{_HIDDEN}{_BLANKS}]").fill_null(False)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _distinct(texts: pa.Array, kind: Kind) -> tuple[pa.Array, Flags]:
    shaped = pc.match_substring_regex(texts, kind.shape).to_numpy(zero_copy_only=False)
    if shaped.all():
        return kind.convert(texts)
    corrected, flags = texts.to_pylist(), np.zeros(len(texts), dtype=np.uint8)
    for at in np.flatnonzero(~shaped):
        corrected[at], flags[at] = kind.correct(corrected[at])
    values, found = kind.convert(pa.array(corrected, pa.string()))
    return values, flags | found


def kind_of(element: Element, as_of: date | None) -> Kind | None:
    """The kind of a layout's element; as_of (None: not known) bounds its dates (F-05)."""
    if element.type == "date":
        return date_kind(as_of)
    if element.type == "amount":
        return AMOUNT
    if element.type == "text":
        return None
    return code_kind(element.codes)


def date_kind(as_of: date | None, *, hyphens: bool = False) -> Kind:
    """YYYYMMDD from 1900 to five years after the extract; with `hyphens` also YYYY-MM-DD."""
    latest = LAST_YEAR if as_of is None else as_of.year + YEARS_AHEAD
    last = date(latest, 12, 31)
    if as_of is not None:  # 29 February counts as the day after the 28th
        last = as_of.replace(day=1, year=latest) + timedelta(days=as_of.day - 1)

    def convert(texts: pa.Array) -> tuple[pa.Array, Flags]:
        numbers = texts.cast(pa.int32()).fill_null(0).to_numpy()
        days = _days(numbers)
        wrong = (days == _NO_DAY) | (days > (last - EPOCH).days)
        missing = texts.is_null().to_numpy(zero_copy_only=False)
        values = pa.array(days, pa.int32(), mask=wrong | missing).cast(pa.date32())
        return values, (wrong & ~missing) * np.uint8(Flag.WRONG)

    def correct(text: str) -> tuple[str | None, Flag]:
        bare = _bare(text)
        if not bare.strip("0"):
            return None, Flag.NULL_LIKE
        flag = Flag.PADDED if bare != text else Flag(0)
        if hyphens and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", bare):
            return bare.replace("-", ""), flag
        return (bare, flag) if re.fullmatch("[0-9]{8}", bare) else (None, Flag.WRONG)

    # Only zeros are no date at all: they are left to `correct`.
    return Kind(pa.date32(), "^[1-9][0-9]{7}$", correct, convert)


_NO_DAY = np.iinfo(np.int32).min


def _days(numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """Days since 1970 of numbers like 20250630; _NO_DAY where the calendar has none."""
    year, month, day = numbers // 10000, numbers // 100 % 100, numbers % 100
    months = (12 * (year.astype(np.int64) - EPOCH.year) + month - 1).astype("datetime64[M]")
    first, following = (m.astype("datetime64[D]").astype(np.int64) for m in (months, months + 1))
    inside = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12)
    right = inside & (day >= 1) & (first + day - 1 < following)
    return np.where(right, first + day - 1, _NO_DAY).astype(np.int32)


def code_kind(codes: tuple[str, ...]) -> Kind:
    """Integers; with a code list, those outside are kept and flagged. `6` and `06` are one code."""
    numbers, spellings = np.array([int(code) for code in codes]), pa.array(codes, pa.string())

    def convert(texts: pa.Array) -> tuple[pa.Array, Flags]:
        values = texts.cast(pa.int32())
        flags = np.zeros(len(texts), dtype=np.uint8)
        if codes:
            missing = texts.is_null().to_numpy(zero_copy_only=False)
            listed = np.isin(values.fill_null(0).to_numpy(), numbers)
            spelled = pc.is_in(texts, spellings).to_numpy(zero_copy_only=False)
            flags[~listed & ~missing] = Flag.WRONG
            flags[listed & ~spelled & ~missing] = Flag.ZEROS
        return values, flags

    return Kind(pa.int32(), _CODE, _padded(_CODE), convert)


_CODE = "^[0-9]{1,9}$"


def _padded(shape: str) -> Callable[[str], tuple[str | None, Flag]]:
    """Takes padding off, and gives up what is of another shape without it."""

    def correct(text: str) -> tuple[str | None, Flag]:
        bare = _bare(text)
        right = not bare or re.fullmatch(shape, bare)
        return (bare or None, Flag.PADDED) if right else (None, Flag.WRONG)

    return correct


def _cast(kind: pa.DataType) -> Callable[[pa.Array], tuple[pa.Array, Flags]]:
    return lambda texts: (texts.cast(kind), np.zeros(len(texts), dtype=np.uint8))


def _correct_amount(text: str) -> tuple[str | None, Flag]:
    bare = _bare(text)
    if not bare:
        return None, Flag.PADDED
    number = re.fullmatch(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+", bare)
    if number is None or float(bare) > LARGEST_AMOUNT:
        return None, Flag.WRONG
    flag, cents = Flag.PADDED if bare != text else Flag(0), len(bare.partition(".")[2])
    if cents > 2:  # more than an amount has, and read all the same
        return bare, flag | Flag.WRONG
    return bare, flag if cents == 2 and bare[0] != "." else flag | Flag.DECIMALS


AMOUNT = Kind(pa.float64(), r"^[0-9]{1,6}\.[0-9]{2}$", _correct_amount, _cast(pa.float64()))
_DOLLARS = r"^[0-9]{1,12}(\.[0-9]{1,2})?$"
DOLLARS = Kind(pa.float64(), _DOLLARS, _padded(_DOLLARS), _cast(pa.float64()))

_TRUE, _FALSE = {"1", "y", "yes", "true", "t"}, {"0", "n", "no", "false", "f"}


def _correct_switch(text: str) -> tuple[str | None, Flag]:
    bare = _bare(text)
    if not bare:
        return None, Flag.PADDED
    if bare.casefold() in _TRUE | _FALSE:
        return ("true" if bare.casefold() in _TRUE else "false"), Flag(0)
    return None, Flag.WRONG


SWITCH = Kind(pa.bool_(), "^(true|false)$", _correct_switch, _cast(pa.bool_()))


# Area 000, 666 and 9xx, group 00 and serial 0000 were never issued.
_DIGITS = 9
_AREA = "(?:00[1-9]|0[1-9][0-9]|[1-57-8][0-9][0-9]|6[0-57-9][0-9]|66[0-57-9])"
_GROUP, _SERIAL = "(?:0[1-9]|[1-9][0-9])", "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_SIGNS = "[^0-9A-Za-z]"  # a blank, a hyphen or the like, between the parts and around them
_HYPHEN = r"\s*[-\x{2010}-\x{2015}\x{2212}]\s*"
SSN_SHAPE = (
    f"^{_SIGNS}*{_AREA}{_SIGNS}{{0,3}}{_GROUP}{_SIGNS}{{0,3}}{_SERIAL}(?:[.]0*)?{_SIGNS}*$"
    f"|(?:^|[^0-9]){_AREA}{_HYPHEN}{_GROUP}{_HYPHEN}{_SERIAL}(?:[^0-9]|$)"
)


def may_be_ssn(texts: pa.Array) -> NDArray[np.bool_]:
    """Which texts are shaped like a Social Security number (V-02), with or without signs between
    its parts; with hyphens, also within a longer text."""
    found = np.zeros(len(texts), dtype=np.bool_)
    long = np.flatnonzero(
        pc.greater_equal(pc.binary_length(texts), _DIGITS)
        .fill_null(False)
        .to_numpy(zero_copy_only=False)
    )
    if len(long):  # the shape is compiled with each call, which costs more than most columns
        shaped = pc.match_substring_regex(with_digits(texts.take(pa.array(long))), SSN_SHAPE)
        found[long] = shaped.to_numpy(zero_copy_only=False)
    return found


def with_digits(texts: pa.Array) -> pa.Array:
    """Texts whose digits of other scripts are written 0 to 9."""
    other = pc.invert(pc.string_is_ascii(texts).fill_null(True))
    if not pc.any(other).as_py():
        return texts
    written = [
        "".join(str(unicodedata.decimal(sign, sign)) for sign in text)
        for text in texts.filter(other).to_pylist()
    ]
    return pc.replace_with_mask(texts, other, pa.array(written, pa.string()))


def withheld(typed: Typed) -> Typed:
    """A text column without what may be Social Security numbers; they are flagged SECRET."""
    if typed.values.null_count == len(typed.values):
        return typed
    secret = may_be_ssn(typed.values)
    if not secret.any():
        return typed
    flags = np.zeros(len(secret), np.uint8) if typed.flags is None else typed.flags
    values = pc.if_else(pa.array(secret), None, typed.values)
    return Typed(values, flags | secret * np.uint8(Flag.SECRET))


def flagged(typed: Typed, flag: Flag) -> NDArray[Any]:
    """Row positions with the flag."""
    if typed.flags is None:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(typed.flags & np.uint8(flag))
