"""Levels, verdicts and the assessment on the pages of the sample.  Source: domain 3."""

from dataclasses import replace
from types import MappingProxyType

import pandas as pd
import pytest

from ipats_lib.frames import levels_of
from ipats_lib.levels.files import load_levels
from ipats_lib.levels.level import Level, key_of
from ipats_lib.periods import Period
from ipats_lib.report import Report
from ipats_lib.report.data import StateData
from ipats_lib.scopes import Scope


def with_levels(monkeypatch, changes):
    """The sample's levels with some changed, for the frames that are counted hereafter."""
    levels = MappingProxyType({**load_levels(True), **changes})
    monkeypatch.setattr(levels_of, "load_levels", lambda _: levels)


def line_of(report, program, measure, window=None):
    """The line of the frame `figures` that pages show; of the main window unless one is named."""
    figures = report.figures
    mine = figures[figures["window"] == (window or report.period.reports[0]).window]
    return mine.set_index(["program", "measure"]).loc[(program, measure)]


def counted_anew(state, area):
    """The same area, opened alone, so that it is judged by the levels of now."""
    return Report(StateData(state.snapshot, state.period, only=area.scope).slice(area.scope))


def test_a_baseline_indicator_has_no_verdict_on_the_summary(state, area, monkeypatch):
    key = key_of(2024, area.lwia, "adult", "ERQ2")
    with_levels(monkeypatch, {key: replace(load_levels(True)[key], assessed=False)})
    line = line_of(counted_anew(state, area), "adult", "ERQ2")
    assert line["status"] == "No verdict: a baseline indicator in this program year"
    assert pd.isna(line["percent"])
    assert line["level"] == load_levels(True)[key].negotiated


def test_the_summary_compares_with_the_adjusted_level_after_the_year_and_says_so(
    state, area, monkeypatch
):
    """The sample is known in August 2025: program year 2024 is over."""
    key = key_of(2024, area.lwia, "adult", "ERQ2")
    with_levels(monkeypatch, {key: Level(0.75, 0.5, "synthetic: x")})
    line = line_of(counted_anew(state, area), "adult", "ERQ2")
    assert (line["level"], line["level_kind"]) == (0.5, "adjusted")
    assert line["percent"] == pytest.approx(line["value"] / 0.5 * 100)


def test_one_quarter_of_skill_gains_is_not_compared_with_a_yearly_level(area):
    rolling, current, *_ = area.period.windows
    assert pd.notna(line_of(area, "adult", "MSG", rolling)["percent"])
    line = line_of(area, "adult", "MSG", current)
    assert line["status"] == "Not compared: one quarter of a yearly measure"
    assert pd.isna(line["percent"])


def test_an_annual_publication_offers_the_year_and_its_last_quarter(state):
    whole = StateData(state.snapshot, Period.parse("PY2024"))
    report = Report(whole.slice(Scope.parse("state")))
    assert report.figures["window_title"].unique().tolist() == ["Annual", "Current quarter"]
    last = report.period.windows[1]
    now = Report(state.slice(Scope.parse("state")))
    assert (
        line_of(report, "adult", "ERQ2", last)["value"]
        == (line_of(now, "adult", "ERQ2", now.period.windows[1])["value"])
    )


def test_wagner_peyser_and_the_total_stand_in_changes_trend_and_groups(report):
    shown = set(report.history["program"])
    assert {"adult", "dw", "youth", "title1"} <= shown
    groups = report.groups.query("measure == 'ERQ2'")["program"].unique()
    assert "title1" in groups
    assert "wp" not in report.groups.query("measure == 'MSG'")["program"].unique()
    wagner_peyser = report.figures.query("program == 'wp' and measure == 'ERQ2'")
    expected = (wagner_peyser["denominator"] > 0).any() and report.scope.kind != "planner"
    assert ("wp" in groups) == expected
    assert "wp" in shown or not expected


def test_a_figure_could_be_chance_where_its_interval_holds_the_level(state, area, monkeypatch):
    """The level is put beside the figure, inside its interval; then far above it."""
    line = line_of(area, "adult", "ERQ2")
    key = key_of(2024, area.lwia, "adult", "ERQ2")
    with_levels(monkeypatch, {key: Level(float(line["value"]) + 0.001, None, "synthetic: x")})
    near = counted_anew(state, area)
    assert line_of(near, "adult", "ERQ2")["could_be_chance"]
    with_levels(monkeypatch, {key: Level(3.0, None, "synthetic: x")})
    assert not line_of(counted_anew(state, area), "adult", "ERQ2")["could_be_chance"]


def test_few_is_the_one_rule_for_small_cells(report):
    """Ten counted, three successes, three others; ten wages (`params/disclosure.csv`)."""
    for line in report.groups.itertuples():
        assert line.too_few == (line.denominator < 10)
        if line.measure == "ME":
            assert line.few == (line.denominator < 10)
            continue
        others = line.denominator - line.numerator
        assert line.few == (line.denominator < 10 or line.numerator < 3 or others < 3)
