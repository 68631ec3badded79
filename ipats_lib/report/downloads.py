"""Files that a page offers beside what it shows, safe to open in a spreadsheet."""

import os
from html import escape
from pathlib import Path

import pandas as pd

from ipats_lib.report.display import Html

# Where the publisher collects them; not set in JupyterLab, where there is nothing to download.
DOWNLOADS_FOLDER = "IPATS_DOWNLOADS"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv(frame: pd.DataFrame) -> bytes:
    """The frame as CSV (UTF-8, LF), dates as YYYY-MM-DD.

    A text that a spreadsheet would take for a formula is led by an apostrophe (ASVS 1.2.10).
    """
    safe = frame.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column].dtype):
            safe[column] = [_safe(value) for value in safe[column]]
    safe.columns = [_safe(name) for name in safe.columns]
    return str(safe.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")).encode()


def _safe(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def offer(name: str, data: bytes, what: str) -> Html:
    """A link to a file beside the page, which the publisher finds under this name."""
    folder = os.environ.get(DOWNLOADS_FOLDER)
    if folder:
        Path(folder, name).write_bytes(data)
    html = f"<p class='download'><a href='{escape(name)}' download>{escape(name)}</a>: "
    return Html(f"{html}{escape(what)}</p>", f"{name}: {what}")
