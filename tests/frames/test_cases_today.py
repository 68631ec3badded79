"""The frames give what the pages compute today: the same lines, counts and figures."""

import pandas as pd
import pytest

from ipats_lib.caseload import flow as flows
from ipats_lib.caseload import load_alerts, questions
from ipats_lib.caseload.engagement import load_engagement
from ipats_lib.caseload.planners import ASSIGNED
from ipats_lib.frames.cases import PROGRAMS
from ipats_lib.frames.findings import values
from ipats_lib.frames.services import DATED, PLAIN_SERVICES, SLOTS
from ipats_lib.report import (
    areas,
    before,
    dashboards,
    engaged,
    people,
    queue,
    work,
)
from ipats_lib.report import flows as flow_pages
from ipats_lib.report.customers import places
from ipats_lib.scopes import Scope

from .conftest import EVERY, some

pytestmark = pytest.mark.parametrize("every", EVERY)
TITLES = {title: code for code, title in PROGRAMS.items()}


@pytest.fixture
def pairs(state, report_of, frame, every):
    """Each scope with today's report and what reads a frame, of this extract alone."""

    def read(scope: Scope, name: str) -> pd.DataFrame:
        found = frame(name, scope)
        if "known_at" not in found:
            return found
        return found[found["known_at"] == pd.Timestamp(state.snapshot.as_of)]

    return [
        (scope, report_of(scope), lambda name, scope=scope: read(scope, name))
        for scope in some(state.snapshot.scopes(), every)
    ]


@pytest.fixture
def inside(pairs):
    """The same for scopes that list customers."""
    return [(scope, report, read) for scope, report, read in pairs if scope.kind != "state"]


def lines(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    """Rows as tuples of texts: types differ, and what is shown must not."""
    texts = [["" if pd.isna(v) else _text(v) for v in frame[name]] for name in columns]
    return list(zip(*texts, strict=True))


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.9g}"
    return str(value)


def own(frame: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    return frame[frame["area_type"] == scope.kind]


def counts(frame: pd.DataFrame, by: str, n: str = "n") -> dict[str, int]:
    found = frame.groupby(by)[n].sum()
    return {str(key): int(size) for key, size in found.items() if size}


def test_alerts_are_the_lines_of_the_queue(inside):
    for scope, report, read in inside:
        today, found = queue.queue(report), read("alerts")
        today = today.assign(
            why=today["detail"], alert_level=today["level"], days_left=today["days"]
        )
        same = ("alert", "row", "customer", "since", "due", "why", "alert_level")
        assert sorted(lines(found, *same)) == sorted(lines(today, *same)), scope
        by = ["customer", "alert", "row", "why"]
        found, today = (frame.sort_values(by, ignore_index=True) for frame in (found, today))
        assert (found["urgency"] == "overdue").tolist() == (today["days"] < 0).tolist()
        assert lines(found, "days_left") == lines(
            today.assign(days_left=today["days"].astype("Int64")), "days_left"
        )
        if scope.kind == "lwia":
            assert found["planner"].tolist() == today["planner"].tolist()
        else:
            assert found["assigned"].tolist() == (today["mine"] == ASSIGNED).tolist()


def test_alert_counts_are_those_of_the_lines_and_of_the_parts(pairs):
    for scope, report, read in pairs:
        if scope.kind == "state":
            continue  # the sums of its LWIAs
        today, found = queue.queue(report), read("alert_counts")
        mine = own(found, scope)
        late = today[today["days"] < 0]
        assert counts(mine, "alert", "open") == today["alert"].value_counts().to_dict(), scope
        assert counts(mine, "alert", "overdue") == late["alert"].value_counts().to_dict()
        known = {alert.id for alert in load_alerts().values() if scope.kind in alert.scopes}
        assert set(mine["alert"]) == known
        if scope.kind == "lwia":
            other = found[found["area_type"] != scope.kind].set_index(["area", "alert"])["open"]
            assert other.to_dict() == today.groupby(["planner", "alert"]).size().to_dict()


def test_customers_are_the_roster_and_where_their_time_line_is(inside):
    for scope, report, read in inside:
        today, found = dashboards.roster(report), read("customers")
        same = ("customer", "program_title", "case_status", "last_service", "days")
        asked = today.rename(columns={"program": "program_title", "status": "case_status"})
        asked["days"] = asked["days"].astype("Int64")
        assert sorted(lines(found, *same)) == sorted(lines(asked, *same)), scope
        known = places(report)
        for line in found[found["row"].notna()].itertuples():
            place = known[line.customer]
            if scope.kind == "lwia":
                assert place.startswith(f"planner/{line.shown_by}/") == bool(line.shown_by)
        flow_today = flow_pages.flow_roster(report)
        as_of = pd.Timestamp(report.data.about.as_of)
        for what, day in (("Enrolment", "entry"), ("Exit", "exit")):
            mine = found[found["title1"] & (found[day] <= as_of)]
            then = flow_today[flow_today["what"] == what]
            assert sorted(lines(mine, "customer", day)) == sorted(lines(then, "customer", "day"))


def test_findings_are_the_records_that_break_a_check(pairs):
    for scope, report, read in pairs:
        today, found = questions.found_to_fix(report.desk), read("findings")
        if scope.kind == "state":
            mine = own(found, scope)
            assert counts(mine, "rule", "records") == today["rule"].value_counts().to_dict()
            continue
        same = ("rule", "row", "customer", "dated")
        assert lines(found, *same) == lines(today, *same), scope
        places = pd.Index(report.desk.rows["row"]).get_indexer(today["row"])
        written = values(report.desk.rows, today["rule"], places, scope.kind)
        assert found["values"].tolist() == written
        assert (found["enter"] != "").all()


def test_flow_is_that_of_the_months_the_spans_and_the_reasons(pairs):
    for scope, report, read in pairs:
        found = own(read("flow"), scope)
        whole = found[(found["program"] == "all") & (found["exit_reason"] == "")]
        months = whole[whole["span"] == "month"]
        today = flow_pages.months(report)
        for what, name in (("enrollments", "enrolments"), ("exits", "exits")):
            mine = months[months["what"] == what]
            assert mine["start"].dt.strftime("%Y-%m").tolist() == today["month"].tolist()
            assert lines(mine, "n") == lines(today, name), (scope, what)
        spans = flows.compared(report.records, report.desk.as_of)
        for line in spans.itertuples():
            what, _, span = line.name.partition(": ")
            mine = whole[(whole["span"] == span) & (whole["what"].str[:3] == what[:3].lower())]
            assert (mine["n"].item(), mine["year_before"].item()) == (line.n, line.before)
        reasons = found[(found["exit_reason"] != "") & (found["program"] == "all")]
        by_month = flow_pages.exits_by_reason(report).set_index("month")
        for month, counted in by_month.drop(columns="All").iterrows():
            mine = reasons[
                (reasons["span"] == "month") & (reasons["start"].dt.strftime("%Y-%m") == month)
            ]
            assert counts(mine, "exit_reason") == {k: n for k, n in counted.items() if n}
        year = flow_pages.reason_frame(report)
        mine = reasons[reasons["span"] == "12 whole months"]
        assert counts(mine, "exit_reason") == dict(zip(year["reason"], year["n"], strict=True))
        parts = found[(found["program"] != "all") & (found["exit_reason"] == "")]
        by = ["what", "span", "start"]
        known = whole[whole["n"].notna()].set_index(by)["n"]
        sums = parts.groupby(by)["n"].sum().reindex(known.index).fillna(0)
        assert sums.tolist() == known.tolist()


def test_engagement_is_that_of_each_indicator_by_quarter_and_band(pairs):
    for scope, report, read in pairs:
        found = own(read("engagement"), scope)
        found = found[found["program"] == "all"]
        for one in load_engagement().values():
            mine = found[found["indicator"] == one.id]
            figures = mine[mine["band"] == ""]
            today = engaged.by_quarter(report, one.id)
            assert lines(figures, "quarter", "events", "result", "closed") == lines(
                today, "label", "n", "value", "closed"
            ), (scope, one.id)
            bands = mine[mine["band"] != ""]
            if one.unit == "share":
                bands = bands[bands["closed"]]
            then = engaged.distribution_frame(report, one.id)
            assert counts(bands, "band", "events") == {
                band: n for band, n in zip(then["band"], then["n"], strict=True) if n
            }


def test_the_caseload_is_that_of_every_table(pairs):
    for scope, report, read in pairs:
        found = own(read("caseload"), scope)

        def part(name: str, found=found) -> pd.DataFrame:
            return found[found["part"] == name]

        status = dashboards.status_frame(report).set_index("status")
        for line in part("status").itertuples():
            assert status.loc[line.name, line.program_title] == line.n
        assert part("status")["n"].sum() == len(dashboards.roster(report))
        bands = dashboards.bands(report)
        assert counts(part("days since service"), "name") == _filled(bands, "band")
        notes = dashboards.note_frame(report)
        assert counts(part("days since note"), "name") == _filled(notes, "band")
        shares = people.share_frame(report)
        same = ["n", "whole", "share", "flagged"]
        asked = shares[shares["whole"] > 0].sort_values("id")
        mine = part("share").rename(columns={"of": "whole", "low": "flagged"})
        assert lines(mine, "name", *same) == lines(asked, "id", *same), scope
        groups = people.active_by_group(report)
        mine = part("group")
        assert sorted(lines(mine, "detail", "name", "n", "share")) == sorted(
            lines(groups, "dimension", "group", "n", "share")
        )
        kinds = people.training_frame(report)
        assert counts(part("training"), "name") == _filled(kinds, "type")
        assert counts(part("training on an account"), "name") == _filled(
            kinds, "type", "with_account"
        )
        given = people.provider_frame(report)
        assert sorted(lines(part("provider"), "name", "detail", "n")) == sorted(
            lines(given, "provider", "type", "n")
        )
        assert counts(part("occupation"), "name") == _filled(
            people.occupation_frame(report), "occupation"
        )
        then = flows.standing(report.records, report.desk.as_of).set_index("day")
        days = part("on a day")
        for day, line in then.iterrows():
            mine = days[days["day"] == pd.Timestamp(day)]
            asked = line.drop("enrolled_to").to_dict()
            assert counts(mine, "name") == {k: n for k, n in asked.items() if n}


def _filled(frame: pd.DataFrame, key: str, n: str = "n") -> dict[str, int]:
    return {str(k): int(size) for k, size in zip(frame[key], frame[n], strict=True) if size}


def test_workload_is_the_balance_and_the_table_of_the_areas(pairs):
    for scope, report, read in pairs:
        found = read("workload")
        inner = found[found["area_type"] != scope.kind].set_index("area")
        if scope.kind == "state":
            today = areas.by_area(report).set_index("lwia")
            same = {
                **dict.fromkeys(("follow_up", "enrolled", "exited", "long", "planners")),
                **{"active": "n", "overdue_exits": "late", "skill_gains_due": "due"},
                **dict.fromkeys(("load", "load_each", "of_mean")),
            }
            assert inner.index.tolist() == today.index.tolist()
            for name, then in same.items():
                assert lines(inner, name) == lines(today, then or name), name
        if scope.kind == "lwia":
            today = work.balance_frame(report).set_index("planner")
            mine = inner.loc[today.index]
            for name, then in {
                **dict.fromkeys(("follow_up", "load", "of_mean", "open")),
                **{"active": "n", "overdue": "late", "overdue_share": "late_share"},
            }.items():
                assert lines(mine, name) == lines(today, then or name), (scope, name)
            words = today["status"].str.split().str[1].fillna("")
            assert mine["balance"].tolist() == words.tolist()
            names = work.flow_frame(report)
            rest = inner.loc[inner.index.isin(set(work.placed(report)["part"]))]
            for name, then in {
                **dict.fromkeys(("enrolled", "exited", "follow_up", "reached", "coverage")),
                **{"past_planned_end": "services", "overdue_exits": "overdue"},
            }.items():
                asked = names[names["name"].isin(queue.planner_names(report, list(rest.index)))]
                assert sorted(lines(rest, name)) == sorted(lines(asked, then or name)), name


def dated(report) -> set[tuple]:
    """Customer and day of everything dated, from the raw tables."""
    rows, tables = report.data.frame("rows"), report.data.frames
    elements = [*DATED, *(day for start, _, end in SLOTS for day in (start, end))]
    asked = [(rows, "100", element) for element in elements]
    for name, days in (("application", ("applied", "certified")), ("case_note", ("date",)),
                       ("service", ("start",))):  # fmt: skip
        asked += [(tables[name], "customer", day) for day in days if name in tables]
    if "service" not in tables:
        asked += [(rows, "100", element) for element in PLAIN_SERVICES]
    return {line for table, who, day in asked for line in lines(table.dropna(subset=day), who, day)}


def test_services_are_the_dates_of_the_time_lines_and_the_trainings(inside):
    for scope, report, read in inside:
        found = read("services")
        mine = set(lines(found[found["start"].notna()], "customer", "start"))
        ended = found[(found["kind"] == "training") & found["end"].notna()]
        mine |= set(lines(ended, "customer", "end"))
        assert mine == dated(report), scope
        trainings = found[(found["kind"] == "training") & found["under_way"]]
        asked = people.training_roster(report)
        asked["occupation"] = asked["occupation"].replace("Not recorded", "")
        asked["type"] = asked["type"].replace("Not recorded", "type not recorded")
        same = ("customer", "type", "occupation", "provider", "with_account", "start")
        assert set(lines(trainings, *same)) == set(lines(asked, *same))


def test_what_earlier_extracts_counted_is_beside_it(state, report_of, frame, every):
    kinds = {
        ("caseload", "status"): "status",
        ("caseload", "days since service"): "band",
        ("caseload", "provider"): "provider",
        ("caseload", "share"): "share",
    }
    for scope in some(state.snapshot.scopes(), every):
        report = report_of(scope)
        (day,) = before.days(report)

        def then(name: str, scope=scope, day=day) -> pd.DataFrame:
            found = frame(name, scope)
            return found[found["known_at"] == pd.Timestamp(day)]

        for (name, part), kind in kinds.items():
            mine = then(name)
            for line in mine[mine["part"] == part].itertuples():
                of_provider = line.detail if kind == "provider" else ""
                assert line.n == before.count(report, day, kind, line.name, of_provider)
        alerts = then("alert_counts")
        for line in alerts.itertuples():
            own_ = line.area_type == scope.kind
            kind, area = ("alert", "") if own_ else ("part alert", line.area)
            assert line.open == before.count(report, day, kind, line.alert, area)
        backlog = report.data.frames["backlog"]
        assert len(alerts) == backlog["kind"].isin(["alert", "part alert"]).sum()
        for line in then("engagement").itertuples():
            assert line.result == before.value(report, day, "engagement", line.indicator)
        fixed = then("flow")
        assert (
            fixed["n"].sum() == backlog.loc[backlog["kind"].isin(["compared", "reason"]), "n"].sum()
        )
