"""What the dashboards show is what the records hold.  Source: issue "Dashboard tools"; domain 5."""

from collections import ChainMap
from dataclasses import replace
from datetime import date

import pytest
from bs4 import BeautifulSoup

from ipats_lib import caseload as caseloads
from ipats_lib.caseload import checks, thresholds
from ipats_lib.frames.calendar import calendar
from ipats_lib.report import (
    customers,
    mending,
    queue,
    queue_files,
    timelines,
)
from ipats_lib.report.data import StateData
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import make_snapshot
from tests.published import cells, number


@pytest.fixture
def whole(state) -> Report:
    return Report(state.slice(STATE))


def test_lines_by_planner_and_alert_add_up_to_the_queue(area):
    shown = cells(queue.by_part(area).html)
    assert sum(number(cell) for line in shown for cell in line[2:]) == len(queue.queue(area))


def test_lines_by_area_are_those_of_the_areas(state, whole):
    shown = {line[0][:2]: line[1:] for line in cells(queue.by_part(whole).html)}
    kinds = sorted(set(queue.queue(whole)["alert"]))
    for lwia in ("01", "02", "90"):
        lines = queue.queue(Report(state.slice(Scope.parse(f"lwia/{lwia}"))))["alert"]
        assert [number(cell) for cell in shown[lwia][1:]] == [
            int((lines == k).sum()) for k in kinds
        ]


def test_the_state_says_why_its_areas_have_more_lines_than_the_queue(whole, area):
    sums, size = queue.part_counts(whole)["All"].sum(), len(queue.queue(whole))
    assert sums > size
    assert (
        f"A record of several boards counts in each of their LWIAs: {sums:,} lines by LWIA, "
        f"{size:,} in the queue." in queue.by_part(whole).plain
    )
    assert "several boards" not in queue.by_part(area).plain
    rows = whole.data.frame("seats").drop_duplicates("row")
    alone = Report(replace(whole.data, frames=ChainMap({"seats": rows}, whole.data.frames)))
    assert "several boards" not in queue.by_part(alone).plain


def test_records_to_mend_are_counted_and_listed_alike(report):
    found = checks.records_to_fix(report.records, as_of(report.data.about))
    shown = cells(mending.checks(report).html) if len(found) else []
    assert {line[0][:4]: number(line[1]) for line in shown} == dict(found["rule"].value_counts())
    unusual = found["severity"] == "info"
    for show, mine in ((mending.to_mend, found[~unusual]), (mending.worth_a_look, found[unusual])):
        listed = show(report).html
        if report.scope.kind == "state":
            assert len(mine) > 0
            assert not any(name in listed for name in mine["customer"])
        else:
            assert (len(cells(listed)) if len(mine) else 0) == len(mine)


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
        queue.table(whole), queue.by_part(whole), queue_files.offers(whole), mending.to_mend(whole),
        mending.worth_a_look(whole),
        timelines.index(whole), timelines.time_lines(whole), queue.lists(whole),
        queue.by_customer(whole),
    ]  # fmt: skip
    text = "".join(part.html + part.plain for part in shown)
    assert not any(customer in text for customer in known)


def test_each_customer_has_one_time_line_and_every_list_leads_to_it(state, planner):
    mine = Report(state.slice(planner))
    page = BeautifulSoup(timelines.time_lines(mine).html, "html.parser")
    sections = {section["id"]: section.h2.text for section in page.find_all("section")}
    known = mine.data.frame("rows")["100"].astype("str")
    assert sorted(sections.values()) == sorted(set(known))
    for customer, link in zip(known, customers.links(mine, known), strict=True):
        path, _, anchor = link.partition("#")
        assert path == "../dashboards/queue-customers.html"
        assert sections[anchor] == customer


def test_an_area_leads_to_its_planners_pages_and_keeps_only_those_without_one(state, area):
    known = area.data.frame("rows")["100"].astype("str").drop_duplicates()
    here, planners = set(customers.shown_here(area)), {}
    for customer, link in zip(known, customers.links(area, known), strict=True):
        if customer in here:
            assert link.startswith("../dashboards/")
            continue
        planner = link.split("/")[2]
        if planner not in planners:
            scope = Scope.parse(f"{area.scope.path}/planner/{planner}")
            shown = Report(state.slice(scope))
            planners[planner] = dict(
                zip(
                    shown.data.frame("rows")["100"].astype("str"),
                    customers.links(shown, shown.data.frame("rows")["100"]),
                    strict=True,
                )
            )
        assert planners[planner][customer].partition("#")[2] == link.partition("#")[2]
    assert here
    assert len(planners) > 1


def test_a_time_line_holds_every_service_and_note_and_each_indicator(state, planner):
    mine = Report(state.slice(planner))
    found = timelines.events(mine).groupby("customer").size()
    services = mine.data.frame("service").groupby("customer").size()
    busiest = services[services.index.isin(found.index)].idxmax()
    assert found[busiest] >= services[busiest]
    outcomes = mine.data.frame("outcome_rows")
    told = [window.label for window in timelines.windows(mine)]
    main = outcomes[outcomes["report"].isin(told)]
    assert len(timelines.standing(mine)) == int((main["program"] != "title1").sum())


def test_alerts_stand_beside_those_of_an_earlier_extract(state, extract, store):
    """The same extract made two weeks earlier: its own queue, alert by alert."""
    old, scope = make_snapshot(extract, store, as_of=date(2025, 8, 1)), Scope.parse("lwia/01")
    both = StateData(state.snapshot, state.period, (old,))
    shown = cells(queue.counts(Report(both.slice(scope))).html)
    before = queue.queue(Report(StateData(old, state.period).slice(scope)))["alert"].value_counts()
    assert {line[0][:4]: number(line[3]) for line in shown} == {
        line[0][:4]: int(before.get(line[0][:4], 0)) for line in shown
    }
    assert sum(number(line[3]) for line in shown) > 20
    assert any(line[1] != line[3] for line in shown)


def with_threshold(monkeypatch, name: str, value: int) -> None:
    """The dashboards' numbers (`params/caseload.csv`) with one of them changed."""
    known = thresholds.load_thresholds()
    changed = {**known, name: replace(known[name], value=value)}
    monkeypatch.setattr(thresholds, "load_thresholds", lambda: changed)


def test_the_calendar_is_complete_when_the_exits_are_known(area, state, monkeypatch):
    """As of 2025-08-15 the exits up to the end of 2025 Q2 are known after 46 days, not after 47."""
    for days, complete in ((46, True), (47, False)):
        with_threshold(monkeypatch, "exit_days", days)
        table = calendar(replace(state, only=area.scope).source).set_index("counted")
        assert set(table.loc["2025 Q2", "complete"]) == {complete}


def test_a_missing_table_is_no_error(area):
    frames = {n: f for n, f in area.data.frames.items() if n not in caseloads_tables()}
    bare = Report(replace(area.data, frames=frames))
    for show in (queue.counts, queue.table, queue.by_part, queue.lists, timelines.index,
                 timelines.time_lines):  # fmt: skip
        assert show(bare).html


def caseloads_tables() -> set[str]:
    return {"assignment", "service", "case_note", "application", "planner", "seats", "backlog"}


def test_every_line_says_why(area):
    lines = queue.queue(area)
    assert (lines["detail"] != "").all()
    assert set(lines["level"]) == {"", "amber", "red"}


def test_a_planner_is_told_whose_lines_are_whose(state, planner):
    mine = queue.queue(Report(state.slice(planner)))["mine"]
    assert set(mine) == {"assigned to me", "worked with"}
