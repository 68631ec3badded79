"""Levels, verdicts and the assessment on the pages of the sample.  Source: domain 3."""

import re
from dataclasses import replace
from types import MappingProxyType

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ipats_lib.assessment import Adjustment, Factor
from ipats_lib.assessment.adjustment import Term
from ipats_lib.breakdown import TOTAL
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels import Level, key_of, load_levels
from ipats_lib.periods import Period
from ipats_lib.report import (
    Report,
    assessments,
    breakdowns,
    display,
)
from ipats_lib.report import report as reports
from ipats_lib.report.data import StateData
from ipats_lib.scopes import Scope


def with_levels(monkeypatch, changes):
    """The sample's levels with some changed, for the pages of a report made hereafter."""
    levels = MappingProxyType({**load_levels(True), **changes})
    for module in (reports, assessments):
        monkeypatch.setattr(module, "load_levels", lambda _: levels)


def line_of(report, program, measure, window=None):
    return report.indicators(window).set_index(["program", "measure"]).loc[(program, measure)]


def test_a_baseline_indicator_has_no_verdict_on_the_summary(area, monkeypatch):
    key = key_of(2024, area.lwia, "adult", "ERQ2")
    with_levels(monkeypatch, {key: replace(load_levels(True)[key], assessed=False)})
    line = line_of(area, "adult", "ERQ2")
    assert line["status"].endswith("Not assessed: a baseline indicator in this program year")
    assert pd.isna(line["percent"])
    assert line["level"] == load_levels(True)[key].negotiated


def test_the_summary_compares_with_the_adjusted_level_after_the_year_and_says_so(area, monkeypatch):
    """The sample is known in August 2025: program year 2024 is over."""
    key = key_of(2024, area.lwia, "adult", "ERQ2")
    with_levels(monkeypatch, {key: Level(0.75, 0.5, "synthetic: x")})
    line = line_of(area, "adult", "ERQ2")
    assert (line["level"], line["which"]) == (0.5, "adjusted")
    assert line["percent"] == pytest.approx(line["value"] / 0.5 * 100)


def test_one_quarter_of_skill_gains_is_not_compared_with_a_yearly_level(area):
    rolling, current, *_ = area.period.windows
    assert pd.notna(line_of(area, "adult", "MSG", rolling)["percent"])
    line = line_of(area, "adult", "MSG", current)
    assert line["status"].endswith("Not compared: one quarter of a yearly measure")
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


def test_the_state_is_assessed_in_wagner_peyser_too(state):
    whole = Report(state.slice(Scope.parse("state")))
    page = assessments.individual(whole).html
    assert page.count("Wagner-Peyser: ") == 3
    assert "Wagner-Peyser" in assessments.overall(whole).html


def test_an_area_is_not_assessed_in_wagner_peyser(area):
    assert "Wagner-Peyser" not in assessments.individual(area).html


def test_wagner_peyser_and_the_total_stand_in_changes_trend_and_groups(report):
    shown = set(report.history["program"])
    assert {"adult", "dw", "youth", "title1"} <= shown
    groups = report.groups.query("measure == 'ERQ2'")["program"].unique()
    assert "title1" in groups
    assert "wp" not in report.groups.query("measure == 'MSG'")["program"].unique()
    counted = line_of(report, "wp", "ERQ2")["denominator"]
    expected = bool(counted) and report.scope.kind != "planner"
    assert ("wp" in groups) == expected
    assert "wp" in shown or not expected


def failing(area, monkeypatch, level):
    """An area whose Adult employment rate is set against a level it cannot half reach."""
    key = key_of(2024, area.lwia, "adult", "ERQ2")
    with_levels(monkeypatch, {key: level})
    return area


def test_a_failed_score_says_its_band_and_what_follows_in_which_year(area, monkeypatch):
    from ipats_lib.assessment.history import Failure

    report = failing(area, monkeypatch, Level(3.0, None, "synthetic: x"))
    first = assessments.individual(report).html
    assert "Fails: " in first
    assert "first year of this failure: technical assistance" in first
    earlier = frozenset(Failure(py, report.lwia, "individual", "adult ERQ2") for py in (2022, 2023))
    monkeypatch.setattr(assessments, "load_failures", lambda _: earlier)
    third = assessments.individual(report).html
    assert "third year of this failure: reorganization plan by the Governor" in third
    assert "They are invented" in assessments.history(report).plain
    of_later_years = frozenset(replace(one, py=one.py + 10) for one in earlier)
    monkeypatch.setattr(assessments, "load_failures", lambda _: of_later_years)
    assert "No failure of an earlier year" in assessments.history(report).plain


def test_overall_scores_have_the_three_bands_in_word_and_shape(area, monkeypatch):
    report = failing(area, monkeypatch, Level(3.0, None, "synthetic: x"))
    page = assessments.overall(report).html
    verdicts = set(re.findall(r"<td>(. (?:Exceeds|Meets|Fails|Below))", page))
    assert "\N{HEAVY MULTIPLICATION X} Fails" in verdicts
    assert not any("Below" in verdict for verdict in verdicts)
    assert len(verdicts) > 1


def test_the_estimate_starts_from_the_negotiated_level(area, monkeypatch):
    """Negotiated 75.0, adjusted already to 50.0, factor 0.02: the estimate is 77.0."""
    report = failing(area, monkeypatch, Level(0.75, 0.5, "synthetic: x"))
    lines = {(2024, "adult", "ERQ2"): (), (2024, "adult", "CR"): (), (2023, "adult", "MSG"): ()}
    model = replace(assessments.load_adjustment(), terms=lines)
    monkeypatch.setattr(assessments, "load_adjustment", lambda: model)
    monkeypatch.setattr(
        assessments,
        "adjustment_factor",
        lambda model, py, area, program, measure, shares: (
            Factor(0.02) if (program, measure) == ("adult", "ERQ2") else Factor(None, "no value")
        ),
    )
    page = assessments.adjusted(report).html
    assert "<td class='n'>75.0%</td><td class='n'>77.0%</td>" in page
    assert page.count("<td>no value</td>") == 1
    assert page.count("<td>no coefficients</td>") == 13


def test_without_coefficients_of_the_year_no_level_is_estimated(area, monkeypatch):
    model = replace(assessments.load_adjustment(), terms={(2020, "adult", "ERQ2"): ()})
    monkeypatch.setattr(assessments, "load_adjustment", lambda: model)
    assert "are supplied for PY2024" in assessments.adjusted(area).plain


def test_the_shares_are_those_of_each_indicators_own_cohort(area, monkeypatch, tmp_path):
    """Employment in PY2024: those who exited from July 2023 to June 2024 and are counted."""
    every = [(program, measure) for measure in INDICATORS for program in ("adult", "youth")]
    coefficients = {(2024, *line): (Term("Sex: Female", 0.5),) for line in every}
    before = {(2024, area.lwia, *line, "Sex: Female"): 0.25 for line in every}
    model = Adjustment(coefficients, before, {}, {(2024, area.lwia, "adult", "ERQ2"): 0.782})
    monkeypatch.setattr(assessments, "load_adjustment", lambda: model)
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    assessments.adjusted(area)
    file = pd.read_csv(tmp_path / "adjustment.csv").set_index(["program", "measure"])
    rows = area.data.frame("rows")
    exits = pd.to_datetime(rows["901"])
    cohort = rows[
        rows["903"].isin([1, 2, 3])
        & exits.between("2023-07-01", "2024-06-30")
        & ~rows["923"].isin([1, 2, 3, 4, 5, 6, 7])
    ]
    share = float((cohort["201"] == 2).mean())
    line = file.loc[("adult", "ERQ2")]
    assert line["actual"] == pytest.approx(share)
    assert line["contribution"] == pytest.approx(0.5 * (share - 0.25))
    assert (line["coefficient"], line["before"], line["printed_before"]) == (0.5, 0.25, 0.782)
    wages = cohort[cohort["1602"].isin([1, 2, 3]) & cohort["1704"].between(0.01, 999_999)]
    assert file.loc[("adult", "ME"), "actual"] == pytest.approx((wages["201"] == 2).mean())
    assert file["actual"].nunique() > 4, "each indicator has a cohort of its own"


def test_each_kind_of_area_is_asked_its_own_question(state, area):
    of_area = assessments.question(area).plain
    assert of_area.startswith("Does this area meet the state's local performance threshold?")
    assert "20 CFR 677.220(a)(1)" in of_area
    assert "until the owner confirms" in of_area
    of_state = assessments.question(Report(state.slice(Scope.parse("state")))).plain
    assert "local performance threshold" not in of_state
    assert "20 CFR 677.190" in of_state


def test_the_states_overall_indicator_scores_are_partial(state):
    """Domain 3.2: the mean is over six core programs, four of which are in an extract."""
    page = assessments.overall(Report(state.slice(Scope.parse("state")))).html
    programs, scores = page.split("Overall indicator scores", 1)
    assert scores.count("No verdict: partial, 4 of 6 programs") == 5
    assert not re.search("Exceeds|Meets|Fails", scores)
    assert "partial" not in programs


def test_an_area_with_one_year_of_data_is_not_assessed(area, monkeypatch):
    """On file is PY2023 of Adult employment alone; the extract holds PY2024's employment whole."""
    only = frozenset({(2023, area.lwia, "adult", "ERQ2")})
    monkeypatch.setattr(assessments, "load_complete_years", lambda _: only)
    page = assessments.individual(area).html
    assert "PY2023, PY2024" in page
    assert "Not assessed: fewer than two years of data" in page
    later = replace(area.data.about, whole_from="2024-01-01")
    none = Report(replace(area.data, about=later))
    page = assessments.individual(none).html
    assert "PY2023, PY2024" not in page
    assert page.count("Not assessed: fewer than two years of data") == 15
    assert "No indicator of this area can be assessed: fewer than two" in (
        assessments.finding(none).plain
    )


def test_a_status_that_chance_could_give_says_so_on_the_assessment(area, monkeypatch):
    """The level is put beside the figure, inside its interval; then far above it."""
    line = line_of(area, "adult", "ERQ2")
    key = key_of(2024, area.lwia, "adult", "ERQ2")
    with_levels(monkeypatch, {key: Level(float(line["value"]) + 0.001, None, "synthetic: x")})
    near = Report(area.data)
    assert line_of(near, "adult", "ERQ2")["chance"]
    assert "● Meets, could be chance" in assessments.individual(near).html
    with_levels(monkeypatch, {key: Level(3.0, None, "synthetic: x")})
    assert not line_of(Report(area.data), "adult", "ERQ2")["chance"]


def lines(**changes):
    base = {"unjudged": False, "few": False, "chance": 0.01, "differs": True, "gap": -0.1,
            "group": "Female"}  # fmt: skip
    return pd.DataFrame([{**base, **changes}])


@pytest.mark.parametrize(
    ("changes", "reading"),
    [
        ({}, "\N{BLACK DOWN-POINTING TRIANGLE} lower than all"),
        ({"few": True}, "\N{BLACK DOWN-POINTING TRIANGLE} lower than all; few: read the counts"),
        ({"few": True, "unjudged": True}, "too few to tell"),
        ({"differs": False}, "no clear difference"),
        ({"gap": 0.1}, "\N{BLACK UP-POINTING TRIANGLE} higher than all"),
        ({"chance": float("nan"), "differs": False}, "cannot be told"),
        ({"group": TOTAL}, "compared with"),
    ],
)  # fmt: skip
def test_what_a_comparison_says(changes, reading):
    assert breakdowns.readings(lines(**changes)) == [reading]


def equity_rows(report, measure):
    """Program, and its rows as texts, as the page shows them."""
    made = BeautifulSoup(breakdowns.equity(report, measure).html, "html.parser")
    return {
        section["data-title"]: [
            [cell.text for cell in row.find_all(["th", "td"])] for row in section.select("tbody tr")
        ]
        for section in made.select("section")
    }


def test_the_equity_page_shows_the_largest_gap_first_and_no_total_of_its_programs(report):
    for measure in ("ERQ2", "ERQ4", "CR", "MSG"):
        shown = equity_rows(report, measure)
        assert "Title I total" not in shown
        for rows in shown.values():
            assert [row[0] for row in rows].count(TOTAL) == 1
            assert rows[0][0] == TOTAL
            gaps = [row[5] for row in rows[1:]]
            sizes = [float(re.sub("[^0-9.]", "", gap) or 0) for gap in gaps if gap != "–"]
            assert sizes == sorted(sizes, reverse=True)
            assert all(gap == "–" for gap in gaps[len(sizes) :])


def test_the_rules_of_equal_opportunity_reviews_are_named_and_shown(area):
    html = breakdowns.equity(area, "ERQ2").html
    assert "<th scope='col'>80% rule</th>" in html
    assert "Two-standard-deviation test</th>" in html
    rows = [row for shown in equity_rows(area, "ERQ2").values() for row in shown[1:]]
    told = [row for row in rows if row[-1] != "–"]
    assert told
    for row in told:
        assert ("beyond two" in row[-1]) == (abs(float(row[-1].split(";")[0])) > 2)
        if row[-2] == "the highest":
            continue
        ratio = float(row[-2].split(" ")[0])
        assert ("under 0.80" in row[-2]) == (ratio < 0.8) or ratio == 0.80
    assert sum(row[-2] == "the highest" for row in told) >= 3
    assert any("of those without it" in row[-2] for row in told)


def test_the_page_says_how_many_comparisons_it_makes(area):
    marks = [
        row[6].startswith(("\N{BLACK DOWN-POINTING TRIANGLE}", "\N{BLACK UP-POINTING TRIANGLE}"))
        for measure in ("ERQ2", "ERQ4", "CR", "MSG")
        for shown in equity_rows(area, measure).values()
        for row in shown
        if row[6] not in ("compared with", "too few to tell", "cannot be told")
    ]
    said = breakdowns.compared(area).plain
    assert said.startswith(f"{len(marks)} comparisons on this page, {sum(marks)} of them marked")


def test_few_is_the_one_rule_for_small_cells(report):
    """Ten counted, three successes, three others; ten wages (`params/disclosure.csv`)."""
    for line in report.breakdown.itertuples():
        if line.indicator == "ME":
            assert line.few == (line.denominator < 10)
            continue
        others = line.denominator - line.successes
        assert line.few == (line.denominator < 10 or line.successes < 3 or others < 3)
        assert line.unjudged == (line.denominator < 10)


def test_a_group_without_any_success_is_named_below_its_program(area):
    """No woman in Adult succeeded: the finding names the group, with its counts and its gap."""
    rows, outcomes = area.data.frame("rows"), area.data.frame("outcome_rows").copy()
    women = set(rows.loc[rows["201"] == 2, "row"])
    theirs = (
        (outcomes["indicator"] == "ERQ2")
        & (outcomes["program"] == "adult")
        & (outcomes["state"] == "success")
        & outcomes["row"].isin(women)
    )
    outcomes.loc[theirs, "state"] = "failure"
    report = Report(replace(area.data, frames={**area.data.frames, "outcome_rows": outcomes}))
    table = report.breakdown
    mine = table[(table["indicator"] == "ERQ2") & (table["program"] == "adult")]
    mine = mine.set_index("group")
    counted, share = mine.loc["Female", "denominator"], mine.loc[TOTAL, "value"]
    assert counted >= 10
    said = breakdowns.finding(report, "ERQ2").plain
    assert f"Adult: Female (0 of {counted}, {display.points(share)} lower)" in said
