"""Landing pages: which areas miss which level, where an area stands. A planner's: test_worklist."""

import re

import numpy as np
import pandas as pd
import pytest

from tests.notebooks.pages import open_sample, page, with_frames

STATE, AREA = "performance/home-state", "performance/home-lwia"
FEW = "No verdict: fewer than 10 counted"


@pytest.fixture(scope="module")
def illinois():
    return open_sample("state")


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/01")


def says(found, place=".show-finding"):
    return found.select_one(place).get_text(" ", strip=True)


def tile(found, label):
    """Figure, picture and note of a tile as text, and where it leads."""
    (box,) = (b for b in found.select(".show-tiles > div") if b.dt.get_text() == label)
    words = [part.get_text(" ", strip=True) for part in box.select("dd:not(.p)")]
    return " ".join(words), box.a["href"] if box.a else ""


def number(text):
    return int(text.replace(",", ""))


# -- the state --------------------------------------------------------------------------------


def three_areas(illinois, **statuses):
    """The levels of LWIAs 01, 02 and 90 alone: 90 has none, all others are met but for these.

    statuses: by area, program and measure, such as `a01_youth_MSG`.
    """
    mine = illinois.areas.copy()
    chosen = (mine["area_type"] == "lwia") & (mine["back"] == 0) & (mine["window"] == "rolling4")
    mine = mine[(mine["area_type"] == "state") | (chosen & mine["area"].isin(["01", "02", "90"]))]
    levels = mine["area"].isin(["01", "02"]) & mine["program"].isin(["adult", "dw", "youth"])
    mine.loc[levels, ["percent", "level", "status", "could_be_chance"]] = [
        95.0,
        0.5,
        "Meets",
        False,
    ]
    mine.loc[mine["area"] == "90", ["percent", "level", "status"]] = [
        np.nan, np.nan, "No verdict: no level",
    ]  # fmt: skip
    for key, (percent, status, by_chance) in statuses.items():
        place, program, measure = key.split("_")
        here = (mine["area"] == place[1:]) & (mine["program"] == program)
        here &= (mine["measure"] == measure) & levels
        mine.loc[here, ["percent", "status", "could_be_chance"]] = [percent, status, by_chance]
    return with_frames(illinois, areas=mine)


def test_the_state_counts_areas_with_levels_and_names_the_level_missed_most(illinois, monkeypatch):
    """By hand: 01 misses two levels and 02 one of the two; 90 has no level and is not counted."""
    report = three_areas(
        illinois, a01_youth_MSG=(89.96, "Below", True), a02_youth_MSG=(70.0, "Below", False),
        a01_adult_CR=(42.0, "Fails", False), a02_dw_ERQ2=(0.0, FEW, False),
    )  # fmt: skip
    found = page(STATE, report, monkeypatch)
    assert says(found, ".says b") == "2 of 2 areas miss at least one level."
    assert "Missed most: Youth measurable skill gains, where 2 areas are below 90" in says(found)
    assert "3 of 29 figures with a verdict are below 90 percent of the level" in says(found)
    assert "1 of them could be chance. Levels are synthetic." in says(found)
    assert tile(found, "Levels missed, all areas") == ("3 of 29 1 could be chance", "#Misses")
    assert tile(found, "Furthest below its level")[0].startswith("42.0% of the level LWIA 01")


def test_one_area_of_two_misses_a_level(illinois, monkeypatch):
    report = three_areas(illinois, a02_dw_ME=(89.99, "Below", False))
    found = page(STATE, report, monkeypatch)
    assert says(found, ".says b") == "1 of 2 areas misses at least one level."
    assert ", where 1 area is below 90 percent of the level." in says(found)


def test_levels_that_are_missed_as_often_are_named_together(illinois, monkeypatch):
    below = (80.0, "Below", False)
    two = three_areas(illinois, a01_dw_ME=below, a02_adult_CR=below)
    both = "Adult credential attainment rate and Dislocated Worker median earnings, 2nd quarter "
    assert f"Missed most: {both}after exit, where 1 area is below" in says(
        page(STATE, two, monkeypatch)
    )
    more = three_areas(illinois, a01_dw_ME=below, a02_adult_CR=below, a02_youth_CR=below)
    assert "Missed most: 3 levels, where 1 area is below" in says(page(STATE, more, monkeypatch))


def test_areas_without_a_verdict_are_not_counted_as_well(illinois, monkeypatch):
    """Of 02 nobody is judged: it neither misses a level nor meets its own."""
    report = three_areas(illinois, a01_dw_ME=(80.0, "Below", True))
    areas = report.areas.copy()
    areas.loc[areas["area"] == "02", ["status", "percent"]] = [FEW, np.nan]
    found = page(STATE, with_frames(report, areas=areas), monkeypatch)
    assert says(found, ".says b") == "1 of 1 areas with a verdict misses at least one level."
    assert tile(found, "Furthest below its level")[0].endswith("; could be chance")


def test_no_miss_and_no_verdict_each_have_a_sentence(illinois, monkeypatch):
    met = page(STATE, three_areas(illinois), monkeypatch)
    assert says(met, ".says b") == "None of 2 areas misses a level."
    frame = illinois.areas.assign(status=FEW, percent=float("nan"))
    none = page(STATE, with_frames(illinois, areas=frame), monkeypatch)
    assert says(none, ".says b") == "No area has a figure with a verdict yet."


def test_the_matrix_has_every_area_with_levels_and_every_figure_with_a_verdict(
    illinois, monkeypatch
):
    """22 areas and 15 measures; a miss is filled, or pale where it could be chance."""
    found = page(STATE, illinois, monkeypatch)
    table = next(t for t in found.select("table") if "by area" in t.caption.get_text())
    rows = table.select("tbody tr")
    own = illinois.areas.query(
        "area_type == 'lwia' and back == 0 and window == 'rolling4' and level.notna()"
    )
    judged = own[own["status"].isin(["Exceeds", "Meets", "Below", "Fails"])]
    misses = judged[judged["status"].isin(["Below", "Fails"])]
    chance = int(misses["could_be_chance"].sum())
    assert len(rows) == own["area"].nunique() == 22
    assert all(len(row.select(".sc")) == 15 for row in rows)
    assert len(table.select(".sc:not(.none)")) == len(judged)
    assert len(table.select(".sc.pale")) == chance
    assert len(table.select(".sc.full")) == len(misses) - chance
    assert sum(number(row.td.get_text()) for row in rows) == len(misses)
    assert {row.a["href"] for row in rows} == {f"../lwia/{a}/index.html" for a in own["area"]}
    assert [cell.get_text() for cell in table.select("tr.heads th")] == [
        "Adult", "Dislocated Worker", "Youth",
    ]  # fmt: skip


def test_the_state_reads_its_own_edition_and_says_so(illinois, monkeypatch):
    """Small cells that may not be released are counted here (decision 0016)."""
    main = "area_type == 'lwia' and back == 0 and window == 'rolling4' and level.notna()"
    assert (~illinois.areas.query(main)["release"]).any()
    assert "not for release" in page(STATE, illinois, monkeypatch).get_text(" ")


def test_the_state_of_a_whole_program_year(monkeypatch):
    found = page(STATE, open_sample("state", "PY2024"), monkeypatch)
    assert re.match(r"\d+ of \d+ areas with a verdict miss at least one level\.", says(found))


def test_a_column_taken_out_of_the_matrix_vanishes(illinois, monkeypatch):
    change = {'        "missed": ("Missed", "count"),\n': ""}
    tables = [page(STATE, illinois, monkeypatch, replaced=each).table for each in ({}, change)]
    heads = [[cell.get_text() for cell in table.select("thead th")] for table in tables]
    assert [head for head in heads[0] if head not in heads[1]] == ["Missed"]


# -- an area ----------------------------------------------------------------------------------


def test_an_area_says_what_its_summary_says(area, monkeypatch):
    """One number, one meaning: the counts and the worst measure of the page it links to."""
    home, summary = (page(name, area, monkeypatch) for name in (AREA, "performance/summary"))
    text, link = tile(home, "Levels met or exceeded")
    assert link == "performance/summary.html"
    assert text.split(" ")[:3] == tile(summary, "Met or exceeded")[0].split(" ")[:3]
    assert (
        tile(home, "Furthest below its level")[0].split(" ")[0]
        == (tile(summary, "Furthest below its level")[0].split(" ")[0])
    )
    missed = re.search(r"misses (\d+) of (\d+) levels", says(summary)).groups()
    assert says(home).startswith(f"LWIA 01 misses {missed[0]} of {missed[1]} levels.")


def test_an_areas_work_is_what_the_work_list_holds(area, monkeypatch):
    found = page(AREA, area, monkeypatch)
    text, link = tile(found, "Work due this week")
    assert link == "dashboards/worklist-today.html"
    day = f"{area.as_of:%B} {area.as_of.day}"  # the dashboards may be of a newer one
    shown = re.fullmatch(rf"(\d+) of ([\d,]+) items ([\d,]+) overdue on {day}", text)
    kinds = area.alerts["urgency"].value_counts()
    wanted = [kinds["this week"], len(area.alerts), kinds["overdue"]]
    assert [number(n) for n in shown.groups()] == wanted
    assert kinds["overdue"] > 0


def test_an_area_lists_every_planner_and_leads_to_each(area, monkeypatch):
    found = page(AREA, area, monkeypatch)
    table, *_ = found.select(".show-table[data-search] table")  # the other is of Planners compared
    own = area.workload.query("area_type == 'planner'")
    rows = table.select("tbody tr")
    assert len(rows) == len(own)
    links = {row.a["href"] for row in rows if row.a}
    assert links == {
        f"planner/{name}/index.html" for name in own["area"] if name not in ("", "other LWIA")
    }
    late = [number(row.select_one("td").get_text()) for row in rows]
    assert late == sorted(own["overdue"], reverse=True)


def test_an_area_without_misses_or_verdicts_has_a_sentence(area, monkeypatch):
    frames = {"history": area.history, "workload": area.workload}
    met = area.figures.assign(percent=95.0, status="Meets", could_be_chance=False)
    found = page(AREA, with_frames(area, figures=met, **frames), monkeypatch)
    assert says(found).startswith("LWIA 01 meets or exceeds all 15 levels.")
    few = met.assign(status=["Meets"] + [FEW] * (len(met) - 1))
    found = page(AREA, with_frames(area, figures=few, **frames), monkeypatch)
    assert says(found, ".says b") == "LWIA 01 meets or exceeds the only level that it is judged on."
    assert "14 of 15 figures have no verdict: too few" in says(found)
    none = area.figures.assign(percent=float("nan"), status=FEW)
    frames["history"] = area.history.head(0)
    found = page(AREA, with_frames(area, figures=none, **frames), monkeypatch)
    assert says(found).startswith("LWIA 01 has no figure with a verdict yet.")


# -- all --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "scope"), [(STATE, "state"), (AREA, "lwia/01")])
def test_each_change_says_whether_it_could_be_chance(name, scope, monkeypatch):
    """In the list of changes of the landing page, as the summary says it."""
    report = open_sample(scope)
    for flag, said in ((True, "could be chance"), (False, "more than chance")):
        history = report.history.assign(
            quarter_could_be_chance=flag, year_could_be_chance=flag, denominator=50
        )
        found = page(name, with_frames(report, history=history), monkeypatch)
        table = next(t for t in found.select("table") if "largest changes" in t.caption.text)
        cells = [cell.text for cell in table.select("td") if "chance" in cell.text]
        assert set(cells) == {said}
        known = [cell.text for cell in table.select("td[data-l='In a year']")]
        years = len(known) - known.count("\N{EN DASH}")  # nothing is said of a change not known
        assert len(cells) == len(known) + years
    history = history[history["back"] != 4]
    found = page(name, with_frames(report, history=history), monkeypatch)
    table = next(t for t in found.select("table") if "largest changes" in t.caption.text)
    assert len(table.select("td")) > len(table.select("tbody tr")) > 0
    assert sum("chance" in cell.text for cell in table.select("td")) == len(
        table.select("tbody tr")
    )


def test_illinois_counts_its_wagner_peyser_levels_too(illinois, monkeypatch):
    """As its summary, its assessment and the table of its packet do."""
    areas = illinois.areas.assign(percent=95.0, level=0.5, status="Meets", could_be_chance=False)
    found = page(STATE, with_frames(illinois, areas=areas), monkeypatch)
    assert tile(found, "Illinois against its own levels")[0].startswith("0 of 18 missed")
    assert "of 22 areas misses a level" in says(found) or "of 23 areas" in says(found)


def test_small_rates_are_not_headlined(area, monkeypatch):
    few = area.history.assign(denominator=19)
    report = with_frames(area, figures=area.figures, history=few, workload=area.workload)
    found = page(AREA, report, monkeypatch)
    assert "Largest change" not in found.get_text(" ")
    assert "no rate of 20 people or more can be compared with the quarter" in found.get_text(" ")


@pytest.mark.parametrize(("by_chance", "words"), [(False, ""), (True, ", could be chance")])
def test_the_largest_change_is_the_difference_of_two_quarters(area, monkeypatch, by_chance, words):
    """Worked by hand: 60 to 66 percent in a quarter, from 50 percent a year ago."""
    one = area.history.query("program == 'adult' and measure == 'ERQ2'").head(1)
    three = pd.concat([one.assign(back=b, value=v, denominator=100)
                       for b, v in ((0, 0.66), (1, 0.60), (4, 0.50))])  # fmt: skip
    three["quarter_could_be_chance"] = by_chance
    report = with_frames(area, figures=area.figures, history=three, workload=area.workload)
    found = page(AREA, report, monkeypatch)
    assert f"Adult employment rate, 2nd quarter after exit, +6.0 points{words}." in says(found)
    text, link = tile(found, "Largest change since last quarter")
    assert text.startswith("+6.0 points")
    assert text.endswith(f"the quarter alone{words}")
    assert link == "performance/detail-erq2.html"
    assert "up 16.0 points" in found.select_one("table tbody tr").get_text(" ")
