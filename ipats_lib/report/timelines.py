"""The time line of a customer: what happened when, what is open, and which indicators it counts
in."""

from functools import cache
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload import after_exit, flow
from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.due_dates import due
from ipats_lib.frames.services import DATED, PLAIN_SERVICES, SLOTS
from ipats_lib.groups import TRAINING_TYPES
from ipats_lib.indicators.reasons import plain_reason
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.params import load_layout
from ipats_lib.periods import LAG, Period, program_year_end
from ipats_lib.periods import Report as Window
from ipats_lib.projection.closing import last_day
from ipats_lib.report import customers, display, downloads, queue, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.tables import Column

_Dated = tuple[NDArray[np.object_], NDArray[np.datetime64], NDArray[np.object_]]
# What may still change first.
_ORDER = {"pending": 0, "failure": 1, "success": 2, "excluded": 3}


@cache
def events(report: Report) -> pd.DataFrame:
    """Everything dated of the scope's customers: customer, day, what; oldest first."""
    rows = report.data.frame("rows")
    parts = [_dated(rows["100"], rows[element], what) for element, what in DATED.items()]
    for start, kind, end in SLOTS:
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
    else:
        named_ = {element.number: element.name for element in load_layout().elements}
        parts += [_dated(rows["100"], rows[e], f"{named_[e]} ({e})") for e in PLAIN_SERVICES]
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


def windows(report: Report) -> tuple[Window, ...]:
    """The reports in which a time line tells how a customer stands: the main one, and the annual
    reports of the program years before, now and next (`data.reports_of`)."""
    years = [Period(report.period.py + step).program_year for step in (-1, 0, 1)]
    return tuple(dict.fromkeys((report.period.reports[0], *years)))


@cache
def standing(report: Report) -> pd.DataFrame:
    """How each customer stands in each report that it counts in (`windows`), what may still
    change first.

    One row per customer, program, indicator and report: customer, report, what (program and
    indicator), state (in words), reason, and by (while pending: the last day on which the outcome
    can happen, and the day that locks the report).
    """
    outcomes, labels = report.data.frame("outcome_rows"), [w.label for w in windows(report)]
    mine = outcomes[outcomes["report"].isin(labels) & (outcomes["program"] != "title1")]
    program = mine["program"].astype("str").map(PROGRAM_TITLES)
    titles = {code: rule.title for code, rule in INDICATORS.items()}
    state, label = mine["state"].astype("str"), mine["report"].astype("str")
    place = {name: i for i, name in enumerate(labels)}
    table = pd.DataFrame(
        {
            "customer": _customers(report, mine["row"]),
            "report": label.to_numpy(),
            "what": (program + ": " + mine["indicator"].astype("str").map(titles)).to_numpy(),
            "state": state.map(display.STATE_WORDS).to_numpy(),
            "reason": _plain_reasons(mine["reason"]),
            "by": _by(report, mine),
            "order": state.map(_ORDER).to_numpy(),
            "place": label.map(place).to_numpy(),
        }
    )
    sorted_ = table.sort_values(["customer", "order", "what", "place"], kind="stable")
    return sorted_.drop(columns=["order", "place"]).reset_index(drop=True)


def _plain_reasons(reasons: pd.Series) -> list[str]:
    codes = display.listed(reasons.astype("str"))
    named = {code: plain_reason(code) for code in set(codes)}
    return [named[code] for code in codes]


def _customers(report: Report, rows: pd.Series) -> NDArray[np.object_]:
    return report.records.text("100")[_places_of(report, rows)].astype("str").astype("object")


def _places_of(report: Report, rows: pd.Series) -> NDArray[np.intp]:
    return pd.Index(report.data.frame("rows")["row"]).get_indexer(rows)


def _by(report: Report, outcomes: pd.DataFrame) -> list[str]:
    """Until when a pending outcome can happen, and until when it can be recorded; else blank."""
    found = np.full(len(outcomes), "", dtype="object")
    known = {window.label: window for window in windows(report)}
    exits = report.records.day("901")
    view = flow.view_of(report.records, as_of(report.data.about))
    lines = pd.DataFrame(
        {
            "report": outcomes["report"].astype("str").to_numpy(),
            "indicator": outcomes["indicator"].astype("str").to_numpy(),
            "place": _places_of(report, outcomes["row"]),
        }
    )
    pending = lines[(outcomes["state"] == "pending").to_numpy()]
    for (label, measure), mine in pending.groupby(["report", "indicator"]):
        window = known[label]
        end = program_year_end(window.cohort("MSG").end)
        ends = last_day(view, measure, end)[mine["place"]]
        locks = _locks(window, measure, exits[mine["place"]])
        pairs = zip(ends.astype("datetime64[D]"), locks, strict=True)
        found[mine.index] = [f"{end}, in IWDS by {lock}" for end, lock in pairs]
    return list(found)


def _locks(
    window: Window, measure: Measure, exits: NDArray[np.datetime64]
) -> NDArray[np.datetime64]:
    """The due date of the annual report that counts each outcome: of an exit, wherever it is shown
    (domain 2.2)."""
    cohort = INDICATORS[measure].cohort
    if cohort == "MSG":
        return np.full(len(exits), due(Period(window.py)), dtype="datetime64[D]")
    return after_exit.locked(exits, LAG[cohort])


def index(report: Report) -> Html:
    """The customers of this page, each leading to its time line; nothing for the state."""
    if report.scope.kind == "state":
        return Html("")
    here = set(customers.shown_here(report))
    table = report.standing()
    mine = table[table["customer"].isin(here)].sort_values(["status", "customer"])
    place = customers.places(report)
    mine = mine.assign(page=["#" + place[c].partition("#")[2] for c in mine["customer"]])
    columns = (
        Column("customer", "Customer", href="page"),
        Column("program", "Program"),
        Column("status", "Status"),
        Column("last_service", "Last service"),
        Column("days", "Days since", display.count, number=True),
    )
    none = "every customer here has a planner: the rosters lead to the planner's page."
    if report.data.frame("rows").empty:
        none = "nobody is here."
    made = tables.table(mine, "Customers", columns, none)
    return made if mine.empty else tables.as_roster(made)


def time_lines(report: Report) -> Html:
    """A section for each customer of this page, of which the address shows one; none for the
    state."""
    if report.scope.kind == "state":
        return Html("")
    here, places = list(customers.shown_here(report)), customers.places(report)
    happened = _lines(events(report), here, ("day", "what"))
    open_ = _lines(queue.queue(report), here, ("what", "detail", "due", "state", "action"))
    counted = _standing_lines(report, here)
    sections = []
    for customer in here:
        anchor = places[customer].partition("#")[2]
        sections.append(
            f"<section class='customer' id='{anchor}'><h2>{escape(customer)}</h2>"
            + _part("Open alerts", _OPEN, open_.get(customer, ""), "Nothing is open.")
            + _part("What happened", _HAPPENED, happened.get(customer, ""), "No date is known.")
            + _part("Indicators", _COUNTED, counted.get(customer, ""), "In no indicator.")
            + "</section>"
        )
    return Html("".join(sections), f"{len(sections)} time lines")


def offers(report: Report) -> Html:
    """What happened to the customers of this page, one line per event, as CSV; nothing for the
    state. No workbook: its thousands of cells would cost as much as the page."""
    if report.scope.kind == "state":
        return Html("")
    found = events(report)
    mine = found[found["customer"].isin(set(customers.shown_here(report)))]
    mine = mine.assign(day=_texts(mine["day"]))
    return downloads.offer("customers.csv", downloads.csv(mine), "what happened, a line per event")


def _part(caption: str, headings: tuple[str, ...], rows: str, none: str) -> str:
    if not rows:
        return f"<p class='empty'>{caption}: {none}</p>"
    head = "".join(f"<th scope='col'>{heading}</th>" for heading in headings)
    body = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f"<div class='table'><table><caption>{caption}</caption>{body}</table></div>"


def _lines(frame: pd.DataFrame, here: list[str], columns: tuple[str, ...]) -> dict[str, str]:
    mine = frame[frame["customer"].isin(here)]
    cells = [[escape(text) for text in _texts(mine[name])] for name in columns]
    found: dict[str, list[str]] = {}
    for customer, *texts in zip(display.listed(mine["customer"]), *cells, strict=True):
        row = "".join(f"<td>{text}</td>" for text in texts)
        found.setdefault(customer, []).append(f"<tr>{row}</tr>")
    return {customer: "".join(rows) for customer, rows in found.items()}


def _standing_lines(report: Report, here: list[str]) -> dict[str, str]:
    """The lines of `standing`, those that several reports share told once."""
    frame = standing(report)
    mine = frame[frame["customer"].isin(here)]
    found: dict[str, dict[tuple[str, ...], list[str]]] = {}
    columns = (
        display.listed(mine[name])
        for name in ("customer", "what", "state", "reason", "by", "report")
    )
    for customer, *key, label in zip(*columns, strict=True):
        found.setdefault(customer, {}).setdefault(tuple(key), []).append(label)
    return {
        customer: "".join(_told(*line) for line in lines.items())
        for customer, lines in found.items()
    }


def _told(key: tuple[str, ...], labels: list[str]) -> str:
    cells = (key[0], ", ".join(dict.fromkeys(labels)), *key[1:])
    return f"<tr>{''.join(_cell(text) for text in cells)}</tr>"


@cache
def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _texts(values: pd.Series) -> list[str]:
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return list(values.dt.strftime("%Y-%m-%d").fillna(display.NONE))
    return [display.text(value) for value in display.listed(values)]


_OPEN = ("What", "Why", "Due", "State", "What to do")
_HAPPENED = ("Date", "What")
_COUNTED = ("Indicator", "Report", "State", "Why", "Until when")
