"""The assessment by hand.  Source: domain 3.1 to 3.3; WIOA s.116(f), (g)."""

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from ipats_lib.assessment.adjustment import Adjustment, Term, adjustment_factor, load_adjustment
from ipats_lib.assessment.history import (
    Failure,
    consequence,
    load_complete_years,
    load_failures,
    years_failed,
)
from ipats_lib.assessment.scores import KINDS, individual_scores, load_score_limits, overall_scores
from ipats_lib.errors import ParamsError
from ipats_lib.levels.level import Level, band_of, key_of
from ipats_lib.params import params_folder

AREA = "25"


DURING, AFTER = date(2025, 6, 30), date(2025, 7, 1)


def scored(cells, levels, *, as_of=DURING, lwia=AREA, years=(2023, 2024), interval=(0.0, 0.0)):
    """Individual scores of (program, measure, counted, actual) cells of PY2024 against levels."""
    figures = pd.DataFrame(cells, columns=["program", "measure", "denominator", "value"])
    figures = figures.assign(py=2024, lower=interval[0], upper=interval[1])
    keyed = {key_of(2024, lwia, *of): level for of, level in levels.items()}
    complete = {(program, measure): years for program, measure, *_ in cells}
    return individual_scores(figures, keyed, lwia, as_of, complete)


def test_a_score_is_the_actual_over_the_target():
    """60 percent against 75 percent is a score of 80: no failure, and 30 above the limit of 50."""
    line = scored([("adult", "ERQ2", 100, 0.60)], {("adult", "ERQ2"): Level(0.75, None, "x")}).iloc[
        0
    ]
    assert line["score"] == pytest.approx(80)
    assert not line["fails"]
    assert line["short"] == 0


def test_under_half_of_the_target_an_individual_score_fails_and_says_by_how_much():
    line = scored([("adult", "CR", 10, 0.30)], {("adult", "CR"): Level(0.75, None, "x")}).iloc[0]
    assert line["score"] == pytest.approx(40)
    assert line["fails"]
    assert line["short"] == pytest.approx(10)


def test_the_adjusted_level_counts_only_when_the_year_is_over():
    levels = {("adult", "ERQ2"): Level(0.80, 0.75, "x")}
    during = scored([("adult", "ERQ2", 9, 0.60)], levels).iloc[0]
    after = scored([("adult", "ERQ2", 9, 0.60)], levels, as_of=AFTER).iloc[0]
    assert (during["basis"], during["score"]) == ("negotiated", pytest.approx(75))
    assert (after["basis"], after["score"]) == ("adjusted", pytest.approx(80))


@pytest.mark.parametrize(
    ("counted", "level", "reason"),
    [
        (5, None, "no level"),
        (0, Level(0.8, None, "x"), "nobody is counted"),
        (5, Level(0.8, None, "x", assessed=False), "a baseline indicator in this program year"),
    ],
)
def test_what_cannot_be_assessed_has_a_reason_and_no_score(counted, level, reason):
    levels = {("adult", "MSG"): level} if level else {}
    line = scored([("adult", "MSG", counted, 0.5)], levels).iloc[0]
    assert pd.isna(line["score"])
    assert not line["fails"]
    assert line["reason"] == reason


CELLS = [
    ("adult", "ERQ2", 10, 0.80), ("adult", "CR", 10, 0.60),
    ("dw", "ERQ2", 10, 0.72), ("dw", "CR", 10, 0.88),
    ("youth", "ERQ2", 10, 0.40),
]  # fmt: skip
LEVELS = {(p, m): Level(0.80, None, "x") for p, m, *_ in CELLS}


def test_a_programs_score_is_the_mean_of_its_assessed_scores():
    """Adult: 100 and 75, mean 87.5, fails by 2.5. DW: 90 and 110, mean 100. Youth: one score."""
    overall = overall_scores(scored(CELLS, LEVELS), "program", AREA).set_index("name")
    assert overall.loc["adult", "score"] == pytest.approx(87.5)
    assert overall.loc["adult", "fails"]
    assert overall.loc["adult", "short"] == pytest.approx(2.5)
    assert overall.loc["dw", "score"] == pytest.approx(100)
    assert pd.isna(overall.loc["youth", "score"])
    assert overall.loc["youth", "reason"] == "fewer than two assessed scores"


def test_an_indicators_score_is_the_mean_over_programs():
    """ERQ2: 100, 90 and 50, mean 80. CR: 75 and 110, mean 92.5."""
    overall = overall_scores(scored(CELLS, LEVELS), "indicator", AREA).set_index("name")
    assert overall["score"].tolist() == pytest.approx([80, 92.5])
    assert overall["fails"].tolist() == [True, False]


def test_years_of_the_same_failure_are_counted_without_a_gap():
    failures = {Failure(py, AREA, "program", "adult") for py in (2020, 2022, 2023)}
    assert years_failed(failures, 2024, AREA, "program", "adult") == 3
    assert years_failed(failures, 2024, AREA, "program", "dw") == 1
    assert years_failed(failures, 2024, "07", "program", "adult") == 1


def test_a_score_needs_two_complete_years_of_data():
    """20 CFR 677.220(a)(1)(ii). One year of Adult skill gains, two of its employment."""
    levels = {("adult", m): Level(0.8, None, "x") for m in ("MSG", "ERQ2", "ERQ4")}
    few = scored([("adult", "MSG", 50, 0.2)], levels, years=(2024,)).iloc[0]
    assert pd.isna(few["score"])
    assert not few["fails"]
    assert few["reason"] == "fewer than two years of data"
    assert few["years"] == (2024,)
    enough = scored([("adult", "ERQ2", 50, 0.2)], levels, years=(2022, 2024)).iloc[0]
    assert enough["fails"]
    assert not enough["reason"]


def test_a_score_without_enough_years_is_in_no_overall_score():
    levels = {("adult", m): Level(0.8, None, "x") for m in ("MSG", "ERQ2")}
    both = pd.concat(
        [
            scored([("adult", "MSG", 50, 0.2)], levels, years=()),
            scored([("adult", "ERQ2", 50, 0.8)], levels),
        ]
    )
    (line,) = overall_scores(both, "program", AREA).to_dict("records")
    assert (line["components"], line["reason"]) == (1, "fewer than two assessed scores")


def test_a_score_could_be_chance_where_the_interval_of_the_actual_holds_the_target():
    """60 of 100 against 0.65: the interval is 0.50 to 0.69. Against 0.80 it is not."""
    cell, interval = [("adult", "ERQ2", 100, 0.60)], (0.502, 0.691)
    near = scored(cell, {("adult", "ERQ2"): Level(0.65, None, "x")}, interval=interval)
    far = scored(cell, {("adult", "ERQ2"): Level(0.80, None, "x")}, interval=interval)
    unassessed = scored(cell, {}, interval=interval)
    assert [bool(one["chance"].iloc[0]) for one in (near, far, unassessed)] == [True, False, False]


def test_the_states_overall_indicator_score_is_partial_and_gets_no_verdict():
    """20 CFR 677.190: the mean over six core programs, of which a file holds four.

    The mean of 50 and 75 is 62.5: shown, and no failure. Its program scores fail as ever.
    """
    cells = [("adult", "ERQ2", 10, 0.40), ("wp", "ERQ2", 10, 0.60), ("adult", "CR", 10, 0.40)]
    levels = {(p, m): Level(0.80, None, "x") for p, m, *_ in cells}
    scores = scored(cells, levels, lwia="")
    overall = overall_scores(scores, "indicator", "").set_index("name")
    assert overall.loc["ERQ2", "score"] == pytest.approx(62.5)
    assert overall.loc["ERQ2", "partial"] == "partial, 4 of 6 programs"
    assert not overall["fails"].any()
    assert overall["short"].eq(0).all()
    program = overall_scores(scores, "program", "").set_index("name")
    assert program.loc["adult", "fails"]
    assert program.loc["adult", "partial"] == ""


def test_an_lwias_overall_indicator_score_is_whole_with_its_three_programs():
    overall = overall_scores(scored(CELLS, LEVELS), "indicator", AREA)
    assert (overall["partial"] == "").all()


def test_an_lwias_limits_are_the_states_own_threshold():
    """20 CFR 677.220(a)(1); Illinois ePolicy 3.6: rows of their own, with their source."""
    limits = load_score_limits()
    assert {kind: limits["lwia", kind].threshold for kind in KINDS} == {
        "individual": 50, "program": 90, "indicator": 90,
    }  # fmt: skip
    for kind in KINDS:
        assert "677.220(a)(1)" in limits["lwia", kind].source
        assert "until the owner confirms" in limits["lwia", kind].source
        assert limits["state", kind].source.startswith("20 CFR 677.190")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("lwia,program,90", "lwia,program,much", "line 6: could not convert"),
        ("lwia,program,90", "region,program,90", "line 6: 'region' is not known here"),
        ("state,indicator,90,6", "state,indicator,90,", "line 4: expected a source, and programs"),
        ("lwia,program,90", "state,program,90", "expected one line each for state, lwia"),
    ],
)
def test_a_faulty_limit_is_named(changed_params, old, new, named):
    path = changed_params / "assessment.csv"
    path.write_text(path.read_text().replace(old, new))
    load_score_limits.cache_clear()
    with pytest.raises(ParamsError, match=named):
        load_score_limits()


def test_complete_years_are_on_file_for_the_area_program_and_indicator():
    """DOL's local results of PY2023 are of every board; PY2022 is known of the state alone."""
    known = load_complete_years(False)
    assert (2023, "25", "youth", "MSG") in known
    assert (2022, "25", "youth", "CR") not in known
    assert (2022, "IL", "wp", "ME") in known
    assert (2022, "IL", "adult", "MSG") not in known
    assert (2022, "25", "youth", "CR") in load_complete_years(True)


@pytest.mark.parametrize(
    ("name", "line", "named"),
    [
        ("complete_years.csv", "2023,99,adult,ERQ2,a table", "'99' is not known here"),
        ("complete_years.csv", "2023,IL,title1,ERQ2,a table", "'title1' is not known here"),
        ("complete_years.csv", "2023,IL,adult,ERQ9,a table", "'ERQ9' is not known here"),
        ("complete_years.csv", "2023,IL,adult,ERQ2,", "the source must say"),
        ("complete_years.csv", "2023,IL,adult,ERQ2,synthetic: x", "the source must say"),
        ("synthetic_complete_years.csv", "2023,IL,adult,ERQ2,a table", "the source must say"),
    ],
)
def test_a_faulty_line_of_complete_years_is_named(changed_params, name, line, named):
    path = changed_params / "assessments" / name
    path.write_text("py,areas,programs,indicators,source\n" + line + "\n")
    load_complete_years.cache_clear()
    with pytest.raises(ParamsError, match=f"{name} line 2: {named}"):
        load_complete_years(True)


@pytest.fixture
def changed_params(tmp_path, monkeypatch):
    """A copy of the parameters that a test may change."""
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path / "params"))
    yield tmp_path / "params"
    monkeypatch.undo()
    for load in (load_score_limits, load_complete_years, load_adjustment, load_failures):
        load.cache_clear()


def test_what_follows():
    assert consequence("lwia", "program", 1) == "technical assistance"
    assert consequence("lwia", "individual", 2).startswith("technical assistance; a third year")
    assert consequence("lwia", "individual", 3) == "reorganization plan by the Governor"
    assert consequence("lwia", "individual", 4) == "reorganization plan by the Governor"
    for kind in KINDS:
        assert consequence("state", kind, 2).startswith("sanction: 5 percent")


def test_a_plan_follows_from_one_indicator_of_one_program_and_never_from_an_overall_score():
    """20 CFR 677.220(b): the same indicator of the same program, a third year."""
    for kind in ("program", "indicator"):
        for years in (1, 2, 3, 4):
            assert consequence("lwia", kind, years) == "technical assistance"


def test_nothing_follows_for_a_planner():
    assert consequence("planner", "program", 1) == ""


def test_the_mean_of_scores_that_meets_a_cut_exactly_meets_it():
    """117 of 200 against 65.0 is 90 percent exactly; so is the mean of two of them."""
    cells = [("adult", "ERQ2", 200, 117 / 200), ("adult", "ERQ4", 200, 117 / 200)]
    scores = scored(cells, {(p, m): Level(65.0 / 100, None, "x") for p, m, *_ in cells})
    assert scores["score"].tolist() == [90, 90]
    assert overall_scores(scores, "program", AREA)["score"].tolist() == [90]
    assert not overall_scores(scores, "program", AREA)["fails"].any()


WP = [("adult", "ERQ2", 10, 0.60), ("wp", "ERQ2", 10, 0.80)]
WP_LEVELS = {(p, m): Level(0.80, None, "x") for p, m, *_ in WP}


def test_wagner_peyser_is_assessed_for_the_state_alone():
    """The state's ERQ2: 75 and 100, mean 87.5. An LWIA has no Wagner-Peyser score."""
    state = scored(WP, WP_LEVELS, lwia="")
    assert state["program"].tolist() == ["adult", "wp"]
    assert overall_scores(state, "indicator", "")["score"].tolist() == [87.5]
    assert scored(WP, WP_LEVELS)["program"].tolist() == ["adult"]


@pytest.mark.parametrize(
    ("score", "one", "mean"),
    [
        (100, "Exceeds", "Exceeds"), (99.9, "Meets", "Meets"), (90, "Meets", "Meets"),
        (89.9, "Below", "Fails"), (50, "Below", "Fails"), (49.9, "Fails", "Fails"),
        (float("nan"), "No verdict", "No verdict"),
    ],
)  # fmt: skip
def test_the_bands_of_one_score_and_of_a_mean(score, one, mean):
    """An overall score has no band between meeting and failing (domain 3.3)."""
    assert band_of(score).name == one
    assert band_of(score, overall=True).name == mean


def test_the_bands_fail_where_the_assessment_fails():
    limits = load_score_limits()
    for (_, kind), limit in limits.items():
        overall = kind != "individual"
        assert band_of(limit.threshold - 0.1, overall=overall).name == "Fails"
        assert band_of(limit.threshold, overall=overall).name != "Fails"


def test_an_adjustment_is_the_sum_of_coefficient_times_change():
    """0.10 x (0.60 - 0.50) - 2 x (0.055 - 0.050) = 0.010 - 0.010 = 0.

    LWIA 07 had 0.40 before the year: 0.10 x 0.20 - 0.010 = 0.010.
    """
    terms = (Term("Sex: Female", 0.10), Term("unemployment", -2.0))
    before = {
        (2024, area, "adult", "ERQ2", name): value
        for area, name, value in [
            (AREA, "Sex: Female", 0.50), (AREA, "unemployment", 0.050),
            ("07", "Sex: Female", 0.40), ("07", "unemployment", 0.050),
            ("01", "Sex: Female", 0.40),
            ("02", "Sex: Female", 0.40),
        ]
    }  # fmt: skip
    conditions = {(2024, area, "unemployment"): 0.055 for area in (AREA, "07", "01")}
    model = Adjustment({(2024, "adult", "ERQ2"): terms}, before, conditions)

    def factor(area, measure="ERQ2"):
        return adjustment_factor(model, 2024, area, "adult", measure, {"Sex: Female": 0.60})

    assert factor(AREA).value == pytest.approx(0.0)
    assert factor("07").value == pytest.approx(0.010)
    assert factor("01").value is None
    assert factor("01").lacks == "no value of 'unemployment' before the year for this area"
    assert factor("02").lacks == "no actual value of 'unemployment' for this area"
    assert factor(AREA, "CR").lacks == "no coefficients"
    parts = factor("07").contributions
    assert [part.variable for part in parts] == ["Sex: Female", "unemployment"]
    assert [part.value for part in parts] == pytest.approx([0.020, -0.010])
    assert [part.value for part in factor("01").contributions] == [pytest.approx(0.020), None]


def test_the_value_before_the_year_is_that_of_the_indicators_own_cohort():
    """0.10 x (0.60 - 0.50) for employment; 0.10 x (0.60 - 0.30) for credentials."""
    terms = (Term("Sex: Female", 0.10),)
    model = Adjustment(
        {(2024, "adult", "ERQ2"): terms, (2024, "adult", "CR"): terms},
        {
            (2024, AREA, "adult", "ERQ2", "Sex: Female"): 0.50,
            (2024, AREA, "adult", "CR", "Sex: Female"): 0.30,
        },
        {},
    )
    changes = [
        adjustment_factor(model, 2024, AREA, "adult", measure, {"Sex: Female": 0.60}).value
        for measure in ("ERQ2", "CR")
    ]
    assert changes == pytest.approx([0.010, 0.030])


def test_no_coefficients_are_supplied_and_none_invented():
    assert not load_adjustment().terms


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("coefficients.csv", "2024,adult,ERQ2,x,much,a table\n", "coefficient is 'much'"),
        ("coefficients.csv", "2024,adult,ERQ2,x,nan,a table\n", "coefficient is 'nan'"),
        ("before.csv", "2024,,adult,ERQ2,x,0.5,a table\n", "area_code is ''"),
        ("before.csv", "2024,07,adult,,x,0.5,a table\n", "indicator is ''"),
        (
            "before.csv",
            "2024,07,adult,CR,x,0.5,a table\n" * 2,
            "2024, 07, adult, CR, x appears twice",
        ),
        ("predictions.csv", "2024,IL,adult,CR,high,a table\n", "level is 'high'"),
        ("conditions.csv", "2024,99,x,0.5,a table\n", "area_code is '99'"),
    ],
)
def test_a_faulty_line_of_the_adjustment_is_named(changed_params, file, text, named):
    path = changed_params / "adjustment" / file
    path.write_text(path.read_text() + text)
    load_adjustment.cache_clear()
    with pytest.raises(ParamsError, match=f"{file} line [23]: {named}"):
        load_adjustment()


def test_invented_failures_count_for_synthetic_data_alone():
    """The sample's LWIA 20 fails skill gains in a second year, its LWIA 22 in a third."""
    invented = load_failures(True) - load_failures(False)
    assert years_failed(invented, 2024, "20", "indicator", "MSG") == 2
    assert years_failed(invented, 2024, "22", "indicator", "MSG") == 3
    assert years_failed(load_failures(False), 2024, "22", "indicator", "MSG") == 1
    path = Path(params_folder(), "assessments", "synthetic.csv")
    sources = [line.split(",", 5)[5] for line in path.read_text().splitlines()[1:]]
    assert all(source.startswith('"synthetic: ') for source in sources)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("synthetic.csv", "2023,20,indicator,MSG,true,a notice\n"),
        ("published.csv", "2023,20,indicator,MSG,true,synthetic: x\n"),
        ("published.csv", "2023,20,indicator,adult,true,a notice\n"),
        ("published.csv", "2023,20,individual,adult,true,a notice\n"),
        ("published.csv", "2023,20,score,MSG,true,a notice\n"),
    ],
)
def test_a_faulty_earlier_failure_is_named(changed_params, file, line):
    path = changed_params / "assessments" / file
    path.write_text(path.read_text().splitlines()[0] + "\n" + line)
    load_failures.cache_clear()
    with pytest.raises(ParamsError, match=f"{file} line 2"):
        load_failures(True)
