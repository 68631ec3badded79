"""The sample keeps the edit rules, but for the errors put in on purpose.

Each rule is written again here over one row, or one customer's rows, apart from the generator.
Source: domain 4.3, 4.4.
"""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from ipats_lib.params import load_areas, load_layout
from tests.independent import year_later

AS_OF = date(2025, 8, 15)
LISTED = {e.number: {"", *e.codes} for e in load_layout().elements if e.codes}
DATES = [e.number for e in load_layout().elements if e.type == "date"]
BOARDS = {"", *(area.board_code for area in load_areas())}
TRAININGS = (("1302", "1303", "1307", "1308"), ("1309", "1310", "1312", "1313"),
             ("1314", "1315", "1317", "1318"))  # fmt: skip
CREDENTIAL_TRAINING = {2, 3, 4, 6, 7, 8, 9, 10}
QUARTERS = (("1600", "1601", "1703"), ("1602", "1603", "1704"),
            ("1604", "1605", "1705"), ("1606", "1607", "1706"))  # fmt: skip
GAINS = ("1806", "1807", "1808", "1809", "1810")
BARRIERS = ("701", "702", "704", "800", "801", "802", "803", "804", "805", "806", "202")
SERVICES = ("1001", "1003", "1004", "1200", "1201", "1203", "1206", "1302", "1405", "1410", "1411")
EMPLOYED = (1, 2, 3)


def adult(row):
    return row.code("903") in (1, 2, 3)


def dislocated(row):
    return row.code("904") in (1, 2, 3)


def youth(row):
    return row.code("905") in (1, 2, 3)


def takes_part(row):
    return bool(row["900"]) and (adult(row) or dislocated(row) or youth(row) or row["918"] == "1")


def age(row, element):
    born, at = row.day("200"), row.day(element)
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


def quarter(day):
    return day.year * 4 + (day.month - 1) // 3


def later(row, element, other):
    """Whether a date of the row is after another one; no where either is missing."""
    return bool(row.day(element) and row.day(other) and row.day(element) > row.day(other))


def wrong_age(row):
    if youth(row) and row.day("906"):
        youngest, oldest = (14, 21) if row["409"] in ("1", "2", "3") else (16, 24)
        if not youngest <= age(row, "906") <= oldest:
            return True
    return (adult(row) or dislocated(row)) and bool(row.day("900")) and age(row, "900") < 18


def wrong_veteran(row):
    return row["301"] not in (("1", "2") if row["300"] == "1" else ("0", "3"))


def wrong_school(row):
    contradicts = row["409"] == "5" and row["408"] == "0"
    return contradicts or ((row.code("408") or 0) >= 4 and row["407"] != "12")


def outside(row):
    return any(later(row, "900", e) or later(row, e, "901") for e in SERVICES)


def wrong_training(row):
    told = bool(row["1302"]) and row.code("1303") not in (None, 0)
    wrong = (row["1300"] == "1") != told
    for entered, _, completed, ended in TRAININGS:
        wrong |= bool(row.day("901") and row[entered] and not row[ended])
        wrong |= row[completed] == "1" and not row[ended]
        wrong |= later(row, entered, ended) or later(row, ended, "901")
    return wrong


def overdue(row):
    """Code 9 stays only while the quarter can still be open; the report quarter is 2025 Q2."""
    if not row.day("901"):
        return False
    passed = quarter(date(2025, 6, 30)) - quarter(row.day("901"))
    return (row["1602"] == "9" and passed >= 4) or (row["1606"] == "9" and passed >= 6)


def wrong_employment(row):
    matches = {"0": "0", "9": "5", "": ""}
    return any(
        row[match] != matches[row[employed]]
        if row[employed] in matches
        else row[match] not in ("1", "2", "3", "4")
        for employed, match, _ in QUARTERS
    )


def wrong_wage(row):
    for employed, match, wage in QUARTERS:
        amount = float(row[wage]) if row[wage].replace(".", "", 1).isdigit() else None
        paid = amount is not None and 0 < amount < 999999.99
        if (
            (amount == 999999.99 and row[employed] != "9")
            or (row[match] in ("1", "2", "3") and not paid)
            or (paid and row[match] not in ("1", "2", "3", "4"))
        ):
            return True
    return False


def wrong_credential(row):
    wrong = False
    for kind, day in (("1800", "1801"), ("1802", "1803"), ("1804", "1805")):
        earned = row.code(kind) not in (None, 0)
        wrong |= earned != bool(row.day(day)) or later(row, "900", day)
        if row.day("901") and row.day(day):
            wrong |= row.day(day) > year_later(row.day("901"))
        wrong |= bool(row.day(day) and row.day(day) > AS_OF)
    return wrong


def credential_not_told(row):
    over = row.day("901") and year_later(row.day("901")) + timedelta(days=2) < AS_OF
    return bool(over and row["1300"] == "1" and not row["1800"])


def wrong_enrolment(row):
    studies = any(row.code(kind) in CREDENTIAL_TRAINING for _, kind, _, _ in TRAININGS)
    studies |= row["1332"] == "1" or row["1401"] == "1"
    wrong = studies != bool(row["1811"]) or later(row, "1811", "1813")
    return wrong or later(row, "1811", "901") or later(row, "1813", "901")


def wrong_gain(row):
    day = row.day("901")
    end = date(day.year + (day.month >= 7), 6, 30) if day else AS_OF
    for gain in GAINS:
        when = row.day(gain)
        if when and (not row["1811"] or later(row, "1811", gain) or when > end):
            return True
    return bool(row["1808"]) and row["1401"] != "1"


def wrong_end(row):
    if row.code("923") in range(1, 8) and not row["901"]:
        return True
    works = any(row.code(employed) in (1, 2, 3, 4) for employed, _, _ in QUARTERS)
    return (row.code("923") == 3 and works) or (row.code("923") == 5 and not youth(row))


def wrong_follow_up(row):
    early = any(row[e] and not later(row, e, "901") for e in ("1406", "1412", "1503"))
    placed = bool(row["1900"] or row["1901"]) and not youth(row)
    works = row.code("1602") in EMPLOYED and row.code("1606") in EMPLOYED
    return early or placed or (row["1618"] == "1" and not works)


def told_of_an_active(row):
    return not row["901"].strip("0") and any(row[q[0]] or row[q[2]] for q in QUARTERS)


def exit_not_certain(row):
    return bool(row.day("901")) and row.day("901") > AS_OF - timedelta(days=90)


BROKEN = {
    "F-05": lambda row: any(row[e] and not row.day(e) for e in DATES),
    "F-07": lambda row: any(row[e] not in listed for e, listed in LISTED.items()),
    "V-07": lambda row: any(row[e] not in BOARDS for e in ("108-A", "108-B", "108-C")),
    "L-02": lambda row: later(row, "900", "901"),
    "L-03": exit_not_certain,
    "L-05 to L-07": wrong_age,
    "L-08": lambda row: dislocated(row) and not row["410"] and row["807"] != "1",
    "L-11": lambda row: "4" in (row["903"], row["904"]) and bool(row["900"]),
    "L-12": lambda row: row["402"] == "1" and row["400"] == "1",
    "L-13": lambda row: takes_part(row) and not row["409"],
    "L-14, L-15": wrong_school,
    "L-16": wrong_veteran,
    "L-17": lambda row: "1" in (row["600"], row["603"]) and row["802"] != "1",
    "L-19": lambda row: youth(row) and not any(row[e] == "1" for e in BARRIERS),
    "L-21, L-26": outside,
    "L-22": lambda row: later(row, "1001", "1003") or later(row, "1200", "1201"),
    "L-23": lambda row: takes_part(row) and not (row["1001"] or row["1200"] or row["906"]),
    "L-24, L-25, L-27, L-29": wrong_training,
    "L-30, L-39, L-40, L-51": wrong_follow_up,
    "L-31": overdue,
    "L-32": told_of_an_active,
    "L-33": wrong_employment,
    "L-34 to L-36": wrong_wage,
    "L-41": wrong_credential,
    "L-43": credential_not_told,
    "L-45 to L-47": wrong_enrolment,
    "L-48, L-50": wrong_gain,
    "L-52 to L-54": wrong_end,
}
# No error put in on purpose breaks these.
KEPT = ("L-03", "L-11", "L-12", "L-16", "L-17", "L-19", "L-22", "L-23")
MADE = ("F-05", "F-07", "V-07", "L-02", "L-13", "L-21, L-26", "L-24, L-25, L-27, L-29", "L-31",
        "L-30, L-39, L-40, L-51", "L-34 to L-36", "L-41", "L-43", "L-45 to L-47",
        "L-52 to L-54")  # fmt: skip


@pytest.mark.parametrize("rule", BROKEN)
def test_few_rows_break_a_rule(many, rule):
    broken = sum(BROKEN[rule](row) for row in many)
    assert broken <= (0.0005 if rule in KEPT else 0.004) * len(many)


def test_a_small_share_of_rows_breaks_any_rule(many):
    broken = sum(any(rule(row) for rule in BROKEN.values()) for row in many)
    assert 0.003 < broken / len(many) < 0.03


@pytest.mark.parametrize("rule", MADE)
def test_the_errors_of_real_files_occur(many, rule):
    assert any(BROKEN[rule](row) for row in many)


def test_unreadable_days_stand_in_cohort_elements_and_in_others(many):
    unreadable = {e for row in many for e in DATES if row[e].strip("0") and not row.day(e)}
    assert {"410", "901"} <= unreadable
    assert any(row["901"] == "00000000" for row in many)


def test_a_wage_with_a_comma_and_a_negative_one(many):
    assert any("," in row["1704"] for row in many)
    assert any(row["1703"].startswith("-") for row in many)


@pytest.fixture(scope="module")
def periods(many):
    """customer -> (entry, exit) of each period, in order of the entry."""
    found = defaultdict(list)
    for row in many:
        if row.day("900"):
            found[row["100"]].append((row.day("900"), row.day("901") or date.max))
    return {customer: sorted(spans) for customer, spans in found.items()}


def test_periods_of_a_customer_are_ninety_days_apart_but_for_a_few(periods):
    several = [spans for spans in periods.values() if len(spans) > 1]
    assert 0.02 < len(several) / len(periods) < 0.1
    pairs = [pair for spans in several for pair in pairwise(spans)]
    close = sum((after[0] - before[1]).days < 90 for before, after in pairs)
    assert 0 < close <= 0.08 * len(pairs), "re-entry too soon is one of the errors"


def test_some_customers_exit_twice_in_one_window(periods):
    window = (date(2023, 7, 1), date(2024, 6, 30))
    inside = [sum(window[0] <= end <= window[1] for _, end in s) for s in periods.values()]
    assert sum(n > 1 for n in inside) > 5


@pytest.mark.parametrize("element", ["200", "201", "210", "213", "215"])
def test_what_cannot_change_does_not_but_for_a_few(many, element):
    values = defaultdict(set)
    for row in many:
        values[row["100"]].add(row[element])
    differing = sum(len(found) > 1 for found in values.values())
    assert differing <= 0.003 * len(values)
    assert differing or element != "200", "two birth dates are one of the errors"


def test_a_whole_row_stands_twice(many):
    """Rule D-01: the same customer, entry and program."""
    keys = ("100", "900", "903", "904", "905")
    seen = [tuple(row[key] for key in keys) for row in many if takes_part(row)]
    assert 0 < len(seen) - len(set(seen)) < 0.002 * len(seen)


@pytest.mark.parametrize(
    ("number", "employed"), [(1, "1600"), (2, "1602"), (3, "1604"), (4, "1606")]
)
def test_outcomes_are_pending_as_the_calendar_asks(many, number, employed):
    """Nothing is told of a quarter that has not ended, nearly all of those long over."""
    ended = [(row, quarter(AS_OF) - quarter(row.day("901")) - number)
             for row in many if row.day("901")]  # fmt: skip
    assert {row[employed] for row, quarters in ended if quarters <= 0} == {"9"}
    old = [row[employed] == "9" for row, quarters in ended if quarters >= 3]
    assert sum(old) < 0.01 * len(old)
    between = [row[employed] == "9" for row, quarters in ended if quarters == 2]
    assert 0.2 < sum(between) / len(between) < 0.6


def test_wages_of_a_person_go_together(many):
    pairs = [(row.wage(), float(row["1706"])) for row in many
             if (row["1603"], row["1607"]) == ("1", "1")]  # fmt: skip
    first, second = np.log(np.array([pair for pair in pairs if pair[0]])).T
    assert np.corrcoef(first, second)[0, 1] > 0.7
