"""The frame `soft_exits`: which report the customers without a service would be counted in."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ipats_lib.caseload import soft_exit
from ipats_lib.cohorts import PROGRAM_TITLES, STREAMS
from ipats_lib.frames.cases import Cases
from ipats_lib.frames.figures import MEASURE_TITLES
from ipats_lib.indicators.rules import INDICATORS, TITLE_I
from ipats_lib.periods import Period, Quarter, Window, program_year

# Measures that count every exit; earnings count wages, and credentials those who trained.
_MEASURES = ("ERQ2", "ERQ4")
_BY = ["scope", "program", "quarter"]


def soft_exits(cases: Cases) -> pd.DataFrame:
    """Who exits softly unless a service follows or is recorded, by the quarter of that exit.

    A row per program, measure and exit quarter of a scope. A customer of two programs is in both.
    """
    lines = _lines(cases)
    sizes = lines.groupby(_BY)[["near", "past"]].sum().reset_index()
    found = pd.concat(
        [_of(cases, sizes, measure, quarter) for measure, quarter in _asked(sizes)]
        or [sizes.assign(measure="", period="", held=0)],
        ignore_index=True,
    )
    found = found.assign(n=found["near"] + found["past"])
    order = ["scope", "measure", "program", "quarter"]
    found = found.sort_values(order, ignore_index=True)
    return found.assign(
        area_type=cases.kind,
        area=found["scope"],
        area_title=cases.titles(pd.Series(cases.kind, index=found.index), found["scope"]),
        program_title=found["program"].map(PROGRAM_TITLES),
        measure_title=found["measure"].map(MEASURE_TITLES),
        starts=[pd.Timestamp(Quarter(int(quarter)).start) for quarter in found["quarter"]],
        quarter=[Quarter(int(quarter)).label for quarter in found["quarter"]],
        share=found["n"] / (found["n"] + found["held"]),
    )


def _lines(cases: Cases) -> pd.DataFrame:
    """The lines of the soft-exit watch, once for each program of their record."""
    watched = soft_exit.watch(cases.combined.case_tables)
    place = cases.places(watched["row"])
    lines = pd.DataFrame(
        {
            "scope": cases.combined.areas[place],
            "quarter": [Quarter.of(day.date()).index for day in watched["exit"]],
            "near": watched["alert"] == "A-07",
            "past": watched["alert"] == "A-08",
        }
    )
    parts = [lines[STREAMS[name](cases.view)[place]].assign(program=name) for name in TITLE_I]
    return pd.concat(parts, ignore_index=True)


def _asked(sizes: pd.DataFrame) -> Iterator[tuple[str, int]]:
    for measure in _MEASURES:
        for quarter in sorted({int(each) for each in sizes["quarter"]}):
            yield measure, quarter


def _of(cases: Cases, sizes: pd.DataFrame, measure: str, quarter: int) -> pd.DataFrame:
    """The exits of one quarter, in the annual report that counts them in a measure."""
    period, window = _report(measure, Quarter(quarter))
    mine = sizes[sizes["quarter"] == quarter]
    exits = cases.view.day("901")
    held = (exits >= np.datetime64(window.start)) & (exits <= np.datetime64(window.end))
    parts = []
    for name, lines in mine.groupby("program"):
        there = cases.combined.areas[held & STREAMS[name](cases.view)]  # type: ignore[index]
        known = pd.Series(there, dtype="object").value_counts()
        parts.append(lines.assign(held=lines["scope"].map(known).fillna(0).astype("int64")))
    return pd.concat(parts).assign(measure=measure, period=period.name)


def _report(measure: str, quarter: Quarter) -> tuple[Period, Window]:
    """The program year whose annual report counts the exits of a quarter, and its exits."""
    first = program_year(quarter.start)
    for year in range(first, first + 3):
        period = Period(year)
        window = period.program_year.cohort(INDICATORS[measure].cohort)  # type: ignore[index]
        if window.start <= quarter.start <= window.end:
            return period, window
    raise AssertionError(f"No report counts exits of {quarter.label} in {measure}.")
