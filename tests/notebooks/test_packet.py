"""The board packet of the state and of an area: a finding, three messages, levels, trends."""

import pandas as pd
import pytest

from tests.notebooks.pages import open_sample, pages, with_frames

STATE, AREA = "performance/home-state", "performance/home-lwia"


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/01")


def packet(name, report, monkeypatch):
    found = pages(name, report, monkeypatch)
    return found["packet"], found["index"]


def messages(found):
    return [item.get_text() for item in found.select_one(".show-note ol").select("li")]


@pytest.mark.parametrize(("name", "scope"), [(STATE, "state"), (AREA, "lwia/01")])
def test_a_packet_answers_as_the_landing_page_does(name, scope, monkeypatch):
    found, home = packet(name, open_sample(scope), monkeypatch)
    says = [page.select_one(".show-finding").get_text(" ", strip=True) for page in (found, home)]
    assert says[0] == says[1]
    levels, trends = found.select("table")
    assert len(levels.select("tbody tr")) == len(trends.select("tbody tr")) == 15


@pytest.mark.parametrize(("name", "scope"), [(STATE, "state"), (AREA, "lwia/01")])
def test_a_packet_has_one_second_heading_a_sheet(name, scope, monkeypatch):
    found, _ = packet(name, open_sample(scope), monkeypatch)
    assert [head.get_text() for head in found.select("h2")] == [
        "Against the levels", "Where it is heading",
    ]  # fmt: skip


def test_an_areas_three_messages_by_hand(area, monkeypatch):
    """Two figures: one far above its level, and one below it that two open outcomes can save."""
    frame = area.figures.query("window == 'rolling4' and program == 'adult'").set_index("measure")
    best, worst = frame.loc[["ERQ2"]].reset_index(), frame.loc[["ERQ4"]].reset_index()
    best = best.assign(value=0.9, level=0.6, percent=150.0, status="Exceeds", pending=0)
    worst = worst.assign(
        value=0.4, level=0.8, percent=50.0, percent_best=95.0, status="Below", pending=2
    )
    quarter = area.history.query("program == 'adult' and measure == 'ERQ4'").head(1)
    history = pd.concat(
        [quarter.assign(back=n, value=v, denominator=50) for n, v in ((0, 0.4), (1, 0.5))]
    )
    report = with_frames(
        area, figures=pd.concat([best, worst]), history=history, workload=area.workload
    )
    found, _ = packet(AREA, report, monkeypatch)
    assert messages(found) == [
        "Strongest: Adult employment rate, 2nd quarter after exit, 90.0% against 60.0%.",
        "Largest change: Adult employment rate, 4th quarter after exit fell by 10.0 points "
        "since last quarter.",
        "Still open: 2 outcomes. If all succeed, the missed level is met.",
    ]


def test_a_packet_of_an_area_without_figures_says_so(area, monkeypatch):
    none = area.figures.assign(percent=float("nan"), status="No verdict: no level", pending=0)
    report = with_frames(area, figures=none, history=area.history.head(0), workload=area.workload)
    found, _ = packet(AREA, report, monkeypatch)
    assert messages(found) == ["Still open: no outcome."]
    assert "No quarter has a figure yet." in found.get_text(" ")
