"""Figures by group, with how sure they are, and how they compare with the whole area."""

from collections.abc import Sequence
from functools import cache, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import TOTAL
from ipats_lib.cohorts import PROGRAM_TITLES, Program
from ipats_lib.disclosure import WITHHELD
from ipats_lib.groups import PEOPLE
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.report import display, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column, Lines

_NOBODY = "nobody is in this cohort."
_FEW = "few: read the counts"
_UNCLEAR = "no clear difference"


def by_group(report: Report, measure: Measure) -> Html:
    """One indicator by group, for each program; the reader chooses the program."""
    parts = {}
    for program in _programs(report, measure):
        title, places = PROGRAM_TITLES[program], _places(report).get((program, measure), ())
        mine = tables.chosen(_shown(report), places)
        parts[title] = tables.table(mine, f"{title}, by group", _FIGURES, _NOBODY)
    return display.switch(parts, "Program")


def equity(report: Report, measure: Measure) -> Html:
    """How each group of people stands against all of the program, with the ratio's interval."""
    parts = {}
    lines = _shown(report)
    for program in _programs(report, measure):
        places = _places(report).get((program, measure), ())
        people = [place for place in places if lines["dimension"][place] in (TOTAL, *PEOPLE)]
        title = PROGRAM_TITLES[program]
        caption = f"{title}: {INDICATORS[measure].title.lower()}"
        parts[title] = tables.table(tables.chosen(lines, people), caption, _RATIOS, _NOBODY)
    return display.switch(parts, "Program")


def readings(lines: pd.DataFrame) -> list[str]:
    """What a ratio's interval says, in words; none where few are counted.

    A cell with few successes, or few others, has a reading when it is clear, and a notice.
    """
    columns = ("unjudged", "few", "ratio_lower", "ratio_upper", "group")
    return [_reading(*cells) for cells in zip(*(lines[name] for name in columns), strict=True)]


def _reading(unjudged: bool, few: bool, low: float, high: float, group: str) -> str:
    if group == TOTAL:
        return "compared with"
    if unjudged:
        return "too few to tell"
    if pd.isna(low):
        return "cannot be told"
    notice = f"; {_FEW}" if few else ""
    if high < 1:
        return f"\N{BLACK DOWN-POINTING TRIANGLE} lower than all{notice}"
    return f"\N{BLACK UP-POINTING TRIANGLE} higher than all{notice}" if low > 1 else _UNCLEAR


def finding(report: Report, measure: Measure) -> Html:
    """Which groups stand clearly below the whole of their program, and how many cannot be told."""
    lines = report.breakdown
    shown = _programs(report, measure)
    mine = lines[(lines["indicator"] == measure) & lines["program"].isin(shown)]
    mine = mine[mine["dimension"].isin(PEOPLE)]
    below = mine[~mine["unjudged"] & (mine["ratio_upper"] < 1)]
    unjudged = int(mine["unjudged"].sum())
    rest = f" {unjudged} groups have too few counted to tell." if unjudged else ""
    if below.empty:
        sentence = f"No group stands clearly below its program's figure.{rest}"
        return display.paragraph(sentence, "finding")
    named = "; ".join(
        f"{line.program_title}: {line.group} ({line.successes:.0f} of {line.denominator})"
        for line in below.itertuples()
    )
    return display.paragraph(f"Clearly below their program's figure: {named}.{rest}", "finding")


@cache
def _programs(report: Report, measure: str) -> list[Program]:
    lines = report.breakdown
    shown = report.programs(lines[lines["indicator"] == measure])
    return [program for program in shown if program in INDICATORS[measure].programs]  # type: ignore[index]


@cache
def _places(report: Report) -> dict[tuple[str, ...], NDArray[np.intp]]:
    return dict(report.breakdown.groupby(["program", "indicator"], observed=True).indices)


@cache
def _shown(report: Report) -> Lines:
    """The breakdown as every table of a page shows its lines."""
    lines = report.breakdown
    known = tables.lines_of(lines, ("dimension", "group", "successes", "denominator", "pending"))
    return {
        **known,
        "name": list(map(_name, known["dimension"], known["group"])),
        "shown": _each(lines, ["value"]),
        "between": _each(lines, ["lower", "upper"]),
        "page": [tables.indicator_page(str(measure)) for measure in lines["indicator"]],
        "note": [_FEW if few else "" for few in lines["few"]],
        "reading": readings(lines),
        "against": _ratios(lines),
    }


def _name(dimension: str, group: str) -> str:
    return group if dimension == TOTAL else f"{dimension}: {group}"


def _each(lines: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    return [
        (WITHHELD if hidden else display.NONE)
        if pd.isna(first)
        else " to ".join(map(partial(display.figure, measure), many))
        for measure, hidden, first, many in zip(
            lines["indicator"].astype("str"),
            lines["withheld"],
            lines[columns[0]],
            zip(*(lines[column] for column in columns), strict=True),
            strict=True,
        )
    ]


def _ratios(lines: pd.DataFrame) -> list[str]:
    columns = ("ratio", "ratio_lower", "ratio_upper")
    return [
        display.NONE if unjudged or pd.isna(cells[1]) else "{} ({} to {})".format(*map(_two, cells))
        for unjudged, *cells in zip(
            lines["unjudged"], *(lines[name] for name in columns), strict=True
        )
    ]


def _two(ratio: float) -> str:
    return display.rounded(ratio, 2)


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
    Column("successes", "Successes", display.count, number=True),
    Column("denominator", "Counted", display.count, number=True),
    Column("shown", "Figure", number=True),
    Column("between", "95% interval", number=True),
    Column("against", "Ratio to all (95% interval)", number=True),
    Column("reading", "Reading"),
)
