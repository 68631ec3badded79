"""The frame `training`: outcomes by training provider and occupation.  Source: domain 7.3."""

from dataclasses import replace

import pandas as pd
import pytest

from ipats_lib.disclosure import load_thresholds, small_cells
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import params_folder
from ipats_lib.report import Report
from ipats_lib.scopes import STATE, Scope
from tests.raw import opened

KINDS = {"Training provider": ["1301"], "Occupation of training": ["1306", "1311", "1316"]}
NAMES = ["measure", "dimension", "group_title"]


@pytest.fixture(scope="module", params=["state", "lwia"])
def scope(request, planner) -> Scope:
    return STATE if request.param == "state" else Scope(planner.lwia)


@pytest.fixture(scope="module")
def recounted(state, scope):
    """Every line before anything is withheld, counted record by record."""
    report = opened(state, scope)
    rows = report.raw.rows.set_index("row")
    window = report.period.reports[0].label
    outcomes = report.raw.outcomes
    outcomes = outcomes[(outcomes["report"] == window) & (outcomes["program"] == "title1")]
    titles = pd.read_csv(params_folder() / "occupations.csv", dtype=str).set_index("group")["title"]
    trained = rows[rows["1300"].astype("object") == 1]
    found = []
    for kind, elements in KINDS.items():
        for row, texts in trained[elements].astype("object").iterrows():
            named = {str(text) for text in texts if not pd.isna(text) and str(text)}
            if kind != "Training provider":
                named = {titles[text[:2]] for text in named}
            found += [(row, kind, name) for name in named or {"Not recorded"}]
    groups = pd.DataFrame(found, columns=["row", "dimension", "group_title"])
    known = outcomes[outcomes["state"].isin(["success", "failure", "pending"])]
    lines = known.astype({"state": "object", "indicator": "object"}).merge(groups, on="row")
    lines = lines.rename(columns={"indicator": "measure"})
    return (
        lines.assign(success=lines["state"] == "success")
        .groupby(NAMES)
        .agg(
            denominator=("row", "size"),
            numerator=("success", "sum"),
            median=("value", "median"),
            wages=("value", "count"),
        )
    )


@pytest.fixture(scope="module")
def training(state, scope):
    return Report(state.slice(scope)).training.set_index(NAMES)


def test_every_shown_figure_is_that_of_the_records(training, recounted):
    shown = training[~training["suppressed"]]
    for name, line in shown.iterrows():
        counted = recounted.loc[name]
        if INDICATORS[name[0]].is_median:
            assert (line["denominator"], line["value"]) == (counted["wages"], counted["median"])
        else:
            assert line["denominator"] == counted["denominator"]
            assert line["numerator"] == counted["numerator"]
            assert line["value"] == line["numerator"] / line["denominator"]


def test_no_group_is_missing(training, recounted):
    counted = recounted[recounted["wages"].gt(0) | (recounted.index.get_level_values(0) != "ME")]
    assert set(training.index) == set(counted.index)


def test_small_cells_are_withheld_and_enough_beside_them(training, recounted):
    """By hand from the counts: what is hidden of a kind and measure is no small cell together."""
    limits = load_thresholds()
    both = training[["suppressed"]].join(recounted).reset_index()
    median = both["measure"] == "ME"
    counts = both.assign(
        denominator=both["denominator"].where(~median, both["wages"]),
        numerator=both["numerator"].astype("Int64").mask(median),
    )
    small = small_cells(counts, limits)
    assert both.loc[small, "suppressed"].all()
    assert (
        training.loc[training["suppressed"], ["numerator", "denominator", "value"]]
        .isna()
        .all(axis=None)
    )
    for _, mine in counts.groupby(["measure", "dimension"]):
        hidden = mine[mine["suppressed"]]
        if len(hidden) and len(hidden) < len(mine):
            assert len(hidden) >= limits.minimum_hidden_cells
            code = mine["measure"].iloc[0]
            sizes = hidden[["denominator", "numerator"]].sum().astype("int64")
            number = pd.NA if code == "ME" else sizes["numerator"]
            cell = {"measure": code, "numerator": number, "denominator": sizes["denominator"]}
            together = pd.DataFrame([cell]).astype({"numerator": "Int64"})
            assert not small_cells(together, limits).any()


def test_wages_are_withheld_with_the_employment_rate_of_the_same_exits(training):
    hidden = training["suppressed"].unstack("measure")
    both = hidden[["ERQ2", "ME"]].dropna()
    assert (both["ERQ2"] == both["ME"]).all()


def test_a_group_of_occupations_without_a_title_is_named_by_its_code(state, monkeypatch):
    untitled = "ipats_lib.frames.training.group_titles"
    monkeypatch.setattr(untitled, lambda codes: [""] * len(codes))
    found = Report(replace(state).slice(STATE)).training
    names = found.loc[found["dimension"] == "Occupation of training", "group_title"]
    assert set(names.str.replace(r"^\d\d ", "", regex=True)) == {"(title not available)",
                                                               "Not recorded"}  # fmt: skip
