"""Whether an area differs from the state by more than chance, and the limits of a funnel plot.

A share is compared with a fixed value by its score: Wilson's interval holds the value, the point
lies inside the funnel around the value, and the score is at most z, are one and the same.
"""

from math import erfc, sqrt

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
