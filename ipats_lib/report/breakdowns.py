"""Figures by group, with how sure they are, and how they compare with the whole area."""

from collections.abc import Sequence
from functools import cache, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import TOTAL
from ipats_lib.cohorts import PROGRAM_TITLES, Program
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.report import display, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

PEOPLE = ("Sex", "Age", "Race and ethnicity", "Barriers")
_PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth")
_NOBODY = "nobody is in this cohort."


def by_group(report: Report, measure: Measure) -> Html:
    """One indicator by group, for each Title I program; the reader chooses the program."""
    parts = {}
    for program in _PROGRAMS:
        mine = _of(report, program, measure)
        title = PROGRAM_TITLES[program]
        parts[title] = tables.table(_shown(mine), f"{title}, by group", _FIGURES, _NOBODY)
    return display.switch(parts, "Program")


def equity(report: Report, measure: Measure) -> Html:
    """How each group of people stands against all of the program, with the ratio's interval."""
    parts = {}
    for program in _PROGRAMS:
        mine = _of(report, program, measure)
        mine = mine[mine["dimension"].isin([TOTAL, *PEOPLE])]
        title = PROGRAM_TITLES[program]
        shown = _shown(mine).assign(reading=readings(mine), against=_ratios(mine))
        caption = f"{title}: {INDICATORS[measure].title.lower()}"
        parts[title] = tables.table(shown, caption, _RATIOS, _NOBODY)
    return display.switch(parts, "Program")


def readings(lines: pd.DataFrame) -> list[str]:
    """What a ratio's interval says, in words; none where few are counted."""
    return [
        _reading(bool(few), float(low), float(high), str(group))
        for few, low, high, group in zip(
            lines["few"], lines["ratio_lower"], lines["ratio_upper"], lines["group"], strict=True
        )
    ]


def _reading(few: bool, low: float, high: float, group: str) -> str:
    if group == TOTAL:
        return "compared with"
    if few:
        return "too few to tell"
    if pd.isna(low):
        return "cannot be told"
    if high < 1:
        return "\N{BLACK DOWN-POINTING TRIANGLE} lower than all"
    return "\N{BLACK UP-POINTING TRIANGLE} higher than all" if low > 1 else "no clear difference"


def finding(report: Report, measure: Measure) -> Html:
    """Which groups stand clearly below the whole of their program."""
    lines = report.breakdown
    mine = lines[(lines["indicator"] == measure) & lines["program"].isin(_PROGRAMS)]
    mine = mine[mine["dimension"].isin(PEOPLE) & ~mine["few"] & (mine["ratio_upper"] < 1)]
    if mine.empty:
        return display.paragraph("No group stands clearly below its program's figure.", "finding")
    named = "; ".join(f"{line.program_title}: {line.group}" for line in mine.itertuples())
    return display.paragraph(f"Clearly below their program's figure: {named}.", "finding")


def _of(report: Report, program: str, measure: str) -> pd.DataFrame:
    lines, places = report.breakdown, _places(report)
    return lines.take(places.get((program, measure), []))


@cache
def _places(report: Report) -> dict[tuple[str, ...], NDArray[np.intp]]:
    return dict(report.breakdown.groupby(["program", "indicator"], observed=True).indices)


def _shown(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.assign(
        name=list(map(_name, lines["dimension"], lines["group"])),
        shown=_each(lines, ["value"]),
        between=_each(lines, ["lower", "upper"]),
        page=[tables.indicator_page(str(measure)) for measure in lines["indicator"]],
        note=lines["few"].map({True: "few: read the counts", False: ""}),
    )


def _name(dimension: str, group: str) -> str:
    return group if dimension == TOTAL else f"{dimension}: {group}"


def _each(lines: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    return [
        display.NONE if pd.isna(first) else " to ".join(map(partial(display.figure, measure), many))
        for measure, first, many in zip(
            lines["indicator"].astype("str"),
            lines[columns[0]],
            zip(*(lines[column] for column in columns), strict=True),
            strict=True,
        )
    ]


def _ratios(lines: pd.DataFrame) -> list[str]:
    return [
        display.NONE if few or pd.isna(low) else f"{ratio:.2f} ({low:.2f} to {high:.2f})"
        for few, ratio, low, high in zip(
            lines["few"], lines["ratio"], lines["ratio_lower"], lines["ratio_upper"], strict=True
        )
    ]


_FIGURES = (
    Column("name", "Group"),
    Column("successes", "Successes", display.count, number=True),
    Column("denominator", "Counted", display.count, number=True),
    Column("pending", "Pending", display.count, number=True),
    Column("shown", "Figure", number=True),
    Column("between", "95% interval", number=True),
    Column("note", "Note"),
)
_RATIOS = (
    Column("name", "Group", href="page"),
    Column("denominator", "Counted", display.count, number=True),
    Column("shown", "Figure", number=True),
    Column("between", "95% interval", number=True),
    Column("against", "Ratio to all (95% interval)", number=True),
    Column("reading", "Reading"),
)
