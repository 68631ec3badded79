"""The edit checks by one record that breaks each and one that does not.  Source: domain 4.3.

The extract is as of 15 August 2025.
"""

from datetime import date

import pytest

from ipats_lib.caseload.checks import asked_of_records, load_checks, records_to_fix
from ipats_lib.caseload.flow import view_of
from ipats_lib.cohorts import Records
from tests.tables import records

TODAY = date(2025, 8, 15)
HOME = {
    "101": "IL", "102": "031", "103": "60608", "201": 2, "210": 0, "211": 0, "212": 0, "213": 0,
    "214": 0, "215": 1,
}  # fmt: skip
SOUND = {
    **HOME, "100": "A", "200": "1990-05-10", "300": 0, "301": 0, "400": 0, "408": 1, "409": 5,
    "802": 1, "903": 1, "900": "2024-01-10", "1001": "2024-01-10", "1003": "2024-02-01",
    "1300": 0, "1303": 0,
}  # fmt: skip
EXITED = {"901": "2024-03-01"}
YOUTH = {"903": "", "905": 1, "200": "2006-05-10", "906": "2024-01-10", "800": 1, "409": 4}
TRAINED = {"1300": 1, "1302": "2024-01-20", "1303": 5, "1308": "2024-02-20"}

# rule: what breaks it, and the nearest that does not.
LATER = {**YOUTH, "900": "2024-01-10", "906": "2024-03-10"}
AT_ENTRY = {**YOUTH, "900": "2024-01-10", "906": ""}
CASES = {
    "V-03": ({"101": "XX"}, {"101": "88"}),
    "V-04": ({"102": "002"}, {"102": "203"}),
    "V-05": ({"103": "59999"}, {"103": "59999", "101": "IA"}),
    "V-08": ({"213": ""}, {"213": 9}),
    "L-01": ({"900": "2025-08-16"}, {"900": "2025-08-15"}),
    "L-02": ({"901": "2024-01-09"}, {"901": "2024-01-10"}),
    "L-03": ({"901": "2025-05-18"}, {"901": "2025-05-17"}),
    "L-04": ({"200": "2010-01-11"}, {"200": "2010-01-10"}),
    "L-05": ({**YOUTH, "200": "1999-01-10"}, {**YOUTH, "200": "1999-01-11"}),
    "L-06": (
        {**YOUTH, "409": 1, "200": "2002-01-10"},
        {**YOUTH, "409": 1, "200": "2002-01-11"},
    ),
    "L-07": ({"200": "2006-01-11"}, {"200": "2006-01-10"}),
    "L-08": ({"904": 1}, {"904": 1, "410": "2023-12-01"}),
    "L-09": ({"410": "2024-07-09"}, {"410": "2024-07-08"}),
    # Neither in Title I nor in Wagner-Peyser; code 4 is a reportable individual.
    "L-10": ({"903": 0}, {"903": 0, "918": 1}),
    "L-11": ({"903": 4}, {"903": 4, "904": 1}),
    "L-12": ({"402": 1, "400": 1}, {"402": 1, "400": 0}),
    "L-13": ({"409": ""}, {"409": 6}),
    "L-14": ({"409": 5, "408": 0}, {"409": 4, "408": 0}),
    "L-15": ({"408": 4, "407": 11}, {"408": 4, "407": 12}),
    "L-16": ({"300": 1, "301": 3}, {"300": 1, "301": 2}),
    "L-17": ({"600": 1, "802": 0}, {"600": 1, "802": 1}),
    "L-18": ({"704": 1, "200": "1998-05-10"}, {"704": 1, "200": "1999-05-10"}),
    "L-19": ({**YOUTH, "800": 0, "802": 0}, YOUTH),
    "L-20": ({"802": 0}, {"802": 0, "804": 1}),
    "L-21": ({"1003": "2024-03-02", **EXITED}, {"1003": "2024-03-01", **EXITED}),
    "L-22": ({"1200": "2024-02-02", "1201": "2024-02-01"}, {"1200": "2024-02-01"}),
    "L-23": ({"1001": "", "1003": ""}, {"1001": "", "1003": "", "1201": "2024-01-12"}),
    "L-24": ({**TRAINED, "1303": 0}, TRAINED),
    "L-25": ({**TRAINED, "1308": "2024-01-19"}, {**TRAINED, "1308": "2024-01-20"}),
    "L-26": ({**TRAINED, "1302": "2024-01-09"}, {**TRAINED, "1302": "2024-01-10"}),
    "L-27": ({**TRAINED, "1307": 1, "1308": ""}, {**TRAINED, "1307": 1}),
    "L-28": ({**TRAINED, "1303": 10}, {**TRAINED, **YOUTH, "1303": 10}),
    "L-29": ({**TRAINED, **EXITED, "1308": ""}, {**TRAINED, **EXITED}),
    "L-30": ({**EXITED, "1409": "2024-03-02"}, {**EXITED, "1409": "2024-03-01"}),
    # Exit in the first quarter of 2024: the report of its second quarter after exit is four
    # quarters on, and that quarter ended on 31 March 2025.
    "L-31": (
        {**EXITED, "1602": 9, "1603": 5},
        {"901": "2024-09-01", "1602": 9, "1603": 5},
    ),
    "L-32": ({"1602": 0}, {"1602": 9}),
    "L-33": ({**EXITED, "1600": 1, "1601": 0}, {**EXITED, "1600": 1, "1601": 4}),
    "L-34": (
        {**EXITED, "1602": 1, "1603": 1, "1704": 0},
        {**EXITED, "1602": 1, "1603": 1, "1704": 5000},
    ),
    "L-35": (
        {**EXITED, "1602": 1, "1603": 1},
        {**EXITED, "1602": 1, "1603": 4},
    ),
    "L-36": (
        {**EXITED, "1602": 1, "1603": 4, "1704": 999999.99},
        {**EXITED, "1602": 9, "1603": 5, "1704": 999999.99},
    ),
    "L-37": ({**EXITED, "1706": 100000.01}, {**EXITED, "1706": 100000}),
    "L-38": ({**EXITED, "1704": 99.99}, {**EXITED, "1704": 100}),
    "L-39": ({**EXITED, "1900": 1}, {**YOUTH, **EXITED, "1900": 1}),
    "L-40": (
        {**EXITED, "1618": 1, "1602": 1, "1606": 0},
        {**EXITED, "1618": 1, "1602": 1, "1606": 1},
    ),
    "L-41": (
        {**EXITED, "1800": 4, "1801": "2025-03-02"},
        {**EXITED, "1800": 4, "1801": "2025-03-01"},
    ),
    "L-42": ({"1802": 4}, {"1800": 4, "1802": 4}),
    "L-43": (
        {**TRAINED, **EXITED},
        {**TRAINED, **EXITED, "1800": 0},
    ),
    "L-44": (
        {**TRAINED, "1800": 4, "1801": "2024-01-19"},
        {**TRAINED, "1800": 4, "1801": "2024-01-20"},
    ),
    "L-45": ({**TRAINED, "1303": 6}, {**TRAINED, "1303": 6, "1811": "2024-01-20"}),
    "L-46": ({"1811": "2024-01-20"}, {**TRAINED, "1303": 6, "1811": "2024-01-20"}),
    "L-47": (
        {"1811": "2024-01-20", "1813": "2024-01-19"},
        {"1811": "2024-01-20", "1813": "2024-01-20"},
    ),
    "L-48": ({**EXITED, "1809": "2024-07-01"}, {**EXITED, "1809": "2024-06-30"}),
    "L-49": ({"1806": "2024-02-01"}, {"1806": "2024-02-01", "803": 1}),
    "L-50": ({"1808": "2024-02-01"}, {"1808": "2024-02-01", "1401": 1}),
    "L-51": ({**EXITED, "1406": "2024-03-01"}, {**EXITED, "1406": "2024-03-02"}),
    "L-52": ({"923": 2}, {"923": 2, **EXITED}),
    "L-53": ({**EXITED, "923": 5}, {**YOUTH, **EXITED, "923": 5}),
    "L-54": ({**EXITED, "923": 3, "1602": 1}, {**EXITED, "923": 3, "1602": 0}),
    "L-55": (
        {**EXITED, "1608": 1, "1602": 1},
        {**TRAINED, **EXITED, "1608": 1, "1602": 1},
    ),
    "L-56": ({**EXITED, "1809": "2024-03-02"}, {**EXITED, "1809": "2024-03-01"}),
    # A post-graduate degree is of Vocational Rehabilitation alone.
    "L-57": ({"1802": 8}, {"1802": 7}),
    "L-58": ({**EXITED, "923": 98}, {**EXITED, "923": 0}),
}  # fmt: skip


# A rule by another of its sides: what breaks it, and the nearest that does not.
MORE = [
    # An Adult of 17 who is in Youth too is still an Adult of 17.
    ("L-07", {"905": 1, "200": "2006-01-11"}, {"905": 1, "200": "2006-01-10"}),
    # A youth is as old as at 906, and at 900 where that is blank.
    ("L-05", {**AT_ENTRY, "200": "1999-01-10"}, {**AT_ENTRY, "200": "1999-01-11"}),
    ("L-06", {**LATER, "200": "2008-03-11"}, {**LATER, "200": "2008-03-10"}),
    ("L-06", {**AT_ENTRY, "200": "2008-01-11"}, {**AT_ENTRY, "200": "2008-01-10"}),
    ("L-08", {"904": 1, "807": 0}, {"904": 1, "807": 1}),
    # Public assistance is 600 to 604; 9 says nothing.
    *(("L-20", {"802": 0, assistance: 9}, {"802": 0, assistance: 1})
      for assistance in ("600", "601", "603", "604")),
    ("L-20", {"802": 0, "602": 0}, {"802": 0, "602": 2}),
    # Only who takes part owes answers and a service: not who is in no program (L-10, L-11).
    ("V-08", {"201": ""}, {"201": "", "903": 0}),
    ("V-08", {"215": ""}, {"215": "", "903": 4}),
    ("L-13", {"409": ""}, {"409": "", "903": 4}),
    ("L-13", {"409": ""}, {"409": "", "900": ""}),
    ("L-23", {"1001": "", "1003": ""}, {"1001": "", "1003": "", "903": 4}),
    # Blank is none of the statuses with which somebody is long unemployed.
    ("L-12", {"402": 1, "400": ""}, {"402": 1, "400": 3}),
    # Self-service (1002) and the contact of a reportable individual (1007) may lie outside the
    # period: neither extends it (domain 2.1).
    ("L-21", {"1004": "2024-01-09"}, {"1002": "2024-01-09", "1007": "2024-01-09"}),
    # A graduate without a level: the level is none.
    ("L-14", {"409": 5, "408": ""}, {"409": 4, "408": ""}),
    ("L-14", {"409": 5, "408": 0}, {"409": 5, "408": 1}),
    # Blank is in neither list of 301.
    ("L-16", {"300": 1, "301": ""}, {"300": 1, "301": 1}),
    ("L-16", {"300": 0, "301": ""}, {"300": 0, "301": 3}),
    ("L-16", {"300": 0, "301": 1}, {"300": "", "301": ""}),
    # Nobody has been followed up who has not left; the day of exit is not after it.
    ("L-30", {"1503": "2024-02-01"}, {**EXITED, "1503": "2024-03-02"}),
    ("L-30", {**EXITED, "1503": "2024-03-01"}, {**EXITED, "1503": ""}),
    # The match of somebody active is blank or 5; employment blank or 9.
    ("L-32", {"1603": 1}, {"1603": 5}),
    ("L-32", {"1607": 0}, {"1607": ""}),
    ("L-32", {"1604": 4}, {"1604": ""}),
    ("L-33", {**EXITED, "1602": 0, "1603": ""}, {**EXITED, "1602": 0, "1603": 0}),
    ("L-33", {**EXITED, "1606": 9, "1607": ""}, {**EXITED, "1606": 9, "1607": 5}),
    # On-the-job, customized, other and job-readiness training are no skill-gain activity.
    *(
        ("L-46", {**TRAINED, "1303": kind, "1811": "2024-01-20"},
         {**TRAINED, "1303": 6, "1811": "2024-01-20"})
        for kind in (1, 5, 11, 12)
    ),
    ("L-46", {"1401": 0, "1811": "2024-01-20"}, {"1401": 1, "1811": "2024-01-20"}),
]  # fmt: skip


def broken(*rows: dict) -> list[set[str]]:
    """The checks that each record breaks."""
    homes = ({"100": f"C{n}", "103": f"606{n:02}"} for n in range(len(rows)))  # else D-06
    frame = records(*({**SOUND, **home, **row} for home, row in zip(homes, rows, strict=True)))
    found = records_to_fix(Records(frame), TODAY)
    return [set(found.loc[found["row"] == row, "rule"]) for row in frame["row"]]


def test_a_sound_record_breaks_nothing():
    assert broken({}, EXITED, YOUTH, TRAINED) == [set()] * 4


DISLOCATED = {"903": "", "904": 1, "410": "2024-01-05"}
AGAIN = {"900": "2024-06-01", "1001": "2024-06-01", "1003": ""}
# rule: two records of one person that break it, the nearest two that do not, and who is named.
PAIRS = {
    "D-01": (({}, {}), ({}, {"903": "", **YOUTH}), "second"),
    "D-02": ((EXITED, {**AGAIN, "900": "2024-03-01"}), (EXITED, AGAIN), "second"),
    # 1 March to 30 May 2024 are 90 days.
    "D-03": (
        (EXITED, {**AGAIN, "900": "2024-05-29"}),
        (EXITED, {**AGAIN, "900": "2024-05-30"}),
        "second",
    ),
    "D-04": (
        (EXITED, {**AGAIN, "200": "1990-05-11"}),
        (EXITED, {**AGAIN, "200": ""}),
        "both",
    ),
    "D-05": (({**EXITED, "201": 1}, AGAIN), ({**EXITED, "201": 9}, AGAIN), "both"),
    "X-02": (
        (EXITED, {**DISLOCATED, "900": "2024-02-10", "901": "2024-04-10"}),
        (EXITED, {**DISLOCATED, "900": "2024-02-10", **EXITED}),
        "both",
    ),
    "X-03": (({}, DISLOCATED), ({}, {**DISLOCATED, "903": 1}), "both"),
    "X-04": (({"802": 1}, {"802": 0}), ({"802": 1}, {"802": 9}), "both"),
}  # fmt: skip
# Asked of the case tables: `test_every_finding.py`.
OF_TABLES = {"X-01", "X-05", "X-06"}


def broken_by_one_person(*rows: dict) -> list[set[str]]:
    return broken(*({**row, "100": "A"} for row in rows))


def test_every_check_has_its_case_and_its_text():
    assert {*CASES, *PAIRS, "D-06"} == set(asked_of_records()) == {*load_checks()} - OF_TABLES


@pytest.mark.parametrize("rule", PAIRS)
def test_the_check_compares_the_records_of_one_person(rule):
    wrong, right, who = PAIRS[rule]
    named = {"second": [False, True], "both": [True, True]}[who]
    assert [rule in found for found in broken_by_one_person(*wrong)] == named
    assert [rule in found for found in broken_by_one_person(*right)] == [False, False]
    assert [rule in found for found in broken(*wrong)] == [False, False]  # two persons


@pytest.mark.parametrize(
    ("names", "alike"), [("C1 C2", True), ("01|C1 01|C2", True), ("01|C1 02|C2", False)]
)
def test_customers_of_one_area_are_compared_and_those_of_two_are_not(names, alike):
    """What puts areas apart is before the customer (`frames.combined.apart`)."""
    frame = records(*({**SOUND, "100": name} for name in names.split()))
    assert ("D-06" in {*records_to_fix(Records(frame), TODAY)["rule"]}) is alike


def test_a_customer_of_very_many_records_costs_no_more_than_others():
    """Each record is compared with the ten beside it, not with all."""
    pair = records(SOUND, {**SOUND, **DISLOCATED})
    rows = pair.take([0, 1] * 20_000).reset_index(drop=True)
    found = asked_of_records()["X-03"](view_of(Records(rows), TODAY))
    assert found.any()


def test_an_open_period_overlaps_whatever_follows_it():
    first, second = broken_by_one_person({}, AGAIN)
    assert "D-02" not in first
    assert "D-02" in second


def test_a_long_period_overlaps_more_than_the_next_one():
    long, inside, after = {"901": "2024-09-01"}, {**AGAIN, "901": "2024-06-10"}, "2024-08-01"
    found = broken_by_one_person(long, inside, {**AGAIN, "900": after, "1001": after})
    assert ["D-02" in rules for rules in found] == [False, True, True]


@pytest.mark.parametrize("rule", CASES)
def test_the_check_tells_the_broken_record_from_the_sound_one(rule):
    wrong, right = broken(*CASES[rule])
    assert rule in wrong
    assert rule not in right


@pytest.mark.parametrize(("rule", "wrong", "right"), MORE)
def test_the_check_holds_on_each_of_its_sides(rule, wrong, right):
    named = broken(wrong, right)
    assert [rule in found for found in named] == [True, False]


def test_only_title_one_records_are_listed_and_the_newest_stands_first():
    frame = records(
        {**SOUND, "100": "old", "409": "", "103": "62701"},
        {**SOUND, "100": "new", "409": "", "900": "2025-01-10", "1001": "2025-01-10", "1003": ""},
        {**SOUND, "100": "other", "409": "", "103": "60609", "903": "", "918": 1},
    )
    found = records_to_fix(Records(frame), TODAY)
    assert list(found["customer"]) == ["new", "old"]
    assert [f"{day:%Y-%m-%d}" for day in found["dated"]] == ["2025-01-10", "2024-01-10"]
