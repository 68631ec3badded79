"""How areas are compared: verdicts, funnels, trends, ranks, fair comparison and peers.

Pure functions of counts. What they are given is what a reader may see, so nothing that they return
holds more (decision 0023). A share is compared with a fixed value by its score: Wilson's interval
holds the value, the point lies inside the funnel around the value, and the score is at most z, are
one and the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erfc, nan, sqrt

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054
Z998 = 3.0902323061678132
Numbers = NDArray[np.float64]
WORDS = ("much_worse", "worse", "similar", "better", "much_better")
WINSORIZED = 0.1


def scores(successes: Numbers, counted: Numbers, target: Numbers | float) -> Numbers:
    """How many standard errors each share is above the target (0..1); NaN where nobody is counted.

    NaN too where the target is 0 or 1: no share differs from it by chance.
    """
    counted = np.asarray(counted, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.asarray(target) * (1 - np.asarray(target)) / counted)
        found = (np.asarray(successes, dtype=np.float64) / counted - target) / spread
    return np.where(np.isfinite(found), found, np.nan)


def verdicts(score: Numbers) -> NDArray[np.object_]:
    """`better` or `worse` beyond 95 percent, `much_` beyond 99.8, else `similar`; '' for NaN."""
    inner = (score < -Z998, score < -Z95, np.abs(score) <= Z95, score <= Z998, score > Z998)
    return np.select(inner, WORDS, default="").astype(object)


def between(value: Numbers, low: Numbers, high: Numbers, target: Numbers) -> NDArray[np.object_]:
    """The verdict where only a 95 percent interval is known, as of a median; '' without one."""
    known = ~np.isnan(value) & ~np.isnan(low) & ~np.isnan(high) & ~np.isnan(target)
    asked = (~known, target < low, target > high)
    return np.select(asked, ("", "better", "worse"), default="similar").astype(object)


def funnel_place(score: Numbers) -> NDArray[np.object_]:
    """`inside`, `outside95` or `outside998` of the plain funnel; '' for NaN."""
    size = np.abs(score)
    asked = (size <= Z95, size <= Z998, size > Z998)
    return np.select(asked, ("inside", "outside95", "outside998"), default="").astype(object)


def funnel_limits(
    target: float, counted: Numbers, z: float, tau: float = 0.0
) -> tuple[Numbers, Numbers]:
    """The lowest and the highest share that the funnel holds, by how many are counted.

    Wilson's interval, inverted around the target: a share at a limit has the target at the end of
    its interval. tau: the spread between areas beyond chance, for the wider limits.
    """
    half = z * np.sqrt(target * (1 - target) / np.asarray(counted, dtype=np.float64) + tau**2)
    return np.clip(target - half, 0, 1), np.clip(target + half, 0, 1)


def dispersion(successes: Numbers, counted: Numbers, target: float) -> tuple[float, float]:
    """How much more areas differ than chance lets them: the factor phi, and tau as a share.

    phi is the mean square of the scores, with the outer tenths drawn in; chance alone keeps it
    below 1. tau is
    the standard deviation between areas by DerSimonian and Laird's moment. NaN and 0 for fewer than
    three areas. Source: D. J. Spiegelhalter, Stat. Med. 24 (2005) 1185.
    """
    score = scores(successes, counted, target)
    known = ~np.isnan(score)
    many = int(known.sum())
    if many < 3:
        return float("nan"), 0.0
    low, high = np.quantile(score[known], (WINSORIZED, 1 - WINSORIZED))
    phi = float(np.mean(np.clip(score[known], low, high) ** 2))
    weight = np.asarray(counted, dtype=np.float64)[known] / (target * (1 - target))
    below = weight.sum() - (weight**2).sum() / weight.sum()
    return phi, sqrt(max(0.0, (many * phi - (many - 1)) / below))


def chances(score: Numbers) -> Numbers:
    """How often chance alone gives a score as far from 0, two-sided; NaN stays."""
    return np.array([erfc(abs(one) / sqrt(2)) for one in score.tolist()])


DRAWS, SEED = 4000, 20250815
RANGE = (0.1, 0.9)


def rank_ranges(
    successes: Numbers, counted: Numbers
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The best and the worst rank of each area's 80 percent range; 1 is the highest share.

    Shares are drawn from each area's Beta posterior (uniform prior), always the same draws. All
    that are given are ranked: leave out areas without a figure.
    """
    draw = np.random.Generator(np.random.PCG64(SEED))
    shape = (DRAWS, len(counted))
    shares = draw.beta(successes + 1, counted - successes + 1, size=shape)
    order = np.argsort(-shares, axis=1)
    ranks = np.empty(shape, dtype=np.int64)
    np.put_along_axis(ranks, order, np.arange(1, len(counted) + 1)[None, :], axis=1)
    if not len(counted):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    low, high = np.quantile(ranks, RANGE, axis=0, method="nearest")
    return low.astype(np.int64), high.astype(np.int64)


FEWEST_QUARTERS = 5
CHANCE = 0.01
_XMR = 2.66  # 3 / 1.128: three sigma from the mean of ranges of two


def linear_trend(successes: Sequence[float], counted: Sequence[float]) -> tuple[float, float]:
    """The score and the two-sided chance of a linear trend in shares, oldest first.

    Chi-squared test for linear trend (Cochran and Armitage), equal steps; quarters where nobody is
    counted (0) are left out at their place. NaN where nothing varies. Source: P. Armitage,
    Biometrics 11 (1955) 375.
    """
    size, found = np.asarray(counted, dtype=np.float64), np.asarray(successes, dtype=np.float64)
    step, total = np.arange(len(size), dtype=np.float64), size.sum()
    share = found.sum() / total if total else 0.0
    spread = (size * step**2).sum() - (size * step).sum() ** 2 / total if total else 0.0
    variance = share * (1 - share) * spread
    if variance <= 0:
        return nan, nan
    score = float((step * (found - size * share)).sum() / sqrt(variance))
    return score, erfc(abs(score) / sqrt(2))


def trend(successes: Sequence[float], counted: Sequence[float]) -> str:
    """`rising`, `falling`, `none` (no significant change) or `few` (too few quarters).

    Oldest first, at 1 percent two-sided, of at least five quarters with anybody counted. Where all
    or nobody succeeded there is no change.
    """
    if sum(size > 0 for size in counted) < FEWEST_QUARTERS:
        return "few"
    score, chance = linear_trend(successes, counted)
    if not chance < CHANCE:
        return "none"
    return "rising" if score > 0 else "falling"


def limits(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean, lower and upper limit of an XmR chart: the mean and 2.66 mean moving ranges.

    NaN for fewer than two values. Source: W. A. Shewhart; as NHSRplotthedots has it.
    """
    known = np.asarray(values, dtype=np.float64)
    if len(known) < 2:
        return nan, nan, nan
    mean, ranges = float(known.mean()), float(np.abs(np.diff(known)).mean())
    return mean, mean - _XMR * ranges, mean + _XMR * ranges


_STEPS, _CLOSE = 50, 1e-10


def direct(successes: Numbers, counted: Numbers, weights: Numbers) -> tuple[float, float, float]:
    """A directly standardized share and its 95 percent interval.

    successes, counted: of one area, by group; weights: the part of each group in the standard,
    1 together. NaN where a group with weight has nobody. The interval is Wilson's, of as many
    people as would give a plain share the same variance; within a group the variance is that of
    (successes + 1) of (counted + 2), so that a group in which all succeeded is no certainty.
    """
    used = weights > 0
    size, found, part = counted[used], successes[used], weights[used] / weights[used].sum()
    if not len(size) or (size <= 0).any():
        return float("nan"), float("nan"), float("nan")
    share = float((part * found / size).sum())
    drawn = (found + 1) / (size + 2)
    variance = float((part**2 * drawn * (1 - drawn) / size).sum())
    return share, *_wilson(share, max(share * (1 - share), 1 / (4 * size.sum())) / variance)


def _wilson(share: float, size: float) -> tuple[float, float]:
    """Wilson's interval of a share of so many, which need be no whole number."""
    square = Z95 * Z95
    center = (share + square / (2 * size)) / (1 + square / size)
    half = Z95 * sqrt(share * (1 - share) / size + square / (4 * size * size)) / (1 + square / size)
    return max(0.0, center - half), min(1.0, center + half)


@dataclass(frozen=True, slots=True)
class Fit:
    """A logistic regression. coefficients: the constant first; errors: their standard errors."""

    coefficients: Numbers
    errors: Numbers

    def expected(self, facts: Numbers) -> Numbers:
        """The chance of success of each row of facts."""
        return _chance(_with_constant(facts) @ self.coefficients)


def logistic(facts: Numbers, success: NDArray[np.bool_], ridge: float = 1e-3) -> Fit:
    """A logistic regression by Newton's steps, the same on every machine.

    facts: rows by 0 or 1 facts; success: of each row. ridge: a penalty so small that it changes no
    figure that is shown; it keeps a fact that decides all, or that nobody has, finite.
    """
    rows = _with_constant(facts)
    penalty = np.full(rows.shape[1], ridge)
    penalty[0] = 0.0
    found = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        chance = _chance(rows @ found)
        slope = rows.T @ (success - chance) - penalty * found
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        found = found + step
        if np.abs(step).max() < _CLOSE:
            break
    return Fit(found, np.sqrt(np.diag(np.linalg.inv(curve))))


def _with_constant(facts: Numbers) -> Numbers:
    return np.column_stack([np.ones(len(facts)), facts])


def _chance(log_odds: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))), dtype=np.float64)


MANY = 5


def nearest_by_mix(shares: Numbers, many: int = MANY) -> list[list[int]]:
    """The places of the nearest areas of each area, the nearest first.

    shares: areas by groups, 0..1. The distance is Euclid's, over the shares that both areas have,
    each divided by its standard deviation between areas, and the mean of squares is taken, so that
    a missing (NaN) share neither helps nor harms. An area without any share has no peer.
    """
    many_known = np.maximum((~np.isnan(shares)).sum(axis=0), 1)
    mean = np.nansum(shares, axis=0) / many_known
    spread = np.sqrt(np.nansum((shares - mean) ** 2, axis=0) / many_known)
    scaled = shares / np.where(spread > 0, spread, np.inf)
    found = []
    for place, mine in enumerate(scaled):
        square = (scaled - mine) ** 2
        both = (~np.isnan(square)).sum(axis=1)
        far = np.where(both > 0, np.nansum(square, axis=1) / np.maximum(both, 1), np.inf)
        far[place] = np.inf
        order = np.argsort(far, kind="stable")
        found.append([int(other) for other in order[:many] if np.isfinite(far[other])])
    return found


def nearest_by_size(sizes: Mapping[str, float], many: int = MANY) -> dict[str, list[str]]:
    """The areas of each area that serve the most alike number of people, by the ratio of both."""

    def far(one: str, other: str) -> float:
        return abs(float(np.log(sizes[one] / sizes[other])))

    known: Sequence[str] = [area for area, size in sizes.items() if size > 0]
    return {
        one: sorted((other for other in known if other != one), key=lambda o: (far(one, o), o))[
            :many
        ]
        for one in known
    }
