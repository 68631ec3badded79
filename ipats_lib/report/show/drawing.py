"""What pictures in cells and tiles are drawn with: inline SVG, x in percent, y in pixels."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

from ipats_lib.report.show.html import escape, picture
from ipats_lib.report.show.numbers import numbers_of, written
from ipats_lib.report.show.statuses import needs_attention


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


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers between low and high, a few more or less than asked for."""
    raw = (high - low) / about or 1
    size = 10 ** floor(log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if raw <= size * factor * 1.2)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def axis(scale: Scale, labels: dict[float, str]) -> str:
    """Labels above a column of pictures. Hidden from readers of the cells' texts."""
    texts = "".join(
        f'<text x="{scale.at(value)}" y="12" text-anchor="{_anchor(scale, value)}">'
        f"{escape(text)}</text>"
        for value, text in labels.items()
    )
    return f'<svg class="axis" height="16" width="100%" aria-hidden="true">{texts}</svg>'


def _anchor(scale: Scale, value: float) -> str:
    place = float(scale.at(value)[:-1])
    return "start" if place < 4 else "end" if place > 96 else "middle"


def line(css: str, x1: str, x2: str, y1: float, y2: float) -> str:
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


def is_list(values: object) -> bool:
    return isinstance(values, (list, tuple))


def trend_words(values: object, kind: str, measure: str = "") -> str:
    """The first and the last number of a trend, in words."""
    known = [v for v in numbers_of(values) if v is not None] if is_list(values) else []  # type: ignore[arg-type]
    if len(known) < 2:
        return written(kind, known[0] if known else None, measure)
    first, last = (written(kind, v, measure) for v in (known[0], known[-1]))
    return f"from {first} to {last} in {len(known)} points"


def trend(values: object, label: str, level: float | None = None, height: int = 28) -> str:
    """A line over equal steps; a gap where a number is missing. Empty for under two numbers."""
    points = numbers_of(values) if is_list(values) else []  # type: ignore[arg-type]
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
        parts.append(line("kd", "0", "100%", y, y))
    for one, two in pairwise(places):
        if one and two:
            parts.append(line("ln", one[0], two[0], one[1], two[1]))
    drawn = [place for place in places if place]
    parts += [f'<circle class="i" cx="{x}" cy="{y:g}" r="1.75"/>' for x, y in drawn[:-1]]
    parts.append(f'<circle class="i" cx="{drawn[-1][0]}" cy="{drawn[-1][1]:g}" r="3.5"/>')
    return picture("".join(parts), label, height)


def _down(value: float, low: float, high: float, height: int) -> float:
    if high == low:
        return height / 2
    return round(height - 4 - (value - low) / (high - low) * (height - 8), 1)


def parts(shares: dict[str, float]) -> str:
    """One bar cut in parts, in the order given; those that need attention in the accent."""
    total, start, drawn = sum(shares.values()) or 1, 0.0, []
    for place, (name, number) in enumerate(shares.items()):
        width = number / total * 100
        tone = "a" if needs_attention(name) else "gl"[place % 2]
        wide = max(width - 0.6, 0.4)
        drawn.append(
            f'<rect class="{tone}" x="{start:.2f}%" y="0" width="{wide:.2f}%" height="10"/>'
            if number
            else ""
        )
        start += width
    alternative = ", ".join(
        f"{name}: {written('number', number)}" for name, number in shares.items()
    )
    return picture("".join(drawn), alternative, 10, "pic")
