"""The federal forms' tables on a page, as CSV and as a workbook."""

from collections.abc import Hashable, Iterable, Mapping
from functools import cache

import pandas as pd

from ipats_lib import __version__, forms
from ipats_lib.breakdown import TOTAL
from ipats_lib.cohorts import PROGRAM_TITLES, Program
from ipats_lib.disclosure import WITHHELD, few_wages, load_thresholds, marked
from ipats_lib.form_rows import FormName, groups_of, load_forms, rows_by_name
from ipats_lib.indicators.aggregate import LONG_COLUMNS
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.periods import Report as Window
from ipats_lib.report import display, downloads, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.tables import Column


def annual(report: Report) -> tuple[Window, ...]:
    """The window of the ETA-9169: the program year, as far as it is known."""
    return (report.period.program_year,)


def quarterly(report: Report) -> tuple[Window, ...]:
    """The windows of the ETA-9173: the current quarter and the rolling four."""
    return tuple(w for w in report.period.reports if w.kind == "quarterly")


def _name(window: Window) -> FormName:
    return "9169" if window.kind == "annual" else "9173"


def _programs(report: Report) -> tuple[Program, ...]:
    """A planner answers for Title I; Wagner-Peyser is shown where an area reports it."""
    planner = report.scope.kind == "planner"
    return forms.TITLE_I if planner else forms.programs_of(report.data.frame("rows"))


@cache
def _forms(report: Report, window: Window) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The head block and the body, medians that would tell a wage withheld."""
    rows, today = report.data.frame("rows"), as_of(report.data.about)
    outcomes, shown, name = report.data.frame("outcome_rows"), _programs(report), _name(window)
    head = forms.heading(rows, window, today, shown)
    body = forms.form(rows, outcomes, window, today, report.members, shown, name)
    wages = pd.DataFrame({"measure": "ME", "denominator": body["ME_d"].fillna(0)})
    hidden = few_wages(wages, report.scope.kind, load_thresholds())
    return head, marked(body, hidden, "ME")


@cache
def _body(report: Report, window: Window) -> list[dict[Hashable, object]]:
    return _forms(report, window)[1].to_dict("records")


@cache
def _gains(report: Report, window: Window) -> pd.DataFrame:
    rows, today = report.data.frame("rows"), as_of(report.data.about)
    outcomes = report.data.frame("outcome_rows")
    return forms.gains(rows, outcomes, window, today, report.members, _programs(report))


@cache
def _reportable(report: Report, window: Window) -> Mapping[Program, int | None]:
    rows, today = report.data.frame("rows"), as_of(report.data.about)
    return forms.reportable(rows, window, today, _programs(report))


@cache
def _shown(report: Report, window: Window) -> tuple[pd.DataFrame, pd.DataFrame]:
    head, body = _forms(report, window)
    return _titled(head), _titled(body)


def headings(report: Report, windows: tuple[Window, ...]) -> Html:
    """The first block of the form, for each window."""
    parts = {}
    for window in windows:
        annual_form = _name(window) == "9169"
        block = _shown(report, window)[0] if annual_form else _summary(report, window)
        caption = f"{window.label}: {load_forms()[_name(window)].title}"
        columns = _services() if annual_form else _SUMMARY
        parts[window.window_title.capitalize()] = tables.table(block, caption, columns, "nobody.")
    return display.switch(parts, "Window")


@cache
def _services() -> tuple[Column, ...]:
    """The head block of the 9169, a column for each of its items."""
    measures = [row for row in rows_by_name("9169").values() if row.name in _WRITTEN]
    return (
        Column("program_title", "Program"),
        *(Column(row.name, f"{row.item}. {row.title}", *_WRITTEN[row.name]) for row in measures),
    )


@cache
def _summary(report: Report, window: Window) -> pd.DataFrame:
    """Section A of the 9173: program_title, item, name, and a count for each tier and for all."""
    named, lines = rows_by_name("9173"), []
    found = {(line["program"], line["group"]): line for line in _body(report, window)}
    for program in _programs(report):
        whole, tiers = found[program, TOTAL], forms.tiers_of(program)
        counts = {
            "exited": {t: found[program, forms.TIERS[t]]["exited"] for t in tiers},
            "served": {t: whole[f"served_{t}"] for t in tiers},
            "reportable": {},
        }
        totals = {**whole, "reportable": _reportable(report, window)[program]}
        lines += [
            {
                "program_title": PROGRAM_TITLES[program],
                "name": f"{named[measure].item}. {named[measure].title}",
                **by_tier,
                "all": totals[measure],
            }
            for measure, by_tier in counts.items()
        ]
    columns = [*forms.TIERS, "all"]
    frame = pd.DataFrame(lines, columns=["program_title", "name", *columns])
    return frame.astype(dict.fromkeys(columns, "Int64"))


def bodies(report: Report, windows: tuple[Window, ...]) -> Html:
    """The lines of the form, for each window and program."""
    parts = {}
    for window in windows:
        body = _shown(report, window)[1]
        for title, mine in body.groupby("program_title", sort=False):
            name, caption = f"{title}, {window.window_title}", f"{window.label}: {title}"
            parts[name] = (
                tables.table(mine, caption, _BODY, "nobody.")
                if _name(window) == "9169"
                else _by_tier(report, window, mine, caption)
            )
    return display.switch(parts, "Program and window")


def _by_tier(report: Report, window: Window, mine: pd.DataFrame, caption: str) -> Html:
    """Of one program: participants by tier, outcomes by tier, and gains by type."""
    program, is_tier = mine["program"].iloc[0], mine["name"].str.startswith(f"{forms.TIER}: ")
    tiers = [(tier, forms.TIERS[tier]) for tier in forms.tiers_of(program)]
    named = rows_by_name("9173")
    whole = {TOTAL: named["served"]}
    items = [row.item if (row := (named | whole).get(name)) else "" for name in mine["name"]]
    served = mine.assign(item=items)[~is_tier]
    served = served.sort_values("item", kind="stable", key=lambda item: item.replace("", "C"))
    people = (
        Column("name", "Group"),
        Column("item", "Item"),
        *(Column(f"served_{t}", g, display.count, number=True) for t, g in tiers),
        Column("served", "All served", display.count, number=True),
    )
    gains = _gains(report, window)
    gains = gains[(gains["program"] == program) & (gains["dimension"] == TOTAL)]
    return display.together(
        tables.table(served, f"{caption}: participants served", people, "nobody."),
        tables.table(
            mine[is_tier | (mine["name"] == TOTAL)],
            f"{caption}: outcomes by tier",
            _BODY,
            "nobody.",
        ),
        tables.table(
            gains.assign(name=gains["measure"].map(lambda measure: named[measure].title)),
            f"{caption}: skill gains by type",
            _GAINS,
            "this program has no skill gains.",
        ),
    )


def long_form(report: Report, windows: tuple[Window, ...]) -> pd.DataFrame:
    """The form in the long form of domain 8.4 (`LONG_COLUMNS`), `group` as `dimension: group`.

    Measures: served, exited (value is the count), and each indicator that the program has, with
    numerator (missing for medians), denominator and value. After them what only one form has: the
    summary of the 9169 (`forms.heading`; no value where the records do not tell); of the 9173 its
    own groups, `served_<tier>`, `reportable`, and the gains by type. `suppressed` tells of a median
    that would tell a wage, whose value is the marker; all else are the reader's own records.

    item: the number on the form; form: its name and edition; unconfirmed: what of the row's item,
    label and test the form's text could not confirm (`FormRow.unconfirmed`).
    """
    told = [line for window in windows for line in _groups(report, window, tiers=False)]
    told += [line for window in windows for line in _own_lines(report, window)]
    columns = [*LONG_COLUMNS, "item", "form", "unconfirmed"]
    table = pd.DataFrame(told, columns=columns)
    return table.astype({"numerator": "Int64", "denominator": "Int64", "suppressed": "bool"})


Told = tuple[str, object, object, object, bool]
"""Measure, numerator, denominator, value, and whether the value is withheld."""


def _groups(report: Report, window: Window, *, tiers: bool) -> Iterable[tuple[object, ...]]:
    """The groups of the 9169, or the service tiers, with the measures that both forms have."""
    own = groups_of(_name(window))
    for line in _body(report, window):
        if tiers == (line["dimension"] == forms.TIER) and _group(line) not in own:
            told: list[Told] = [
                (name, None, None, line[name], False) for name in ("served", "exited")
            ]
            told += [_measured(line, code) for code in _indicators_of(line)]
            yield from _lines(report, window, line, told)


def _own_lines(report: Report, window: Window) -> Iterable[tuple[object, ...]]:
    """What only this form has."""
    if _name(window) == "9169":
        head = _forms(report, window)[0]
        plain = head.drop(columns="program").replace({forms.NOTHING: None})
        for program, line in zip(head["program"], plain.to_dict("records"), strict=True):
            told = [(str(name), None, None, value, False) for name, value in line.items()]
            yield from _lines(report, window, {"program": program}, told)
        return
    yield from _groups(report, window, tiers=True)
    own = groups_of("9173")
    for line in _body(report, window):
        tiers = [(f"served_{tier}", line[f"served_{tier}"]) for tier in forms.TIERS]
        tiers += [("served", line["served"])] if _group(line) in own else []
        told = [(name, None, None, n, False) for name, n in tiers if not pd.isna(n)]
        yield from _lines(report, window, line, told)
    for program, met in _reportable(report, window).items():
        told = [] if met is None else [("reportable", None, None, met, False)]
        yield from _lines(report, window, {"program": program}, told)
    for line in _gains(report, window).to_dict("records"):
        told = [(line["measure"], line["n"], line["d"], line["rate"], False)]
        yield from _lines(report, window, line, told)


def _lines(
    report: Report, window: Window, line: Mapping[Hashable, object], told: Iterable[Told]
) -> Iterable[tuple[object, ...]]:
    """Lines of the file: one for each measure that is told of a program's group."""
    group, named = _group(line), rows_by_name(_name(window))
    title = load_forms()[_name(window)].title
    said = (window.kind, window.py, window.quarter, window.window)
    key = (*said, report.scope.kind, report.scope.area, line["program"], group)
    for measure in told:
        row = named.get(measure[0] if group == "all" or measure[0] in forms.GAINS else group)
        read = (row.item, title, row.unconfirmed) if row else ("", title, "item")
        yield (*key, *measure, *read)


def _group(line: Mapping[Hashable, object]) -> str:
    """The group of a line as files write it; a line without one tells of everybody."""
    dimension = line.get("dimension", TOTAL)
    return "all" if dimension == TOTAL else f"{dimension}: {line['group']}"


def _indicators_of(line: Mapping[Hashable, object]) -> list[Measure]:
    return [code for code, rule in INDICATORS.items() if line["program"] in rule.programs]


def _measured(line: Mapping[Hashable, object], code: Measure) -> Told:
    numerator = None if INDICATORS[code].is_median else line[f"{code}_n"]
    return code, numerator, line[f"{code}_d"], line[code], line[code] == WITHHELD


def offers(report: Report, windows: tuple[Window, ...], name: str, title: str) -> Html:
    """The form as CSV in the long form and as a workbook, beside the page."""
    about = report.data.about
    form = load_forms()[_name(windows[0]) if windows else "9173"]
    facts = {
        "Report": f"{title}-shaped table, {report.period.name}",
        "Form": f"{form.title}, OMB {form.omb}",
        "Read": form.read,
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
        if _name(window) == "9173":
            sheets[f"{window.window} summary"] = _summary(report, window)
            sheets[f"{window.window} gains"] = _titled(_gains(report, window)).drop(
                columns="program"
            )
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
_COUNT, _RATE, _TEXT = (display.count, True), (display.rate, True), (display.text, False)
_WRITTEN = {
    **dict.fromkeys(
        ("career_served", "career_exited", "training_served", "training_exited"), _COUNT
    ),
    **dict.fromkeys(("training_related", "training_related_of_trained", "co_enrolled"), _RATE),
    **dict.fromkeys(forms.NOT_IN_THE_RECORDS, _TEXT),
}
_SUMMARY = (
    Column("program_title", "Program"),
    Column("name", "Item"),
    *(Column(tier, title, *_COUNT) for tier, title in forms.TIERS.items()),
    Column("all", "All", *_COUNT),
)
_GAINS = (
    Column("name", "Type of gain"),
    Column("n", "With such a gain", *_COUNT, page=_page("MSG")),
    Column("d", "Of", *_COUNT),
    Column("rate", "Rate", *_RATE),
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
