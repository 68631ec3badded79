"""Planners of an LWIA compared: what the page says of them, what it leaves out.

Source: issue 19 (inside an LWIA); domain 7.3.
"""

import pandas as pd
import pytest

from ipats_lib.disclosure import load_thresholds
from ipats_lib.report import show
from tests.notebooks.pages import open_sample, pages, with_frames
from tests.published import lines

NOTEBOOK = "performance/home-lwia"
TITLE = "Employment rate, 2nd quarter after exit"


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/07")


def planners(area, *counts, program="title1", measure="ERQ2", value=0.8):
    """The frame with these planners alone: name, successes, people, verdict, clear or not."""
    row = area.planner_figures.query("program == @program and measure == @measure").iloc[0]
    least = load_thresholds().minimum_denominator
    rows = [
        row.to_dict()
        | {
            "area": f"few-{number}" if people < least else f"{number}",
            "area_title": "" if people < least else name,
            "numerator": successes,
            "denominator": people,
            "value": successes / people,
            "area_value": value,
            "few": people < least,
            "versus_area": "" if people < least else verdict,
            "funnel": "" if people < least else "inside" if verdict == "similar" else "outside95",
            "clear": clear,
        }
        for number, (name, successes, people, verdict, clear) in enumerate(counts)
    ]
    return with_frames(area, planner_figures=pd.DataFrame(rows).astype({"numerator": "Int64"}))


ADA = ("Ada One (1)", 20, 50, "much_worse", True)
BEN = ("Ben Two (2)", 40, 50, "similar", False)
DOT = ("Dot Four (4)", 41, 50, "similar", False)
CY = ("Cy Three (3)", 0, 9, "similar", False)


def shown(report, monkeypatch):
    return pages(NOTEBOOK, report, monkeypatch, only=["index", "planners"])["planners"]


def says(found):
    return found.select_one(".show-finding").get_text(" ", strip=True)


def test_the_finding_counts_figures_and_names_nobody(area, monkeypatch):
    found = shown(planners(area, ADA, BEN, DOT, CY), monkeypatch)
    assert "1 figure of a planner differs from LWIA 07's by more than chance, of 3." in says(found)
    assert "Each figure alone, 1 of 3 lies outside the 95% limits." in says(found)
    chart = found.select_one(".show-chart")
    assert "1 of 3 planners judged lies outside the 95% limits of chance." in chart.get_text(" ")
    for text in (says(found), chart.select_one(".says").get_text()):
        assert "Ada" not in text


def test_what_could_be_chance_is_no_difference(area, monkeypatch):
    found = shown(planners(area, (*ADA[:4], False), BEN), monkeypatch)
    assert "No planner's figure differs from LWIA 07's by more than chance." in says(found)
    told = [line[TITLE] for line in lines(found.select_one("table"))]
    assert told[0].endswith(" of 50, could be chance")
    assert told[1].endswith(" of 50")
    assert "worse" not in found.select_one("table").get_text(" ").lower()


def test_planners_are_listed_by_name_and_never_ranked(area, monkeypatch):
    """The frame is in the order of names; a reader cannot sort the table by a figure."""
    found = shown(planners(area, ADA, BEN), monkeypatch)
    (table,) = found.select("table")
    assert [line["Career planner"] for line in lines(table)] == ["Ada One (1)", "Ben Two (2)"]
    assert [line[TITLE].endswith("of 50, much worse") for line in lines(table)] == [True, False]
    assert not table.select("button, [data-sort]")
    text = found.get_text(" ").lower()
    assert not any(word in text for word in ("worst", "best ", "lowest", "highest", "rank 1"))


def test_who_counts_few_people_is_a_point_without_a_name(area, monkeypatch):
    monkeypatch.setenv("IPATS_CHARTS", "live")
    found = shown(planners(area, ADA, BEN, CY), monkeypatch)
    assert "Pale: too few people to be named." in found.get_text(" ")
    assert "Cy Three" not in str(found)
    assert "1 planner counts too few people to be named or judged." in found.get_text(" ")
    assert "Too few people to be named" in found.select_one(".show-chart script").string


def test_an_area_whose_planners_count_nobody_or_few_has_a_sentence(area, monkeypatch):
    nobody = shown(with_frames(area, planner_figures=area.planner_figures.head(0)), monkeypatch)
    none = "LWIA 07 has no career planner who counts enough people to be compared."
    assert none in says(nobody)
    assert "has anybody counted in Title I" in nobody.get_text(" ")
    few = shown(planners(area, CY), monkeypatch)
    assert none in says(few)
    assert "No planner counts enough people to be named." in few.get_text(" ")


def test_the_page_has_every_named_planner_of_the_frame(area, monkeypatch):
    """Of the sample, with each figure as the planner's own frame has it."""
    found = shown(area, monkeypatch)
    frame = area.planner_figures.query("program == 'title1' and not few")
    frame = frame.assign(told=[
        show.written("figure", row.value, row.measure) if row.measure == "ME" else
        f"{row.value:.1%} ({row.lower95:.1%} to {row.upper95:.1%})" for row in frame.itertuples()
    ])  # fmt: skip
    told = {
        (title, line["Career planner"]): cell.partition(" of ")
        for line in lines(
            found.select("table")[-1]
        )  # the first ten, where there are many, then all
        for title, cell in line.items()
        if title != "Career planner" and cell != "too few people"
    }
    keys = list(zip(frame["measure_title"], frame["area_title"], strict=True))
    assert {k: cell for k, (cell, _, _) in told.items()} == dict(
        zip(keys, frame["told"], strict=True)
    )
    counted = {k: people.partition(",")[0] for k, (_, _, people) in told.items()}
    assert counted == dict(zip(keys, frame["denominator"].astype("str"), strict=True))
    assert len(told) > 20


def test_one_planner_is_compared_with_nobody(area, monkeypatch):
    found = shown(planners(area, ADA, CY), monkeypatch)
    assert "LWIA 07 has one career planner who counts enough people to be compared." in says(found)
    assert "95%" not in says(found)
    assert not found.select(".show-chart")
    assert "Too few career planners have a figure to draw them." in found.get_text(" ")
    assert [line["Career planner"] for line in lines(found.select_one("table"))] == [ADA[0]]


def test_of_many_figures_some_lie_outside_by_chance(area, monkeypatch):
    names = [(f"Planner {n:02d}", 40, 50, "similar", False) for n in range(40)]
    found = shown(planners(area, *names), monkeypatch)
    assert "none of 40 lies outside the 95% limits; chance alone puts about 2 there." in says(found)
