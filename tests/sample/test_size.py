"""How many, where, how successful: the sample against the published figures of Illinois.

Source: domain 3.5, 6.1, 6.2; `params/sample/areas.csv`.
"""

import csv
from collections import Counter, defaultdict

import pytest

from ipats_lib.params import load_areas, params_folder
from tests.independent import WINDOWS, judge
from tests.sample.conftest import SCALE

FLAGS = {"adult": "903", "dw": "904", "youth": "905"}
STATEWIDE = {"adult": 8489, "dw": 5282, "youth": 5666}
# PY2023, ETA-9169 (domain 3.5): ER Q2, ER Q4, CR, MSG in percent, median earnings in dollars.
PUBLISHED = {"adult": (80.5, 78.2, 73.2, 69.1), "dw": (81.3, 80.3, 73.9, 69.8),
             "youth": (80.3, 78.4, 70.8, 65.5)}  # fmt: skip
EARNINGS = {"adult": 10293, "dw": 11693, "youth": 5700}
MEASURES = ("ERQ2", "ERQ4", "CR", "MSG")


@pytest.fixture(scope="module")
def served(many):
    """Participants of PY2024 whose period overlaps the program year."""
    return [
        row for row in many
        if row["900"] and row["900"] <= "20250630"
        and (not row["901"].strip("0") or row["901"] >= "20240701")
    ]  # fmt: skip


def takes_part(row, program):
    return row[FLAGS[program]] in ("1", "2", "3")


def title_one(row):
    return any(takes_part(row, program) for program in FLAGS)


def customers(rows, program):
    return {row["100"] for row in rows if takes_part(row, program)}


@pytest.mark.parametrize("program", FLAGS)
def test_participants_of_the_state(served, program):
    assert len(customers(served, program)) == pytest.approx(STATEWIDE[program] * SCALE, rel=0.04)


@pytest.mark.parametrize("program", FLAGS)
def test_participants_of_each_area(served, program):
    with (params_folder() / "sample" / "areas.csv").open() as lines:
        targets = {line["lwia"]: int(line[program]) * SCALE for line in csv.DictReader(lines)}
    codes = {area.lwia: area.board_code for area in load_areas()}
    for lwia, target in targets.items():
        mine = [r for r in served if codes[lwia] in (r["108-A"], r["108-B"], r["108-C"])]
        assert abs(len(customers(mine, program)) - target) <= 5 + 0.08 * target, lwia


def test_a_quarter_is_wagner_peyser_alone_and_a_few_are_reportable(many):
    alone = sum(row["918"] == "1" and not title_one(row) for row in many)
    assert 0.2 < alone / len(many) < 0.33
    reportable = [row for row in many if "4" in (row["903"], row["904"])]
    assert 0.005 < len(reportable) / len(many) < 0.05
    assert not any(row["900"] for row in reportable)


def test_ten_quarters_of_exiters(many):
    exits = Counter((day.year, (day.month - 1) // 3) for day in (r.day("901") for r in many) if day)
    quarters = [(year, q) for year in (2023, 2024, 2025) for q in range(4)][:10]
    assert all(exits[quarter] > 0.02 * len(many) for quarter in quarters)
    assert sum(exits.values()) - sum(exits[q] for q in quarters) < 0.001 * len(many)


def judged(rows, program, measure):
    windows = WINDOWS["PY2024"]["annual"]
    found = (judge(row, program, measure, windows) for row in rows if program in row.programs())
    return [one for one in found if one is not None]


@pytest.mark.parametrize("program", PUBLISHED)
def test_rates_are_near_the_published_ones(many, program):
    for measure, published in zip(MEASURES, PUBLISHED[program], strict=True):
        hits = [hit for hit, _ in judged(many, program, measure)]
        assert len(hits) > 200
        assert 100 * sum(hits) / len(hits) == pytest.approx(published, abs=4.5), measure
    wages = sorted(wage for _, wage in judged(many, program, "ME"))
    assert wages[len(wages) // 2] == pytest.approx(EARNINGS[program], rel=0.07)


def test_areas_differ_but_plausibly(many):
    """Adult ER Q2 of the larger areas; domain 3.5 gives 65 to 88 % as the plausible range."""
    areas = {row["108-A"] for row in many}
    hits = {a: judged([r for r in many if r["108-A"] == a], "adult", "ERQ2") for a in areas}
    rates = [
        sum(hit for hit, _ in found) / len(found) for found in hits.values() if len(found) > 40
    ]
    assert len(rates) >= 6
    assert max(rates) - min(rates) > 0.02
    assert all(0.6 < rate < 0.95 for rate in rates)


def test_co_enrolments_and_partners(many):
    both = [tuple(program for program in FLAGS if takes_part(row, program)) for row in many]
    assert {("adult", "dw"), ("adult", "youth")} <= set(both)
    assert any(row["918"] == "1" and title_one(row) for row in many)
    for element in ("910", "915", "917"):
        assert any(row[element] == "1" for row in many), element
    assert any(row["932"] for row in many)


def test_the_statewide_area(many):
    own = [row for row in many if row["108-A"] == "17000"]
    assert own
    assert all({row["903"], row["904"], row["905"]} <= {"0", "2"} for row in own)
    beside = [row for row in many if "17000" in (row["108-B"], row["108-C"])]
    assert beside
    assert all("3" in (row["903"], row["904"], row["905"]) for row in beside)


def test_about_three_percent_of_customers_are_in_two_areas(many):
    areas = defaultdict(set)
    for row in filter(title_one, many):
        areas[row["100"]] |= {row["108-A"], row["108-B"]} - {"", "17000", "17999"}
    assert 0.02 < sum(len(found) > 1 for found in areas.values()) / len(areas) < 0.045
    assert any(row["108-B"] not in ("", "17000") for row in many), "in one row"
