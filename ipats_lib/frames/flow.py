"""The frame `flow`: enrollments and exits by month, and by spans that end now."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from ipats_lib.caseload import flow as flows
from ipats_lib.frames.cases import ALL, Cases, program_titles

ENROLLMENTS, EXITS = "enrollments", "exits"
MONTH, WHOLE_MONTHS = "month", "12 whole months"
_BY = ["scope", "area_type", "area", "program", "exit_reason"]
Span = tuple[str, date, date]


def flow(cases: Cases) -> pd.DataFrame:
    """Enrollments and exits of Title I: each month of two years, and the spans of `flow.compared`.

    A scope has every span, also one without anybody; an area inside it, a single program and a
    reason of exit have the spans in which they have somebody.
    """
    parts = [_of(cases, what) for what in (ENROLLMENTS, EXITS)]
    found = pd.concat([*parts, _then(cases)], ignore_index=True)
    order = ["scope", "known_at", "what", "span", "start", "area_type", "area", *_BY[3:]]
    found = found.sort_values(order, ignore_index=True)
    return found.assign(
        area_title=cases.titles(found["area_type"], found["area"]),
        program_title=program_titles(found["program"].to_numpy()),
    )


def _of(cases: Cases, what: str) -> pd.DataFrame:
    today, lines = cases.combined.case_tables.as_of, _dated(cases, what)
    spans = _spans(today, what)
    counted = pd.concat(
        [_by_month(lines, today), *(_in_span(lines, one) for one in spans[flows.MONTHS :])],
    )
    own = [
        (scope, cases.kind, scope, ALL, "", span, pd.Timestamp(start))
        for scope in cases.scopes
        for span, start, _ in spans
    ]
    every = pd.MultiIndex.from_tuples(own, names=counted.index.names)
    found = counted.reindex(every.union(counted.index, sort=False)).fillna(0).reset_index()
    spans_known = pd.DataFrame([_span_facts(cases, what, one) for one in spans])
    found = found.merge(spans_known, on=["span", "start"])
    return found.assign(
        n=found["n"].astype("Int64").where(found["known"], pd.NA),
        year_before=found["year_before"].astype("Int64"),
        what=what,
        known_at=pd.Timestamp(today),
    ).drop(columns="known")


def _spans(today: date, what: str) -> list[Span]:
    """The months, oldest first, and the spans that end now."""
    months = np.datetime64(today, "M") - np.arange(flows.MONTHS)[::-1]
    monthly = [(MONTH, _first(month), _last(month)) for month in months]
    element = "900" if what == ENROLLMENTS else "901"
    spans = flows.spans(today)
    named = [(_named(name), start, end) for name, _, of, start, end in spans if of == element]
    if what == EXITS:
        known = flows.known_months(today)
        named.append((WHOLE_MONTHS, _first(known[0]), _last(known[-1])))
    return [*monthly, *named]


def _first(month: np.datetime64) -> date:
    found: date = month.astype("datetime64[D]").item()
    return found


def _last(month: np.datetime64) -> date:
    return _first(month + 1) - timedelta(days=1)


def _named(span: str) -> str:
    return span.partition(": ")[2]


def _span_facts(cases: Cases, what: str, one: Span) -> dict[str, object]:
    """What is to be said of a span: known (whether its number is), end, and whether it and the
    same a year before are whole."""
    span, start, end = one
    today = cases.combined.case_tables.as_of
    last = today if what == ENROLLMENTS else flows.exits_known(today)
    oldest = cases.whole_from
    since = date.min if np.isnat(oldest) else date.fromisoformat(str(oldest))
    ended = end <= last
    return {
        "span": span,
        "start": pd.Timestamp(start),
        "end": pd.Timestamp(min(end, today)),
        "known": ended or what == ENROLLMENTS,
        "whole": ended and start >= since and "to date" not in span,
        "year_before_whole": flows.a_year_before(start) >= since,
    }


def _dated(cases: Cases, what: str) -> pd.DataFrame:
    """Every enrollment or exit of Title I, once for each area, program and reason by which it is
    counted: `_BY` and day."""
    day = cases.view.day("900" if what == ENROLLMENTS else "901")
    place = np.flatnonzero(cases.title1 & ~np.isnat(day))
    lines = pd.DataFrame(
        {
            "area": cases.combined.areas[place],
            "place": place,
            "planner": cases.planner[place],
            "program": cases.program[place],
            "exit_reason": flows.exit_reasons_of(cases.view.code("923")[place]),
            "day": day[place].astype("datetime64[s]"),
        }
    )
    lines = cases.inside(lines).rename(columns={"area": "scope", "inner": "area"})
    parts = [lines.assign(program=ALL, exit_reason=""), lines.assign(exit_reason="")]
    if what == EXITS:
        parts.append(lines.assign(program=ALL))
    return pd.concat(parts, ignore_index=True)[[*_BY, "day"]]


def _by_month(lines: pd.DataFrame, today: date) -> pd.DataFrame:
    """By `_BY`, span and start: n, year_before; of the months that are shown."""
    month = lines["day"].to_numpy().astype("datetime64[M]")
    oldest = np.datetime64(today, "M") - (flows.MONTHS - 1)
    found = {}
    for name, moved in (("n", month), ("year_before", month + 12)):
        mine = (moved >= oldest) & (moved <= np.datetime64(today, "M"))
        start = moved[mine].astype("datetime64[s]")
        found[name] = lines[mine].assign(span=MONTH, start=start)
    return _sizes(found)


def _in_span(lines: pd.DataFrame, one: Span) -> pd.DataFrame:
    span, start, end = one
    days = lines["day"].to_numpy(dtype="datetime64[D]")
    ago = flows.a_year_before(start), flows.a_year_before(end)
    pairs = {"n": (start, end), "year_before": ago}
    found = {
        name: lines[flows.between(days, *pair)].assign(span=span, start=pd.Timestamp(start))
        for name, pair in pairs.items()
    }
    return _sizes(found)


def _sizes(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    by = [*_BY, "span", "start"]
    return pd.DataFrame({name: mine.groupby(by).size() for name, mine in found.items()})


def _then(cases: Cases) -> pd.DataFrame:
    """Spans of fixed length, and the reasons of exit, as earlier extracts counted them."""
    old = cases.earlier[cases.earlier["kind"].isin(["compared", "reason"])]
    spans = {
        (day, what, span): (start, end)
        for day in old["known_at"].unique()
        for what in (ENROLLMENTS, EXITS)
        for span, start, end in _spans(date.fromisoformat(day), what)
    }
    reason = (old["kind"] == "reason").to_numpy()
    what = np.where(reason | old["key"].str.startswith("Exits").to_numpy(), EXITS, ENROLLMENTS)
    span = np.where(reason, WHOLE_MONTHS, old["key"].map(_named))
    pairs = [spans[key] for key in zip(old["known_at"], what, span, strict=True)]
    return pd.DataFrame(
        {
            "scope": old["area"],
            "area_type": cases.kind,
            "area": old["area"],
            "program": ALL,
            "exit_reason": np.where(reason, old["key"], ""),
            "what": what,
            "span": span,
            "start": pd.to_datetime([start for start, _ in pairs]),
            "end": pd.to_datetime([end for _, end in pairs]),
            "n": old["n"].astype("Int64"),
            "whole": True,
            "year_before_whole": False,
            "known_at": pd.to_datetime(old["known_at"]),
        }
    )
