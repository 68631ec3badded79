"""The frames `assessment` and `adjustment` of the sample.  Source: domain 3.1 to 3.3."""

from dataclasses import replace
from types import MappingProxyType

import pandas as pd
import pytest

from ipats_lib.assessment.adjustment import Adjustment, Factor, Term, load_adjustment
from ipats_lib.assessment.history import Failure, load_failures
from ipats_lib.frames import assessment as frames
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels.files import load_levels
from ipats_lib.levels.level import Level, key_of
from ipats_lib.report import Report
from ipats_lib.scopes import STATE, Scope
from tests.frames.checked import check
from tests.raw import Raw, counted_again


@pytest.fixture
def scope(planner) -> Scope:
    return Scope(planner.lwia)


def scores(state, scope):
    """The frame of a scope, counted anew."""
    return counted_again(state, scope).assessment


def with_level(monkeypatch, lwia, level):
    """The Adult employment rate of an area set against another level."""
    levels = MappingProxyType({**load_levels(True), key_of(2024, lwia, "adult", "ERQ2"): level})
    monkeypatch.setattr(frames, "load_levels", lambda _: levels)


def of(found, program, measure, kind="individual"):
    mine = found.query("score_kind == @kind and program == @program and measure == @measure")
    assert len(mine) == 1
    return mine.iloc[0]


def test_the_state_is_assessed_in_wagner_peyser_too_and_an_area_is_not(state, scope):
    single = scores(state, STATE).query("score_kind == 'individual'")
    assert single.groupby("program").size().to_dict() == {"adult": 5, "dw": 5, "youth": 5, "wp": 3}
    assert of(scores(state, STATE), "wp", "", "program")["components"] == 3
    assert set(scores(state, scope)["program"]) == {"adult", "dw", "youth", ""}


def test_a_score_is_the_figure_of_the_program_year_over_its_target(state, scope):
    """The same figure as the program year's in the frame `figures`; means are of such scores."""
    report = Report(state.slice(scope))
    year = report.figures.query("window == 'annual'").set_index(["program", "measure"])
    single = report.assessment.query("score_kind == 'individual'")
    for one in single.itertuples():
        figure = year.loc[(one.program, one.measure)]
        assert (one.value, one.denominator) == (figure["value"], figure["denominator"])
        assert (one.level, one.level_kind) == (figure["level"], figure["level_kind"])
        assert one.score == pytest.approx(one.value / one.level * 100)
    for one in report.assessment.query("score_kind == 'program'").itertuples():
        mine = single.loc[single["program"] == one.program, "score"].dropna()
        assert (one.components, one.score) == (len(mine), pytest.approx(mine.mean()))
    for one in report.assessment.query("score_kind == 'indicator'").itertuples():
        mine = single.loc[single["measure"] == one.measure, "score"].dropna()
        assert (one.components, one.score) == (len(mine), pytest.approx(mine.mean()))


def test_a_failed_score_says_what_follows_in_which_year(state, scope, monkeypatch):
    """A reorganization plan follows from a third year of the same indicator of one program."""
    with_level(monkeypatch, scope.lwia, Level(3.0, None, "synthetic: x"))
    first = of(scores(state, scope), "adult", "ERQ2")
    assert first["status"] == "Fails"
    assert first["fails"]
    assert first["short"] == pytest.approx(50 - first["score"])
    assert (first["years_failed"], first["earlier_failures"]) == (1, 0)
    assert first["follows"].startswith("technical assistance")
    earlier = {Failure(py, scope.lwia, "individual", "adult ERQ2") for py in (2022, 2023)}
    monkeypatch.setattr(
        frames, "load_failures", lambda synthetic: frozenset(earlier if synthetic else ())
    )
    third = of(scores(state, scope), "adult", "ERQ2")
    assert (third["years_failed"], third["earlier_failures"]) == (3, 2)
    assert third["follows"].startswith("reorganization plan by the Governor")
    assert third["earlier_synthetic"]
    monkeypatch.setattr(frames, "load_failures", lambda _: frozenset(earlier))
    assert not of(scores(state, scope), "adult", "ERQ2")["earlier_synthetic"]
    later = frozenset(replace(one, py=one.py + 10) for one in earlier)
    monkeypatch.setattr(frames, "load_failures", lambda _: later)
    assert not scores(state, scope)["earlier_failures"].any()


def test_a_third_year_of_an_overall_score_brings_no_plan_to_an_area(state, scope, monkeypatch):
    with_level(monkeypatch, scope.lwia, Level(90.0, None, "synthetic: x"))
    earlier = {Failure(py, scope.lwia, "program", "adult") for py in (2022, 2023)}
    monkeypatch.setattr(frames, "load_failures", lambda _: frozenset(earlier))
    adult = of(scores(state, scope), "adult", "", "program")
    assert adult["fails"]
    assert adult["years_failed"] == 3
    assert "reorganization" not in adult["follows"]


def test_what_does_not_fail_has_no_years_and_nothing_that_follows(state):
    for scope in state.snapshot.scopes():
        found = Report(state.slice(scope)).assessment
        fine = found[~found["fails"]]
        assert not fine["years_failed"].any()
        assert set(fine["follows"]) <= {""}
        assert (found["fails"] == (found["short"] > 0)).all()


def test_overall_scores_have_no_band_between_meets_and_fails(state, scope, monkeypatch):
    with_level(monkeypatch, scope.lwia, Level(3.0, None, "synthetic: x"))
    means = scores(state, scope).query("score_kind != 'individual'")
    assert {"Fails", "Exceeds"} <= set(means["status"])
    assert "Below" not in set(means["status"])
    assert (means["threshold"] == 90).all()


def test_the_states_overall_indicator_scores_are_partial_and_give_no_verdict(state, monkeypatch):
    """Domain 3.2: the mean is over six core programs, four of which are in an extract."""
    with_level(monkeypatch, "", Level(90.0, None, "synthetic: x"))
    found = scores(state, STATE)
    means = found.query("score_kind == 'indicator'")
    assert len(means) == 5
    assert set(means["status"]) == {"No verdict: partial, 4 of 6 programs"}
    assert means["score"].notna().all()
    assert means["score"].min() < 90
    assert not means["fails"].any()
    assert not found.query("score_kind == 'program'")["status"].str.contains("partial").any()


def test_each_kind_of_area_has_its_own_threshold(state, scope):
    area, whole = (scores(state, one)["threshold_source"] for one in (scope, STATE))
    assert area.str.contains("20 CFR 677.220(a)(1)", regex=False).all()
    assert area.str.contains("until the owner confirms").all()
    assert whole.str.contains("20 CFR 677.190", regex=False).all()


def test_an_area_with_one_year_of_data_is_not_assessed(state, scope, monkeypatch):
    """On file is PY2023 of Adult employment alone; the extract holds PY2024's employment whole."""
    only = frozenset({(2023, scope.lwia, "adult", "ERQ2")})
    monkeypatch.setattr(frames, "load_complete_years", lambda _: only)
    found = scores(state, scope)
    assert of(found, "adult", "ERQ2")["data_years"] == "PY2023, PY2024"
    few = "Not assessed: fewer than two years of data"
    assert few in set(found["status"])
    source = replace(state.source)
    source.__dict__["whole_from"] = "2024-01-01"
    found = frames.assessment(source).query("area == @scope.lwia and score_kind == 'individual'")
    assert of(found, "adult", "ERQ2")["data_years"] == "PY2023"
    assert set(found["status"]) == {few}
    assert len(found) == 15
    assert found["score"].isna().all()


def test_a_year_of_data_counts_when_it_is_over_and_not_after_the_period(state, scope, monkeypatch):
    """The sample is known in August 2025; PY2026 on file is of no use to PY2024."""
    on_file = frozenset((py, scope.lwia, "adult", "ERQ2") for py in (2022, 2026))
    monkeypatch.setattr(frames, "load_complete_years", lambda _: on_file)
    assert of(scores(state, scope), "adult", "ERQ2")["data_years"] == "PY2022, PY2024"


def test_a_score_that_chance_could_give_says_so(state, scope, monkeypatch):
    """The level is put beside the figure, inside its interval; then far above it."""
    value = float(of(scores(state, scope), "adult", "ERQ2")["value"])
    with_level(monkeypatch, scope.lwia, Level(value + 0.001, None, "synthetic: x"))
    near = of(scores(state, scope), "adult", "ERQ2")
    assert near["could_be_chance"]
    assert near["status"] == "Meets"
    with_level(monkeypatch, scope.lwia, Level(3.0, None, "synthetic: x"))
    assert not of(scores(state, scope), "adult", "ERQ2")["could_be_chance"]


def test_a_baseline_indicator_is_not_assessed(state, scope, monkeypatch):
    own = load_levels(True)[key_of(2024, scope.lwia, "adult", "ERQ2")]
    with_level(monkeypatch, scope.lwia, replace(own, assessed=False))
    found = scores(state, scope)
    line = of(found, "adult", "ERQ2")
    assert line["status"] == "Not assessed: a baseline indicator in this program year"
    assert line["level"] == own.negotiated
    assert of(found, "adult", "", "program")["components"] == 4


def test_where_nobody_is_counted_nothing_is_assessed(state, scope):
    """The figures of an area without a record: every score says why there is none."""
    source = replace(state.source)
    nobody = state.source.counts.query("area != @scope.lwia")
    source.__dict__["counts"] = nobody
    found = frames.assessment(source).query("area == @scope.lwia")
    single = found[found["score_kind"] == "individual"]
    assert set(single["status"]) == {"Not assessed: nobody is counted"}
    assert found["score"].isna().all()
    assert not found["fails"].any()


def test_a_planner_is_not_assessed(state, planner):
    report = Report(state.slice(planner))
    assert report.assessment.empty
    assert report.adjustment.empty


def test_the_estimate_starts_from_the_negotiated_level(state, scope, monkeypatch):
    """Negotiated 75.0, adjusted already to 50.0, factor 0.02: the estimate is 77.0."""
    with_level(monkeypatch, scope.lwia, Level(0.75, 0.5, "synthetic: x"))
    lines = {(2024, "adult", "ERQ2"): (), (2024, "adult", "CR"): (), (2023, "adult", "MSG"): ()}
    model = replace(load_adjustment(), terms=lines)
    monkeypatch.setattr(frames, "load_adjustment", lambda: model)
    monkeypatch.setattr(
        frames,
        "adjustment_factor",
        lambda model, py, area, program, measure, shares: (
            Factor(0.02) if (program, measure) == ("adult", "ERQ2") else Factor(None, "no value")
        ),
    )
    single = scores(state, scope).query("score_kind == 'individual'")
    line = of(single, "adult", "ERQ2")
    assert (line["negotiated"], line["level"]) == (0.75, 0.5)
    assert line["estimate"] == pytest.approx(0.77)
    assert single["estimate_lacks"].value_counts().to_dict() == {
        "": 1, "no value": 1, "no coefficients": 13
    }  # fmt: skip


def test_without_coefficients_of_the_year_no_level_is_estimated(state, scope, monkeypatch):
    model = replace(load_adjustment(), terms={(2020, "adult", "ERQ2"): ()})
    monkeypatch.setattr(frames, "load_adjustment", lambda: model)
    report = counted_again(state, scope)
    assert report.adjustment.empty
    assert report.assessment["estimate"].isna().all()


def test_the_shares_are_those_of_each_indicators_own_cohort(state, scope, monkeypatch):
    """Employment in PY2024: those who exited from July 2023 to June 2024 and are counted."""
    every = [(program, measure) for measure in INDICATORS for program in ("adult", "youth")]
    coefficients = {(2024, *line): (Term("Sex: Female", 0.5),) for line in every}
    before = {(2024, scope.lwia, *line, "Sex: Female"): 0.25 for line in every}
    model = Adjustment(coefficients, before, {}, {(2024, scope.lwia, "adult", "ERQ2"): 0.782})
    monkeypatch.setattr(frames, "load_adjustment", lambda: model)
    report = counted_again(state, scope)
    check(report.adjustment, SCHEMAS["adjustment"])
    file = report.adjustment.set_index(["program", "measure"])
    rows = Raw(state, scope).rows
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
    estimated = of(report.assessment, "adult", "ERQ2")
    assert estimated["estimate"] == estimated["negotiated"] + line["contribution"]
    wages = cohort[cohort["1602"].isin([1, 2, 3]) & cohort["1704"].between(0.01, 999_999)]
    assert file.loc[("adult", "ME"), "actual"] == pytest.approx((wages["201"] == 2).mean())
    assert file["actual"].nunique() > 4, "each indicator has a cohort of its own"


def test_the_failures_on_file_reach_the_areas_that_they_name(state):
    """`params/assessments/synthetic.csv`: two years of skill gains in LWIA 22, one in LWIA 20."""
    for lwia, years in (("22", 2), ("20", 1)):
        line = of(Report(state.slice(Scope(lwia))).assessment, "", "MSG", "indicator")
        assert line["earlier_failures"] == years
        assert line["earlier_synthetic"]
    named = {one.area for one in load_failures(True)}
    for scope in state.snapshot.scopes():
        if scope.kind == "lwia" and scope.area not in named:
            assert not Report(state.slice(scope)).assessment["earlier_failures"].any()


# What the scores would be


def test_each_case_scores_the_figure_that_the_outlook_has_for_it(state, scope):
    """Of a rate: none of the pending succeeds, as expected, and all of them do."""
    report = Report(state.slice(scope))
    keys = ["program", "measure"]
    ahead = report.outlook.query("period == 'PY2024'").set_index(keys)
    columns = {"none": "at_worst", "expected": "expected", "all": "at_best"}
    single = report.score_cases.query("score_kind == 'individual'")
    assert set(single["case"]) == set(columns)
    for one in single.itertuples():
        line = ahead.loc[(one.program, one.measure)]
        value = line[columns[one.case]]
        assert one.as_it_stands == pd.isna(value)
        assert one.value == pytest.approx(line["value"] if one.as_it_stands else value)
        if not pd.isna(one.score):
            assert one.score == pytest.approx(100 * one.value / line["level"])


def test_the_cases_of_a_mean_are_means_of_that_case(state, scope):
    cases = Report(state.slice(scope)).score_cases
    single = cases.query("score_kind == 'individual'")
    for one in cases.query("score_kind == 'program'").dropna(subset="score").itertuples():
        mine = single.query("program == @one.program and case == @one.case")["score"]
        assert one.score == pytest.approx(mine.mean())
        assert one.components == mine.notna().sum()


def test_a_case_fails_and_is_named_as_the_assessment_would(state, scope):
    """With nothing pending all three cases are the assessment itself."""
    report = Report(state.slice(scope))
    keys = ["score_kind", "program", "measure"]
    now = report.assessment.set_index(keys)
    pending = report.outlook.query("period == 'PY2024' and pending > 0")["program"].unique()
    cases = report.score_cases
    settled = cases[(cases["program"] != "") & ~cases["program"].isin(pending)]
    assert len(settled)
    for one in settled.itertuples():
        line = now.loc[(one.score_kind, one.program, one.measure)]
        assert one.score == pytest.approx(line["score"], nan_ok=True)
        assert (one.status, one.fails, one.threshold) == (
            line["status"], line["fails"], line["threshold"],
        )  # fmt: skip


def test_wagner_peyser_stays_as_it_stands(state):
    cases = Report(state.slice(STATE)).score_cases.query("score_kind == 'individual'")
    assert cases.loc[cases["program"] == "wp", "as_it_stands"].all()
