"""What the dashboards show is what the records hold.  Source: issue "Dashboard tools"; domain 5."""

from dataclasses import replace

import pandas as pd
import pytest

from ipats_lib import caseload as caseloads
from ipats_lib.caseload import checks, flow, mix, thresholds
from ipats_lib.cohorts import IN_TITLE_I
from ipats_lib.frames.calendar import calendar
from ipats_lib.params import load_areas
from ipats_lib.report import (
    areas,
    caseload_files,
    dashboards,
    engaged,
    flows,
    people,
    queue,
    work,
)
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.scopes import STATE, Scope
from tests.published import cells, number


@pytest.fixture
def whole(state) -> Report:
    return Report(state.slice(STATE))


def test_months_add_up_to_the_records(report):
    """Of the records themselves, with no help from the library."""
    rows, table = report.data.frame("rows"), flows.months(report)
    mine = rows[["903", "904", "905"]].isin([1, 2, 3]).any(axis=1)
    entered = rows.loc[mine, "900"].dt.strftime("%Y-%m").value_counts()
    assert dict(zip(table["month"], table["enrolments"], strict=True)) == {
        month: int(entered.get(month, 0)) for month in table["month"]
    }
    assert table["enrolments"].sum() > 10


def test_the_state_is_the_sum_of_its_areas(state, whole):
    """Records of one area only: those of several count in each."""
    table = areas.by_area(whole).set_index("lwia")
    for lwia in ("01", "02", "90"):
        mine = Report(state.slice(Scope.parse(f"lwia/{lwia}")))
        today = as_of(mine.data.about)
        active = mix.active_records(mine.records, today).sum()
        lines = queue.queue(mine)["alert"].value_counts()
        assert table.loc[lwia, "n"] == active
        assert table.loc[lwia, "due"] == lines.get("A-14", 0)
        assert table.loc[lwia, "long"] == lines.get("A-27", 0)
    assert list(table.index) == [area.lwia for area in load_areas()]
    assert table["n"].sum() > 100


def test_every_county_is_on_the_map_with_the_number_of_its_active_participants(whole):
    drawn = {
        feature["properties"]["county"]: feature["properties"]["n"]
        for feature in areas.county_map(whole).spec()["data"]["values"]
    }
    table = areas.by_county(whole)
    assert drawn == dict(zip(table["county"], table["n"], strict=True))
    assert len(drawn) == 102
    rows = whole.data.frame("rows")
    active = rows[rows[["903", "904", "905"]].isin([1, 2, 3]).any(axis=1) & rows["901"].isna()]
    active = active[active["900"].notna() & (active["101"] == "IL")]
    counted = active["102"].value_counts()
    assert dict(zip(table["fips"], table["n"], strict=True)) == {
        fips: int(counted.get(fips, 0)) for fips in table["fips"]
    }


def test_work_by_planner_adds_up_to_the_area(area):
    shown = cells(work.balance(area).html)
    rows = area.data.frame("rows")
    title1 = rows.loc[IN_TITLE_I(flow.view_of(area.records, as_of(area.data.about))), "row"]
    mine = area.data.frame("standing").merge(title1, on="row")
    active = mine["status"].astype("str").str.startswith("Active").sum()
    assert sum(number(line[1]) for line in shown) == active > 0
    assert sum(number(line[6]) for line in shown) == len(queue.queue(area))


def test_work_by_planner_has_every_open_line_of_every_area(state):
    """Also of a planner, or without one, who has nobody active or in follow-up."""
    idle = 0
    for lwia in (area.lwia for area in load_areas()):
        mine = Report(state.slice(Scope.parse(f"lwia/{lwia}")))
        lines, frame = queue.queue(mine), work.balance_frame(mine)
        assert frame["open"].sum() == len(lines), lwia
        assert frame["late"].sum() == (lines["days"] < 0).sum(), lwia
        without = frame[(frame["n"] == 0) & (frame["follow_up"] == 0)]
        assert without["of_mean"].isna().all()
        assert (without["open"] > 0).all()
        assert not set(without.loc[without["planner"] != "", "status"]) - {""}
        idle += len(without)
    assert idle > 0


def test_the_alert_names_each_record_to_mend_once_and_none_that_is_only_unusual(report):
    """The state, which names nobody, has no such alert."""
    found = checks.records_to_fix(report.records, as_of(report.data.about))
    alerts = caseloads.alerts(report.desk, report.scope.kind)
    named = sorted(alerts.loc[alerts["alert"] == "A-29", "row"])
    wrong = set(found.loc[found["severity"] != "info", "row"])
    assert wrong
    assert named == ([] if report.scope.kind == "state" else sorted(wrong))


def test_the_state_names_no_customer(whole):
    known = set(whole.data.frame("rows")["100"].astype("str"))
    shown = [
        dashboards.watch(whole), work.balance(whole), caseload_files.offers(whole),
        areas.table(whole),
    ]  # fmt: skip
    text = "".join(part.html + part.plain for part in shown)
    assert not any(customer in text for customer in known)


def test_the_shares_are_those_of_the_records(report):
    shown = cells(people.shares(report, "A-34").html)[0]
    rows, today = report.data.frame("rows"), pd.Timestamp(as_of(report.data.about))
    start = pd.Timestamp(2025, 7, 1)
    youth = rows[rows["905"].isin([1, 2, 3]) & rows["409"].isin(range(1, 7))]
    youth = youth[(youth["900"] <= today) & (youth["901"].isna() | (youth["901"] >= start))]
    assert number(shown[1]) == int(youth["409"].isin([4, 5, 6]).sum())
    assert number(shown[2]) == len(youth)


def with_threshold(monkeypatch, name: str, value: int) -> None:
    """The dashboards' numbers (`params/caseload.csv`) with one of them changed."""
    known = thresholds.load_thresholds()
    changed = {**known, name: replace(known[name], value=value)}
    monkeypatch.setattr(thresholds, "load_thresholds", lambda: changed)


def test_headings_name_the_days_that_are_counted(area, whole, monkeypatch):
    with_threshold(monkeypatch, "flow_days", 30)
    for shown in (work.by_planner(area), areas.table(whole)):
        assert "Enrolled in 30 days up to" in shown.html
        assert "Exited in 30 days up to" in shown.html
        assert "in 90 days" not in shown.html


def test_the_calendar_is_complete_when_the_exits_are_known(area, state, monkeypatch):
    """As of 2025-08-15 the exits up to the end of 2025 Q2 are known after 46 days, not after 47."""
    for days, complete in ((46, True), (47, False)):
        with_threshold(monkeypatch, "exit_days", days)
        table = calendar(replace(state, only=area.scope).source).set_index("counted")
        assert set(table.loc["2025 Q2", "complete"]) == {complete}


def test_a_recent_supportive_service_is_one_of_the_days_that_its_name_tells(area, monkeypatch):
    with_threshold(monkeypatch, "support_days", 10)
    mix.load_shares.cache_clear()
    line = people.share_frame(area).set_index("id").loc["A-32b"]
    mix.load_shares.cache_clear()
    rows, today = area.data.frame("rows"), pd.Timestamp(as_of(area.data.about))
    mine = rows[["903", "904", "905"]].isin([1, 2, 3]).any(axis=1) & rows["901"].isna()
    assert line["n"] == (mine & (rows["1409"] > today - pd.Timedelta(10, "D"))).sum()
    assert line["name"] == "A-32b Supportive service in the last 10 days"


def test_a_missing_table_is_no_error(area):
    frames = {n: f for n, f in area.data.frames.items() if n not in caseloads_tables()}
    bare = Report(replace(area.data, frames=frames))
    for show in (work.balance, work.by_planner, engaged.summary, engaged.trends,
                 dashboards.note_bands, people.providers):  # fmt: skip
        assert show(bare).html


def caseloads_tables() -> set[str]:
    return {"assignment", "service", "case_note", "application", "planner", "seats", "backlog"}


def test_follow_up_and_active_are_counted_alike_by_status_and_by_the_newest_figures(report):
    today = as_of(report.data.about)
    title1 = report.data.frame("rows")["row"][IN_TITLE_I(flow.view_of(report.records, today))]
    table = report.standing()
    status = table.loc[table["row"].isin(title1), "status"].astype("str")
    now = flow.now(report.records, today)
    assert now["follow_up"] == (status == "Exited, in follow-up").sum() > 0
    assert now["active"] == status.str.startswith("Active").sum() > 0


def test_every_line_says_why(area):
    lines = queue.queue(area)
    assert (lines["detail"] != "").all()
    assert set(lines["level"]) == {"", "amber", "red"}


def test_a_planner_is_told_whose_lines_are_whose(state, planner):
    mine = queue.queue(Report(state.slice(planner)))["mine"]
    assert set(mine) == {"assigned to me", "worked with"}
