"""The work list, its counts, the records to fix and the time lines.  Source: issue 20."""

import csv
import io
import json
import re
from datetime import date

import pandas as pd
import pytest
from icalendar import Calendar

from ipats_lib.caseload import load_alerts
from ipats_lib.caseload.checks import load_checks
from ipats_lib.frames.effects import effects
from ipats_lib.periods import Period
from ipats_lib.report import Report
from ipats_lib.report.data import StateData
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import make_snapshot
from tests.notebooks.pages import open_sample, pages, sections_of, with_frames

WORK, PLANNER = "dashboards/worklist", "lwia/01/planner/1001"
CUSTOMER = re.compile(r"IL\d{10}|ILA\d{9}")


@pytest.fixture(params=["state", "lwia/01", PLANNER])
def report(request):
    return open_sample(request.param)


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/01")


@pytest.fixture(scope="module")
def planner():
    return open_sample(PLANNER)


@pytest.fixture
def made(tmp_path, monkeypatch):
    """The pages of a report, and the files beside them by name."""

    def run(report):
        monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
        found = pages(WORK, report, monkeypatch)
        return found, {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    return run


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def listed(page, caption):
    """The table of a page whose caption starts so, as its rows' texts."""
    table = next(t for t in page.select("table") if t.caption.get_text().startswith(caption))
    return [
        [cell.get_text() for cell in row.select("th, td")]
        for row in table.select("tbody tr:not(.grp)")
    ]


def number(text):
    return int(text.replace(",", ""))


# -- the list ---------------------------------------------------------------------------------


def test_the_list_and_its_file_hold_every_line_of_every_alert(report, made):
    page, files = made(report)
    if report.scope.kind == "state":
        assert "queue.csv" not in files
        return
    lines, work = rows(files["queue.csv"]), report.alerts
    assert [(r["alert"], r["customer"]) for r in lines] == [
        *zip(work["alert"], work["customer"], strict=True)
    ]
    assert page["index"].select_one(".show-records")["data-rows"] == str(len(work))
    assert all(line["detail"] and line["action"] and line["work"] for line in lines)
    messages = {check.message.rstrip(".") for check in load_checks().values()}
    for line in lines:
        if line["alert"] == "A-29":
            assert set(line["detail"].split("; ")) <= messages


def test_overdue_work_is_first_then_this_week_then_later(planner, made):
    page, files = made(planner)
    heads = [row.get_text() for row in page["index"].select(".show-records .grp")]
    assert heads[0] == f"Overdue: {(planner.alerts['urgency'] == 'overdue').sum()}"
    days = [line["days"] for line in rows(files["queue.csv"])]
    kinds = [
        "any" if d == "" else "late" if int(d) < 0 else "week" if int(d) <= 7 else "later"
        for d in days
    ]
    assert list(dict.fromkeys(kinds)) == ["late", "week", "later", "any"]
    assert kinds == sorted(kinds, key=["late", "week", "later", "any"].index)


def test_within_a_part_what_counts_for_certain_is_first_and_by_its_last_day(area):
    for _, lines in area.alerts.groupby("urgency", sort=False):
        helps = lines["helps"].map({"certain": 0, "possible": 1, "": 2})
        assert helps.is_monotonic_increasing
        certain = lines[lines["helps"] == "certain"]
        assert certain["counts_by"].dropna().is_monotonic_increasing
        assert (
            lines.loc[lines["helps"] != "", "counts_by"].dropna() >= pd.Timestamp(area.as_of)
        ).all()


def test_the_answer_counts_customers_and_names_the_first_of_the_list(planner, made):
    page, _ = made(planner)
    work = planner.alerts
    late = work[work["urgency"] == "overdue"]["customer"].nunique()
    says = page["index"].select_one(".show-finding").get_text(" ", strip=True)
    assert f"Work is overdue for {late} of {work['customer'].nunique()} customers." in says
    assert f"Start with {work['customer'].iloc[0]}: " in says


def test_nobody_with_work_has_a_sentence(planner, made):
    page, _ = made(with_frames(planner, alerts=planner.alerts.head(0)))
    assert "No customer has open work." in page["index"].get_text(" ")
    assert "No customer has open work." in page["index"].get_text(" ")


def test_a_planner_is_told_whose_lines_are_whose(planner, made):
    _, files = made(planner)
    mine = [line["mine"] for line in rows(files["queue.csv"])]
    others = planner.alerts.assign(planner="")
    _, again = made(with_frames(planner, alerts=others))
    assert set(mine) == {"assigned to me"} == set(planner.alerts["planner"].map({"1001": mine[0]}))
    assert {line["mine"] for line in rows(again["queue.csv"])} == {"worked with"}


def test_the_sheet_has_a_line_a_customer_whole_dates_and_what_is_overdue(planner, made):
    page, _ = made(planner)
    sheet, work = page["index"].select_one(".sheet"), planner.alerts
    assert len(sheet.select("tbody tr")) == work["customer"].nunique()
    late = work[work["urgency"] == "overdue"].drop_duplicates(["customer", "due"])
    assert sheet.get_text().count("OVERDUE since") == len(late)
    assert re.search(r"OVERDUE since [A-Z][a-z]{2} \d{1,2}, 20\d\d", sheet.get_text())


def test_the_rule_of_the_order_is_on_the_page(planner, made):
    page, _ = made(planner)
    note = page["index"].select_one(".show-note").get_text(" ", strip=True)
    assert all(words in note for words in planner.work_order["words"])


def test_every_due_date_to_come_is_in_the_calendar_and_no_other(planner, made):
    _, files = made(planner)
    events = Calendar.from_ical(files["due-dates.ics"]).walk("VEVENT")
    assert len(events) == (planner.alerts["days_left"] >= 0).sum() > 0
    assert min(event["dtstart"].dt for event in events) >= planner.as_of
    assert len({str(event["uid"]) for event in events}) == len(events)


def test_no_two_events_of_a_calendar_have_one_identifier(planner, made):
    """Two records of one customer, and two services of one of them, are due on one day."""
    line = planner.alerts[planner.alerts["alert"] == "A-11"].head(1)
    same = pd.concat([line] * 4, ignore_index=True).assign(
        row=pd.array([1, 2, 2, pd.NA], dtype="Int64"), why=["one", "two", "three", "four"]
    )
    _, files = made(with_frames(planner, alerts=same))
    events = Calendar.from_ical(files["due-dates.ics"]).walk("VEVENT")
    assert len({str(event["uid"]) for event in events}) == len(events) == 4


def test_missing_employment_is_split_by_what_the_wage_match_says(extract, store):
    now, scope = make_snapshot(extract, store), Scope.parse("lwia/01")
    every = Report(StateData(now, Period.parse("PY2024Q4")).slice(scope)).alerts
    lines = every[every["alert"].isin(["A-18", "A-19"])]
    elements = lines["alert"].map({"A-18": "1602", "A-19": "1606"})
    codes = now.rows(STATE, ("1602", "1606")).set_index("row")
    known = [codes.loc[row, element] for row, element in zip(lines["row"], elements, strict=True)]
    assert lines["case"].tolist() == ["no match" if code == 0 else "not yet" for code in known]
    assert set(lines["case"]) == {"no match", "not yet"}
    assert lines.groupby("case")["rank"].max().is_monotonic_increasing


# -- counts -----------------------------------------------------------------------------------


def test_the_counts_are_those_of_the_lines(report, made):
    page, files = made(report)
    shown = {row[0]: number(row[2]) for row in listed(page["kinds"], "Open work by kind")}
    names = {name: alert.name for name, alert in load_alerts().items()}
    assert {names[r["alert"]]: int(r["n"]) for r in rows(files["alerts.csv"])} == shown
    if report.scope.kind != "state":
        sizes = report.alerts["alert_title"].value_counts().to_dict()
        assert shown == {name: sizes.get(name, 0) for name in shown}
    if report.scope.kind == "lwia":
        by_part = rows(files["alerts-by-part.csv"])
        assert sum(int(line["All"]) for line in by_part) == len(report.alerts)
        assert sum(
            int(n) for line in by_part for name, n in line.items() if name.startswith("A-")
        ) == len(report.alerts)


def test_each_kind_of_work_is_defined_with_its_numbers(area, made):
    page, _ = made(area)
    note = page["kinds"].select_one(".show-note").get_text(" ", strip=True)
    assert "the days" not in note
    for alert in load_alerts().values():
        if "lwia" in alert.scopes:
            assert f"{alert.name} ( {alert.id} )" in note or f"{alert.name} ({alert.id})" in note
            assert all(part in note for part in (alert.action, alert.source))


def test_counts_are_beside_those_of_an_earlier_extract(extract, store, made):
    """The same extract made two weeks earlier: its own lines, alert by alert."""
    now, old = make_snapshot(extract, store), make_snapshot(extract, store, as_of=date(2025, 8, 1))
    quarter, scope = Period.parse("PY2024Q4"), Scope.parse("lwia/01")
    page, files = made(Report(StateData(now, quarter, (old,)).slice(scope)))
    then = Report(StateData(old, quarter).slice(scope)).alerts["alert_title"].value_counts()
    shown = listed(page["kinds"], "Open work by kind")
    assert {row[0]: number(row[6]) for row in shown} == {
        row[0]: then.get(row[0], 0) for row in shown
    }
    assert any(number(row[2]) != number(row[6]) for row in shown)
    lines = rows(files["alerts.csv"])
    assert sum(int(line["2025-08-01"]) for line in lines) == then.sum() > 20
    assert all(line["since"] for line in lines)
    parts = rows(files["alerts-by-part.csv"])
    assert sum(int(line["2025-08-01"]) for line in parts) > 20


def test_the_states_pages_and_files_name_nobody(made):
    page, files = made(open_sample("state"))
    assert not CUSTOMER.search("".join(map(str, page.values())))
    assert {"alerts.xlsx", "alerts.csv", "alerts-by-part.csv", "mend.csv"} == set(files)
    assert not any(CUSTOMER.search(data.decode("latin-1")) for data in files.values())
    links = {a["href"] for a in page["index"].select("tbody a")}
    assert "../../lwia/07/dashboards/worklist-today.html" in links
    said = page["fix"].select_one(".show-finding").get_text(" ", strip=True)
    assert re.match(r"Records break edit checks \d+ times?\. Most frequent", said)
    assert "Data quality counts every rule of the extract" in said


# -- records to fix ---------------------------------------------------------------------------


def test_records_to_fix_are_counted_and_listed_alike(report, made):
    page, files = made(report)
    own = report.findings[report.findings["area_type"] == report.scope.kind]
    found = own.groupby("check")["records"].sum().to_dict()
    shown = {row[0]: number(row[1]) for row in listed(page["fix"], "Edit checks that")}
    assert shown == found
    if report.scope.kind == "state":
        assert [line["rule"] for line in rows(files["mend.csv"])] == sorted(set(own["rule"]))
        return
    lines = rows(files["mend.csv"])
    assert len(lines) == len(own)
    severity = [line["severity"] for line in lines]
    assert severity == sorted(severity, key=["reject", "error", "warning", "info"].index)
    assert all(line["enter"] == load_checks()[line["rule"]].enter for line in lines)


def test_severities_are_words_of_a_page(area, made):
    """They head groups and are chips; the file keeps the codes."""
    page, files = made(area)
    heads = [row.get_text().partition(":")[0] for row in page["fix"].select("tr.grp")]
    assert heads
    assert all(head[0].isupper() for head in heads)
    assert {line["severity"] for line in rows(files["mend.csv"])} >= {h.lower() for h in heads}


def test_each_check_says_what_to_enter_and_which_measures_it_decides():
    for check in load_checks().values():
        assert check.enter.endswith(".")
        assert ("1811" in check.elements) <= ("MSG" in check.measures), check.id


# -- effects ----------------------------------------------------------------------------------


def test_an_effect_is_one_success_in_percent_of_the_level_and_none_where_it_is_withheld():
    """By hand: 1 of 50 is 2 points, of a level of 80 percent 2.5; 20 of 40 dollars have none."""
    areas = pd.DataFrame(
        {
            "area_type": ["lwia", "lwia", "lwia", "lwia", "state"],
            "area": ["07", "07", "07", "07", "IL"],
            "window": ["rolling4", "rolling4", "rolling4", "current", "rolling4"],
            "back": [0, 0, 0, 0, 0],
            "program": ["adult", "youth", "adult", "adult", "adult"],
            "measure": ["CR", "CR", "ME", "CR", "CR"],
            "denominator": pd.array([50, pd.NA, 40, 10, 500], dtype="Int64"),
            "level": [0.8, 0.8, 5000, 0.8, 0.8],
        }
    )
    found = effects(areas, "rolling4")
    assert found.to_dict("records") == [
        {"lwia": "07", "program": "adult", "measure": "CR", "one_more": 2.5}
    ]


def test_no_effect_gives_a_withheld_denominator(area, planner):
    """The area's own frames and its planner's say the same, from what everybody may read."""
    shown = area.areas.query("area == '01' and window == 'rolling4' and back == 0")
    known = shown[shown["denominator"].notna() & (shown["measure"] != "ME")]
    allowed = (100 / known["denominator"].astype(float) / known["level"]).round(9)
    for report in (area, planner):
        told = set(report.alerts["effect"].dropna().round(9))
        assert told
        assert told <= set(allowed)


# -- time lines -------------------------------------------------------------------------------


def test_each_customer_of_a_planner_has_one_time_line_and_every_list_leads_to_it(planner, made):
    page, files = made(planner)
    there = sections_of(page["customers"], files)
    sections = {one: part.h3.get_text() for one, part in there.items()}
    known = planner.customers.dropna(subset="row")
    assert sorted(sections.values()) == sorted(set(known["customer"]))
    for name, prefix in (("index", "dashboards/"), ("fix", ""), ("customers", None)):
        for link in page[name].select("tbody th a"):
            path, _, place = link["href"].partition("#")
            assert path == ("" if prefix is None else f"{prefix}worklist-customers.html")
            assert sections[place] == link.get_text()


def test_a_time_line_names_each_open_outcome_event_and_item(planner, made):
    page, files = made(planner)
    there = sections_of(page["customers"], files).values()
    sections = {part.h3.get_text(): part.get_text(" ") for part in there}
    pending = planner.standings[planner.standings["outcome"] == "pending"]
    assert {who for who, text in sections.items() if "Pending" in text} == set(pending["customer"])
    for line in planner.alerts.itertuples():
        if line.customer in sections:
            assert line.work in sections[line.customer]
    events = rows(files["customers.csv"])
    assert {line["customer"] for line in events} <= set(sections)
    assert all(line["what"] in sections[line["customer"]] for line in events[:200])
    services = planner.services.query("kind == 'service' and start.notna()").groupby("customer")
    counted = pd.Series([line["customer"] for line in events]).value_counts()
    sizes = services["start"].nunique()
    assert (counted >= sizes.reindex(counted.index).fillna(0)).all()


def test_an_area_leads_to_its_planners_pages_and_keeps_only_those_without_one(area, made):
    page, files = made(area)
    inside = {}
    for link in page["index"].select("tbody th a"):
        path, _, place = link["href"].partition("#")
        if not path.startswith("../planner/"):
            continue
        scope = f"lwia/01/{'/'.join(path.split('/')[1:3])}"
        if scope not in inside:
            shown, beside = made(open_sample(scope))
            there = sections_of(shown["customers"], beside)
            inside[scope] = {one: part.h3.get_text() for one, part in there.items()}
        assert inside[scope][place] == link.get_text()
    assert inside
    here = area.customers.query("shown_by == ''").dropna(subset="row")
    assert {r["customer"] for r in rows(files["time-lines.csv"])} == set(here["customer"]) - set(
        area.customers.query("shown_by != ''")["customer"]
    )


def test_an_areas_time_lines_are_in_shards_that_the_page_names(area, made):
    page, files = made(area)
    assert not page["customers"].select("section.details")
    for part in page["customers"].select("[data-shard]"):
        held = json.loads(files[part["data-shard"]])["details"]
        assert list(held) == part["data-places"].split()
        assert all(
            html.startswith(f"<section class='details' id='{one}'>") for one, html in held.items()
        )
    assert max(len(data) for name, data in files.items() if name.endswith(".json")) <= 200_000


def test_a_customer_without_a_name_of_an_event_runs_no_formula(planner, made):
    """The title of a service comes from the extract."""
    planted = planner.services.copy()
    planted.loc[planted["kind"] == "service", "title"] = "=1+1"
    _, files = made(with_frames(planner, services=planted))
    told = [line["what"] for line in rows(files["customers.csv"])]
    assert any(what.startswith("'=1+1") for what in told)
    assert not any(what.startswith("=") for what in told)


# -- a planner's caseload ---------------------------------------------------------------------


def test_the_files_of_a_planners_caseload_hold_whom_the_page_counts(planner, made):
    page, files = made(planner)
    roster = rows(files["caseload.csv"])
    shown = listed(page["caseload"], "Periods of participation by status")
    assert sum(number(row[1]) for row in shown) <= len(roster) == len(planner.customers)
    sizes = pd.Series([line["status"] for line in roster]).value_counts()
    assert {row[0] for row in shown} == set(sizes.index)
    stages = list(planner.terms.query("kind == 'status'")["code"])  # the order of a case
    assert [row[0] for row in shown] == sorted(sizes.index, key=stages.index)
    trained = listed(page["caseload"], "Open trainings by type") if "training.csv" in files else []
    assert sum(number(row[1]) for row in trained) == len(rows(files["training.csv"]))
    now = planner.caseload[planner.caseload["known_at"] == pd.Timestamp(planner.as_of)]
    counted = [line for line in rows(files["shares.csv"]) if line["counted"] == "yes"]
    assert len(counted) == now[now["part"] == "share"]["n"].sum()
    active = planner.customers["title1"] & planner.customers["is_active"]
    assert len(rows(files["groups.csv"])) == active.sum() > 0
    events = planner.engagement[
        (planner.engagement["band"] == "") & (planner.engagement["program"] == "all")
    ]
    assert len(rows(files["engagement-roster.csv"])) == events["events"].sum()
    came = planner.customers.loc[planner.customers["title1"], ["entry", "exit"]]
    assert len(rows(files["flow-roster.csv"])) == (came <= pd.Timestamp(planner.as_of)).sum().sum()
    assert files["caseload.xlsx"].startswith(b"PK")


def test_no_soft_exit_is_said_in_words(planner, made):
    watch = planner.alerts["alert"].isin(["A-07", "A-08"])
    page, _ = made(with_frames(planner, alerts=planner.alerts[~watch]))
    said = page["caseload"].select_one(".show-finding").get_text(" ", strip=True)
    assert "None is past the day of a soft exit, and none comes near it." in said
