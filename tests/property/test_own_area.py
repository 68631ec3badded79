"""No reader of successive publications knows a withheld count to less than three.

Random small states, published in two successive report quarters, the later one with the record of
the earlier. Least and most of every withheld positive count lie at least three apart over all
solutions of what both print, for strangers and for the readers of an area, who know all its
figures.
Source: domain 7.3; decision 0023.
"""

import random
from collections import defaultdict
from functools import cache
from itertools import product

import numpy as np
import pytest

from ipats_lib import disclosure, readers
from ipats_lib.disclosure import small_cells, withhold
from tests.property.attacker import (
    LATER,
    PERIODS,
    PROGRAMS,
    Reader,
    _lines,
    draw,
    frame,
    lines,
    quarters,
)
from tests.property.test_linked_cells import LIMITS, MOST, printed, published
from tests.seeds import seeds

SEEDS = seeds(10, 50)
# Several tests look at the same states.
pytestmark = pytest.mark.xdist_group("own area")
PAIR = ("first", "next")


@cache
def state(seed):
    """A world, its areas, and by name what is published of it."""
    areas = 3 + seed % 3
    world, prints = draw(seed, areas), {}
    for which in PAIR:
        prints[which] = published(which, world, areas, [shown for _, shown in prints.values()])
    return world, [f"{n:02d}" for n in range(1, areas + 1)], prints


def reader_of(world, prints, own=""):
    reader = Reader()
    reader.knows("a", world, MOST)
    for which, publication in prints.items():
        reader.reads(which, "a", *publication)
    if own:
        reader.owns(own)
    return reader


@pytest.mark.parametrize("seed", SEEDS)
def test_neither_strangers_nor_an_areas_readers_know_a_withheld_count_to_less_than_three(seed):
    world, areas, prints = state(seed)
    assert len(reader_of(world, prints).sought) > 50
    one = areas[seed % len(areas)]
    for own in ("", *(areas if seed < 10 else [one])):
        assert reader_of(world, prints, own).narrows() == {}, own


@pytest.mark.parametrize("seed", SEEDS)
def test_one_more_line_printed_beside_a_small_one_is_noticed(seed):
    """Planted: of a sum with hidden areas all but two are printed."""
    world, _, prints = state(seed)
    found, shown = prints["next"]
    hidden, wholes = defaultdict(list), set()
    for line, secret in zip(found, shown["suppressed"], strict=True):
        window, kind, area, program, measure = line.keys
        size = sum(world[count] for count in line.size)
        if kind == "lwia" and secret and size and measure != "ME":
            hidden[window, program, measure].append((size, area))
        if kind == "state" and not secret:
            wholes.add((window, program, measure))
    key = next(k for k, parts in hidden.items() if k in wholes and len(parts) > 2)
    window, program, measure = key
    (_, other), (_, own), *rest = sorted(hidden[key])
    weak = printed((found, shown), *((window, "lwia", a, program, measure) for _, a in rest))
    told = reader_of(world, {**prints, "next": weak}, own).narrows()
    assert any(line[1:] == ("size", window, "lwia", other, program, measure) for line in told)


@pytest.mark.parametrize("seed", [0, 4, 5, 6])
def test_a_print_of_a_quarter_that_the_extract_lacks_makes_no_other_print_doubtful(seed):
    """The earlier publication's oldest quarter is in no extract any more, and four customers of it
    were in two areas: its sums over areas are four off. All other prints are exact, also for
    a reader who knows nothing of those sums."""
    areas = 3 + seed % 3
    world = {key: n if key[3] >= 0 else 0 for key, n in draw(seed, areas).items()}
    known = {key: n for key, n in world.items() if key[3] >= 0}
    first = published("first", world, areas)
    found, record = lines("next", areas), first[1].copy()
    off = (record["area_type"] == "state") & (record["measure"] == "ERQ4")
    off &= (record["window"] == "rolling4") & ~record["suppressed"]
    record.loc[off, "denominator"] -= 4
    figures = frame(found, world, PERIODS["next"])
    shown = withhold(figures, LIMITS, None, [record], quarters(known, "next", areas))
    exact = (record["area_type"] == "lwia") & (record["program"] != "title1")
    exact |= (record["measure"] != "ERQ4") | (record["window"] != "rolling4")
    known = [line for line, is_exact in zip(first[0], exact, strict=True) if is_exact]
    prints = {"first": (known, first[1][exact]), "next": (found, shown)}
    assert reader_of(world, prints).narrows() == {}


@pytest.mark.parametrize("seed", range(4))
def test_beside_exact_prints_a_system_too_large_to_solve_shows_no_area(seed, monkeypatch):
    """Both publications count the same records."""
    monkeypatch.setattr(readers, "MOST_EXACT", 90)
    world, areas, prints = state(seed)
    found, shown = published("next", world, len(areas), [prints["first"][1]])
    local = shown["area_type"].eq("lwia") & shown["denominator"].ne(0)
    assert shown["suppressed"][local].all()
    for own in ("", areas[0]):
        assert reader_of(world, {**prints, "next": (found, shown)}, own).narrows() == {}


@pytest.mark.parametrize("seed", range(2))
def test_a_correction_between_two_publications_lets_the_later_one_be_solved(seed, monkeypatch):
    monkeypatch.setattr(readers, "MOST_EXACT", 90)
    world, areas, prints = state(seed)
    record = prints["first"][1].copy()
    record.loc[record.index[~record["suppressed"]][0], "denominator"] += 1
    _, shown = published("next", world, len(areas), [record])
    assert not shown["suppressed"][shown["area_type"].eq("lwia")].all()


def steady(seed, areas):
    """A world in which some areas have many people in every quarter, others few."""
    some, world = random.Random(seed), draw(seed, areas)
    for area, program in product([f"{n:02d}" for n in range(1, areas + 1)], PROGRAMS):
        usual = some.choice([0, 9, 12, 14, 30])
        for quarter in range(-1, 7) if usual else ():
            exited = some.randint(usual, usual + 4)
            employed, later = (some.randint(3, exited - 3) for _ in "24")
            counts = {"exited": exited, "employed2": employed, "employed4": later}
            for kind, number in {**counts, "wage": max(employed - some.randint(0, 2), 0)}.items():
                world[kind, area, program, quarter] = number
    return world


def series(world, areas, which, shown):
    """The lines of quarters alone that stand beside a publication (`releasable`)."""
    found = [one for back in range(8) for one in _lines(LATER[which] - back, areas, ["current"])]
    found = [one for one in found if one.keys[1] == "lwia" and set(one.size) <= set(world)]
    told = frame(found, world, PERIODS[which])
    few = [told[small_cells(told, LIMITS)], shown[shown["suppressed"]]]
    hidden = {key for lines in few for key in zip(lines["area"], lines["program"], strict=True)}
    hidden |= {(area, "title1") for area, _ in hidden}
    kept = [(one.keys[2], one.keys[3]) not in hidden for one in found]
    return [one for one, keep in zip(found, kept, strict=True) if keep], told[kept]


@pytest.mark.parametrize("seed", seeds(2, 30))
def test_quarters_shown_beside_the_earlier_publication_give_no_count_of_the_later_away(seed):
    areas = 4 + seed % 3
    world = steady(seed, areas)
    first = published("first", world, areas)
    prints = {"first": first, "series": series(world, areas, "first", first[1])}
    prints["next"] = published("next", world, areas, [first[1]])
    assert len(prints["series"][0]) > 0
    found, shown = prints["next"]
    before = {**prints, "next": (found, shown.assign(suppressed=True))}
    for own in ("", "01"):
        told = reader_of(world, prints, own).narrows()
        assert not told or set(told) <= set(reader_of(world, before, own).narrows()), own


def with_one_low_quarter(seed, areas):
    """Many exits everywhere but in one area's quarter, fewer in two others' then: the third, whose
    ER Q2 stands in the earlier publication's trend and whose ER Q4 in the next one's report."""
    some, world = random.Random(seed), dict.fromkeys(draw(seed, areas), 0)
    names = [f"{n:02d}" for n in range(1, areas + 1)]
    low, *fewer = some.sample(names, 3)
    for area, quarter in product(names, range(-1, 7)):
        exited = some.randint(30, 40)
        if quarter == 3 and area in (low, *fewer):
            exited = some.randint(4, 9) if area == low else some.randint(17, 20)
        for kind, less in {"exited": 0, "employed2": 4, "employed4": 4, "wage": 4}.items():
            world[kind, area, "adult", quarter] = max(exited - less, 0)
    return low, world


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("seed", seeds(2, 50))
def test_quarters_that_an_earlier_publication_showed_have_to_be_known(seed, told, monkeypatch):
    """Planted where not `told`: withholding takes a publication to show its report alone."""
    if not told:
        monkeypatch.setattr(readers, "quarters_beside", lambda _, quarters: quarters.iloc[:0])
    areas = 5
    low, world = with_one_low_quarter(seed, areas)
    first = published("first", world, areas)
    prints = {"first": first, "series": series(world, areas, "first", first[1])}
    prints["next"] = found, shown = published("next", world, areas, [first[1]])
    before = {**prints, "next": (found, shown.assign(suppressed=True))}
    given = set()
    for own in ("", "01"):
        narrow = reader_of(world, prints, own).narrows()
        given |= {*narrow} - {*(reader_of(world, before, own).narrows() if narrow else ())}
    assert not given if told else low in {key[4] for key in given}


def with_one_failure(seed, areas):
    """Many exits everywhere; in one area's oldest quarter all but one are employed later. The area,
    and the world."""
    some, world = random.Random(seed), dict.fromkeys(draw(seed, areas), 0)
    low = f"{some.randint(1, areas):02d}"
    for area, quarter in product([f"{n:02d}" for n in range(1, areas + 1)], range(-1, 7)):
        exited = some.randint(30, 40)
        later = exited - (1 if (area, quarter) == (low, -1) else 4)
        counts = {"exited": exited, "employed2": exited - 4, "employed4": later}
        for kind, number in {**counts, "wage": exited - 4}.items():
            world[kind, area, "adult", quarter] = number
    return low, world


@pytest.mark.parametrize("hides", [True, False])
@pytest.mark.parametrize("seed", seeds(3, 50))
def test_a_small_quarter_is_not_four_quarters_less_those_of_the_next_publication(
    seed, hides, monkeypatch
):
    """Planted where not `hides`: nothing is hidden for the quarter that only the first counts."""
    if not hides:
        nothing = lambda figures, *_: np.zeros(len(figures), dtype=bool)  # noqa: E731
        monkeypatch.setattr(disclosure, "_tells_of_a_quarter", nothing)
    areas = 5
    low, world = with_one_failure(seed, areas)
    first = published("first", world, areas)
    prints = {"first": first, "next": published("next", world, areas, [first[1]])}
    for own in ("", next(f"{n:02d}" for n in range(1, 6) if f"{n:02d}" != low)):
        reader = reader_of(world, prints, own)
        quarter = {reader.places["a", ("employed4", low, "adult", -1)]: 1}
        reader.sought = {("one quarter",): quarter}
        assert bool(reader.narrows()) is not hides, own
