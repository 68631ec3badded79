"""The distribution checks by hand-worked areas.  Source: domain 4.3, Q-01 to Q-15.

The extract is as of 15 August 2025, so exits are known up to 17 May 2025 and the program year began
on 1 July 2025. Nothing is flagged that rests on fewer than 10 records.
"""

from datetime import date

import pandas as pd
import pytest

from ipats_lib.caseload import CaseTables
from ipats_lib.caseload.distribution import COLUMNS, METRICS, distribution, load_distribution
from tests.tables import records

TODAY = date(2025, 8, 15)
ADULT = {"903": 1, "900": "2025-03-01"}
YOUTH = {"905": 1, "900": "2025-03-01"}
GONE = {"903": 1, "900": "2024-11-18", "901": "2025-05-17"}


def many(n: int, *rows: dict) -> list[dict]:
    return [{"300": 0, **row} for row in rows for _ in range(n)]


def judged(**areas: list[dict]) -> pd.DataFrame:
    """Every check of some areas (`_01`, `_02`), indexed by check, area and program."""
    rows = records(*(row for mine in areas.values() for row in mine))
    seated = [name.removeprefix("_") for name, mine in areas.items() for _ in mine]
    seats = pd.DataFrame({"row": rows["row"], "area": seated})
    found = distribution(CaseTables(rows, TODAY), seats)
    assert list(found.columns) == list(COLUMNS)
    return found.set_index(["id", "area", "program"]).sort_index()


def test_every_check_has_its_metric_and_its_case():
    known = load_distribution()
    assert set(known) == {*CASES, "Q-01", "Q-07"}
    assert set(METRICS) < set(known)


def test_q01_an_area_far_from_the_median_of_the_areas_is_flagged():
    """Of ten trained exiters 6, 8 and 3 have a credential: the median is 60 percent. The fourth
    area has 1 of 9, which is too few to tell. Whoever had no training does not count."""
    trained = {**GONE, "1300": 1}
    earned = {**trained, "1800": 4}

    def area(with_one: int, without: int) -> list[dict]:
        return [*many(with_one, earned), *many(without, trained), *many(5, GONE)]

    found = judged(_01=area(6, 4), _02=area(8, 2), _03=area(3, 7), _04=area(1, 8))
    mine = found.loc["Q-01"].xs("adult", level="program")
    assert mine["value"].tolist() == pytest.approx([0.6, 0.8, 0.3, 1 / 9])
    assert mine["n"].tolist() == [10, 10, 10, 9]
    assert mine["median"].tolist() == pytest.approx([0.6] * 4)
    assert mine[["low", "high"]].iloc[0].tolist() == pytest.approx([0.4, 0.8])
    assert mine["flag"].tolist() == [False, False, True, False]


def test_q07_veterans_are_compared_with_everybody_of_their_area():
    """Of 20 adults 10 are veterans. 01: 4 of 10 against 14 of 20, so under 55 percent. 02: 8 of
    10 against 18 of 20. 03: 1 of 9 veterans, too few to tell."""
    served, veteran = {"1200": "2025-03-02"}, {"300": 1, "301": 2}

    def area(of_veterans: int, not_served: int) -> list[dict]:
        veterans = [*many(of_veterans, {**ADULT, **veteran, **served})]
        return [*veterans, *many(not_served, {**ADULT, **veteran}), *many(10, {**ADULT, **served})]

    found = judged(_01=area(4, 6), _02=area(8, 2), _03=area(1, 8))
    mine = found.loc["Q-07"].xs("adult", level="program")
    assert mine["value"].tolist() == pytest.approx([0.4, 0.8, 1 / 9])
    assert mine["low"].tolist() == pytest.approx([0.55, 0.75, 11 / 19 - 0.15])
    assert mine["flag"].tolist() == [True, False, False]


TRAINED = {**ADULT, "1300": 1}
LEARNING = {**ADULT, "1809": "2025-08-01"}
MATCHED = {**GONE, "901": "2024-05-17", "900": "2024-01-01", "1603": 1, "1704": 5000.5}
BARRED = {**YOUTH, "800": 1}
TOLD = dict.fromkeys(("201", "202", "210", "211", "212", "213", "214", "215"), 0)
TOLD |= dict.fromkeys(("800", "801", "802", "803", "804", "805", "806"), 0)
QUIET = {**ADULT, "900": "2024-01-01", "1201": "2025-05-16"}
# check: records, program, value, whether it is flagged; and the same on the other side.
CASES = {
    "Q-02": (
        ([*many(8, {**TRAINED, "1811": "2025-03-02"}), *many(2, TRAINED)], "adult", 0.8, True),
        ([*many(9, {**TRAINED, "1811": "2025-03-02"}), *many(1, TRAINED)], "adult", 0.9, False),
    ),
    # A gain of 15 August 2024 is too old to count.
    "Q-03": (
        ([*many(10, LEARNING), *many(1, {**ADULT, "1806": "2025-08-01"}),
          *many(9, {**ADULT, "1806": "2024-08-15"})], "adult", 10 / 11, True),
        ([*many(9, LEARNING), *many(1, {**ADULT, "1806": "2024-08-16"})], "adult", 0.9, False),
    ),
    "Q-04": (
        ([*many(8, MATCHED), *many(2, {**MATCHED, "1603": 4})], "adult", 0.2, True),
        ([*many(9, MATCHED), *many(1, {**MATCHED, "1603": 4}), *many(5, {**MATCHED, "1603": 5})],
         "adult", 0.1, False),
    ),
    "Q-05": (
        ([*many(9, GONE), *many(1, {**GONE, "923": 2})], "adult", 0.1, True),
        ([*many(19, GONE), *many(1, {**GONE, "923": 2})], "adult", 0.05, False),
    ),
    "Q-08": (
        ([*many(9, BARRED), *many(1, YOUTH)], "youth", 0.9, True),
        (many(10, BARRED), "youth", 1.0, False),
    ),
    # Whoever is in Adult too may have such a training, and does not count.
    "Q-09": (
        ([*many(9, BARRED), *many(1, {**BARRED, "1303": 1})], "youth", 0.1, True),
        ([*many(10, {**BARRED, "1303": 10}), *many(5, {**BARRED, "903": 1, "1303": 1})],
         "youth", 0.0, False),
    ),
    # 1 of 15 elements of everybody is 9; then of one in two.
    "Q-11": (
        (many(10, {**ADULT, **TOLD, "804": 9}), "adult", 1 / 15, True),
        (many(5, {**ADULT, **TOLD, "804": ""}, {**ADULT, **TOLD}), "adult", 1 / 30, False),
    ),
    # 104 weeks up to 17 May 2025. All ten exits lie in the week of 31 March 2025, or none does.
    "Q-12": (
        (many(10, {**GONE, "901": "2025-03-31"}), "adult", 103**0.5, True),
        (many(10, {**GONE, "901": "2025-05-17"}), "adult", -(1 / 103**0.5), False),
    ),
    # From 18 April to 17 May 2025 are 29 days.
    "Q-13": (
        (many(10, {**GONE, "900": "2025-04-18"}), "adult", 29, True),
        (many(10, {**GONE, "900": "2025-04-17"}), "adult", 30, False),
    ),
    # Multiples of 100 dollars; five alike are many, four are not.
    "Q-14": (
        ([*many(9, {**MATCHED, "1704": 4300}), *many(1, MATCHED)], "adult", 0.9, True),
        ([{**MATCHED, "1704": 5000.01 + n // 4} for n in range(12)], "adult", 0.0, False),
    ),
    # 91 and 90 days since the last service; an open training is one.
    "Q-15a": (
        ([*many(9, {**QUIET, "1201": "2025-05-17"}), *many(1, QUIET)], "adult", 0.1, True),
        ([*many(10, {**QUIET, "1201": "2025-05-17"}), *many(1, {**QUIET, "1302": "2025-03-02"})],
         "adult", 0.0, False),
    ),
    "Q-15b": (
        (many(10, {**QUIET, "1201": "2025-02-15"}), "adult", 1.0, True),
        (many(10, {**QUIET, "1201": "2025-02-16"}), "adult", 0.0, False),
    ),
    "Q-15c": (
        (many(10, {**QUIET, "1201": "2024-08-14"}), "adult", 1.0, True),
        (many(10, {**QUIET, "1201": "2024-08-15"}), "adult", 0.0, False),
    ),
}  # fmt: skip


@pytest.mark.parametrize("check", CASES)
def test_a_check_flags_one_area_and_passes_the_other(check):
    (wrong, program, odd, _), (right, _, usual, _) = CASES[check]
    found = judged(_01=wrong, _02=right).loc[check].xs(program, level="program")
    assert found["value"].tolist() == pytest.approx([odd, usual])
    assert found["flag"].tolist() == [CASES[check][0][3], CASES[check][1][3]] == [True, False]
