"""The data dictionary, made from the schemas: as HTML and as help in Jupyter.

docs/generate.py writes it as Markdown.
"""

from collections.abc import Iterable
from html import escape

from ipats_lib.frames.schema import Column, Schema

_KINDS = {
    "text": "words",
    "code": "short word or number",
    "customer": "customer's id",
    "count": "whole number",
    "share": "share",
    "percent": "percent",
    "points": "difference",
    "dollars": "dollars",
    "figure": "share or dollars",
    "number": "number",
    "change": "difference",
    "date": "date",
    "month": "month",
    "flag": "yes or no",
    "status": "status",
}
HEAD = ("Column", "Kind", "Meaning", "Unit", "Source", "May be missing")
INTRODUCTION = (
    "What a notebook can read: `report = open_report(snapshot, scope, period)`, then each frame as "
    "an attribute, such as `report.figures`. A notebook names the frames that it reads under "
    "`data` in its metadata."
)


def sentences(schema: Schema) -> list[str]:
    """What a frame holds, how a row is named, and what of it is withheld."""
    key = ", ".join(f"`{name}`" for name in schema.key)
    said = [f"{schema.title}. {schema.row}", f"A row is named by {key}."]
    return [*said, f"Protected: {schema.protected}"] if schema.protected else said


def cells(column: Column) -> tuple[str, ...]:
    """A column's row of the dictionary, under `HEAD`."""
    missing = "yes" if column.missing else ""
    kind = _KINDS[column.kind]
    return f"`{column.name}`", kind, column.meaning, column.unit, column.source, missing


def html(schemas: Iterable[Schema]) -> str:
    """The dictionary as a section of a page: each frame folded, a table in a box that scrolls."""
    frames = "\n".join(map(_html_frame, schemas))
    return (
        f"<h2 id='Data-dictionary'>Data dictionary</h2>\n<p>{_marked(INTRODUCTION)}</p>\n{frames}"
    )


def _html_frame(schema: Schema) -> str:
    said = "".join(f"<p>{_marked(sentence)}</p>" for sentence in sentences(schema))
    title, rows = f"Columns of {schema.name}", map(cells, schema.columns)
    summary = f"`{schema.name}`: {schema.title}"
    return folded(f"frame-{schema.name}", summary, said + html_table(title, HEAD, rows))


def folded(name: str, summary: str, content: str) -> str:
    """A fold of a page of help, with an id; `content` is HTML."""
    return f"<details id='{escape(name)}'><summary>{_marked(summary)}</summary>{content}</details>"


def html_table(title: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of help in a box that scrolls; the first cell of a row names it."""
    heads = "".join(f"<th scope='col'>{escape(one)}</th>" for one in head)
    title, lines = escape(title), "".join(map(_html_row, rows))
    return (
        f"<div class='table' role='region' tabindex='0' aria-label='{title}'><table>"
        f"<caption>{title}</caption><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
        "</div>"
    )


def _html_row(row: Iterable[str]) -> str:
    name, *others = map(_marked, row)
    return f"<tr><th scope='row'>{name}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>"


def _marked(text: str) -> str:
    """Text as HTML, with text between backquotes as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))


def described(schema: Schema) -> str:
    """One frame in plain text, as `report.figures?` shows it."""
    said = "\n".join(sentence.replace("`", "") for sentence in sentences(schema))
    width = max(len(column.name) for column in schema.columns)
    lines = [_line(column, width) for column in schema.columns]
    return f"{said}\n\n" + "\n".join(lines)


def _line(column: Column, width: int) -> str:
    facts = [part for part in (_KINDS[column.kind], column.unit, column.source) if part]
    return f"{column.name:<{width}}  {column.meaning.replace('`', '')} ({'; '.join(facts)})"
