"""What correcting records can move, counted again from hand-worked rows.  Source: domain 2, 4.3."""

import re
import shutil

import pandas as pd
import pytest

from ipats_lib.caseload.checks import load_checks
from ipats_lib.caseload.corrections import corrected, load_corrections
from ipats_lib.caseload.flow import view_of
from ipats_lib.cohorts import Records
from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot
from tests.spec.test_checks import CASES, SOUND, TODAY
from tests.spec.test_every_finding import LOCAL, extract_of
from tests.tables import records

TRAINED = {"1300": 1, "1302": "2022-11-10", "1303": 6, "1308": "2023-02-01"}
LEFT = {**LOCAL, "900": "2022-10-10", "1001": "2022-10-10", "1003": "2023-02-01",
        "901": "2023-03-10", "1811": "2022-11-10", "1813": "2023-02-01"}  # fmt: skip
ATTAINED = {**TRAINED, "1800": 6, "1801": "2023-03-01"}


@pytest.mark.parametrize("rule", load_corrections())
def test_a_corrected_record_breaks_its_check_no_more(rule):
    check = load_checks()[rule]
    rows = records({**SOUND, **CASES[rule][0]})
    assert check.holds(view_of(Records(rows), TODAY)).all()
    for name, steps in load_corrections()[rule].items():
        if not any(step.elements for step in steps):
            continue  # as it is recorded
        now = corrected(rows, steps, TODAY)
        assert not check.holds(view_of(Records(now), TODAY)).any(), name


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
