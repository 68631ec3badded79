"""Who is in more than one core program.  Source: domain 9.2; WIOA s.3(12); ETA-9169."""

from datetime import date

import pytest

from ipats_lib.cohorts import IN_SEVERAL_CORE_PROGRAMS, Records, View
from tests.tables import annual, form_lines, pirl

AFTER = date(2026, 12, 31)


def in_several(rows) -> list[bool]:
    view = View(Records(rows), "title1", annual(2024).cohort("served"), AFTER)
    return IN_SEVERAL_CORE_PROGRAMS(view).tolist()


@pytest.mark.parametrize(
    ("element", "inside", "outside"),
    [
        ("904", ("1", "2", "3"), ("0", "4", "")),
        ("905", ("1", "2", "3"), ("0", "")),
        ("918", ("1",), ("0", "")),
        ("910", ("1",), ("0", "9", "")),
        ("917", ("1", "2", "3"), ("0", "")),
    ],
)
def test_an_adult_who_is_in_one_more_core_program(element, inside, outside):
    for codes, expected in ((inside, True), (outside, False)):
        lines = [f"P{n} | 1 | {code}" for n, code in enumerate(codes)]
        rows = pirl("\n".join([f"id | 903 | {element}", *lines]))
        assert in_several(rows) == [expected] * len(codes)


def test_one_program_is_not_several_and_two_without_title_i_are():
    rows = pirl("""
        id | 903 | 918 | 910 | 917 | 915
        A  | 1   | 0   | 0   | 0   | 1
        B  | 0   | 1   | 0   | 0   | 0
        C  | 0   | 1   | 1   | 0   | 0
        D  | 4   | 0   | 0   | 2   | 0
        E  | 0   | 0   | 1   | 1   | 0
    """)
    assert in_several(rows) == [False, False, True, False, True]


def test_the_head_block_of_the_form_counts_persons_served_in_several():
    """Of four adults served one is in adult education, one in vocational rehabilitation."""
    rows = pirl("""
        id | 900      | 903 | 910 | 917
        A  | 20240801 | 1   | 1   | 0
        B  | 20240801 | 1   | 0   | 3
        C  | 20240801 | 1   | 9   | 0
        D  | 20240801 | 1   | 0   | 0
        E  | 20250701 | 1   | 1   | 1
    """)
    lines = form_lines(rows).query("window == 'annual' and program == 'adult'")
    assert lines.set_index("measure").loc["co_enrolled", "value"] == 0.5
