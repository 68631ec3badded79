"""Withholding.  Source: domain 7.3, rules 1 and 2."""

import pandas as pd
import pytest

from ipats_lib.disclosure import Thresholds, withhold, withhold_groups

LIMITS = Thresholds(
    minimum_denominator=10, minimum_numerator=3, minimum_wages=10, minimum_hidden_cells=3
)


def cells(*sizes, measure="ERQ2"):
    """One area per (numerator, denominator); value is their ratio."""
    return pd.DataFrame(
        {
            "report": "annual", "py": 2024, "quarter": "", "window": "annual", "area_type": "lwia",
            "area": [f"{n:02d}" for n in range(len(sizes))], "program": "adult",
            "measure": measure,
            "numerator": pd.array([n for n, _ in sizes], dtype="Int64"),
            "denominator": [d for _, d in sizes],
            "value": [n / d if d and n is not None else None for n, d in sizes],
            "suppressed": False,
        }
    )  # fmt: skip


def hidden(frame):
    return withhold(frame, LIMITS)["suppressed"].tolist()


BIG = [(50, 100), (60, 110), (70, 120), (80, 130)]


def test_large_cells_are_shown():
    assert hidden(cells(*BIG)) == [False] * 4


@pytest.mark.parametrize("small", [(5, 9), (2, 100), (98, 100)])
def test_small_denominator_numerator_or_complement_is_withheld(small):
    assert hidden(cells(small, *BIG))[0]


def test_one_small_cell_hides_the_next_smallest_so_that_no_sum_gives_it_back():
    assert hidden(cells((5, 9), *BIG)) == [True, True, True, False, False]


def test_hidden_cells_hold_together_at_least_a_publishable_count():
    """And not only for strangers: whoever reads the fourth as their own knows it."""
    tiny = cells((1, 2), (1, 2), (1, 2), *BIG)
    assert hidden(tiny) == [True, True, True, True, True, False, False]


def test_empty_cells_hide_nobody():
    assert hidden(cells((0, 0), *BIG)) == [False] * 5


def test_a_set_of_one_cell_is_judged_alone():
    assert hidden(cells((5, 9))) == [True]


def test_medians_need_ten_wages():
    medians = cells((None, 9), (None, 10), (None, 50), (None, 60), (None, 70), measure="ME")
    assert hidden(medians)[0]
    assert not hidden(medians)[-1]


def test_a_withheld_line_keeps_its_keys_and_loses_every_number():
    line = withhold(cells((5, 9)), LIMITS).iloc[0]
    assert line["area"] == "00"
    assert line[["numerator", "denominator", "value"]].isna().all()


def line(area_type, area, program, successes, size, window="rolling4", measure="CR"):
    return {
        "report": "quarterly", "py": 2024, "quarter": "Q4", "window": window,
        "area_type": area_type,
        "area": area, "program": program, "measure": measure, "numerator": successes,
        "denominator": size, "value": successes / size, "suppressed": False,
    }  # fmt: skip


def shown(lines, homes=None):
    """The places of the lines that are printed."""
    frame = pd.DataFrame(lines).astype({"numerator": "Int64"})
    found = withhold(frame, LIMITS, homes)["suppressed"]
    return [place for place, hidden in enumerate(found) if not hidden]


def test_a_hidden_program_is_not_the_title_i_total_less_the_others():
    programs = [("adult", 40, 60), ("dw", 20, 30), ("youth", 1, 4), ("title1", 61, 94)]
    assert shown([line("lwia", "25", *program) for program in programs]) == [0, 3]


def test_a_hidden_planner_is_not_the_lwia_less_its_other_planners():
    """Hidden planners of another LWIA do not protect this one's."""
    state = line("state", "IL", "adult", 135, 249)
    lwias = [line("lwia", "05", "adult", 71, 115), line("lwia", "06", "adult", 64, 134)]
    fifth = [("a", 40, 60), ("b", 20, 30), ("c", 10, 20), ("d", 1, 5)]
    sixth = [("e", 60, 120), ("f", 1, 5), ("g", 1, 5), ("h", 2, 4)]
    planners = [line("planner", area, "adult", *cell) for area, *cell in [*fifth, *sixth]]
    homes = {**dict.fromkeys("abcd", "05"), **dict.fromkeys("efgh", "06")}
    assert shown([state, *lwias, *planners], homes) == [0, 1, 2, 3, 7]


def test_what_is_left_for_the_hidden_cells_is_no_small_cell_either():
    """Three areas without a success: together sixteen, but together still without any. The next
    one's readers know it, so that for them the three would still be without any."""
    cells = [("01", 40, 60), ("02", 30, 50), ("18", 0, 5), ("21", 0, 5), ("25", 0, 6)]
    lwias = [line("lwia", area, "adult", *cell) for area, *cell in cells]
    more = [line("lwia", "26", "adult", 60, 90), line("state", "IL", "adult", 130, 216)]
    assert shown([*lwias, *more]) == [5, 6]


def test_two_windows_that_differ_by_one_person_are_not_both_shown():
    rolling = line("lwia", "25", "adult", 10, 16, window="rolling4")
    assert shown([rolling, line("lwia", "25", "adult", 10, 15, window="current")]) == [0]


def test_two_windows_that_differ_by_nobody_are_both_shown():
    rolling = line("lwia", "25", "adult", 10, 16, window="rolling4")
    assert shown([rolling, {**rolling, "window": "current"}]) == [0, 1]


def test_medians_of_two_windows_that_differ_by_few_wages_are_not_both_shown():
    pair = [
        line("lwia", "25", "adult", 0, n, w, "ME") for n, w in ((30, "rolling4"), (21, "current"))
    ]
    assert shown([{**one, "numerator": pd.NA} for one in pair]) == [0]


def pair(rate, wages, area="25"):
    """An employment rate and the median earnings of the same exits."""
    median = line("lwia", area, "adult", 0, wages or 1, measure="ME")
    return [
        line("lwia", area, "adult", *rate, measure="ERQ2"),
        {**median, "numerator": pd.NA, "denominator": wages},
    ]


@pytest.mark.parametrize("wages", [16, 14, 0])
def test_a_hidden_employment_rate_hides_the_wages_of_those_employed(wages):
    assert shown(pair((16, 17), wages)) == []


def test_a_hidden_median_hides_the_employment_rate_of_the_same_exits():
    assert shown(pair((12, 40), 9)) == []


def test_a_large_rate_and_its_median_are_both_shown():
    assert shown(pair((12, 40), 11)) == [0, 1]


def test_nobody_exited_and_no_wage_is_shown_as_such():
    empty = [
        {**one, "denominator": 0, "numerator": n}
        for one, n in zip(pair((1, 1), 0), (0, pd.NA), strict=True)
    ]
    assert shown(empty) == [0, 1]


def quarter(py, name, measure, *cells):
    """The current quarter of a publication: an area per (numerator, denominator)."""
    lines = [
        line("lwia", f"{n:02d}", "adult", *cell, "current", measure) for n, cell in enumerate(cells)
    ]
    frame = pd.DataFrame(lines).astype({"numerator": "Int64"})
    return frame.assign(py=py, quarter=name)


EXITS = [(4, 8), (20, 30), (21, 31), (22, 32), (90, 130)]


def test_exits_withheld_as_the_second_quarter_are_withheld_as_the_fourth_two_reports_later():
    first = withhold(quarter(2024, "Q3", "ERQ2", *EXITS), LIMITS)
    # By then the smallest area has more exits, late ones; alone it would be shown.
    second = quarter(2025, "Q1", "ERQ4", (4, 10), *EXITS[1:])
    assert not withhold(second, LIMITS)["suppressed"].any()
    known = withhold(second, LIMITS, released=[first])["suppressed"]
    assert known.tolist() == first["suppressed"].tolist() == [True, True, True, False, False]


def test_exits_withheld_as_the_fourth_quarter_are_withheld_in_a_later_made_second():
    first = withhold(quarter(2025, "Q1", "ERQ4", *EXITS), LIMITS)
    second = withhold(quarter(2024, "Q3", "ERQ2", (4, 10), *EXITS[1:]), LIMITS, released=[first])
    assert second["suppressed"].tolist() == first["suppressed"].tolist()


@pytest.mark.parametrize(("quarter_of", "measure"), [("Q2", "ERQ2"), ("Q3", "ERQ4"), ("Q3", "CR")])
def test_other_exits_and_other_counts_are_no_matter(quarter_of, measure):
    first = withhold(quarter(2024, quarter_of, measure, *EXITS), LIMITS)
    second = quarter(2025, "Q1", "ERQ4", (4, 10), *EXITS[1:])
    assert not withhold(second, LIMITS, released=[first])["suppressed"].any()


def grouped(*cells):
    """Cells of one kind of group: measure, group, successes and how many are counted."""
    frame = pd.DataFrame(cells, columns=["measure", "group_title", "numerator", "denominator"])
    return frame.assign(owner=0, numerator=frame["numerator"].astype("Int64"))


def withheld_groups(*cells):
    figures = grouped(*cells)
    hidden = withhold_groups(figures, ["owner"], "group_title", LIMITS)
    return set(figures.loc[hidden, ["measure", "group_title"]].itertuples(index=False, name=None))


def test_a_small_group_hides_the_next_smallest_until_three_are_hidden():
    """C counts 4: with A (20) and B (30) hidden too, nobody can subtract it from everybody."""
    cells = [("CR", "A", 10, 20), ("CR", "B", 15, 30), ("CR", "C", 2, 4), ("CR", "D", 50, 90)]
    assert withheld_groups(*cells) == {("CR", "A"), ("CR", "B"), ("CR", "C")}


def test_groups_without_a_small_one_are_all_shown():
    assert withheld_groups(("CR", "A", 10, 20), ("CR", "B", 15, 30)) == set()


def test_wages_go_with_the_employment_rate_of_the_group():
    """A has 9 wages, too few for a median, so its rate of 9 of 20 is hidden with it; then two more
    groups of each."""
    rates = [("ERQ2", name, n, 20 + n) for n, name in ((9, "A"), (15, "B"), (16, "C"), (40, "D"))]
    wages = [("ME", name, None, n) for _, name, n, _ in rates]
    found = withheld_groups(*rates, *wages)
    assert found == {(m, g) for m in ("ERQ2", "ME") for g in ("A", "B", "C")}
