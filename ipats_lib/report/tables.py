"""Real HTML tables: a caption, a scope on every header cell, numbers aligned as numbers."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import pandas as pd

from ipats_lib.report import display
from ipats_lib.report.display import Html

# A date in a heading is not broken at its hyphens.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


Lines = Mapping[str, Sequence[Any]]
"""Columns by name, all of one length."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the frame's column, the heading, how a cell is written, whether a number.

    href: the frame's column that holds the page each cell leads to, blank for none.
    """

    name: str
    heading: str
    write: Callable[[object], str] = display.text
    number: bool = False
    href: str = ""


def table(frame: pd.DataFrame | Lines, caption: str, columns: Sequence[Column], empty: str) -> Html:
    """A table whose first column names its rows; the sentence `empty` where there is no row."""
    lines = frame if isinstance(frame, Mapping) else lines_of(frame, _read_by(columns))
    size = len(lines[columns[0].name])
    if not size:
        return display.paragraph(f"{caption}: {empty}", "empty")
    head = "".join(f"<th scope='col'{_css(c)}>{_heading(c)}</th>" for c in columns)
    first, *rest = columns
    cells = [_cells(first, lines, "<th scope='row'>", "</th>")]
    cells += [_cells(c, lines, f"<td{_css(c) or _day(lines[c.name][0])}>", "</td>") for c in rest]
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    html = (
        f"<div class='table' role='region' tabindex='0' aria-label='{escape(caption)}'><table>"
        f"<caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return Html(html, f"Table: {caption} ({size} rows)")


def lines_of(frame: pd.DataFrame, names: Iterable[str]) -> Lines:
    """Columns of a frame as lists. Cutting lists costs a hundredth of cutting a small frame, so
    what a page shows in many pieces is written once and cut with `chosen`."""
    return {name: display.listed(frame[name]) for name in names}


def chosen(lines: Lines, places: Iterable[int]) -> Lines:
    """The lines at these places."""
    wanted = list(places)
    return {name: [values[place] for place in wanted] for name, values in lines.items()}


def as_roster(made: Html, whole: bool = False) -> Html:
    """The same table with a box that filters it and headings that sort it.

    It scrolls in a height of its own unless it is to be seen whole.
    """
    css = "table roster whole" if whole else "table roster"
    return Html(made.html.replace("<div class='table'", f"<div class='{css}'", 1), made.plain)


def as_narrow(made: Html) -> Html:
    """The same table with smaller cells, for many short columns."""
    html = made.html.replace("<div class='table'", "<div class='table narrow'", 1)
    return Html(html, made.plain)


def _read_by(columns: Iterable[Column]) -> set[str]:
    return {name for column in columns for name in (column.name, column.href) if name}


def _cells(column: Column, lines: Lines, before: str, after: str) -> list[str]:
    texts = [escape(column.write(value)) for value in lines[column.name]]
    if not column.href:
        return [f"{before}{text}{after}" for text in texts]
    return [
        f"{before}<a href='{escape(page)}'>{text}</a>{after}" if page else f"{before}{text}{after}"
        for text, page in zip(texts, lines[column.href], strict=True)
    ]


def _heading(column: Column) -> str:
    return _DAY.sub(r"<span class='day'>\g<0></span>", escape(column.heading))


def _day(value: object) -> str:
    return " class='d'" if isinstance(value, date) else ""


def _css(column: Column) -> str:
    return " class='n'" if column.number else ""


def counts(frame: pd.DataFrame, caption: str, empty: str) -> Html:
    """A table of counts: the first column names the rows, all others are whole numbers."""
    first, *others = (str(name) for name in frame.columns)
    numbers = [Column(name, name, display.count, number=True) for name in others]
    return table(frame, caption, [Column(first, first.capitalize()), *numbers], empty)
