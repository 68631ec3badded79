"""The equity page: which groups differ from their program, and by how much."""

import csv
import re

import pytest

from tests.notebooks.pages import open_sample, pages, with_frames

NAME = "performance/detail"
SCOPES = ("state", "lwia/01", "lwia/01/planner/1001")


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/01")


@pytest.fixture(scope="module")
def state():
    return open_sample("state")


def page(report, monkeypatch):
    """The equity page."""
    return pages(NAME, report, monkeypatch, only=("equity",))["equity"]


def differing(report, **changes):
    """The groups of the main window: none differs, but the lines that are named so."""
    lines = report.groups.query("window == 'rolling4' and reading != ''").copy()
    lines = lines.assign(differs=False)
    lines["reading"] = lines["reading"].replace(["Lower", "Higher"], "No clear difference")
    compared = lines.dropna(subset="gap").index
    for place, (name, values) in enumerate(changes.items()):
        lines.loc[compared[place], ["group_title", *values]] = [name, *values.values()]
    return with_frames(report, groups=lines)


LOWER = {
    "program": "adult", "program_title": "Adult", "measure": "MSG",
    "measure_title": "Measurable skill gains", "dimension": "Sex", "numerator": 20,
    "denominator": 50, "value": 0.4, "gap": -0.32, "differs": True, "reading": "Lower",
}  # fmt: skip
HIGHER = {**LOWER, "numerator": 45, "value": 0.9, "gap": 0.18, "reading": "Higher"}


def finding(found):
    return found.select_one(".show-finding").get_text(" ", strip=True)


def test_the_finding_counts_who_differs_and_tells_the_largest_gap(state, monkeypatch):
    """One lower by 32 points, one higher by 18: 20 of 50 where the whole program has 72."""
    report = differing(state, Women=LOWER, Men=HIGHER)
    number = report.groups["gap"].notna().sum()
    said = finding(page(report, monkeypatch))
    assert f"2 of {number} comparisons differ clearly: 1 lower and 1 higher" in said
    assert "Adult, measurable skill gains, Women: 40.0% (20 of 50), 32.0 points" in said
    assert "below the whole program." in said
    assert "Chance" not in said


def test_a_gap_that_chance_could_give_is_said_to_be_such(state, monkeypatch):
    unclear = {**LOWER, "gap": -0.9, "differs": False, "reading": "No clear difference"}
    said = finding(page(differing(state, Women=unclear), monkeypatch))
    assert "No group clearly differs from its program" in said
    assert "90.0 points below the whole program. Chance could explain it." in said


def test_a_clear_difference_comes_before_a_larger_one_that_is_not(state, monkeypatch):
    unclear = {**LOWER, "gap": -0.9, "differs": False, "reading": "No clear difference"}
    said = finding(page(differing(state, Veterans=unclear, Women=LOWER), monkeypatch))
    assert "Women: 40.0%" in said


def test_a_gap_lies_above_or_below_and_does_not_rise_or_fall(state, monkeypatch):
    """A gap is between groups of one time. Chart and list lead with the clear one."""
    unclear = {**LOWER, "gap": -0.9, "differs": False, "reading": "No clear difference"}
    found = page(differing(state, Veterans=unclear, Women=LOWER), monkeypatch)
    first, second = found.select("table tbody tr")[:2]
    assert "Women" in first.text
    assert "-32.0 points" in first.text
    assert "Veterans" in second.text
    assert not re.search(r"(up|down) [\d.]+ points", found.text)
    said = next(each.text for each in found.select(".says") if "drawn" in each.text)
    assert "1 of 12 drawn differs clearly; the largest gap is that of Adult, Women" in said
    assert "32.0 points below the whole program." in said


def test_a_group_alone_of_its_kind_is_not_the_best_of_it(state, monkeypatch):
    """The other sex has too few people to be compared: who is left is not therefore the best."""
    alone = differing(state, Women={**LOWER, "best_group": "Women", "ratio_best": 1.0})
    groups = alone.groups
    others = (groups[["program", "measure", "dimension"]] == ["adult", "MSG", "Sex"]).all(axis=1)
    groups = groups[~others | (groups["group_title"] == "Women")]
    line = page(with_frames(alone, groups=groups), monkeypatch).select_one("table tbody tr")
    assert "Women" in line.text
    assert "no other group of its kind is compared" in line.text
    assert "the best of its kind" not in line.text


def test_few_people_are_listed_and_neither_drawn_nor_headlined(state, monkeypatch):
    report = differing(state, Women={**LOWER, "denominator": 19})
    found = page(report, monkeypatch)
    assert "Women" not in finding(found)
    charts = found.select(".show-chart")
    assert charts
    assert not any("Women" in str(chart) for chart in charts)
    assert "Sex: Women" in found.select_one("table tbody").get_text(" ")


def test_where_nothing_is_compared_the_page_says_so(area, monkeypatch):
    none = area.groups.query("reading != ''").head(0)
    found = page(with_frames(area, groups=none), monkeypatch)
    assert "No group has enough people to be compared with its program." in finding(found)
    assert "No group of people is in this cohort." in found.get_text(" ")
    few = area.groups.query("too_few")
    text = finding(page(with_frames(area, groups=few), monkeypatch))
    assert "No group has enough people" in text


@pytest.mark.parametrize("scope", SCOPES)
def test_the_largest_gap_comes_first_and_no_total_is_listed(scope, monkeypatch, tmp_path):
    """Every comparison and every group of too few, once; those that clearly differ first, gaps by
    size, those without one last."""
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    report = open_sample(scope)
    found = page(report, monkeypatch)
    header, *rows = (tmp_path / "equity.csv").read_text().splitlines()
    assert len(rows) == len(report.groups.query("window == 'rolling4' and reading != ''"))
    names = header.split(",")
    read = [dict(zip(names, row, strict=True)) for row in csv.reader(rows)]
    clear = [row["read"].startswith(("Lower", "Higher")) for row in read]
    sizes = [abs(float(row["gap"])) if row["gap"] else -1 for row in read]
    order = [*zip(clear, sizes, strict=True)]
    assert order == sorted(order, reverse=True)
    assert not any("Title I total" in row or row.startswith("All") for row in rows)
    assert "All: All" not in found.get_text(" ")


def test_each_group_leads_to_its_indicator(area, monkeypatch):
    rows = page(area, monkeypatch).select("table tbody tr")
    links = [row.select_one("a")["href"] for row in rows]
    assert links
    assert all(re.fullmatch("detail-(erq2|erq4|cr|msg).html", link) for link in links)


def test_the_rules_of_equal_opportunity_reviews_are_named_and_counted(state, monkeypatch, tmp_path):
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    found = page(state, monkeypatch)
    compared = state.groups.query("window == 'rolling4'").dropna(subset="gap")
    assert f"{compared['under_four_fifths'].sum()} are under 80 percent" in finding(found)
    assert f"{compared['beyond_two'].sum()} beyond two standard deviations" in finding(found)
    heads = found.select_one("table thead").get_text(" ")
    assert "80 percent rule" in heads
    assert "Standard deviations" in heads
    file = (tmp_path / "equity.csv").read_text()
    assert file.count("; under 80%") == compared["under_four_fifths"].sum()
    assert file.count("; beyond two") == compared["beyond_two"].sum()
    own = compared["best_group"] == compared["group_title"]
    assert file.count("the best of its kind") == own.sum() > 0
    method = found.select("details")[-1].get_text(" ")
    assert "29 CFR 1607.4(D)" in method
    assert "29 CFR part 38" in method
    assert "Benjamini-Hochberg" in method


def test_a_small_cell_with_a_clear_difference_says_to_read_the_counts(state, monkeypatch):
    report = differing(state, Women={**LOWER, "few": True, "gap": -0.99})
    row = page(report, monkeypatch).select_one("table tbody tr").get_text(" ")
    assert "few people: see the counts" in row
