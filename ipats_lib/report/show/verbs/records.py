"""Long lists: the first rows on the page, all of them in shards beside it (decision 0018)."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from ipats_lib.report.show.files import csv, save
from ipats_lib.report.show.formats import Columns, Format, Rows, Written, formats_of, heading
from ipats_lib.report.show.html import Shown, escape, wrong
from ipats_lib.report.show.numbers import written
from ipats_lib.report.show.rows import Grid, body_row, head_cells

SHARD_BYTES = 200_000
MOST_CHIPS = 12
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def records(
    frame: pd.DataFrame,
    name: str,
    columns: Columns = None,
    *,
    caption: str,
    page: int = 25,
    filters: Sequence[str] = (),
    sort: str = "",
    noun: str = "rows",
    empty: str = "There is nobody to list.",
    file: pd.DataFrame | None = None,
) -> Shown:
    """A list with a search box, filters, headings that sort, and paging.

    name: of the files beside the page, `<name>.csv` and the shards; the notebook's metadata list
    it under `records`. columns: as in `show.table`; the first names the rows. filters: columns
    whose values are offered as buttons, each at most twelve values. sort: the column that orders
    the list, with a minus for descending; otherwise the frame's own order. noun: what the rows
    are, in the plural. file: what the CSV holds, in place of the columns shown and filtered by.
    """
    if not _NAME.fullmatch(name):
        raise wrong("A list's name is like roster-erq2: lower case, digits and hyphens.")
    ordered = _ordered(frame, sort)
    known = Rows(ordered)
    formats = formats_of(known, columns)
    named = {column: _values(known, column) for column in filters}
    shown = ordered[list(dict.fromkeys([*formats, *filters]))] if file is None else file
    save(f"{name}.csv", csv(shown))
    if not len(known):
        said = f"{caption}: {empty}"
        return Shown(f"<p class='show show-empty'>{escape(said)}</p>", said)
    drawn = Grid(formats, next(iter(formats)), cards=True)
    cells = [form.cells(known, column) for column, form in formats.items()]
    rows = list(zip(*cells, strict=True))
    chips = [{"title": heading(column), "values": values} for column, (values, _) in named.items()]
    if len(rows) > page:
        places = [places for _, places in named.values()]
        _write_shards(name, known, formats, cells, places)
    body = "".join(body_row(drawn, row) for row in rows[:page])
    first = f"1 to {min(page, len(rows)):,} of {len(rows):,} {noun}"
    html = (
        f"<div class='show show-records' data-name='{name}' data-rows='{len(rows)}' "
        f"data-page='{page}' data-noun='{escape(noun)}' "
        f"data-filters='{escape(_json(chips).decode())}'>"
        f"<p class='count' role='status'>{escape(first)}</p>"
        f"<div class='show-table cards table' role='region' tabindex='0' "
        f"aria-label='{escape(caption)}'>"
        f"<table role='table'><caption>{escape(caption)}</caption>{head_cells(drawn, known, sort)}"
        f"<tbody role='rowgroup'>{body}</tbody></table></div>"
        f"<p class='show-file'>All {len(rows):,} {escape(noun)}: "
        f"<a href='{name}.csv' download>CSV</a></p></div>"
    )
    return Shown(html, f"{caption}: {first}")


def _ordered(frame: pd.DataFrame, sort: str) -> pd.DataFrame:
    column = sort.removeprefix("-")
    if not sort:
        return frame
    if column not in frame.columns:
        raise wrong(f"The frame has no column {column} to sort by.")
    return frame.sort_values(column, ascending=not sort.startswith("-"), kind="stable")


def _write_shards(
    name: str,
    known: Rows,
    formats: dict[str, Format],
    cells: Sequence[Sequence[str]],
    places: Sequence[Sequence[int]],
) -> None:
    """The index and the shards. A cell is its HTML, or [HTML, what it sorts by] where these
    differ. places: of each filter, each row's value as a place in the filter's list; a row holds
    them behind its cells."""
    columns: list[Sequence[object]] = [
        _pairs(form, known[column], shown)
        for (column, form), shown in zip(formats.items(), cells, strict=True)
    ]
    shards = []
    for number, rows in enumerate(_cut(list(zip(*columns, *places, strict=True)))):
        file = f"{name}-{number:02}.json"
        save(file, b'{"rows":[%s]}' % b",".join(rows))
        shards.append({"file": file, "rows": len(rows)})
    about = [_about(column, form) for column, form in formats.items()]
    save(f"{name}.json", _json({"columns": about, "rows": len(known), "shards": shards}))


def _about(column: str, form: Format) -> dict[str, str]:
    return {"name": column, "title": form.title, "kind": _kind(form)}


def _kind(form: Format) -> str:
    return form.kind if isinstance(form, Written) else type(form).__name__.lower()


def _pairs(form: Format, values: Sequence[Any], shown: Sequence[str]) -> list[object]:
    keys = [form.key(value) for value in values]
    return [cell if key == cell else [cell, key] for key, cell in zip(keys, shown, strict=True)]


def _values(known: Rows, column: str) -> tuple[list[list[Any]], list[int]]:
    """The values of a filter in words, each with its count, the most frequent first; and the
    place in that list of each row's value."""
    words = [written("flag" if isinstance(v, bool) else "text", v) for v in known[column]]
    counted: dict[str, int] = {}
    for word in words:
        counted[word] = counted.get(word, 0) + 1
    if len(counted) > MOST_CHIPS:
        raise wrong(f"Column {column} has too many values to filter by; the search box finds them.")
    order = sorted(counted, key=lambda word: (-counted[word], word))
    places = {word: place for place, word in enumerate(order)}
    return [[word, counted[word]] for word in order], [places[word] for word in words]


def _cut(rows: Sequence[Sequence[object]]) -> list[list[bytes]]:
    """The rows as JSON, in shards of at most `SHARD_BYTES`."""
    shards: list[list[bytes]] = [[]]
    size = 0
    for row in rows:
        text = _json(row)
        if shards[-1] and size + len(text) + 13 > SHARD_BYTES:
            shards.append([])
            size = 0
        shards[-1].append(text)
        size += len(text) + 1
    return shards


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
