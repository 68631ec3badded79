"""Figures by group, with how sure they are, and how they compare with the whole area."""

from collections.abc import Sequence
from functools import cache, partial

import numpy as np
import pandas as pd

from ipats_lib.breakdown import TOTAL, differences
from ipats_lib.cohorts import PROGRAM_TITLES, Program
from ipats_lib.disclosure import WITHHELD, load_thresholds
from ipats_lib.groups import PEOPLE
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.report import display, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column, Lines

_NOBODY = "nobody is in this cohort."
_FEW = "few: read the counts"
_UNCLEAR = "no clear difference"
FOUR_FIFTHS = 0.8


def equity(report: Report, measure: Measure) -> Html:
    """How each group of people compares with all of its program, the largest gap first."""
    parts = {}
    for program in _compared_programs(report, measure):
        mine = _compared(report)
        mine = mine[(mine["indicator"] == measure) & (mine["program"] == program)]
        title = PROGRAM_TITLES[program]
        caption = f"{title}: {INDICATORS[measure].title.lower()}"
        parts[title] = tables.table(_equity_lines(mine), caption, _RATIOS, _NOBODY)
    return display.switch(parts, "Program")


@cache
def _compared(report: Report) -> pd.DataFrame:
    """All that the equity page compares (`breakdown.differences`), in the order that it shows:
    the groups of people in each program, rates alone. The Title I total is left out: it repeats
    its programs. All of a program come first, then the largest gap, then those too few to tell."""
    lines = report.breakdown
    rates = [code for code, rule in INDICATORS.items() if not rule.is_median]
    programs = {code: _compared_programs(report, code) for code in rates}
    asked = [
        code in programs and program in programs[code]
        for code, program in zip(lines["indicator"], lines["program"], strict=True)
    ]
    mine = lines[np.array(asked, dtype=np.bool_) & lines["dimension"].isin((TOTAL, *PEOPLE))]
    found = differences(mine, load_thresholds().minimum_denominator)
    place = np.where(found["dimension"] == TOTAL, np.inf, found["gap"].abs().astype("float64"))
    return found.assign(place=place).sort_values("place", ascending=False, kind="stable")


def _compared_programs(report: Report, measure: str) -> list[Program]:
    return [program for program in _programs(report, measure) if program != "title1"]


def readings(lines: pd.DataFrame) -> list[str]:
    """Whether each group differs, in words; nothing is said where few are counted.

    A cell with few successes, or few others, has a reading when it is clear, and a notice.
    """
    columns = ("unjudged", "few", "chance", "differs", "gap", "group")
    return [_reading(*cells) for cells in zip(*(lines[name] for name in columns), strict=True)]


def _reading(
    unjudged: bool, few: bool, chance: float, differs: bool, gap: float, group: str
) -> str:
    if group == TOTAL:
        return "compared with"
    if unjudged:
        return "too few to tell"
    if pd.isna(chance):
        return "cannot be told"
    if not differs:
        return _UNCLEAR
    notice = f"; {_FEW}" if few else ""
    if gap < 0:
        return f"\N{BLACK DOWN-POINTING TRIANGLE} lower than all{notice}"
    return f"\N{BLACK UP-POINTING TRIANGLE} higher than all{notice}"


def finding(report: Report, measure: Measure) -> Html:
    """Which groups are clearly below the whole of their program, and how many cannot be told."""
    mine = _compared(report)
    mine = mine[(mine["indicator"] == measure) & (mine["dimension"] != TOTAL)]
    below = mine[mine["differs"] & (mine["gap"] < 0)]
    unjudged = int(mine["unjudged"].sum())
    rest = f" {unjudged} groups have too few counted to tell." if unjudged else ""
    if below.empty:
        sentence = f"No group is clearly below its program's figure.{rest}"
        return display.paragraph(sentence, "finding")
    named = "; ".join(
        f"{line.program_title}: {line.group} ({line.successes:.0f} of {line.denominator}, "
        f"{display.points(-line.gap)} lower)"
        for line in below.itertuples()
    )
    return display.paragraph(
        f"Clearly below their program's figure, the largest gap first: {named}.{rest}", "finding"
    )


def compared(report: Report) -> Html:
    """Of how many comparisons the page marks some, and with which care."""
    mine = _compared(report)
    asked = mine["chance"].notna()
    number, found = int(asked.sum()), int(mine["differs"].sum())
    return display.paragraph(
        f"{number} comparisons on this page, {found} of them marked as different. The false "
        "discovery rate of the page is controlled (Benjamini-Hochberg): of all that are marked, 5 "
        "percent at most are expected to differ by chance alone.",
        "finding",
    )


def _equity_lines(lines: pd.DataFrame) -> Lines:
    shown = ("dimension", "group", "successes", "denominator")
    known = tables.lines_of(lines, shown)
    return {
        **known,
        "name": list(map(_name, known["dimension"], known["group"])),
        "shown": _each(lines, ["value"]),
        "between": _each(lines, ["lower", "upper"]),
        "page": [tables.indicator_page(str(measure)) for measure in lines["indicator"]],
        "gap": [display.difference("", gap) for gap in lines["gap"]],
        "against": _ratios(lines),
        "reading": readings(lines),
        "eighty": list(map(_eighty, lines["of_best"], lines["best"], lines["group"])),
        "deviations": list(map(_deviations, lines["deviations"])),
    }


def _eighty(ratio: float, best: str, group: str) -> str:
    """The 80 percent rule: a share under four fifths of the best group's."""
    if pd.isna(ratio):
        return display.NONE
    if best == group:
        return "the highest"
    return f"{_two(ratio)} of {best}" + ("; under 0.80" if ratio < FOUR_FIFTHS else "")


def _deviations(number: float) -> str:
    """The two-standard-deviation test."""
    if pd.isna(number):
        return display.NONE
    return display.rounded(number, 1) + ("; beyond two" if abs(number) > 2 else "")


@cache
def _programs(report: Report, measure: str) -> list[Program]:
    lines = report.breakdown
    shown = report.programs(lines[lines["indicator"] == measure])
    return [program for program in shown if program in INDICATORS[measure].programs]  # type: ignore[index]


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


_RATIOS = (
    Column("name", "Group", href="page"),
    Column("successes", "Successes", display.count, number=True),
    Column("denominator", "Counted", display.count, number=True),
    Column("shown", "Figure", number=True),
    Column("between", "95% interval", number=True),
    Column("gap", "Gap to all", number=True),
    Column("reading", "Reading"),
    Column("against", "Ratio to all (95% interval of it alone)", number=True),
    Column("eighty", "80% rule"),
    Column("deviations", "Two-standard-deviation test", number=True),
)
