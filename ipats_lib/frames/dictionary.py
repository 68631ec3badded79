"""The data dictionary, made from the schemas: as Markdown, as HTML and as help in Jupyter."""

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
    "date": "date",
    "flag": "yes or no",
    "status": "status",
}
_HEAD = ("Column", "Kind", "Meaning", "Unit", "Source", "May be missing")
_INTRODUCTION = (
    "What a notebook can read: `report = open_report(snapshot, scope, period)`, then each frame as "
    "an attribute, such as `report.figures`. A notebook names the frames that it reads under "
    "`data` in its metadata."
)


def markdown(schemas: Iterable[Schema]) -> str:
    """The whole dictionary as `docs/data-dictionary.md` has it, one table a frame."""
    known = list(schemas)
    listed = [f"- [`{one.name}`](#{one.name}): {one.title}" for one in known]
    parts = ["# Data dictionary", _INTRODUCTION, "\n".join(listed), *map(_section, known)]
    return "\n\n".join(parts) + "\n"


def _section(schema: Schema) -> str:
    head = [f"| {' | '.join(_HEAD)} |", "|---" * len(_HEAD) + "|"]
    lines = [f"| {' | '.join(map(_plain, _cells(column)))} |" for column in schema.columns]
    return "\n\n".join([f"## {schema.name}", *_sentences(schema), "\n".join([*head, *lines])])


def _sentences(schema: Schema) -> list[str]:
    key = ", ".join(f"`{name}`" for name in schema.key)
    said = [f"{schema.title}. {schema.row}", f"A row is named by {key}."]
    return [*said, f"Protected: {schema.protected}"] if schema.protected else said


def _cells(column: Column) -> tuple[str, ...]:
    missing = "yes" if column.missing else ""
    kind = _KINDS[column.kind]
    return f"`{column.name}`", kind, column.meaning, column.unit, column.source, missing


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


def html(schemas: Iterable[Schema]) -> str:
    """The dictionary as a section of a page: each frame folded, a table in a box that scrolls."""
    frames = "\n".join(map(_html_frame, schemas))
    return (
        f"<h2 id='Data-dictionary'>Data dictionary</h2>\n<p>{_marked(_INTRODUCTION)}</p>\n{frames}"
    )


def _html_frame(schema: Schema) -> str:
    said = "".join(f"<p>{_marked(sentence)}</p>" for sentence in _sentences(schema))
    head = "".join(f"<th scope='col'>{title}</th>" for title in _HEAD)
    rows = "".join(map(_html_row, schema.columns))
    name, title = escape(schema.name), escape(f"Columns of {schema.name}")
    return (
        f"<details id='frame-{name}'><summary><code>{name}</code>: {escape(schema.title)}</summary>"
        f"{said}<div class='table' role='region' tabindex='0' aria-label='{title}'><table>"
        f"<caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        "</div></details>"
    )


def _html_row(column: Column) -> str:
    name, *others = map(_marked, _cells(column))
    return f"<tr><th scope='row'>{name}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>"


def _marked(text: str) -> str:
    """Text as HTML, with text between backquotes as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))


def described(schema: Schema) -> str:
    """One frame in plain text, as `report.figures?` shows it."""
    said = "\n".join(sentence.replace("`", "") for sentence in _sentences(schema))
    width = max(len(column.name) for column in schema.columns)
    lines = [_line(column, width) for column in schema.columns]
    return f"{said}\n\n" + "\n".join(lines)


def _line(column: Column, width: int) -> str:
    facts = [part for part in (_KINDS[column.kind], column.unit, column.source) if part]
    return f"{column.name:<{width}}  {column.meaning.replace('`', '')} ({'; '.join(facts)})"
