"""Formats that draw a picture in a table's cell, as inline SVG."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any, ClassVar

from ipats_lib.report.show.drawing import (
    Scale,
    axis,
    is_list,
    line,
    mark,
    ticks,
    trend,
    trend_words,
)
from ipats_lib.report.show.formats import Format, OfKind, Rows
from ipats_lib.report.show.html import picture
from ipats_lib.report.show.numbers import is_missing, numbers_of, written
from ipats_lib.report.show.statuses import needs_attention, plainly, status_shape


def _beside(text: str, svg: str) -> str:
    return f"<span class='two'><span class='n'>{plainly(text)}</span>{svg}</span>"


@dataclass(frozen=True, slots=True)
class Bullet(Format):
    """A percent of a level: its number, and a bar from the level with marks at 90 and 100.

    to: the frame's column of the best case, drawn as a line with a cap. marks: where it is
    judged; below the first it needs attention, unless the row's `status` is no verdict.
    """

    css = "pic two"

    to: str = ""
    marks: tuple[float, ...] = (90, 100)

    # Levels are seldom missed or exceeded by more; further values stand at the edge.
    least: ClassVar[float] = 40
    most: ClassVar[float] = 160

    def _scale(self, rows: Rows, name: str) -> Scale:
        seen = [v for v in rows.numbers(name) + rows.numbers(self.to) if v is not None]
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
        texts = self.words(rows, name)
        judged = map(_is_verdict, rows["status"]) if "status" in rows else [True] * len(rows)
        drawn = [
            "" if value is None else self._draw(scale, value, reach, verdict)
            for value, reach, verdict in zip(
                rows.numbers(name), rows.numbers(self.to), judged, strict=True
            )
        ]
        return list(map(_beside, texts, drawn))

    def _draw(self, scale: Scale, value: float, best: float | None, judged: bool) -> str:
        level = self.marks[-1]
        low = judged and value < self.marks[0]
        css, shape = ("a", "down") if low else ("l", "up") if value >= level else ("g", "dot")
        parts = [
            line("r", "0", "100%", 11, 11),
            f'<rect class="{css}" {scale.span(value, level)} y="8" height="6"/>',
            *(line("kd", scale.at(m), scale.at(m), 0, 22) for m in self.marks[:-1]),
            line("k", scale.at(level), scale.at(level), 0, 22),
        ]
        if best is not None and best > value:
            parts += [line("k", scale.at(value), scale.at(best), 11, 11)]
            parts += [line("k", scale.at(best), scale.at(best), 5, 17)]
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
class Bar(OfKind):
    """A number and a bar as long as it is. of: the whole, or the column's largest number."""

    css = "pic two bar"

    kind: str = field(default="count", kw_only=True)
    of: float = 0
    attention: bool = field(default=False, kw_only=True)

    def cells(self, rows: Rows, name: str) -> list[str]:
        values = rows.numbers(name)
        scale = Scale(0, self.of or max((v for v in values if v is not None), default=1) or 1)
        css = "a" if self.attention else "g"
        texts = self.words(rows, name)
        return [_beside(text, _bar(scale, v, css)) for text, v in zip(texts, values, strict=True)]


def _bar(scale: Scale, value: float | None, css: str) -> str:
    """The number is beside it, so the bar itself has no text."""
    if value is None:
        return ""
    inside = f'<rect class="{css}" {scale.span(0, value)} y="1" height="8"/>'
    return f'<svg class="cell" height="10" width="100%" aria-hidden="true">{inside}</svg>'


@dataclass(frozen=True, slots=True)
class Interval(OfKind):
    """A figure, and a dot with its interval on one scale for all rows.

    low, high: the frame's columns of the interval's ends. reference: a value that all rows are
    compared with, such as the state's. versus: the column of the verdict on it. level: the column
    of a level, drawn as a dashed mark.
    """

    css = "pic two"

    kind: str = field(default="figure", kw_only=True)
    low: str = "lower95"
    high: str = "upper95"
    reference: float | None = None
    versus: str = ""
    level: str = field(default="", kw_only=True)

    def _scale(self, rows: Rows, name: str) -> Scale:
        columns = [rows.numbers(column) for column in (name, self.low, self.high)]
        seen = [value for column in [*columns, [self.reference]] for value in column]
        known = [value for value in seen if value is not None]
        low, high = min(known, default=0.0), max(known, default=1.0)
        edge = (high - low) * 0.04 or abs(high) * 0.04 or 0.01
        return Scale(low - edge, high + edge)

    def above(self, rows: Rows, name: str) -> str:
        if not any(value is not None for value in numbers_of(rows[name])):
            return ""  # nothing is drawn
        scale, measure = self._scale(rows, name), next(iter(rows.measures), "")
        labels = {
            tick: written(self.kind, tick, measure).replace(".0%", "%")
            for tick in ticks(scale.low, scale.high, 3)
        }
        return f"<span class='two'><span></span>{axis(scale, labels)}</span>"

    def cells(self, rows: Rows, name: str) -> list[str]:
        scale, texts = self._scale(rows, name), self.words(rows, name)
        verdicts = rows[self.versus] if self.versus else [None] * len(rows)
        columns = [rows.numbers(c) for c in (name, self.low, self.high, self.level)]
        drawn = [
            "" if value is None else self._draw(scale, value, ends, verdict, measure)
            for (value, *ends), verdict, measure in zip(
                zip(*columns, strict=True), verdicts, rows.measures, strict=True
            )
        ]
        return list(map(_beside, texts, drawn))

    def _draw(
        self, scale: Scale, value: float, ends: Sequence[float | None], verdict: Any, measure: str
    ) -> str:
        word = "" if is_missing(verdict) else str(verdict)
        bad, parts = needs_attention(word), [line("r", "0", "100%", 11, 11)]
        texts = [word] if word else []
        if self.reference is not None:
            place = scale.at(self.reference)
            parts.append(line("k", place, place, 0, 22))
        low, high, level = ends
        if level is not None:
            parts.append(line("kd", scale.at(level), scale.at(level), 3, 19))
        if low is not None and high is not None:
            parts.append(line("tha" if bad else "th", scale.at(low), scale.at(high), 11, 11))
            bounds = (written(self.kind, end, measure) for end in (low, high))
            texts.insert(0, f"interval {' to '.join(bounds)}")
        parts.append(mark(status_shape(word) or "dot", scale.at(value), 11, "a" if bad else "i"))
        return picture("".join(parts), "; ".join(texts) or "no interval", 22)


@dataclass(frozen=True, slots=True)
class Spark(Format):
    """A small trend. The column holds lists of numbers, oldest first; the last has its number.

    level: the frame's column of a level, drawn as a dashed line.
    """

    css = "pic two"

    level: str = ""
    kind: str = "figure"

    def words(self, rows: Rows, name: str) -> list[str]:
        pairs = zip(rows[name], rows.measures_of(self.kind, name), strict=True)
        return [trend_words(values, self.kind, measure) for values, measure in pairs]

    def cells(self, rows: Rows, name: str) -> list[str]:
        levels = rows.numbers(self.level)
        cells = zip(rows[name], rows.measures, levels, self.words(rows, name), strict=True)
        return [
            _beside(_last(values, self.kind, measure), trend(values, words, level))
            for values, measure, level, words in cells
        ]

    def key(self, value: Any) -> Any:
        known = [v for v in numbers_of(value) if v is not None] if is_list(value) else []
        return known[-1] if known else None


def _last(values: object, kind: str, measure: str) -> str:
    return written(kind, values[-1] if is_list(values) and values else None, measure)  # type: ignore[index]


bullet, bar, interval, spark = Bullet, Bar, Interval, Spark
