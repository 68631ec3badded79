"""Formats of a table's columns, and which format a column has that the notebook did not name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, get_args

import pandas as pd

from ipats_lib.frames.schema import Kind
from ipats_lib.frames.schemas import KINDS
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.report.show import numbers
from ipats_lib.report.show.html import address, escape, wrong
from ipats_lib.report.show.numbers import MISSING, is_missing, listed, sort_key, written
from ipats_lib.report.show.statuses import (
    each,
    needs_attention,
    plainly,
    shape,
    status_shape,
    status_word,
)
from ipats_lib.rounding import MARKS, rounded

_KINDS: tuple[str, ...] = get_args(Kind)
_NUMBERS = ("count", "share", "percent", "points", "dollars", "figure", "number", "change")

_TITLED = {rule.title: code for code, rule in INDICATORS.items()}


class Rows:
    """A frame's columns as lists, each read once. most: of so many rows alone."""

    def __init__(self, frame: pd.DataFrame, most: int | None = None) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise wrong(f"Give a frame, not a {type(frame).__name__}; a Series has .to_frame().")
        self._frame, self._most = frame, most
        self._read: dict[str, list[Any]] = {}
        self._numbers: dict[str, list[float | None]] = {}
        self._measures: list[str] | None = None

    def __len__(self) -> int:
        return len(range(len(self._frame))[: self._most])

    def __contains__(self, name: str) -> bool:
        return name in self._frame.columns

    def __getitem__(self, name: str) -> list[Any]:
        if name not in self._read:
            if name not in self._frame.columns:
                has = ", ".join(map(str, self._frame.columns))
                raise wrong(f"The frame has no column {name}. It has: {has}.")
            self._read[name] = listed(self._frame[name])[: self._most]
        return self._read[name]

    def numbers(self, name: str) -> list[float | None]:
        """A column as numbers; None for missing and withheld ones, or without a name."""
        if name not in self._numbers:
            values = self[name] if name else [None] * len(self)
            self._numbers[name] = numbers.numbers_of(values)
        return self._numbers[name]

    def first(self, number: int) -> "Rows":
        """The first rows alone."""
        some = Rows(self._frame, number)
        some._read = {name: values[:number] for name, values in self._read.items()}
        return some

    @property
    def names(self) -> list[str]:
        return [str(name) for name in self._frame.columns]

    @property
    def measures(self) -> list[str]:
        """The measure of each row, by its code or its title; empty where the frame has neither."""
        if self._measures is None:
            if "measure" in self:
                self._measures = [str(code) for code in self["measure"]]
            elif "measure_title" in self:
                self._measures = [_TITLED.get(str(title), "") for title in self["measure_title"]]
            else:
                self._measures = [""] * len(self)
        return self._measures

    @property
    def has_measures(self) -> bool:
        return "measure" in self or "measure_title" in self

    def measures_of(self, kind: str, name: str) -> list[str]:
        """The measure of each row, without which a figure is neither a share nor dollars."""
        if kind == "figure" and not self.has_measures:
            raise wrong(
                f"Column {name} holds figures: shares, or dollars where the measure is ME. Keep "
                "the column measure beside it, or give it the kind share or dollars."
            )
        return self.measures

    def dtype(self, name: str) -> Any:
        return self._frame[name].dtype


@dataclass(frozen=True, slots=True)
class Format:
    """How a column's cells are shown. Called with a title, it is the same format under it."""

    title: str = field(default="", kw_only=True)

    @property
    def number(self) -> bool:
        """Whether cells are aligned as numbers."""
        return False

    @property
    def css(self) -> str:
        """The class of the column's cells."""
        return ""

    def __call__(self, title: str = "", **changes: Any) -> Self:
        return replace(self, title=title or self.title, **changes)

    def cells(self, rows: Rows, name: str) -> list[str]:
        """Each row's cell as HTML."""
        return each(plainly, self.words(rows, name))

    def words(self, rows: Rows, name: str) -> list[str]:
        """Each row's cell without HTML."""
        return [v if type(v) is str else written("text", v) for v in rows[name]]

    def key(self, value: Any) -> Any:
        """What the cell sorts by; None where there is no value."""
        return sort_key(value)

    def above(self, rows: Rows, name: str) -> str:
        """What is shown under the heading, such as an axis; HTML."""
        return ""


@dataclass(frozen=True, slots=True)
class OfKind(Format):
    """A value in words, by its kind (`frames.schema.Kind`); a figure as its row's measure asks."""

    kind: str = field(default="text", kw_only=True)

    def words(self, rows: Rows, name: str) -> list[str]:
        return numbers.all_written(self.kind, rows[name], rows.measures_of(self.kind, name))


@dataclass(frozen=True, slots=True)
class Written(OfKind):
    """A value in words and nothing else."""

    @property
    def number(self) -> bool:
        return self.kind in _NUMBERS

    @property
    def css(self) -> str:
        return "d" if self.kind in ("date", "month", "code") else ""


@dataclass(frozen=True, slots=True)
class Figure(OfKind):
    """A share or, where the row's `measure` is ME, dollars; large where it is the main figure.

    attention: the frame's column of flags that says which figures need attention.
    """

    number = True

    kind: str = field(default="figure", kw_only=True)
    large: bool = False
    attention: str = ""

    def cells(self, rows: Rows, name: str) -> list[str]:
        texts = [plainly(text) for text in self.words(rows, name)]
        if self.large:
            texts = [f"<b class='big'>{text}</b>" for text in texts]
        if not self.attention:
            return texts
        flags = rows[self.attention]
        return [
            f"<span class='alert'>{text}</span>" if flag is True else text
            for text, flag in zip(texts, flags, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Status(Format):
    """A verdict in words, with its shape and, where it needs attention, the accent."""

    css = "d"

    def cells(self, rows: Rows, name: str) -> list[str]:
        return each(status_word, self.words(rows, name))


@dataclass(frozen=True, slots=True)
class Score(Format):
    """A percent of a level in whole numbers, in a cell of its verdict: for many beside each other.

    status: the frame's column of verdicts. A miss is a filled cell; one that could be chance
    ("Below, could be chance") an outlined shape in a pale cell.
    """

    css = "score"

    status: str

    def words(self, rows: Rows, name: str) -> list[str]:
        return [MISSING if is_missing(v) else f"{rounded(v, 0, MARKS):,}" for v in rows[name]]

    def cells(self, rows: Rows, name: str) -> list[str]:
        texts = zip(self.words(rows, name), rows[self.status], strict=True)
        return [_score(text, "" if is_missing(word) else str(word)) for text, word in texts]


def _score(text: str, status: str) -> str:
    heard = f"<span class='v'>{escape(status)}, </span>" if status else ""
    if text == MISSING:
        return f"<span class='sc none'>{heard}{text}</span>"
    chance = "could be chance" in status
    miss = needs_attention(status)
    tone = ("pale" if chance else "full") if miss else "plain"
    drawn = shape("hollow") if miss and chance else shape(status_shape(status) or "ring")
    return f"<span class='sc {tone}'>{heard}{drawn}{escape(text)}</span>"


@dataclass(frozen=True, slots=True)
class Change(Format):
    """A difference in the unit of the row's measure, with an arrow and a direction in words."""

    number = True

    def words(self, rows: Rows, name: str) -> list[str]:
        pairs = zip(rows[name], rows.measures, strict=True)
        return [_moved(value, measure) for value, measure in pairs]


@dataclass(frozen=True, slots=True)
class Link(Format):
    """A cell that leads to another page. to: the frame's column of addresses, blank for none; then:
    the kind or format of what is shown."""

    to: str
    then: Format | str = "text"

    @property
    def number(self) -> bool:
        return self._inner.number

    @property
    def _inner(self) -> Format:
        return _of_kind(self.then) if isinstance(self.then, str) else self.then

    def words(self, rows: Rows, name: str) -> list[str]:
        return self._inner.words(rows, name)

    def cells(self, rows: Rows, name: str) -> list[str]:
        texts = self._inner.cells(rows, name)
        starts = each(_link, ["" if is_missing(to) else str(to) for to in rows[self.to]])
        pairs = zip(starts, texts, strict=True)
        return [f"{start}{text}</a>" if start else text for start, text in pairs]


def _link(to: str) -> str:
    return f'<a href="{address(to)}">' if to else ""


def _moved(value: object, measure: str) -> str:
    if is_missing(value) or isinstance(value, str):
        return written("points", value)
    text = written("points", value, measure)
    if not any(digit in text for digit in "123456789"):
        return "no change"
    way = "\N{BLACK DOWN-POINTING TRIANGLE} down"
    if text[0] == "+":
        way = "\N{BLACK UP-POINTING TRIANGLE} up"
    return f"{way} {text[1:]}"


def _of_kind(kind: str) -> Format:
    made: dict[str, Format] = {"figure": Figure(), "status": Status()}
    return made.get(kind) or Written(kind=kind)


def kind(name: str, title: str = "") -> Format:
    """The format of a kind: `show.kind("points", "Change since last quarter")`."""
    if name not in _KINDS:
        raise wrong(f"There is no kind {name}; kinds are {', '.join(_KINDS)}.")
    return _of_kind(name)(title)


figure = Figure()
status = Status()
change = Change()
score, link = Score, Link
Columns = Mapping[str, object] | Sequence[str] | None


def formats_of(rows: Rows, columns: Columns) -> dict[str, Format]:
    """The columns of a table in order, each with its format and title.

    columns: names alone, or name to what: a heading, a kind, a format, or (heading, kind or
    format). What is not said follows from the column's kind in the frames' schemas, else from its
    values. None for all columns as they are.
    """
    asked: Mapping[str, object]
    asked = columns if isinstance(columns, Mapping) else dict.fromkeys(columns or rows.names)
    return {name: _format(rows, name, said) for name, said in asked.items()}


def _format(rows: Rows, name: str, said: object) -> Format:
    title = ""
    if isinstance(said, tuple) and len(said) == 2:
        title, said = str(said[0]), said[1]
    if isinstance(said, str) and said not in _KINDS and not title:
        title, said = said, None
    if said is None:
        known = KINDS.get(name)
        if known == "figure" and not rows.has_measures:  # somebody's own column of that name
            known = None
        said = known or _guess(rows, name)
    found = kind(said) if isinstance(said, str) else said
    if not isinstance(found, Format):
        raise wrong(f"Column {name}: give a heading, a kind or a format such as show.figure.")
    return found(title) if title else found if found.title else found(heading(name))


def heading(name: str) -> str:
    """A column's name as a heading: `area_title` is Area."""
    words = name.removesuffix("_title").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _guess(rows: Rows, name: str) -> str:
    if name not in rows:
        return "text"
    dtype = rows.dtype(name)
    if pd.api.types.is_bool_dtype(dtype):
        return "flag"
    if pd.api.types.is_integer_dtype(dtype):
        return "count"
    if pd.api.types.is_numeric_dtype(dtype):
        return "number"
    return "date" if pd.api.types.is_datetime64_any_dtype(dtype) else "text"
