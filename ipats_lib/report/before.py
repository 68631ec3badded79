"""Earlier extracts beside the present one: what a count was, and how it has changed since."""

from collections.abc import Sequence
from functools import cache

import pandas as pd

from ipats_lib.report import display
from ipats_lib.report.counted import NOTHING
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

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
    keys = zip(frame["known_at"], frame["kind"], frame["key"], frame["part"], strict=True)
    return dict(zip(keys, frame["n"].tolist(), strict=True))


def count(report: Report, day: str, kind: str, key: str, part: str = "") -> int:
    """How many an earlier extract counted (`counted.counted`); what it does not name is none."""
    return _known(report).get((day, kind, key, part), 0)


def beside(
    report: Report, frame: pd.DataFrame, kind: str, keys: Sequence[str], parts: Sequence[str] = ()
) -> pd.DataFrame:
    """The frame with a column per earlier day and `since`, the change of its `n` in words.

    keys and parts: one for each line of the frame; parts may be left out.
    """
    places = list(zip(keys, parts or [""] * len(keys), strict=True))
    old = {day: [count(report, day, kind, k, p) for k, p in places] for day in days(report)}
    if not old:
        return frame
    newest = old[days(report)[-1]]
    since = [change(int(n), was) for n, was in zip(frame["n"], newest, strict=True)]
    return frame.assign(**old, since=since)


def columns(report: Report) -> tuple[Column, ...]:
    """The columns that `beside` adds: none without an earlier extract."""
    known = days(report)
    if not known:
        return ()
    old = (Column(day, f"On {day}", display.count, number=True) for day in known)
    return (*old, Column("since", f"Since {known[-1]}"))


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
