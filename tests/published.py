"""What a published page and its files say, read as a reader's program would."""

import csv
import io
from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup, Tag


@cache
def page(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def headings(table: Tag) -> list[str]:
    return [cell.get_text() for cell in table.select("thead th")]


def lines(table: Tag) -> list[dict[str, str]]:
    names = headings(table)
    return [
        dict(zip(names, [c.get_text() for c in row.find_all(["th", "td"])], strict=True))
        for row in table.select("tbody tr:not(.grp)")
    ]


def cells(html: str, table: int = 0) -> list[list[str]]:
    """The body of one of the tables in a piece of a page."""
    body = BeautifulSoup(html, "html.parser").find_all("tbody")[table]
    return [[c.get_text() for c in row.find_all(["th", "td"])] for row in body.find_all("tr")]


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def number(text: str) -> int:
    return int(text.replace(",", ""))
