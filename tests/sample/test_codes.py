"""Every code and every named element occurs, written as the state's file writes it.

Source: domain 2.3, 2.4, 2.8, 2.14, 8.1.
"""

import re

import pytest

from ipats_lib.params import load_layout

ELEMENTS = load_layout().elements
NAMED = [e.number for e in ELEMENTS if not e.reserved]
DATES = [e.number for e in ELEMENTS if e.type == "date"]
AMOUNTS = [e.number for e in ELEMENTS if e.type == "amount"]
# Slots of one kind of fact: a rare code may stand in any of them.
SLOTS = (("1303", "1310", "1315"), ("1800", "1802", "1804"))
LISTED = [(e.number,) for e in ELEMENTS if e.codes and not any(e.number in s for s in SLOTS)]


@pytest.mark.parametrize("elements", [*LISTED, *SLOTS], ids="+".join)
def test_every_code_of_the_layout_occurs(many, elements):
    listed = next(e.codes for e in ELEMENTS if e.number == elements[0])
    assert set(listed) <= {row[element] for row in many for element in elements}


def test_every_named_element_is_filled_and_no_reserved_one_is(many):
    filled = {e.number for e in ELEMENTS if any(row[e.number] for row in many)}
    assert filled == set(NAMED)


def test_exit_reason_is_blank_for_actives_and_for_some_exiters(many):
    assert {row["923"] for row in many if not row["901"].strip("0") and row["900"]} == {""}
    blank = sum(1 for row in many if row["901"].strip("0") and not row["923"])
    assert 0 < blank < 0.05 * len(many)


@pytest.mark.parametrize("element", DATES)
def test_days_have_eight_digits(many, element):
    assert all(re.fullmatch(r"(\d{8})?", row[element]) for row in many)


@pytest.mark.parametrize("element", AMOUNTS)
def test_amounts_have_two_decimals_but_for_a_few_errors(many, element):
    odd = [row for row in many if not re.fullmatch(r"(\d{1,6}\.\d\d)?", row[element])]
    assert len(odd) < 0.003 * len(many)


def test_leading_zeros_are_kept(many):
    assert sum(row["923"] == "00" for row in many) > 50 * sum(row["923"] == "0" for row in many)
    assert any(row["1303"] == "06" for row in many)
    assert any(row["102"].startswith("0") for row in many)


def test_lines_end_as_on_unix_and_are_quoted_only_where_needed(larger):
    content = (larger / "pirl.csv").read_bytes()
    assert b"\r" not in content
    assert content.endswith(b"\n")
    quoted = re.findall(rb'"([^"]*)"', content)
    assert quoted
    assert all(b"," in text for text in quoted)


def test_diplomas_alone_occur_with_and_without_a_link(many):
    """Domain 2.8: a diploma needs employment or enrolment within a year after exit."""
    kinds = set()
    for row in many:
        earned = {row["1800"], row["1802"], row["1804"]}
        if row.day("901") and "1" in earned and not earned & set("234567"):
            employed = any(row.code(q) in (1, 2, 3) for q in ("1600", "1602", "1604", "1606"))
            kinds.add((employed, bool(row["1406"])))
    assert kinds == {(True, True), (True, False), (False, True), (False, False)}
