"""The dashboards of a scope as their notebooks make them: pages, tables and files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag

from ipats_lib.publishing.catalogue import read_catalogue
from ipats_lib.report.show.files import DOWNLOADS_FOLDER
from tests.notebooks.pages import NOTEBOOKS, pages
from tests.published import lines, number, rows
from tests.raw import Opened

NAMES = ("caseload", "area", "state")
TITLE_I = ("903", "904", "905")


@dataclass(frozen=True, eq=False)
class Made:
    """What the notebooks of one scope show (`pages`: by notebook and page) and offer (folder)."""

    report: Opened
    pages: dict[str, BeautifulSoup]
    folder: Path

    def tables(self) -> Iterator[tuple[str, Tag]]:
        """The page and the table of every table."""
        for name, page in self.pages.items():
            for table in page.find_all("table"):
                yield name, table

    def table(self, caption: str) -> list[dict[str, str]]:
        """The lines of the table whose caption begins so."""
        found = [t for _, t in self.tables() if t.caption.get_text().startswith(caption)]
        assert len(found) == 1, (caption, [t.caption.get_text() for _, t in self.tables()])
        return lines(found[0])

    def table_of(self, page: str, caption: str) -> list[dict[str, str]]:
        """The lines of a page's table of this caption."""
        (found,) = (
            t for name, t in self.tables() if (name, t.caption.get_text()) == (page, caption)
        )
        return lines(found)

    def counts(self, caption: str, key: str, n: str) -> dict[str, int]:
        return {line[key]: number(line[n]) for line in self.table(caption)}

    def finding(self, page: str) -> str:
        return self.pages[page].select_one(".show-finding").get_text(" ", strip=True)

    def file(self, name: str) -> list[dict[str, str]]:
        return rows(self.folder / name)

    def raw(self) -> pd.DataFrame:
        """The scope's records of Title I, from the raw codes."""
        rows = self.report.raw.rows
        return rows[rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1)]

    def active(self) -> pd.DataFrame:
        mine, today = self.raw(), pd.Timestamp(self.report.as_of)
        return mine[(mine["900"] <= today) & mine["901"].isna()]


def made(report: Opened, folder: Path) -> Made:
    """Run the notebooks of a scope. A page that the scope does not have is left out."""
    known = {n.name: n for n in read_catalogue(NOTEBOOKS) if n.name in NAMES}
    found: dict[str, BeautifulSoup] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DOWNLOADS_FOLDER, str(folder))
        patch.setenv("IPATS_CHARTS", "live")
        for name in NAMES:
            if report.scope.kind not in known[name].scopes:
                continue
            shown = pages(f"dashboards/{name}", report, patch)
            there = {part.name for part in known[name].parts if report.scope.kind in part.scopes}
            found |= {f"{name}-{page}": body for page, body in shown.items() if page in there}
    return Made(report, found, folder)
