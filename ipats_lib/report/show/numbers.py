"""A value in words, by the kind of its column: the one place where pages format numbers."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from ipats_lib.periods import written_day
from ipats_lib.rounding import percent_of_level, rounded

MISSING = "\N{EN DASH}"
# `disclosure.WITHHELD`, without its imports: a page that shows figures does not withhold them.
WITHHELD = "*"


def is_missing(value: object) -> bool:
    """`pd.isna` of a single value, without what it does for arrays: a page writes thousands."""
    if isinstance(value, float):
        return isnan(value)
    return value is None or value is pd.NA or value is pd.NaT


def numbers_of(values: Sequence[Any]) -> list[float | None]:
    """Each value as a number; None for missing and withheld ones."""
    return [None if is_missing(v) or isinstance(v, str) else float(v) for v in values]


def listed(values: pd.Series) -> list[Any]:
    """A column as a list: pandas would take its strings out one by one."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "M":
        # Each day is made once: a long column has the same ones all the way down.
        places, days = pd.factorize(values)
        known = [*days.tolist(), pd.NaT]
        return [known[place] for place in places.tolist()]
    texts = isinstance(values.dtype, pd.StringDtype)
    return values.to_numpy(dtype="object").tolist() if texts else values.tolist()


def _count(value: float) -> str:
    return f"{rounded(value, 0):,}"


def _number(value: float) -> str:
    return _count(value) if float(value).is_integer() else f"{rounded(value, 1):,}"


def _change(value: float) -> str:
    shown = _number(float(rounded(value, 1)))
    return f"+{shown}" if shown[0] != "-" and shown != "0" else shown


def _share(value: float) -> str:
    return f"{rounded(float(value) * 100, 1):,}%"


def _dollars(value: float) -> str:
    shown = rounded(value, 0)
    return f"-${-shown:,}" if shown < 0 else f"${shown:,}"


def _points(value: float) -> str:
    shown = rounded(float(value) * 100, 1)
    return f"{shown:+,} points" if shown else "0.0 points"


def _dollar_points(value: float) -> str:
    shown = _dollars(value)
    return f"+{shown}" if rounded(value, 0) > 0 else shown


def _date(value: object) -> str:
    return written_day(value) if isinstance(value, date) else str(value)  # a Timestamp is a date


@lru_cache(maxsize=4096)
def iso_day(value: date) -> str:
    """A day as YYYY-MM-DD."""
    return value.strftime("%Y-%m-%d")


_NUMBERS: dict[str, Callable[[float], str]] = {
    "count": _count,
    "number": _number,
    "change": _change,
    "share": _share,
    "figure": _share,
    "percent": percent_of_level,
    "dollars": _dollars,
    "points": _points,
}
_IN_DOLLARS: dict[str, Callable[[float], str]] = {"figure": _dollars, "points": _dollar_points}


def written(kind: str, value: object, measure: str = "") -> str:
    """The value as a page writes it, not escaped.

    kind: of `frames.schema`. measure: of the row; ME makes a figure or points dollars. Withheld
    values stay `*`, missing ones are an en dash.
    """
    if is_missing(value):
        return MISSING
    if isinstance(value, str):
        return value
    if kind == "flag":
        return "yes" if value else "no"
    if kind in ("date", "month"):
        return _date(value) if kind == "date" else f"{value:%B %Y}"
    write = (_IN_DOLLARS if measure == "ME" else {}).get(kind) or _NUMBERS.get(kind)
    if write is None:
        return _date(value) if isinstance(value, date) else str(value)
    return write(value)  # type: ignore[arg-type]


def all_written(kind: str, values: Iterable[object], measures: Iterable[str]) -> list[str]:
    """`written` of each value with its measure; texts and whole counts, of which long lists are
    full, at once."""
    whole, pairs = kind in ("count", "number"), zip(values, measures, strict=True)
    return [
        v if type(v) is str else f"{v:,}" if whole and type(v) is int else written(kind, v, measure)
        for v, measure in pairs
    ]


def sort_key(value: Any) -> Any:
    """A value that JSON holds and a browser orders: numbers, ISO dates, text; None for none."""
    if isinstance(value, str):
        return None if value == WITHHELD else value
    if is_missing(value):
        return None
    if isinstance(value, date):
        return iso_day(value)
    if isinstance(value, bool):
        return int(value)
    number = float(value)
    return int(number) if number.is_integer() else round(number, 6)
