"""LWIAs compared: the file that others check, the pages beside it, and what each of them says."""

import csv
import io
import json
import math
import re

import pandas as pd
import pytest

from ipats_lib.indicators.intervals import wilson
from tests.notebooks.pages import open_sample, page, pages, with_frames
from tests.published import lines

NOTEBOOK = "comparison/areas"
CONTRACT = (
    "period,window,area_type,area,program,measure,numerator,denominator,value,lower95,upper95,level,"
    "level_kind,percent,status,state_value,versus_state,funnel,trend,rank_low,rank_high,suppressed"
)
EMPTY = (
    "numerator", "denominator", "value", "lower95", "upper95", "percent", "status", "versus_state",
    "funnel", "trend", "rank_low", "rank_high",
)  # fmt: skip
MEASURES = {"erq2": "ERQ2", "erq4": "ERQ4", "me": "ME", "cr": "CR", "msg": "MSG"}
PROGRAMS = {"Adult": "adult", "Dislocated Worker": "dw", "Youth": "youth"}


@pytest.fixture(scope="module")
def state():
    return open_sample("state")


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/07")


@pytest.fixture(scope="module")
def made(state, area, tmp_path_factory):
    """The pages and files of the state and of one area."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPATS_CHARTS", "live")
        found = {}
        for report in (state, area):
            folder = tmp_path_factory.mktemp("files")
            patch.setenv("IPATS_DOWNLOADS", str(folder))
            shown = pages(NOTEBOOK, report, patch)
            files = {path.name: path.read_text() for path in folder.iterdir()}
            found[report.scope.kind] = shown, files
    return found


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def says(found, place=".show-finding"):
    return found.select_one(place).get_text(" ", strip=True)


# -- the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["state", "lwia"])
def test_the_file_has_the_agreed_columns_and_keys(made, kind):
    text = made[kind][1]["areas.csv"]
    more = ",release" if kind == "state" else ""
    assert text.splitlines()[0].removeprefix("\ufeff") == CONTRACT + more
    told = rows(text.removeprefix("\ufeff"))
    assert {r["area_type"] for r in told} == {"state", "edr", "lwia"}
    assert {r["window"] for r in told} == {"current", "rolling4"}
    assert {r["level_kind"] for r in told} <= {"negotiated", "adjusted", "synthetic", ""}
    keys = ("window", "area_type", "area", "program", "measure")
    assert len({tuple(r[k] for k in keys) for r in told}) == len(told)


def test_a_withheld_line_has_no_number_no_verdict_and_no_rank(made):
    told = rows(made["lwia"][1]["areas.csv"].removeprefix("\ufeff"))
    hidden = [r for r in told if r["suppressed"] == "true"]
    assert len(hidden) > 100
    assert {r[name] for r in hidden for name in EMPTY} == {""}
    full = rows(made["state"][1]["areas.csv"].removeprefix("\ufeff"))
    assert {r["suppressed"] for r in full} == {"false"}
    assert {r["release"] for r in full} == {"yes", "not for release"}
    keys = ("window", "area_type", "area", "program", "measure")
    kept = {tuple(r[k] for k in keys) for r in full if r["release"] == "yes"}
    assert kept == {tuple(r[k] for k in keys) for r in told if r["suppressed"] == "false"}


@pytest.mark.parametrize("kind", ["state", "lwia"])
def test_verdicts_follow_from_the_files_own_numbers(made, kind):
    """Wilson's interval of the line's counts holds the state's value, or does not."""
    told = rows(made[kind][1]["areas.csv"].removeprefix("\ufeff"))
    asked = 0
    for r in told:
        if not r["value"] or not r["numerator"] or r["area_type"] == "state":
            continue
        x, n, target = int(r["numerator"]), int(r["denominator"]), float(r["state_value"] or "nan")
        assert float(r["value"]) == x / n
        low, high = wilson(x, n)
        assert (float(r["lower95"]), float(r["upper95"])) == pytest.approx((low, high))
        if not r["state_value"]:  # Illinois' is withheld
            assert (r["versus_state"], r["funnel"]) == ("", "")
        if not 0 < target < 1:
            continue
        far, wide = wilson(x, n, 3.0902323061678132)
        word = "similar" if low <= target <= high else "better" if low > target else "worse"
        much = "" if word == "similar" or far <= target <= wide else "much_"
        assert r["versus_state"] == much + word
        place = "inside" if word == "similar" else "outside998" if much else "outside95"
        assert r["funnel"] == place
        asked += 1
    assert asked > 50


def test_a_region_is_the_sum_of_its_areas(made, state):
    told = rows(made["lwia"][1]["areas.csv"].removeprefix("\ufeff"))
    region = state.areas.drop_duplicates("area").set_index("area")["region"]
    for r in told:
        if r["area_type"] != "edr" or not r["numerator"]:
            continue
        keys = ("window", "program", "measure")
        inside = [
            other for other in told
            if other["area_type"] == "lwia" and region[other["area"]] == r["area"]
            and all(other[k] == r[k] for k in keys)
        ]  # fmt: skip
        assert sum(int(one["denominator"]) for one in inside) == int(r["denominator"])
        assert sum(int(one["numerator"]) for one in inside) == int(r["numerator"])


# -- the pages beside the file ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["state", "lwia"])
@pytest.mark.parametrize("name", MEASURES)
def test_a_measures_page_shows_the_files_values(made, kind, name):
    shown, files = made[kind]
    told = {
        (r["program"], r["area"]): r
        for r in rows(files["areas.csv"].removeprefix("\ufeff"))
        if r["window"] == "rolling4" and r["area_type"] == "lwia" and r["measure"] == MEASURES[name]
    }
    compared = 0
    for section in shown[name].select("section[id^=spread]"):
        program = PROGRAMS[section["data-title"]]
        for line in lines(section.select("table")[-1]):
            row = told[program, line["LWIA"][:2]]
            if row["suppressed"] == "true":
                assert line["Figure"].startswith("*")
                continue
            assert line["Counted"].replace(",", "") == row["denominator"]
            assert line.get("Successes", "").replace(",", "") == row["numerator"]
            likely = f"{row['rank_low']} to {row['rank_high']}" if row["rank_low"] else ""
            assert line["Likely rank (80%)"] == likely
            compared += 1
    assert compared > (3 if kind == "state" else 0)


def test_every_page_is_light_and_opens_with_its_finding(made):
    for shown, _ in made.values():
        for name, found in shown.items():
            if name:
                assert len(str(found)) < 290_000, name
                first = next(p for p in found.select(".show") if p.get("class"))
                assert "show-finding" in first["class"]


def test_the_released_pages_hold_no_withheld_value(made, state, area):
    """Unrounded values and counts of withheld cells are in no file and in no chart."""
    full = state.areas.set_index("id")
    hidden = area.areas[area.areas["suppressed"]]
    told = made["lwia"][1]["areas.csv"] + made["lwia"][1]["trends.csv"]
    text = told + "".join(map(str, made["lwia"][0].values()))
    shown = {repr(v) for v in area.areas["value"].dropna()}
    shown |= {repr(v) for v in area.areas["state_value"].dropna()}
    secret = {repr(v) for v in full["value"].reindex(hidden["id"]).dropna() if 0 < v < 1}
    secret = {v for v in secret - shown if len(v) > 12}
    assert len(secret) > 30
    assert not [v for v in secret if v in text]


# -- what it says -------------------------------------------------------------------------------


def test_the_own_area_is_marked_and_comes_first(made):
    table = made["lwia"][0]["scoreboard"].select_one("table")
    assert table.select_one("tbody tr th").get_text().endswith("(this area)")
    assert "(this area)" not in str(made["state"][0]["scoreboard"])


def changed(report, **columns):
    """The Adult lines of ER Q2 of two areas: 100 people each, and these columns."""
    mine = report.areas.copy()
    here = (mine["program"] == "adult") & (mine["measure"] == "ERQ2") & (mine["back"] == 0)
    here &= (mine["window"] == "rolling4") & mine["area"].isin(["01", "02"])
    mine.loc[mine["measure"] == "ERQ2", ["versus_state"]] = "similar"
    mine.loc[here, "denominator"] = 100
    for name, value in columns.items():
        mine.loc[here, name] = value
    return with_frames(report, areas=mine)


def test_areas_that_are_worse_by_more_than_chance_are_counted_and_named(state, monkeypatch):
    found = page(NOTEBOOK, changed(state, versus_state="much_worse"), monkeypatch, only=("erq2",))
    assert says(found, ".says b") == (
        "Employment rate, 2nd quarter after exit: 2 figures are worse than Illinois by more than "
        "chance."
    )
    assert "01 Lake County Workforce Development and 02 McHenry" in says(found)


def test_none_worse_is_a_finding(state, monkeypatch):
    found = page(NOTEBOOK, changed(state), monkeypatch, only=("erq2",))
    assert "no figure is worse than Illinois by more than chance" in says(found)


def test_below_the_level_and_falling_is_said_by_name(state, monkeypatch):
    report = changed(state, trend="falling", status="Below")
    found = page(NOTEBOOK, report, monkeypatch, only=("scoreboard", "trend"))
    told = found.select(".show-finding")[-1].get_text(" ", strip=True)
    assert told.startswith("2 figures are below the level and falling: LWIA 01, Adult employment")


def test_no_figure_is_said_in_words_and_not_as_0(state, monkeypatch):
    """A sentence begins with No and a list is left out: no `0 figures are`, no `0 of 23 (none)`."""
    report = changed(state, trend="none")
    found = page(NOTEBOOK, report, monkeypatch, only=("scoreboard", "erq2", "profile", "trend"))
    told = " ".join(each.get_text(" ", strip=True) for each in found.select(".show-finding, .says"))
    assert "No figure is below the level and falling." in told
    assert re.search(r"Adult: none of \d+ areas judged;", told)
    assert re.search(r"no measure of \d+ judged is worse than Illinois\.", told)
    assert not re.search(r"(^|[ (])0 (areas?|figures?|measures?|of)\b", told)


def test_names_of_measures_are_drawn_whole(state, monkeypatch):
    """Two of Dislocated Worker would read the same where an axis cuts them."""
    monkeypatch.setenv("IPATS_CHARTS", "live")
    found = page(NOTEBOOK, state, monkeypatch, only=("scoreboard", "profile"))
    spec = json.loads(found.select_one(".show-chart script").string)
    drawn = json.dumps(spec)
    assert '"labels": false' in drawn
    assert '"text": {"field": "label"' in drawn
    assert "labelLimit" not in json.dumps({n: v for n, v in spec.items() if n != "config"})


def test_a_quarter_of_skill_gains_is_not_drawn_beside_the_level_of_a_year(state, monkeypatch):
    """Source: domain 2.10. The indicator's page and the summary do not draw it either."""
    monkeypatch.setenv("IPATS_CHARTS", "live")
    found = page(NOTEBOOK, state, monkeypatch, only=("scoreboard", "trend"))
    titles = [each.get_text() for each in found.select(".show-grid h3")]
    specs = [script.string for script in found.select(".show-grid script")]
    assert titles[0].startswith("Adult: Employment rate, 2nd")  # programs and measures in order
    assert len(titles) == len(specs) > 3
    for title, spec in zip(titles, specs, strict=True):
        assert ('"field":"level"' in spec) == ("skill gains" not in title)


def test_an_area_without_levels_misses_none_and_is_not_said_to(state, monkeypatch):
    table = page(NOTEBOOK, state, monkeypatch, only=("scoreboard",)).select_one("table")
    missed = {row.th.get_text()[:2]: row.td.get_text() for row in table.select("tbody tr")}
    assert missed["90"] == "\N{EN DASH}"
    assert missed["01"].isdigit()


def test_an_area_below_its_level_says_which_and_how_many_are_lower(area, monkeypatch):
    """By hand: 07 is at 80 percent of one level; one other area is at 70."""
    mine = area.areas.copy()
    mine.loc[mine["area"].ne("IL"), "status"] = "Meets"
    here = (
        (mine["program"] == "youth") & (mine["measure"] == "MSG") & (mine["window"] == "rolling4")
    )
    for number, percent in (("07", 80.0), ("01", 70.0)):
        at = here & (mine["area"] == number) & (mine["back"] == 0)
        mine.loc[at, ["status", "percent", "value", "level"]] = ["Below", percent, 0.644, 0.75]
    found = page(NOTEBOOK, with_frames(area, areas=mine), monkeypatch, only=("scoreboard",))
    assert says(found, ".says b") == "LWIA 07 is below its level in 1 of 15 measures."
    assert "64.4% against 75.0%; 1 area is lower." in says(found)


def test_an_area_of_which_nothing_is_judged_is_not_said_to_do_well(area, monkeypatch):
    """All of 07 is withheld: no `none of its 0 levels`, no `none of no measure`, no blank trend."""
    mine = area.areas.copy()
    own = mine["area"] == "07"
    nothing = {"suppressed": True, "value": math.nan, "status": "", "versus_state": "", "trend": ""}
    for name, value in nothing.items():
        mine.loc[own, name] = value
    adjusted = area.adjusted[area.adjusted["area"] != "07"]
    report, asked = with_frames(area, areas=mine, adjusted=adjusted), ("scoreboard", "profile")
    found = pages(NOTEBOOK, report, monkeypatch, only=(*asked, "trend", "fair"))
    assert says(found["scoreboard"], ".says b").startswith("No figure of LWIA 07 is shown with a v")
    assert says(found["profile"], ".says b").startswith("No figure of LWIA 07 is shown and judged")
    told = found["profile"].select_one("section[data-title='LWIA 07'] .says").get_text()
    assert told.endswith("no measure is shown of enough people to be judged.")
    assert "LWIA 07 has no figure with five quarters that are shown." in says(found["trend"])
    (rug,) = (t for t in found["trend"].select("table") if "moved by more than" in t.caption.text)
    row = next(r for r in rug.select("tbody tr") if r.get_text().strip().startswith("07"))
    assert {cell.get_text(strip=True)[0] for cell in row.select("td")} == {"*"}
    assert says(found["fair"], ".says b").startswith("No figure of LWIA 07 can be adjusted")


def test_the_areas_behind_when_adjusted_are_told_apart(state, monkeypatch):
    """A measure's name has a comma: each area has its own in brackets."""
    first = state.adjusted["area"].isin(["01", "02"]) & state.adjusted["program"].eq("adult")
    mine = state.adjusted[first & state.adjusted["measure"].eq("ERQ2")]
    low = mine.assign(adjusted=0.5, adjusted_low=0.4, adjusted_high=0.6, state_value=0.8)
    found = page(NOTEBOOK, with_frames(state, adjusted=low), monkeypatch, only=("fair",))
    rate = "(Adult employment rate, 2nd quarter after exit)"
    assert f"Worse: 01 Lake County Workforce Development {rate} and 02 McHenry" in says(found)
    assert "All 2 figures of areas can be adjusted." in says(found)


def test_few_people_lie_outside_no_limit(state, monkeypatch):
    """Of two areas outside the limits the page judges that of enough people alone."""
    mine = changed(state, funnel="outside998").areas
    here = (mine["program"] == "adult") & (mine["measure"] == "ERQ2") & (mine["back"] == 0)
    here &= mine["window"] == "rolling4"
    mine.loc[here & ~mine["area"].isin(["01", "02"]), "funnel"] = "inside"
    mine.loc[here & (mine["area"] == "02"), "denominator"] = 9
    found = page(NOTEBOOK, with_frames(state, areas=mine), monkeypatch, only=("erq2",))
    section = found.select_one("section[id^=spread]")
    drawn = int((mine[here & (mine["area_type"] == "lwia")]["denominator"] >= 10).sum())
    lies = f"1 of {drawn} areas drawn lies outside the 95% limits of chance: 01 Lake County"
    assert section.select_one(".says").get_text().startswith(lies)
    places = {line["LWIA"][:2]: line["Funnel"] for line in lines(section.select("table")[-1])}
    assert (places["01"], places["02"]) == ("outside 99.8%", "")


def test_what_is_missed_as_often_is_named_together(state, monkeypatch):
    """Two areas miss two levels each, a third one: the two, by name, on both pages."""
    mine = state.areas.copy()
    mine["status"] = mine["status"].mask(mine["status"].isin(["Below", "Fails"]), "Meets")
    here = (mine["window"] == "rolling4") & (mine["back"] == 0) & (mine["program"] == "youth")
    for lwia, measures in (("01", ["ME", "MSG"]), ("02", ["ME", "MSG"]), ("03", ["CR"])):
        at = here & (mine["area"] == lwia) & mine["measure"].isin(measures)
        mine.loc[at, ["status", "percent", "value"]] = ["Below", 80.0, 0.5]
    found = pages(NOTEBOOK, with_frames(state, areas=mine), monkeypatch, only=("scoreboard", "map"))
    told = says(found["scoreboard"])
    both = "Youth measurable skill gains and Youth median earnings, 2nd quarter after exit"
    assert f"Missed most: {both}, by 2 areas each." in told
    assert re.match(r"3 of \d+ LWIAs with a verdict miss at least one level\.", says(found["map"]))
    most = "01 Lake County Workforce Development and 02 McHenry County Workforce Network: 2 each."
    assert f"Most are missed by {most}" in says(found["map"])


def test_with_nothing_shown_each_page_has_sentences(area, monkeypatch):
    mine = area.areas.assign(
        **{n: float("nan") for n in ("value", "percent", "lower95", "upper95", "state_value")},
        numerator=pd.NA, denominator=pd.NA, suppressed=True, status="Withheld", versus_state="",
        funnel="", trend="", rank_low=pd.NA, rank_high=pd.NA,
    )  # fmt: skip
    none = {name: getattr(area, name).head(0) for name in ("trends", "funnels", "peers")}
    hidden = area.adjusted.assign(adjusted=math.nan)
    found = pages(NOTEBOOK, with_frames(area, areas=mine, adjusted=hidden, **none), monkeypatch)
    for name, shown in found.items():
        if name:
            assert shown.select_one(".show-finding").get_text(strip=True)
    assert "no area's figure is shown." in found["erq2"].get_text(" ")
    assert "Too few quarters of LWIA 07" in found["trend"].get_text(" ")
    assert "No figure can be adjusted." in found["fair"].get_text(" ")


@pytest.mark.parametrize(
    ("column", "title"),
    [("national_level", "National level"), ("national_value", "National figure")],
)
def test_a_national_number_is_said_where_one_is_on_file(
    state, area, column, title, tmp_path, monkeypatch
):
    """None is in params/ today: no page has one, and the file is the agreed one. One that is comes
    last in the file, before what is not for release."""
    told = page(NOTEBOOK, state, monkeypatch, only=("erq2",)).get_text(" ")
    assert title not in told
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    for report, last in ((state, ",release"), (area, "")):
        known = report.areas["measure"].eq("ERQ2").map({True: 0.712, False: math.nan})
        shown = with_frames(report, areas=report.areas.assign(**{column: known}))
        found = page(NOTEBOOK, shown, monkeypatch, only=("erq2", "scoreboard"))
        assert f"{title} 71.2%." in found.get_text(" ")
        tables = found.select("section[id^=spread] table")
        assert {line[title] for line in lines(tables[0])} == {"71.2%"}
        text = (tmp_path / "areas.csv").read_text().removeprefix("\ufeff")
        assert text.splitlines()[0] == f"{CONTRACT},{column}{last}"
        numbers = {(r["measure"] == "ERQ2", r[column]) for r in rows(text)}
        assert numbers == {(True, "0.712"), (False, "")}


# -- beyond outcomes ----------------------------------------------------------------------------


def beyond(report, monkeypatch):
    return page(NOTEBOOK, report, monkeypatch, only=("beyond",))


def test_a_cost_is_shown_beside_illinois_and_with_where_amounts_come_from(made, state):
    cost = state.reach.query("item == 'cost' and program == 'title1'").set_index("area")["result"]
    own, whole = (f"${cost[area]:,.0f}" for area in ("07", "IL"))
    told = says(made["lwia"][0]["beyond"])
    assert f"LWIA 07 spent {own} per participant; Illinois spent {whole}." in told
    assert "Source of the amounts: synthetic" in told
    local = cost.drop(["IL", "90"])
    told = says(made["state"][0]["beyond"])
    assert f"from ${local.min():,.0f} (LWIA {local.idxmin()}) to ${local.max():,.0f}" in told


@pytest.mark.parametrize("scope", ["lwia", "state"])
def test_no_cost_is_compared_with_one_of_illinois_that_is_not_shown(
    scope, area, state, monkeypatch
):
    report = {"lwia": area, "state": state}[scope]
    own = report.reach["item"].eq("cost") & report.reach["area"].eq("IL")
    for reach in (report.reach[~own], report.reach.assign(result=report.reach["result"].mask(own))):
        found = beyond(with_frames(report, reach=reach), monkeypatch)
        assert "Illinois spent" not in says(found)
        assert "more per participant than Illinois" not in found.get_text(" ")
        assert "Illinois' own cost is not shown." in found.get_text(" ")


def test_whole_percents_are_written_without_a_decimal(made):
    """Shares of participants and of groups are released as whole percents: 60, not 60.0%."""
    for shown in (made["state"][0], made["lwia"][0]):
        table = shown["beyond"].select_one(".show-table table")
        told = [line["Received training, percent"] for line in lines(table)]
        assert told[0].isdigit()
        assert all(cell.isdigit() or cell.startswith("*") or cell == "\N{EN DASH}" for cell in told)
        assert f"{told[0]}% received training" in says(shown["beyond"]) or "(Illinois" in says(
            shown["beyond"]
        )
        (mix,) = (t for t in shown["fair"].select("table") if "Percent of each group" in t.text)
        cells = [cell.get_text() for cell in mix.select("tbody td")]
        assert cells
        assert not any("." in cell or "%" in cell for cell in cells)


def test_a_withheld_count_of_participants_leaves_no_cost_on_the_page(made, area):
    hidden = area.reach.query("suppressed and item == 'participants' and program == 'youth'")
    assert len(hidden) > 5
    tables = made["lwia"][0]["beyond"].select("section[data-title=Youth] .show-table table")
    shown = {line["LWIA"][:2]: line for line in lines(tables[-1])}
    heads = (
        "Participants",
        "In several core programs, percent",
        "Received training, percent",
        "Cost per participant",
    )
    for one in hidden["area"]:
        cells = shown[one if one != "IL" else "Il"]
        assert all(cells[head].startswith("*") for head in heads), cells
    told = rows(made["lwia"][1]["beyond.csv"].removeprefix("\ufeff"))
    assert {r["result"] for r in told if r["suppressed"] == "true"} == {""}


def test_engagement_is_set_beside_illinois_and_withheld_figures_are_stars(area, monkeypatch):
    found = beyond(area, monkeypatch)
    (table,) = (t for t in found.select("table") if "medians, and shares" in t.caption.get_text())
    engaged = area.reach[area.reach["item"].str.startswith("E-")]
    assert engaged["item"].nunique() == 5
    told = {line["LWIA"][:2]: list(line.values())[1:] for line in lines(table)}
    hidden = engaged[engaged["suppressed"]].groupby("area").size()
    stars = {lwia: sum(cell.startswith("*") for cell in cells) for lwia, cells in told.items()}
    assert {lwia: n for lwia, n in stars.items() if n} == hidden.to_dict()
    recency = engaged[(engaged["item"] == "E-01") & engaged["result"].notna()]
    shown, whole = (
        recency[recency["area_type"] == "lwia"],
        recency.set_index("area")["result"]["IL"],
    )
    over = int((shown["result"] > whole).sum())
    told = found.get_text()
    assert f"{over} of {len(shown)} areas shown are above Illinois ({whole:.0f} days)." in told


@pytest.mark.parametrize("name", ["beyond", "profile"])
def test_charts_have_a_height_that_vega_need_not_drop(made, name):
    """Of a step as height a browser warns, for every chart as wide as its place."""
    scripts = made["state"][0][name].select(".show-chart script")
    assert len(scripts) > 3
    assert {type(json.loads(script.string)["height"]) for script in scripts} == {int}


def test_without_amounts_costs_are_absent_and_the_rest_is_there(area, monkeypatch):
    costs = area.reach["item"].isin(["cost", "spent", "training_spent"])
    engaged = area.reach["item"].str.startswith("E-")
    found = beyond(with_frames(area, reach=area.reach[~costs & ~engaged]), monkeypatch)
    assert says(found, ".says b").startswith("LWIA 07 served ")
    assert "No engagement is on file." in found.get_text(" ")
    assert "No amounts are on file" in says(found)
    assert not found.select(".show-chart")
    heads = {text.get_text(" ", strip=True) for text in found.select("thead th")}
    assert {"Participants", "Received training, percent"} <= heads
    assert "Cost per participant" not in heads


# -- maps ---------------------------------------------------------------------------------------


def drawn_on(found):
    """What each shape of a map says of itself: its properties, by the LWIA's number."""
    spec = json.loads(found.select_one("script").string)
    return [shape["properties"] for shape in json.loads(spec["layer"][0]["data"]["values"])]


def test_every_county_has_the_color_of_how_many_levels_its_lwia_misses(made, state):
    chart = made["state"][0]["map"].select_one(".show-chart")
    shapes = drawn_on(chart)
    assert len(shapes) == 102
    judged = state.areas.query("back == 0 and window == 'rolling4' and area_type == 'lwia'")
    judged = judged[judged["status"].isin(["Exceeds", "Meets", "Below", "Fails"])]
    missed = judged[judged["program"].isin(PROGRAMS.values())].groupby("area")["status"]
    missed = missed.agg(lambda words: int(words.isin(["Below", "Fails"]).sum())).to_dict()
    classes = {None: "No verdict", 0: "None", 1: "1", 2: "2 or 3", 3: "2 or 3"}
    assert len({shape["classes"] for shape in shapes}) > 2
    for shape in shapes:
        count = missed.get(shape["lwia"])
        assert shape["classes"] == classes.get(count, "4 or more"), shape
    assert {line["LWIA"][:2]: int(line["Missed"]) for line in lines(chart.table)} == {
        area: count for area, count in missed.items() if area != "90"
    }


@pytest.mark.parametrize("kind", ["state", "lwia"])
def test_a_measures_map_shows_what_its_table_and_the_file_say(made, kind):
    shown, files = made[kind]
    told = {
        r["area"]: r
        for r in rows(files["areas.csv"].removeprefix("\ufeff"))
        if (r["window"], r["area_type"], r["program"], r["measure"])
        == ("rolling4", "lwia", "title1", "CR")
    }
    (section,) = shown["map"].select("section[data-title^=Creden]")
    shapes = {shape["lwia"]: shape for shape in drawn_on(section)}
    assert {*shapes} == {*told} - {"90"}
    for line in lines(section.table):
        area = line["LWIA"][:2]
        if area in shapes:
            assert line["Against Illinois"] == shapes[area]["versus"]
        assert (told[area]["suppressed"] == "true") == line["Figure"].startswith("*")
        if told[area]["suppressed"] == "true":
            assert line["Against Illinois"] == "Not judged"
