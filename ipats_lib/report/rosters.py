"""The rows behind a figure: every record, its state, why, and the elements that decided it."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import TOTAL
from ipats_lib.cohorts import PROGRAM_TITLES, PROGRAMS, Program
from ipats_lib.disclosure import load_thresholds
from ipats_lib.indicators.outcomes import STATES
from ipats_lib.indicators.predicates import WAGE_NOT_YET_AVAILABLE
from ipats_lib.indicators.reasons import plain_reason
from ipats_lib.indicators.rules import INDICATORS, Indicator, Measure
from ipats_lib.params import load_layout
from ipats_lib.report import customers, display, downloads, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

# The total would show every customer of Title I a second time.
_LISTED = tuple(program for program in PROGRAMS if program != "title1")
_FIRST = ("pending", "awaiting", "failure", "success", "excluded")
_ORDER = {state: place for place, state in enumerate(_FIRST) if state in STATES}
_KEYS = ["indicator", "row", "program", "state", "reason"]
_FIXED = (
    *("row", "customer", "program", "program_title", "state", "reason", "windows"),
    *("state_shown", "reason_shown"),
)
_WAGE = "1704"


@cache
def roster(report: Report, measure: Measure) -> pd.DataFrame:
    """Every record of an indicator in any window of the period; empty for the state.

    One row per period of participation, program, state and reason: row, customer, program,
    program_title, state, reason (code), windows (the titles of the windows in which it stands so:
    a skill gain may count in one and not in another), state_shown, reason_shown, and the elements
    that decide (named by their number, raw codes). Pending ones come first. A wage is replaced by
    whether one was found where readers may not see it (`params/disclosure.csv`).
    """
    decided_by = list(INDICATORS[measure].decided_by)
    mine = _every(report)[list(_FIXED)].take(_places(report).get(measure, []))
    at = report.members.rows.get_indexer(mine["row"])
    elements = report.data.frame("rows")[decided_by].take(at)
    joined = pd.concat([part.reset_index(drop=True) for part in (mine, elements)], axis=1)
    return _without_wages(joined, report.scope.kind)


@cache
def _places(report: Report) -> dict[Measure, NDArray[np.intp]]:
    return dict(_every(report).groupby("indicator", observed=True).indices)  # type: ignore[arg-type]


@cache
def _every(report: Report) -> pd.DataFrame:
    """The rosters of all indicators, in order, without the elements that decide: the columns of
    `roster` and indicator. One pass for all: its price hardly depends on the number of lines."""
    lines = _lines(report)
    state = lines["state"].astype("str")
    at = report.members.rows.get_indexer(lines["row"])
    shown = lines.assign(
        customer=report.data.frame("rows")["100"].astype("str").to_numpy()[at],
        program_title=lines["program"].astype("str").map(PROGRAM_TITLES),
        state_shown=state.map(display.STATE_WORDS),
        reason_shown=lines["reason"].map(plain_reason),
        order=state.map(_ORDER),
    )
    by = ["order", "customer", "row", "program", "windows"]
    return shown.sort_values(by, ignore_index=True)[["indicator", *_FIXED]]


def _lines(report: Report) -> pd.DataFrame:
    """`_KEYS` and windows: each record once for every state that it has in a window."""
    outcomes = report.data.frame("outcome_rows")
    bits = {window.label: 1 << place for place, window in enumerate(report.period.windows)}
    mine = outcomes[outcomes["report"].isin(list(bits)) & outcomes["program"].isin(_LISTED)]
    if report.scope.kind == "state":
        mine = mine.head(0)
    marked = mine[_KEYS].assign(
        reason=mine["reason"].astype("str"), bits=mine["report"].astype("str").map(bits)
    )
    lines = marked.groupby(_KEYS, observed=True, sort=False)["bits"].sum().reset_index()
    return lines.assign(windows=_named(report, lines["bits"])).drop(columns="bits")


def _named(report: Report, bits: pd.Series) -> pd.Series:
    """The titles of the windows whose bits are set, the main one first."""
    titles = {
        mask: "; ".join(
            window.window_title
            for place, window in enumerate(report.period.windows)
            if int(mask) >> place & 1
        )
        for mask in bits.unique()
    }
    return bits.map(titles).astype("str")


def _without_wages(table: pd.DataFrame, scope_kind: str) -> pd.DataFrame:
    if _WAGE not in table or load_thresholds().shows_wages(scope_kind):
        return table
    wage = table[_WAGE].to_numpy(dtype=np.float64)
    said = np.where(wage >= WAGE_NOT_YET_AVAILABLE, "not yet", np.where(wage > 0, "found", ""))
    return table.assign(**{_WAGE: said})


def roster_table(report: Report, measure: Measure) -> Html:
    """The roster as a table that a reader sorts and filters; a sentence for the state."""
    rule, title = INDICATORS[measure], INDICATORS[measure].title
    if report.scope.kind == "state":
        return display.paragraph(
            "The state's page lists nobody: open an area's page for its customers.", "empty"
        )
    columns = [
        Column("customer", "Customer", href="page"),
        Column("program_title", "Program"),
        Column("windows", "Counts in"),
        Column("state_shown", "State"),
        Column("reason_shown", "Why"),
        Column("reason", "Reason code"),
        *(Column(number, element_title(number), _cell) for number in rule.decided_by),
    ]
    listed = roster(report, measure)
    lines = tables.lines_of(listed, [column.name for column in columns])
    lines = {**lines, "page": customers.links(report, listed["customer"])}
    made = tables.table(lines, f"{title}: every record", columns, "nobody is in this cohort.")
    return tables.as_roster(made)


def roster_download(report: Report, measure: Measure, name: str) -> Html:
    """The roster as a CSV file beside the page; nothing to download for the state.

    It has a column more for every kind of group, so that the rows of any line by group are found.
    """
    if report.scope.kind == "state":
        return Html("", "")
    table = with_groups(report, roster(report, measure))
    table = table.drop(columns=["row", "state_shown", "program_title"])
    named = table.rename(columns={"reason_shown": "why"})
    data = downloads.csv(named.rename(columns=_with_title(INDICATORS[measure])))
    what = f"every record of {INDICATORS[measure].title.lower()}, with the groups it is in"
    return downloads.offer(name, data, what)


def with_groups(report: Report, listed: pd.DataFrame) -> pd.DataFrame:
    """A roster with one column per kind of group: the titles of the groups that each line is in."""
    program, rows = listed["program"].astype("str").to_numpy(), listed["row"].to_numpy()
    found: dict[str, NDArray[np.object_]] = {}
    for one in _LISTED:
        at = np.flatnonzero(program == one)
        places = report.members.rows.get_indexer(rows[at])
        for dimension, titles in _groups(report, one).items():
            column = found.setdefault(dimension, np.full(len(listed), "", dtype=object))
            column[at] = titles[places]
    return listed.assign(**found)


@cache
def _groups(report: Report, program: Program) -> dict[str, NDArray[np.object_]]:
    """The groups of each record as a line of the program has them: its titles by kind."""
    members = report.members
    holds = members.of(program)
    found: dict[str, NDArray[np.object_]] = {}
    for dimension in dict.fromkeys(name for name, _ in members.titles if name != TOTAL):
        places = [n for n, (name, _) in enumerate(members.titles) if name == dimension]
        titles = np.array([members.titles[n][1] for n in places], dtype=object)
        joined = ["; ".join(titles[held]) for held in holds[:, places]]
        found[dimension] = np.array(joined, dtype=object)
    return found


def _with_title(rule: Indicator) -> dict[str, str]:
    return {number: element_title(number) for number in rule.decided_by}


def _cell(value: object) -> str:
    written = display.text(value)
    return "" if written == display.NONE else written.removesuffix(".0")


@cache
def element_title(number: str) -> str:
    """An element's number and name, as `901 date of program exit`."""
    names = {element.number: element.name for element in load_layout("pirl_2021").elements}
    return f"{number} {names[number]}"
