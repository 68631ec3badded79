"""Four to six large figures, each with a picture, a sentence and a link."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd

from ipats_lib.report.show.drawing import parts, trend, trend_words
from ipats_lib.report.show.html import Shown, address, escape, wrong
from ipats_lib.report.show.numbers import is_missing, written

MOST = 6


@dataclass(frozen=True, slots=True)
class _Tile:
    """label: what is counted. figure: written, or a number. unit: small, beside it. picture: a
    list of numbers (a trend) or a mapping of word to number (the parts of a whole). kind: of the
    numbers (`frames.schema.Kind`). link: the page that says more. attention: needs it."""

    label: str
    figure: object
    unit: str = ""
    picture: object = None
    note: str = ""
    link: str = ""
    kind: str = "number"
    measure: str = ""
    attention: bool = field(default=False)

    @property
    def words(self) -> str:
        """The figure, written."""
        return written(self.kind, self.figure, self.measure)

    @property
    def drawn(self) -> str:
        if isinstance(self.picture, Mapping):
            return parts({str(name): float(n) for name, n in self.picture.items()})
        said = trend_words(self.picture, self.kind, self.measure)
        return trend(self.picture, f"{self.label}: {said}", height=32)

    @property
    def html(self) -> str:
        label = escape(self.label)
        if self.link:
            label = f'<a href="{address(self.link)}">{label}</a>'
        unit = f" <small>{escape(self.unit)}</small>" if self.unit else ""
        css = "f alert" if self.attention else "f"
        picture = f"<dd class='p'>{self.drawn}</dd>" if self.drawn else ""
        note = f"<dd class='t'>{escape(self.note)}</dd>" if self.note else ""
        return (
            f"<div><dt>{label}</dt><dd class='{css}'>{escape(self.words)}{unit}</dd>"
            f"{picture}{note}</div>"
        )


_FIELDS = tuple(each.name for each in fields(_Tile))


def tiles(tiles: pd.DataFrame | Iterable[Mapping[str, Any]]) -> Shown:
    """Tiles from a frame or a list, one per row: label, figure, and of the others what is wanted.

    unit, picture (a list of numbers or a mapping of word to number), note, link, kind, measure,
    attention.
    """
    rows = tiles.to_dict("records") if isinstance(tiles, pd.DataFrame) else list(tiles)
    if not 1 <= len(rows) <= MOST:
        raise wrong(f"A page starts with 4 to {MOST} tiles; these are {len(rows)}.")
    made = [_tile({str(name): value for name, value in row.items()}) for row in rows]
    inside = "".join(tile.html for tile in made)
    plain = "; ".join(f"{tile.label}: {tile.words} {tile.unit}".rstrip() for tile in made)
    return Shown(f"<dl class='show show-tiles of{len(made)}'>{inside}</dl>", plain)


def _tile(row: dict[str, Any]) -> _Tile:
    if unknown := sorted(set(row) - set(_FIELDS)):
        raise wrong(f"A tile has no {unknown[0]}; it has {', '.join(_FIELDS)}.")
    if missing := [name for name in ("label", "figure") if name not in row]:
        raise wrong(f"A tile needs a {missing[0]}.")
    # What a frame leaves empty is as if it were not there.
    given = {n: v for n, v in row.items() if n in ("label", "figure") or not is_missing(v)}
    return _Tile(**given)
