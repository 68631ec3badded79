"""Heads and rows of tables, shared by `show.table` and `show.records`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ipats_lib.report.show.formats import Format, Rows
from ipats_lib.report.show.html import escape
from ipats_lib.report.show.statuses import plainly


@dataclass(frozen=True, slots=True)
class Grid:
    """The columns of a table. rows: the one that names its rows. cards: whether it folds.
    groups: title of a group of columns by its first one."""

    formats: Mapping[str, Format]
    rows: str
    cards: bool
    groups: Mapping[str, str] = field(default_factory=dict)

    def role(self, name: str) -> str:
        """The role of an element that a style sheet shows as a block on phones: named, so that
        the table stays one for who hears it."""
        return f" role='{name}'" if self.cards or self.groups else ""


def css_of(form: Format) -> str:
    names = " ".join(filter(None, ("n" if form.number else "", form.css)))
    return f" class='{names}'" if names else ""


def head_cells(drawn: Grid, rows: Rows, sort: str = "") -> str:
    """The head of a table. sort: the column that orders it, with a minus for descending."""
    way = "descending" if sort.startswith("-") else "ascending"
    ordered = {sort.removeprefix("-"): f" aria-sort='{way}'"}
    # On phones the headings of the first group stand for those of all.
    names, starts = list(drawn.formats), list(drawn.groups)
    later = names[names.index(starts[1]) :] if len(starts) > 1 else []
    cells = "".join(
        f"<th scope='col'{css_of(form)}{drawn.role('columnheader')}{ordered.get(name, '')}"
        f"{_first(drawn, name)}{' data-rest' if name in later else ''}>"
        f"<span class='h'>{plainly(form.title)}</span>{form.above(rows, name)}</th>"
        for name, form in drawn.formats.items()
    )
    head = f"{_group_heads(drawn)}<tr{drawn.role('row')}>{cells}</tr>"
    return f"<thead{drawn.role('rowgroup')}>{head}</thead>"


def _group_heads(drawn: Grid) -> str:
    """The line above the headings that names groups of columns; empty without groups."""
    if not drawn.groups:
        return ""
    names = list(drawn.formats)
    starts = [names.index(name) for name in drawn.groups]
    ends = [*starts[1:], len(names)]
    heads = "".join(
        f"<th scope='colgroup' colspan='{end - start}'{drawn.role('columnheader')}>"
        f"{plainly(title)}</th>"
        for start, end, title in zip(starts, ends, drawn.groups.values(), strict=True)
    )
    before = f"<td colspan='{starts[0]}'{drawn.role('cell')}></td>" if starts[0] else ""
    return f"<tr class='heads'{drawn.role('row')}>{before}{heads}</tr>"


def _first(drawn: Grid, name: str) -> str:
    """The mark of a group's first column: its title, which phones show in front of the cell."""
    return f" data-g='{escape(drawn.groups[name])}'" if name in drawn.groups else ""


def body_rows(
    drawn: Grid, cells: Sequence[Sequence[str]], keys: Sequence[Sequence[Any]] = ()
) -> list[str]:
    """The rows of a table. cells: of each column. keys: what they sort by, of each column."""
    columns = []
    for place, ((name, form), shown) in enumerate(zip(drawn.formats.items(), cells, strict=True)):
        start, more, end = _around(drawn, name, form)
        if keys:
            pairs = zip(keys[place], shown, strict=True)
            column = [f"{start} data-v='{_key(key)}'{more}>{cell}{end}" for key, cell in pairs]
        else:
            column = [f"{start}{more}>{cell}{end}" for cell in shown]
        columns.append(column)
    row = f"<tr{drawn.role('row')}>"
    return [f"{row}{''.join(line)}</tr>" for line in zip(*columns, strict=True)]


def group_row(drawn: Grid, title: str, more: str = "") -> str:
    """The row above a group of rows: what they share, and more."""
    head = f"<th scope='rowgroup' colspan='{len(drawn.formats)}'{drawn.role('rowheader')}>"
    return f"<tr class='grp'{drawn.role('row')}>{head}{plainly(title)}{more}</th></tr>"


def _around(drawn: Grid, name: str, form: Format) -> tuple[str, str, str]:
    """What surrounds a column's cells: the tag's start, the rest of it, and its end."""
    if name == drawn.rows:
        return f"<th scope='row'{drawn.role('rowheader')}", "", "</th>"
    label = f" data-l='{escape(form.title)}'" if drawn.cards else ""
    return f"<td{css_of(form)}{drawn.role('cell')}{label}", _first(drawn, name), "</td>"


def _key(value: Any) -> str:
    return escape("" if value is None else value if isinstance(value, str) else json.dumps(value))
