"""The assessment by hand.  Source: domain 3.1 to 3.3; WIOA s.116(f), (g)."""

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from ipats_lib.assessment import (
    adjustment_factor,
    consequence,
    individual_scores,
    load_adjustment,
    load_failures,
    load_score_limits,
    overall_scores,
    years_failed,
)
from ipats_lib.assessment.adjustment import Adjustment, Term
from ipats_lib.assessment.history import Failure
from ipats_lib.assessment.scores import KINDS
from ipats_lib.errors import ParamsError
from ipats_lib.levels import Level, band_of, key_of
from ipats_lib.params import params_folder

AREA = "25"


DURING, AFTER = date(2025, 6, 30), date(2025, 7, 1)


def scored(cells, levels, *, as_of=DURING, lwia=AREA):
    """Individual scores of (program, measure, counted, actual) cells of PY2024 against levels."""
    figures = pd.DataFrame(cells, columns=["program", "measure", "denominator", "value"])
    keyed = {key_of(2024, lwia, *of): level for of, level in levels.items()}
    return individual_scores(figures.assign(py=2024), keyed, lwia, as_of)


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
    overall = overall_scores(scored(CELLS, LEVELS), "program").set_index("name")
    assert overall.loc["adult", "score"] == pytest.approx(87.5)
    assert overall.loc["adult", "fails"]
    assert overall.loc["adult", "short"] == pytest.approx(2.5)
    assert overall.loc["dw", "score"] == pytest.approx(100)
    assert pd.isna(overall.loc["youth", "score"])
    assert overall.loc["youth", "reason"] == "fewer than two assessed scores"


def test_an_indicators_score_is_the_mean_over_programs():
    """ERQ2: 100, 90 and 50, mean 80. CR: 75 and 110, mean 92.5."""
    overall = overall_scores(scored(CELLS, LEVELS), "indicator").set_index("name")
    assert overall["score"].tolist() == pytest.approx([80, 92.5])
    assert overall["fails"].tolist() == [True, False]


def test_years_of_the_same_failure_are_counted_without_a_gap():
    failures = {Failure(py, AREA, "program", "adult") for py in (2020, 2022, 2023)}
    assert years_failed(failures, 2024, AREA, "program", "adult") == 3
    assert years_failed(failures, 2024, AREA, "program", "dw") == 1
    assert years_failed(failures, 2024, "07", "program", "adult") == 1


def test_what_follows():
    assert consequence("lwia", "program", 1) == "technical assistance"
    for kind in ("program", "individual"):
        assert consequence("lwia", kind, 2).startswith("technical assistance; a third year")
        assert consequence("lwia", kind, 3) == "reorganization plan by the Governor"
        assert consequence("lwia", kind, 4) == "reorganization plan by the Governor"
    for kind in KINDS:
        assert consequence("state", kind, 2).startswith("sanction: 5 percent")


def test_a_plan_is_for_one_program_and_not_for_an_indicator_over_all_three():
    """Domain 3.2: the third year of failure for the same program."""
    for years in (1, 2, 3, 4):
        assert consequence("lwia", "indicator", years) == "technical assistance"


def test_nothing_follows_for_a_planner():
    assert consequence("planner", "program", 1) == ""


def test_the_mean_of_scores_that_meets_a_cut_exactly_meets_it():
    """117 of 200 against 65.0 is 90 percent exactly; so is the mean of two of them."""
    cells = [("adult", "ERQ2", 200, 117 / 200), ("adult", "ERQ4", 200, 117 / 200)]
    scores = scored(cells, {(p, m): Level(65.0 / 100, None, "x") for p, m, *_ in cells})
    assert scores["score"].tolist() == [90, 90]
    assert overall_scores(scores, "program")["score"].tolist() == [90]
    assert not overall_scores(scores, "program")["fails"].any()


WP = [("adult", "ERQ2", 10, 0.60), ("wp", "ERQ2", 10, 0.80)]
WP_LEVELS = {(p, m): Level(0.80, None, "x") for p, m, *_ in WP}


def test_wagner_peyser_is_assessed_for_the_state_alone():
    """The state's ERQ2: 75 and 100, mean 87.5. An LWIA has no Wagner-Peyser score."""
    state = scored(WP, WP_LEVELS, lwia="")
    assert state["program"].tolist() == ["adult", "wp"]
    assert overall_scores(state, "indicator")["score"].tolist() == [87.5]
    assert scored(WP, WP_LEVELS)["program"].tolist() == ["adult"]


@pytest.mark.parametrize(
    ("score", "one", "mean"),
    [
        (100, "Exceeds", "Exceeds"), (99.9, "Meets", "Meets"), (90, "Meets", "Meets"),
        (89.9, "Below", "Fails"), (50, "Below", "Fails"), (49.9, "Fails", "Fails"),
        (float("nan"), "Not assessed", "Not assessed"),
    ],
)  # fmt: skip
def test_the_bands_of_one_score_and_of_a_mean(score, one, mean):
    """An overall score has no band between meeting and failing (domain 3.3)."""
    assert band_of(score).name == one
    assert band_of(score, overall=True).name == mean


def test_the_bands_fail_where_the_assessment_fails():
    limits = load_score_limits()
    for kind, limit in limits.items():
        overall = kind != "individual"
        assert band_of(limit - 0.1, overall=overall).name == "Fails"
        assert band_of(limit, overall=overall).name != "Fails"


def test_an_adjustment_is_the_sum_of_coefficient_times_change():
    """0.10 x (0.60 - 0.50) - 2 x (0.055 - 0.050) = 0.010 - 0.010 = 0.

    LWIA 07 had 0.40 before the year: 0.10 x 0.20 - 0.010 = 0.010.
    """
    terms = (Term("Sex: Female", 0.10), Term("unemployment", -2.0))
    before = {
        (2024, area, "adult", name): value
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


def test_no_coefficients_are_supplied_and_none_invented():
    assert not load_adjustment().terms


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("coefficients.csv", "2024,adult,ERQ2,x,much,a table\n", "coefficient is 'much'"),
        ("coefficients.csv", "2024,adult,ERQ2,x,nan,a table\n", "coefficient is 'nan'"),
        ("before.csv", "2024,,adult,x,0.5,a table\n", "area_code is ''"),
        ("before.csv", "2024,07,adult,x,0.5,a table\n" * 2, "2024, 07, adult, x stands twice"),
        ("conditions.csv", "2024,99,x,0.5,a table\n", "area_code is '99'"),
    ],
)
def test_a_faulty_line_of_the_adjustment_is_named(tmp_path, monkeypatch, file, text, named):
    shutil.copytree(params_folder(), tmp_path / "params")
    path = tmp_path / "params" / "adjustment" / file
    path.write_text(path.read_text() + text)
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path / "params"))
    load_adjustment.cache_clear()
    with pytest.raises(ParamsError, match=f"{file} line [23]: {named}"):
        load_adjustment()
    monkeypatch.undo()
    load_adjustment.cache_clear()


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
def test_a_faulty_earlier_failure_is_named(tmp_path, monkeypatch, file, line):
    shutil.copytree(params_folder(), tmp_path / "params")
    path = tmp_path / "params" / "assessments" / file
    path.write_text(path.read_text().splitlines()[0] + "\n" + line)
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path / "params"))
    load_failures.cache_clear()
    with pytest.raises(ParamsError, match=f"{file} line 2"):
        load_failures(True)
    monkeypatch.undo()
    load_failures.cache_clear()
