"""The dashboards' tables: flow, training, people, work and engagement."""

from functools import cache

import pandas as pd

from ipats_lib.caseload import engagement, flow, mix, trainings, workload
from ipats_lib.caseload.engagement import Engagement, load_engagement
from ipats_lib.groups import TRAINING_TYPES
from ipats_lib.periods import Quarter
from ipats_lib.report import customers, display, downloads, queue, tables
from ipats_lib.report.data import as_of
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

# How far a planner's load may lie from the mean (domain 5.2, A-25).
LOW, HIGH = 0.5, 1.5
PEOPLE = ("Sex", "Age", "Race and ethnicity", "Barriers")


def watch(report: Report) -> Html:
    """The soft-exit watch: customers inside an LWIA, a count for the whole state."""
    caption, frame = "Soft-exit watch", report.soft_exit_watch()
    if report.scope.kind == "state":
        counted = frame.groupby("status", observed=True).size().rename("Active").reset_index()
        return tables.counts(counted, caption, "none.")
    shown = frame.assign(page=customers.links(report, frame["customer"]))
    columns = (
        Column("customer", "Customer", href="page"),
        Column("program", "Program"),
        Column("last_service", "Last qualifying service"),
        Column("days", "Days since", display.count, number=True),
        Column("status", "Status"),
    )
    return tables.table(shown, caption, columns, "none.")


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


def compared(report: Report) -> Html:
    """Enrolments and exits against the same span a year before (`flow.compared`)."""
    frame = flow.compared(report.records, as_of(report.data.about))
    shown = frame.assign(
        name=frame["what"] + ": " + frame["span"].str.lower(),
        between=[f"{line.start} to {line.end}" for line in frame.itertuples()],
        change=[_change(line.n, line.before) for line in frame.itertuples()],
    )
    columns = (
        Column("name", "What"),
        Column("between", "Days"),
        Column("n", "Number", display.count, number=True),
        Column("before", "A year before", display.count, number=True),
        Column("change", "Change", number=True),
    )
    return tables.table(shown, "Against the same days a year before", columns, "none.")


def _change(now: int, before: int) -> str:
    if now == before:
        return "no change"
    arrow = "\N{NORTH EAST ARROW} +" if now > before else "\N{SOUTH EAST ARROW} -"
    share = f" ({display.rate(abs(now - before) / before)})" if before else ""
    return f"{arrow}{abs(now - before):,}{share}"


def exit_reasons(report: Report) -> Html:
    frame = flow.exit_reasons(report.records, as_of(report.data.about))
    named = frame.rename(columns={"exits": "Exits"})
    return tables.counts(named, "Exits of 12 months by reason (923)", "nobody exited.")


def standing(report: Report) -> Html:
    """The area against itself a quarter and a year before (`flow.standing`)."""
    frame = flow.standing(report.records, as_of(report.data.about))
    columns = (
        Column("day", "On"),
        Column("active", "Active", display.count, number=True),
        Column("follow_up", "In follow-up", display.count, number=True),
        Column("enrolled", "Enrolled in 90 days", display.count, number=True),
        Column("exited", "Exited in 90 days", display.count, number=True),
        Column("long", "Active over 730 days", display.count, number=True),
    )
    return tables.table(frame, "The caseload against itself", columns, "none.")


def _shares(report: Report) -> pd.DataFrame:
    return mix.shares(report.records, as_of(report.data.about))


def shares(report: Report, *numbers: str) -> Html:
    """Shares of the catalogue (`mix.shares`), those whose id starts with one of these."""
    known, frame = mix.load_shares(), _shares(report)
    mine = frame[[any(name.startswith(n) for n in numbers) for name in frame["id"]]]
    named = [known[name] for name in mine["id"]]
    shown = mine.assign(
        name=[f"{share.id} {share.name}" for share in named],
        definition=[share.definition for share in named],
        least=[display.NONE if s.at_least is None else display.rate(s.at_least) for s in named],
        status=[_status(low, s.at_least) for low, s in zip(mine["flagged"], named, strict=True)],
        source=[share.source for share in named],
    )
    columns = (
        Column("name", "Share"),
        Column("part", "Number", display.count, number=True),
        Column("whole", "Of", display.count, number=True),
        Column("share", "Share", display.rate, number=True),
        Column("least", "At least", number=True),
        Column("status", "Status"),
        Column("definition", "What it is"),
        Column("source", "Source"),
    )
    return tables.table(shown, "Shares", columns, "none.")


def _status(low: bool, least: float | None) -> str:
    if least is None:
        return ""
    down, met = "\N{BLACK DOWN-POINTING TRIANGLE} below", "\N{BLACK CIRCLE} met"
    return down if low else met


def active_by_group(report: Report) -> pd.DataFrame:
    """The active customers by group (`mix.groups_of_active`)."""
    members = report.members
    today = as_of(report.data.about)
    return mix.groups_of_active(report.records, members.titles, members.holds, today)


def groups(report: Report) -> Html:
    """Who the active customers are (A-30)."""
    frame = active_by_group(report)
    mine = frame[frame["dimension"].isin(PEOPLE)]
    shown = mine.assign(name=mine["dimension"] + ": " + mine["group"])
    columns = (
        Column("name", "Group"),
        Column("n", "Active", display.count, number=True),
        Column("share", "Of all active", display.rate, number=True),
    )
    return tables.table(shown, "Active by group", columns, "nobody is active.")


@cache
def trainings_open(report: Report) -> pd.DataFrame:
    """Every open training (`trainings.open_trainings`)."""
    return trainings.open_trainings(report.desk, TRAINING_TYPES)


def open_trainings(report: Report) -> Html:
    """Trainings under way by type (A-12)."""
    columns = (
        Column("type", "Type of training"),
        Column("n", "Open", display.count, number=True),
        Column("with_account", "On a training account", display.count, number=True),
        Column("occupations", "Different occupations", display.count, number=True),
    )
    frame = trainings.by_type(trainings_open(report))
    return tables.table(frame, "Open trainings by type", columns, "no training is open.")


def providers(report: Report) -> Html:
    """The same trainings by provider; a sentence where the extract has no services."""
    if report.data.frames.get("service") is None:
        return display.paragraph("The extract has no service table.", "empty")
    columns = (
        Column("provider", "Provider"),
        Column("type", "Type of training"),
        Column("n", "Open", display.count, number=True),
    )
    frame = trainings.by_provider(trainings_open(report))
    made = tables.table(frame, "Open trainings by provider", columns, "none is open.")
    return made if frame.empty else tables.as_roster(made)


def occupations(report: Report) -> Html:
    """The same trainings by the occupation that they lead to."""
    columns = (
        Column("occupation", "Occupation (O*NET code)"),
        Column("n", "Open", display.count, number=True),
    )
    frame = trainings.by_occupation(trainings_open(report))
    made = tables.table(frame, "Open trainings by occupation", columns, "no training is open.")
    return made if frame.empty else tables.as_roster(made)


def balance(report: Report) -> Html:
    """The work of each planner of an LWIA (A-25), with those who have no planner (A-26)."""
    if report.scope.kind != "lwia":
        return Html("")
    frame = _balance(report)
    columns = (
        Column("name", "Career planner", href="page"),
        Column("active", "Active", display.count, number=True),
        Column("follow_up", "In follow-up", display.count, number=True),
        Column("load", "Weighted load", display.one_place, number=True),
        Column("of_mean", "Of the mean", display.rate, number=True),
        Column("status", "Balance"),
        Column("open", "Open alerts", display.count, number=True),
        Column("late", "Past their date", display.count, number=True),
        Column("late_share", "Share past", display.rate, number=True),
    )
    return tables.table(frame, "Work by career planner", columns, "nobody has customers.")


def work_offers(report: Report) -> Html:
    """The work by planner as CSV and as a workbook; nothing but for an LWIA."""
    if report.scope.kind != "lwia":
        return Html("")
    table = _balance(report).drop(columns=["page", "status"])
    today, about = as_of(report.data.about), report.data.about
    facts = {"Report": "Work by planner", "Area": about.title, "Data as of": about.as_of}
    book = downloads.workbook({"Work": table}, facts, today)
    parts = [
        downloads.offer("work.csv", downloads.csv(table), "the work by planner"),
        downloads.offer("work.xlsx", book, "the same as a workbook"),
    ]
    return Html("".join(part.html for part in parts), "; ".join(part.plain for part in parts))


@cache
def _balance(report: Report) -> pd.DataFrame:
    caseload = report.data.frame("caseload")
    frame = workload.balance(report.desk, caseload, queue.queue(report))
    planners = frame["planner"].to_list()
    return frame.assign(
        name=queue.planner_names(report, planners),
        page=[f"../planner/{p}/dashboards/queue-today.html" if p else "" for p in planners],
        status=[
            balanced(share) if p else "\N{BLACK UP-POINTING TRIANGLE} assign"
            for p, share in zip(planners, frame["of_mean"], strict=True)
        ],
    )


def balanced(share: float) -> str:
    """Whether a load lies within half and one and a half of the mean, in words and shape."""
    if pd.isna(share):
        return ""
    if share > HIGH:
        return "\N{BLACK UP-POINTING TRIANGLE} over 150%"
    return (
        "\N{BLACK DOWN-POINTING TRIANGLE} under 50%" if share < LOW else "\N{BLACK CIRCLE} within"
    )


@cache
def _events(report: Report, indicator: str) -> pd.DataFrame:
    return engagement.events(report.desk, indicator)


@cache
def _by_quarter(report: Report, indicator: str) -> pd.DataFrame:
    return engagement.figures(_events(report, indicator), load_engagement()[indicator].unit)


def engagement_summary(report: Report) -> Html:
    """Every engagement indicator: definition, newest figures, and how many events they rest on."""
    lines = []
    for indicator in load_engagement().values():
        known = _by_quarter(report, indicator.id)
        values = dict(zip(known["quarter"], known["value"], strict=True))
        newest = Quarter.of(as_of(report.data.about)).index
        lines.append(
            {
                "name": f"{indicator.id} {indicator.name}",
                "definition": indicator.definition,
                "unit": indicator.unit,
                "n": int(known["n"].sum()),
                **{
                    heading: _value(values.get(newest - back), indicator)
                    for heading, back in _BACK.items()
                },
            }
        )
    columns = (
        Column("name", "Indicator"),
        *(Column(heading, heading, number=True) for heading in _BACK),
        Column("n", "Events in two years", display.count, number=True),
        Column("unit", "Unit"),
        Column("definition", "What it is"),
    )
    return tables.table(pd.DataFrame(lines), "Customer engagement", columns, "none.")


_BACK = {"This quarter so far": 0, "Quarter before": 1, "A year before": 4}


def _value(value: float | None, indicator: Engagement) -> str:
    if value is None or pd.isna(value):
        return display.NONE
    return display.rate(value) if indicator.unit == "share" else display.one_place(value)


def engagement_trends(report: Report) -> Html:
    """Each indicator by quarter and its distribution; the reader chooses the indicator."""
    parts = {}
    for indicator in load_engagement().values():
        found = _events(report, indicator.id)
        known = _by_quarter(report, indicator.id)
        shown = known.assign(
            label=[Quarter(int(index)).label for index in known["quarter"]],
            shown=[_value(value, indicator) for value in known["value"]],
        )
        told = "Share" if indicator.unit == "share" else f"Median, {indicator.unit}"
        columns = (
            Column("label", "Calendar quarter"),
            Column("n", "Events", display.count, number=True),
            Column("shown", told, number=True),
        )
        title = f"{indicator.id} {indicator.name}"
        html = tables.table(shown, f"{title}, by quarter", columns, "no event is known.").html
        if indicator.bands and len(found):
            bands = engagement.distribution(found, indicator.bands)
            named = bands.rename(columns={"band": indicator.unit, "n": "Events"})
            html += tables.counts(named, f"{title}, distribution", "none.").html
        parts[title] = Html(html, title)
    return display.switch(parts, "Indicator")


def offers(report: Report) -> Html:
    """The tables of the caseload as a workbook, and its roster as CSV."""
    today, about = as_of(report.data.about), report.data.about
    sheets = {
        "Months": months(report).astype({"exits": "Float64"}),
        "Exit reasons": flow.exit_reasons(report.records, today),
        "Shares": _shares(report)[["id", "part", "whole", "share"]],
        "Open trainings": trainings.by_type(trainings_open(report)),
        "Active by group": active_by_group(report),
    }
    facts = {"Report": "Caseload", "Area": about.title, "Data as of": about.as_of}
    book = downloads.workbook(sheets, facts, today)
    parts = [downloads.offer("caseload.xlsx", book, "the tables of the caseload")]
    if report.scope.kind != "state":
        listed = report.caseload()[["customer", "program", "status", "last_service", "days"]]
        parts.append(downloads.offer("caseload.csv", downloads.csv(listed), "the caseload"))
    return Html("".join(part.html for part in parts), "; ".join(part.plain for part in parts))
