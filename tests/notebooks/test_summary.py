"""The summary: which levels are missed, what moved, and what can still change."""

import json

import pandas as pd
import pytest

from tests.notebooks.pages import open_sample, page, with_frames

NAME = "performance/summary"
SCOPES = ("state", "lwia/01", "lwia/01/planner/1001")


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/01")


def set_status(figures, **statuses):
    """The main window of Title I: these statuses by program and measure, all others met."""
    mine = figures.copy()
    chosen = (mine["window"] == "rolling4") & mine["program"].isin(["adult", "dw", "youth"])
    mine.loc[chosen, ["percent", "status", "could_be_chance"]] = [95.0, "Meets", False]
    for name, (percent, status, chance) in statuses.items():
        program, measure = name.split("_")
        here = chosen & (mine["program"] == program) & (mine["measure"] == measure)
        mine.loc[here, ["percent", "status", "could_be_chance"]] = [percent, status, chance]
    return mine


def finding(area, monkeypatch, **statuses):
    report = with_frames(area, figures=set_status(area.figures, **statuses), history=area.history)
    return page(NAME, report, monkeypatch).select_one(".show-finding").get_text(" ", strip=True)


def test_the_finding_counts_misses_and_names_the_one_furthest_below(area, monkeypatch):
    """Below and Fails are misses; could be chance is counted apart and stays a miss."""
    said = finding(area, monkeypatch, youth_MSG=(85.9, "Below", False),
                   adult_CR=(42.0, "Fails", True), dw_ME=(89.96, "Below", True))  # fmt: skip
    assert f"{area.title} misses 3 of 15 levels." in said
    assert "Furthest below: Adult credential attainment rate, " in said
    assert "2 of the 3 misses could be chance." in said


def test_all_met_and_none_judged_each_have_a_sentence(area, monkeypatch):
    assert "meets or exceeds all 15 of its levels" in finding(area, monkeypatch)
    nobody = area.figures.assign(status="No verdict: fewer than 10 records", percent=float("nan"))
    report = with_frames(area, figures=nobody, history=area.history.head(0))
    text = page(NAME, report, monkeypatch).get_text(" ")
    assert "has no figure with a verdict yet" in text


@pytest.mark.parametrize("scope", SCOPES)
def test_every_row_of_the_levels_is_the_frames(scope, monkeypatch):
    """Windows, those of the same people once, programs and measures: count and status."""
    report = open_sample(scope)
    tables = page(NAME, report, monkeypatch).select_one(".show-choose").select("table")
    once = report.figures.drop_duplicates(["window_titles", "program", "measure"])
    windows = once.groupby("window_titles", sort=False)
    assert len(tables) == len(windows) < report.figures["window"].nunique()
    for table, (_, rows) in zip(tables, windows, strict=True):
        shown = table.select("tbody tr")
        assert len(shown) == len(rows)
        counted = [int(row.find_all(["td", "th"])[-1].get_text().replace(",", "")) for row in shown]
        assert sorted(counted) == sorted(rows["denominator"])
        chance = sum("could be chance" in row.get_text() for row in shown)
        assert chance == int(rows["could_be_chance"].sum())


def test_what_moved_is_the_difference_of_two_quarters(area, monkeypatch):
    """Worked by hand: 60 to 66 percent in a quarter, from 50 percent a year ago."""
    history = area.history.query("program == 'adult' and measure == 'ERQ2'").head(1)
    three = pd.concat(
        [history.assign(back=b, value=v, denominator=100, quarter_title=f"Q{9 - b}")
         for b, v in ((0, 0.66), (1, 0.60), (4, 0.50))]
    )  # fmt: skip
    report = with_frames(area, figures=area.figures, history=three)
    found = page(NAME, report, monkeypatch)
    table = next(t for t in found.select("table") if "a year ago" in t.caption.get_text())
    text = table.select_one("tbody tr").get_text(" ")
    assert "up 6.0 points" in text
    assert "up 16.0 points" in text
    assert "66.0%" in text


def test_illinois_counts_its_wagner_peyser_levels_too(monkeypatch):
    """15 levels of Title I and 3 of Wagner-Peyser, as in the table below and in the assessment."""
    report = open_sample("state")
    figures = set_status(report.figures)
    wagner = (figures["program"] == "wp") & (figures["window"] == "rolling4")
    figures.loc[wagner, ["percent", "status"]] = [95.0, "Meets"]
    frames = {"figures": figures, "history": report.history}
    text = page(NAME, with_frames(report, **frames), monkeypatch).select_one(".show-finding").text
    assert "Illinois meets or exceeds all 18 of its levels." in text


def test_small_numbers_are_listed_and_not_drawn(area, monkeypatch):
    rows = area.history.assign(denominator=19)
    found = page(NAME, with_frames(area, figures=area.figures, history=rows), monkeypatch)
    assert not found.select(".show-chart")
    table = next(t for t in found.select("table") if "in parentheses" in t.caption.text)
    assert table.select_one("tbody td").text.endswith(" (19)")
    rows = area.history.assign(denominator=20)
    found = page(NAME, with_frames(area, figures=area.figures, history=rows), monkeypatch)
    title1 = rows[rows["program"].isin(["adult", "dw", "youth"])]
    assert len(found.select(".show-chart")) == len(title1[["program", "measure"]].drop_duplicates())
    table = next(t for t in found.select("table") if "in parentheses" in t.caption.text)
    assert sum(cell.text != "\N{EN DASH}" for cell in table.select("tbody td")) == (
        title1["value"].notna().sum()
    )


def test_each_measure_of_each_program_has_a_picture_with_its_level(area, monkeypatch):
    """15 in all; that of skill gains has no level, which is for a whole year (domain 2.10)."""
    monkeypatch.setenv("IPATS_CHARTS", "live")
    rows = area.history.assign(denominator=50)
    found = page(NAME, with_frames(area, figures=area.figures, history=rows), monkeypatch)
    charts = found.select(".show-chart")
    specs = [json.loads(chart.script.string) for chart in charts]
    with_level = ['"field": "level"' in json.dumps(spec.get("layer", [])) for spec in specs]
    assert len(specs) == 15
    assert with_level == [", level " in chart.select_one(".says").text for chart in charts]
    gains = ["Measurable skill gains" in chart.text for chart in charts]
    assert sum(gains) == 3
    assert with_level == [not one for one in gains]
