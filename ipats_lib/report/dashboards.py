"""The caseload's tables: status, bands, the soft-exit watch, who came and left."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import pandas as pd

from ipats_lib import caseload as caseloads
from ipats_lib.caseload import (
    STATUSES,
    engagement,
    flow,
    load_counts,
    load_levels,
    load_statuses,
    load_thresholds,
    soft_exit,
)
from ipats_lib.caseload.status import FOLLOWED
from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.report import before, counted, customers, display, queue, tables
from ipats_lib.report.data import as_of
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

TITLE_I = tuple(PROGRAM_TITLES[program] for program in ("adult", "dw", "youth"))
SEVERAL = "Several Title I programs"
WP, NOT_ENROLLED, NO_PROGRAM = PROGRAM_TITLES["wp"], "Not enrolled", "In no program"
WATCHED = ("A-07", "A-08")


@cache
def title_i(report: Report) -> pd.DataFrame:
    """The lines of the caseload of Title I participants: all that the dashboards count."""
    return counted.title_i(report.desk, report.caseload())


def finding(report: Report) -> Html:
    """How many are active, how many of them the alerts watch, and who is not counted here."""
    active = int(_active(title_i(report)).sum())
    watched = watch_frame(report)["alert"].value_counts()
    every = report.caseload()
    alone = int(_active(every[every["program"] == WP]).sum())
    named = ", ".join(
        f"{int(watched.get(alert, 0)):,} under {alert} {caseloads.load_alerts()[alert].name}"
        for alert in WATCHED
    )
    return display.paragraph(
        f"Active periods of participation of Title I on {report.data.about.as_of}: {active:,}; of "
        f"them {named}. In Wagner-Peyser alone, and counted nowhere else: {alone:,}.",
        "finding",
    )


def _active(lines: pd.DataFrame) -> pd.Series:
    return lines["status"].astype("str").str.startswith("Active")


@cache
def status_frame(report: Report) -> pd.DataFrame:
    """One row per status that somebody has: status, each program of Title I, Not enrolled, n
    (their sum: `counted.statuses`), n of earlier extracts, and Wagner-Peyser alone."""
    lines = report.caseload()
    status = lines["status"].astype("str").tolist()
    found = Counter(zip(status, map(_program, lines["program"], status), strict=True))
    waiting = counted.applicants(report.desk)["status"].tolist()
    found.update((name, NOT_ENROLLED) for name in waiting)
    there, columns = {name for name, _ in found}, {program for _, program in found}
    names = [name for name in STATUSES if name in there]
    inside = [p for p in (*TITLE_I, SEVERAL, NOT_ENROLLED) if p in columns]
    beside = [p for p in (WP, NO_PROGRAM) if p in columns]
    frame = pd.DataFrame({"status": names})
    for program in (*inside, *beside):
        frame[program] = [found[name, program] for name in names]
    frame["n"] = frame[inside].sum(axis=1).astype("int64")
    return before.beside(report, frame, "status", frame["status"].tolist())


def _program(program: str, status: str) -> str:
    if program in (*TITLE_I, SEVERAL, WP):
        return program
    return NOT_ENROLLED if status in counted.NOT_ENROLLED else NO_PROGRAM


def statuses(report: Report) -> Html:
    """The caseload by status and program (A-01)."""
    frame = status_frame(report)
    programs = [p for p in (*TITLE_I, SEVERAL, NOT_ENROLLED) if p in frame]
    columns = (
        Column("status", "Status"),
        *(Column(p, p, display.count, number=True) for p in programs),
        Column("n", "All of these", display.count, number=True),
        *before.columns(report),
        *(Column(p, f"{p} alone", display.count, number=True) for p in (WP,) if p in frame),
    )
    caption = f"Periods of participation by status and program on {report.data.about.as_of}"
    return tables.table(frame, caption, columns, "nobody is in the caseload.")


def definitions(report: Report) -> Html:
    """What each status means that somebody has, and the numbers that bound it."""
    mine = set(status_frame(report)["status"])
    known = [one for one in load_statuses() if one.status in mine]
    lines = pd.DataFrame(
        {
            "status": [one.status for one in known],
            "definition": [one.definition for one in known],
            "source": [one.source for one in known],
        }
    )
    columns = (
        Column("status", "Status"),
        Column("definition", "What it is"),
        Column("source", "Source"),
    )
    return tables.table(lines, "The statuses", columns, "none.")


def explained(*names: str, numbers: Sequence[str] = ()) -> Html:
    """What rows of the catalogue count (`params/counts.csv`), and the numbers behind them."""
    known = [load_counts()[name] for name in names]
    frame = pd.DataFrame(
        {
            "name": [f"{one.id} {one.name}" for one in known],
            "definition": [one.definition for one in known],
            "action": [one.action for one in known],
            "source": [one.source for one in known],
        }
    )
    columns = (
        Column("name", "Row"),
        Column("definition", "What it is"),
        Column("action", "What to do"),
        Column("source", "Source"),
    )
    made = tables.table(frame, "What stands here", columns, "none.")
    return display.together(made, thresholds(*numbers)) if numbers else made


def thresholds(*names: str) -> Html:
    """Numbers of the dashboards' rules, with what they mean (`params/caseload.csv`)."""
    known = [load_thresholds()[name] for name in names]
    frame = pd.DataFrame(
        {
            "definition": [one.definition for one in known],
            "value": [f"{one.value:,} {one.unit}" for one in known],
            "source": [one.source for one in known],
        }
    )
    columns = (
        Column("definition", "What the number is"),
        Column("value", "Number", number=True),
        Column("source", "Source"),
    )
    return tables.table(frame, "Numbers behind these figures", columns, "none.")


@cache
def bands(report: Report) -> pd.DataFrame:
    """Active periods of participation by days since the last qualifying service: band, n (A-06)."""
    sizes = title_i(report)["band"].value_counts(sort=False)
    frame = sizes.rename_axis("band").rename("n").reset_index().astype({"band": "str"})
    return before.beside(report, frame, "band", frame["band"].tolist())


def bands_table(report: Report) -> Html:
    columns = (
        Column("band", "Days since the last qualifying service"),
        Column("n", "Active", display.count, number=True),
        *before.columns(report),
    )
    caption = f"Active in Title I on {report.data.about.as_of}, by days since the last service"
    return tables.table(bands(report), caption, columns, "nobody is active.")


def note_bands(report: Report) -> Html:
    """Active periods of participation by days since the last case note; nothing for the state."""
    if report.scope.kind == "state":
        return Html("")
    if "case_note" not in report.desk.tables:
        return display.paragraph("The extract has no case_note table.", "empty")
    columns = (
        Column("band", "Days"),
        Column("n", "Active", display.count, number=True),
        *before.columns(report),
    )
    caption = "Active in Title I, by days since the last case note, or since entry without one"
    return tables.table(note_frame(report), caption, columns, "nobody is active.")


@cache
def note_frame(report: Report) -> pd.DataFrame:
    """`engagement.note_bands` of the as-of date, and of earlier extracts."""
    frame = engagement.note_bands(report.desk).astype({"band": "str"})
    return before.beside(report, frame, "note band", frame["band"].tolist())


@cache
def watch_frame(report: Report) -> pd.DataFrame:
    """The lines of A-07 and A-08, the longest without service first.

    `soft_exit.watch` (the same lines as in the queue) with program and state (in words).
    """
    found = soft_exit.watch(report.desk)
    left = (found["due"] - pd.Timestamp(report.desk.as_of)).dt.days
    levels = [_level(a, d) for a, d in zip(found["alert"], found["days"], strict=True)]
    return found.assign(
        program=found["row"].map(queue.programs(report)),
        state=queue.states(left, pd.Series(levels, index=found.index, dtype="object")),
    )


def _level(alert: str, days: int) -> str:
    """The last level of the alert that has begun (`params/alert_levels.csv`)."""
    begun = [one.level for one in load_levels() if one.alert == alert and days >= int(one.start)]
    return begun[-1] if begun else ""


def watch(report: Report) -> Html:
    """The soft-exit watch: customers inside an LWIA, counts for the whole state."""
    caption, frame = "Soft-exit watch (A-07) and overdue soft exits (A-08)", watch_frame(report)
    names = {a: f"{a} {caseloads.load_alerts()[a].name}" for a in WATCHED}
    if report.scope.kind == "state":
        counts = frame["alert"].map(names).value_counts().sort_index()
        listed = counts.rename_axis("alert").rename("Active").reset_index()
        return tables.counts(listed, caption, "none.")
    shown = frame.assign(
        page=customers.links(report, frame["customer"]), what=frame["alert"].map(names)
    )
    columns = (
        Column("customer", "Customer", href="page"),
        Column("what", "Alert"),
        Column("program", "Program"),
        Column("last_service", "Last qualifying service"),
        Column("exit", "Projected exit"),
        Column("quarter", "Projected exit quarter"),
        Column("days", "Days since", display.count, number=True),
        Column("due", "Last day to give a service"),
        Column("state", "State"),
    )
    made = tables.table(shown, caption, columns, "none.")
    return made if frame.empty else tables.as_roster(made)


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
    """Exits of the 12 months up to `flow.exits_known` by month and reason (923): one row per
    month, oldest first, a column per reason that occurs, the most frequent first, and All."""
    mine, reasons = flow.exits_of_a_year(report.records, as_of(report.data.about))
    exited = report.records.day("901")[mine].astype("datetime64[M]").astype("str").tolist()
    counts, by_month = Counter(zip(exited, reasons, strict=True)), Counter(exited)
    columns = {
        reason: [counts[month, reason] for month in sorted(by_month)]
        for reason, _ in Counter(reasons).most_common()
    }
    total = {"All": [by_month[month] for month in sorted(by_month)]}
    return pd.DataFrame({"month": sorted(by_month), **columns, **total})


def exit_reasons(report: Report) -> Html:
    """Exits by month and reason (A-03), the sum of 12 months in the last row; and each reason
    beside earlier extracts, where the publication was given any."""
    frame = exits_by_reason(report)
    title = "Exits of 12 months by month and reason (923)"
    if frame.empty:
        return display.paragraph(f"{title}: nobody exited.", "empty")
    sums = {"month": "12 months", **frame.drop(columns="month").sum().to_dict()}
    made = tables.counts(pd.concat([frame, pd.DataFrame([sums])]), title, "nobody exited.")
    if not before.days(report):
        return made
    columns = (
        Column("reason", "Reason"),
        Column("n", "Exits", display.count, number=True),
        *before.columns(report),
    )
    caption = "Exits of 12 months by reason, by extract"
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
    return (f"A-08 {caseloads.load_alerts()['A-08'].name}, of the active, by extract", *shown,
            *_steps(shares, before.points))  # fmt: skip


def _steps(values: pd.Series, change: object) -> list[str]:
    now, quarter, year = values.tolist()
    return [change(now, quarter), change(now, year)]  # type: ignore[operator]


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
    status = title_i(report)
    lines = [
        (
            report.data.about.as_of,
            int(_active(status).sum()),
            int((watch_frame(report)["alert"] == "A-08").sum()),
        )
    ]
    for day in reversed(before.days(report)):
        active = sum(
            before.count(report, day, "status", name) for name in STATUSES if name[:6] == "Active"
        )
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
