"""The queue of a scope: who needs what, by when, and why."""

from dataclasses import replace
from functools import cache
from html import escape

import pandas as pd

from ipats_lib import caseload
from ipats_lib.caseload import Alert, load_alerts, planners
from ipats_lib.params import load_areas, one_of, read_each
from ipats_lib.report import before, catalogue, counted, customers, display, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

# How many lines of each alert an area's page shows; its files hold all.
FIRST = 50
LATE = "\N{BLACK UP-POINTING TRIANGLE} overdue"
LEVELS = {
    "red": "\N{BLACK UP-POINTING TRIANGLE} red",
    "amber": "\N{BLACK DIAMOND} amber",
}
NOBODY = "The state's page lists nobody: see an area's page."


@cache
def load_queues() -> dict[str, tuple[str, ...]]:
    """`params/queues.csv`: the alerts of each queue of their own (domain 5.3)."""
    return dict(read_each("queues.csv", ("queue", "alerts", "source"), _queue))


def _queue(row: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    return row["queue"], tuple(one_of(name, load_alerts()) for name in row["alerts"].split("|"))


@cache
def programs(report: Report) -> pd.Series:
    """The program of each line of the caseload, by row."""
    return report.standing().set_index("row")["program"]


@cache
def queue(report: Report) -> pd.DataFrame:
    """Every alert of the scope's kind, the first due first.

    One row per alert and customer (`caseload.alerts`): alert, row, customer, since, due, detail
    (why this customer), level, mine, and name, what (id and name), action, program, days (until
    due; negative when past, missing at any time), state (in words) and planner (the customer's,
    in an LWIA).
    """
    desk = report.desk
    found = caseload.alerts(desk, report.scope.kind)
    known = load_alerts()
    days = (pd.to_datetime(found["due"]) - pd.Timestamp(desk.as_of)).dt.days
    return found.assign(
        name=found["alert"].map({code: alert.name for code, alert in known.items()}),
        what=found["alert"].map({code: f"{code} {alert.name}" for code, alert in known.items()}),
        action=found["alert"].map({code: alert.action for code, alert in known.items()}),
        program=found["row"].map(programs(report)).fillna(""),
        days=days,
        state=states(days, found["level"]),
        planner=planners_of(report, found),
    )


def states(days: pd.Series, levels: pd.Series) -> list[str]:
    """What a reader must know of each line's date, in words and shape."""
    return [
        "at any time" if pd.isna(left) else LATE if left < 0 else LEVELS.get(level, "")
        for left, level in zip(days.tolist(), levels.tolist(), strict=True)
    ]


def planners_of(report: Report, lines: pd.DataFrame) -> list[str]:
    """In an LWIA the career planner of each line (row, customer), else blank."""
    if report.scope.kind != "lwia":
        return [""] * len(lines)
    return list(planners.planner_of_lines(report.desk, lines))


@cache
def inner(report: Report) -> pd.DataFrame:
    """Where a line stands one level further in (`counted.parts_of`)."""
    seats = report.data.frames.get("seats", pd.DataFrame({"row": [], "area": []}))
    return counted.parts_of(report.desk, report.scope.kind, seats)


def finding(report: Report) -> Html:
    """How many customers need something, and how much of it is late."""
    lines = queue(report)
    if lines.empty:
        return display.paragraph("No alert is open for any customer here.", "finding")
    late, week = int((lines["days"] < 0).sum()), int(lines["days"].between(0, 7).sum())
    return display.paragraph(
        f"Customers: {lines['customer'].nunique():,}. Lines: {len(lines):,}. Past their date: "
        f"{late:,}. Due within seven days: {week:,}.",
        "finding",
    )


def table(report: Report) -> Html:
    """The queue, one line per alert and customer; for the state, which lists nobody, a sentence.

    The reader chooses between the order of due dates, the customers (planners: the sheet to
    print) and the two queues of domain 5.3. An area's lists hold the first `FIRST` of each alert.
    """
    if report.scope.kind == "state":
        return display.paragraph(NOBODY, "empty")
    lines = _shown(report)
    parts = {"By due date": _list(report, lines, "To do, the first due first")}
    if report.scope.kind == "planner":
        parts["By customer"] = by_customer(report)
    for title, alerts in load_queues().items():
        parts[title] = _list(report, lines[lines["alert"].isin(alerts)], title)
    made = display.switch(parts, "Queue")
    if report.scope.kind == "planner":
        return made
    more = f"{len(lines):,} of {len(queue(report)):,} lines: the first {FIRST} of each alert. "
    return Html(made.html + display.paragraph(f"{more}queue.csv holds all.").html, made.plain)


def _list(report: Report, lines: pd.DataFrame, caption: str) -> Html:
    made = tables.table(lines, caption, _of(report), "nothing.")
    return made if lines.empty else tables.as_roster(made)


@cache
def _shown(report: Report) -> pd.DataFrame:
    """The lines that the page shows: a planner's all, an area's the first `FIRST` of each alert."""
    lines = queue(report)
    if report.scope.kind == "lwia":
        lines = lines.groupby("alert").head(FIRST)
    shown = lines.assign(
        page=customers.links(report, lines["customer"]), days=lines["days"].astype("Int64")
    )
    if report.scope.kind == "lwia":
        return shown.assign(planner=planner_names(report, shown["planner"].tolist()))
    return shown


def _of(report: Report, *without: str) -> list[Column]:
    """The columns of a list: an area's names the planner, a planner's whether it is assigned."""
    whose = Column("planner", "Career planner")
    if report.scope.kind == "planner":
        whose = Column("mine", "Whose")
    every = (*_COLUMNS[:-1], whose, _COLUMNS[-1])
    return [column for column in every if column.name not in without]


def lists(report: Report) -> Html:
    """Each alert's own list, opened by its number in the table above; nothing for the state."""
    if report.scope.kind == "state":
        return Html("")
    known, sections = load_alerts(), []
    columns, sizes = _of(report, "what", "action"), queue(report)["alert"].value_counts()
    for alert, lines in _shown(report).groupby("alert", sort=True):
        title = f"{alert} {known[str(alert)].name}"
        made = tables.table(lines, title, columns, "none.")
        cut = f", the first {FIRST} here" if len(lines) < sizes[alert] else ""
        sections.append(
            f"<details class='menu'><summary>{escape(title)}: {sizes[alert]:,}{cut}"
            f"</summary><div id='{alert}'>{display.paragraph(known[str(alert)].action).html}"
            f"{made.html}</div></details>"
        )
    return Html("".join(sections), f"{len(sections)} lists")


@cache
def by_customer(report: Report) -> Html:
    """The same lines, one row per customer with everything that is open: the sheet to print."""
    if report.scope.kind == "state":
        return Html("", "")
    lines = queue(report)
    open_ = _sheet_lines(lines)
    first = lines.groupby("customer", sort=False)["due"].min()
    shown = pd.DataFrame(
        {
            "customer": list(open_),
            "first": first.to_numpy(),
            "open": ["; ".join(texts) for texts in open_.values()],
        }
    )
    shown["page"] = customers.links(report, shown["customer"])
    columns = (
        Column("customer", "Customer", href="page"),
        Column("first", "First due"),
        Column("open", "Open"),
    )
    made = tables.table(shown, "To do by customer", columns, "nothing.")
    html = made.html.replace("<div class='table'", "<div class='table roster sheet'", 1)
    return Html(html.replace("</table></div>", f"</table>{_legend(lines)}</div>"), made.plain)


def _sheet_lines(lines: pd.DataFrame) -> dict[str, list[str]]:
    """What the sheet prints of each customer: what is open by one day, and that day once."""
    found: dict[str, dict[str, list[str]]] = {}
    names = ("customer", "name", "due", "days", "mine")
    for customer, name, due, left, mine in zip(*(lines[n] for n in names), strict=True):
        marked = name + ("*" if mine == planners.WORKED_WITH else "")
        told = found.setdefault(customer, {}).setdefault(_by(due, left), [])
        if marked not in told:
            told.append(marked)
    return {
        customer: [", ".join(told) + when for when, told in days.items()]
        for customer, days in found.items()
    }


def _by(due: pd.Timestamp, left: float) -> str:
    if pd.isna(due):
        return ""
    return f" OVERDUE since {due:%Y-%m-%d}" if left < 0 else f" by {due:%Y-%m-%d}"


def _legend(lines: pd.DataFrame) -> str:
    """What to do for each alert of the sheet, once, and what its mark means."""
    known = load_alerts()
    told = [f"{known[a].name}: {known[a].action}." for a in sorted(set(lines["alert"]))]
    if (lines["mine"] == planners.WORKED_WITH).any():
        told.append("* of a customer whom you worked with, and who is not assigned to you.")
    rows = f"<tr class='legend'><td>{escape(' '.join(told))}</td></tr>"
    return f"<table><caption>What to do</caption><tbody>{rows}</tbody></table>"


def by_part(report: Report) -> Html:
    """How many lines of each alert each LWIA has, or in an LWIA each career planner's customers;
    nothing for a planner."""
    if report.scope.kind == "planner":
        return Html("", "")
    counts_ = part_counts(report)
    if counts_.empty:
        return display.paragraph("Open lines: none.", "empty")
    first, *others = [str(name) for name in counts_.columns if name != "part"]
    numbers = [name for name in others if name not in ("All", *before.names(report))]
    every = Column("All", "All", display.count, number=True)
    # Some twenty alerts stand side by side: by number, and by name underneath.
    columns = (
        Column(first, first),
        every,
        *(Column(name, name.split()[0], display.count, number=True) for name in numbers),
    )
    title = "LWIA" if report.scope.kind == "state" else "career planner"
    made = tables.table(counts_, f"Open lines by {title} and alert", columns, "nothing.")
    named = display.paragraph("; ".join(numbers) + ".")
    parts = [tables.as_narrow(made), named]
    told, size = int(counts_["All"].sum()), len(queue(report))
    if told > size:
        parts.append(
            display.paragraph(
                "A record of several boards counts in each of their LWIAs: "
                f"{told:,} lines by LWIA, {size:,} in the queue."
            )
        )
    if before.days(report):
        then = (columns[0], every, *before.columns(report))
        parts.append(tables.table(counts_, f"Open lines by {title}, by extract", then, "none."))
    return display.together(*parts)


@cache
def part_counts(report: Report) -> pd.DataFrame:
    """One row per LWIA or career planner: its name, `part` (its id), each alert (id and name),
    `All` (all lines) and those of earlier extracts. A record of several LWIAs counts in each."""
    lines = queue(report)[["alert", "what", "row", "customer", "planner"]]
    placed = counted.of_part(report.desk, lines, report.scope.kind, inner(report))
    if placed.empty:
        return pd.DataFrame()
    table_ = pd.crosstab(placed["part"], placed["what"]).rename_axis(None, axis=1)
    table_["n"] = table_.sum(axis=1)
    parts = [str(part) for part in table_.index]
    old = {
        day: [sum(_old_lines(report, day, part)) for part in parts] for day in before.days(report)
    }
    heading = "LWIA" if report.scope.kind == "state" else "Career planner"
    table_ = table_.rename(columns={"n": "All"})
    table_ = before.changed(report, table_, table_["All"].tolist(), old, before.change)
    table_.insert(0, "part", parts)
    table_.insert(0, heading, part_names(report, parts))
    return table_.reset_index(drop=True)


def _old_lines(report: Report, day: str, part: str) -> list[int]:
    return [before.count(report, day, "part alert", alert, part) for alert in load_alerts()]


def part_names(report: Report, parts: list[str]) -> list[str]:
    """Each LWIA's or career planner's name."""
    if report.scope.kind == "state":
        names = {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}
        return [names[part] for part in parts]
    return planner_names(report, parts)


def planner_names(report: Report, ids: list[str]) -> list[str]:
    """Each planner's name and id; words for `planners.UNASSIGNED` and `planners.ELSEWHERE`."""
    words = {planners.UNASSIGNED: "No planner", planners.ELSEWHERE: "Planner in another LWIA"}
    names = {}
    if (known := report.data.frames.get("planner")) is not None:
        names = dict(zip(known["planner_id"], known["name"], strict=True))
    return [words.get(p, f"{names.get(p, '')} ({p})") for p in ids]


def definition(alert: Alert) -> str:
    """What an alert is, with its number of days in place."""
    return alert.definition.replace("the days", f"{alert.days} days")


@cache
def count_frame(report: Report) -> pd.DataFrame:
    """Each alert of the catalogue for this kind of scope: alert, name, n, late, definition,
    action, source, and the counts of earlier extracts."""
    lines = queue(report)
    mine = [alert for alert in load_alerts().values() if report.scope.kind in alert.scopes]
    sizes = lines["alert"].value_counts()
    late = lines.loc[lines["days"] < 0, "alert"].value_counts()
    frame = pd.DataFrame(
        {
            "alert": [alert.id for alert in mine],
            "name": [f"{alert.id} {alert.name}" for alert in mine],
            "n": [int(sizes.get(alert.id, 0)) for alert in mine],
            "late": [int(late.get(alert.id, 0)) for alert in mine],
            "definition": [definition(alert) for alert in mine],
            "action": [alert.action for alert in mine],
            "source": [alert.source for alert in mine],
        }
    )
    return before.beside(report, frame, "alert", frame["alert"].tolist())


def counts(report: Report) -> Html:
    """Each alert: how many, how much is late, how many in earlier extracts, what it is; its name
    leads to its list."""
    frame = count_frame(report)
    listed = report.scope.kind != "state"
    shown = frame.assign(page=("#" + frame["alert"]).where((frame["n"] > 0) & listed, ""))
    columns = (
        Column("name", "Alert", href="page"),
        Column("n", "Open", display.count, number=True),
        Column("late", "Overdue", display.count, number=True),
        *before.columns(report),
    )
    known = (load_alerts()[alert] for alert in frame["alert"])
    what = {f"{one.id} {one.name}": replace(one, definition=definition(one)) for one in known}
    return display.together(
        tables.table(shown, "Alerts", columns, "none."),
        catalogue.described(what, "What the alerts are", "Alert"),
    )


_COLUMNS = (
    Column("customer", "Customer", href="page"),
    Column("what", "What"),
    Column("detail", "Why"),
    Column("program", "Program"),
    Column("due", "Due"),
    Column("days", "Days left", display.count, number=True),
    Column("state", "State"),
    Column("action", "What to do"),
)
