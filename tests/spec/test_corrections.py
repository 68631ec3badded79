"""What correcting records can move, counted again from hand-worked rows.  Source: domain 2, 4.3."""

import re
import shutil

import pandas as pd
import pytest

from ipats_lib.caseload.checks import corrected, load_checks, load_corrections
from ipats_lib.caseload.flow import view_of
from ipats_lib.cohorts import Records
from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot
from tests.spec.test_checks import CASES, PAIRS, SOUND, TODAY
from tests.spec.test_every_finding import LOCAL, extract_of
from tests.tables import records

TRAINED = {"1300": 1, "1302": "2022-11-10", "1303": 6, "1308": "2023-02-01"}
LEFT = {**LOCAL, "900": "2022-10-10", "1001": "2022-10-10", "1003": "2023-02-01",
        "901": "2023-03-10", "1811": "2022-11-10", "1813": "2023-02-01"}  # fmt: skip
ATTAINED = {**TRAINED, "1800": 6, "1801": "2023-03-01"}


@pytest.mark.parametrize("rule", load_corrections())
def test_a_corrected_record_breaks_its_check_no_more(rule):
    check = load_checks()[rule]
    rows = records(
        *({**SOUND, **row} for row in (PAIRS[rule][0] if rule in PAIRS else CASES[rule][:1]))
    )
    assert check.holds(view_of(Records(rows), TODAY))[-1]
    for name, steps in load_corrections()[rule].items():
        if not any(step.elements for step in steps):
            continue  # as it is recorded
        now = corrected(rows, steps, TODAY)
        assert not check.holds(view_of(Records(now), TODAY)).any(), name


OF = (("01",), ("01", "101"))


def moved(folder, rows: list[dict]) -> pd.DataFrame:
    snapshot = make_snapshot(extract_of(folder / "extract", rows), folder / "snapshots")
    state = StateData(snapshot, Period.parse("PY2024Q4"))
    return state.slice(Scope("01")).frame("corrections").set_index(["rule", "program", "measure"])


def test_the_figure_is_counted_again_with_the_best_and_the_worst_correction(tmp_path):
    """Two of four have a credential; of the other two nobody entered whether they have one."""
    rows = [{**LEFT, **ATTAINED}] * 2 + [{**LEFT, **TRAINED, "1800": ""}] * 2
    one = moved(tmp_path, rows).loc[("L-43", "adult", "CR")]
    assert (one["records"], one["numerator"], one["denominator"]) == (2, 2, 4)
    assert (one["value"], one["value_best"], one["value_worst"]) == (0.5, 1, 0.5)
    assert (one["up"], one["down"]) == (0.5, 0)
    assert one["assumes"] == "A certification on the day of exit; No credential"


def test_a_correction_may_bring_a_record_into_the_figure_or_take_it_out(tmp_path):
    """A record without 1811 is not counted; corrected, it counts as its gain says."""
    active = {**LOCAL, "900": "2024-09-10", "1001": "2024-09-10", "1003": "", **TRAINED,
              "1302": "2024-09-20", "1308": ""}  # fmt: skip
    known = {**active, "1811": "2024-09-20"}
    gained = {"1809": "2025-03-10"}
    rows = [{**known, **gained}, known, active, {**active, **gained}]
    one = moved(tmp_path / "in", rows).loc[("L-45", "adult", "MSG")]
    assert (one["records"], one["numerator"], one["denominator"]) == (2, 1, 2)
    assert one["value_best"] == one["value_worst"] == 0.5  # one more gain, one more without
    assert (one["up"], one["down"]) == (0, 0)
    other = {**known, "1300": 0, "1302": "", "1303": 0}  # in the measure for no reason
    out = moved(tmp_path / "out", [{**known, **gained}, other]).loc[("L-46", "adult", "MSG")]
    assert (out["value"], out["value_best"], out["value_worst"]) == (0.5, 1, 0.5)


def test_a_median_is_counted_again_with_the_highest_and_the_lowest_wage(tmp_path):
    """Of four, three have wages of 4,000, 5,000 and 6,000; the wage of one was not entered."""
    paid = [
        {**LEFT, "901": "2023-09-10", "1602": 1, "1603": 1, "1704": wage}
        for wage in (4000, 5000, 6000, "")
    ]
    told = moved(tmp_path, paid)
    for rule in ("L-34", "L-35"):
        one = told.loc[(rule, "adult", "ME")]
        assert (one["records"], one["numerator"], one["denominator"]) == (1, 3, 3)
        assert (one["value"], one["value_best"], one["value_worst"]) == (5000, 5500, 4500)
        assert (one["up"], one["down"]) == (500, -500)


def test_planners_see_no_median_that_correcting_moves(tmp_path):
    """Now, at most and at least are three medians: of a few they tell a wage."""
    paid = [{**LEFT, "901": "2023-09-10", "1602": 1, "1603": 1, "1704": wage}
            for wage in (4000, 6000, "")]  # fmt: skip
    tables = {
        "planner": "planner_id,lwia,name,active\n101,01,A,true\n",
        "assignment": "customer,enrolment,planner_id,from,to\n"
        + "".join(f"C{n},1,101,20221010,\n" for n in (1, 2, 3)),
    }
    extract = extract_of(tmp_path / "extract", paid, **tables)
    state = StateData(make_snapshot(extract, tmp_path / "snapshots"), Period.parse("PY2024Q4"))
    seen = [{*state.slice(Scope(*of)).frame("corrections")["measure"]} for of in OF]
    assert ["ME" in measures for measures in seen] == [True, False]


def test_a_placeholder_that_counts_as_no_wage_may_be_any_wage_or_none(tmp_path):
    paid = [
        {**LEFT, "901": "2023-09-10", "1602": 1, "1603": 1, "1704": wage}
        for wage in (4000, 6000, 999999.99)
    ]
    one = moved(tmp_path, paid).loc[("L-36", "adult", "ME")]
    assert (one["value"], one["value_best"], one["value_worst"]) == (5000, 6000, 4000)


def test_a_repeated_line_is_counted_once_less(tmp_path):
    twin = {**LEFT, **ATTAINED, "100": "A"}
    one = moved(tmp_path, [twin, twin, {**LEFT, **TRAINED, "1800": 0}]).loc[("D-01", "adult", "CR")]
    assert (one["records"], one["numerator"], one["denominator"]) == (1, 2, 3)
    assert one["value_best"] == one["value_worst"] == 0.5


def test_a_common_exit_is_the_later_day_and_brings_both_records_into_one_cohort(tmp_path):
    first = {**LEFT, "100": "A", "901": "2022-12-10", "1602": 1, "1603": 1, "1704": 4000}
    other = {**LEFT, "100": "A", "903": "", "904": 1, "410": "2022-10-01"}
    now = corrected(records(*({**SOUND, **row} for row in (first, other))),
                    load_corrections()["X-02"]["Both exit on the later day"], TODAY)  # fmt: skip
    assert list(now["901"].astype("str")) == ["2023-03-10"] * 2


def test_records_that_no_figure_counts_move_nothing(tmp_path):
    old = {**LEFT, **TRAINED, "900": "2021-01-10", "1302": "2021-02-10", "1308": "2021-03-10",
           "901": "2021-04-10", "1001": "2021-01-10", "1003": "", "1811": "",
           "1813": ""}  # fmt: skip
    assert moved(tmp_path, [old, {**LEFT, **ATTAINED}]).empty


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("X-99,None,,1800,0,x", "line 2"),
        ("L-43,None,nosuch,1800,0,x", "'nosuch' is not understood"),
        ("L-43,None,,99,0,x", "line 2"),
        ("L-43,None,,1800,open(1),x", "is not understood"),
    ],
)
def test_a_line_that_says_nothing_known_is_named(tmp_path, monkeypatch, line, wrong):
    folder = shutil.copytree(params_folder(), tmp_path / "params")
    (folder / "corrections.csv").write_text(
        f"rule,correction,where,elements,value,source\n{line}\n"
    )
    monkeypatch.setenv("IPATS_PARAMS", str(folder))
    with pytest.raises(ParamsError, match=re.escape(wrong)):
        load_corrections.__wrapped__()
