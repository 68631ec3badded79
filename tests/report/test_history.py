"""Quarters that have left the extract come from earlier snapshots (issue, page 1: the trend)."""

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest

from ipats_lib.errors import UsageError
from ipats_lib.frames.earlier_quarters import holds_whole
from ipats_lib.frames.source import TREND_QUARTERS
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import load_layout
from ipats_lib.periods import Period
from ipats_lib.report import Report
from ipats_lib.report.data import StateData
from ipats_lib.sample import write_sample
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot
from tests.extract.drawn import write_extract

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


def report_of(scope: str, present, earlier) -> Report:
    """A scope's report; tests that read the same snapshots share what is computed of the state."""
    key = tuple(one.path for one in (present, *earlier))
    if key not in STATES:
        STATES[key] = StateData(present, Period.parse("PY2024Q4"), tuple(earlier))
    return Report(STATES[key].slice(Scope.parse(scope)))


STATES: dict[tuple[Path, ...], StateData] = {}


def trend(snapshot, *earlier, scope="lwia/01"):
    return quarters(report_of(scope, snapshot, earlier), "ERQ2")


def quarters(report, measure):
    """The history of a measure, of programs that count anybody, oldest quarter first."""
    mine = report.history.query("measure == @measure and denominator > 0")
    mine = mine.assign(known_at=mine["known_at"].dt.strftime("%Y-%m-%d"))
    return mine.sort_values(["period", "program"]).rename(columns={"period": "quarter_label"})


def test_without_an_earlier_snapshot_the_older_quarters_are_missing(both):
    _, new = both
    assert trend(new)["quarter_label"].min() == "PY2024Q2"


@pytest.mark.parametrize("scope", ["state", "lwia/01"])
def test_an_earlier_snapshot_gives_them_as_it_knew_them(both, scope):
    old, new = both
    figures = trend(new, old, scope=scope)
    whole = trend(old, scope=scope)
    assert figures["quarter_label"].min() == "PY2023Q3"
    columns = ["quarter_label", "program", "numerator", "denominator", "value"]
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
        report = report_of(scope, present, earlier)
        for code, rule in INDICATORS.items():
            figures = quarters(report, code)
            adults = figures[figures["program"] == "adult"]
            if "adult" not in rule.programs:
                continue
            assert set(adults["quarter_label"]) == wanted, code
            assert (adults["denominator"] > 0).all()
    alone = report_of("state", present, [])
    assert quarters(alone, "ERQ4")["quarter_label"].nunique() == 4
    assert set(quarters(alone, "MSG")["quarter_label"]) == {f"PY2024Q{n}" for n in (1, 2, 3, 4)}
    gains = quarters(report_of("state", present, earlier), "MSG").set_index(
        ["quarter_label", "program"]
    )
    then, now = (gains.loc[(quarter, "title1")] for quarter in ("PY2023Q4", "PY2024Q4"))
    assert (then["known_at"], now["known_at"]) == ("2024-08-15", "2025-08-15")
    assert then["value"] == pytest.approx(now["value"], abs=0.12), "no state's share doubles"


# A gained in May 2024 and again, of the same kind, in February 2025; B in May 2024 alone.
GAINED = """
    100 | 108-A | 900      | 901      | 903 | 1811     | 1809
    A   | 17005 | 20230901 |          | 1   | 20231001 | {of_a}
    B   | 17005 | 20230901 |          | 1   | 20231001 | 20240520
    X   | 17005 | 20230101 | 20230801 | 1   |          |
"""


def test_skill_gains_of_a_past_program_year_come_from_an_extract_of_its_time(tmp_path):
    """An element holds the newest gain of its kind: the later extract has lost A's of May 2024."""
    texts = {"2024-08-15": "20240515", "2025-08-15": "20250210"}
    old, new = (
        make_snapshot(
            write_extract(tmp_path / day, GAINED.format(of_a=of_a), as_of=day), tmp_path / "store"
        )
        for day, of_a in texts.items()
    )
    gains = quarters(report_of("state", new, [old]), "MSG")
    gains = gains.set_index(["quarter_label", "program"])
    line = gains.loc[("PY2023Q4", "adult")]
    assert (line["numerator"], line["denominator"], line["known_at"]) == (2, 2, "2024-08-15")
    line = gains.loc[("PY2024Q3", "adult")]
    assert (line["numerator"], line["denominator"], line["known_at"]) == (1, 2, "2025-08-15")
    alone = quarters(report_of("state", new, []), "MSG")
    assert alone["quarter_label"].min() == "PY2024Q1", "half of what was gained is left out"


@pytest.mark.parametrize(
    ("period", "place", "as_of", "held"),
    [
        ("PY2023Q4", 1, "2024-10-01", True),  # the day on which PY2023's annual report is due
        ("PY2023Q4", 1, "2024-10-02", False),
        ("PY2023Q1", 1, "2024-10-01", True),
        ("PY2024Q2", 0, "2025-02-14", False),  # the rolling year began in PY2023
        ("PY2024Q4", 0, "2025-08-15", True),
        ("PY2023", 0, "2025-08-15", False),
    ],
)
def test_an_extract_holds_skill_gains_until_the_annual_report_is_due(period, place, as_of, held):
    report = Period.parse(period).reports[place]
    assert holds_whole(report, "MSG", "2022-01-01", date.fromisoformat(as_of)) == held
