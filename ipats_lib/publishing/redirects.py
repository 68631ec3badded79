"""Moved pages: what stays at the old address for two publications (`params/redirects.csv`)."""

import re
from collections.abc import Collection

from ipats_lib.params import read_each
from ipats_lib.periods import Period

FILE = "redirects.csv"
_PAGE = re.compile(r"(?:[a-z0-9_-]+/)?[a-z0-9_-]+\.html")
_PLACE = re.compile(r"(?:#[A-Za-z][\w.-]*)?")


def redirects(period: Period, pages: Collection[str]) -> dict[str, str]:
    """New place by old page, both inside a scope's folder, as a publication of `period` needs them.

    pages: of the scope. An old page that the scope still has is no redirect, nor is one whose new
    page it lacks. ParamsError names a line that is no redirect.
    """
    rows = read_each(FILE, ("old", "new", "since"), _row)
    return {
        old: new
        for old, new, since in rows
        if period in _two_from(since) and old not in pages and new.partition("#")[0] in pages
    }


def _row(row: dict[str, str]) -> tuple[str, str, Period]:
    page, mark, place = row["new"].partition("#")
    if not (
        _PAGE.fullmatch(row["old"]) and _PAGE.fullmatch(page) and _PLACE.fullmatch(mark + place)
    ):
        raise ValueError("old and new are pages such as performance/summary.html")
    return row["old"], row["new"], Period.parse(row["since"])


def _two_from(first: Period) -> tuple[Period, Period]:
    """A period and the next one of its kind."""
    year, quarter = divmod(first.quarter, 4)
    if not first.quarter:
        return first, Period(first.py + 1)
    return first, Period(first.py + year, quarter + 1)
