"""Real HTML tables: a caption, a scope on every header cell, numbers aligned as numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.report import display
from ipats_lib.report.display import Html
from ipats_lib.scopes import Scope


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the frame's column, the heading, how a cell is written, whether a number."""

    name: str
    heading: str
    write: Callable[[object], str] = display.text
    number: bool = False


def table(frame: pd.DataFrame, caption: str, columns: Sequence[Column], empty: str) -> Html:
    """A table whose first column names its rows; the sentence `empty` where there is no row."""
    if frame.empty:
        return display.paragraph(f"{caption}: {empty}", "empty")
    head = "".join(f"<th scope='col'{_css(c)}>{escape(c.heading)}</th>" for c in columns)
    written = {c.name: [c.write(value) for value in frame[c.name]] for c in columns}
    body = "".join(
        f"<tr>{_row([written[c.name][i] for c in columns], columns)}</tr>"
        for i in range(len(frame))
    )
    html = (
        f"<div class='table' role='region' tabindex='0' aria-label='{escape(caption)}'><table>"
        f"<caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return Html(html, f"Table: {caption} ({len(frame)} rows)")


def _css(column: Column) -> str:
    return " class='n'" if column.number else ""


def _row(cells: Sequence[str], columns: Sequence[Column]) -> str:
    first = f"<th scope='row'>{escape(cells[0])}</th>"
    rest = (
        f"<td{_css(column)}>{escape(cell)}</td>"
        for cell, column in zip(cells[1:], columns[1:], strict=True)
    )
    return first + "".join(rest)


def counts(frame: pd.DataFrame, caption: str, empty: str) -> Html:
    """A table of counts: the first column names the rows, all others are whole numbers."""
    first, *others = (str(name) for name in frame.columns)
    numbers = [Column(name, name, display.count, number=True) for name in others]
    return table(frame, caption, [Column(first, first.capitalize()), *numbers], empty)


def levels(summary: pd.DataFrame, caption: str) -> Html:
    """Every program and indicator against its level (`Report.indicators`)."""
    shown = summary.assign(
        shown=_figures(summary, "value"),
        at_level=_figures(summary, "level"),
        known=_figures(summary, "resolved"),
        best=_figures(summary, "ceiling"),
        name=summary["program_title"] + ": " + summary["title"],
    )
    columns = (
        Column("name", "Program and indicator"),
        Column("numerator", "Successes", display.count, number=True),
        Column("denominator", "Counted", display.count, number=True),
        Column("shown", "Official figure", number=True),
        Column("at_level", "Negotiated level", number=True),
        Column("percent", "Percent of level", display.percent_of_level, number=True),
        Column("status", "Status"),
        Column("pending", "Still pending", display.count, number=True),
        Column("known", "Known outcomes only", number=True),
        Column("best", "If all pending succeed", number=True),
    )
    return table(shown, caption, columns, "nobody is in any of these cohorts.")


def _figures(frame: pd.DataFrame, column: str) -> list[str]:
    return [
        display.figure(str(measure), value)
        for measure, value in zip(frame["measure"], frame[column], strict=True)
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


def trend(figures: pd.DataFrame, caption: str) -> Html:
    """One measure by report quarter and program (`Report.trend`)."""
    shown = figures.assign(
        shown=[display.figure(str(line.indicator), line.value) for line in figures.itertuples()]
    )
    columns = (
        Column("quarter_label", "Report quarter"),
        Column("program_title", "Program"),
        Column("numerator", "Successes", display.count, number=True),
        Column("denominator", "Counted", display.count, number=True),
        Column("shown", "Figure", number=True),
    )
    return table(shown, caption, columns, "the extract holds no exits of these quarters.")


def watch(frame: pd.DataFrame, scope: Scope) -> Html:
    """The soft-exit watch: customers inside an LWIA, a count for the whole state."""
    caption = "Soft-exit watch"
    if scope.kind == "state":
        counted = frame.groupby("status", observed=True).size().rename("Active").reset_index()
        return counts(counted, caption, "none.")
    columns = (
        Column("customer", "Customer"),
        Column("program", "Program"),
        Column("last_service", "Last qualifying service"),
        Column("days", "Days since", display.count, number=True),
        Column("status", "Status"),
    )
    return table(frame, caption, columns, "none.")
