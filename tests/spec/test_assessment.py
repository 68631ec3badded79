"""The assessment by hand.  Source: domain 3.1 to 3.3; WIOA s.116(f), (g)."""

import pandas as pd
import pytest

from ipats_lib.assessment import (
    adjustment_factor,
    consequence,
    individual_scores,
    load_adjustment,
    overall_scores,
    years_failed,
)
from ipats_lib.assessment.adjustment import Adjustment, Term
from ipats_lib.assessment.history import Failure
from ipats_lib.errors import ParamsError
from ipats_lib.levels import Level

AREA = "25"


def scored(cells, levels, *, year_over=False):
    """Individual scores of (program, measure, counted, actual) cells against levels."""
    figures = pd.DataFrame(cells, columns=["program", "measure", "denominator", "value"])
    keyed = {(2024, AREA, program, measure): level for (program, measure), level in levels.items()}
    return individual_scores(figures.assign(py=2024), keyed, AREA, year_over=year_over)


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
    after = scored([("adult", "ERQ2", 9, 0.60)], levels, year_over=True).iloc[0]
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
    assert consequence("lwia", 1) == "technical assistance"
    assert consequence("lwia", 3) == consequence("lwia", 4) == "reorganization plan by the Governor"
    assert consequence("state", 2).startswith("sanction: 5 percent")


def test_an_adjustment_is_the_sum_of_coefficient_times_change():
    """0.10 x (0.60 - 0.50) - 2 x (0.055 - 0.050) = 0.010 - 0.010 = 0."""
    terms = (Term("Sex: Female", 0.10, 0.50), Term("unemployment", -2.0, 0.050))
    model = Adjustment({(2024, "adult", "ERQ2"): terms}, {(2024, AREA, "unemployment"): 0.055})
    factor = adjustment_factor(model, 2024, AREA, "adult", "ERQ2", {"Sex: Female": 0.60})
    assert factor == pytest.approx(0.0)
    assert adjustment_factor(model, 2024, "07", "adult", "ERQ2", {"Sex: Female": 0.6}) is None
    assert adjustment_factor(model, 2024, AREA, "adult", "CR", {}) is None


def test_no_coefficients_are_supplied_and_none_invented():
    assert not load_adjustment().terms


def test_a_faulty_coefficient_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "adjustment"
    folder.mkdir()
    head = "py,program,indicator,variable,coefficient,before,source\n"
    (folder / "coefficients.csv").write_text(head + "2024,adult,ERQ2,x,much,0.5,a table\n")
    (folder / "conditions.csv").write_text("py,area_code,variable,value,source\n")
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path))
    load_adjustment.cache_clear()
    with pytest.raises(ParamsError, match="coefficients.csv line 2"):
        load_adjustment()
    monkeypatch.undo()
    load_adjustment.cache_clear()
