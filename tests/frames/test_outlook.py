"""What a program year may still become, from small records drawn by hand.

Source: issue "Performance tools", page 3; domain 2.8, 2.9, 2.12, 3.3.
"""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ipats_lib.frames.earlier_quarters import NOTHING
from ipats_lib.frames.outlook import accuracy, open_outcomes, outlook
from ipats_lib.frames.source import Source
from ipats_lib.periods import Period
from ipats_lib.scopes import Scope
from tests.tables import records

ADULT = {"903": 1, "900": "2022-01-10"}


def made(rows: list[dict[str, object]], period: str, as_of: str) -> Source:
    """An area that holds these records, each a customer of its own."""
    frame = records(*({"100": f"P{n:05d}", **row} for n, row in enumerate(rows)))
    snapshot = SimpleNamespace(as_of=date.fromisoformat(as_of), synthetic=True)
    at = np.arange(len(frame), dtype=np.intp)
    source = Source(
        snapshot,
        Period.parse(period),
        (Scope("07"),),
        frame,
        at,
        np.zeros_like(at),
    )
    vars(source).update(whole_from="2019-01-01", older=NOTHING)
    return source


def line(source: Source, measure: str, ahead: int) -> pd.Series:
    year = outlook(source)
    year = year[year["py"] == source.period.py + ahead]
    return year.set_index(["program", "measure"]).loc[("adult", measure)]


def back_tested(source: Source, measure: str) -> pd.DataFrame:
    found = accuracy(source)
    return found[found["measure"] == measure]


def open_of(source: Source, measure: str, ahead: int) -> pd.DataFrame:
    found = open_outcomes(source)
    year = f"PY{source.period.py + ahead}"
    return found[(found["measure"] == measure) & (found["period"] == year)]


def employed(exit_: str, code: int | str) -> dict[str, object]:
    return {**ADULT, "901": exit_, "1602": code}


def test_the_miss_of_employment_is_weighted_by_the_part_that_is_pending():
    """Two past quarters: 8 of 10, then 6 of 10. The guess of 0.8 missed 0.6 by 0.2.

    Of the next program year ten are known and ten are pending: half of the miss remains.
    """
    past = [employed("2023-11-10", code) for code in [1] * 8 + [0] * 2]
    past += [employed("2024-02-10", code) for code in [1] * 6 + [0] * 4]
    current = [employed("2024-05-10", 9)]
    coming = [employed("2024-08-10", code) for code in [1] * 5 + [0] * 5 + [9] * 10]
    found = line(made([*past, *current, *coming], "PY2024Q4", "2025-08-15"), "ERQ2", 1)
    assert (found["denominator"], found["pending"]) == (20, 10)
    assert found["usual_miss"] == pytest.approx(0.2 * 10 / 20)
    assert found["expected"] == pytest.approx((5 + 10 * 14 / 20) / 20)


def trained(exit_: str, after: int | None, **more: object) -> dict[str, object]:
    earned = {}
    if after is not None:
        day = date.fromisoformat(exit_) + timedelta(days=after)
        earned = {"1800": 6, "1801": day.isoformat()}
    return {**ADULT, "901": exit_, "1303": 6, **earned, **more}


def test_credentials_are_expected_and_tested_by_how_long_they_have_been_open():
    """Exits of PY2024Q3's and Q4's quarters: of ten open after 200 days, five and then two came.

    The employment-like share of all successes (more than half) has no part in it.
    """
    past = [trained("2023-08-10", after) for after in [20] * 20 + [300] * 5 + [None] * 5]
    past += [trained("2023-11-10", after) for after in [20] * 20 + [300] * 2 + [None] * 8]
    coming = [trained("2024-10-10", None) for _ in range(4)]
    report = made([*past, *coming], "PY2024Q4", "2025-04-28")  # 200 days after 10 October
    found = line(report, "CR", 1)
    assert (found["denominator"], found["pending"]) == (4, 4)
    assert found["expected"] == pytest.approx((4 * 7 / 20) / 4)
    assert found["usual_miss"] == pytest.approx(
        0.3
    )  # expected 5 of 10, then 2 of 10; all is pending
    (test,) = back_tested(report, "CR").to_dict("records")
    assert test["period"] == "PY2024Q4"
    assert (test["expected"], test["turned_out"]) == (pytest.approx(0.5), pytest.approx(0.2))


def test_a_diploma_can_be_linked_until_the_fourth_quarter_after_exit_ends():
    diploma = {"1800": 1, "1801": "2024-03-01"}
    rows = [trained("2024-04-01", None, **diploma), trained("2024-04-02", None)]
    report = made(rows, "PY2024Q3", "2025-03-31")
    closing = open_of(report, "CR", 1).set_index("customer")["counts_by"]
    days = closing.dt.strftime("%Y-%m-%d")
    assert days.to_dict() == {"P00000": "2025-06-30", "P00001": "2025-04-02"}


def training(py: int, gain: str = "", **more: object) -> dict[str, object]:
    began = f"{py}-07-01"
    return {**ADULT, "900": began, "1811": began, "1810": gain, "1813": f"{py + 1}-06-30", **more}


def test_skill_gains_follow_the_last_finished_program_year():
    """PY2024 still runs: its open records are no failures. PY2023: 15 of 20 gained, all late."""
    finished = [training(2023, "2024-05-01") for _ in range(15)]
    finished += [training(2023) for _ in range(5)]
    running = [training(2024) for _ in range(40)]
    report = made([*finished, *running], "PY2024Q3", "2025-04-20")
    found = line(report, "MSG", 0)
    assert (found["denominator"], found["pending"]) == (40, 40)
    assert found["expected"] == pytest.approx(0.75)  # on 20 April nobody of PY2023 had gained
    assert pd.isna(found["usual_miss"])
    assert pd.isna(found["low80"])
    assert back_tested(report, "MSG").empty


def test_nothing_is_expected_of_a_program_year_that_has_not_begun():
    finished = [training(2023, "2024-05-01") for _ in range(20)]
    active = [training(2024, **{"1813": ""}) for _ in range(12)]
    report = made([*finished, *active], "PY2024Q3", "2025-04-20")
    found = line(report, "MSG", 1)
    assert (found["denominator"], found["pending"]) == (12, 12)
    assert pd.isna(found["expected"])


def test_those_who_entered_training_later_that_year_are_no_measure():
    """On 20 August twelve were in training, of whom three gained later; the forty came in May."""
    early = [training(2023, "2024-02-01") for _ in range(3)] + [training(2023) for _ in range(9)]
    late = [training(2023, "2024-06-01", **{"1811": "2024-05-01"}) for _ in range(40)]
    running = [training(2024) for _ in range(10)]
    report = made([*early, *late, *running], "PY2024Q1", "2024-08-20")
    assert line(report, "MSG", 0)["expected"] == pytest.approx(3 / 12)


def test_a_newer_gain_hides_whether_there_was_one_in_the_year_before():
    """Of ten whose gains are known five gained; thirty others have a gain of this year instead."""
    known = [training(2023, "2024-05-01") for _ in range(5)] + [training(2023) for _ in range(5)]
    hidden = [training(2023, "2025-02-01", **{"1813": ""}) for _ in range(30)]
    running = [training(2024) for _ in range(10)]
    report = made([*known, *hidden, *running], "PY2024Q3", "2025-04-20")
    found = line(report, "MSG", 0)
    assert (found["denominator"], found["numerator"], found["pending"]) == (40, 30, 10)
    assert found["expected"] == pytest.approx((30 + 10 * 0.5) / 40)


def earning(exit_: str, wage: float | str, **more: object) -> dict[str, object]:
    return {**ADULT, "901": exit_, "1602": 1, "1704": wage, **more}


def test_wages_that_are_still_open_stand_beside_the_median():
    """Ten past wages of 6000; five known ones around 5000 and two employed without a wage yet."""
    past = [earning("2023-11-10", 6000.0) for _ in range(10)]
    past += [earning("2024-02-10", 6500.0) for _ in range(10)]
    known = [earning("2024-08-10", float(wage)) for wage in (4800, 4900, 5000, 5100, 5200)]
    awaited = [earning("2024-08-10", 999999.99) for _ in range(2)]
    report = made(
        [*past, earning("2024-05-10", 6000.0), *known, *awaited], "PY2024Q4", "2025-08-15"
    )
    found = line(report, "ME", 1)
    assert (found["denominator"], found["pending"], found["value"]) == (5, 2, 5000)
    assert (found["at_worst"], found["at_best"]) == (4900, 5100)
    assert found["expected"] == 5100
    assert found["usual_miss"] == pytest.approx((500 + 250) / 2 * 2 / 7)
    listed = open_of(report, "ME", 1)
    assert set(listed["reason"]) == {"wage_q2_not_yet_available"}
    assert len(listed) == 2


def test_once_the_year_is_over_the_adjusted_level_is_what_it_takes(monkeypatch):
    from ipats_lib.frames import levels_of as module
    from ipats_lib.levels.level import Level

    level = Level(0.80, 0.70, "synthetic")
    monkeypatch.setattr(module, "find_level", lambda *_: level)
    rows = [employed("2024-02-10", code) for code in [1] * 6 + [0] * 4]
    found = line(made(rows, "PY2024Q4", "2025-08-15"), "ERQ2", 0)
    assert (found["level"], found["level_kind"], found["to_100"]) == (0.70, "adjusted", 1)
    during = line(made(rows, "PY2024Q4", "2025-06-30"), "ERQ2", 0)
    assert (during["level"], during["level_kind"], during["to_100"]) == (0.80, "negotiated", 2)


def quarters_of(*shares: float, counted: int = 40) -> list[dict[str, object]]:
    """Exits of the quarters before April 2024, oldest first, so many of each employed."""
    days = ("2023-02-10", "2023-05-10", "2023-08-10", "2023-11-10", "2024-02-10")[-len(shares) :]
    return [
        employed(day, 1 if n < share * counted else 0)
        for day, share in zip(days, shares, strict=True)
        for n in range(counted)
    ]


def test_an_expectation_has_a_band_of_80_percent_or_says_that_none_is_attached():
    """Five quarters at 75 percent, guessed without a miss: four tests, and chance alone remains.

    Of 40 open outcomes 30 are expected: 40 x 0.75 x 0.25 = 7.5, t = 1.533, half 4.198, so 26 to 34.
    """
    coming = [employed("2024-08-10", 9) for _ in range(40)]
    current = employed("2024-05-10", 9)
    rows = [*quarters_of(*[0.75] * 5), current, *coming]
    report = made(rows, "PY2024Q4", "2025-08-15")
    found = line(report, "ERQ2", 1)
    assert found["expected"] == pytest.approx(0.75)
    assert (found["low80"], found["high80"]) == (26 / 40, 34 / 40)
    assert back_tested(report, "ERQ2")["in_band"].tolist() == ["inside"] * 4

    few = made([*quarters_of(0.75, 0.75), current, *coming], "PY2024Q4", "2025-08-15")
    assert pd.isna(line(few, "ERQ2", 1)["low80"])
    assert set(back_tested(few, "ERQ2")["in_band"]) == {""}


def test_where_nothing_is_open_there_is_nothing_to_attach_a_band_to():
    report = made(quarters_of(*[0.75] * 5), "PY2024Q4", "2025-08-15")
    found = line(report, "ERQ2", 0)
    assert found["pending"] == 0
    assert found["low80"] == found["high80"] == found["value"]


def test_one_more_success_adds_its_share_of_the_level(monkeypatch):
    """6 of 10 against 80 percent: 75 percent of it. One more is a tenth: 12.5 points of it."""
    from ipats_lib.frames import levels_of
    from ipats_lib.levels.level import Level

    monkeypatch.setattr(levels_of, "find_level", lambda *_: Level(0.80, None, "synthetic"))
    rows = [employed("2024-02-10", code) for code in [1] * 6 + [0] * 3 + [9]]
    found = line(made(rows, "PY2024Q4", "2025-06-30"), "ERQ2", 0)
    assert found["percent"] == pytest.approx(75)
    assert found["percent_best"] == pytest.approx(87.5)
    assert found["one_more"] == pytest.approx(12.5)
    assert (found["to_90"], found["to_100"]) == (2, 2)
