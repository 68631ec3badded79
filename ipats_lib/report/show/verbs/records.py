"""Long lists: the first rows on the page, all of them in shards beside it (decision 0018)."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

import pandas as pd

from ipats_lib.report.show.files import csv, save
from ipats_lib.report.show.formats import Columns, Format, Rows, Written, formats_of, heading
from ipats_lib.report.show.html import Shown, escape, wrong
from ipats_lib.report.show.numbers import written
from ipats_lib.report.show.rows import Grid, body_rows, group_row, head_cells
from ipats_lib.report.show.statuses import plainly

SHARD_BYTES = 200_000
INLINE_BYTES = 260_000  # of details on a page, whose HTML has at most 300 kB
MOST_CHIPS = 12
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_ID = re.compile(r"[a-z][a-z0-9]*")


def records(
    frame: pd.DataFrame,
    name: str,
    columns: Columns = None,
    *,
    caption: str,
    page: int = 25,
    filters: Sequence[str] = (),
    by: str = "",
    sort: str = "",
    noun: str = "rows",
    empty: str = "There is nobody to list.",
    file: pd.DataFrame | None = None,
    details: Mapping[str, tuple[pd.DataFrame, Columns]] | None = None,
    at: str = "",
    inline: bool = False,
) -> Shown:
    """A list with a search box, filters, headings that sort, and paging.

    name: of the files beside the page, `<name>.csv` and the shards; the notebook's metadata list
    it under `records`. columns: as in `show.table`; the first names the rows. filters: columns
    whose values are offered as buttons, each at most twelve values. sort: the column that orders
    the list, with a minus for descending; otherwise the frame's own order. noun: what the rows
    are, in the plural. file: what the CSV holds, in place of the columns shown and filtered by. by:
    one of the filters, whose values head groups of rows that follow each other. details: tables of
    what belongs to each row, by title, as frame and columns; a reader opens them at `#` and the
    row's id. at: the column of these ids, which the frame and each table have. inline: whether
    the details are on the page, readable without JavaScript: those of the first rows, as far as
    they fit. The others are in shards.
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
    if by and by not in named:
        raise wrong(f"Rows are grouped by one of the filters; {by} is none.")
    title = next(iter(formats))
    sections = sections_of(known, Details(details, at, title, name)) if details else {}
    drawn = Grid(formats, title, cards=True)
    cells = [form.cells(known, column) for column, form in formats.items()]
    heads = {column: form.title for column, form in formats.items()}
    chips = [
        {"title": heads.get(column) or heading(column), "values": values}
        for column, (values, _) in named.items()
    ]
    here, beyond = _parted(sections, INLINE_BYTES if inline else 0)
    shards = 0
    if len(known) > page or beyond:
        places = [places for _, places in named.values()]
        shards = _write_shards(name, known, formats, cells, places)
    below = "".join(here.values()) + _beside(name, shards, beyond)
    grouped = f" data-by='{list(named).index(by)}'" if by else ""
    size = min(page, len(known))
    rows = body_rows(drawn, [column[:size] for column in cells])
    body = "".join(
        (group_row(drawn, str(word), f": {_size(named[by], word):,}") if by else "")
        + "".join(rows[place] for place in places)
        for word, places in _groups(named.get(by), size)
    )
    first = f"1 to {size:,} of {len(known):,} {noun}"
    html = (
        f"<div class='show show-records' id='{name}' data-name='{name}' data-rows='{len(known)}' "
        f"data-page='{page}' data-noun='{escape(noun)}'{grouped} "
        f"data-filters='{escape(_json(chips).decode())}'>"
        f"<p class='count' role='status'>{escape(first)}</p>"
        f"<div class='show-table cards table' role='region' tabindex='0' "
        f"aria-label='{escape(caption)}'>"
        f"<table role='table'><caption>{escape(caption)}</caption>{head_cells(drawn, known, sort)}"
        f"<tbody role='rowgroup'>{body}</tbody></table></div>"
        f"<p class='show-file'>All {len(known):,} {escape(noun)}: "
        f"<a href='{name}.csv' download>CSV</a></p>{below}</div>"
    )
    return Shown(html, f"{caption}: {first}")


def _groups(
    found: tuple[list[list[Any]], list[int]] | None, size: int
) -> list[tuple[object, list[int]]]:
    """The first rows in groups of the same word; one group without any."""
    if found is None:
        return [("", list(range(size)))]
    words, places = found
    return [
        (words[place][0], list(rows))
        for place, rows in groupby(range(size), key=lambda row: places[row])
    ]


def _size(found: tuple[list[list[Any]], list[int]], word: object) -> int:
    return next(int(n) for name, n in found[0] if name == word)


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
) -> int:
    """Writes the index and the shards; gives how many these are.

    A cell is its HTML, or [HTML, what it sorts by] where these differ. places: of each filter, each
    row's value as a place in the filter's list; a row holds them behind its cells.
    """
    columns: list[Sequence[object]] = [
        _pairs(form, known[column], shown)
        for (column, form), shown in zip(formats.items(), cells, strict=True)
    ]
    shards: list[dict[str, object]] = []
    for rows in _cut([_json(row) for row in zip(*columns, *places, strict=True)]):
        file = f"{name}-{len(shards):02}.json"
        save(file, b'{"rows":[%s]}' % b",".join(rows))
        shards.append({"file": file, "rows": len(rows)})
    about = [
        {"name": column, "title": form.title, "kind": _kind(form)}
        for column, form in formats.items()
    ]
    save(f"{name}.json", _json({"columns": about, "rows": len(known), "shards": shards}))
    return len(shards)


def _parted(sections: Mapping[str, str], most: int) -> tuple[dict[str, str], dict[str, str]]:
    """The first sections, of at most so many bytes in all, and the others."""
    sizes = accumulate(len(html.encode()) for html in sections.values())
    fitting = sum(size <= most for size in sizes)
    pairs = list(sections.items())
    return dict(pairs[:fitting]), dict(pairs[fitting:])


def _beside(name: str, first: int, sections: Mapping[str, str]) -> str:
    """The details as shards, `{"details": {id: HTML}}`, numbered from `first` on; gives what says
    on the page which ids are in which."""
    if not sections:
        return ""
    ids, found = iter(sections), []
    pairs = [_json(key) + b":" + _json(html) for key, html in sections.items()]
    for number, part in enumerate(_cut(pairs), start=first):
        file = f"{name}-{number:02}.json"
        save(file, b'{"details":{%s}}' % b",".join(part))
        places = " ".join(next(ids) for _ in part)
        found.append(f"<div data-shard='{file}' data-places='{places}'></div>")
    return "".join(found)


def _kind(form: Format) -> str:
    return form.kind if isinstance(form, Written) else type(form).__name__.lower()


def _pairs(form: Format, values: Sequence[Any], shown: Sequence[str]) -> list[object]:
    return [
        # Most cells are texts that sort as they are shown.
        cell
        if (type(value) is str and value == cell) or (key := form.key(value)) == cell
        else [cell, key]
        for value, cell in zip(values, shown, strict=True)
    ]


def _values(known: Rows, column: str) -> tuple[list[list[Any]], list[int]]:
    """The values of a filter in words, each with its count: in the order of an ordered column, else
    the most frequent first; and the place in that list of each row's value."""
    words = [
        v if type(v) is str else written("flag" if isinstance(v, bool) else "text", v)
        for v in known[column]
    ]
    counted: dict[str, int] = {}
    for word in words:
        counted[word] = counted.get(word, 0) + 1
    if len(counted) > MOST_CHIPS:
        raise wrong(f"Column {column} has too many values to filter by; the search box finds them.")
    dtype = known.dtype(column)
    if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered:
        order = [word for word in map(str, dtype.categories) if word in counted]
    else:
        order = sorted(counted, key=lambda word: (-counted[word], word))
    places = {word: place for place, word in enumerate(order)}
    return [[word, counted[word]] for word in order], [places[word] for word in words]


def _cut(texts: Sequence[bytes]) -> list[list[bytes]]:
    """Pieces of JSON in shards of at most `SHARD_BYTES`."""
    shards: list[list[bytes]] = [[]]
    size = 0
    for text in texts:
        if shards[-1] and size + len(text) + 16 > SHARD_BYTES:
            shards.append([])
            size = 0
        shards[-1].append(text)
        size += len(text) + 1
    return shards


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _json(value: object) -> bytes:
    return _ENCODER.encode(value).encode()


@dataclass(frozen=True, eq=False)
class Details:
    """What belongs to each row: tables that a reader opens by the row's id.

    tables: frame and columns by title; at: the column of ids that each frame has; name: the list's
    column that heads each; back: the id of the list.
    """

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
