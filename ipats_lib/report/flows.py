"""Who came and who left, and the caseload against itself and against earlier extracts."""

from collections import Counter
from collections.abc import Callable
from functools import cache

import pandas as pd

from ipats_lib.caseload import flow, load_alerts, load_thresholds
from ipats_lib.caseload.status import FOLLOWED, RUNNING, is_active
from ipats_lib.report import before, dashboards, display, queue, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.tables import Column


@cache
def months(report: Report) -> pd.DataFrame:
    """Enrolments and exits by month (`flow.monthly`)."""
    return flow.monthly(report.records, as_of(report.data.about))


def months_table(report: Report) -> Html:
    columns = (
        Column("month", "Month"),
        Column("enrolments", "Enrolments", display.count, number=True),
        Column("exits", "Exits", display.count, number=True),
    )
    return tables.table(months(report), "Enrolments and exits by month", columns, "none.")


def flow_roster(report: Report) -> pd.DataFrame:
    """Who entered and who left Title I: what, day, customer, program, reason (923, of exits), the
    newest first; nobody for the state."""
    names = ("what", "day", "customer", "program", "reason")
    if report.scope.kind == "state":
        return pd.DataFrame(columns=list(names))
    found = flow.entries_and_exits(report.records, as_of(report.data.about))
    programs = report.desk.rows["row"].map(queue.programs(report)).fillna("").to_numpy()
    found["customer"] = report.records.text("100")[found["place"]]
    found["program"] = programs[found["place"]]
    return found.sort_values(["day", "customer"], ascending=[False, True])[list(names)]


@cache
def compared_frame(report: Report) -> pd.DataFrame:
    """`flow.compared`, with the change in words, and spans of fixed length of earlier extracts."""
    frame = flow.compared(report.records, as_of(report.data.about))
    shown = pd.DataFrame(
        {
            "name": frame["name"],
            "between": [f"{line.start} to {line.end}" for line in frame.itertuples()],
            "n": frame["n"],
            "before": frame["before"],
            "change": [before.change(line.n, line.before) for line in frame.itertuples()],
        }
    )
    shown = before.beside(report, shown, "compared", shown["name"].tolist())
    # A span to date is of another length on another day.
    for day in before.days(report):
        since = before.since_of(report, day)
        shown[day] = shown[day].astype("Int64").where(frame["fixed"], pd.NA)
        shown[since] = shown[since].where(frame["fixed"], display.NONE)
    return shown


def compared(report: Report) -> Html:
    """Enrolments and exits against the same span a year before (A-02, A-03), and what earlier
    extracts said of theirs."""
    columns = (
        Column("name", "What"),
        Column("between", "Days"),
        Column("n", "Number", display.count, number=True),
        Column("before", "A year before", display.count, number=True),
        Column("change", "Change"),
    )
    frame = compared_frame(report)
    made = tables.table(frame, "Against the same days a year before", columns, "none.")
    if not before.days(report):
        return made
    then = (columns[0], columns[2], *before.columns(report))
    fixed = frame[frame[before.days(report)[0]].notna()]
    caption = "Spans of fixed length, by extract"
    return display.together(made, tables.table(fixed, caption, then, "none."))


@cache
def exits_by_reason(report: Report) -> pd.DataFrame:
    """Exits by month and reason (923): one row for each of `flow.known_months`, a column per
    reason that occurs, the most frequent first, and All."""
    today = as_of(report.data.about)
    mine, reasons = flow.exits_of_known_months(report.records, today)
    exited = report.records.day("901")[mine].astype("datetime64[M]").astype("str").tolist()
    months = flow.known_months(today).astype("str").tolist()
    counts, by_month = Counter(zip(exited, reasons, strict=True)), Counter(exited)
    columns = {
        reason: [counts[month, reason] for month in months]
        for reason, _ in Counter(reasons).most_common()
    }
    return pd.DataFrame({"month": months, **columns, "All": [by_month[m] for m in months]})


def exit_reasons(report: Report) -> Html:
    """Exits by month and reason (A-03), the sum of the months in the last row; and each reason
    beside earlier extracts, where the publication was given any."""
    frame = exits_by_reason(report)
    span = f"{frame['month'].iloc[0]} to {frame['month'].iloc[-1]}"
    title = f"Exits by month and reason (923), {span}"
    if not frame["All"].any():
        return display.paragraph(f"{title}: nobody exited.", "empty")
    sums = {"month": span, **frame.drop(columns="month").sum().to_dict()}
    made = tables.counts(pd.concat([frame, pd.DataFrame([sums])]), title, "nobody exited.")
    if not before.days(report):
        return made
    columns = (
        Column("reason", "Reason"),
        Column("n", "Exits", display.count, number=True),
        *before.columns(report),
    )
    caption = "Exits of the last 12 whole months by reason, by extract"
    return display.together(made, tables.table(reason_frame(report), caption, columns, "none."))


@cache
def reason_frame(report: Report) -> pd.DataFrame:
    """`flow.exit_reasons` and those of earlier extracts: reason, n."""
    frame = flow.exit_reasons(report.records, as_of(report.data.about))
    frame = frame.rename(columns={"exits": "n"})
    return before.beside(report, frame, "reason", frame["reason"].tolist())


_COUNTS = {
    "active": "Active",
    "follow_up": FOLLOWED,
    "exited": "Exited in {days} days",
    "long": "A-27 Long participation",
    "enrolled": "Enrolled in {days} days up to {day} (and a quarter, a year before)",
}
_RATES = {
    "exited": "Exited in {days} days, of the active",
    "long": "A-27 Long participation, of the active",
}


@cache
def standing_frame(report: Report) -> pd.DataFrame:
    """The scope against itself (`flow.standing`), one row per count or rate: name, now, quarter,
    quarter_change, year, year_change (figures as text)."""
    three = flow.standing(report.records, as_of(report.data.about))
    days, day = load_thresholds()["flow_days"].value, report.data.about.as_of
    lines = [
        (
            title.format(days=days, day=day),
            *(display.count(n) for n in three[name]),
            *_steps(three[name], before.change),
        )
        for name, title in _COUNTS.items()
    ]
    for name, title in _RATES.items():
        rate = three[name] / three["active"].where(three["active"] > 0)
        shown = (display.rate(value) for value in rate)
        lines.append((title.format(days=days), *shown, *_steps(rate, before.points)))
    lines.append(_overdue_then(report))
    columns = ["name", "now", "quarter", "year", "quarter_change", "year_change"]
    return pd.DataFrame(lines, columns=columns)


def _overdue_then(report: Report) -> tuple[str, ...]:
    """The overdue share of this extract, and of those of a quarter and a year before
    (`before.called`), each with its day."""
    frame = overdue_frame(report).set_index("day")
    earlier = (before.called(report, name) for name in (before.QUARTER, before.YEAR))
    found = [report.data.about.as_of, *earlier]
    shares = pd.Series([frame["share"].get(day, float("nan")) for day in found])
    shown = [
        f"{display.rate(share)} ({day})" if day else "no extract of then"
        for share, day in zip(shares, found, strict=True)
    ]
    return (f"A-08 {load_alerts()['A-08'].name}, of the active, by extract", *shown,
            *_steps(shares, before.points))  # fmt: skip


def _steps(values: pd.Series, change: Callable[..., str]) -> list[str]:
    now, quarter, year = values.tolist()
    return [change(now, quarter), change(now, year)]


def standing(report: Report) -> Html:
    """The area against itself a quarter and a year before (`flow.standing`)."""
    day = flow.exits_known(as_of(report.data.about))
    columns = (
        Column("name", "What"),
        Column("now", f"On {day}", number=True),
        Column("quarter", f"On {flow.months_before(day, 3)}", number=True),
        Column("quarter_change", "Change in the quarter"),
        Column("year", f"On {flow.a_year_before(day)}", number=True),
        Column("year_change", "Change in the year"),
    )
    caption = f"The caseload on {day}, of which all exits are known, against itself"
    return tables.table(standing_frame(report), caption, columns, "none.")


@cache
def overdue_frame(report: Report) -> pd.DataFrame:
    """How much of the active caseload was past 90 days without service (A-08), by extract: day,
    active, n, share (0..1), change (of the share, in words); the newest first."""
    lines = [
        (
            report.data.about.as_of,
            int(is_active(report.title_i["status"]).sum()),
            int((dashboards.watch_frame(report)["alert"] == "A-08").sum()),
        )
    ]
    for day in reversed(before.days(report)):
        active = sum(before.count(report, day, "status", name) for name in RUNNING)
        lines.append((day, active, before.count(report, day, "alert", "A-08")))
    frame = pd.DataFrame(lines, columns=["day", "active", "n"])
    frame["share"] = frame["n"] / frame["active"].where(frame["active"] > 0)
    steps = zip(frame["share"], frame["share"].shift(-1), strict=True)
    return frame.assign(change=[before.points(now, old) for now, old in steps])


def overdue(report: Report) -> Html:
    columns = (
        Column("day", "Extract of"),
        Column("active", "Active", display.count, number=True),
        Column("n", "Overdue soft exits (A-08)", display.count, number=True),
        Column("share", "Share", display.rate, number=True),
        Column("change", "Since the extract before"),
    )
    return tables.table(overdue_frame(report), "Overdue share by extract", columns, "none.")
