"""Every count of a dashboard is walked back to the rows it was counted from.

Source: issue "Dashboard tools": counts reconcile with the performance pages, and one label has one
number wherever it stands.
"""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ipats_lib.caseload import load_alerts, load_counts, load_schedule, mix
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.periods import Period
from ipats_lib.report import (
    mending,
    queue,
    timelines,
)
from ipats_lib.report.data import StateData
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import make_snapshot
from tests.published import cells

TITLE_I = ("903", "904", "905")


@pytest.fixture
def whole(state) -> Report:
    return Report(state.slice(STATE))


def active_rows(report: Report) -> pd.DataFrame:
    """Who is active in Title I, from the raw codes and dates."""
    rows, today = report.data.frame("rows"), pd.Timestamp(as_of(report.data.about))
    mine = rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1)
    return rows[mine & (rows["900"] <= today) & rows["901"].isna()]


def test_a_skill_gain_is_due_where_the_annual_report_has_it_pending(report):
    """A-14 is the pending part of the program year's MSG cohort among the active."""
    alerts = queue.queue(report)
    named = set(alerts.loc[alerts["alert"] == "A-14", "row"])
    today = as_of(report.data.about)
    year = today.year if today.month >= 7 else today.year - 1
    outcomes = report.data.frame("outcome_rows")
    mine = outcomes[
        (outcomes["report"] == Period(year).program_year.label)
        & (outcomes["indicator"] == "MSG")
        & outcomes["program"].isin(["adult", "dw", "youth"])
    ]
    pending = set(mine.loc[mine["state"] == "pending", "row"]) & set(active_rows(report)["row"])
    assert named == pending
    assert named or report.scope.kind == "planner"


@pytest.mark.parametrize(
    ("alert", "measure", "states"),
    [
        ("A-16", "CR", {"pending"}),
        ("A-17", "CR", {"pending"}),
        ("A-18", "ERQ2", {"pending", "failure"}),
        ("A-19", "ERQ4", {"pending", "failure"}),
    ],
)
def test_an_outcome_to_record_is_one_that_the_reports_still_lack(area, alert, measure, states):
    """Whoever the alert names stands in the indicator's cohort of some report, and is no success.

    The other way round only what is due already is named: an exit of the last weeks waits for its
    quarter.
    """
    alerts = queue.queue(area)
    named = set(alerts.loc[alerts["alert"] == alert, "row"])
    outcomes = area.data.frame("outcome_rows")
    mine = outcomes[
        (outcomes["indicator"] == measure) & outcomes["program"].isin(["adult", "dw", "youth"])
    ]
    known = mine.groupby("row")["state"].agg(lambda found: set(found.astype("str")))
    reported = [row for row in named if row in known.index]
    assert all(known[row] & states for row in reported)
    assert reported
    # A diploma may be recorded of somebody who is in no credential cohort.
    assert alert == "A-17" or len(reported) == len(named)


def test_every_alert_is_walked_to_its_rows(report):
    """The counts, the parts, the lists and the file are the same lines."""
    lines = queue.queue(report)
    counts = queue.count_frame(report).set_index("alert")
    assert counts["n"].to_dict() == {
        alert: int((lines["alert"] == alert).sum()) for alert in counts.index
    }
    known = set(report.data.frame("rows")["row"])
    assert set(lines["row"].dropna()) <= known
    if report.scope.kind == "lwia":
        parts = queue.part_counts(report).drop(columns=["Career planner", "part"])
        assert parts.drop(columns="All").sum().sum() == len(lines) == parts["All"].sum()


def test_each_alert_has_a_list_of_its_own(area):
    page = BeautifulSoup(queue.lists(area).html, "html.parser")
    sizes = queue.queue(area)["alert"].value_counts()
    links = BeautifulSoup(queue.counts(area).html, "html.parser").select("tbody a")
    assert {link["href"] for link in links} == {f"#{alert}" for alert in sizes.index}
    for alert, size in sizes.items():
        rows = page.find(id=alert).find("tbody").find_all("tr")
        assert len(rows) == min(size, queue.FIRST)


def test_no_alert_is_cut_off_by_another(area, monkeypatch):
    """However few lines of each are shown, each alert is there."""
    monkeypatch.setattr(queue, "FIRST", 2)
    shown = {line[1][:4] for line in cells(queue.table(area).html)}
    assert shown == set(queue.queue(area)["alert"])


def test_a_time_line_names_each_open_outcome_and_alert(state, planner):
    """Of a planner's customers with something pending, none is without it."""
    mine = Report(state.slice(planner))
    outcomes = mine.data.frame("outcome_rows")
    labels = {window.label for window in timelines.windows(mine)}
    pending = outcomes[
        (outcomes["state"] == "pending") & outcomes["report"].isin(labels)
        & (outcomes["program"] != "title1")
    ]  # fmt: skip
    rows = mine.data.frame("rows").set_index("row")["100"].astype("str")
    customers = set(rows[pending["row"]])
    page = BeautifulSoup(timelines.time_lines(mine).html, "html.parser")
    sections = {section.h2.text: section for section in page.find_all("section")}
    told = {name for name, section in sections.items() if "pending" in section.text}
    assert told == customers
    assert any(label.startswith("PY2025") for label in set(pending["report"].astype("str")))
    alerts = queue.queue(mine)
    for customer, lines in alerts.groupby("customer"):
        if customer in sections:
            assert all(what in sections[customer].text for what in lines["what"])
    standing = timelines.standing(mine)
    open_ = standing["state"].str.contains("pending")
    assert (
        standing.loc[open_, "by"]
        .str.fullmatch(r"\d{4}-\d\d-\d\d, in IWDS by \d{4}-\d\d-\d\d")
        .all()
    )
    assert (standing.loc[~open_, "by"] == "").all()


def test_until_when_an_outcome_is_open_is_what_the_outlook_says(area):
    """The next annual report's pending outcomes, day by day."""
    listed = area.open_outcomes.query("period == 'PY2025' and measure in ('ERQ2', 'CR', 'MSG')")
    expected = sorted(
        f"{c} {h:%Y-%m-%d}, in IWDS by {r:%Y-%m-%d}"
        for c, h, r in zip(listed["customer"], listed["counts_by"], listed["locked"], strict=True)
    )
    mine = timelines.standing(area)
    mine = mine[
        (mine["report"] == "PY2025 annual") & (mine["by"] != "")
        & mine["what"].str.contains("|".join(INDICATORS[m].title for m in ("ERQ2", "CR", "MSG")))
        & ~mine["what"].str.startswith("Wagner")
    ]  # fmt: skip
    assert sorted(mine["customer"] + " " + mine["by"]) == expected


def test_without_a_service_table_the_time_line_tells_the_services_of_the_file(state, planner):
    data = state.slice(planner)
    bare = Report(replace(data, frames={n: f for n, f in data.frames.items() if n != "service"}))
    told = timelines.events(bare)
    rows = data.frame("rows")
    for element in ("1001", "1200"):
        mine = told[told["what"].str.endswith(f"({element})")]
        known = rows[["100", element]].dropna().drop_duplicates()
        assert len(mine) == len(known)


def test_a_record_to_mend_shows_what_stands_in_its_elements(area):
    found, rows = mending.broken(area), area.data.frame("rows").set_index("row")
    single = found[found["rule"].isin(["V-03", "L-09", "L-13", "L-46"])]
    assert (found["values"] != "").mean() > 0.9
    for line in single.itertuples():
        for part in line.values.split("; "):
            element, _, value = part.partition(": ")
            raw = rows.loc[line.row, element.split()[0]]
            assert value == (
                "blank" if pd.isna(raw) or raw == "" else str(raw)[:10].removesuffix(".0")
            )


@pytest.mark.parametrize(("whose", "told"), [("planner", "found"), ("lwia", "123456")])
def test_a_planner_is_told_that_a_wage_stands_there_and_no_amount(state, planner, whose, told):
    """A wage that check L-37 names, planted in every record; an area sees the amount."""
    data = state.slice(planner if whose == "planner" else Scope.parse(f"lwia/{planner.lwia}"))
    rows = data.frame("rows").assign(**{"1704": 123456.0})
    report = Report(replace(data, frames={**data.frames, "rows": rows}))
    found = mending.broken(report)
    large = found.loc[found["rule"] == "L-37", "values"]
    wages = large.str.extractall(r"(170[3-6]) [^:;]*: ([^;]+)")
    assert set(wages.loc[wages[0] == "1704", 1]) == {told}
    assert len(large) > 10
    shown = mending.to_mend(report).html + "".join(found["values"])
    assert ("123456" in shown) == (whose == "lwia")


def test_a_range_of_elements_has_the_names_of_its_ends():
    named = mending.element_names("701-704|202")
    assert named.startswith("701 Pregnant or parenting youth to 704 ")
    assert ", 202 " in named


@pytest.mark.parametrize("scope", ["state", "lwia/01"])
def test_every_row_stands_beside_an_earlier_extract(state, extract, store, scope):
    """Each count of the earlier snapshot's own pages, row by row."""
    old = make_snapshot(extract, store, as_of=date(2025, 8, 1))
    both = Report(StateData(state.snapshot, state.period, (old,)).slice(Scope.parse(scope)))
    then = Report(StateData(old, state.period).slice(Scope.parse(scope)))
    day = "2025-08-01"
    now, before = (queue.count_frame(one).set_index("alert") for one in (both, then))
    same = [name for name in now.index if name in before.index]
    assert now.loc[same, day].fillna(0).tolist() == before.loc[same, "n"].fillna(0).tolist()
    assert now["since"].map(bool).all()
    parts, earlier = queue.part_counts(both), queue.part_counts(then).set_index("part")["All"]
    assert dict(zip(parts["part"], parts[day], strict=True)) == {
        part: int(earlier.get(part, 0)) for part in parts["part"]
    }


def test_the_two_queues_of_follow_up_are_queues_of_their_own(state, planner):
    mine = Report(state.slice(planner))
    page = BeautifulSoup(queue.table(mine).html, "html.parser")
    sections = {s["data-title"]: s for s in page.find_all("section")}
    lines = queue.queue(mine)
    for title, alerts in queue.load_queues().items():
        rows = sections[title].select("tbody tr")
        assert len(rows) == int(lines["alert"].isin(alerts).sum())
    assert list(sections)[:2] == ["By due date", "By customer"]


def test_the_sheet_gives_whole_dates_and_says_what_is_overdue(state, planner):
    mine = Report(state.slice(planner))
    lines = queue.queue(mine)
    text = BeautifulSoup(queue.by_customer(mine).html, "html.parser").text
    assert text.count("OVERDUE since 20") == len(
        lines[lines["days"] < 0].drop_duplicates(["customer", "due"])
    )
    for alert in set(lines["alert"]):
        assert load_alerts()[alert].action in text


def test_no_definition_hides_its_number(area):
    shown = BeautifulSoup(queue.counts(area).html, "html.parser").text
    assert "the days" not in shown
    assert "more than 30 days old" in shown


def raw(report: Report) -> pd.DataFrame:
    """The records with the days since exit, from the raw dates."""
    rows, today = report.data.frame("rows"), pd.Timestamp(as_of(report.data.about))
    return rows.assign(since=(today - rows["901"]).dt.days)


def test_a_wage_that_waits_is_a_supplemental_one_whose_report_is_open(area):
    """A-20, from 1603 and 1704 and the due date of the annual report alone."""
    rows, today = raw(area), as_of(area.data.about)
    named = set(queue.queue(area).query("alert == 'A-20'")["row"])
    mine = rows[rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1)]
    waits = mine[(mine["1603"] == 4) & (mine["1704"] > 0) & mine["901"].notna()]
    # Exits of one program year count in the next one's report, due on 1 October after it.
    exited = waits["901"].dt
    year = exited.year - (exited.month < 7) + 2
    locks = pd.to_datetime(pd.DataFrame({"year": year, "month": 10, "day": 1}))
    assert named == set(waits.loc[locks >= pd.Timestamp(today), "row"])
    assert named


@pytest.mark.parametrize(
    ("alert", "streams", "given"),
    [("A-21", ("905",), ("1412", "1503")), ("A-22", ("903", "904"), ("1503",))],
)
def test_a_follow_up_is_due_where_the_schedule_says_so_and_none_was_given(
    area, alert, streams, given
):
    """A-21 and A-22 line by line, from the days of the schedule and the raw dates."""
    rows = raw(area).set_index("row")
    lines = queue.queue(area).query(f"alert == '{alert}'").set_index("row")
    days, lead = load_schedule()[alert], load_alerts()[alert].days
    assert len(lines)
    exited = rows[
        rows[[*streams]].isin([1, 2, 3]).any(axis=1) & rows["since"].between(0, 365)
        & ~rows["923"].isin(range(1, 8))
    ]  # fmt: skip
    assert set(lines.index) <= set(exited.index)
    for row, line in lines.iterrows():
        left = rows.loc[row, "901"]
        due = (line["due"] - left).days
        assert due in days
        assert due <= rows.loc[row, "since"] + lead
        newest = rows.loc[row, [*given]].dropna()
        newest = newest[newest >= left]
        if len(newest):
            assert (line["due"] - newest.max()).days > lead
    if alert == "A-21":
        met = exited.drop(lines.index)
        first = met[(met["since"] + lead >= days[0])]
        last = first[[*given]].max(axis=1)
        assert (last >= first["901"]).all()


def red_from_75(days: int) -> str:
    return "red" if days >= 75 else "amber" if days >= 60 else ""


@pytest.mark.parametrize(
    ("alert", "day", "level"),
    [
        ("A-07", date(2025, 8, 15), red_from_75),
        ("A-08", date(2025, 8, 15), lambda _: "red"),
        ("A-14", date(2025, 8, 15), lambda _: ""),
        ("A-14", date(2026, 3, 20), lambda _: "amber"),
        ("A-14", date(2026, 6, 2), lambda _: "red"),
    ],
)
def test_amber_and_red_are_shown_in_words_and_shape_from_the_day_on_that_the_rule_names(
    extract, store, alert, day, level
):
    """In the alert's own list, of every line."""
    mine = StateData(make_snapshot(extract, store, as_of=day), Period.parse("PY2024Q4"))
    area = Report(mine.slice(Scope.parse("lwia/07")))
    lines = queue.queue(area).query(f"alert == '{alert}'").head(queue.FIRST)
    section = BeautifulSoup(queue.lists(area).html, "html.parser").find(id=alert)
    headings = [heading.get_text() for heading in section.select("thead th")]
    shown = [
        row.find_all(["th", "td"])[headings.index("State")].get_text()
        for row in section.select("tbody tr")
    ]
    words = {"red": "\N{BLACK UP-POINTING TRIANGLE} red", "amber": "\N{BLACK DIAMOND} amber"}
    expected = []
    for since, due in zip(lines["since"], lines["due"], strict=True):
        begun = words.get(level((pd.Timestamp(day) - since).days), "")
        late = pd.notna(due) and due < pd.Timestamp(day)
        expected.append("\N{BLACK UP-POINTING TRIANGLE} overdue" if late else begun)
    assert shown == expected
    assert shown
    if alert == "A-07":
        assert set(shown) >= set(words.values())


def test_every_text_of_the_catalogue_names_its_numbers_and_no_placeholder():
    texts = [
        f"{one.definition} {one.action}"
        for one in (*load_alerts().values(), *load_counts().values())
    ]
    assert not [text for text in texts if "{" in text or "}" in text]


def test_every_row_of_the_catalogue_is_data_shown_on_its_page(area):
    """Alerts, shares and counts: definition, what to do and source stand beside the figure."""
    named = {name[:4] for name in (*load_alerts(), *load_counts(), *mix.load_shares())}
    assert named == {f"A-{n:02}" for n in range(1, 36)}

    def text(shown) -> str:
        return BeautifulSoup(shown.html, "html.parser").text

    alerts = text(queue.counts(area))
    for alert in load_alerts().values():
        if "lwia" in alert.scopes:
            assert all(part in alerts for part in (queue.definition(alert), alert.source))
