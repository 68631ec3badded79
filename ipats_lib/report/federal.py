"""The federal forms' tables on a page, as CSV and as a workbook."""

from collections.abc import Hashable, Mapping
from functools import cache

import pandas as pd

from ipats_lib import __version__, forms
from ipats_lib.breakdown import TOTAL
from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.disclosure import WITHHELD, few_wages, load_thresholds, marked
from ipats_lib.indicators.aggregate import LONG_COLUMNS
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.periods import Report as Window
from ipats_lib.report import display, downloads, tables
from ipats_lib.report.data import as_of
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column


def annual(report: Report) -> tuple[Window, ...]:
    """The window of the ETA-9169: the program year, as far as it is known."""
    return (report.period.program_year,)


def quarterly(report: Report) -> tuple[Window, ...]:
    """The windows of the ETA-9173: the current quarter and the rolling four."""
    return tuple(w for w in report.period.reports if w.kind == "quarterly")


@cache
def _forms(report: Report, window: Window) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, today = report.data.frame("rows"), as_of(report.data.about)
    # A planner answers for Title I; Wagner-Peyser is shown where an area reports it.
    shown = forms.TITLE_I if report.scope.kind == "planner" else forms.programs_of(rows)
    outcomes = report.data.frame("outcomes")
    body = forms.form(rows, outcomes, window, today, report.members, shown)
    wages = pd.DataFrame({"measure": "ME", "denominator": body["ME_d"].fillna(0)})
    hidden = few_wages(wages, report.scope.kind, load_thresholds())
    return forms.heading(rows, window, today, shown), marked(body, hidden, "ME")


@cache
def _shown(report: Report, window: Window) -> tuple[pd.DataFrame, pd.DataFrame]:
    head, body = _forms(report, window)
    return _titled(head), _titled(body)


def headings(report: Report, windows: tuple[Window, ...]) -> Html:
    """The first block of the form, for each window."""
    parts = {
        window.window_title.capitalize(): tables.table(
            _shown(report, window)[0], f"{window.label}: services", _HEADING, "nobody."
        )
        for window in windows
    }
    return display.switch(parts, "Window")


def bodies(report: Report, windows: tuple[Window, ...]) -> Html:
    """The lines of the form, for each window and program."""
    parts = {}
    for window in windows:
        body = _shown(report, window)[1]
        for title, mine in body.groupby("program_title", sort=False):
            name = f"{title}, {window.window_title}"
            parts[name] = tables.table(mine, f"{window.label}: {title}", _BODY, "nobody.")
    return display.switch(parts, "Program and window")


def long_form(report: Report, windows: tuple[Window, ...]) -> pd.DataFrame:
    """The form in the long form of domain 8.4 (`LONG_COLUMNS`), `group` as `dimension: group`.

    Measures: served, exited (value is the count), and each indicator that the program has, with
    numerator (missing for medians), denominator and value. `suppressed` tells of a median that
    would tell a wage, whose value is the marker; all else are the reader's own records.
    """
    lines = []
    for window in windows:
        said = (window.kind, window.py, window.quarter, window.window)
        where = (report.scope.kind, report.scope.area)
        for line in _forms(report, window)[1].to_dict("records"):
            group = "all" if line["dimension"] == TOTAL else f"{line['dimension']}: {line['group']}"
            key = (*said, *where, line["program"], group)
            lines += [(*key, name, None, None, line[name], False) for name in ("served", "exited")]
            lines += [(*key, *_measured(line, code)) for code in _indicators_of(line)]
    table = pd.DataFrame(lines, columns=list(LONG_COLUMNS))
    return table.astype({"numerator": "Int64", "denominator": "Int64"})


def _indicators_of(line: Mapping[Hashable, object]) -> list[Measure]:
    return [code for code, rule in INDICATORS.items() if line["program"] in rule.programs]


def _measured(line: Mapping[Hashable, object], code: Measure) -> tuple[object, ...]:
    numerator = None if INDICATORS[code].is_median else line[f"{code}_n"]
    return code, numerator, line[f"{code}_d"], line[code], line[code] == WITHHELD


def offers(report: Report, windows: tuple[Window, ...], name: str, title: str) -> Html:
    """The form as CSV in the long form and as a workbook, beside the page."""
    about = report.data.about
    facts = {
        "Report": f"{title}-shaped table, {report.period.name}",
        "Area": about.title,
        "Data as of": about.as_of,
        "Made by": f"IPATS {__version__}",
        "Data": "Synthetic sample data: no real person, no real result."
        if about.synthetic
        else "IWDS",
        "Not filled in": "Funds, costs and administrative shares: they are not in the records.",
        "Wagner-Peyser": "Has no credential rate and no skill gains.",
    }
    sheets = {}
    for window in windows:
        head, body = _shown(report, window)
        sheets[f"{window.window} services"] = head.drop(columns="program")
        sheets[f"{window.window} groups"] = body.drop(columns="program")
    table = downloads.offer(
        f"{name}.csv", downloads.csv(long_form(report, windows)), f"the {title} table, long form"
    )
    book = downloads.offer(
        f"{name}.xlsx", downloads.workbook(sheets, facts, as_of(about)), f"the {title} workbook"
    )
    return Html(table.html + book.html, f"{table.plain}; {book.plain}")


def _titled(frame: pd.DataFrame) -> pd.DataFrame:
    title = frame["program"].map(PROGRAM_TITLES)
    named = frame.assign(program_title=title)
    if "group" in frame:
        plain = frame["dimension"] == TOTAL
        named["name"] = frame["group"].where(plain, frame["dimension"] + ": " + frame["group"])
        named = named.drop(columns=["dimension", "group"])
    first = [column for column in ("program_title", "name") if column in named]
    return named[[*first, *(c for c in named.columns if c not in first)]]


_page = tables.indicator_page
_HEADING = (
    Column("program_title", "Program"),
    Column("career_served", "Career services only: served", display.count, number=True),
    Column("career_exited", "Career services only: exited", display.count, number=True),
    Column("training_served", "Training: served", display.count, number=True),
    Column("training_exited", "Training: exited", display.count, number=True),
    Column("co_enrolled", "In several core programs", display.rate, number=True),
    Column("training_related", "Training-related employment", display.rate, number=True),
    Column("career_funds", "Career services: funds expended"),
    Column("career_cost", "Career services: cost per participant"),
    Column("training_funds", "Training: funds expended"),
    Column("training_cost", "Training: cost per participant"),
    Column("admin_share", "Percent of administrative costs"),
)
_BODY = (
    Column("name", "Group"),
    Column("served", "Served", display.count, number=True),
    Column("exited", "Exited", display.count, number=True),
    Column("ERQ2_n", "Employed Q2", display.count, number=True, page=_page("ERQ2")),
    Column("ERQ2_d", "Of", display.count, number=True),
    Column("ERQ2", "Rate", display.rate, number=True),
    Column("ERQ4_n", "Employed Q4", display.count, number=True, page=_page("ERQ4")),
    Column("ERQ4_d", "Of", display.count, number=True),
    Column("ERQ4", "Rate", display.rate, number=True),
    Column("ME_n", "Wages", display.count, number=True),
    Column("ME", "Median earnings", display.dollars, number=True, page=_page("ME")),
    Column("CR_n", "Credentials", display.count, number=True, page=_page("CR")),
    Column("CR_d", "Of", display.count, number=True),
    Column("CR", "Rate", display.rate, number=True),
    Column("MSG_n", "Skill gains", display.count, number=True, page=_page("MSG")),
    Column("MSG_d", "Of", display.count, number=True),
    Column("MSG", "Rate", display.rate, number=True),
)
