"""What is to come (A-23, A-24) beside earlier extracts, and as files."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from ipats_lib.disclosure import WITHHELD, few_wages, load_thresholds, marked
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.report import before, calendar, display, downloads, tables
from ipats_lib.report import outlook as outlooks
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column, Lines
from ipats_lib.report.upcoming import key

BOOK = "outlook.xlsx"
_NAME = Column("name", "Program and indicator")
_YEARS = (0, 1)


def outlook(report: Report, caption: str, ahead: int = 0) -> Html:
    """A program year as it stands and may end, and what earlier extracts knew of it."""
    frame = outlooks.outlook(report, ahead)
    made = tables.outlook(frame, caption)
    if not before.days(report):
        return made
    py = outlooks.program_year_of(report, ahead).py
    titles = {
        "Official figure": f"PY{py}, the official figure, by extract",
        "Still open": f"PY{py}, outcomes still open, by extract",
        "More for the level": f"PY{py}, successes lacking for the level, by extract",
    }
    columns = {
        what: (_NAME, Column("now", "Now", number=True), *before.columns(report, display.text))
        for what in titles
    }
    lines = earlier(report, ahead)
    parts = {
        what: tables.table(lines[what], title, columns[what], "none.")
        for what, title in titles.items()
    }
    return display.together(made, display.switch(parts, "Beside earlier extracts"))


@cache
def earlier(report: Report, ahead: int) -> dict[str, Lines]:
    """Of each line of the outlook, beside what earlier extracts gave, in words: its official
    figure, its outcomes still open, and the successes lacking for today's level (of a median: not
    told). Each as columns: name, now, and those of `before.names`."""
    frame, days = outlooks.outlook(report, ahead), before.days(report)
    label = outlooks.program_year_of(report, ahead).label
    lines = frame.to_dict("records")
    keys = [key(label, line["program"], line["measure"]) for line in lines]
    counted = {day: [before.count(report, day, "official", k) for k in keys] for day in days}
    official = [_figure(line, line["value"], line["denominator"]) for line in lines]
    figures = {
        day: [
            _figure(line, before.value(report, day, "official", k), n)
            for line, k, n in zip(lines, keys, counted[day], strict=True)
        ]
        for day in days
    }
    open_ = {day: [before.count(report, day, "open", k) for k in keys] for day in days}
    lacking = {
        day: [_lacking(*known) for known in zip(lines, figures[day], counted[day], strict=True)]
        for day in days
    }
    gaps = [line["to_100"] if _is_rate(line) else None for line in lines]
    return {
        "Official figure": _told(report, lines, official, figures, _FIGURE),
        "Still open": _told(report, lines, frame["pending"].tolist(), open_, _COUNT),
        "More for the level": _told(report, lines, gaps, lacking, _COUNT),
    }


def _figure(line: Mapping[Hashable, Any], value: Any, counted: int) -> Any:
    return display.marked(line["measure"], value, counted)


def _is_rate(line: Mapping[Hashable, Any]) -> bool:
    return not INDICATORS[line["measure"]].is_median


def _lacking(line: Mapping[Hashable, Any], figure: float, counted: int) -> int | None:
    if not _is_rate(line) or not counted:
        return None
    return outlooks.lacking(round(figure * counted), counted, line["level"], 100)


def _told(
    report: Report,
    lines: Sequence[Mapping[Hashable, Any]],
    now: Sequence[Any],
    then: Mapping[str, Sequence[Any]],
    words: tuple[Callable[[Measure, Any], str], Callable[[Measure, Any, Any], str]],
) -> Lines:
    write, change = words
    measures = [line["measure"] for line in lines]
    told: dict[str, Sequence[Any]] = {
        "name": [f"{line['program_title']}: {line['title']}" for line in lines],
        "now": list(map(write, measures, now)),
    }
    for day, values in then.items():
        told[day] = list(map(write, measures, values))
        told[before.since_of(report, day)] = list(map(change, measures, now, values))
    return told


def _count(_: Measure, value: object) -> str:
    return display.count(value)


def _more(_: Measure, now: Any, then: Any) -> str:
    if pd.isna(now) or pd.isna(then):
        return display.NONE
    return before.change(int(now), int(then))


def _step(measure: Measure, now: Any, then: Any) -> str:
    withheld = WITHHELD in (now, then)
    return display.NONE if withheld else display.difference(measure, now - then)


_FIGURE = (display.figure, _step)
_COUNT = (_count, _more)


def cohorts(report: Report, measure: Measure, caption: str, counted: str) -> Html:
    """One indicator's report quarters, and how many earlier extracts knew of each."""
    frame = calendar.cohort_calendar(report, measure)
    made = tables.calendar(frame, caption, counted)
    if not before.days(report):
        return made
    columns = (
        Column("report", "Report"),
        Column("n", "Title I so far", display.count, number=True),
        *before.columns(report),
    )
    lines = cohorts_before(report, measure)
    return display.together(made, tables.table(lines, f"{caption}, by extract", columns, "none."))


def cohorts_before(report: Report, measure: Measure) -> Lines:
    """Whom each report quarter holds, of Title I as a whole, beside what earlier extracts knew:
    report, n and the columns of `before.told`."""
    frame = calendar.cohort_calendar(report, measure)
    names, now = frame["report"].tolist(), frame["title1"].tolist()
    keys = [key(name, "title1", measure) for name in names]
    old = {
        day: [before.count(report, day, "cohort", one) for one in keys]
        for day in before.days(report)
    }
    return {"report": names, "n": now, **before.told(report, now, old, before.change)}


def _years(report: Report) -> pd.DataFrame:
    years = [
        outlooks.outlook(report, ahead).assign(
            program_year=f"PY{outlooks.program_year_of(report, ahead).py}",
            **_open_before(report, ahead),
        )
        for ahead in _YEARS
    ]
    found = pd.concat(years, ignore_index=True).drop(columns=["program_title", "title"])
    hidden = few_wages(found, report.scope.kind, load_thresholds())
    found = marked(found, hidden, *outlooks.AMOUNTS)
    return found[["program_year", *(name for name in found if name != "program_year")]]


def _open_before(report: Report, ahead: int) -> Lines:
    known = earlier(report, ahead)
    return {
        f"{name} {day}": known[what][day]
        for what, name in (("Official figure", "value"), ("Still open", "pending"))
        for day in before.days(report)
    }


@cache
def _calendars(report: Report) -> pd.DataFrame:
    parts = [
        calendar.cohort_calendar(report, measure).assign(
            **{day: cohorts_before(report, measure)[day] for day in before.days(report)}
        )
        for measure in INDICATORS
    ]
    return pd.concat(parts, ignore_index=True)


def roster(report: Report) -> pd.DataFrame:
    """Who can still supply an outcome, of both program years (`outlook.still_open`): program_year,
    measure, customer, program, why, happens_by, recorded_by; for the state months and numbers."""
    years = [f"PY{outlooks.program_year_of(report, ahead).py}" for ahead in _YEARS]
    parts = [outlooks.still_open(report, ahead) for ahead in _YEARS]
    found = pd.concat(parts, ignore_index=True).rename(columns={"program_title": "program"})
    found["program_year"] = np.repeat(years, [len(part) for part in parts])
    listed = ["program_year", "measure", "customer", "program", "why", "happens_by", "recorded_by"]
    if report.scope.kind != "state":
        return found[listed]
    found["month"] = found["happens_by"].dt.strftime("%Y-%m")
    by = ["program_year", "measure", "month"]
    return found.groupby(by).size().rename("pending").reset_index()


def cohort_roster(report: Report) -> pd.DataFrame:
    """Whom each report quarter holds so far: measure, report, program, customer; one row per
    period of participation and program. Nobody for the state."""
    if report.scope.kind == "state":
        return pd.DataFrame(columns=["measure", "report", "program", "customer"])
    places = calendar.places(report)
    mine = {name: at for name, at in places.items() if name[2] != "title1"}
    sizes = [len(at) for at in mine.values()]
    measures, reports, programs = zip(*mine, strict=True)
    customers = report.records.text("100")[np.concatenate(list(mine.values()))]
    return pd.DataFrame(
        {
            "measure": np.repeat(measures, sizes),
            "report": np.repeat(reports, sizes),
            "program": np.repeat(programs, sizes),
            "customer": customers,
        }
    )


def offers(report: Report) -> Html:
    """The outlook of both program years as CSV and workbook, and who can still supply what."""
    years = _years(report)
    book = downloads.book(report, "Outlook", {"Outlook": years, "Calendar": _calendars(report)})
    who = "by month" if report.scope.kind == "state" else "each customer, and until when"
    return display.together(
        downloads.offer("outlook.csv", downloads.csv(years), "both program years"),
        downloads.offer(
            "outlook-open.csv", downloads.csv(roster(report)), f"what is still open: {who}"
        ),
        downloads.offer(BOOK, book, "outlook and cohort calendar as a workbook"),
    )


def calendar_offers(report: Report) -> Html:
    """The cohort calendar as CSV, and inside an area whom each report quarter holds."""
    data = downloads.csv(_calendars(report))
    parts = [downloads.offer("calendar.csv", data, "every report quarter of every indicator")]
    if report.scope.kind != "state":
        listed = downloads.csv(cohort_roster(report))
        parts.append(downloads.offer("calendar-roster.csv", listed, "whom each quarter holds"))
    parts.append(downloads.again(BOOK, "as a workbook"))
    return display.together(*parts)
