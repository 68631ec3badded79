"""Levels, verdicts and the assessment on the pages of the sample.  Source: domain 3."""

import re
from dataclasses import replace
from types import MappingProxyType

import pandas as pd
import pytest

from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels import Level, key_of, load_levels
from ipats_lib.periods import Period
from ipats_lib.report import (
    Report,
    breakdowns,
    charts,
    definitions,
    sentences,
    tables,
)
from ipats_lib.report import report as reports
from ipats_lib.report.data import StateData
from ipats_lib.scopes import Scope


def with_levels(monkeypatch, changes):
    """The sample's levels with some changed, for the pages of a report made hereafter."""
    levels = MappingProxyType({**load_levels(True), **changes})
    monkeypatch.setattr(reports, "load_levels", lambda _: levels)


def line_of(report, program, measure, window=None):
    return report.indicators(window).set_index(["program", "measure"]).loc[(program, measure)]


def test_a_baseline_indicator_has_no_verdict_on_the_summary(area, monkeypatch):
    key = key_of(2024, area.lwia, "adult", "ERQ2")
    with_levels(monkeypatch, {key: replace(load_levels(True)[key], assessed=False)})
    line = line_of(area, "adult", "ERQ2")
    assert line["status"].endswith("Not assessed: a baseline indicator in this program year")
    assert pd.isna(line["percent"])
    assert line["level"] == load_levels(True)[key].negotiated
    verdict = ~area.indicators()["status"].str.contains("Not assessed|Not compared")
    assert f"Of {verdict.sum()} figures" in sentences.status(area.indicators()).plain


def nine_counted(report, *chosen):
    """The summary of a report, where the chosen figures (all, if none is named) count nine."""
    summary = report.indicators().copy()
    summary.loc[list(chosen) or summary.index, "denominator"] = 9
    return report.judged(summary)


def test_where_all_figures_are_small_none_is_called_judged(area):
    """Domain 1.2, rule 6: no verdict under ten, in words and in the chart as in the table."""
    summary = nine_counted(area)
    assert sentences.status(summary).plain == (
        "No figure of this scope is judged. Too small to be judged, with fewer than 10 counted: 15."
    )
    assert "Furthest" not in sentences.largest_gap(summary).plain
    assert charts.against_levels(summary, "x").plain == (
        "x: no figure has a verdict to draw. "
        "Too small to be judged, with fewer than 10 counted: 15."
    )


def test_the_largest_gap_is_that_of_a_figure_with_a_verdict(area):
    """The figure furthest below its level counts nine: the next one is named, and one is small."""
    summary = area.indicators()
    gaps = summary[summary["unjudged"] == ""].sort_values("percent")
    assert gaps["percent"].iloc[1] < 100
    small = nine_counted(area, gaps.index[0])
    told = sentences.largest_gap(small).plain
    assert f"{gaps['program_title'].iloc[1]}, {gaps['title'].iloc[1].lower()}, at" in told
    assert "fewer than 10 counted: 1." in told
    assert f"Of {len(gaps) - 1} figures" in sentences.status(small).plain
    assert (
        f"{len(gaps) - 1} figures with a verdict" in charts.against_levels(small, "x").description
    )


def test_the_summary_compares_with_the_adjusted_level_after_the_year_and_says_so(area, monkeypatch):
    """The sample is known in August 2025: program year 2024 is over."""
    key = key_of(2024, area.lwia, "adult", "ERQ2")
    with_levels(monkeypatch, {key: Level(0.75, 0.5, "synthetic: x")})
    line = line_of(area, "adult", "ERQ2")
    assert (line["level"], line["which"]) == (0.5, "adjusted")
    assert line["percent"] == pytest.approx(line["value"] / 0.5 * 100)
    page = tables.levels_by_window(area, "ERQ2").html
    assert "Which level" in page
    assert "<td>adjusted</td>" in page
    assert "<td>negotiated</td>" in page
    assert "Negotiated" not in page


def test_the_drawn_points_are_the_numbers_of_the_table(area):
    summary = area.indicators()
    drawn = charts.against_levels(summary, "x").spec()
    values = [line for data in drawn["datasets"].values() for line in data if "indicator" in line]
    page = tables.levels_by_window(area).html.partition("</section>")[0]
    verdict = ~summary["status"].str.contains("Not assessed|Not compared")
    assert len(values) == verdict.sum() > 0
    assert all(f"<td class='n'>{line['percent']:.1f}%</td>" in page for line in values)


def test_one_quarter_of_skill_gains_is_not_compared_with_a_yearly_level(area):
    rolling, current, *_ = area.period.windows
    assert pd.notna(line_of(area, "adult", "MSG", rolling)["percent"])
    line = line_of(area, "adult", "MSG", current)
    assert line["status"].endswith("Not compared: one quarter of a yearly measure")
    assert pd.isna(line["percent"])


def test_an_annual_publication_offers_the_year_and_its_last_quarter(state):
    whole = StateData(state.snapshot, Period.parse("PY2024"))
    report = Report(whole.slice(Scope.parse("state")))
    page = tables.levels_by_window(report, "ERQ2").html
    assert re.findall(r"<h3>(.*?)</h3>", page) == ["Annual", "Current quarter"]
    last = report.period.windows[1]
    now = Report(state.slice(Scope.parse("state")))
    assert (
        line_of(report, "adult", "ERQ2", last)["value"]
        == (line_of(now, "adult", "ERQ2", now.period.windows[1])["value"])
    )


def test_small_numbers_are_those_of_the_parameters(area):
    summary = area.indicators().assign(denominator=9)
    assert "fewer than 10 records" in sentences.small_numbers(summary).plain


def test_wagner_peyser_and_the_total_stand_in_changes_trend_and_groups(report):
    shown = set(report.changes()["program"].astype("str"))
    assert {"adult", "dw", "youth", "title1"} <= shown
    groups = breakdowns.by_group(report, "ERQ2").html
    assert "<h3>Title I total</h3>" in groups
    assert "<h3>Wagner-Peyser</h3>" not in breakdowns.by_group(report, "MSG").html
    counted = line_of(report, "wp", "ERQ2")["denominator"]
    expected = bool(counted) and report.scope.kind != "planner"
    assert ("<h3>Wagner-Peyser</h3>" in groups) == expected
    assert "wp" in shown or not expected
    assert set(report.trend("ERQ2")["program"].astype("str")) <= shown


def test_a_status_that_chance_could_give_says_so_on_the_summary(area, monkeypatch):
    """The level is put beside the figure, inside its interval; then far above it."""
    line = line_of(area, "adult", "ERQ2")
    key = key_of(2024, area.lwia, "adult", "ERQ2")
    with_levels(monkeypatch, {key: Level(float(line["value"]) + 0.001, None, "synthetic: x")})
    near = Report(area.data)
    assert line_of(near, "adult", "ERQ2")["chance"]
    assert "● Meets, could be chance" in tables.levels_by_window(near, "ERQ2").html
    number = int(near.indicators()["chance"].sum())
    said = f"Could be chance, as the interval holds the level: {number}."
    assert said in sentences.status(near.indicators()).plain
    with_levels(monkeypatch, {key: Level(3.0, None, "synthetic: x")})
    assert not line_of(Report(area.data), "adult", "ERQ2")["chance"]


def test_what_an_interval_is_is_told_where_there_is_one():
    for code in INDICATORS:
        assert "<dt>95 percent interval</dt>" in definitions.definition(code).html
    assert "interval" not in definitions.definition("ESE").html


def test_few_is_the_one_rule_for_small_cells(report):
    """Ten counted, three successes, three others; ten wages (`params/disclosure.csv`)."""
    for line in report.breakdown.itertuples():
        if line.indicator == "ME":
            assert line.few == (line.denominator < 10)
            continue
        others = line.denominator - line.successes
        assert line.few == (line.denominator < 10 or line.successes < 3 or others < 3)
        assert line.unjudged == (line.denominator < 10)
