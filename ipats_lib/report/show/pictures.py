"""Formats that draw a picture in a table's cell, as inline SVG: x in percent, y in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any, ClassVar

from ipats_lib.report.show.formats import (
    Format,
    Rows,
    needs_attention,
    plainly,
    status_shape,
)
from ipats_lib.report.show.html import escape, picture
from ipats_lib.report.show.numbers import is_missing, written


@dataclass(frozen=True, slots=True)
class Scale:
    """A common scale of a column's pictures. Values outside are drawn at its ends."""

    low: float
    high: float

    def at(self, value: float) -> str:
        share = (value - self.low) / (self.high - self.low or 1)
        return f"{min(max(share, 0), 1) * 100:.2f}%"

    def span(self, start: float, end: float) -> str:
        """The attributes of a bar from start to end."""
        low, high = sorted(float(self.at(value)[:-1]) for value in (start, end))
        return f'x="{low:.2f}%" width="{high - low:.2f}%"'


def numbers_of(values: Sequence[Any]) -> list[float | None]:
    """Each value as a number; None for missing and withheld ones."""
    return [None if is_missing(v) or isinstance(v, str) else float(v) for v in values]


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers between low and high, a few more or less than asked for."""
    raw = (high - low) / about or 1
    size = 10 ** floor(log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if raw <= size * factor * 1.2)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def axis(scale: Scale, labels: dict[float, str], height: int = 16) -> str:
    """Labels above a column of pictures. Hidden from readers of the cells' texts."""
    texts = "".join(
        f'<text x="{scale.at(value)}" y="{height - 4}" text-anchor="{_anchor(scale, value)}">'
        f"{escape(text)}</text>"
        for value, text in labels.items()
    )
    return f'<svg class="axis" height="{height}" width="100%" aria-hidden="true">{texts}</svg>'


def _anchor(scale: Scale, value: float) -> str:
    place = float(scale.at(value)[:-1])
    return "start" if place < 4 else "end" if place > 96 else "middle"


def _line(css: str, x1: str, x2: str, y1: float, y2: float) -> str:
    return f'<line class="{css}" x1="{x1}" x2="{x2}" y1="{y1:g}" y2="{y2:g}"/>'


_MARKS = {
    "down": '<path class="{css}" d="M-5.5 -4.5H5.5L0 5Z"/>',
    "up": '<path class="{css}" d="M-5.5 4.5H5.5L0 -5Z"/>',
    "dot": '<circle class="{css}" r="4.5"/>',
    "ring": '<circle class="o" r="4.5"/>',
}


def mark(name: str, x: str, y: float, css: str = "i") -> str:
    """A shape at a place: its own size, whatever the picture's width."""
    inside = _MARKS[name].format(css=css)
    return f'<svg x="{x}" y="{y:g}" overflow="visible">{inside}</svg>'


@dataclass(frozen=True, slots=True)
class Bullet(Format):
    """A percent of a level: its number, and a bar from the level with marks at 90 and 100.

    to: the frame's column of the best case, drawn as a line with a cap. marks: where it is
    judged; below the first it needs attention, unless the row's `status` is no verdict.
    """

    to: str = ""
    marks: tuple[float, ...] = (90, 100)

    @property
    def css(self) -> str:
        return "pic two"

    # Levels are seldom missed or exceeded by more; further values stand at the edge.
    least: ClassVar[float] = 40
    most: ClassVar[float] = 160

    def _scale(self, rows: Rows, name: str) -> Scale:
        seen = [v for v in numbers_of(rows[name]) if v is not None]
        seen += [v for v in numbers_of(rows[self.to]) if v is not None] if self.to else []
        low = min([70, *(floor(v / 10) * 10 for v in seen)])
        high = max([125, *(ceil(v / 5) * 5 for v in seen)])
        return Scale(max(low, self.least), min(high, self.most))

    def words(self, rows: Rows, name: str) -> list[str]:
        return [written("percent", value) for value in rows[name]]

    def above(self, rows: Rows, name: str) -> str:
        scale = self._scale(rows, name)
        step = 20 if scale.high - scale.low > 70 else 10
        first = ceil(scale.low / step) * step + (step if scale.low % step == 0 else 0)
        places = range(first, int(scale.high), step)
        labels = {float(p): f"{p}%" if p == 100 else str(p) for p in places}
        return f"<span class='two'><span></span>{axis(scale, labels)}</span>"

    def cells(self, rows: Rows, name: str) -> list[str]:
        scale = self._scale(rows, name)
        best = numbers_of(rows[self.to]) if self.to else [None] * len(rows)
        texts = self.words(rows, name)
        judged = map(_is_verdict, rows["status"]) if "status" in rows else [True] * len(rows)
        drawn = [
            "" if value is None else self._draw(scale, value, reach, verdict)
            for value, reach, verdict in zip(numbers_of(rows[name]), best, judged, strict=True)
        ]
        return [
            f"<span class='two'><span class='n'>{plainly(text)}</span>{svg}</span>"
            for text, svg in zip(texts, drawn, strict=True)
        ]

    def _draw(self, scale: Scale, value: float, best: float | None, judged: bool) -> str:
        level = self.marks[-1]
        low = judged and value < self.marks[0]
        css, shape = ("a", "down") if low else ("l", "up") if value >= level else ("g", "dot")
        parts = [
            _line("r", "0", "100%", 11, 11),
            f'<rect class="{css}" {scale.span(value, level)} y="8" height="6"/>',
            *(_line("kd", scale.at(m), scale.at(m), 0, 22) for m in self.marks[:-1]),
            _line("k", scale.at(level), scale.at(level), 0, 22),
        ]
        if best is not None and best > value:
            parts += [_line("k", scale.at(value), scale.at(best), 11, 11)]
            parts += [_line("k", scale.at(best), scale.at(best), 5, 17)]
        parts.append(mark(shape, scale.at(value), 11, "a" if low else "i"))
        return picture("".join(parts), self._label(value, best), 22)

    def _label(self, value: float, best: float | None) -> str:
        where = next((f"below {m:g}" for m in self.marks if value < m), "")
        said = f"{written('percent', value)} of the level{f', {where}' if where else ''}"
        return f"{said}; best case {written('percent', best)}" if best is not None else said


def _is_verdict(status: Any) -> bool:
    """Whether a row's status is a verdict, and not the reason why there is none."""
    return not is_missing(status) and status_shape(str(status)) not in ("", "ring")


@dataclass(frozen=True, slots=True)
class _Number(Format):
    """A number of a kind, in words; a figure is written as its row's measure asks."""

    kind: str = "count"

    def words(self, rows: Rows, name: str) -> list[str]:
        pairs = zip(rows[name], rows.measures, strict=True)
        return [written(self.kind, value, measure) for value, measure in pairs]


@dataclass(frozen=True, slots=True)
class Bar(_Number):
    """A number and a bar as long as it is. of: the whole, or the column's largest number."""

    of: float = 0
    attention: bool = False

    @property
    def css(self) -> str:
        return "pic two bar"

    def cells(self, rows: Rows, name: str) -> list[str]:
        values = numbers_of(rows[name])
        scale = Scale(0, self.of or max((v for v in values if v is not None), default=1) or 1)
        css = "a" if self.attention else "g"
        return [
            f"<span class='two'><span class='n'>{plainly(text)}</span>{_bar(scale, value, css)}"
            "</span>"
            for text, value in zip(self.words(rows, name), values, strict=True)
        ]


def _bar(scale: Scale, value: float | None, css: str) -> str:
    """The number is beside it, so the bar itself has no text."""
    if value is None:
        return ""
    inside = f'<rect class="{css}" {scale.span(0, value)} y="1" height="8"/>'
    return f'<svg class="cell" height="10" width="100%" aria-hidden="true">{inside}</svg>'


@dataclass(frozen=True, slots=True)
class Interval(_Number):
    """A figure, and a dot with its interval on one scale for all rows.

    low, high: the frame's columns of the interval's ends. reference: a value that all rows are
    compared with, such as the state's. versus: the column of the verdict on it. level: the column
    of a level, drawn as a dashed mark.
    """

    low: str = "lower95"
    high: str = "upper95"
    reference: float | None = None
    versus: str = ""
    level: str = ""

    @property
    def css(self) -> str:
        return "pic two"

    def _scale(self, rows: Rows, name: str) -> Scale:
        columns = [numbers_of(rows[column]) for column in (name, self.low, self.high)]
        seen = [value for column in [*columns, [self.reference]] for value in column]
        known = [value for value in seen if value is not None]
        low, high = min(known, default=0.0), max(known, default=1.0)
        edge = (high - low) * 0.04 or 0.01
        return Scale(low - edge, high + edge)

    def above(self, rows: Rows, name: str) -> str:
        scale, measure = self._scale(rows, name), next(iter(rows.measures), "")
        labels = {
            tick: written(self.kind, tick, measure).replace(".0%", "%")
            for tick in ticks(scale.low, scale.high, 3)
        }
        return f"<span class='two'><span></span>{axis(scale, labels)}</span>"

    def cells(self, rows: Rows, name: str) -> list[str]:
        scale, texts = self._scale(rows, name), self.words(rows, name)
        verdicts = rows[self.versus] if self.versus else [None] * len(rows)
        levels = numbers_of(rows[self.level]) if self.level else [None] * len(rows)
        columns = [numbers_of(rows[c]) for c in (name, self.low, self.high)]
        numbers = zip(*columns, levels, strict=True)
        drawn = [
            "" if value is None else self._draw(scale, value, ends, verdict, measure)
            for (value, *ends), verdict, measure in zip(
                numbers, verdicts, rows.measures, strict=True
            )
        ]
        return [
            f"<span class='two'><span class='n'>{plainly(text)}</span>{svg}</span>"
            for text, svg in zip(texts, drawn, strict=True)
        ]

    def _draw(
        self, scale: Scale, value: float, ends: Sequence[float | None], verdict: Any, measure: str
    ) -> str:
        word = "" if is_missing(verdict) else str(verdict)
        bad, parts = needs_attention(word), [_line("r", "0", "100%", 11, 11)]
        told = [word] if word else []
        if self.reference is not None:
            place = scale.at(self.reference)
            parts.append(_line("k", place, place, 0, 22))
        low, high, level = ends
        if level is not None:
            parts.append(_line("kd", scale.at(level), scale.at(level), 3, 19))
        if low is not None and high is not None:
            parts.append(_line("tha" if bad else "th", scale.at(low), scale.at(high), 11, 11))
            texts = (written(self.kind, end, measure) for end in (low, high))
            told.insert(0, f"interval {' to '.join(texts)}")
        parts.append(mark(status_shape(word) or "dot", scale.at(value), 11, "a" if bad else "i"))
        return picture("".join(parts), "; ".join(told) or "no interval", 22)


@dataclass(frozen=True, slots=True)
class Spark(Format):
    """A small trend. The column holds lists of numbers, oldest first; the last has its number.

    level: the frame's column of a level, drawn as a dashed line.
    """

    level: str = ""
    kind: str = "figure"

    @property
    def css(self) -> str:
        return "pic two"

    def words(self, rows: Rows, name: str) -> list[str]:
        pairs = zip(rows[name], rows.measures, strict=True)
        return [trend_words(values, self.kind, measure) for values, measure in pairs]

    def cells(self, rows: Rows, name: str) -> list[str]:
        levels = numbers_of(rows[self.level]) if self.level else [None] * len(rows)
        told = zip(rows[name], rows.measures, levels, self.words(rows, name), strict=True)
        return [
            f"<span class='two'><span class='n'>{plainly(_last(values, self.kind, measure))}</span>"
            f"{trend(values, words, level)}</span>"
            for values, measure, level, words in told
        ]

    def key(self, value: Any) -> Any:
        known = [v for v in numbers_of(value) if v is not None] if _listed(value) else []
        return known[-1] if known else None


def _listed(values: object) -> bool:
    return isinstance(values, (list, tuple))


def _last(values: object, kind: str, measure: str) -> str:
    return written(kind, values[-1] if _listed(values) and values else None, measure)  # type: ignore[index]


def trend_words(values: object, kind: str, measure: str = "") -> str:
    """The first and the last number of a trend, in words."""
    known = [v for v in numbers_of(values) if v is not None] if _listed(values) else []  # type: ignore[arg-type]
    if len(known) < 2:
        return written(kind, known[0] if known else None, measure)
    first, last = (written(kind, v, measure) for v in (known[0], known[-1]))
    return f"from {first} to {last} in {len(known)} points"


def trend(values: object, label: str, level: float | None = None, height: int = 28) -> str:
    """A line over equal steps; a gap where a number is missing. Empty for under two numbers."""
    points = numbers_of(values) if _listed(values) else []  # type: ignore[arg-type]
    known = [v for v in points if v is not None]
    if len(known) < 2:
        return ""
    seen = [*known, *([] if level is None else [level])]
    low, high = min(seen), max(seen)
    step = 94 / (len(points) - 1)
    places = [
        None if v is None else (f"{2 + at * step:.2f}%", _down(v, low, high, height))
        for at, v in enumerate(points)
    ]
    parts = []
    if level is not None:
        y = _down(level, low, high, height)
        parts.append(_line("kd", "0", "100%", y, y))
    for one, two in pairwise(places):
        if one and two:
            parts.append(_line("ln", one[0], two[0], one[1], two[1]))
    drawn = [place for place in places if place]
    parts += [f'<circle class="i" cx="{x}" cy="{y:g}" r="1.75"/>' for x, y in drawn[:-1]]
    parts.append(f'<circle class="i" cx="{drawn[-1][0]}" cy="{drawn[-1][1]:g}" r="3.5"/>')
    return picture("".join(parts), label, height)


def _down(value: float, low: float, high: float, height: int) -> float:
    if high == low:
        return height / 2
    return round(height - 4 - (value - low) / (high - low) * (height - 8), 1)


def parts(shares: dict[str, float], css: dict[str, str] | None = None, height: int = 10) -> str:
    """One bar cut in parts, in the order given; those that need attention in the accent."""
    total, start, drawn = sum(shares.values()) or 1, 0.0, []
    tones = css or {}
    for place, (name, number) in enumerate(shares.items()):
        width = number / total * 100
        tone = tones.get(name) or ("a" if needs_attention(name) else "gl"[place % 2])
        wide = max(width - 0.6, 0.4)
        drawn.append(
            f'<rect class="{tone}" x="{start:.2f}%" y="0" width="{wide:.2f}%" height="{height}"/>'
            if number
            else ""
        )
        start += width
    told = ", ".join(f"{name}: {written('number', number)}" for name, number in shares.items())
    return picture("".join(drawn), told, height, "pic")


def bullet(to: str = "", marks: tuple[float, ...] = (90, 100), title: str = "") -> Bullet:
    """A percent of a level with its marks; to: the column of the best case."""
    return Bullet(title, to, marks)


def bar(of: float = 0, kind: str = "count", title: str = "", attention: bool = False) -> Bar:
    """A number with a bar; of: what the full width is, the column's largest number by default."""
    return Bar(title, kind, of, attention)


def interval(
    low: str = "lower95",
    high: str = "upper95",
    reference: float | None = None,
    versus: str = "",
    kind: str = "figure",
    title: str = "",
    level: str = "",
) -> Interval:
    """A dot with its interval; see `Interval`."""
    return Interval(title, kind, low, high, reference, versus, level)


def spark(level: str = "", kind: str = "figure", title: str = "") -> Spark:
    """A small trend from a column of lists; see `Spark`."""
    return Spark(title, level, kind)
