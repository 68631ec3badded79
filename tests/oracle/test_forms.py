"""The forms' own rows agree with a second computation in plain SQL.  Source: docs/forms.md."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ipats_lib import forms
from ipats_lib.forms import groups_of
from tests.oracle import forms as oracle
from tests.oracle.records import draw
from tests.tables import form_lines

PROGRAMS = ("adult", "dw", "youth", "wp")
# By hand, from the table of domain 2.2: days of participants served and gains, of ER Q2.
WINDOWS = {
    "annual": ((date(2024, 7, 1), date(2025, 6, 30)), (date(2023, 7, 1), date(2024, 6, 30))),
    "rolling4": ((date(2024, 7, 1), date(2025, 6, 30)), (date(2023, 7, 1), date(2024, 6, 30))),
    "current": ((date(2025, 4, 1), date(2025, 6, 30)), (date(2024, 4, 1), date(2024, 6, 30))),
}
QUARTERLY = ("rolling4", "current")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Records on every edge, with services and what people were at entry."""
    drawn = draw(3000, seed=20261129)
    rng, size = np.random.default_rng(9173), len(drawn)
    codes = {
        **{"201": (1, 2, 9), "300": (0, 1), "301": (0, 1, 2, 3), "400": (0, 1, 2, 3)},
        **{"401": (0, 1, 2, 3, 4, 5), "408": range(9), "907": (0, 1), "1300": (0, 1)},
        "1608": (0, 1, 9),
    }
    for element, values in codes.items():
        found = pd.Series(rng.choice([*values, -1], size), dtype="Int32")
        drawn[element] = found.mask(found == -1)
    edges = ("2024-06-30", "2024-07-01", "2025-01-01", "2025-03-31", "2025-06-30", "2025-07-01")
    days = pd.to_datetime(pd.Series([*edges, None, None]))
    for element in ("906", "1001", "1002", "1007", "1200"):
        drawn[element] = days.iloc[rng.integers(len(days), size=size)].to_numpy()
    drawn["900"] = drawn["900"].mask(rng.random(size) < 0.1)
    drawn["901"] = drawn["901"].mask(rng.random(size) < 0.3)
    return drawn.astype(dict.fromkeys(("906", "1001", "1002", "1007", "1200"), "datetime64[s]"))


@pytest.fixture(scope="module")
def lines(rows) -> pd.DataFrame:
    return form_lines(rows)


def of(lines, window: str, program: str) -> pd.DataFrame:
    return lines[(lines["window"] == window) & (lines["program"] == program)]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("window", QUARTERLY)
def test_participants_by_row_and_tier(rows, lines, window, program):
    mine = of(lines, window, program).set_index(["group_title", "measure"])["value"]
    asked = oracle.served(rows, program, *WINDOWS[window][0])
    columns = {tier: "served" if tier == "all" else f"served_{tier}" for _, tier in asked}
    assert {(group, tier): mine[group, columns[tier]] for group, tier in asked} == asked
    assert min(asked["All", tier] for tier in columns) > 0
    assert {group.title for group in groups_of("9173").values()} <= set(oracle.GROUPS)


@pytest.mark.parametrize("program", ["adult", "dw", "wp"])
@pytest.mark.parametrize("window", QUARTERLY)
def test_reportable_individuals(rows, lines, window, program):
    asked = oracle.reportable(rows, program, *WINDOWS[window][0])
    mine = of(lines, window, program).set_index("measure")["value"]
    assert mine["reportable"] == asked > 0


@pytest.mark.parametrize("program", ["adult", "dw", "youth"])
@pytest.mark.parametrize("window", QUARTERLY)
def test_gains_by_type_and_tier(rows, lines, window, program):
    mine = of(lines, window, program).query("section == 'Skill gains'")
    tiers = {"All": "all"} | {title: tier for tier, title in forms.TIERS.items()}
    ours = {
        (line.measure, tiers[line.group_title]): (line.numerator, line.denominator)
        for line in mine.itertuples()
    }
    asked = oracle.gains(rows, program, *WINDOWS[window][0])
    assert ours == asked
    assert all(asked[measure, "all"][0] for measure in forms.GAINS)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("window", WINDOWS)
def test_training_related_employment(rows, lines, window, program):
    related, known, every = oracle.trained(rows, program, *WINDOWS[window][1])
    mine = of(lines, window, program).set_index("measure")["value"]
    assert mine["training_related"] == related / known
    assert mine["training_related_of_trained"] == related / every
