"""The frames give what each scope's own records give: lines and counts."""

import pandas as pd
import pytest

from ipats_lib.caseload import load_alerts, questions
from ipats_lib.caseload.planners import ASSIGNED
from ipats_lib.caseload.trainings import open_trainings
from ipats_lib.frames.cases import PROGRAMS
from ipats_lib.frames.findings import values
from ipats_lib.frames.historical_counts import applicants
from ipats_lib.frames.services import DATED, PLAIN_SERVICES, SLOTS
from ipats_lib.groups import TRAINING_TYPES
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


def test_alerts_are_the_lines_of_the_scopes_own_desk(inside):
    for scope, report, read in inside:
        today, found = report.raw.alerts, read("alerts")
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
        today, found = report.raw.alerts, read("alert_counts")
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
        today, found = report.raw.caseload, read("customers")
        same = ("customer", "case_status", "last_service", "days")
        asked = today.rename(columns={"status": "case_status"})
        asked["days"] = asked["days"].astype("Int64")
        recorded = found[found["row"].notna()]
        assert sorted(lines(recorded, *same)) == sorted(lines(asked, *same)), scope
        waiting = applicants(report.raw.case_tables).rename(columns={"status": "case_status"})
        same = ("customer", "case_status")
        others = found[found["row"].isna()]
        assert sorted(lines(others, *same)) == sorted(lines(waiting, *same))
        if scope.kind == "lwia":
            shown = planners_who_show(report.raw)
            for line in found[found["row"].notna()].itertuples():
                assert line.shown_by in shown.get(line.customer, {""}), line
        rows, as_of = report.raw.rows, pd.Timestamp(report.as_of)
        rows = rows[rows[["903", "904", "905"]].isin([1, 2, 3]).any(axis=1)]
        for element, day in (("900", "entry"), ("901", "exit")):
            mine = found[found["title1"] & (found[day] <= as_of)]
            then = rows[rows[element] <= as_of]
            assert sorted(lines(mine, "customer", day)) == sorted(lines(then, "100", element))


def planners_who_show(raw) -> dict[str, set[str]]:
    """The planners of an LWIA whose pages show each customer; of the others nothing."""
    members = raw.state.snapshot.membership().astype({"area": "str"})
    inner = {
        s.planner for s in raw.state.snapshot.scopes() if s.planner and s.lwia == raw.scope.lwia
    }
    mine = members[(members["area_type"] == "planner") & members["area"].isin(inner)]
    both = raw.rows[["row", "100"]].merge(mine, on="row").astype({"100": "str"})
    return both.groupby("100")["area"].agg(set).to_dict()


def test_findings_are_the_records_that_break_a_check(pairs):
    for scope, report, read in pairs:
        today, found = questions.found_to_fix(report.raw.case_tables), read("findings")
        if scope.kind == "state":
            mine = own(found, scope)
            assert counts(mine, "rule", "records") == today["rule"].value_counts().to_dict()
            continue
        same = ("rule", "row", "customer", "dated")
        assert lines(found, *same) == lines(today, *same), scope
        places = pd.Index(report.raw.case_tables.rows["row"]).get_indexer(today["row"])
        written = values(report.raw.case_tables.rows, today["rule"], places, scope.kind)
        assert found["values"].tolist() == written
        assert (found["enter"] != "").all()


def dated(report) -> set[tuple]:
    """Customer and day of everything dated, from the raw tables."""
    rows, tables = report.raw.rows, report.raw.tables
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
        asked = open_trainings(report.raw.case_tables, TRAINING_TYPES)
        asked["occupation"] = asked["occupation"].replace("Not recorded", "")
        asked["type"] = asked["type"].replace("Not recorded", "type not recorded")
        same = ("customer", "type", "occupation", "provider", "with_account", "start")
        assert sorted(lines(trainings, *same)) == sorted(lines(asked, *same))
