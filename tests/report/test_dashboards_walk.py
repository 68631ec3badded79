"""Every count of a dashboard is walked back to the rows it was counted from.

Source: issue "Dashboard tools": counts reconcile with the performance pages, and one label has one
number wherever it stands.
"""

import importlib
import re
from collections import ChainMap, defaultdict
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ipats_lib.caseload import engagement, flow, load_alerts, load_counts, load_schedule, mix
from ipats_lib.caseload import trainings as caseload_trainings
from ipats_lib.caseload.catalogue import Level
from ipats_lib.caseload.flow import exits_known, months_before
from ipats_lib.caseload.status import FOLLOWED
from ipats_lib.periods import Period
from ipats_lib.report import (
    areas,
    caseload_files,
    catalogue,
    dashboards,
    display,
    engaged,
    flows,
    people,
    queue,
    work,
)
from ipats_lib.report.data import StateData
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.sample import write_sample
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import make_snapshot
from tests.published import cells, number

TITLE_I = ("903", "904", "905")


@pytest.fixture
def whole(state) -> Report:
    return Report(state.slice(STATE))


def active_rows(report: Report) -> pd.DataFrame:
    """Who is active in Title I, from the raw codes and dates."""
    rows, today = report.data.frame("rows"), pd.Timestamp(as_of(report.data.about))
    mine = rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1)
    return rows[mine & (rows["900"] <= today) & rows["901"].isna()]


def open_counts(report: Report) -> pd.Series:
    """How many lines each alert of the scope has now."""
    counts = report.alert_counts
    now = counts["known_at"] == pd.Timestamp(as_of(report.data.about))
    return counts[now & (counts["area_type"] == report.scope.kind)].set_index("alert")["open"]


def in_follow_up(report: Report) -> pd.DataFrame:
    rows, today = report.data.frame("rows"), pd.Timestamp(as_of(report.data.about))
    mine = rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1) & ~rows["923"].isin(range(1, 8))
    recent = rows["901"].between(today - pd.Timedelta(365, "D"), today)
    return rows[mine & recent]


def test_one_label_has_one_number_wherever_it_stands(report):
    """Active, in follow-up and each alert, on every page of a scope that shows them."""
    found = defaultdict(set)
    status = dashboards.status_frame(report)
    running = status["status"].str.startswith("Active")
    found["Active"].add(int(status.loc[running, "n"].sum()))
    found["Active"].add(int(dashboards.bands(report)["n"].sum()))
    found["Active"].add(int(flows.overdue_frame(report)["active"].iloc[0]))
    found["Active"].add(number(re.search(r": ([\d,]+);", dashboards.finding(report).plain)[1]))
    found["Active"].add(len(active_rows(report)))
    follow_up = status.loc[status["status"] == FOLLOWED, "n"].sum()
    found["follow-up"] |= {int(follow_up), len(in_follow_up(report))}
    shares = people.share_frame(report).set_index("id")
    found["Active"] |= {int(shares.loc[name, "whole"]) for name in ("A-31a", "A-32a")}
    counts = open_counts(report)
    watched = dashboards.watch_frame(report)["alert"].value_counts()
    for alert in dashboards.WATCHED:
        if alert in counts:
            found[alert] |= {int(counts[alert]), int(watched.get(alert, 0))}
    found["A-08"].add(int(flows.overdue_frame(report)["n"].iloc[0]))
    if report.scope.kind != "state":
        found["Active"].add(int(dashboards.note_frame(report)["n"].sum()))
        found["Active"].add(len(people.group_roster(report)))
    if report.scope.kind == "lwia":
        found["Active"] |= {int(work.balance_frame(report)["n"].sum())}
        found["Active"].add(int(work.band_frame(report).drop(columns="Career planner").sum().sum()))
        found["follow-up"].add(int(work.balance_frame(report)["follow_up"].sum()))
        found["follow-up"].add(int(work.flow_frame(report)["follow_up"].sum()))
        found["A-08"].add(int(work.flow_frame(report)["overdue"].sum()))
    assert {label: len(numbers) for label, numbers in found.items()} == dict.fromkeys(found, 1), (
        found
    )
    assert found["Active"] != {0}


def test_the_states_table_says_of_an_area_what_its_own_pages_say(state, whole):
    table = areas.by_area(whole).set_index("lwia")
    for lwia in ("01", "02", "90"):
        own = Report(state.slice(Scope.parse(f"lwia/{lwia}")))
        balance = work.balance_frame(own)
        counts = open_counts(own)
        line = table.loc[lwia]
        assert (line["n"], line["follow_up"]) == (balance["n"].sum(), balance["follow_up"].sum())
        assert line["load"] == pytest.approx(balance["load"].sum())
        assert [line[n] for n in ("late", "due", "long")] == [
            counts[alert] for alert in ("A-08", "A-14", "A-27")
        ]
        flow = work.flow_frame(own)
        assert [line[n] for n in ("enrolled", "exited")] == [
            flow["enrolled"].sum(), flow["exited"].sum(),
        ]  # fmt: skip


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


def test_statuses_and_bands_are_those_of_the_records(report):
    mine = active_rows(report)
    caseload = report.data.frame("standing")
    listed = caseload[caseload["row"].isin(mine["row"])]
    table = dashboards.status_frame(report).set_index("status")["n"]
    for status, size in listed["status"].astype("str").value_counts().items():
        assert table[status] == size
    bands = dashboards.bands(report).set_index("band")["n"]
    for band, size in listed["band"].astype("str").value_counts().items():
        assert bands[band] == size


def test_flow_and_reasons_are_those_of_the_records(report):
    """As of 2025-08-15 the last 12 months whose exits are all known are May 2024 to April 2025."""
    rows = report.data.frame("rows")
    mine = rows[rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1)]
    year = mine[mine["901"].between("2024-05-01", "2025-04-30")]
    crossed = flows.exits_by_reason(report)
    assert crossed["All"].sum() == len(year)
    excluded = year["923"].isin(range(1, 8)).sum()
    assert crossed["All"].sum() - crossed["No exclusion"].sum() == excluded
    by_month = year["901"].dt.strftime("%Y-%m").value_counts()
    assert crossed["month"].tolist() == [
        f"{m:%Y-%m}" for m in pd.period_range("2024-05", periods=12, freq="M")
    ]
    assert crossed["All"].tolist() == [by_month.get(month, 0) for month in crossed["month"]]


def test_a_month_has_one_number_of_exits(report):
    """In the table of months, in that of reasons and in the file."""
    months = flows.months(report).set_index("month")["exits"]
    crossed = flows.exits_by_reason(report).set_index("month")
    assert crossed["All"].to_dict() == months[crossed.index].to_dict()
    filed = caseload_files.flow(report).set_index("month")
    reasons = filed.drop(columns=["enrolments", "exits"])
    assert all(str(kind) == "Int64" for kind in reasons.dtypes)
    known = reasons.notna().all(axis=1)
    assert (reasons.sum(axis=1)[known] == filed.loc[known, "exits"]).all()
    assert known.sum() == 12
    assert reasons[~known].isna().all(axis=None)
    assert flows.reason_frame(report)["n"].sum() == crossed["All"].sum()


def test_the_caseload_against_itself_says_how_it_changed(report):
    shown = {line[0]: line[1:] for line in cells(flows.standing(report).html)}
    now, quarter, quarter_change, *_ = shown["Active"]
    if number(now) == number(quarter):
        assert quarter_change == "no change"
    else:
        word = "more" if number(now) > number(quarter) else "fewer"
        assert f"{abs(number(now) - number(quarter)):,} {word}" in quarter_change
    rows, day = report.data.frame("rows"), exits_known(as_of(report.data.about))
    mine = rows[rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1)]
    for on, told in ((day, now), (months_before(day, 3), quarter)):
        there = (mine["900"] <= pd.Timestamp(on)) & ~(mine["901"] <= pd.Timestamp(on))
        assert number(told) == there.sum()
    assert shown["Exited in 90 days, of the active"][0].endswith("%")


def test_trainings_shares_and_groups_are_their_rosters(report):
    trainings, roster = people.training_frame(report), people.training_roster(report)
    assert trainings.set_index("type")["n"].to_dict() == roster["type"].value_counts().to_dict()
    for counted in (caseload_trainings.by_occupation, caseload_trainings.by_provider):
        assert counted(people.open_frame(report))["n"].sum() == len(roster)
    listed = people.share_roster(report)
    if report.scope.kind == "state":
        assert listed.empty
        return
    for line in people.share_frame(report).itertuples():
        mine = listed[listed["share"] == line.id]
        assert (int((mine["counted"] == "yes").sum()), len(mine)) == (line.n, line.whole)
    groups = people.group_roster(report)
    for line in people.active_by_group(report).itertuples():
        if line.dimension in people.PEOPLE:
            held = groups[line.dimension].str.split("; ").apply(lambda g, t=line.group: t in g)
            assert held.sum() == line.n


def test_engagement_figures_are_their_events(area):
    listed = engaged.roster(area)
    for line in engaged.figures(area).itertuples():
        mine = listed[(listed["indicator"] == line.indicator) & (listed["quarter"] == line.quarter)]
        value = mine["value"].mean() if line.unit == "share" else mine["value"].median()
        assert (len(mine), value) == (line.n, pytest.approx(line.value))
    assert set(listed["customer"]) <= set(area.data.frame("rows")["100"].astype("str")) | set(
        area.data.frame("application")["customer"].astype("str")
    )


def test_a_share_of_exits_is_closed_a_year_later_and_told_apart_until_then(area):
    """As of 2025-08-15 the newest quarter whose exits are a year old is the 2nd of 2024."""
    for indicator in ("E-05", "E-06"):
        frame = engaged.by_quarter(area, indicator)
        assert frame.loc[frame["closed"], "label"].max() == "2024 Q2"
        assert set(engaged.distribution_frame(area, indicator)["period"]) == {"2023 Q4 to 2024 Q2"}
    drawn = {p["quarter"] for p in engaged.chart(area, "share").spec()["data"]["values"]}
    assert max(drawn) == "2024 Q2"
    assert engagement.load_engagement()["E-05"].open_days == 365


def test_work_by_planner_is_walked_to_its_customers(area):
    roster, table = work.roster(area), work.balance_frame(area)
    running = roster["status"].str.startswith("Active")
    for line in table.itertuples():
        mine = roster["planner"] == line.planner
        assert int((mine & running).sum()) == line.n
        assert int((mine & (roster["status"] == FOLLOWED)).sum()) == line.follow_up
    crossed = work.status_frame(area).drop(columns="Career planner")
    whole = dashboards.status_frame(area).set_index("status")["n"]
    assert {name: int(crossed[name].sum()) for name in crossed} == {
        name: int(whole[name]) for name in crossed
    }
    flow = work.flow_frame(area)
    rows = area.data.frame("rows").set_index("row")
    held = work.placed(area)
    exits = rows.loc[held["row"], "901"].to_numpy()
    mine = rows.loc[held["row"]]
    given = (mine["1503"] > exits) | ((mine["1412"] > exits) & mine["905"].isin([1, 2, 3]))
    assert flow["reached"].sum() == (given.to_numpy() & (held["status"] == FOLLOWED)).sum()


def test_a_follow_up_on_the_day_of_exit_covers_nobody(area):
    """L-30: it must lie after the exit. 1412 is that of youth."""
    rows = area.data.frame("rows")
    nothing = rows.assign(**{"1503": rows["901"], "1412": rows["901"]})
    adults = nothing.assign(
        **{"1412": rows["901"] + pd.Timedelta(1, "D"), "905": rows["905"].where(rows["row"] < 0)}
    )
    for planted in (nothing, adults):
        data = replace(area.data, frames=ChainMap({"rows": planted}, area.data.frames))
        flow = work.flow_frame(Report(data))
        assert flow["reached"].sum() == 0 < flow["follow_up"].sum()


@pytest.mark.parametrize("scope", ["state", "lwia/01"])
def test_every_row_stands_beside_an_earlier_extract(state, extract, store, scope):
    """Each count of the earlier snapshot's own pages, row by row."""
    old = make_snapshot(extract, store, as_of=date(2025, 8, 1))
    both = Report(StateData(state.snapshot, state.period, (old,)).slice(Scope.parse(scope)))
    then = Report(StateData(old, state.period).slice(Scope.parse(scope)))
    day = "2025-08-01"
    for frame, key, n in (
        (dashboards.status_frame, "status", "n"),
        (dashboards.bands, "band", "n"),
        (people.training_frame, "type", "n"),
        (people.occupation_frame, "occupation", "n"),
        (people.group_frame, "name", "n"),
        (people.share_frame, "id", "share"),
        (flows.compared_frame, "name", "n"),
        (flows.reason_frame, "reason", "n"),
        (dashboards.note_frame, "band", "n"),
    ):
        now, before = frame(both).set_index(key), frame(then).set_index(key)[n]
        same = [n for n in now.index if n in before.index and not n.endswith("to date")]
        assert same or frame in (people.training_frame, people.occupation_frame)
        assert now.loc[same, day].fillna(0).tolist() == pytest.approx(
            before[same].fillna(0).tolist()
        )
        assert now["since"].map(bool).all()
    now, before = (people.provider_frame(r).set_index(["provider", "type"]) for r in (both, then))
    assert now[day].to_dict() == {k: int(before["n"].get(k, 0)) for k in now.index}
    if scope == "state":
        now, before = areas.by_area(both), areas.by_area(then)
        assert now[day].tolist() == before["n"].tolist()
    else:
        now, before = (work.balance_frame(r).set_index("planner") for r in (both, then))
        assert now[day].to_dict() == {p: int(before["n"].get(p, 0)) for p in now.index}
    spans = flows.compared_frame(both).set_index("name")[day]
    assert set(spans.index[spans.isna()]) == {n for n in spans.index if n.endswith("to date")}
    closed = engaged.summary_frame(then).set_index("name")["now"]
    reached = engaged.summary_frame(both).set_index("name")
    assert reached[day].to_dict() == closed.to_dict()
    assert (reached[day] != "\N{EN DASH}").sum() > 4
    assert reached["since"].map(bool).all()
    share = flows.overdue_frame(both)
    assert share["n"].tolist()[1] == flows.overdue_frame(then)["n"].iloc[0]
    assert share["active"].tolist()[1] == flows.overdue_frame(then)["active"].iloc[0]


@pytest.mark.parametrize(
    ("before", "headings"),
    [
        ((date(2025, 5, 15),), ("Quarter before 2025-05-15", "Change")),
        ((date(2024, 8, 15),), ("A year before 2024-08-15", "Change in the year")),
        ((date(2025, 8, 1),), ("On 2025-08-01", "Since 2025-08-01")),
        (
            (date(2024, 8, 15), date(2025, 5, 15)),
            ("Quarter before 2025-05-15", "Change",
             "A year before 2024-08-15", "Change in the year"),
        ),
    ],
)  # fmt: skip
def test_an_extract_of_a_quarter_or_a_year_before_is_called_so(state, before, headings, tmp_path):
    """The newest first; and both changes are told, each against its own count."""
    area, earlier = Scope.parse("lwia/01"), []
    for day in before:
        write_sample(tmp_path / str(day), scale=0.05, as_of=day)
        earlier.append(make_snapshot(tmp_path / str(day), tmp_path / "store"))
    report = Report(StateData(state.snapshot, state.period, tuple(earlier)).slice(area))
    page = BeautifulSoup(dashboards.statuses(report).html, "html.parser")
    shown = [th.get_text() for th in page.select("thead th")]
    place = shown.index(headings[0])
    assert tuple(shown[place : place + len(headings)]) == headings
    now = shown.index("All of these")
    for row in page.select("tbody tr"):
        cells = [cell.get_text() for cell in row.select("th, td")]
        for then in range(place, place + len(headings), 2):
            gone = int(cells[now].replace(",", "")) - int(cells[then].replace(",", ""))
            assert str(abs(gone)) in cells[then + 1] or (
                not gone and cells[then + 1] == "no change"
            )


def test_an_area_stands_against_the_overdue_share_of_a_quarter_and_a_year_before(
    state, extract, store
):
    """Told by the extract nearest to that day; where none is near enough, the page says so."""
    old = [make_snapshot(extract, store, as_of=day) for day in (date(2025, 5, 20), OLD)]
    scope = Scope.parse("lwia/01")
    lines = {
        name: flows.standing_frame(
            Report(StateData(state.snapshot, state.period, known).slice(scope))
        ).iloc[-1]
        for name, known in (("both", tuple(old)), ("none", ()))
    }
    then = flows.overdue_frame(Report(StateData(old[0], state.period).slice(scope))).iloc[0]
    assert lines["both"]["name"].startswith("A-08 ")
    assert lines["both"]["quarter"] == f"{display.rate(then['share'])} (2025-05-20)"
    assert "(2024-08-10)" in lines["both"]["year"]
    assert lines["none"]["quarter"] == lines["none"]["year"] == "no extract of then"
    assert lines["none"]["quarter_change"] == "\N{EN DASH}"


OLD = date(2024, 8, 10)


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


def test_the_watch_shows_the_level_that_the_queue_shows(area):
    """Each line of its two alerts, once."""
    watched = dashboards.watch_frame(area).set_index("row")["state"]
    lines = queue.queue(area)
    lines = lines[lines["alert"].isin(dashboards.WATCHED)].set_index("row")["state"]
    assert sorted(watched.items()) == sorted(lines.items())
    assert len(set(watched)) > 1


def test_a_level_that_begins_on_a_day_of_the_program_year_is_the_same_in_the_watch(
    area, monkeypatch
):
    """The module, which the function of the same name hides in its package."""
    rules = importlib.import_module("ipats_lib.caseload.alerts")
    levels = (Level("A-07", "red", "07-01", "", ""), Level("A-08", "red", "07-01", "", ""))
    monkeypatch.setattr(rules, "load_levels", lambda: levels)
    watched = dashboards.watch_frame(area).set_index("row")["state"]
    lines = queue.queue(area)
    lines = lines[lines["alert"].isin(dashboards.WATCHED)].set_index("row")["state"]
    assert watched.to_dict() == lines.to_dict()
    assert queue.LEVELS["red"] in set(watched)
    assert queue.LEVELS["amber"] not in set(watched)


def test_every_figure_of_the_standing_is_counted_from_the_records(report):
    """Active, in follow-up, exited, in for long and enrolled, on three days."""
    rows, today = report.data.frame("rows"), as_of(report.data.about)
    mine = rows[rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1)]
    known = exits_known(today)
    shown = {line[0]: line[1:] for line in cells(flows.standing(report).html)}
    backs = (lambda day: day, lambda day: months_before(day, 3), flow.a_year_before)
    for place, back in zip((0, 1, 3), backs, strict=True):
        day, entered = pd.Timestamp(back(known)), pd.Timestamp(back(today))
        span = pd.Timedelta(90, "D")
        active = (mine["900"] <= day) & ~(mine["901"] <= day)
        long = active & (mine["900"] < day - pd.Timedelta(730, "D"))
        exited = (mine["901"] > day - span) & (mine["901"] <= day)
        followed = mine["901"].between(day - pd.Timedelta(365, "D"), day)
        followed &= ~mine["923"].isin(range(1, 8))
        enrolled = (mine["900"] > entered - span) & (mine["900"] <= entered)
        expected = (("Active", active), (FOLLOWED, followed), ("Exited in", exited),
                    ("A-27", long), ("Enrolled", enrolled))  # fmt: skip
        for name, who in expected:
            told = next(v for k, v in shown.items() if k.startswith(name))
            assert number(told[place]) == who.sum(), (name, day)


def test_spans_compared_are_counted_from_the_records(report):
    rows = report.data.frame("rows")
    mine = rows[rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1)]
    for name, between, now, before, *_ in cells(flows.compared(report).html):
        first, last = (pd.Timestamp(day) for day in between.split(" to "))
        days = mine["900" if name.startswith("Enrolments") else "901"]
        assert number(now) == days.between(first, last).sum()
        year = (pd.Timestamp(flow.a_year_before(day.date())) for day in (first, last))
        assert number(before) == days.between(*year).sum()


def test_days_since_the_last_note_are_those_of_the_notes(area):
    active = active_rows(area)
    notes = area.data.frame("case_note").groupby("customer")["date"].max()
    today = pd.Timestamp(as_of(area.data.about))
    since = active["900"].combine(active["100"].astype("str").map(notes), max)
    days = (today - since.where(since.notna(), active["900"])).dt.days
    edges = [-1, 14, 30, 60, 90, 10**6]
    expected = pd.cut(days, edges).value_counts(sort=False).tolist()
    assert dashboards.note_frame(area)["n"].tolist() == expected


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

    for count in load_counts().values():
        beside = text(catalogue.explained(count.id))
        assert all(part in beside for part in (count.definition, count.action, count.source))
    assert load_counts()["A-25"].definition in text(work.weights())
    shares = text(people.shares(area, "A-"))
    for share in mix.load_shares().values():
        assert all(part in shares for part in (share.definition, share.source))
