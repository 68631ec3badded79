"""The time line of a customer: what happened when, and which indicators it counts in.

One page of a planner holds all its customers, of which the address names one: no page per
customer. In an LWIA a roster leads to the planner's page; only those without one stand on the
LWIA's own.
"""

from functools import cache
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.groups import TRAINING_TYPES
from ipats_lib.indicators.reasons import plain_reason
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.report import display, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

PAGE = "dashboards/caseload-customers.html"
# What a date of the PIRL file says happened.
_DATED = {
    "900": "Entered the program",
    "901": "Exited",
    "1811": "Enrolled in education or training (skill gains counted)",
    "1813": "Completed that education or training",
    "1801": "Credential attained",
    "1803": "Second credential attained",
    "1805": "Third credential attained",
    "1806": "Skill gain: educational functioning level",
    "1807": "Skill gain: postsecondary transcript",
    "1808": "Skill gain: secondary transcript",
    "1809": "Skill gain: training milestone",
    "1810": "Skill gain: skills progression",
    "1406": "Enrolled in education after exit",
    "1409": "Supportive service (most recent)",
    "1412": "Youth follow-up service (most recent)",
    "1503": "Follow-up service (most recent)",
}
_Dated = tuple[NDArray[np.object_], NDArray[np.datetime64], NDArray[np.object_]]
_TRAININGS = (("1302", "1303", "1308"), ("1309", "1310", "1313"), ("1314", "1315", "1318"))


@cache
def _places(report: Report) -> dict[str, str]:
    """Where each customer's time line stands, as a path inside the scope's folder."""
    rows = report.data.frame("rows")[["row", "100"]].sort_values("row")
    first = rows.drop_duplicates("100")
    places = {
        str(line.customer): f"{PAGE}#r{line.row}"
        for line in first.rename(columns={"100": "customer"}).itertuples()
    }
    seats = report.data.frames.get("seats")
    if report.scope.kind != "lwia" or seats is None:
        return places
    # The planner's page names the customer by the first of the rows that the planner sees.
    seated = rows.merge(seats, on="row").drop_duplicates("100")
    return places | {
        str(line.customer): f"planner/{line.area}/{PAGE}#r{line.row}"
        for line in seated.rename(columns={"100": "customer"}).itertuples()
    }


def links(report: Report, customers: pd.Series) -> list[str]:
    """The address of each customer's time line, from a page one folder below the scope's; blank
    for the state and for customers without a record."""
    if report.scope.kind == "state":
        return [""] * len(customers)
    places = _places(report)
    return [f"../{places[c]}" if c in places else "" for c in customers.astype("str")]


def shown_here(report: Report) -> pd.Series:
    """The customers whose time line stands on this scope's own page."""
    known = report.data.frame("rows")["100"].astype("str").drop_duplicates()
    places = _places(report)
    return known[[places[c].startswith(PAGE) for c in known]].reset_index(drop=True)


def events(report: Report) -> pd.DataFrame:
    """Everything dated of the scope's customers: customer, day, what; oldest first."""
    rows = report.data.frame("rows")
    parts = [_dated(rows["100"], rows[element], what) for element, what in _DATED.items()]
    for start, kind, end in _TRAININGS:
        named = rows[kind].map(TRAINING_TYPES).fillna("type not recorded").astype("object")
        parts.append(_dated(rows["100"], rows[start], "Training began: " + named))
        parts.append(_dated(rows["100"], rows[end], "Training ended: " + named))
    frames = report.data.frames
    if "application" in frames:
        table = frames["application"]
        parts.append(_dated(table["customer"], table["applied"], "Applied"))
        parts.append(_dated(table["customer"], table["certified"], "Certified as eligible"))
    if "case_note" in frames:
        table = frames["case_note"]
        kind = "Case note: " + table["type"].astype("object").fillna("no type")
        parts.append(_dated(table["customer"], table["date"], kind))
    if "service" in frames:
        parts.append(_services(frames["service"]))
    found = pd.DataFrame(
        {
            "customer": np.concatenate([customer for customer, _, _ in parts]),
            "day": np.concatenate([day for _, day, _ in parts]),
            "what": np.concatenate([what for _, _, what in parts]),
        }
    )
    return found.drop_duplicates().sort_values(["customer", "day", "what"], ignore_index=True)


def _dated(customers: pd.Series, days: pd.Series, what: pd.Series | str) -> _Dated:
    known = days.notna().to_numpy()
    named = np.full(len(days), what, "object") if isinstance(what, str) else what.to_numpy("object")
    return customers.to_numpy("object")[known], days.to_numpy("datetime64[s]")[known], named[known]


def _services(table: pd.DataFrame) -> _Dated:
    provider = table["provider"].astype("object")
    by = (" (" + provider + ")").where(provider.notna(), "")
    ended = table["actual_end"].dt.strftime("%Y-%m-%d").astype("object")
    until = (", to " + ended).where(ended.notna(), ", open")
    title = table["title"].astype("object").fillna("Service")
    return _dated(table["customer"], table["start"], title + by + until)


def standing(report: Report) -> pd.DataFrame:
    """How each customer stands in the main report: customer, program, indicator, state, reason."""
    outcomes = report.data.frame("outcomes")
    main = outcomes["report"] == report.period.reports[0].label
    mine = outcomes[main & (outcomes["program"] != "title1")]
    named = mine.merge(report.data.frame("rows")[["row", "100"]], on="row")
    program = named["program"].astype("str").map(PROGRAM_TITLES)
    titles = {code: rule.title for code, rule in INDICATORS.items()}
    table = pd.DataFrame(
        {
            "customer": named["100"].astype("str"),
            "what": program + ": " + named["indicator"].astype("str").map(titles),
            "state": named["state"].astype("str").map(display.STATE_WORDS),
            "reason": named["reason"].astype("str").map(plain_reason),
        }
    )
    return table.sort_values(["customer", "what"], kind="stable", ignore_index=True)


def index(report: Report) -> Html:
    """The customers of this page, each leading to its time line; nothing for the state."""
    if report.scope.kind == "state":
        return Html("")
    here = set(shown_here(report))
    table = report.caseload()
    mine = table[table["customer"].isin(here)].sort_values(["status", "customer"])
    place = _places(report)
    mine = mine.assign(page=["#" + place[c].partition("#")[2] for c in mine["customer"]])
    columns = (
        Column("customer", "Customer", href="page"),
        Column("program", "Program"),
        Column("status", "Status"),
        Column("last_service", "Last service"),
        Column("days", "Days since", display.count, number=True),
    )
    none = "every customer here has a planner: the rosters lead to the planner's page."
    made = tables.table(mine, "Customers", columns, none)
    return made if mine.empty else tables.as_roster(made)


def time_lines(report: Report) -> Html:
    """A section for each customer of this page, of which the address shows one; none for the
    state."""
    if report.scope.kind == "state":
        return Html("")
    here, places = list(shown_here(report)), _places(report)
    happened = _lines(events(report), here, ("day", "what"))
    counted = _lines(standing(report), here, ("what", "state", "reason"))
    sections = []
    for customer in here:
        anchor = places[customer].partition("#")[2]
        sections.append(
            f"<section class='customer' id='{anchor}'><h2>{escape(customer)}</h2>"
            f"<table><caption>What happened</caption>{_HAPPENED}{happened.get(customer, '')}"
            f"</table><table><caption>Indicators of the main report</caption>{_COUNTED}"
            f"{counted.get(customer, _NONE)}</table></section>"
        )
    return Html("".join(sections), f"{len(sections)} time lines")


def _lines(frame: pd.DataFrame, here: list[str], columns: tuple[str, ...]) -> dict[str, str]:
    mine = frame[frame["customer"].isin(here)]
    cells = [[escape(text) for text in _texts(mine[name])] for name in columns]
    found: dict[str, list[str]] = {}
    for customer, *texts in zip(mine["customer"], *cells, strict=True):
        row = "".join(f"<td>{text}</td>" for text in texts)
        found.setdefault(customer, []).append(f"<tr>{row}</tr>")
    return {customer: "".join(rows) for customer, rows in found.items()}


def _texts(values: pd.Series) -> list[str]:
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return list(values.dt.strftime("%Y-%m-%d").fillna(display.NONE))
    return [display.text(value) for value in values.tolist()]


_HAPPENED = "<tr><th scope='col'>Date</th><th scope='col'>What</th></tr>"
_COUNTED = (
    "<tr><th scope='col'>Indicator</th><th scope='col'>State</th><th scope='col'>Why</th></tr>"
)
_NONE = "<tr><td colspan='3'>In no indicator of this report.</td></tr>"
