"""Each kind of column, written."""

from datetime import date

import pandas as pd
import pytest

from ipats_lib import disclosure
from ipats_lib.report.show import numbers
from ipats_lib.report.show.numbers import written

MISSING = "\N{EN DASH}"


@pytest.mark.parametrize(
    ("kind", "value", "measure", "shown"),
    [
        ("count", 16674, "", "16,674"),
        ("count", 8375.0, "", "8,375"),
        ("share", 0.6443, "", "64.4%"),
        ("share", 0.6445, "", "64.5%"),
        ("share", 1.0, "", "100.0%"),
        ("percent", 89.96, "", "89.96%"),
        ("percent", 104.44, "", "104.4%"),
        ("points", 0.182, "ERQ2", "+18.2 points"),
        ("points", -0.068, "ERQ2", "-6.8 points"),
        ("points", -0.0004, "ERQ2", "0.0 points"),
        ("points", 44.4, "ME", "+$44"),
        ("change", 1131, "", "+1,131"),
        ("change", -13.0, "", "-13"),
        ("change", 0.04, "", "0"),
        ("change", -0.04, "", "0"),
        ("change", 2.5, "", "+2.5"),
        ("points", -44.4, "ME", "-$44"),
        ("points", -0.3, "ME", "$0"),
        ("dollars", 5218.5, "", "$5,219"),
        ("dollars", -44, "", "-$44"),
        ("figure", 0.644, "MSG", "64.4%"),
        ("figure", 5219.0, "ME", "$5,219"),
        ("number", 12.0, "", "12"),
        ("number", 1234.25, "", "1,234.3"),
        ("date", date(2024, 11, 30), "", "Nov 30, 2024"),
        ("date", pd.Timestamp("2025-01-04"), "", "Jan 4, 2025"),
        ("flag", True, "", "yes"),
        ("flag", False, "", "no"),
        ("text", "as it is", "", "as it is"),
        ("code", "ERQ2", "", "ERQ2"),
        ("text", 7, "", "7"),
        ("text", date(2024, 11, 30), "", "Nov 30, 2024"),
    ],
)
def test_a_value_is_written_by_its_kind(kind, value, measure, shown):
    assert written(kind, value, measure) == shown


@pytest.mark.parametrize("kind", ["count", "share", "points", "figure", "date", "text", "flag"])
@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, pd.NaT])
def test_what_is_missing_is_an_en_dash(kind, value):
    assert written(kind, value) == MISSING


@pytest.mark.parametrize("kind", ["count", "share", "dollars", "figure", "percent"])
def test_what_is_withheld_stays_the_marker(kind):
    assert written(kind, disclosure.WITHHELD) == "*"
    assert disclosure.WITHHELD == numbers.WITHHELD
