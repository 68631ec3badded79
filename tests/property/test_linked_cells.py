"""No reader of two publications finds a withheld count out.  Source: domain 7.3 and 9.2.

Random small states, published for two report quarters that lie two apart: the exits of the first
one's ER Q2 are those of the second one's ER Q4, and the wages of ME are the successes of ER Q2. The
reader solves all that both print (`attacker.py`).
"""

from functools import cache

import pandas as pd
import pytest

from ipats_lib.disclosure import Thresholds, withhold
from tests.property.attacker import PERIODS, Reader, corrected, draw, frame, lines, quarters

LIMITS = Thresholds(
    minimum_denominator=10, minimum_numerator=3, minimum_wages=10, minimum_hidden_cells=3
)
SEEDS = range(12)
# Six tests look at the same states, each of which takes a second to publish.
pytestmark = pytest.mark.xdist_group("linked cells")
MOST = 2  # corrections a count


def published(which, world, areas, released=()):
    """A publication's lines, and what it prints of them."""
    found = lines(which, areas)
    figures = frame(found, world, PERIODS[which])
    return found, withhold(figures, LIMITS, None, released, quarters(world, which, areas))


def both(world, later, areas):
    first = published("first", world, areas)
    return first, published("second", later, areas, [first[1]])


@cache
def state(seed, most=0, *, all_wages=False):
    """A world, the same as a later extract knows it, and what is published of the two. most: the
    corrections a count."""
    areas = 3 + seed % 4
    world = draw(seed, areas, all_wages=all_wages)
    later = corrected(world, seed, most) if most else world
    return world, later, *both(world, later, areas)


def reader_of(world, later, width, first, second, gap=MOST):
    """width: how far corrections move a count; None where there are none. gap: the most employed
    people of a count without a wage."""
    reader = Reader()
    reader.knows("a", world, gap)
    if width is not None:
        reader.knows("b", later, gap)
        reader.links("a", "b", width)
    reader.reads("first", "a", *first)
    reader.reads("second", "a" if width is None else "b", *second)
    return reader


def seen_corrections(first, second):
    """The largest difference between two prints of the same exits."""
    numbers = {key(line): n for line, n in zip(first[0], first[1]["denominator"], strict=True)}
    pairs = [
        (numbers.get(key(line)), n)
        for line, n in zip(second[0], second[1]["denominator"], strict=True)
    ]
    return max(
        (abs(n - before) for before, n in pairs if not (pd.isna(before) or pd.isna(n))), default=0
    )


def key(line):
    """What a line counts; medians are left out."""
    return tuple(line.size) if line.successes else None


def printed(publication, *keys):
    """The same publication with these lines opened: a planted weakening."""
    found, shown = publication
    opened = shown.copy()
    opened.loc[[n for n, line in enumerate(found) if line.keys in keys], "suppressed"] = False
    return found, opened


def hidden(publication, measure):
    """The withheld lines of a measure that count anybody."""
    return [
        line.keys[:4]
        for line, is_hidden in zip(publication[0], publication[1]["suppressed"], strict=True)
        if is_hidden and line.keys[4] == measure
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_two_publications_of_one_extract_give_no_withheld_count_away(seed):
    world, _, *prints = state(seed)
    reader = reader_of(world, world, None, *prints)
    assert len(reader.sought) > 50
    assert reader.finds_out() == set()
    assert reader.narrows() == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_nor_do_they_where_the_reader_knows_that_everybody_employed_has_a_wage(seed):
    world, _, *prints = state(seed, all_wages=True)
    reader = reader_of(world, world, None, *prints, gap=0)
    assert reader.finds_out() == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_nor_do_they_where_corrections_lie_between_them(seed):
    """The link is an interval then: as wide as the largest correction that can be seen."""
    world, later, first, second = state(seed, MOST)
    width = max(MOST, seen_corrections(first, second))
    assert reader_of(world, later, width, first, second).finds_out() == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_exits_printed_two_quarters_later_are_noticed(seed):
    """Planted: the second publication prints an ER Q4 line whose exits the first one withheld."""
    world, _, first, second = state(seed)
    line = max(hidden(first, "ERQ2"), key=lambda keys: keys[1] == "lwia")
    weak = printed(second, (*line, "ERQ4"))
    found = reader_of(world, world, None, first, weak).finds_out()
    assert ("first", "size", *line, "ERQ2") in found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wage_count_printed_beside_a_withheld_rate_is_noticed(seed):
    """Planted: the median of a withheld employment rate is printed with its count."""
    world, _, first, second = state(seed, all_wages=True)
    line = max(hidden(first, "ERQ2"), key=lambda keys: keys[1] == "lwia")
    weak = printed(first, (*line, "ME"))
    found = reader_of(world, world, None, weak, second, gap=0).finds_out()
    assert ("first", "successes", *line, "ERQ2") in found


@pytest.mark.parametrize("seed", SEEDS)
def test_wages_and_employment_are_withheld_together_and_so_are_the_same_exits(seed):
    *_, first, second = state(seed, MOST)
    for publication in (first, second):
        assert set(hidden(publication, "ERQ2")) == set(hidden(publication, "ME")) != set()
    assert set(hidden(first, "ERQ2")) <= set(hidden(second, "ERQ4"))
