"""Pieces of a page. Everything that comes from data is escaped here, and only here."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from math import isnan
from typing import Any

import pandas as pd

from ipats_lib.disclosure import WITHHELD
from ipats_lib.rounding import half_up

NONE = "\N{EN DASH}"
# A word and a shape for each state, so that colour is never alone.
STATE_WORDS = {
    "success": "\N{HEAVY CHECK MARK} success",
    "failure": "\N{HEAVY BALLOT X} not a success",
    "pending": "\N{HORIZONTAL ELLIPSIS} pending",
    "awaiting": "\N{HORIZONTAL ELLIPSIS} awaited, not counted yet",
    "excluded": "\N{EN DASH} left out",
}
Cell = object


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of HTML that a notebook shows; `plain` is its text for readers without HTML."""

    html: str
    plain: str = ""

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.plain or "<html>"


def is_missing(value: Cell) -> bool:
    """`pd.isna` of a single value, without what it does for arrays: a page writes thousands."""
    if isinstance(value, float):
        return isnan(value)
    return value is None or value is pd.NA or value is pd.NaT


def listed(values: pd.Series) -> list[Any]:
    """A column as a list: pandas would take its strings out one by one."""
    texts = isinstance(values.dtype, pd.StringDtype)
    found: list[Any] = values.to_numpy(dtype="object").tolist() if texts else values.tolist()
    return found


def rounded(value: float, places: int) -> str:
    """Round half up, at the end only (domain 2.11)."""
    return f"{half_up(value, places):,}"


def rate(value: Cell) -> str:
    """A share 0..1 in percent to one decimal."""
    return NONE if is_missing(value) else f"{rounded(float(value) * 100, 1)}%"  # type: ignore[arg-type]


def dollars(value: Cell) -> str:
    """Whole dollars; the marker as it is."""
    if value == WITHHELD:
        return WITHHELD
    return NONE if is_missing(value) else f"${rounded(float(value), 0)}"  # type: ignore[arg-type]


def count(value: Cell) -> str:
    return NONE if is_missing(value) else f"{int(value):,}"  # type: ignore[call-overload]


def one_place(value: Cell) -> str:
    """Any number to one decimal."""
    return NONE if is_missing(value) else rounded(float(value), 1)  # type: ignore[arg-type]


def figure(measure: str, value: Cell, withheld: bool = False) -> str:
    """A figure in its measure's unit; the marker where it is withheld."""
    if withheld:
        return WITHHELD
    return dollars(value) if measure == "ME" else rate(value)


def drawn(measure: str, value: float) -> float:
    """A figure as a chart draws it: the number that the table beside it prints."""
    return float(half_up(value, 0) if measure == "ME" else half_up(value * 100, 1))


def text(value: Cell) -> str:
    """Any other value; dates as YYYY-MM-DD."""
    if isinstance(value, str):
        return value
    if is_missing(value):
        return NONE
    return value.strftime("%Y-%m-%d") if isinstance(value, pd.Timestamp) else str(value)


def switch(parts: Mapping[str, Html], label: str) -> Html:
    """Several pieces of which a reader chooses one; without script, and on paper, all in a row."""
    sections = "".join(
        f"<section data-title='{escape(title)}'><h3>{escape(title)}</h3>{part.html}</section>"
        for title, part in parts.items()
    )
    plain = "; ".join(part.plain for part in parts.values())
    return Html(f"<div class='switch' data-label='{escape(label)}'>{sections}</div>", plain)


def together(*parts: Html) -> Html:
    """Several pieces, one under the other."""
    return Html("".join(part.html for part in parts), "; ".join(part.plain for part in parts))


def paragraph(sentence: str, css: str = "") -> Html:
    attribute = f' class="{escape(css)}"' if css else ""
    return Html(f"<p{attribute}>{escape(sentence)}</p>", sentence)
