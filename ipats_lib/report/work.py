"""How the work is spread over the career planners of an LWIA (A-25, A-26), and the caseload by
planner."""

from functools import cache

import numpy as np
import pandas as pd

from ipats_lib.caseload import STATUSES, after_exit, flow, workload
from ipats_lib.caseload.planners import NOT_HERE, UNASSIGNED
from ipats_lib.caseload.status import FOLLOWED, load_service_bands
from ipats_lib.caseload.thresholds import threshold
from ipats_lib.report import before, catalogue, display, downloads, queue, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.tables import Column


def balance(report: Report) -> Html:
    """The work of each planner of an LWIA (A-25), with those who have no planner (A-26)."""
    if report.scope.kind != "lwia":
        return Html("")
    columns = (
        Column("name", "Career planner", href="page"),
        Column("n", "Active", display.count, number=True),
        Column("follow_up", FOLLOWED, display.count, number=True),
        Column("load", "Weighted load", display.one_place, number=True),
        Column("of_mean", "Of the mean", display.rate, number=True),
        Column("status", "Balance"),
        Column("open", "Open alerts", display.count, number=True),
        Column("late", "Overdue", display.count, number=True),
        Column("late_share", "Share overdue", display.rate, number=True),
    )
    caption, frame = f"Work by career planner on {report.data.about.as_of}", balance_frame(report)
    made = tables.table(frame, caption, columns, "nobody has customers.")
    if not before.days(report):
        return made
    then = (*columns[:2], *before.columns(report))
    title = "Active by career planner, by extract"
    return display.together(made, tables.table(frame, title, then, "nobody has customers."))


def weights() -> Html:
    """What the balance is (A-25), and what a period of participation of each status weighs
    (`params/workload.csv`)."""
    known = workload.load_weights()
    frame = pd.DataFrame({"status": list(known), "weight": list(known.values())})
    columns = (Column("status", "Status"), Column("weight", "Weight", display.text, number=True))
    made = tables.table(frame, "Weights of the load: a project default", columns, "none.")
    return display.together(catalogue.explained("A-25"), made)


@cache
def balance_frame(report: Report) -> pd.DataFrame:
    """`workload.balance` with each planner's name, page and status; n is the active ones."""
    caseload = report.data.frame("standing")
    frame = workload.balance(report.desk, caseload, queue.queue(report))
    frame = frame.rename(columns={"active": "n"})
    ids = frame["planner"].to_list()
    frame = before.beside(report, frame, "active", [""] * len(frame), ids)
    return frame.assign(
        name=queue.planner_names(report, ids),
        page=[f"../planner/{p}/index.html" if p not in NOT_HERE else "" for p in ids],
        status=[
            "\N{BLACK UP-POINTING TRIANGLE} assign" if p == UNASSIGNED else balanced(share)
            for p, share in zip(ids, frame["of_mean"], strict=True)
        ],
    )


def balanced(share: float) -> str:
    """Whether a load (of the mean) lies within `load_low` and `load_high`, in words and shape."""
    low, high = threshold("load_low"), threshold("load_high")
    if pd.isna(share):
        return ""
    if share * 100 > high:
        return f"\N{BLACK UP-POINTING TRIANGLE} over {high}%"
    if share * 100 < low:
        return f"\N{BLACK DOWN-POINTING TRIANGLE} under {low}%"
    return "\N{BLACK CIRCLE} within"


@cache
def placed(report: Report) -> pd.DataFrame:
    """The lines of the caseload of Title I, each with its planner (`part`) and its record's dates:
    entry, exit, and whether a follow-up service is recorded after the exit (reached)."""
    mine = report.title_i.merge(queue.inner(report)[["row", "part"]], on="row")
    places = pd.Index(report.desk.rows["row"]).get_indexer(mine["row"])
    records = report.records
    view = flow.view_of(records, as_of(report.data.about))
    reached = np.logical_or.reduce([~np.isnat(day) for day in after_exit.follow_ups(view)])
    return mine.assign(
        status=mine["status"].astype("str"),
        band=mine["band"].astype("str").where(mine["band"].notna()),
        entry=records.day("900")[places],
        exit=records.day("901")[places],
        reached=reached[places],
    )


def _crossed(report: Report, column: str, order: list[str]) -> pd.DataFrame:
    lines = placed(report)
    found = pd.crosstab(lines["part"], lines[column])
    found = found[[name for name in order if name in found.columns]]
    found.insert(0, "Career planner", queue.planner_names(report, list(found.index)))
    return found.reset_index(drop=True)


def status_frame(report: Report) -> pd.DataFrame:
    """Periods of participation by planner and status."""
    return _crossed(report, "status", list(STATUSES))


def band_frame(report: Report) -> pd.DataFrame:
    """Active periods of participation by planner and days since the last service (A-06)."""
    return _crossed(report, "band", list(load_service_bands()))


@cache
def flow_frame(report: Report) -> pd.DataFrame:
    """One row per planner: name, enrolled (`flow_days` up to the as-of date), exited (those up to
    the last day of which all exits are known), services (A-10), overdue (A-08), follow_up, reached
    (of those, with a follow-up service after the exit) and coverage (0..1)."""
    lines, today = placed(report), np.datetime64(as_of(report.data.about))
    known = np.datetime64(flow.exits_known(as_of(report.data.about)))
    span, later = np.timedelta64(threshold("flow_days"), "D"), lines["status"] == FOLLOWED
    entry, exits = (lines[name].to_numpy("datetime64[D]") for name in ("entry", "exit"))
    counts = pd.DataFrame(
        {
            "part": lines["part"],
            "enrolled": (entry > today - span) & (entry <= today),
            "exited": (exits > known - span) & (exits <= known),
            "follow_up": later,
            "reached": later & lines["reached"],
        }
    )
    found = counts.groupby("part").sum()
    alerts = queue.queue(report).rename(columns={"planner": "part"})
    for name, alert in (("services", "A-10"), ("overdue", "A-08")):
        sizes = alerts.loc[alerts["alert"] == alert, "part"].value_counts()
        found = found.join(sizes.rename(name), how="outer").fillna(0)
    found["coverage"] = found["reached"] / found["follow_up"].where(found["follow_up"] > 0)
    found.insert(0, "name", queue.planner_names(report, list(found.index)))
    return found.reset_index(drop=True)


def by_planner(report: Report) -> Html:
    """Status, bands, flow and follow-up by planner, of which the reader chooses one; nothing but
    for an LWIA."""
    if report.scope.kind != "lwia":
        return Html("")
    day, days = report.data.about.as_of, threshold("flow_days")
    known = flow.exits_known(as_of(report.data.about))
    columns = (
        Column("name", "Career planner"),
        Column("enrolled", f"Enrolled in {days} days up to {day}", display.count, number=True),
        Column("exited", f"Exited in {days} days up to {known}", display.count, number=True),
        Column("services", "A-10 Open past its planned end", display.count, number=True),
        Column("overdue", "A-08 Overdue soft exit", display.count, number=True),
        Column("follow_up", FOLLOWED, display.count, number=True),
        Column("reached", "of them with a follow-up service", display.count, number=True),
        Column("coverage", "Follow-up coverage", display.rate, number=True),
    )
    parts = {
        "Status": tables.counts(
            status_frame(report), f"Periods of participation of Title I by status, {day}", "none."
        ),
        "Days since the last service": tables.counts(
            band_frame(report), f"Active in Title I by days since the last service, {day}", "none."
        ),
        "Flow and follow-up": tables.table(
            flow_frame(report), "Enrolments, exits, overdue services, follow-up", columns, "none."
        ),
    }
    return display.switch(parts, "By career planner")


@cache
def roster(report: Report) -> pd.DataFrame:
    """Whose customer everybody of the balance is: planner, name, customer, program, status,
    weight."""
    lines = placed(report)
    weight = lines["status"].map(workload.load_weights()).fillna(0.0)
    mine = lines[weight > 0]
    return pd.DataFrame(
        {
            "planner": mine["part"],
            "name": queue.planner_names(report, mine["part"].tolist()),
            "customer": mine["customer"],
            "program": mine["program"],
            "status": mine["status"],
            "weight": weight[weight > 0],
        }
    )


def offers(report: Report) -> Html:
    """The work by planner as CSV and as a workbook, and the customers behind it; nothing but for
    an LWIA."""
    if report.scope.kind != "lwia":
        return Html("")
    table = balance_frame(report).drop(columns=["page"])
    sheets = {
        "Work": table,
        "Status": status_frame(report),
        "Bands": band_frame(report),
        "Flow and follow-up": flow_frame(report),
    }
    book = downloads.book(report, "Work by planner", sheets)
    return display.together(
        downloads.offer("work.csv", downloads.csv(table), "the work by planner"),
        downloads.offer("work-roster.csv", downloads.csv(roster(report)), "whose customers"),
        downloads.offer("work.xlsx", book, "all tables by planner as a workbook"),
    )
