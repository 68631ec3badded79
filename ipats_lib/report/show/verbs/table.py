"""Tables with a caption, a scope on every header cell, and formats and pictures by column."""

from collections.abc import Mapping
from functools import partial
from itertools import groupby

import pandas as pd

from ipats_lib.report.show.formats import Columns, Format, Rows, formats_of
from ipats_lib.report.show.html import Shown, escape, wrong
from ipats_lib.report.show.rows import Grid, body_rows, group_row, head_cells
from ipats_lib.report.show.verbs.choose import choose


def table(
    frame: pd.DataFrame,
    caption: str,
    columns: Columns = None,
    *,
    rows: str = "",
    by: str = "",
    groups: Mapping[str, str] | None = None,
    sort: bool = False,
    search: str = "",
    cards: bool = False,
    sheet: bool = False,
    first: int = 0,
    empty: str = "There is nothing to show.",
    note: str = "",
) -> Shown:
    """The frame's rows in their order, with these columns in this order.

    columns: a list of names, or a mapping of name to a heading, a kind, a format such as
    `show.status`, or (heading, kind or format); all columns when left out. rows: the column that
    names the rows, the first by default. by: a column whose values head groups of rows that follow
    each other. groups: the title of a group of columns by its first column; the last one reaches to
    the end, and on phones a row is a block with a line for each group. sort: whether a reader may
    sort by headings. search: what a row is, such as "planner", where a reader may search them if
    they are many. cards: on phones each row becomes a card; otherwise a wide table scrolls in its
    own box. sheet: a table for paper, which alone is printed, on one sheet, and is not on the
    screen. first: how many rows a reader sees at first, where there are more than twice as many;
    all are in a second tab. empty: the sentence shown when the frame has no row. Long lists belong
    to `show.records`.
    """
    known = Rows(frame)
    if not len(known):
        said = f"{caption}: {empty}"
        return Shown(f"<p class='show show-empty'>{escape(said)}</p>", said)
    formats = formats_of(known, columns)
    if first and len(known) > 2 * first:
        part = partial(
            table, columns=columns, rows=rows, by=by, groups=groups, cards=cards, note=note
        )
        some = part(frame.head(first), f"The first {first} of {len(known):,}: {caption}")
        every = part(frame, caption, sort=sort, search=search)
        tabs = {f"First {first}": some, f"All {len(known):,}": every}
        return choose(tabs, next(iter(formats.values())).title)
    grouped = dict(groups or {})
    if unknown := sorted(set(grouped) - set(formats)):
        raise wrong(f"A group starts at a column of the table; {unknown[0]} is none.")
    drawn = Grid(formats, rows or next(iter(formats)), cards, grouped)
    marks = {"cards": cards, "blocks": bool(grouped), "sheet": sheet}
    css = "".join(f" {name}" for name, wanted in marks.items() if wanted)
    asked = f" data-search='{escape(search)}'" if search else ""
    cells = [form.cells(known, name) for name, form in formats.items()]
    keys = [[form.key(v) for v in known[name]] for name, form in formats.items()] if sort else []
    lines = body_rows(drawn, cells, keys)
    bodies = _grouped(lines, known, by, drawn) if by else _body(drawn, "".join(lines))
    html = (
        f"<div class='show show-table{css} table' role='region' tabindex='0'{asked} "
        f"aria-label='{escape(caption)}'><table{drawn.role('table')}{' data-sort' if sort else ''}>"
        f"<caption>{escape(caption)}</caption>{head_cells(drawn, known)}{bodies}</table></div>"
    )
    small = f"<p class='show show-small'>{escape(note)}</p>" if note else ""
    return Shown(html + small, _plain(caption, known, formats))


def _body(drawn: Grid, inside: str) -> str:
    return f"<tbody{drawn.role('rowgroup')}>{inside}</tbody>"


def _grouped(lines: list[str], known: Rows, by: str, drawn: Grid) -> str:
    """The rows in bodies of their own, each under the value that its rows share."""
    places, bodies = iter(lines), []
    for title, members in groupby(known[by], key=str):
        lines_of_group = "".join(next(places) for _ in members)
        bodies.append(_body(drawn, group_row(drawn, title) + lines_of_group))
    return "".join(bodies)


def _plain(caption: str, known: Rows, formats: dict[str, Format]) -> str:
    """The table as text: its caption and the words of its first rows."""
    first = known.first(5)
    words = [form.words(first, name) for name, form in formats.items()]
    shown = [" | ".join(row) for row in zip(*words, strict=True)]
    return "\n".join([f"Table: {caption} ({len(known)} rows)", *shown])
