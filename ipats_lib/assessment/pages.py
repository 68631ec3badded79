"""The tables of an HTML page, each with the headings and the text before it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from ipats_lib.errors import UsageError

Row = tuple[str, ...]
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SILENT = ("template", "noscript", "title", "svg")
# What is no markup, and where it ends.
_OPENING = re.compile(r"<!--|<script\b|<style\b", re.IGNORECASE)
_ENDS = {
    "<!--": re.compile("-->"),
    "<script": re.compile(r"</script\b", re.IGNORECASE),
    "<style": re.compile(r"</style\b", re.IGNORECASE),
}
# No table of a published summary comes near them; a page that passes them is none.
LARGEST_SPAN, MOST_ROWS, MOST_COLUMNS = 200, 2_000, 50


@dataclass(frozen=True, slots=True)
class Table:
    """A table's cells as text, the header first; spanning cells are repeated.

    where: file and number, for messages; headings: the caption, then the headings before it, the
    nearest first; said: the text between the table before it and this one.
    """

    where: str
    headings: tuple[str, ...]
    said: str
    rows: Sequence[Row]


def tables_of(text: str, file: str) -> list[Table]:
    """Every table of a page that has a row, in order.

    Works through the text once, without recursion. UsageError, in one sentence with file and
    table, for a table inside a table, an unclosed one, and spans or sizes that no summary has.
    """
    reader = _Reader(file)
    try:
        reader.feed(_markup(text))
        reader.close()
    except AssertionError:  # how the standard parser meets `<![` and no word that it knows
        raise UsageError(
            f"{file}: it holds `<![`, which is no HTML; save the page again."
        ) from None
    if reader.open:
        raise UsageError(f"{reader.where}: it does not end; is the file whole?")
    return reader.tables


def _markup(text: str) -> str:
    """The text without comments, scripts and styles, up to its last tag.

    The standard parser's time for comments and tags that do not end grows with their square.
    """
    kept, at = [], 0
    while found := _OPENING.search(text, at):
        kept.append(text[at : found.start()])
        end = _ENDS[found[0].lower()].search(text, found.end())
        at = end.end() if end else len(text)
    kept.append(text[at:])
    markup = "".join(kept)
    return markup[: markup.rfind(">") + 1]


@dataclass(slots=True)
class _Cell:
    rows: int
    columns: int
    text: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects cells, headings and texts; unclosed rows and cells end where the next begin."""

    def __init__(self, file: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Table] = []
        self.open = False
        self._file, self._count = file, 0
        self._headings: list[tuple[int, str]] = []
        self._said: list[str] = []
        self._caption: list[str] = []
        self._rows: list[list[_Cell]] = []
        self._silent = 0
        self._into: list[str] | None = self._said

    @property
    def where(self) -> str:
        """The table that is being read, for messages."""
        return f"{self._file}: table {self._count}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._begin()
        elif self.open:
            self._inside(tag, dict(attrs))
        elif tag in _HEADINGS:
            self._into = []
        elif self._into is not None:
            self._into.append(" ")

    def _begin(self) -> None:
        if self.open:
            raise UsageError(f"{self.where}: it holds another table; expected text and numbers.")
        self.open, self._rows, self._caption, self._into = True, [], [], None
        self._count += 1

    def _inside(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "caption":
            self._into = self._caption
        elif tag == "tr":
            self._rows.append([])
            self._into = None
            if len(self._rows) > MOST_ROWS:
                raise UsageError(f"{self.where}: it has more than {MOST_ROWS} rows; is it a model?")
        elif tag in ("td", "th"):
            if not self._rows:
                self._rows.append([])
            cell = _Cell(self._span(attributes, "rowspan"), self._span(attributes, "colspan"))
            self._rows[-1].append(cell)
            self._into = cell.text
        elif self._into is not None:
            self._into.append(" ")

    def _span(self, attributes: dict[str, str | None], name: str) -> int:
        text = attributes.get(name) or "1"
        if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LARGEST_SPAN:
            raise UsageError(
                f"{self.where}: a cell has a {name} that is no number from 1 to {LARGEST_SPAN}."
            )
        return int(text)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "table" and self.open:
            self._end()
        elif self.open and tag in ("td", "th", "tr", "caption"):
            self._into = None
        elif not self.open and tag in _HEADINGS:
            self._heading(int(tag[1]))

    def _heading(self, level: int) -> None:
        if self._into is None or self._into is self._said:
            return
        above = [known for known in self._headings if known[0] < level]
        self._headings = [*above, (level, "".join(self._into))]
        self._into = self._said

    def _end(self) -> None:
        rows = self._filled()
        headings = ("".join(self._caption), *(text for _, text in reversed(self._headings)))
        if rows:
            found = Table(self.where, tuple(filter(None, headings)), "".join(self._said), rows)
            self.tables.append(found)
        self.open, self._said = False, []
        self._into = self._said

    def _filled(self) -> list[Row]:
        """The rows as texts, a cell repeated in each row and column that it spans."""
        found: list[Row] = []
        below: dict[int, tuple[int, str]] = {}
        for cells in self._rows:
            row: dict[int, str] = {place: text for place, (_, text) in below.items()}
            below = {place: (n - 1, text) for place, (n, text) in below.items() if n > 1}
            place = 0
            for cell in cells:
                text = "".join(cell.text)
                for _ in range(cell.columns):
                    while place in row:
                        place += 1
                    row[place] = text
                    if cell.rows > 1:
                        below[place] = (cell.rows - 1, text)
            if len(row) > MOST_COLUMNS:
                raise UsageError(f"{self.where}: a row has more than {MOST_COLUMNS} cells.")
            if row:
                found.append(tuple(row[place] for place in sorted(row)))
        return found

    def handle_data(self, data: str) -> None:
        if self._into is not None and not self._silent:
            self._into.append(data)
