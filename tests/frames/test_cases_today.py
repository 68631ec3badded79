"""The frames give what other pages compute, and what the records hold: lines and counts."""

import pandas as pd
import pytest

from ipats_lib.caseload.planners import ASSIGNED
from ipats_lib.caseload.trainings import open_trainings
from ipats_lib.frames.cases import PROGRAMS
from ipats_lib.groups import TRAINING_TYPES
from ipats_lib.report import (
    mending,
    queue,
    timelines,
)
from ipats_lib.report.counted import applicants
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


def test_alerts_are_the_queue_in_its_order(inside):
    for scope, report, read in inside:
        today, found = queue.queue(report), read("alerts")
        same = ("alert", "row", "customer", "since", "due", "action")
        assert lines(found, *same) == lines(today, *same), scope
        assert found["alert_level"].tolist() == today["level"].tolist()
        assert lines(found, "alert_title", "why", "days_left") == lines(
            today.assign(days=today["days"].astype("Int64")), "name", "detail", "days"
        )
        assert (found["urgency"] == "overdue").tolist() == (today["days"] < 0).tolist()
        if scope.kind == "lwia":
            assert found["planner"].tolist() == today["planner"].tolist()
        else:
            assert found["assigned"].tolist() == (today["mine"] == ASSIGNED).tolist()


def test_alert_counts_are_those_of_the_catalogue_and_of_the_parts(inside):
    for scope, report, read in inside:
        today, found = queue.count_frame(report), read("alert_counts")
        mine = own(found, scope).sort_values("alert")
        assert lines(mine, "alert", "open", "overdue", "definition", "action") == lines(
            today.sort_values("alert"), "alert", "n", "late", "definition", "action"
        ), scope
        parts = queue.part_counts(report)
        other = found[found["area_type"] != scope.kind]
        assert counts(other, "area", "open") == (
            {} if parts.empty else dict(zip(parts["part"], parts["All"], strict=True))
        )
        for name in [name for name in parts if name.startswith("A-")]:
            mine = other[other["alert"] == name.split()[0]]
            assert counts(mine, "area", "open") == {
                part: n for part, n in zip(parts["part"], parts[name], strict=True) if n
            }


def test_customers_are_the_roster_and_where_their_time_line_is(inside):
    for scope, report, read in inside:
        today, found = report.standing(), read("customers")
        same = ("customer", "case_status", "last_service", "days")
        asked = today.rename(columns={"status": "case_status"})
        asked["days"] = asked["days"].astype("Int64")
        recorded = found[found["row"].notna()]
        assert sorted(lines(recorded, *same)) == sorted(lines(asked, *same)), scope
        waiting = applicants(report.desk).rename(columns={"status": "case_status"})
        same = ("customer", "case_status")
        others = found[found["row"].isna()]
        assert sorted(lines(others, *same)) == sorted(lines(waiting, *same))
        known = places(report)
        for line in found[found["row"].notna()].itertuples():
            place = known[line.customer]
            if scope.kind == "lwia":
                assert place.startswith(f"planner/{line.shown_by}/") == bool(line.shown_by)
        rows, as_of = report.data.frame("rows"), pd.Timestamp(report.as_of)
        rows = rows[rows[["903", "904", "905"]].isin([1, 2, 3]).any(axis=1)]
        for element, day in (("900", "entry"), ("901", "exit")):
            mine = found[found["title1"] & (found[day] <= as_of)]
            then = rows[rows[element] <= as_of]
            assert sorted(lines(mine, "customer", day)) == sorted(lines(then, "100", element))


def test_findings_are_the_records_to_correct(pairs):
    for scope, report, read in pairs:
        found = read("findings")
        if scope.kind == "state":
            today = mending.check_frame(report)
            mine = own(found, scope).sort_values("rule")
            assert lines(mine, "rule", "records", "severity", "elements") == lines(
                today.sort_values("rule"), "rule", "n", "severity", "elements"
            )
            continue
        same = ("rule", "severity", "row", "customer", "values", "dated")
        today = mending.broken(report)
        assert lines(found, *same) == lines(today, *same), scope
        if scope.kind == "lwia":
            assert found["planner"].tolist() == today["planner"].tolist()


def test_services_are_the_dates_of_the_time_lines_and_the_trainings(inside):
    for scope, report, read in inside:
        today, found = timelines.events(report), read("services")
        mine = set(lines(found[found["start"].notna()], "customer", "start"))
        ended = found[(found["kind"] == "training") & found["end"].notna()]
        mine |= set(lines(ended, "customer", "end"))
        assert mine == set(lines(today, "customer", "day")), scope
        trainings = found[(found["kind"] == "training") & found["under_way"]]
        asked = open_trainings(report.desk, TRAINING_TYPES)
        asked["occupation"] = asked["occupation"].replace("Not recorded", "")
        asked["type"] = asked["type"].replace("Not recorded", "type not recorded")
        same = ("customer", "type", "occupation", "provider", "with_account", "start")
        assert set(lines(trainings, *same)) == set(lines(asked, *same))
