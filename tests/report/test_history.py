"""Quarters that have left the extract come from earlier snapshots (issue, page 1: the trend)."""

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest

from ipats_lib.errors import UsageError
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import load_layout
from ipats_lib.periods import Period
from ipats_lib.report import Report
from ipats_lib.report.data import TREND_QUARTERS, StateData
from ipats_lib.sample import write_sample
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot

EXIT = next(e.position - 1 for e in load_layout().elements if e.number == "901")
KEPT_FROM = "20231001"
EARLIER = next(
    line.split(":=")[1].split()
    for line in (Path(__file__).parents[2] / "Makefile").read_text().splitlines()
    if line.startswith("EARLIER :=")
)


@pytest.fixture(scope="module")
def both(extract, store, tmp_path_factory):
    """The extract as it is, made two weeks earlier, and without exits before October 2023."""
    old = make_snapshot(extract, store, as_of=date(2025, 8, 1))
    short = tmp_path_factory.mktemp("short") / "extract"
    shutil.copytree(extract, short)
    with (extract / "pirl.csv").open(newline="") as lines:
        rows = [row for row in csv.reader(lines) if not row[EXIT] or row[EXIT] >= KEPT_FROM]
    with (short / "pirl.csv").open("w", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(rows)
    return old, make_snapshot(short, store)


def trend(snapshot, *earlier, scope="lwia/01"):
    state = StateData(snapshot, Period.parse("PY2024Q4"), earlier)
    return Report(state.slice(Scope.parse(scope))).trend("ERQ2")


def test_without_an_earlier_snapshot_the_older_quarters_are_missing(both):
    _, new = both
    assert trend(new)["quarter_label"].min() == "PY2024Q2"


@pytest.mark.parametrize("scope", ["state", "lwia/01"])
def test_an_earlier_snapshot_gives_them_as_it_knew_them(both, scope):
    old, new = both
    figures = trend(new, old, scope=scope)
    whole = trend(old, scope=scope)
    assert figures["quarter_label"].min() == "PY2023Q3"
    columns = ["quarter_label", "program", "success", "denominator", "value"]
    older = figures["quarter_label"] < "PY2024Q2"
    expected = whole[whole["quarter_label"] < "PY2024Q2"]
    assert set(figures.loc[older, "known_at"]) == {"2025-08-01"}
    assert (
        figures.loc[older, columns].astype("str").to_numpy().tolist()
        == expected[columns].astype("str").to_numpy().tolist()
    )
    assert set(figures.loc[~older, "known_at"]) == {new.as_of.isoformat()}


def test_a_later_snapshot_is_not_an_earlier_one(both):
    old, new = both
    with pytest.raises(UsageError, match="not earlier"):
        trend(old, new)


def test_the_sample_of_a_year_and_a_quarter_before_fills_the_trend(extract, store, tmp_path):
    """As `make demo` publishes it: eight quarters of every indicator, each known in time."""
    present, earlier = make_snapshot(extract, store), []
    for day in EARLIER:
        write_sample(tmp_path / day, scale=0.05, as_of=date.fromisoformat(day))
        earlier.append(make_snapshot(tmp_path / day, tmp_path / "store"))
    period = Period.parse("PY2024Q4")
    wanted = {period.earlier(back).name for back in range(TREND_QUARTERS)}
    for scope in ("state", "lwia/07"):
        report = Report(StateData(present, period, tuple(earlier)).slice(Scope.parse(scope)))
        for code, rule in INDICATORS.items():
            figures = report.trend(code)
            adults = figures[figures["program"] == "adult"]
            if "adult" not in rule.programs:
                continue
            assert set(adults["quarter_label"]) == wanted, code
            assert (adults["denominator"] > 0).all()
    alone = Report(StateData(present, period).slice(Scope.parse("state"))).trend("ERQ4")
    assert alone["quarter_label"].nunique() == 4
