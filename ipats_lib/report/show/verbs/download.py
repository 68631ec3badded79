"""A table as files: CSV for programs, a workbook for people."""

import re
from collections.abc import Mapping
from datetime import date

import pandas as pd

from ipats_lib.report.show.files import csv, save, workbook
from ipats_lib.report.show.html import Shown, escape, wrong

_NAME = re.compile(r"([a-z0-9][a-z0-9-]*)(\.csv|\.xlsx)?")


def download(
    frame: pd.DataFrame,
    name: str,
    text: str,
    *,
    as_of: date = date(2000, 1, 1),
    sheets: Mapping[str, pd.DataFrame] | None = None,
    facts: Mapping[str, str] | None = None,
) -> Shown:
    """Links to the frame as files beside the page.

    name: `figures` for figures.csv and figures.xlsx, or with an ending for that one. The
    notebook's metadata list the files under `downloads`. text: what they hold. as_of: the
    workbook's creation date; it has no time of its own, so equal data give equal bytes. sheets:
    the workbook's tables by name, where they are not the frame. facts: the lines of its cover.
    """
    found = _NAME.fullmatch(name)
    if not found:
        raise wrong("A file's name is like figures.csv: lower case, digits and hyphens.")
    stem, only = found.groups()
    links = []
    for ending, label in ((".csv", "CSV"), (".xlsx", "Excel")):
        if only in (None, ending):
            file = f"{stem}{ending}"
            if ending == ".csv":
                save(file, csv(frame))
            else:
                cover = facts or {"Report": text, "Rows": f"{len(frame):,}"}
                save(file, workbook({stem[:31]: frame} if sheets is None else sheets, cover, as_of))
            links.append(f"<a href='{file}' download>{label}</a>")
    html = f"<p class='show show-file'>{escape(text)}: {', '.join(links)}</p>"
    return Shown(html, f"{text}: {name}")
