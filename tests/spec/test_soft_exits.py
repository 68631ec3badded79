"""Soft exits to come, and the report that would count them.  Source: 20 CFR 677.150(c) and
677.155(a)(1); domain 2.2: quarters of the cohorts.

As of 15 August 2025 the last day before a soft exit is 90 days after the last service.
"""

from datetime import date

from ipats_lib.frames.soft_exits import soft_exits
from tests.made_cases import of_area
from tests.tables import records

TODAY = date(2025, 8, 15)
ADULT = {"903": 1, "900": "2025-01-10"}
NEAR, PAST, FRESH = "2025-05-20", "2025-05-01", "2025-07-20"


def made(*rows: dict):
    named = ({"100": f"C{n}", **row} for n, row in enumerate(rows))
    return of_area(soft_exits, records(*named), TODAY)


def line(found, measure: str, program: str) -> dict:
    mine = found[(found["measure"] == measure) & (found["program"] == program)]
    return mine[["quarter", "period", "near", "past", "n", "held"]].iloc[0].to_dict()


def test_an_exit_is_dated_back_and_counts_in_the_report_of_that_quarter():
    """A: 3 days left. B, of two programs: 16 days late. C: served in July. D: exited in May.

    Exits of the second quarter of 2025 are in the 2nd-quarter rate of PY2025, which counts July
    2024 to June 2025, and in the 4th-quarter rate of PY2026, which counts all of 2025.
    """
    found = made(
        {**ADULT, "1201": NEAR},
        {**ADULT, "905": 1, "906": "2025-01-10", "1201": PAST},
        {**ADULT, "1201": FRESH},
        {**ADULT, "901": "2025-05-10", "1201": "2025-05-10"},
    )
    adult = {"quarter": "2025 Q2", "near": 1, "past": 1, "n": 2, "held": 1}
    assert line(found, "ERQ2", "adult") == {**adult, "period": "PY2025"}
    assert line(found, "ERQ4", "adult") == {**adult, "period": "PY2026"}
    youth = {"quarter": "2025 Q2", "near": 0, "past": 1, "n": 1, "held": 0}
    assert line(found, "ERQ2", "youth") == {**youth, "period": "PY2025"}
    assert line(found, "ERQ2", "title1")["n"] == 2


def test_their_part_is_of_the_exits_with_them():
    """Two of three: if neither is employed, the best case is one of three."""
    found = made(
        {**ADULT, "1201": NEAR},
        {**ADULT, "1201": PAST},
        {**ADULT, "901": "2025-05-10", "1201": "2025-05-10"},
    )
    mine = found[(found["measure"] == "ERQ2") & (found["program"] == "adult")]
    assert mine["share"].tolist() == [2 / 3]


def test_an_open_training_keeps_a_customer_in():
    assert made({**ADULT, "1201": PAST, "1302": "2025-02-01"}).empty
