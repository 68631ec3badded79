"""Earlier extracts beside the present one: what a count was, and how it has changed since."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import pandas as pd

from ipats_lib.report import display
from ipats_lib.report.counted import NOTHING
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

# Days since an extract that is of a quarter or a year before, and what its columns are called.
QUARTER, YEAR = "Quarter before", "A year before"
_SPANS = {(80, 100): (QUARTER, "Change"), (355, 375): (YEAR, "Change in the year")}
UP, DOWN = "\N{NORTH EAST ARROW}", "\N{SOUTH EAST ARROW}"


@cache
def days(report: Report) -> tuple[str, ...]:
    """The as-of dates of the earlier extracts that the publication was given, oldest first."""
    return tuple(sorted(set(_backlog(report)["known_at"])))


def _backlog(report: Report) -> pd.DataFrame:
    return report.data.frames.get("backlog", NOTHING)


@cache
def _known(report: Report) -> dict[tuple[str, str, str, str], int]:
    frame = _backlog(report)
    keys = (frame[name].tolist() for name in ("known_at", "kind", "key", "part"))
    return dict(zip(zip(*keys, strict=True), frame["n"].tolist(), strict=True))


def count(report: Report, day: str, kind: str, key: str, part: str = "") -> int:
    """How many an earlier extract counted (`counted.counted`); what it does not name is none."""
    return _known(report).get((day, kind, key, part), 0)


@cache
def _values(report: Report) -> dict[tuple[str, str, str], float]:
    frame = _backlog(report)
    frame = frame[frame["value"].notna()]
    keys = (frame[name].tolist() for name in ("known_at", "kind", "key"))
    return dict(zip(zip(*keys, strict=True), frame["value"].tolist(), strict=True))


def value(report: Report, day: str, kind: str, key: str) -> float:
    """The figure that an earlier extract gave (`counted.counted`); NaN when it gave none."""
    return _values(report).get((day, kind, key), float("nan"))


def called(report: Report, name: str) -> str:
    """The day of the newest earlier extract that is called `QUARTER` or `YEAR`; blank for none."""
    return next((day for day in reversed(days(report)) if _span(report, day)[0] == name), "")


def _span(report: Report, day: str) -> tuple[str, str]:
    """What an earlier extract and the change since are called; blank for any other day."""
    ago = (date.fromisoformat(report.data.about.as_of) - date.fromisoformat(day)).days
    named = (told for (first, last), told in _SPANS.items() if first <= ago <= last)
    return next(named, ("", ""))


def beside(
    report: Report, frame: pd.DataFrame, kind: str, keys: Sequence[str], parts: Sequence[str] = ()
) -> pd.DataFrame:
    """The frame with a column per earlier day, and each change of its `n` since in words.

    keys and parts: one for each line of the frame; parts may be left out.
    """
    places = list(zip(keys, parts or [""] * len(keys), strict=True))
    old = {day: [count(report, day, kind, k, p) for k, p in places] for day in days(report)}
    return changed(report, frame, [int(n) for n in frame["n"]], old, change)


def changed(
    report: Report,
    frame: pd.DataFrame,
    now: Sequence[Any],
    old: Mapping[str, Sequence[Any]],
    said: Callable[[Any, Any], str],
) -> pd.DataFrame:
    """The frame with what was on each earlier day, and how now differs from it, in words."""
    return frame.assign(**told(report, now, old, said))


def told(
    report: Report,
    now: Sequence[Any],
    old: Mapping[str, Sequence[Any]],
    said: Callable[[Any, Any], str],
) -> dict[str, Sequence[Any]]:
    """The columns that `changed` adds."""
    since = {
        since_of(report, day): [said(n, was) for n, was in zip(now, before, strict=True)]
        for day, before in old.items()
    }
    return {**old, **since}


def since_of(report: Report, day: str) -> str:
    """The name of the column that tells the change since an earlier day; `since` is the newest."""
    return "since" if day == days(report)[-1] else f"since {day}"


def names(report: Report) -> tuple[str, ...]:
    """The columns that `beside` and `changed` add."""
    return (*days(report), *(since_of(report, day) for day in days(report)))


def columns(report: Report, shown: Callable[[Any], str] = display.count) -> tuple[Column, ...]:
    """What the added columns are called, the newest first: none without an earlier extract."""
    found: list[Column] = []
    for day in reversed(days(report)):
        name, since = _span(report, day)
        then, since = f"{name or 'On'} {day}", since or f"Since {day}"
        found += [Column(day, then, shown, number=True), Column(since_of(report, day), since)]
    return tuple(found)


def change(now: int, before: int) -> str:
    """A change of a count with an arrow, in words, and as a share of what was before."""
    if now == before:
        return "no change"
    arrow, word = (UP, "more") if now > before else (DOWN, "fewer")
    share = f" ({display.rate(abs(now - before) / before)})" if before else ""
    return f"{arrow} {abs(now - before):,} {word}{share}"


def points(now: float, before: float) -> str:
    """A change of a share in percentage points, with an arrow and in words."""
    if pd.isna(now) or pd.isna(before):
        return display.NONE
    size = display.rounded(abs(now - before) * 100, 1)
    if size == "0.0":
        return "no change"
    arrow, word = (UP, "up") if now > before else (DOWN, "down")
    return f"{arrow} {size} points {word}"
