"""What the dashboards show is what the records hold.  Source: issue "Dashboard tools"; domain 5."""

from dataclasses import replace

from ipats_lib.caseload import catalogue, questions
from ipats_lib.frames.calendar import calendar
from ipats_lib.report.report import Report


def test_the_alert_names_each_record_to_mend_once_and_none_that_is_only_unusual(report):
    """The state, which names nobody, has no such alert."""
    found = questions.found_to_fix(report.raw.case_tables)
    alerts = report.raw.alerts
    named = sorted(alerts.loc[alerts["alert"] == "A-29", "row"])
    wrong = set(found.loc[found["severity"] != "info", "row"])
    assert wrong
    assert named == ([] if report.scope.kind == "state" else sorted(wrong))


def with_threshold(monkeypatch, name: str, value: int) -> None:
    """The dashboards' numbers (`params/caseload.csv`) with one of them changed."""
    known = catalogue.load_thresholds()
    changed = {**known, name: replace(known[name], value=value)}
    monkeypatch.setattr(catalogue, "load_thresholds", lambda: changed)


def test_the_calendar_is_complete_when_the_exits_are_known(area, state, monkeypatch):
    """As of 2025-08-15 the exits up to the end of 2025 Q2 are known after 46 days, not after 47."""
    for days, complete in ((46, True), (47, False)):
        with_threshold(monkeypatch, "exit_days", days)
        table = calendar(replace(state, only=area.scope).source).set_index("counted")
        assert set(table.loc["2025 Q2", "complete"]) == {complete}


def test_every_line_says_why(area):
    assert (area.alerts["why"] != "").all()
    assert set(area.alerts["alert_level"]) == {"", "amber", "red"}


def test_a_planner_is_told_whose_lines_are_whose(state, planner):
    assert set(Report(state.slice(planner)).alerts["assigned"]) == {True, False}
