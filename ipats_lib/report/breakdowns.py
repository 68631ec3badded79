"""Figures by group, with how sure they are."""

from collections.abc import Sequence
from functools import cache, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import TOTAL
from ipats_lib.cohorts import PROGRAM_TITLES, Program
from ipats_lib.disclosure import WITHHELD
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.report import display, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column, Lines

_NOBODY = "nobody is in this cohort."
_FEW = "few: read the counts"


def by_group(report: Report, measure: Measure) -> Html:
    """One indicator by group, for each program; the reader chooses the program."""
    parts = {}
    for program in _programs(report, measure):
        title, places = PROGRAM_TITLES[program], _places(report).get((program, measure), ())
        mine = tables.chosen(_shown(report), places)
        parts[title] = tables.table(mine, f"{title}, by group", _FIGURES, _NOBODY)
    return display.switch(parts, "Program")


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


_FIGURES = (
    Column("name", "Group"),
    Column("successes", "Successes", display.count, number=True),
    Column("denominator", "Counted", display.count, number=True),
    Column("pending", "Pending", display.count, number=True),
    Column("shown", "Figure", number=True),
    Column("between", "95% interval", number=True),
    Column("note", "Note"),
)
