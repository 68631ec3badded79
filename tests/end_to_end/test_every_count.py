"""Every table of the published dashboards is walked back to the rows that its page offers.

Source: issue "Dashboard tools": a test walks every count back to its rows. A table that no walk
knows fails here, so that a new one needs a walk or a reason.
"""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from ipats_lib.caseload import load_alerts
from ipats_lib.caseload.engagement import load_engagement
from ipats_lib.caseload.mix import load_shares
from tests.published import lines, number, page, rows

AS_OF = date(2025, 8, 15)

KNOWN = AS_OF - timedelta(days=90)

TITLE_I = ("Adult", "Dislocated Worker", "Youth", "Several Title I programs")

Table = list[dict[str, str]]

# Walked from the raw dates, or holding no count of customers: where, or what it holds.
ELSEWHERE = {
    r"What (stands here|the (alerts|shares|checks) are)|The (statuses|indicators)": "definitions",
    r"Numbers behind|Weights of the load": "definitions",
    r"Active in Title I, by days since the last case note": "tests/report/test_area_pages.py",
    r"The caseload on .*, against itself": "tests/report/test_area_pages.py",
    r"Enrollments, exits, overdue services": "tests/report/test_area_pages.py",
    r"Active in Title I by days since the last service": "tests/report/test_area_pages.py",
    r"Distribution checks": "tests/report/test_area_pages.py",
    r"Records that break a check": "tests/report/test_area_pages.py",
    r"The first \d+ of [\d,]+: ": "the first rows of the table of all",
    r"Rules that records break|Every rule": "tests/notebooks/test_changes.py",
    r"Figures of the main report, counted again|Each check alone": "tests/spec/test_corrections.py",
    r"What happened|Indicators|Open work$": "a customer's time line",
    r".*: forecast and known|PY\d{4}: three cases": "tests/notebooks/test_outlook.py",
    r"Each score in three cases": "tests/notebooks/test_outlook.py",
    r"PY\d{4}, .*, by extract": "tests/report/test_performance_frames.py",
    r"The largest changes since last quarter": "tests/notebooks/test_home.py",
    r".*, distribution$|The newest closed figure": "tests/report/test_area_pages.py",
}


def file(folder: Path, name: str) -> Table:
    return rows(folder / name)


def caseload(folder: Path) -> Table:
    return file(folder, "dashboards/caseload.csv")


def active(folder: Path) -> Table:
    return [
        line
        for line in caseload(folder)
        if line["status"].startswith("Active") and line["program"] in TITLE_I
    ]


def queue(folder: Path) -> Table:
    return file(folder, "dashboards/queue.csv")


def first(line: dict[str, str]) -> str:
    return next(iter(line.values()))


def statuses(table: Table, folder: Path, _: str) -> None:
    found = Counter((line["status"], line["program"]) for line in caseload(folder))
    for line in table:
        for program in (*TITLE_I, "Not enrolled", "Wagner-Peyser alone"):
            if program in line:
                held = found[line["Status"], program.removesuffix(" alone")]
                assert number(line[program]) == held
        inside = (p for p in (*TITLE_I, "Not enrolled") if p in line)
        assert number(line["All of these"]) == sum(number(line[p]) for p in inside)


def bands(table: Table, folder: Path, _: str) -> None:
    days = [float(line["days"]) for line in active(folder)]
    for line in table:
        low, high = (re.findall(r"\d+", first(line)) + ["100000"])[:2]
        over = first(line).startswith("over")
        held = [d for d in days if (d > int(low) if over else int(low) <= d <= int(high))]
        assert number(line["Active"]) == len(held)
    assert sum(number(line["Active"]) for line in table) == len(days)


def to_come(table: Table, folder: Path, _: str) -> None:
    """Each line of Title I as a whole, from the list of customers."""
    listed = Counter(line["quarter"] for line in file(folder, "dashboards/soft-exits.csv"))
    whole = [line for line in table if line["Program"] == "Title I total"]
    assert whole
    assert all(number(line["Both"]) == listed[line["Exit in"]] for line in whole)
    assert all(
        number(line["Both"]) == number(line["Past the day"]) + within(line) for line in table
    )


def within(line: dict[str, str]) -> int:
    return number(next(text for name, text in line.items() if name.startswith("Within")))


def first_page(name: str) -> Callable[[Table, Path, str], None]:
    """The first lines of a long list are those of its file."""

    def walk(table: Table, folder: Path, _: str) -> None:
        listed = [row["customer"] for row in file(folder, f"dashboards/{name}.csv")]
        assert [line["Customer"] for line in table] == listed[:25]

    walk.__name__ = name
    return walk


def spans(table: Table, folder: Path, _: str) -> None:
    flow = file(folder, "dashboards/flow-roster.csv")
    for line in table:
        what = {"Enrollments": "Enrolment", "Exits": "Exit"}[line["What"].split(":")[0]]
        begin, end = map(iso, line["Days"].split(" to "))
        days = [one["day"] for one in flow if one["what"] == what]
        assert number(line["Number"]) == sum(begin <= day <= end for day in days)
        begin, end = (f"{int(day[:4]) - 1}{day[4:]}" for day in (begin, end))
        if line["A year before"] != "\N{EN DASH}":
            assert number(line["A year before"]) == sum(begin <= day <= end for day in days)


def iso(day: str) -> str:
    return f"{pd.to_datetime(day, format='%b %d, %Y'):%Y-%m-%d}"


def moves(table: Table, folder: Path, _: str) -> None:
    """A planner's enrollments and exits."""
    flow = file(folder, "dashboards/flow-roster.csv")
    for line in table:
        what = {"Enrollments": "Enrolment", "Exits": "Exit"}[line["What"].split(":")[0]]
        begin, end = (f"{pd.Timestamp(line[name]):%Y-%m-%d}" for name in ("From", "To"))
        days = [one["day"] for one in flow if one["what"] == what]
        assert number(line["Number"]) == sum(begin <= day <= end for day in days)
        begin, end = (f"{int(day[:4]) - 1}{day[4:]}" for day in (begin, end))
        if line["A year before"] != "\N{EN DASH}":
            assert number(line["A year before"]) == sum(begin <= day <= end for day in days)


def fixed_spans(table: Table, folder: Path, _: str) -> None:
    (whole,) = (t for t in found_tables(folder) if t[1].startswith("Against the same days"))
    assert {line["What"]: line["Number"] for line in table}.items() <= {
        line["What"]: line["Number"] for line in whole[2]
    }.items()


def month_of(line: dict[str, str]) -> str:
    """A page's September 2023 as a file's 2023-09."""
    return str(pd.Period(line["Month"]))


def months(table: Table, folder: Path, _: str) -> None:
    flow = file(folder, "dashboards/flow-roster.csv")
    found = Counter((line["what"], line["day"][:7]) for line in flow)
    for line in table:
        assert number(line["Enrollments"]) == found["Enrolment", month_of(line)]
        if line["Exits"] != "\N{EN DASH}":
            assert number(line["Exits"]) == found["Exit", month_of(line)]
    filed = {line["month"]: line for line in file(folder, "dashboards/flow.csv")}
    for line in table:
        _, entered, left, *reasons = filed[month_of(line)].values()
        assert (entered, left) == (
            str(number(line["Enrollments"])),
            "" if line["Exits"] == "\N{EN DASH}" else str(number(line["Exits"])),
        )
        assert set(reasons) == {""} or sum(map(int, reasons)) == int(left)


def exits_of_a_year(folder: Path) -> Table:
    """Of the 12 whole months up to `KNOWN`, which is no last day of a month."""
    last = KNOWN.isoformat()[:7]
    begin = f"{KNOWN.year - 1}{last[4:]}"
    flow = file(folder, "dashboards/flow-roster.csv")
    exits = (line for line in flow if line["what"] == "Exit")
    return [line for line in exits if begin <= line["day"][:7] < last]


def reasons_by_month(table: Table, folder: Path, _: str) -> None:
    found = Counter((e["day"][:7], e["reason"]) for e in exits_of_a_year(folder))
    for line in table[:-1]:
        for reason in set(line) - {"Month", "All"}:
            assert number(line[reason]) == found[month_of(line), reason]
        size = sum(one["day"].startswith(month_of(line)) for one in exits_of_a_year(folder))
        assert number(line["All"]) == size
    assert number(table[-1]["All"]) == found.total()


def reasons(table: Table, folder: Path, _: str) -> None:
    found = Counter(line["reason"] for line in exits_of_a_year(folder))
    assert {line["Reason"]: number(line["Exits"]) for line in table} == found


def overdue(table: Table, folder: Path, _: str) -> None:
    late = sum(line["alert"] == "A-08" for line in queue(folder))
    assert number(table[0]["Active"]) == len(active(folder))
    assert number(table[0]["Overdue soft exits"]) == late


def trainings(table: Table, folder: Path, caption: str) -> None:
    """By type as a whole; by occupation and provider the first page of the list."""
    by = re.search(r"by (\w+)", caption)[1]  # type: ignore[index]
    roster = file(folder, "dashboards/training.csv")
    if by == "type":
        found = Counter(line["type"] for line in roster)
        assert {first(line): number(line["Open"]) for line in table} == found
    for line in table:
        if by == "occupation":
            mine = [one for one in roster if one["occupation"] == line["O*NET code"]]
        elif by == "provider":
            mine = [one for one in roster if one["provider"] == line["Provider"]
                    and one["type"] == line["Type of training"]]  # fmt: skip
        else:
            mine = [one for one in roster if one["type"] == first(line)]
            account = sum(one["with_account"].lower() == "true" for one in mine)
            assert number(line["On a training account"]) == account
            known = {one["occupation"] for one in mine} - {"Not recorded"}
            if "Different occupations" in line:
                assert number(line["Different occupations"]) == len(known)
        assert number(line["Open"]) == len(mine)


def services_begun(table: Table, folder: Path, _: str) -> None:
    found = Counter(line["title"] for line in file(folder, "dashboards/services.csv"))
    assert all(number(line["Begun"]) == found[first(line)] for line in table)


def shares(table: Table, folder: Path, _: str) -> None:
    roster = file(folder, "dashboards/shares.csv")
    known = {one.name: one.id for one in load_shares().values()}
    for line in table:
        mine = [one for one in roster if one["share"] == known[first(line)]]
        counted = sum(one["counted"] == "yes" for one in mine)
        assert (number(line["Number"]), number(line["Of"])) == (counted, len(mine))


def groups(table: Table, folder: Path, _: str) -> None:
    roster = file(folder, "dashboards/groups.csv")
    kinds = ("Sex", "Age", "Race and ethnicity", "Barriers")
    for line in table:
        mine = [
            one for one in roster if any(line["Group"] in one[kind].split("; ") for kind in kinds)
        ]
        assert number(line["Active"]) == len(mine)


def engagement(table: Table, folder: Path, _: str) -> None:
    found = Counter(r["indicator"] for r in file(folder, "dashboards/engagement-roster.csv"))
    codes = {one.name: one.id for one in load_engagement().values()}
    for line in table:
        assert number(line["Events in two years"]) == found[codes[first(line)]]


def engagement_by_quarter(table: Table, folder: Path, caption: str) -> None:
    roster = file(folder, "dashboards/engagement-roster.csv")
    codes = {one.name: one.id for one in load_engagement().values()}
    code = codes[caption.removesuffix(", by quarter")]
    found = Counter(one["quarter"] for one in roster if one["indicator"] == code)
    assert {first(line): number(line["Events"]) for line in table} == found


def alerts(table: Table, folder: Path, _: str) -> None:
    found = Counter(line["name"] for line in queue(folder))
    late = Counter(line["name"] for line in queue(folder) if line["days"].startswith("-"))
    for line in table:
        name = first(line)
        assert (number(line["Open"]), number(line["Overdue"])) == (found[name], late[name])


def work_list(table: Table, folder: Path, _: str) -> None:
    """The first page of the list: the first lines of its file."""
    mine = queue(folder)[: len(table)]
    assert len(table) == min(25, len(queue(folder)))
    for line, told in zip(table, mine, strict=True):
        assert (line["Customer"], line["Work"]) == (told["customer"], told["work"])
        late = max(0, -int(told["days"])) if told["days"] else 0
        assert number(line["Days late"]) == late


def unmatched(table: Table, folder: Path, _: str) -> None:
    found = Counter(line["work"] for line in queue(folder) if line["alert"] in ("A-18", "A-19"))
    told: Counter[str] = Counter()
    for line in table:
        told[line["Work"]] += number(line["Items"])
    assert told == found


def by_customer(table: Table, folder: Path, _: str) -> None:
    named = [line["customer"] for line in queue(folder)]
    assert [line["Customer"] for line in table] == list(dict.fromkeys(named))


def open_work(table: Table, folder: Path, _: str) -> None:
    """The landing page of an LWIA: a line for each planner, and for those of nobody here."""
    every = queue(folder)
    words = {"No planner": "", "Planner in another LWIA": "other LWIA"}
    for line in table:
        name = line["Career planner"]
        days = [r["days"] for r in every if r["planner"] == words.get(name, planner_of(name))]
        left = [int(float(text)) for text in days if text]
        assert number(line["Open work"]) == len(days)
        assert number(line["Overdue"]) == sum(n < 0 for n in left)
        assert number(line["Due this week"]) == sum(0 <= n <= 7 for n in left)
    assert sum(number(line["Open work"]) for line in table) == len(every)


def planner_of(name: str) -> str:
    return name.rpartition("(")[2].rstrip(")") if "(" in name else ""


def planner_here(line: dict[str, str]) -> str:
    words = {"No planner": "", "Planner in another LWIA": "other LWIA"}
    return words.get(line["Career planner"], planner_of(line["Career planner"]))


def work(table: Table, folder: Path, _: str) -> None:
    roster = file(folder, "dashboards/work-roster.csv")
    open_ = Counter(line["planner"] for line in queue(folder))
    late = Counter(line["planner"] for line in queue(folder) if line["days"].startswith("-"))
    for line in table:
        planner = planner_here(line)
        mine = [one for one in roster if one["planner"] == planner]
        assert number(line["Active"]) == sum(one["status"].startswith("Active") for one in mine)
        if "Weighted load" not in line:
            continue
        load = sum(float(one["weight"]) for one in mine)
        assert float(line["Weighted load"].replace(",", "")) == pytest.approx(load, abs=0.051)
        followed = sum(one["status"] == "Exited, in follow-up" for one in mine)
        assert number(line["Exited, in follow-up"]) == followed
        assert (number(line["Open work"]), number(line["Overdue"])) == (
            open_[planner], late[planner],
        )  # fmt: skip


def kinds_of_work(table: Table, folder: Path, _: str) -> None:
    """A line per planner and alert: the first of the list, and all of them in its file."""
    titles = {one.name: code for code, one in load_alerts().items()}
    found = Counter((line["planner"], line["alert"]) for line in queue(folder))
    late = (line for line in queue(folder) if line["days"].startswith("-"))
    overdue = Counter((line["planner"], line["alert"]) for line in late)
    for line in table:
        key = (planner_here(line), titles[line["Work"]])
        assert (number(line["Open"]), number(line["Overdue"])) == (found[key], overdue[key])
    every = file(folder, "dashboards/planner-work.csv")
    assert len(table) == min(25, len(every))
    assert sum(int(line["open"]) for line in every) == found.total()


def work_by_status(table: Table, folder: Path, _: str) -> None:
    roster = file(folder, "dashboards/work-roster.csv")
    found = Counter((one["planner"], one["status"]) for one in roster)
    weighed = {one["status"] for one in roster}
    for line in table:
        planner = planner_here(line)
        for status in weighed & set(line):
            assert number(line[status]) == found[planner, status]


def checks(table: Table, folder: Path, _: str) -> None:
    every = file(folder, "dashboards/mend.csv")
    found = Counter(line["what"].partition(" ")[2] for line in every)
    assert {first(line): number(line["Records"]) for line in table} == found


def broken(table: Table, folder: Path, _: str) -> None:
    mine = file(folder, "dashboards/mend.csv")[:25]
    assert [(line["Customer"], line["What is wrong"]) for line in table] == [
        (line["customer"], line["what"].partition(" ")[2]) for line in mine
    ]


def time_lines(table: Table, folder: Path, _: str) -> None:
    every = [line["customer"] for line in file(folder, "dashboards/time-lines.csv")]
    assert [line["Customer"] for line in table] == every[:25]
    told = {line["customer"] for line in file(folder, "dashboards/customers.csv")}
    assert told <= set(every)


MEASURES = {
    "Employment rate, 2nd quarter": "ERQ2", "Employment rate, 4th quarter": "ERQ4",
    "Median earnings": "ME", "Credential attainment": "CR", "Measurable skill gains": "MSG",
}  # fmt: skip

PROGRAMS = {"Adult": "adult", "Dislocated Worker": "dw", "Youth": "youth"}


def measure_of(text: str) -> str:
    return next(code for name, code in MEASURES.items() if text.startswith(name))


def cohorts(table: Table, folder: Path, caption: str) -> None:
    roster = file(folder, "performance/calendar-roster.csv")
    code = measure_of(caption)
    found = Counter((r["report"], r["program"]) for r in roster if r["measure"] == code)
    for line in table:
        held = {program: found[line["Report"], program] for program in PROGRAMS.values()}
        if "Now" in line:
            # A customer of several programs counts once in all of them.
            size = number(line["Now"])
            assert max(held.values()) <= size <= sum(held.values())
        else:
            assert held == {p: number(line[f"{name} so far"]) for name, p in PROGRAMS.items()}


def outlook(table: Table, folder: Path, caption: str) -> None:
    roster = file(folder, "performance/outlook-open.csv")
    found = Counter((r["program_year"], r["measure"], r["program"]) for r in roster)
    for line in table:
        key = (caption[:6], measure_of(line["Measure"]), line["Program"])
        assert number(line["Still pending"]) == found[key]


def pending(table: Table, folder: Path, _: str) -> None:
    """The first page of the list: the first lines of its file, and each in the file of all."""
    mine = file(folder, "performance/still-open.csv")
    for line, row in zip(table, mine[:25], strict=True):
        assert line["Customer"] == row["customer"]
        for title, name in (("Days left", "days_left"), ("More for the level", "to_100")):
            assert line[title] == (f"{int(row[name]):,}" if row[name] else "\N{EN DASH}")
    every = file(folder, "performance/outlook-open.csv")
    assert len(mine) == sum(line["happens_by"] >= AS_OF.isoformat() for line in every)


def watch(table: Table, folder: Path, _: str) -> None:
    named = [line["customer"] for line in queue(folder) if line["alert"] in ("A-07", "A-08")]
    assert sorted(line["Customer"] for line in table) == sorted(named)


def changes_by(column: str, said: str) -> Callable[[Table, Path, str], None]:
    """How many changes are of each kind, or of each field."""

    def walk(table: Table, folder: Path, _: str) -> None:
        counted: Counter[str] = Counter()
        for line in file(folder, "dashboards/changes.csv"):
            counted[line[column]] += int(line["records"])
        assert [number(line["Changes"]) for line in table] == [
            counted[line[said]] for line in table
        ]

    walk.__name__ = f"changes by {column}"
    return walk


def changed(table: Table, folder: Path, _: str) -> None:
    """The list's first page; changes of other fields, and of who left, are in the file alone."""
    every = file(folder, "dashboards/changes.csv")
    listed = [one for one in every if one["kind"] != "changed" and one["customer"]][:25]
    assert [(line["Customer"], line["What changed"]) for line in table] == [
        (one["customer"], one["what"]) for one in listed
    ]


WALKS: dict[str, Callable[[Table, Path, str], None]] = {
    r"Periods of participation by status and program": statuses,
    r"Active in Title I on .*, by days since the last service": bands,
    r"Soft-exit watch": watch,
    r"Soft exits to come": to_come,
    r"Customers who exit softly": first_page("soft-exits"),
    r"Active customers without a planner": first_page("unassigned"),
    r"Services begun in": services_begun,
    r"Against the same days a year before": spans,
    r"Enrollments and exits, against": moves,
    r"Spans of fixed length, by extract": fixed_spans,
    r"Enrollments and exits by month": months,
    r"Exits by month and reason": reasons_by_month,
    r"Exits of the last 12 whole months by reason": reasons,
    r"Overdue share by extract": overdue,
    r"Open trainings by": trainings,
    r"Shares": shares,
    r"Active in Title I on .*, by group": groups,
    r"Customer engagement": engagement,
    r".*, by quarter$": engagement_by_quarter,
    r"Kinds of open work by career planner": kinds_of_work,
    r"Open work by kind": alerts,
    r"Work list by customer": by_customer,
    r"Work list as of": work_list,
    r"Employment that is not known": unmatched,
    r"Open work by career planner": open_work,
    r"Work by career planner|Active by career planner, by extract": work,
    r"Periods of participation of Title I by status": work_by_status,
    r"Edit checks that records break": checks,
    r"Changes since": changes_by("what", "What changed"),
    r"Fields by number of changes": changes_by("element", "Number"),
    r"What changed since": changed,
    r"Records to fix": broken,
    r"Customers": time_lines,
    r"PY\d{4}: how many more each level takes": outlook,
    r"Outcomes that can still happen, by last day": pending,
    rf"({'|'.join(MEASURES)})[^:]*": cohorts,
}


def found_tables(folder: Path) -> list[tuple[str, str, Table]]:
    """Page, caption and lines of every table of the landing page, the dashboards and what is to
    come."""
    pages = [folder / "index.html", *folder.glob("dashboards/*.html")]
    pages += folder.glob("performance/outlook-*.html")
    return [
        (one.stem, table.caption.get_text(), lines(table))
        for one in sorted(pages)
        for table in page(one).select("main table")
        if not table.select("tr.legend")
    ]


@pytest.mark.parametrize("kind", ["lwia", "planner"])
def test_every_table_is_walked_to_the_rows_of_its_files(site_with_earlier, kind):
    area = site_with_earlier / "PY2024Q4/lwia/01"
    folder = area if kind == "lwia" else next((area / "planner").iterdir())
    walked, unknown = set(), []
    for name, caption, table in found_tables(folder):
        if any(re.match(told, caption) for told in ELSEWHERE):
            continue
        walks = [walk for told, walk in WALKS.items() if re.match(told, caption)]
        if not walks:
            unknown.append((name, caption))
            continue
        walks[0](table, folder, caption)
        walked.add(walks[0])
    assert unknown == []
    rare = {fixed_spans, pending, cohorts, watch, unmatched}
    rare |= {WALKS[name] for name in WALKS if "ustomers w" in name}
    area = {
        *(statuses, bands, to_come, spans, months, reasons_by_month, reasons, overdue, trainings),
        *(services_begun, shares, engagement, engagement_by_quarter, kinds_of_work, fixed_spans),
    }
    both = {statuses, bands, reasons, trainings, shares, engagement}
    only = {
        "planner": {by_customer, moves},
        "lwia": {open_work, groups, work, work_by_status} | area - both,
    }
    other = only["lwia" if kind == "planner" else "planner"]
    assert walked | rare >= set(WALKS.values()) - other


def test_a_walk_notices_a_count_that_is_one_too_many(site_with_earlier):
    """In one table of each walk: so that none passes without looking."""
    folder, seen, blind = site_with_earlier / "PY2024Q4/lwia/01", set(), set()
    for _, caption, table in found_tables(folder):
        walks = [walk for told, walk in WALKS.items() if re.match(told, caption)]
        if not walks or any(re.match(told, caption) for told in ELSEWHERE):
            continue
        walk, (line, *_) = walks[0], table
        counted = [n for n, text in [*line.items()][1:] if re.fullmatch(r"[\d,]+", text)]
        if not counted or walk in seen:
            continue
        seen.add(walk)
        changed = ([{**line, n: str(number(line[n]) + 1)}, *table[1:]] for n in counted)
        if not any(notices(walk, one, folder, caption) for one in changed):
            blind.add((walk.__name__, caption))
    # Lists of customers: their numbers are days.
    assert {name for name, _ in blind} <= {
        "soft-exits",
        "unassigned",
        "time_lines",
    }
    assert len(seen) > 20


def notices(walk: Callable, table: Table, folder: Path, caption: str) -> bool:
    try:
        walk(table, folder, caption)
    except AssertionError:
        return True
    return False
