"""Real HTML tables: a caption, a scope on every header cell, numbers aligned as numbers."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.frames.source import TREND_QUARTERS
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.periods import Report as Window
from ipats_lib.report import display, sentences
from ipats_lib.report.display import Html

if TYPE_CHECKING:
    from ipats_lib.report.report import Report

# A date in a heading is not broken at its hyphens.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


Lines = Mapping[str, Sequence[Any]]
"""Columns by name, all of one length."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the frame's column, the heading, how a cell is written, whether a number.

    href: the frame's column that holds the page each cell leads to, blank for none; page: the
    page that the heading leads to.
    """

    name: str
    heading: str
    write: Callable[[object], str] = display.text
    number: bool = False
    href: str = ""
    page: str = ""


def table(frame: pd.DataFrame | Lines, caption: str, columns: Sequence[Column], empty: str) -> Html:
    """A table whose first column names its rows; the sentence `empty` where there is no row."""
    lines = frame if isinstance(frame, Mapping) else lines_of(frame, _read_by(columns))
    size = len(lines[columns[0].name])
    if not size:
        return display.paragraph(f"{caption}: {empty}", "empty")
    head = "".join(f"<th scope='col'{_css(c)}>{_heading(c)}</th>" for c in columns)
    first, *rest = columns
    cells = [_cells(first, lines, "<th scope='row'>", "</th>")]
    cells += [_cells(c, lines, f"<td{_css(c) or _day(lines[c.name][0])}>", "</td>") for c in rest]
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    html = (
        f"<div class='table' role='region' tabindex='0' aria-label='{escape(caption)}'><table>"
        f"<caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return Html(html, f"Table: {caption} ({size} rows)")


def lines_of(frame: pd.DataFrame, names: Iterable[str]) -> Lines:
    """Columns of a frame as lists. Cutting lists costs a hundredth of cutting a small frame, so
    what a page shows in many pieces is written once and cut with `chosen`."""
    return {name: display.listed(frame[name]) for name in names}


def chosen(lines: Lines, places: Iterable[int]) -> Lines:
    """The lines at these places."""
    wanted = list(places)
    return {name: [values[place] for place in wanted] for name, values in lines.items()}


def as_roster(made: Html, whole: bool = False) -> Html:
    """The same table with a box that filters it and headings that sort it.

    It scrolls in a height of its own unless it is to be seen whole.
    """
    css = "table roster whole" if whole else "table roster"
    return Html(made.html.replace("<div class='table'", f"<div class='{css}'", 1), made.plain)


def as_narrow(made: Html) -> Html:
    """The same table with smaller cells, for many short columns."""
    html = made.html.replace("<div class='table'", "<div class='table narrow'", 1)
    return Html(html, made.plain)


def _read_by(columns: Iterable[Column]) -> set[str]:
    return {name for column in columns for name in (column.name, column.href) if name}


def _cells(column: Column, lines: Lines, before: str, after: str) -> list[str]:
    texts = [escape(column.write(value)) for value in lines[column.name]]
    if not column.href:
        return [f"{before}{text}{after}" for text in texts]
    return [
        f"{before}<a href='{escape(page)}'>{text}</a>{after}" if page else f"{before}{text}{after}"
        for text, page in zip(texts, lines[column.href], strict=True)
    ]


def _heading(column: Column) -> str:
    words = _DAY.sub(r"<span class='day'>\g<0></span>", escape(column.heading))
    return f"<a href='{escape(column.page)}'>{words}</a>" if column.page else words


def _day(value: object) -> str:
    return " class='d'" if isinstance(value, date) else ""


def _css(column: Column) -> str:
    return " class='n'" if column.number else ""


def counts(frame: pd.DataFrame, caption: str, empty: str) -> Html:
    """A table of counts: the first column names the rows, all others are whole numbers."""
    first, *others = (str(name) for name in frame.columns)
    numbers = [Column(name, name, display.count, number=True) for name in others]
    return table(frame, caption, [Column(first, first.capitalize()), *numbers], empty)


def _level_lines(summary: pd.DataFrame) -> Lines:
    names = ("program_title", "title", "measure", "level", "level_synthetic", *_WRITTEN_AS_THEY_ARE)
    told = lines_of(summary, names)
    return {
        **told,
        "shown": _values(told["measure"], display.listed(summary["value"]), told["denominator"]),
        "at_level": _figures(summary, "level"),
        "known": _figures(summary, "resolved"),
        "best": _figures(summary, "ceiling"),
        "name": [f"{p}: {t}" for p, t in zip(told["program_title"], told["title"], strict=True)],
        "which": [which or display.NONE for which in summary["which"]],
        "status": list(map(sentences.verdict, summary["status"], summary["chance"])),
        "page": [indicator_page(str(measure)) for measure in told["measure"]],
    }


_WRITTEN_AS_THEY_ARE = ("numerator", "denominator", "percent", "pending")


def _levels(lines: Lines, caption: str) -> Html:
    columns = (
        Column("name", "Program and indicator", href="page"),
        Column("numerator", "Successes", display.count, number=True),
        Column("denominator", "Counted", display.count, number=True),
        Column("shown", "Official figure, and worst case", number=True),
        Column("at_level", "Level", number=True),
        Column("which", "Which level"),
        Column("percent", "Percent of level", display.percent_of_level, number=True),
        Column("status", "Status"),
        Column("pending", "Still pending", display.count, number=True),
        Column("known", "Known outcomes only", number=True),
        Column("best", "Best case: all pending succeed", number=True),
    )
    source = "synthetic levels" if any(lines["level_synthetic"]) else "published levels"
    compared = not all(map(pd.isna, lines["level"]))
    known = f"{caption}; {source}" if compared else f"{caption}; no level"
    return table(lines, known, columns, "nobody is in any of these cohorts.")


def indicator_page(measure: str) -> str:
    """The page that defines an indicator and lists its records, beside the summary."""
    return f"detail-{measure.lower()}.html"


def levels_by_window(report: "Report", measure: str = "") -> Html:
    """Levels for every window of the period, of which the reader chooses one.

    measure: one indicator only; all of them by default.
    """
    parts = {}
    for window in report.period.windows:
        lines = _lines_of_window(report, window)
        mine = [place for place, one in enumerate(lines["measure"]) if measure in ("", one)]
        parts[window.window_title.capitalize()] = _levels(chosen(lines, mine), window.label)
    return display.switch(parts, "Window")


@cache
def _lines_of_window(report: "Report", window: Window) -> Lines:
    return _level_lines(report.indicators(window))


def changes(frame: pd.DataFrame, caption: str) -> Html:
    """The report quarter against earlier ones (`Report.changes`)."""
    shown = frame.assign(
        name=frame["program_title"] + ": " + frame["title"],
        now=_figures(frame, "value"),
        earlier=_figures(frame, "before"),
        last_year=_figures(frame, "a_year_ago"),
        step=_differences(frame, "change_quarter"),
        year=_differences(frame, "change_year"),
        page=[indicator_page(str(measure)) for measure in frame["measure"]],
    )
    columns = (
        Column("name", "Program and indicator", href="page"),
        Column("now", "This quarter", number=True),
        Column("earlier", "Quarter before", number=True),
        Column("step", "Change", number=True),
        Column("last_year", "Same quarter last year", number=True),
        Column("year", "Change", number=True),
    )
    return table(shown, caption, columns, "nobody is in any of these cohorts.")


def _differences(frame: pd.DataFrame, column: str) -> list[str]:
    return [
        display.difference(str(measure), value)
        for measure, value in zip(frame["measure"].tolist(), frame[column].tolist(), strict=True)
    ]


def _figures(frame: pd.DataFrame, column: str) -> list[str]:
    return [
        display.figure(str(measure), value)
        for measure, value in zip(frame["measure"].tolist(), frame[column].tolist(), strict=True)
    ]


def _values(measures: Iterable[str], values: Iterable[Any], sizes: Iterable[int]) -> list[str]:
    """Figures of a scope's own; a median of some wages that is missing has been withheld."""
    return [
        display.figure(measure, display.marked(measure, value, size))
        for measure, value, size in zip(measures, values, sizes, strict=True)
    ]


def areas(figures: pd.DataFrame, program: str, caption: str) -> Html:
    """All areas by indicator for one program; withheld cells print as `*`."""
    mine = figures[figures["program"] == program]
    cells = mine.assign(
        shown=[
            display.figure(str(line.measure), line.value, bool(line.suppressed))
            for line in mine.itertuples()
        ]
    )
    wide = cells.pivot(index="area_title", columns="measure", values="shown")
    wide = wide.reindex(mine["area_title"].unique()).reset_index()
    columns = [Column("area_title", f"{PROGRAM_TITLES[program]}: area")]  # type: ignore[index]
    columns += [
        Column(code, rule.title, number=True)
        for code, rule in INDICATORS.items()
        if code in wide.columns
    ]
    return table(wide, caption, columns, "no area has a figure.")


_COUNTED = ("numerator", "denominator", "known_at")


def trend(figures: pd.DataFrame, caption: str) -> Html:
    """One measure by report quarter and program (`Report.trend`)."""
    measures = [str(measure) for measure in display.listed(figures["indicator"])]
    told = lines_of(figures, ("quarter_label", "program_title", *_COUNTED))
    shown: Lines = {
        **told,
        "shown": _values(measures, display.listed(figures["value"]), told["denominator"]),
        "page": [indicator_page(measure) for measure in measures],
    }
    columns = (
        Column("quarter_label", "Report quarter", href="page"),
        Column("program_title", "Program"),
        Column("numerator", "Successes", display.count, number=True),
        Column("denominator", "Counted", display.count, number=True),
        Column("shown", "Figure", number=True),
        Column("known_at", "Data as of"),
    )
    return table(shown, caption, columns, "the extract holds no exits of these quarters.")


def trends(report: "Report", caption: str) -> Html:
    """The trend of every indicator, of which the reader chooses one."""
    parts = {}
    for code, rule in INDICATORS.items():
        figures = report.trend(code)
        held = sentences.quarters_held(figures, TREND_QUARTERS)
        listed = trend(figures, f"{rule.title}: {caption.lower()}")
        parts[rule.title] = Html(held.html + listed.html, f"{held.plain} {listed.plain}")
    return display.switch(parts, "Indicator")
