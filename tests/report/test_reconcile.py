"""Whatever a page shows is counted from the same rows, so no two figures can disagree.

Source: issue "Performance tools", "Right to the record": totals, groups, areas and planners.
"""

from dataclasses import replace

import pandas as pd
import pytest

from ipats_lib.form_rows import rows_by_name
from ipats_lib.indicators import aggregate
from ipats_lib.indicators.aggregate import LONG_COLUMNS
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.report import employers, federal
from ipats_lib.report.report import Report
from ipats_lib.scopes import STATE
from tests.report import reference

TITLE_I = ("adult", "dw", "youth")
RATES = [code for code, rule in INDICATORS.items() if not rule.is_median]


def lines(report: Report, window=None) -> pd.DataFrame:
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


def test_the_federal_form_says_what_the_summary_says(report):
    (window,) = federal.annual(report)
    form = federal.long_form(report, (window,))
    form = form[form["group"] == "all"].set_index(["program", "measure"])
    for key, figure in lines(report, window).iterrows():
        if pd.isna(figure["value"]) and figure["denominator"]:
            assert (report.scope.kind, key[1], form.loc[key, "value"]) == ("planner", "ME", "*")
        elif figure["denominator"]:
            assert form.loc[key, "value"] == pytest.approx(figure["value"])


def test_the_forms_file_has_the_columns_of_the_long_form(report):
    """Domain 8.4: with denominator and suppressed, one line a measure, then where it was read."""
    form = federal.long_form(report, federal.annual(report))
    assert list(form.columns) == [*LONG_COLUMNS, "item", "form", "unconfirmed"]
    withheld = form[form["suppressed"]]
    assert withheld.empty or report.scope.kind == "planner"
    assert set(withheld["measure"]) <= {"ME"}
    assert (withheld["denominator"] < 10).all()
    assert not form.duplicated(list(LONG_COLUMNS[:9])).any()
    figures = reference.indicators(report, federal.annual(report)[0]).set_index(
        ["program", "measure"]
    )
    whole = form[(form["group"] == "all") & form["measure"].isin(INDICATORS)]
    for line in whole.itertuples():
        figure = figures.loc[(line.program, line.measure)]
        assert line.denominator == figure["denominator"]
        if line.measure in RATES:
            assert line.numerator == figure["numerator"]
        else:
            assert pd.isna(line.numerator)


def test_wagner_peyser_has_a_form_where_it_counts(state, planner, area):
    whole = Report(state.slice(STATE))
    for report in (whole, area):
        form = federal.long_form(report, federal.annual(report))
        mine = form[form["program"] == "wp"]
        assert mine.loc[mine["group"] == "all", "denominator"].max() > 0
        block = {row.measure for row in rows_by_name("9169").values()}
        assert set(mine["measure"]) - block == {"ERQ2", "ERQ4", "ME"}
    form = federal.long_form(Report(state.slice(planner)), federal.annual(area))
    assert "wp" not in set(form["program"])


def test_lines_of_the_fiscal_system_are_there_and_say_that_they_are_empty(area):
    shown = federal.headings(area, federal.annual(area)).html
    assert shown.count("<td>not in the records</td>") == 5 * 4
    for heading in ("funds expended", "cost per participant", "administrative costs"):
        assert heading in shown


def test_served_counts_a_person_once(area):
    (window,) = federal.annual(area)
    form = federal.long_form(area, (window,))
    rows, span = area.data.frame("rows"), window.cohort("served")
    adult = rows[rows["903"].isin([1, 2, 3]) & (rows["900"] <= pd.Timestamp(span.end))]
    adult = adult[adult["901"].isna() | (adult["901"] >= pd.Timestamp(span.start))]
    served = form[(form["program"] == "adult") & (form["group"] == "all")]
    assert served.set_index("measure").loc["served", "value"] == adult["100"].nunique()


def test_areas_and_planners_are_counted_from_the_states_rows(state):
    """The state's own outcome rows, restricted to an area's members, give the area's figures."""
    members = state.membership
    for scope in state.snapshot.scopes()[1:40]:
        rows = members.loc[
            (members["area_type"] == scope.kind) & (members["area"] == scope.area), "row"
        ]
        of_state = state.outcomes[state.outcomes["row"].isin(rows)]
        own = state.slice(scope).frame("outcome_rows")
        by = ["report", "program"]
        pd.testing.assert_frame_equal(
            aggregate(of_state, by).astype({"report": "str"}),
            aggregate(own, by).astype({"report": "str"}),
            check_categorical=False,
        )


def test_retention_is_the_states_alone_and_counts_a_record_once(state, area):
    whole = Report(state.slice(STATE))
    table = employers.retention(whole).set_index("window")
    assert len(table) == len(whole.period.windows)
    rows = whole.data.frame("rows")
    mine = rows[rows["901"].between("2023-01-01", "2023-12-31")]
    core = mine[["903", "904", "905"]].isin([1, 2, 3]).any(axis=1) | (mine["918"] == 1)
    counted = core & mine["1602"].isin([1, 2, 3]) & mine["1603"].isin([1, 2, 3, 4])
    counted &= mine["923"].isna() | mine["923"].isin([0, 98, 99])
    assert table.loc["Annual", "denominator"] == counted.sum()
    assert table.loc["Annual", "success"] == (counted & (mine["1618"] == 1)).sum()
    assert employers.retention(area).empty
    assert "baseline: no level is negotiated yet" in employers.retention_table(whole).html


@pytest.mark.parametrize(("title_ii", "partial"), [(False, True), (True, False)])
def test_retention_of_titles_i_and_iii_alone_is_said_to_be_part_of_the_value(
    state, title_ii, partial
):
    """An extract that also holds somebody of adult education alone holds more than a part."""
    data = state.slice(STATE)
    rows = data.frame("rows").copy()
    if title_ii:
        counted = rows["901"].between("2023-12-01", "2023-12-31") & (rows["1602"] == 1)
        first = rows.index[counted & (rows["1603"] == 1)][0]
        rows.loc[first, ["903", "904", "905", "918", "910"]] = [0, 0, 0, 0, 1]
    report = Report(replace(data, frames={**data.frames, "rows": rows}))
    assert set(employers.retention(report)["partial"]) == {partial}
    shown = employers.retention_table(report).html
    assert ("Part of the value: this file holds Titles I and III alone" in shown) == partial


def test_the_history_holds_the_quarters_that_the_extract_holds(area):
    """The sample holds exits from 2023 on: of the fourth quarter that feeds four reports, of the
    second six; and the skill gains of PY2024, which no newer ones have replaced yet."""
    counted = area.history[area.history["denominator"] > 0]
    quarters = counted.groupby("measure")["back"].nunique().to_dict()
    assert quarters == {"ERQ2": 6, "ERQ4": 4, "ME": 6, "CR": 4, "MSG": 4}
