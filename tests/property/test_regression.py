"""What a reader can work out of the regression's coefficients and of what it expects of an area.

The reader knows the method, the thresholds and what each fact asks, and solves for counts of
people. Random states with groups of every size. Source: domain 7.3; decision 0023.
"""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from ipats_lib.comparison import direct, logistic
from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames import fair
from ipats_lib.frames.fair import PLACES, few_of_a_group, publishable_facts
from ipats_lib.indicators.intervals import wilson

SEEDS = range(50)
FACTS = 6


def drawn(seed):
    """Records by facts, which of them succeeded, and of which area each is."""
    some = np.random.default_rng(seed)
    areas = some.choice(8, size=1500, p=np.array([40, 20, 12, 10, 8, 6, 3, 1]) / 100)
    often = np.array([0.5, 0.3, 0.15, 0.05, 0.01, 0.004])[:FACTS]
    facts = (some.random((len(areas), FACTS)) < often).astype(float)
    chance = 1 / (1 + np.exp(-0.8 - facts @ some.normal(0, 0.8, FACTS)))
    return facts, some.random(len(areas)) < chance, areas


def told(facts, success, areas):
    """`publishable_facts` of drawn records."""
    own = np.arange(len(areas))
    scopes = [SimpleNamespace(kind="lwia") for _ in range(8)]
    lines = SimpleNamespace(success=success, own=own, area=areas)
    return publishable_facts(SimpleNamespace(scopes=scopes), facts, lines)


def printed(facts, success):
    """The coefficients and their errors, as a download has them."""
    fit = logistic(facts, success)
    return np.round(fit.coefficients, PLACES), np.round(fit.errors, PLACES)


def small(size, held):
    limits = load_thresholds()
    few = min(held, size - held) < limits.minimum_numerator
    return size > 0 and (few or size < limits.minimum_denominator)


def worked_out(coefficients, errors):
    """How many have a fact and succeed: of a regression on that fact alone this is exact but for
    rounding, as 1 / error squared is size x share x (1 - share) of those without it, and with it
    after subtraction."""
    share = 1 / (1 + np.exp(-coefficients.sum()))
    size = 1 / (errors[1] ** 2 - errors[0] ** 2) / (share * (1 - share))
    return size, size * share


@pytest.mark.parametrize("seed", SEEDS)
def test_no_coefficient_tells_of_a_small_group(seed):
    """Neither of Illinois nor, for an area's readers, of all others; with the fact or without."""
    facts, success, areas = drawn(seed)
    kept = told(facts, success, areas)
    assert kept[:2].all()
    for fact in facts[:, kept].T:
        for holds in (fact == 1, fact == 0):
            for area in range(-1, 8):
                mine = holds & (areas != area)
                assert not small(mine.sum(), success[mine].sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_small_groups_coefficient_would_tell_its_count(seed):
    """Planted: the coefficient of a fact of few people is printed, and a reader counts them."""
    facts, success, areas = drawn(seed)
    few = 4 + np.flatnonzero([2 < facts[:, n].sum() < 30 for n in (4, 5)])
    mine = [n for n in few if 0 < success[facts[:, n] == 1].sum() < facts[:, n].sum()]
    mine = [n for n in mine if small(facts[:, n].sum(), success[facts[:, n] == 1].sum())]
    for fact in mine:
        size, held = worked_out(*printed(facts[:, [fact]], success))
        assert round(size) == facts[:, fact].sum()
        assert round(held) == success[facts[:, fact] == 1].sum()
        assert not told(facts, success, areas)[fact]


@pytest.mark.parametrize("seed", SEEDS)
def test_coefficients_would_tell_a_withheld_count_of_illinois(seed):
    """Planted: the constant of a regression without facts and its error, of a small cell."""
    some = np.random.default_rng(seed)
    size = int(some.integers(4, 30))
    success = np.arange(size) < some.integers(1, min(3, size - 1))
    (constant,), (error,) = printed(np.empty((size, 0)), success)
    share = 1 / (1 + np.exp(-constant))
    assert small(size, success.sum())
    assert round(share / (error**2 * share * (1 - share))) == success.sum()


def test_enough_small_groups_are_drawn_for_the_planted_one():
    found = 0
    for seed in SEEDS:
        facts, success, _ = drawn(seed)
        held = facts[success].sum(axis=0)
        found += sum(
            0 < x < n and small(n, x) for n, x in zip(facts.sum(axis=0), held, strict=True)
        )
    assert found > 20


def small_groups(seed):
    """Of each area with enough people: what the regression expects, the chance of each mixture of
    facts, and the facts that one or two of its people have, or lack."""
    facts, success, areas = drawn(seed)
    kept = told(facts, success, areas)
    fit = logistic(facts[:, kept], success)
    mixtures, limits = (
        np.array(list(product((0.0, 1.0), repeat=int(kept.sum())))),
        load_thresholds(),
    )
    for area in range(8):
        here = facts[areas == area][:, kept]
        few = [n for n, c in enumerate(here.sum(axis=0))
               if 0 < min(c, len(here) - c) < limits.minimum_numerator]  # fmt: skip
        if len(here) >= limits.minimum_denominator and few:
            expected = float(fit.expected(here).mean())
            ends = ends_of(expected, success[areas == area], float(success.mean()))
            yield len(here), ends, mixtures, fit.expected(mixtures), few


def ends_of(expected, success, state):
    """The least and the most that is expected, by all four figures that are printed of it: the
    adjusted share and its interval are shares that the reader knows, over it, times Illinois'."""
    slack, ends = 0.5 * 10**-PLACES, [(expected, 1.0)]
    shares = [success.mean(), *wilson(int(success.sum()), len(success))]
    ends += [(share * state / expected, share * state) for share in shares]
    low, high = 0.0, 1.0
    for exact, over in ends:
        printed = round(exact, PLACES)
        if 0 < printed < 1:
            between = (printed - slack, printed + slack)
            mine = between if exact == expected else sorted(over / one for one in between)
            low, high = max(low, mine[0]), min(high, mine[1])
    return low, high


@pytest.mark.parametrize("seed", range(20))
def test_what_is_expected_of_an_area_leaves_its_small_groups_a_range_of_three(seed):
    """The reader knows how many are counted and what each mixture of facts makes likely."""
    for size, (least, most), mixtures, likely, few in small_groups(seed):
        rows = np.vstack([np.ones(len(mixtures)), likely / size])
        sums = LinearConstraint(rows, [size, least], [size, most])
        rule = {"integrality": np.ones(len(mixtures)), "bounds": Bounds(0, np.inf)}
        for fact in few:
            low, high = (
                milp(sign * mixtures[:, fact], constraints=sums, **rule).fun for sign in (1, -1)
            )
            assert -high - low >= 3, fact


def test_small_groups_of_areas_are_sought():
    assert sum(len(few) for seed in range(20) for *_, few in small_groups(seed)) > 30


def two_groups(seed):
    """People and successes of two groups, their weights, and what is printed of them."""
    some = np.random.default_rng(seed)
    size = some.integers(8, 20, 2).astype(float)
    gained = np.array([some.integers(0, n + 1) for n in size]).astype(float)
    gained[0] = min(gained[0], some.integers(0, 8))
    weights = some.dirichlet([4, 4])
    return size, gained, weights, np.round(direct(gained, size, weights), PLACES)


def explanations(size, gained, weights, told):
    """All counts of two groups with these sums that print the same."""
    many, won = int(size.sum()), int(gained.sum())
    for first, mine in product(range(1, many), range(won + 1)):
        sizes, gains = np.array([first, many - first]), np.array([mine, won - mine])
        if (gains <= sizes).all():
            found = direct(gains.astype(float), sizes.astype(float), weights)
            if (np.round(found, PLACES) == told).all():
                yield (*sizes.tolist(), *gains.tolist())


def test_a_standardized_share_is_of_no_small_group():
    """Planted: the share and interval of one that is small, which the reader works out."""
    exact = printed = 0
    for seed in range(40):
        size, gained, *rest = two_groups(seed)
        if few_of_a_group(size, gained):
            exact += len([*explanations(size, gained, *rest)]) == 1
        else:
            printed += 1
            assert not any(small(n, x) for n, x in zip(size, gained, strict=True))
    assert exact > 10
    assert printed > 5


@pytest.mark.parametrize("full", [False, True])
def test_a_small_groups_share_is_not_illinois_less_the_other_areas(full, monkeypatch):
    """Of 30 people a whole percent gives the count: 1 is withheld, and enough others."""
    held = {"01": 1, "02": 10, "03": 12, "04": 14, "05": 15}
    area = np.repeat(np.arange(5), 30)
    facts = np.concatenate([np.arange(30) < n for n in held.values()])[:, None]
    lines = SimpleNamespace(at=np.arange(150), own=np.arange(150), area=area)
    monkeypatch.setattr(fair, "Lines", lambda *_: lines)
    monkeypatch.setattr(fair, "facts_of", lambda *_: facts)
    monkeypatch.setattr(fair, "load_groups_of", lambda _: (SimpleNamespace(title="Homeless"),))
    source = SimpleNamespace(
        scopes=[SimpleNamespace(kind="lwia", lwia=name) for name in held],
        period=SimpleNamespace(reports=[SimpleNamespace(window="rolling4")]),
    )
    every = pd.DataFrame({"area_type": ["state"] + ["lwia"] * 5, "area": ["IL", *held]})
    every = every.assign(back=0, window="rolling4", program="title1", measure="ERQ2", period="",
                         area_title="", suppressed=False)  # fmt: skip
    told = fair.mix(source, every, full=full).set_index("area")
    hidden = {*told.index[told["suppressed"]]}
    assert hidden == (set() if full else {"01", "02", "03"})
    assert told["share"].isna().equals(told["suppressed"])
