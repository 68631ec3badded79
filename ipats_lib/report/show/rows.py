"""Heads and rows of tables, shared by `show.table` and `show.records`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipats_lib.report.show.formats import Format, Rows, plainly
from ipats_lib.report.show.html import escape


@dataclass(frozen=True, slots=True)
class Grid:
    """The columns of a table. rows: the one that names its rows. cards: whether it folds."""

    formats: Mapping[str, Format]
    rows: str
    cards: bool

    def role(self, name: str) -> str:
        """The role of an element that a style sheet shows as a block on phones: named, so that
        the table stays one for who hears it."""
        return f" role='{name}'" if self.cards else ""


def css_of(form: Format) -> str:
    names = " ".join(filter(None, ("n" if form.number else "", form.css)))
    return f" class='{names}'" if names else ""


def head_cells(drawn: Grid, rows: Rows, sort: str = "") -> str:
    """The head of a table. sort: the column that orders it, with a minus for descending."""
    way = "descending" if sort.startswith("-") else "ascending"
    ordered = {sort.removeprefix("-"): f" aria-sort='{way}'"}
    cells = "".join(
        f"<th scope='col'{css_of(form)}{drawn.role('columnheader')}{ordered.get(name, '')}>"
        f"<span class='h'>{plainly(form.title)}</span>{form.above(rows, name)}</th>"
        for name, form in drawn.formats.items()
    )
    return f"<thead{drawn.role('rowgroup')}><tr{drawn.role('row')}>{cells}</tr></thead>"


def body_row(drawn: Grid, cells: Sequence[str], keys: Sequence[Any] = ()) -> str:
    """One row. keys: what each cell sorts by."""
    return f"<tr{drawn.role('row')}>{''.join(_cells(drawn, cells, keys))}</tr>"


def _cells(drawn: Grid, cells: Sequence[str], keys: Sequence[Any]) -> list[str]:
    made = []
    for place, ((name, form), cell) in enumerate(zip(drawn.formats.items(), cells, strict=True)):
        key = f" data-v='{_key(keys[place])}'" if keys else ""
        if name == drawn.rows:
            made.append(f"<th scope='row'{drawn.role('rowheader')}{key}>{cell}</th>")
            continue
        label = f" data-l='{escape(form.title)}'" if drawn.cards else ""
        made.append(f"<td{css_of(form)}{drawn.role('cell')}{label}{key}>{cell}</td>")
    return made


def _key(value: Any) -> str:
    return escape("" if value is None else value if isinstance(value, str) else json.dumps(value))
