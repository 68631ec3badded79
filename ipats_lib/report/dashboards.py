"""The caseload's tables: status, bands and the soft-exit watch."""

from collections import Counter
from functools import cache

import pandas as pd

from ipats_lib import caseload as caseloads
from ipats_lib.caseload import STATUSES, engagement, load_statuses, soft_exit
from ipats_lib.caseload.alerts import levels_of
from ipats_lib.caseload.status import is_active
from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.report import before, catalogue, counted, customers, display, queue, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import SEVERAL, Report
from ipats_lib.report.tables import Column

TITLE_I = tuple(PROGRAM_TITLES[program] for program in ("adult", "dw", "youth"))
WP, NOT_ENROLLED, NO_PROGRAM = PROGRAM_TITLES["wp"], "Not enrolled", "In no program"
WATCHED = ("A-07", "A-08")


def finding(report: Report) -> Html:
    """How many are active, how many of them the alerts watch, and who is not counted here."""
    count = int(is_active(report.title_i["status"]).sum())
    watched = watch_frame(report)["alert"].value_counts()
    every = report.standing()
    alone = int((is_active(every["status"]) & (every["program"] == WP)).sum())
    named = ", ".join(
        f"{int(watched.get(alert, 0)):,} under {alert} {caseloads.load_alerts()[alert].name}"
        for alert in WATCHED
    )
    return display.paragraph(
        f"Active periods of participation of Title I on {report.data.about.as_of}: {count:,}; of "
        f"them {named}. In Wagner-Peyser alone, and counted nowhere else: {alone:,}.",
        "finding",
    )


@cache
def roster(report: Report) -> pd.DataFrame:
    """Everybody of the table of statuses: customer, program (its column there), status,
    last_service and days; who has only applied without a record (`counted.applicants`), too."""
    known = report.standing()[["customer", "program", "status", "last_service", "days"]]
    known = known.astype({"status": "str"})
    pairs = zip(known["program"], known["status"], strict=True)
    known["program"] = [_program(program, status) for program, status in pairs]
    waiting = counted.applicants(report.desk)[["customer", "status"]]
    return pd.concat([known, waiting.assign(program=NOT_ENROLLED)], ignore_index=True)


@cache
def status_frame(report: Report) -> pd.DataFrame:
    """One row per status that somebody has: status, each program of Title I, Not enrolled, n
    (their sum: `counted.statuses`), n of earlier extracts, and Wagner-Peyser alone."""
    listed = roster(report)
    found = Counter(zip(listed["status"], listed["program"], strict=True))
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
    known = {one.status: one for one in load_statuses() if one.status in mine}
    return catalogue.described(known, "The statuses", "Status")


@cache
def bands(report: Report) -> pd.DataFrame:
    """Active periods of participation by days since the last qualifying service: band, n (A-06)."""
    sizes = report.title_i["band"].value_counts(sort=False)
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
    levels = pd.Series(levels_of(found["alert"], found["last_service"], report.desk.as_of))
    return found.assign(
        program=found["row"].map(queue.programs(report)), state=queue.states(left, levels)
    )


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
