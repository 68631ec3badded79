"""Files that a page of the older reports offers beside what it shows."""

from collections.abc import Mapping
from html import escape

import pandas as pd

from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.show.files import DOWNLOADS_FOLDER, csv, save, workbook

__all__ = ["DOWNLOADS_FOLDER", "again", "book", "csv", "offer", "workbook"]


def book(report: Report, name: str, sheets: Mapping[str, pd.DataFrame]) -> bytes:
    """A workbook of a report's tables, whose cover says what it is, of whom and as of when."""
    about = report.data.about
    facts = {"Report": name, "Area": about.title, "Data as of": about.as_of}
    return workbook(sheets, facts, as_of(about))


def offer(name: str, data: bytes, what: str) -> Html:
    """A link to a file beside the page, which the publisher finds under this name."""
    save(name, data)
    return again(name, what)


def again(name: str, what: str) -> Html:
    """A link to a file that another page of the same family offers."""
    html = f"<p class='download'><a href='{escape(name)}' download>{escape(name)}</a>: "
    return Html(f"{html}{escape(what)}</p>", f"{name}: {what}")
