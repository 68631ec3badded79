"""The five indicator pages: the answer, the trend, the groups, and the records behind a number.

Source: issue 18, "Indicator (written once for five measures)"; domain 2.10, 7.3, 9.2.
"""

import csv
import json

import pandas as pd
import pytest

from ipats_lib.indicators.rules import INDICATORS
from tests.notebooks.pages import open_sample, pages, with_frames
from tests.raw import raw_of

SCOPES = ("state", "lwia/01", "lwia/01/planner/1001")
FRAMES = (
    *("figures", "history", "groups", "outcomes", "elements", "calendar", "customers", "forms"),
)
NAME = "performance/detail"
MEASURES = [code.lower() for code in INDICATORS]


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/01")


def detail_pages(report, monkeypatch, wanted, replaced=()):
    """These pages of the notebook. replaced: (text of a cell, what it becomes)."""
    found = pages(NAME, report, monkeypatch, dict(replaced), wanted)
    return {name: found[name] for name in wanted}


def indicator_pages(report, monkeypatch):
    """Each indicator's page."""
    return detail_pages(report, monkeypatch, MEASURES)


def section(page, heading):
    """The piece under a heading."""
    return next(h for h in page.find_all("h2") if h.text == heading).find_next_sibling()


def answer(area, monkeypatch, **statuses):
    """The finding of employment in the second quarter, where all programs meet but these."""
    figures = area.figures.copy()
    here = (figures["window"] == "rolling4") & (figures["measure"] == "ERQ2")
    levels = here & figures["program"].isin(["adult", "dw", "youth"])
    figures.loc[here, "status"] = "No verdict: no level"
    figures.loc[levels, ["value", "level", "percent"]] = [0.76, 0.8, 95.0]
    figures.loc[levels, ["status", "could_be_chance"]] = ["Meets", False]
    for program, line in statuses.items():
        mine = levels & (figures["program"] == program)
        figures.loc[mine, ["value", "level", "percent", "status", "could_be_chance"]] = line
    pages = indicator_pages(with_frames(area, figures=figures), monkeypatch)
    return pages["erq2"].select_one(".show-finding").get_text(" ", strip=True)


def test_the_finding_counts_the_programs_that_miss_and_says_by_how_much(area, monkeypatch):
    """60 against 80 percent is 75 percent of the level, 20 points below it."""
    said = answer(area, monkeypatch, youth=[0.6, 0.8, 75.0, "Below", False],
                  adult=[0.3196, 0.8, 39.95, "Fails", True])  # fmt: skip
    assert "2 of 3 programs miss their level." in said
    assert said.startswith(
        "32.0% 2 of 3"
    )  # the figure itself; its percent of the level is beside it
    assert "Adult is furthest below its level: 32.0%, 48.0 points short of 80.0%." in said
    assert "Adult: 40.0% of its level" in said
    assert "1 of the 2 misses could be chance." in said
    said = answer(area, monkeypatch)
    assert "None of 3 programs misses its level." in said
    assert "is lowest against its level: 76.0%, 4.0 points short of 80.0%." in said
    assert "below" not in said


def test_a_measure_without_a_verdict_says_why(area, monkeypatch):
    figures = area.figures.assign(status="No verdict: fewer than 10 records")
    pages = indicator_pages(with_frames(area, figures=figures), monkeypatch)
    assert len(pages) == 5
    for page in pages.values():
        assert "has no figure with a verdict here" in page.select_one(".show-finding").text


@pytest.mark.parametrize("scope", SCOPES)
def test_every_window_of_each_measure_is_in_the_table_of_its_page(scope, monkeypatch):
    report = open_sample(scope)
    for code, page in indicator_pages(report, monkeypatch).items():
        mine = report.figures[report.figures["measure"] == code.upper()]
        once = mine.drop_duplicates(["window_titles", "program"])
        rows = section(page, "Against the levels").select("tbody tr:not(.grp)")
        assert len(rows) == len(once)
        groups = [g.text for g in section(page, "Against the levels").select("tr.grp")]
        assert groups == ["Rolling 4 quarters, program year to date and annual", "Current quarter"]


@pytest.mark.parametrize("scope", SCOPES)
def test_windows_of_one_title_have_the_same_figures(scope):
    """At the end of a program year; of its second quarter, no two windows are the same."""
    figures = open_sample(scope).figures
    keys = ["window_titles", "program", "measure"]
    amounts = ["numerator", "denominator", "pending", "value", "level", "percent", "status"]
    assert figures.groupby(keys)[amounts].nunique(dropna=False).eq(1).all(axis=None)


def test_a_withheld_median_is_marked_in_tables(area, monkeypatch):
    figures = area.figures.assign(suppressed=area.figures["measure"] == "ME")
    groups = area.groups.assign(suppressed=area.groups["measure"] == "ME", few=True)
    page = indicator_pages(with_frames(area, figures=figures, groups=groups), monkeypatch)["me"]
    table = section(page, "Against the levels")
    assert "$" not in "".join(row.find_all("td")[0].text for row in table.select("tr.grp ~ tr")
                              if row.find_all("td"))  # fmt: skip
    assert "withheld" in table.text
    assert "withheld" in section(page, "For whom it differs").text


def test_small_groups_have_counts_and_no_dot(area, monkeypatch):
    groups = area.groups.assign(few=area.groups["group_title"] == "Female")
    page = indicator_pages(with_frames(area, groups=groups), monkeypatch)["erq2"]
    rows = section(page, "For whom it differs").select("tbody tr:not(.grp)")
    shown = area.groups.query("window == 'rolling4' and measure == 'ERQ2' and program != 'title1'")
    counties = shown["dimension"] == "County of residence"
    assert len(rows) == len(shown[~counties])
    cells = section(page, "By county of residence").select("table")[-1].select("tbody td")
    assert sum(cell.text != "–" for cell in cells) == counties.sum() > 0
    for row in rows:
        small = row.th.text == "Female"
        assert (row.select_one("svg") is None) == small
        assert (row.find_all("td")[-1].text == "few") == small


def test_a_small_county_has_its_counts_and_no_rate(area, monkeypatch):
    """3 of 7; of many 50.0% (12)."""
    county = area.groups.query("dimension == 'County of residence' and window == 'rolling4'")
    county = county.query("measure == 'ERQ2' and program == 'adult'").head(1)
    small = county.assign(numerator=3, denominator=7, value=3 / 7, few=True, group_title="Small")
    large = county.assign(numerator=6, denominator=12, value=0.5, few=False, group_title="Large")
    withheld = large.assign(measure="ME", suppressed=True, value=None, denominator=5)
    groups = pd.concat([small, large, withheld])
    pages = indicator_pages(with_frames(area, groups=groups), monkeypatch)
    table = section(pages["erq2"], "By county of residence")
    told = {row.th.text: row.td.text for row in table.select("tbody tr")}
    assert told == {"Small": "3 of 7", "Large": "50.0% (12)"}
    assert section(pages["me"], "By county of residence").td.text == "* (5)"


def test_a_programs_line_is_its_own_figure(area, monkeypatch):
    """Each tab's vertical line is the program's figure, not another's."""
    page, drawn = indicator_pages(area, monkeypatch)["erq2"], 0
    for tab in section(page, "For whom it differs").select("section"):
        first = tab.select_one("tbody tr:not(.grp)")
        assert first.th.text == "All"
        if first.svg:  # not a program of few
            drawn += 1
            assert first.select_one("line.k")["x1"] == first.select("svg svg")[-1]["x"]
    assert drawn


def test_the_level_of_skill_gains_is_neither_drawn_nor_beside_a_quarter(area, monkeypatch):
    """It is for a whole program year (domain 2.10)."""
    monkeypatch.setenv("IPATS_CHARTS", "live")
    history = area.history.assign(denominator=50)
    pages = indicator_pages(with_frames(area, history=history), monkeypatch)
    for code, page in pages.items():
        spec = json.loads(section(page, "Eight quarters").select_one("script").string)
        with_level = any(
            layer["encoding"]["y"]["field"] == "level" for layer in spec.get("layer", [])
        )
        assert with_level == (code != "msg")
    for row in section(pages["msg"], "Against the levels").select("tr.grp")[1].find_next_siblings():
        assert row.find_all("td")[1].text == "–"
        assert "Not compared" in row.text or "no level" in row.text


def test_few_people_are_listed_and_not_drawn(area, monkeypatch):
    pages = indicator_pages(
        with_frames(area, history=area.history.assign(denominator=19)), monkeypatch
    )
    for page in pages.values():
        assert not page.select(".show-chart")
        assert section(page, "Eight quarters").select("table")


def test_credentials_and_gains_stand_by_type_with_their_counts(area, monkeypatch):
    pages = indicator_pages(area, monkeypatch)
    for code, heading in (("cr", "Credentials by type"), ("msg", "Gains by type")):
        mine = area.outcomes.query("window == 'rolling4'")
        mine = mine[mine["measure"] == code.upper()]
        counts = mine["reason_title"].value_counts().to_dict()
        rows = section(pages[code], heading).select("tbody tr")
        last = {row.th.text: int(row.find_all("td")[-1].text) for row in rows}
        assert last == counts
        assert len(counts) > 2


def test_the_calendar_says_whose_exits_feed_the_report(area, monkeypatch):
    page = indicator_pages(area, monkeypatch)["erq2"]
    table = section(page, "When")
    assert "counts exits from Jul 1, 2023 to Jun 30, 2024" in table.caption.text
    first = [cell.text for cell in table.select_one("tbody tr").find_all(["th", "td"])]
    assert first[:3] == ["PY2024Q4", "2024 Q2", "2024 Q4"]
    assert len(table.select("tbody tr")) == 8


# The records behind a number, and their file


def files(report, folder, monkeypatch):
    monkeypatch.setenv("IPATS_DOWNLOADS", str(folder))
    pages = indicator_pages(report, monkeypatch)
    found = {}
    for code in MEASURES:
        if (folder / f"roster-{code}.csv").exists():
            with (folder / f"roster-{code}.csv").open(newline="") as lines:
                found[code] = list(csv.DictReader(lines))
    return pages, found


@pytest.mark.parametrize("scope", SCOPES[1:])
def test_the_file_lists_what_its_figure_counts_in_every_window(scope, tmp_path, monkeypatch):
    """One line per record, program, outcome and reason, with the windows that it counts in."""
    report = open_sample(scope)
    _, found = files(report, tmp_path, monkeypatch)
    assert list(found) == MEASURES
    for line in report.figures.query("program != 'title1'").itertuples():
        title = line.window_title.lower()
        mine = [
            one["state"] for one in found[line.measure.lower()]
            if one["program"] == line.program and title in one["windows"].split("; ")
        ]  # fmt: skip
        counted = sum(mine.count(state) for state in ("success", "failure", "pending"))
        assert counted == line.denominator
        assert mine.count("pending") == line.pending
        assert mine.count("excluded") == line.excluded
        if line.measure != "ME":
            assert mine.count("success") == line.numerator


def test_the_file_has_the_elements_that_decide_and_every_kind_of_group(area, tmp_path, monkeypatch):
    """A diploma's link is decided by 900 and 1600 to 1607, a gain by 1800 to 1805 too."""
    _, found = files(area, tmp_path, monkeypatch)
    rows = raw_of(area).rows.set_index("100")
    for code, lines in found.items():
        columns = list(lines[0])
        assert columns[:6] == ["customer", "program", "state", "reason", "windows", "why"]
        rule = INDICATORS[code.upper()]
        numbers = [name.split(" ")[0] for name in columns[6:-7]]
        assert numbers == list(rule.decided_by)
        assert columns[-7:-3] == ["Sex", "Age", "Race and ethnicity", "Barriers"]
        for line in lines[:20]:
            exits = pd.Series(rows.loc[[line["customer"]], "901"]).dropna()
            days = {f"{day:%Y-%m-%d}" for day in exits} | {""}
            assert line["901 Date of program exit"] in days
    assert "901 Date of program exit" in found["erq2"][0]


def test_the_rows_of_a_group_are_found_in_the_file(area, tmp_path, monkeypatch):
    _, found = files(area, tmp_path, monkeypatch)
    lines = area.groups.query("window == 'rolling4' and program != 'title1' and dimension != 'All'")
    assert len(lines) > 100
    for line in lines.itertuples():
        mine = [
            one for one in found[line.measure.lower()]
            if one["program"] == line.program and "rolling 4 quarters" in one["windows"]
            and one["state"] in ("success", "failure", "pending")
            and line.group_title in one[line.dimension].split("; ")
        ]  # fmt: skip
        assert len(mine) == line.denominator


def test_a_planner_is_told_that_a_wage_was_found_and_no_amount(tmp_path, monkeypatch):
    planner = open_sample(SCOPES[2])
    _, found = files(planner, tmp_path, monkeypatch)
    wages = {n for line in found["me"] for n in [line["1704 Wages 2nd quarter after exit quarter"]]}
    assert wages == {"found"}
    _, found = files(open_sample(SCOPES[1]), tmp_path, monkeypatch)
    name = "1704 Wages 2nd quarter after exit quarter"
    adult = [float(x[name]) for x in found["me"]
             if x["program"] == "adult" and x["state"] == "success"
             and "rolling 4 quarters" in x["windows"]]  # fmt: skip
    figure = open_sample(SCOPES[1]).figures.query(
        "window == 'rolling4' and program == 'adult' and measure == 'ME'"
    )
    assert pd.Series(adult).median() == figure["value"].iloc[0]


def test_the_state_lists_nobody_and_counts_by_lwia_and_reason(tmp_path, monkeypatch):
    report = open_sample("state")
    pages, found = files(report, tmp_path, monkeypatch)
    assert found == {}
    for code, page in pages.items():
        assert not page.select(".show-records")
        rows = section(page, "Records behind the number").select("tbody tr:not(.grp)")
        mine = report.outcomes.query("window == 'rolling4'")
        mine = mine[mine["measure"] == code.upper()]
        assert sum(int(row.find_all("td")[-1].text.replace(",", "")) for row in rows) == len(mine)
    assert report.elements.empty
    text = " ".join(page.text for page in pages.values())
    assert not set(raw_of(report).rows["100"].astype("str")) & set(text.split())


def test_a_customer_leads_to_the_planners_page_or_the_areas(area, monkeypatch):
    """The planner's page names a customer by the first of the rows that the planner sees."""
    seen = area.customers.copy()
    known = seen["row"].notna() & seen["customer"].isin(area.outcomes["customer"])
    first, second = seen.loc[known, "customer"].drop_duplicates().iloc[:2]
    seen["shown_by"] = ""
    seen.loc[seen["customer"] == first, "shown_by"] = "1001"
    page = indicator_pages(with_frames(area, customers=seen), monkeypatch)
    links = {a.text: a["href"] for one in page.values() for a in one.select(".show-records th a")}
    rows = seen.dropna(subset="row").groupby("customer")["row"].min()
    assert all(
        to == f"../{'planner/1001/' if who == first else ''}dashboards/worklist-customers.html"
        f"#r{rows[who]}" for who, to in links.items()
    )  # fmt: skip
    assert {first, second} & set(links)


def test_a_scope_with_nobody_has_five_pages_of_sentences(area, monkeypatch):
    nobody = area.figures.assign(
        numerator=0, denominator=0, pending=0, value=None, percent=None, percent_best=None,
        known=None, best=None, status="No verdict: nobody is counted", could_be_chance=False,
    )  # fmt: skip
    empty = {name: getattr(area, name).head(0) for name in FRAMES if name != "figures"}
    pages = indicator_pages(with_frames(area, figures=nobody, **empty), monkeypatch)
    for page in pages.values():
        assert "No one is in this cohort" in page.text
        assert "No quarter has a figure yet" in page.text
        assert "No one is counted in this window" in page.text


def test_the_definition_names_every_question_of_the_rule(area, monkeypatch):
    pages = indicator_pages(area, monkeypatch)
    for code, rule in INDICATORS.items():
        text = " ".join(pages[code.lower()].select(".show-note")[-1].text.split())
        for question in (*rule.success, *rule.pending, *rule.awaiting, rule.excluded):
            assert " ".join(question.text.split()) in text
        assert text.index(rule.plain) < text.index("PIRL elements")
        assert "95 percent interval" in text


# How employment was found


def test_supplemental_employment_is_counted_by_program_and_shown_as_a_share(area, monkeypatch):
    """Of 20 employed Adults 5 were found by supplemental wage information: 25 percent; of 4 Youth
    no share is shown, and who is in school is not employed."""
    line = area.outcomes.query("window == 'rolling4' and measure == 'ERQ2'").iloc[[0]]
    many = [("adult", "Adult", "1", 15), ("adult", "Adult", "4", 5), ("youth", "Youth", "4", 4),
            ("youth", "Youth", "0", 9)]  # fmt: skip
    parts = [
        line.loc[line.index.repeat(n)].assign(
            program=code, program_title=title, match_type=match, outcome="success"
        )
        for code, title, match, n in many
    ]
    made = pd.concat(parts, ignore_index=True)
    made["row"] = pd.array(range(len(made)), dtype="Int64")
    found = indicator_pages(with_frames(area, outcomes=made), monkeypatch)
    table = section(found["erq2"], "How employment was found")
    rows = [
        [cell.get_text(strip=True) for cell in row.find_all(["th", "td"])]
        for row in table.select("tbody tr")
    ]
    assert rows == [["Adult", "20", "25.0%", "15", "0", "0", "5"],
                    ["Youth", "4", "\N{EN DASH}", "0", "0", "0", "4"]]  # fmt: skip
    for code in ("cr", "msg"):
        assert "How employment was found" not in found[code].get_text()


@pytest.mark.parametrize("scope", SCOPES)
def test_every_success_with_a_match_is_in_the_table(scope, monkeypatch):
    report = open_sample(scope)
    found = indicator_pages(report, monkeypatch)
    for code in ("erq2", "erq4", "me"):
        mine = report.outcomes.query("window == 'rolling4' and outcome == 'success'")
        mine = mine[(mine["measure"] == code.upper()) & mine["match_type"].isin(list("1234"))]
        table = section(found[code], "How employment was found")
        counted = [int(row.select("td")[0].get_text().replace(",", "")) for row in table.select(
            "tbody tr")]  # fmt: skip
        assert sum(counted) == len(mine) > 0
