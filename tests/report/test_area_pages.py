"""What the dashboards of an area and of the state show is what the records hold.

Source: issue "Dashboards": counts are recomputed from the raw records, one label has one number
wherever it is, and a count is on a page where the file beside it gives it.
"""

import json
import re
from collections import Counter, defaultdict
from datetime import date

import pandas as pd
import pytest

from ipats_lib.caseload import load_alerts, load_counts, mix
from ipats_lib.caseload.distribution import load_distribution
from ipats_lib.caseload.engagement import load_engagement
from ipats_lib.caseload.flow import a_year_before, exits_known, months_before
from ipats_lib.caseload.status import FOLLOWED
from ipats_lib.params import load_areas
from ipats_lib.report.data import StateData
from ipats_lib.report.report import Report
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import make_snapshot
from tests.notebooks.pages import with_frames
from tests.published import number
from tests.raw import opened
from tests.report.dashboards import Made, made

CUSTOMER = re.compile(r"IL\d{10}|ILA\d{9}")
DASH = "\N{EN DASH}"
KINDS = {"Adult", "Dislocated Worker", "Youth", "Several Title I programs"}


@pytest.fixture(scope="module")
def both(state, planner, tmp_path_factory) -> dict[str, Made]:
    scopes = {"state": STATE, "lwia": Scope(planner.lwia)}
    return {
        kind: made(opened(state, scope), tmp_path_factory.mktemp(kind))
        for kind, scope in scopes.items()
    }


@pytest.fixture(scope="module")
def extracts(state, extract, store) -> tuple[StateData, StateData]:
    """The state beside the same extract made two weeks earlier, and that one's own data."""
    old = make_snapshot(extract, store, as_of=date(2025, 8, 1))
    return StateData(state.snapshot, state.period, (old,)), StateData(old, state.period)


@pytest.fixture(params=["state", "lwia"])
def shown(request, both) -> Made:
    return both[request.param]


@pytest.fixture
def area(both) -> Made:
    return both["lwia"]


@pytest.fixture
def whole(both) -> Made:
    return both["state"]


def day_of(text: str) -> pd.Timestamp:
    return pd.to_datetime(text, format="%b %d, %Y")


def share_of(text: str) -> float:
    return float(text.rstrip("%")) / 100


# -- one number, one meaning --------------------------------------------------------------------


def test_one_label_has_one_number_wherever_it_is(shown):
    """Active, in follow-up and the two alerts of a soft exit, on every page that shows them."""
    found = defaultdict(set)
    status = shown.counts(
        "Periods of participation by status and program", "Status", "All of these"
    )
    found["active"].add(sum(n for name, n in status.items() if name.startswith("Active")))
    found["active"].add(len(shown.active()))
    bands = "Active in Title I on"
    days = "Days since the last qualifying service"
    tables = [t for _, t in shown.tables() if t.caption.get_text().startswith(bands)]
    assert len(tables) == 2  # by days, and by group
    caption = tables[0].caption.get_text()
    found["active"].add(sum(shown.counts(caption, days, "Active").values()))
    found["active"].add(number(shown.table("Overdue share by extract")[0]["Active"]))
    found["active"].add(
        number(re.search(r"has ([\d,]+) active", shown.finding("caseload-status"))[1])
    )
    shares = {
        line["What"]: number(line["Of"])
        for line in shown.table_of(
            "area-people", "Shares, each with its threshold where it has one"
        )
    }
    found["active"].add(shares["In more than one Title I program"])
    found["follow-up"].add(status[FOLLOWED])
    found["follow-up"].add(
        number(re.search(r"([\d,]+) more are in", shown.finding("caseload-status"))[1])
    )
    past = number(
        re.search(r"([\d,]+) (?:is|are) past the day", shown.finding("caseload-exits"))[1]
    )
    found["past"] |= {
        past,
        number(re.search(r"([\d,]+) (?:is|are) past", shown.finding("caseload-status"))[1]),
    }
    if shown.report.scope.kind == "lwia":
        found["past"].add(number(shown.table("Overdue share by extract")[0]["Overdue soft exits"]))
        work = shown.table("Work by career planner")
        found["active"].add(sum(number(line["Active"]) for line in work))
        found["follow-up"].add(sum(number(line["Exited, in follow-up"]) for line in work))
        moves = shown.table("Enrollments, exits, overdue services")
        found["follow-up"].add(sum(number(line["Exited, in follow-up"]) for line in moves))
        found["past"].add(sum(number(line["Overdue soft exits"]) for line in moves))
        notes = shown.counts(
            "Active in Title I, by days since the last case note", "Days", "Active"
        )
        found["active"] |= {sum(notes.values()), len(shown.file("groups.csv"))}
        found["past"].add(
            sum(r["alert_title"] == "Overdue soft exit" for r in shown.file("soft-exits.csv"))
        )
    else:
        sums = sum(number(line["Overdue soft exits"]) for line in shown.table("Every LWIA"))
        assert number(shown.table("Overdue share by extract")[0]["Overdue soft exits"]) == sums
    assert {label: len(numbers) for label, numbers in found.items()} == dict.fromkeys(found, 1), (
        found
    )
    assert found["active"] != {0}


def test_every_number_of_the_states_tables_is_that_of_the_lwias_own_pages(state, whole):
    """Each alert and each count of work, over all LWIAs."""
    alerts = whole.report.alert_counts.query("area_type == 'lwia'")
    same = ["active", "follow_up", "enrolled", "exited", "load", "open", "overdue", "this_week"]
    same += ["overdue_exits", "past_planned_end", "skill_gains_due", "long", "reached"]
    table = whole.report.workload.set_index("area")
    listed = {line["lwia"]: line for line in whole.file("areas.csv")}
    sums: Counter[str] = Counter()
    for lwia in (area.lwia for area in load_areas()):
        own = Report(state.slice(Scope(lwia)))
        mine = own.workload.query("area_type == 'lwia'").iloc[0]
        assert table.loc[lwia, same].tolist() == pytest.approx(mine[same].tolist()), lwia
        counted = own.alert_counts.query("area_type == 'lwia' and open > 0")
        there = alerts[alerts["area"] == lwia]
        numbers = ["open", "customers", "overdue", "this_week"]
        pd.testing.assert_frame_equal(
            there.set_index("alert")[numbers].sort_index(),
            counted.set_index("alert")[numbers].sort_index(),
        )
        for line in counted.itertuples():
            assert listed[lwia][line.alert] == str(line.open)
            sums[line.alert] += line.open
        assert listed[lwia]["open"] == str(mine["open"])
    every = whole.report.alert_counts.query("area_type == 'state'").set_index("alert")["open"]
    assert every[every > 0].to_dict() == dict(sums)
    assert len(sums) > 15


def test_the_state_names_no_customer_and_no_planner(state, whole):
    text = "".join(map(str, whole.pages.values()))
    text += "".join(path.read_bytes().decode("latin-1") for path in whole.folder.glob("*.csv"))
    assert not CUSTOMER.search(text)
    assert not [name for name in state.snapshot.planners()["name"] if name in text]
    files = {path.name for path in whole.folder.iterdir()}
    assert not [
        name for name in files if "roster" in name or name.startswith(("work", "unassigned"))
    ]


def test_every_page_has_its_files_and_rosters_name_customers(shown):
    """Each link leads to a file that is there, and each file is linked."""
    linked = {a["href"] for page in shown.pages.values() for a in page.select(".show-file a")}
    files = {path.name for path in shown.folder.iterdir()}
    assert linked == {name for name in files if not name.endswith(".json")}
    named = {name for name in files if CUSTOMER.search((shown.folder / name).read_text("latin-1"))}
    if shown.report.scope == STATE:
        assert named == set()
        assert {"areas.xlsx", "areas.csv", "counties.csv", "people.xlsx", "engagement.csv"} <= files
        return
    assert named >= {
        "caseload.csv", "flow-roster.csv", "training.csv", "services.csv", "shares.csv",
        "groups.csv", "engagement-roster.csv", "work-roster.csv", "soft-exits.csv",
        "unassigned.csv",
    }  # fmt: skip


# -- caseload -----------------------------------------------------------------------------------


def test_statuses_by_program_are_those_of_the_file(shown):
    table = shown.table("Periods of participation by status and program")
    programs = [*KINDS, "Not enrolled", "In no program"]
    if shown.report.scope.kind == "state":
        for line, row in zip(table, shown.file("caseload.csv"), strict=True):
            assert number(line["All of these"]) == int(row["n"])
        return
    listed = shown.file("caseload.csv")
    found = Counter((line["status"], line["program"]) for line in listed)
    for line in table:
        for program in (name for name in programs if name in line):
            assert number(line[program]) == found[line["Status"], program]
        assert number(line["Wagner-Peyser alone"]) == found[line["Status"], "Wagner-Peyser"]
    assert found.total() == len(listed)


def test_days_since_the_last_note_are_those_of_the_notes(area):
    active, notes = area.active(), area.report.raw.tables["case_note"]
    newest = notes.groupby("customer")["date"].max()
    since = active["900"].combine(active["100"].astype("str").map(newest), max)
    days = (pd.Timestamp(area.report.as_of) - since.where(since.notna(), active["900"])).dt.days
    sizes = pd.cut(days, [-1, 14, 30, 60, 90, 10**6]).value_counts(sort=False)
    told = area.counts("Active in Title I, by days since the last case note", "Days", "Active")
    assert list(told.values()) == [n for n in sizes.tolist() if n]
    assert next(iter(told)) == "0 to 14"


def test_soft_exits_are_listed_with_the_quarter_that_would_count_them(area):
    listed = area.file("soft-exits.csv")
    sizes = Counter(line["quarter"] for line in listed)
    total = [
        r
        for r in area.table("Soft exits to come, by the report")
        if r["Program"] == "Title I total"
    ]
    second = total[: len(total) // 2]
    assert {line["Exit in"]: number(line["Both"]) for line in second} == dict(sizes)
    for line in second:
        part = number(line["Both"]) / (
            number(line["Both"]) + number(line["Exits in that report so far"])
        )
        assert share_of(line["Their part of it"]) == pytest.approx(part, abs=0.0006)
    for line in listed:
        last = pd.Timestamp(line["since"])
        assert line["quarter"] == f"{last.year} Q{last.quarter}"
        assert pd.Timestamp(line["due"]) == last + pd.Timedelta(90, "D")


# -- flow ---------------------------------------------------------------------------------------


def test_months_add_up_to_the_records_and_unknown_exits_are_a_dash(shown):
    mine, today = shown.raw(), shown.report.as_of
    entered, left = (mine[e].dt.strftime("%Y-%m").value_counts() for e in ("900", "901"))
    table = shown.table("Enrollments and exits by month")
    assert len(table) == 24
    known = exits_known(today)
    for line in table:
        month = pd.Period(line["Month"])  # September 2023
        assert number(line["Enrollments"]) == entered.get(str(month), 0)
        if month.end_time.date() <= known:
            assert number(line["Exits"]) == left.get(str(month), 0)
        else:
            assert line["Exits"] == DASH
    filed = {row["month"]: row for row in shown.file("flow.csv")}
    for line in table:
        _, entries, exits, *reasons = filed[str(pd.Period(line["Month"]))].values()
        assert entries == str(number(line["Enrollments"]))
        assert exits == ("" if line["Exits"] == DASH else str(number(line["Exits"])))
        assert set(reasons) == {""} or sum(map(int, reasons)) == int(exits)
    assert sum(set([*row.values()][3:]) != {""} for row in filed.values()) == 12


def test_a_part_of_a_month_is_marked_and_no_finding_rests_on_it(shown):
    """As of August 15, 2025: the finding is of July, August is pale and says its 15 days."""
    assert "enrolled in July 2025" in shown.finding("caseload-flow")
    assert "exited in April 2025" in shown.finding("caseload-flow")
    specs = [s.string for s in shown.pages["caseload-flow"].select(".show-chart script")]
    assert '"month":"Aug 2025"' in specs[0]
    assert "first 15 days" in specs[0]
    assert "May 2025" not in specs[1]  # its exits are not all known


def test_reasons_are_those_of_the_last_months_whose_exits_are_known(shown):
    mine = shown.raw()
    year = mine[mine["901"].between("2024-05-01", "2025-04-30")]
    table = shown.table("Exits by month and reason")
    assert [line["Month"] for line in table[:-1]] == [
        f"{m:%B %Y}" for m in pd.period_range("2024-05", periods=12, freq="M")
    ]
    by_month = year["901"].dt.strftime("%B %Y").value_counts()
    assert [number(line["All"]) for line in table[:-1]] == [
        by_month.get(line["Month"], 0) for line in table[:-1]
    ]
    total = table[-1]
    excluded = int(year["923"].isin(range(1, 8)).sum())
    assert number(total["All"]) - number(total["No exclusion"]) == excluded
    reasons = shown.counts("Exits of the last 12 whole months by reason", "Reason", "Exits")
    assert reasons == {name: number(total[name]) for name in reasons}


def test_spans_are_counted_from_the_records_this_year_and_last(shown):
    mine = shown.raw()
    table = shown.table("Against the same days a year before")
    assert len(table) == 6
    for line in table:
        first, last = map(day_of, line["Days"].split(" to "))
        days = mine["900" if line["What"].startswith("Enroll") else "901"]
        assert number(line["Number"]) == days.between(first, last).sum()
        if line["A year before"] != DASH:
            year = (pd.Timestamp(a_year_before(day.date())) for day in (first, last))
            then = int(days.between(*year).sum())
            assert number(line["A year before"]) == then
            assert number(line["Change"]) == number(line["Number"]) - then


def test_every_figure_of_the_caseload_against_itself_is_counted_from_the_records(shown):
    mine, today = shown.raw(), shown.report.as_of
    known, span = exits_known(today), pd.Timedelta(90, "D")
    table = {line["What"]: [*line.values()] for line in shown.table("The caseload on")}
    backs = (lambda day: day, lambda day: months_before(day, 3), a_year_before)
    for place, back in enumerate(backs, start=1):
        day, entered = pd.Timestamp(back(known)), pd.Timestamp(back(today))
        active = (mine["900"] <= day) & ~(mine["901"] <= day)
        followed = mine["901"].between(day - pd.Timedelta(365, "D"), day)
        expected = {
            "Active": active,
            "In follow-up": followed & ~mine["923"].isin(range(1, 8)),
            "Exited in 90 days": (mine["901"] > day - span) & (mine["901"] <= day),
            "Active for more than 730 days": active & (mine["900"] < day - pd.Timedelta(730, "D")),
            "Enrolled in 90 days": (mine["900"] > entered - span) & (mine["900"] <= entered),
        }
        told = {name: number(cells[place]) for name, cells in table.items()}
        assert told == {name: int(who.sum()) for name, who in expected.items()}, day


# -- training, engagement ------------------------------------------------------------------------


def test_trainings_are_their_roster(area):
    roster = area.file("training.csv")
    assert roster
    types = area.table("Open trainings by type")
    assert {line["Type of training"]: number(line["Open"]) for line in types} == dict(
        Counter(line["type"] for line in roster)
    )
    for line in types:
        mine = [one for one in roster if one["type"] == line["Type of training"]]
        account = sum(one["with_account"] == "true" for one in mine)
        assert number(line["On a training account"]) == account
        known = {one["occupation"] for one in mine} - {"Not recorded"}
        assert number(line["Different occupations"]) == len(known)
    work = {row["name"]: int(row["n"]) for row in area.file("occupations.csv")}
    assert work == dict(Counter(line["occupation"] for line in roster))
    given = {(row["name"], row["detail"]): int(row["n"]) for row in area.file("providers.csv")}
    assert given == dict(Counter((line["provider"], line["type"]) for line in roster))
    titles = {row["name"]: row["detail"] for row in area.file("occupations.csv")}
    named = {line["occupation"]: line["occupation_title"] for line in roster}
    assert titles == named | {"Not recorded": "Title not available"}
    assert titles["29114100"] == "Registered Nurses"


def test_services_begun_are_their_roster(area):
    begun = {row["name"]: int(row["n"]) for row in area.file("services-begun.csv")}
    roster = area.file("services.csv")
    assert begun == dict(Counter(row["title"] for row in roster))
    days = [pd.Timestamp(row["start"]) for row in roster]
    assert min(days) > pd.Timestamp(area.report.as_of) - pd.Timedelta(90, "D")
    assert max(days) <= pd.Timestamp(area.report.as_of)


def test_shares_and_groups_are_their_rosters(area):
    members = area.file("shares.csv")
    known = {share.name: share.id for share in mix.load_shares().values()}
    lines = [
        *area.table_of("caseload-training", "Shares, each with its threshold where it has one"),
        *area.table_of("area-people", "Shares, each with its threshold where it has one"),
    ]
    assert {known[line["What"]] for line in lines} >= {"A-32a", "A-34b", "A-35a", "A-35d"}
    for line in lines:
        mine = [one["counted"] for one in members if one["share"] == known[line["What"]]]
        assert (number(line["Number"]), number(line["Of"])) == (mine.count("yes"), len(mine))
    tiers = [number(line["Number"]) for line in lines if known[line["What"]][:5] in
             ("A-35a", "A-35b", "A-35c", "A-35d")]  # fmt: skip
    (everyone,) = {number(line["Of"]) for line in lines if known[line["What"]] == "A-35"}
    assert sum(tiers) == everyone
    roster = area.file("groups.csv")
    for row in area.file("people.csv"):
        dimension, group = row["name"].split(": ", 1)
        held = [one for one in roster if group in one[dimension].split("; ")]
        assert len(held) == int(row["n"])


def test_the_shares_are_those_of_the_records(shown):
    (line,) = [
        one
        for one in shown.table_of("area-people", "Shares, each with its threshold where it has one")
        if one["What"] == "Out-of-school youth"
    ]
    rows, today = shown.raw(), pd.Timestamp(shown.report.as_of)
    youth = rows[rows["905"].isin([1, 2, 3]) & rows["409"].isin(range(1, 7))]
    there = youth["901"].isna() | (youth["901"] >= pd.Timestamp(2025, 7, 1))
    youth = youth[(youth["900"] <= today) & there]
    assert number(line["Number"]) == int(youth["409"].isin([4, 5, 6]).sum())
    assert number(line["Of"]) == len(youth)


def test_engagement_figures_are_their_events(area):
    listed = pd.DataFrame(area.file("engagement-roster.csv")).astype({"value": "float64"})
    for line in area.file("engagement.csv"):
        mine = listed[
            (listed["indicator"] == line["indicator"]) & (listed["quarter"] == line["quarter"])
        ]
        value = mine["value"].mean() if line["unit"] == "share" else mine["value"].median()
        assert (len(mine), value) == (int(line["n"]), pytest.approx(float(line["value"])))
    known = set(area.report.raw.rows["100"].astype("str"))
    known |= set(area.report.raw.tables["application"]["customer"].astype("str"))
    assert set(listed["customer"]) <= known


def test_what_is_open_is_marked_and_not_drawn_and_zeros_are_a_sentence(area):
    """As of 2025-08-15 the newest quarter whose exits are a year old is the 2nd of 2024."""
    page = area.pages["caseload-engagement"]
    reach = area.table("Follow-up reach, by quarter")
    told = {line["Calendar quarter"]: line["Share"] for line in reach}
    assert [q for q, text in told.items() if not text.endswith(" so far")][-1] == "2024 Q2"
    drawn = {s.string for s in page.select(".show-chart script") if "Follow-up reach" in s.string}
    (spec,) = drawn
    assert "2024 Q2" in spec
    assert "2024 Q3" not in spec
    assert re.search(r"Last service to exit ?: 0 days in each of \d quarters", page.get_text(" "))
    assert not re.search(r"\d\.0 days", page.get_text(" "))  # medians of whole days
    assert re.search(r"\d\.\d\d services per month in", page.get_text(" "))
    assert len(page.select(".show-chart")) == 6
    closed = area.table("Follow-up reach, distribution")
    events = pd.DataFrame(area.file("engagement-roster.csv")).query("indicator == 'E-05'")
    assert sum(number(b["Events"]) for b in closed) == (events["quarter"] <= "2024 Q2").sum()


# -- work by planner -------------------------------------------------------------------------------


def planner_of(name: str) -> str:
    return name.rpartition("(")[2].rstrip(")") if "(" in name else ""


def test_work_by_planner_is_walked_to_its_customers(area):
    roster = area.file("work-roster.csv")
    table = area.table("Work by career planner on")
    words = {"No planner": "", "Planner in another LWIA": "other LWIA"}
    for line in table:
        who = words.get(line["Career planner"], planner_of(line["Career planner"]))
        mine = [one for one in roster if one["planner"] == who]
        assert number(line["Active"]) == sum(one["status"].startswith("Active") for one in mine)
        assert number(line["Exited, in follow-up"]) == sum(
            one["status"] == FOLLOWED for one in mine
        )
        load = sum(float(one["weight"]) for one in mine)
        assert float(line["Weighted load"]) == pytest.approx(load, abs=0.051)
    crossed = area.table("Periods of participation of Title I by status")
    by_status = area.counts(
        "Periods of participation by status and program", "Status", "All of these"
    )
    for name in set(crossed[0]) - {"Career planner"}:
        assert sum(number(line[name]) for line in crossed) == by_status[name]
    rows = area.raw().set_index("row")
    given = (rows["1503"] > rows["901"]) | (
        (rows["1412"] > rows["901"]) & rows["905"].isin([1, 2, 3])
    )
    mine = area.report.customers.query("title1 and case_status == @FOLLOWED")["row"]
    moves = area.table("Enrollments, exits, overdue services")
    reached = sum(number(line["Of them with a follow-up service"]) for line in moves)
    assert reached == given.loc[mine].sum() > 0


def test_every_open_item_has_a_planner_or_none_and_is_counted_once(area):
    alerts = area.report.alerts
    table = area.table("Work by career planner on")
    assert sum(number(line["Open work"]) for line in table) == len(alerts)
    late = int((alerts["urgency"] == "overdue").sum())
    assert sum(number(line["Overdue"]) for line in table) == late
    kinds = area.file("planner-work.csv")
    first = area.table("Kinds of open work by career planner")
    assert [line["Work"] for line in first] == [line["alert_title"] for line in kinds[:25]]
    found = Counter(zip(alerts["alert_group"], alerts["alert_title"], strict=True))
    told: Counter[tuple[str, str]] = Counter()
    for line in kinds:
        told[line["alert_group"], line["alert_title"]] += int(line["open"])
    assert told == found
    assert sum(int(line["overdue"]) for line in kinds) == late
    listed = area.file("unassigned.csv")
    assert {row["customer"] for row in listed} == set(alerts.query("alert == 'A-26'")["customer"])


def test_every_line_of_every_area_is_of_a_planner_or_nobody(state):
    """Also of a planner, or without one, who has nobody active or in follow-up."""
    idle = 0
    for lwia in (area.lwia for area in load_areas()):
        mine = Report(state.slice(Scope(lwia)))
        work = mine.workload.query("area_type == 'planner'")
        assert work["open"].sum() == len(mine.alerts), lwia
        assert work["overdue"].sum() == (mine.alerts["urgency"] == "overdue").sum(), lwia
        without = work[(work["active"] == 0) & (work["follow_up"] == 0)]
        assert without["of_mean"].isna().all()
        assert not set(without.loc[without["area"] != "", "balance"]) - {""}
        idle += int((without["open"] > 0).sum())
    assert idle > 0


# -- the state -------------------------------------------------------------------------------------


def test_every_county_is_on_the_map_with_the_number_of_its_active_participants(whole):
    import json

    scripts = whole.pages["state-counties"].select(".show-chart script")
    values = (json.loads(script.string)["data"]["values"] for script in scripts)
    by_county, by_lwia = map(json.loads, values)
    drawn = {shape["properties"]["fips"]: shape["properties"]["n"] for shape in by_county}
    filed = {row["fips"]: int(row["n"]) for row in whole.file("counties.csv")}
    assert drawn == filed
    assert len(drawn) == 102
    active = whole.active()
    counted = active.loc[active["101"] == "IL", "102"].value_counts()
    assert filed == {fips: int(counted.get(fips, 0)) for fips in filed}
    work = whole.report.workload.set_index("area")["active"]
    assert {s["properties"]["of_lwia"] for s in by_lwia if s["properties"]["lwia"] == "07"} == {
        work["07"]
    }
    elsewhere = int(re.search(r"([\d,]+) live elsewhere", whole.finding("state-counties"))[1])
    assert not re.search(r"\b0 of", whole.finding("state-counties"))
    assert sum(drawn.values()) + elsewhere == len(active)


def test_the_state_says_the_work_per_planner_of_each_area(whole):
    rows = [row for row in whole.file("areas.csv") if int(row["planners"])]
    assert len(rows) > 10
    for row in rows:
        for each, of in (("each", "n"), ("follow_up_each", "follow_up"), ("load_each", "load")):
            assert float(row[each]) * int(row["planners"]) == pytest.approx(float(row[of]))


# -- data quality ----------------------------------------------------------------------------------


def test_an_areas_checks_are_the_states_lines_of_that_area(state, area, whole):
    every = whole.report.distribution
    mine = every[every["area"] == area.report.lwia].reset_index(drop=True)
    pd.testing.assert_frame_equal(area.report.distribution, mine)
    assert len(mine) > 20
    planner = next(s for s in state.snapshot.scopes() if s.kind == "planner")
    assert Report(state.slice(planner)).distribution.empty


def test_flagged_figures_come_first_and_the_state_lists_no_others(area, whole):
    known = area.report.distribution.query("records > 0")
    flagged = int(known["look"].sum())
    verdicts = [row["verdict"] for row in area.file("odd-figures.csv")]
    assert verdicts == ["Look"] * flagged + ["Within"] * (len(known) - flagged)
    states = {row["verdict"] for row in whole.file("odd-figures.csv")}
    assert states == {"Look"}
    assert f"{flagged} of {len(known)} figures" in area.finding("area-quality")


def test_broken_checks_are_counted_by_planner_and_by_area(area, whole):
    mine = sum(number(line["All"]) for line in area.table("Records that break a check"))
    assert mine == len(area.report.findings) > 0
    every = whole.table("Records that break a check")
    lwias = whole.report.findings.query("area_type == 'lwia'")
    assert sum(number(line["All"]) for line in every) == lwias["records"].sum()


# -- texts, thresholds, earlier extracts --------------------------------------------------------


def test_every_row_of_the_catalogue_is_defined_on_its_page(area, whole):
    """What it is, what to do and source, folded behind the figures."""

    def text(shown: Made, page: str) -> str:
        return " ".join(n.get_text(" ") for n in shown.pages[page].select(".show-note"))

    places = {"A-01": "caseload-status", "A-02": "caseload-flow", "A-03": "caseload-flow",
              "A-06": "caseload-status", "A-12": "caseload-training", "A-25": "area-balance",
              "A-30": "area-people"}  # fmt: skip
    for name, page in places.items():
        one = load_counts()[name]
        assert all(part in text(area, page) for part in (one.definition, one.action, one.source))
    for share in mix.load_shares().values():
        page = "caseload-training" if share.id.startswith("A-32") else "area-people"
        assert all(part in text(area, page) for part in (share.definition, share.source)), share.id
    for one in load_engagement().values():
        assert one.definition in text(area, "caseload-engagement")
    for check in load_distribution().values():
        assert check.definition in text(area, "area-quality")
    for alert in load_alerts().values():
        if "lwia" in alert.scopes and alert.id != "A-28":
            assert alert.action in text(whole, "state-areas"), alert.id


def test_no_code_of_an_alert_is_in_what_is_read_first(shown):
    """Codes are for the notes and the files."""
    for name, page in shown.pages.items():
        page = type(page)(str(page), "html.parser")
        for note in page.select("details"):
            note.decompose()
        assert not re.search(r"\b[AEQ]-\d\d", page.get_text(" ")), name


def test_headings_name_the_days_that_are_counted(state, planner, monkeypatch, tmp_path):
    from dataclasses import replace

    from ipats_lib.caseload import catalogue

    known = catalogue.load_thresholds()
    changed = {**known, "flow_days": replace(known["flow_days"], value=30)}
    monkeypatch.setattr(catalogue, "load_thresholds", lambda: changed)
    monkeypatch.setattr("ipats_lib.frames.terms.load_thresholds", lambda: changed)
    fresh = StateData(state.snapshot, state.period)
    for scope in (STATE, Scope(planner.lwia)):
        folder = tmp_path / scope.kind
        folder.mkdir()
        shown = made(Report(fresh.slice(scope)), folder)
        text = "".join(page.get_text(" ") for page in shown.pages.values())
        assert "Enrolled in 30 days" in text
        assert "Exited in 30 days" in text
        assert not re.search(r"(Enrolled|Exited) in 90 days", text)


@pytest.mark.parametrize("scope", ["state", "lwia/01"])
def test_every_row_is_beside_what_an_earlier_extract_counted(extracts, tmp_path, scope):
    """The same extract made two weeks earlier: its own pages, row by row."""
    folders = [tmp_path / name for name in ("both", "then")]
    for folder in folders:
        folder.mkdir()
    now, then = (
        made(Report(data.slice(Scope.parse(scope))), folder)
        for data, folder in zip(extracts, folders, strict=True)
    )
    on, since = "On Aug 1, 2025", "Change since Aug 1, 2025"
    seen, moved = 0, 0
    columns = ("Share", "All of these", "Active", "Open", "Number", "Exits", "Figure")
    for page, table in now.tables():
        heads = [th.get_text() for th in table.select("thead th")]
        caption = table.caption.get_text().replace("Aug 15, 2025", "Aug 1, 2025")
        if on not in heads:
            continue
        assert since in heads
        source = RENAMED.get(caption, caption)
        known = [
            t for p, t in then.tables() if p == page and t.caption.get_text().startswith(source)
        ]
        if not known:
            continue
        value = next(name for name in columns if name in heads)
        told = {first(line): line[value] for line in lines_of(known[0])}
        if paged := PAGED.get(caption):
            told = {"|".join(map(row.get, paged[1:])): row["n"] for row in then.file(paged[0])}
        for line in lines_of(table):
            was = line[on].replace(DASH, "0")
            assert was == told.get(first(line), was if value in ("Share", "Figure") else "0"), (
                caption,
                line,
            )
            seen += 1
            moved += line[value] != line[on]
    assert seen > 40
    assert moved > 5


# Where the earlier extract's own pages have what a table by extract says.
RENAMED = {
    "Spans of fixed length, by extract": "Against the same days a year before",
    "The newest closed figure, by extract": "Customer engagement",
    "Active by career planner, by extract": "Work by career planner on",
    "Active by LWIA, by extract": "Every LWIA, Title I on",
}
# Long lists: file, and the columns that name a row.
PAGED = {
    "Open trainings by occupation": ("occupations.csv", "detail", "name"),
    "Open trainings by provider": ("providers.csv", "name", "detail"),
}


def first(line: dict[str, str]) -> str:
    return "|".join([*line.values()][: 2 if "Provider" in line or "O*NET code" in line else 1])


def lines_of(table) -> list[dict[str, str]]:
    from tests.published import lines

    return lines(table)


def test_the_overdue_share_is_told_by_extract(extracts):
    """The newest extract first, each with its own numbers."""
    both, then = (Report(data.slice(Scope.parse("lwia/01"))) for data in extracts)
    late = both.alert_counts.query("area_type == 'lwia' and alert == 'A-08'")
    own = then.alert_counts.query("area_type == 'lwia' and alert == 'A-08'")["open"].item()
    known = late.set_index("known_at")["open"].to_dict()
    assert known.get(pd.Timestamp("2025-08-01"), 0) == own
    assert known[pd.Timestamp("2025-08-15")] > 0


EMPTY = (
    *("alerts", "customers", "services", "share_members", "group_members", "engagement_events"),
    *("soft_exits", "findings", "distribution", "engagement"),
)


@pytest.mark.parametrize("kind", ["state", "lwia"])
def test_an_area_with_nobody_has_sentences_and_no_error(both, kind, tmp_path):
    """Every frame without a row, but for the whole of the area and its months, with none."""
    report = both[kind].report
    frames = {name: getattr(report, name).head(0) for name in EMPTY}
    for name in ("caseload", "alert_counts"):
        frames[name] = getattr(report, name).head(0)
    work = report.workload
    numbers = work.select_dtypes("number").columns
    work = work[work["area_type"].isin(["state", "lwia"])]
    frames["workload"] = work.assign(
        **(dict.fromkeys(numbers, 0) | {"of_mean": float("nan"), "balance": ""})
    )
    flow = report.flow[report.flow["exit_reason"] == ""]
    frames["flow"] = flow.assign(n=flow["n"].where(flow["n"].isna(), 0), year_before=0)
    frames["counties"] = report.counties.assign(n=0)
    shown = made(with_frames(report, **frames), tmp_path)
    text = "".join(page.get_text(" ") for page in shown.pages.values())
    assert "has 0 active participants" in text
    assert "No training is under way" in text
    assert "No indicator of engagement has a closed quarter." in text


def test_none_and_one_are_words_of_a_sentence(whole, area):
    """No `0 of 22 LWIAs are`, no `0 planners are over`; a filter has a heading and named values."""
    for one in (whole, area):
        for name, page in one.pages.items():
            for said in page.select(".says"):
                assert not re.search(r"(^|[,;] )0 (of|planners|LWIAs) ", said.get_text()), name
    chips = json.loads(area.pages["area-balance"].select_one("#planners")["data-filters"])
    assert chips[0]["title"] == "Balance"
    assert all(word for word, _ in chips[0]["values"])


def test_the_caseload_says_why_more_are_without_a_service_than_past_an_exit(area):
    """Training, a planned gap or a service to come holds the exit off (20 CFR 677.150(c))."""
    text = area.pages["caseload-status"].get_text(" ")
    past = re.search(r"([\d,]+) (?:is|are) past the day of a soft exit", text)[1]
    exits = area.report.soft_exits.query("program == 'title1' and measure == 'ERQ2'")
    assert number(past) == exits["past"].sum()
    assert "holds it off for the others" in text
    big = area.pages["caseload-status"].select_one(".big-figure")
    assert "alert" not in big["class"]  # how many are active needs no attention
