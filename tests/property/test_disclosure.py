"""No reader gets a withheld cell back by one subtraction.  Source: domain 7.3, rules 1 to 3.

Invented publications whose planners add up to their LWIA, LWIAs to the state, programs to Title I
and windows to longer ones. The reader here knows nothing of how cells were chosen.
"""

from itertools import product

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ipats_lib.disclosure import Thresholds, withhold

LIMITS = Thresholds(
    minimum_denominator=10, minimum_numerator=3, minimum_wages=10, minimum_hidden_cells=3
)
HOMES = {"a": "01", "b": "01", "c": "01", "d": "01", "e": "02", "f": "03", "g": "03", "h": "03"}
PROGRAMS = ("adult", "dw", "youth")
WINDOWS = ("current", "rolling4")
# Successes and failures of one planner, program and quarter.
few = st.tuples(st.sampled_from([0, 0, 1, 2, 9, 40]), st.sampled_from([0, 0, 1, 3, 10, 30]))
planners_cells = st.lists(few, min_size=48, max_size=48)


def publication(counts):
    """The long form of what the planners' counts add up to; the key of each line with it."""
    found = {}
    cells = product(HOMES, PROGRAMS, WINDOWS)
    for (planner, program, quarter), (successes, failures) in zip(cells, counts, strict=True):
        areas = [("planner", planner), ("lwia", HOMES[planner]), ("state", "IL")]
        windows = WINDOWS if quarter == "current" else ("rolling4",)
        for key in product(areas, (program, "title1"), windows):
            before = found.get(key, (0, 0))
            found[key] = (before[0] + successes, before[1] + successes + failures)
    lines = [
        {
            "report": "quarterly", "py": 2024, "quarter": "Q4", "window": window,
            "area_type": kind,
            "area": area, "program": program, "measure": "CR", "numerator": successes,
            "denominator": size, "value": successes / size if size else None,
        }
        for ((kind, area), program, window), (successes, size) in found.items()
    ]  # fmt: skip
    return pd.DataFrame(lines).astype({"numerator": "Int64"}), found


def subtractions(found):
    """Every whole with the parts that add up to it, as keys."""
    for (kind, area), program, window in found:
        if kind == "state":
            for inner in ("lwia", "planner"):
                yield (
                    ((kind, area), program, window),
                    [key for key in found if key[0][0] == inner and key[1:] == (program, window)],
                )
        if kind == "lwia":
            mine = [p for p, home in HOMES.items() if home == area]
            yield (
                ((kind, area), program, window),
                [(("planner", p), program, window) for p in mine],
            )
        if program == "title1":
            whole = ((kind, area), program, window)
            yield whole, [((kind, area), one, window) for one in PROGRAMS]


def is_small(successes, size):
    return size > 0 and (size < 10 or successes < 3 or size - successes < 3)


@settings(max_examples=80, deadline=None)
@given(planners_cells)
def test_small_cells_are_withheld_and_what_would_give_one_back(counts):
    frame, found = publication(counts)
    hidden = dict(zip(found, withhold(frame, LIMITS, HOMES)["suppressed"], strict=True))
    every_small_cell_is_withheld_and_no_empty_one(found, hidden)
    no_withheld_cell_is_one_whole_less_what_is_shown(found, hidden)
    no_two_windows_tell_of_a_small_cell_between_them(found, hidden)


def every_small_cell_is_withheld_and_no_empty_one(found, hidden):
    assert all(hidden[key] for key, cell in found.items() if is_small(*cell))
    assert not any(hidden[key] for key, cell in found.items() if not cell[1])


def no_withheld_cell_is_one_whole_less_what_is_shown(found, hidden):
    for whole, parts in subtractions(found):
        filled = [part for part in parts if found[part][1]]
        unknown = [key for key in filled if hidden[key]]
        assert len(unknown) + hidden[whole] != 1 or not filled
        if unknown and not hidden[whole]:
            left = [sum(found[key][n] for key in unknown) for n in (0, 1)]
            assert not is_small(*left)


def no_two_windows_tell_of_a_small_cell_between_them(found, hidden):
    for area, program, window in found:
        shorter, longer = (area, program, "current"), (area, program, "rolling4")
        if window == "current" and found[shorter][1] and not hidden[shorter] | hidden[longer]:
            between = [found[longer][n] - found[shorter][n] for n in (0, 1)]
            assert not is_small(*between)
