"""Whatever a page shows is counted from the same rows, so no two figures can disagree.

Source: issue "Performance tools", "Right to the record": totals, groups, areas and planners.
"""

from dataclasses import replace

import pandas as pd
import pytest

from ipats_lib.forms import rows_by_name
from ipats_lib.indicators import aggregate
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.report.report import Report
from ipats_lib.scopes import STATE
from tests.raw import Opened, Raw, opened
from tests.report import reference

TITLE_I = ("adult", "dw", "youth")
RATES = [code for code, rule in INDICATORS.items() if not rule.is_median]


def lines(report: Opened, window=None) -> pd.DataFrame:
    figures = reference.indicators(report, window)
    return figures[figures["program"].isin(TITLE_I)].set_index(["program", "measure"])


def test_the_state_lists_nobody(state):
    whole = Report(state.slice(STATE))
    assert whole.elements.empty
    assert whole.outcomes["customer"].isna().all()
    assert whole.open_outcomes["customer"].isna().all()
    assert whole.cohort_members.empty


def test_the_line_of_all_is_the_figure_and_no_group_exceeds_it(report):
    figures = lines(report)
    for key, mine in reference.breakdown(report).groupby(["program", "indicator"], observed=True):
        if key not in figures.index:
            continue
        everybody, groups = mine.iloc[0], mine.iloc[1:]
        assert everybody["denominator"] == figures.loc[key, "denominator"]
        assert everybody["value"] == pytest.approx(figures.loc[key, "value"], nan_ok=True)
        assert (groups["denominator"] <= everybody["denominator"]).all()
        sexes = groups.loc[groups["dimension"] == "Sex", "denominator"].sum()
        assert sexes <= everybody["denominator"]


def test_the_service_tiers_and_the_counties_split_the_whole(report):
    """Everybody is in one tier, and lives in one county, or outside Illinois."""
    for _, mine in reference.breakdown(report).groupby(["program", "indicator"], observed=True):
        whole = mine["denominator"].iloc[0]
        for dimension in ("Service tier", "County of residence"):
            assert mine.loc[mine["dimension"] == dimension, "denominator"].sum() == whole


def whole(report: Opened, form: str = "ETA-9169") -> pd.DataFrame:
    """The lines of a form's everybody."""
    return report.forms[(report.forms["form"] == form) & (report.forms["group"] == "")]


def test_the_federal_form_says_what_the_summary_says(report):
    form = whole(report).set_index(["program", "measure"])
    for key, figure in lines(report, report.period.program_year).iterrows():
        assert form.loc[key, "denominator"] == figure["denominator"]
        if pd.isna(figure["value"]) and figure["denominator"]:
            assert (report.scope.kind, key[1]) == ("planner", "ME")
            assert form.loc[key, "suppressed"]
            assert pd.isna(form.loc[key, "value"])
        elif figure["denominator"]:
            assert form.loc[key, "value"] == pytest.approx(figure["value"])


def test_the_forms_withhold_medians_alone_and_know_each_numerator(report):
    withheld = report.forms[report.forms["suppressed"]]
    assert withheld.empty or report.scope.kind == "planner"
    assert set(withheld["measure"]) <= {"ME"}
    assert (withheld["denominator"] < 10).all()
    figures = reference.indicators(report, report.period.program_year)
    figures = figures.set_index(["program", "measure"])
    for line in whole(report).query("section == 'Outcomes'").itertuples():
        figure = figures.loc[(line.program, line.measure)]
        assert line.denominator == figure["denominator"]
        if line.measure in RATES:
            assert line.numerator == figure["numerator"]
        else:
            assert pd.isna(line.numerator)


def test_wagner_peyser_has_a_form_where_it_counts(state, planner, area):
    for report in (Report(state.slice(STATE)), area):
        mine = whole(report).query("program == 'wp'")
        assert mine["denominator"].max() > 0
        block = {row.measure for row in rows_by_name("9169").values()}
        assert set(mine["measure"]) - block == {"ERQ2", "ERQ4", "ME"}
    assert "wp" not in set(Report(state.slice(planner)).forms["program"])


def test_lines_of_the_fiscal_system_are_there_and_say_that_they_are_empty(area):
    empty = whole(area).query("note == 'not in the records'")
    assert len(empty) == 5 * 4
    titles = " ".join(empty["measure_title"])
    for words in ("funds expended", "cost per participant", "administrative costs"):
        assert words in titles


def test_served_counts_a_person_once(area):
    rows, span = area.raw.rows, area.period.program_year.cohort("served")
    adult = rows[rows["903"].isin([1, 2, 3]) & (rows["900"] <= pd.Timestamp(span.end))]
    adult = adult[adult["901"].isna() | (adult["901"] >= pd.Timestamp(span.start))]
    served = whole(area).query("program == 'adult' and measure == 'served'")
    assert served["value"].tolist() == [adult["100"].nunique()]


def test_the_forms_add_up_groups_and_tiers(report):
    """Men and women (and who did not say) are all served; each gain is one of its tier's."""
    lines = report.forms[report.forms["measure"] == "served"]
    for (_, _), mine in lines.groupby(["window", "program"]):
        sizes = mine.groupby("dimension")["value"].sum()
        assert sizes["Sex"] <= sizes["All"] * 1.1
        assert (mine["value"] <= sizes["All"]).all()
    gains = report.forms[report.forms["section"] == "Skill gains"]
    for _, mine in gains.groupby(["window", "program", "measure"]):
        everybody, tiers = mine.iloc[0], mine.iloc[1:]
        assert everybody["group"] == ""
        assert tiers["numerator"].sum() <= everybody["numerator"]
        assert tiers["denominator"].sum() <= everybody["denominator"]


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.soak)])
def test_areas_and_planners_are_counted_from_the_states_rows(state, step):
    """The state's own outcome rows, restricted to an area's members, give the area's figures."""
    members, everybody = state.membership, state.source.outcomes
    for scope in state.snapshot.scopes()[1:40:step]:
        rows = members.loc[
            (members["area_type"] == scope.kind) & (members["area"] == scope.area), "row"
        ]
        of_state = everybody[everybody["row"].isin(rows)]
        own = Raw(state, scope).outcomes
        by = ["report", "program"]
        pd.testing.assert_frame_equal(
            aggregate(of_state, by).astype({"report": "str"}),
            aggregate(own, by).astype({"report": "str"}),
            check_categorical=False,
        )


def retained(report: Opened) -> pd.DataFrame:
    return report.figures.query("measure == 'ESE'").set_index("window")


def test_retention_is_the_states_alone_and_counts_a_record_once(state, area):
    report = opened(state, STATE)
    table = retained(report)
    assert list(table.index) == [window.window for window in report.period.windows]
    rows = report.raw.rows
    mine = rows[rows["901"].between("2023-01-01", "2023-12-31")]
    core = mine[["903", "904", "905"]].isin([1, 2, 3]).any(axis=1) | (mine["918"] == 1)
    counted = core & mine["1602"].isin([1, 2, 3]) & mine["1603"].isin([1, 2, 3, 4])
    counted &= mine["923"].isna() | mine["923"].isin([0, 98, 99])
    assert table.loc["annual", "denominator"] == counted.sum()
    assert table.loc["annual", "numerator"] == (counted & (mine["1618"] == 1)).sum()
    open_ = counted & (mine["1618"].isna() | (mine["1618"] == 9))
    known = counted & mine["1618"].isin([0, 1])
    assert table.loc["annual", "pending"] <= open_.sum()
    assert table.loc["annual", "known"] >= table.loc["annual", "value"]
    assert table.loc["annual", "best"] == pytest.approx(
        (table.loc["annual", "numerator"] + table.loc["annual", "pending"]) / counted.sum()
    )
    assert known.sum() + open_.sum() == counted.sum()
    assert retained(area).empty


@pytest.mark.parametrize(("title_ii", "partial"), [(False, True), (True, False)])
def test_retention_of_titles_i_and_iii_alone_is_said_to_be_part_of_the_value(
    state, title_ii, partial
):
    """An extract that also holds somebody of adult education alone holds more than a part."""
    rows = state.rows.copy()
    if title_ii:
        counted = rows["901"].between("2023-12-01", "2023-12-31") & (rows["1602"] == 1)
        first = rows.index[counted & (rows["1603"] == 1)][0]
        rows.loc[first, ["903", "904", "905", "918", "910"]] = [0, 0, 0, 0, 1]
    changed = replace(state)
    vars(changed)["rows"] = rows  # where the publisher keeps the records that it has read
    assert set(retained(Report(changed.slice(STATE)))["partial"]) == {partial}


def test_the_history_holds_the_quarters_that_the_extract_holds(area):
    """The sample holds exits from 2023 on: of the fourth quarter that feeds four reports, of the
    second six; and the skill gains of PY2024, which no newer ones have replaced yet."""
    counted = area.history[area.history["denominator"] > 0]
    quarters = counted.groupby("measure")["back"].nunique().to_dict()
    assert quarters == {"ERQ2": 6, "ERQ4": 4, "ME": 6, "CR": 4, "MSG": 4}
