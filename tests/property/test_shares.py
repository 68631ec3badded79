"""No reader works a withheld share of participants out.  Source: domain 7.3; decision 0023.

Random small states. How many participate is printed beside the shares: a withheld share hides its
successes alone, where its participants are shown. Own readers know all counts of their area.
"""

import random
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from ipats_lib.disclosure import withhold_counts
from tests.property.attacker import PROGRAMS
from tests.property.test_linked_cells import LIMITS
from tests.seeds import seeds


def drawn(seed):
    """Participants and how many of them were trained, by area and program, and their sums."""
    some, found = random.Random(seed), {}
    areas = [f"{n:02d}" for n in range(4 + seed % 3)]
    for area, program in product(areas, PROGRAMS):
        size = some.choice([0, 3, 9, 12, 15, 25, 60])
        found[area, program] = size, round(size * some.choice([0, 0.1, 0.3, 0.6, 0.9, 1]))
    return areas, found


def cells_of(areas, found):
    """The lines of a share, with the places in `found` that each adds up."""
    rows, parts = [], []
    for area, program in product(["IL", *areas], [*PROGRAMS, "title1"]):
        mine = [(a, p) for a, p in found if area in ("IL", a) and program in ("title1", p)]
        size, held = (sum(found[one][n] for one in mine) for n in (0, 1))
        rows.append(("state" if area == "IL" else "lwia", area, program, held, size))
        parts.append(mine)
    names = ["area_type", "area", "program", "numerator", "denominator"]
    return pd.DataFrame(rows, columns=names), parts


def withheld(lines):
    """Which lines' participants are withheld, and which shares."""
    counts = lines.assign(measure="participants", numerator=pd.array([pd.NA] * len(lines)))
    few = withhold_counts(counts.astype({"numerator": "Int64"}), LIMITS)
    return few, withhold_counts(lines.assign(measure="trained"), LIMITS, few)


def narrow(found, lines, parts, few, hidden, own=""):
    """The hidden positive counts of others whose least and most lie less than three apart."""
    keys = [*found]
    at = {key: n for n, key in enumerate(keys)}
    many = len(keys)
    sums, low, high = [], [], []
    for mine, unknown, size, held in zip(
        parts, zip(few, hidden, strict=True), lines["denominator"], lines["numerator"], strict=True
    ):
        for shift, secret, count in ((0, unknown[0], size), (many, unknown[1], held)):
            row = np.zeros(2 * many)
            row[[at[key] + shift for key in mine]] = 1
            sums.append(row)
            low.append(count if not secret else 0)
            high.append(count if not secret else np.inf)
    for n in range(many):  # who is trained participates
        row = np.zeros(2 * many)
        row[[n, many + n]] = 1, -1
        sums, low, high = [*sums, row], [*low, 0], [*high, np.inf]
    truth = np.array([found[key][n] for n in (0, 1) for key in keys], dtype=float)
    known = np.array([key[0] == own for key in keys] * 2)
    ends = Bounds(np.where(known, truth, 0), np.where(known, truth, 300))
    rule = {"constraints": LinearConstraint(np.array(sums), low, high), "bounds": ends,
            "integrality": np.ones(2 * many)}  # fmt: skip
    given = []
    for n, mine in enumerate(parts):
        others = [at[key] for key in mine if key[0] != own]
        sought = {"held": (0, 1), "not": (1, -1)} if hidden[n] else {}
        for name, (of_size, of_held) in sought.items():
            aim = np.zeros(2 * many)
            aim[others] += of_size
            aim[[many + place for place in others]] += of_held
            if not aim @ truth:
                continue
            least, most = (solved(sign * aim, rule) * sign for sign in (1, -1))
            if most - least < 3:
                given.append((*lines.loc[n, ["area", "program"]], name, least, most))
    return given


def solved(aim, rule):
    for presolve in (True, False):  # which has called a system infeasible that has a solution
        answer = milp(aim, **rule, options={"presolve": presolve})
        if answer.x is not None:
            return answer.fun
    raise AssertionError(answer.message)


SEEDS = [29, *seeds(4, 29), *seeds(30, 50)[30:]]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_withheld_share_beside_printed_participants_ranges_over_three(seed):
    areas, found = drawn(seed)
    lines, parts = cells_of(areas, found)
    few, hidden = withheld(lines)
    assert hidden.sum() > 5
    for own in ("", *areas):
        assert narrow(found, lines, parts, few, hidden, own) == [], own


@pytest.mark.parametrize("seed", SEEDS)
def test_one_more_share_shown_beside_a_withheld_one_is_noticed(seed):
    """Planted: of a sum with withheld shares all but two are shown, one of them the reader's."""
    areas, found = drawn(seed)
    lines, parts = cells_of(areas, found)
    few, hidden = withheld(lines)
    told = lines[hidden & lines["area_type"].eq("lwia") & lines["program"].ne("title1")]
    told = told[told["denominator"] > 0].sort_values(["numerator", "denominator"])
    sums = (of for _, of in told.groupby("program") if len(of) > 2 and of["numerator"].any())
    some = next(sums)
    other = some.index[some["numerator"] > 0][0]
    own = next(place for place in some.index if place != other)
    whole = lines["program"].eq(some.at[other, "program"]) & ~lines.index.isin([other, own])
    given = narrow(found, lines, parts, few, hidden & ~whole, lines.at[own, "area"])
    assert any(one[:2] == (*lines.loc[other, ["area", "program"]],) for one in given)
