"""What belongs to each row of a long list: tables that a reader opens by the row's id."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ipats_lib.report.show.formats import Columns, Rows, formats_of
from ipats_lib.report.show.html import escape, wrong
from ipats_lib.report.show.statuses import plainly

_ID = re.compile(r"[a-z][a-z0-9]*")


@dataclass(frozen=True, eq=False)
class Details:
    """tables: frame and columns by title; at: the column of ids that each frame has; name: the
    list's column that heads each; back: the id of the list."""

    tables: Mapping[str, tuple[pd.DataFrame, Columns]]
    at: str
    name: str
    back: str


def sections_of(rows: Rows, details: Details) -> dict[str, str]:
    """The section of each row by its id: the row's first column, then a table per title."""
    ids, names = [str(value) for value in rows[details.at]], rows[details.name]
    if unsafe := [one for one in ids if not _ID.fullmatch(one)]:
        raise wrong(f"The id of a row is like r12: letters and digits, not {unsafe[0]}.")
    if len(set(ids)) < len(ids):
        raise wrong(f"Two rows have the same id in column {details.at}.")
    parts = {title: _tables(title, *table, details.at) for title, table in details.tables.items()}
    back = f"<p class='back'><a href='#{details.back}'>Back to the list</a></p>"
    return {
        one: f"<section class='details' id='{one}'><h3>{plainly(str(name))}</h3>{back}"
        + "".join(
            found.get(one, f"<p class='show-empty'>{escape(title)}: none.</p>")
            for title, found in parts.items()
        )
        + "</section>"
        for one, name in zip(ids, names, strict=True)
    }


def _tables(title: str, frame: pd.DataFrame, columns: Columns, at: str) -> dict[str, str]:
    """The table of each id that the frame has, its rows in their order."""
    if not len(frame):
        return {}
    known = Rows(frame)
    formats = formats_of(known, columns)
    heads = "".join(f"<th scope='col'>{plainly(form.title)}</th>" for form in formats.values())
    cells = [form.cells(known, name) for name, form in formats.items()]
    lines: dict[str, list[str]] = {}
    for one, *texts in zip(map(str, known[at]), *cells, strict=True):
        lines.setdefault(one, []).append("".join(f"<td>{text}</td>" for text in texts))
    head = f"<div class='table'><table><caption>{escape(title)}</caption><thead><tr>{heads}</tr>"
    return {
        one: f"{head}</thead><tbody><tr>{'</tr><tr>'.join(rows)}</tr></tbody></table></div>"
        for one, rows in lines.items()
    }
