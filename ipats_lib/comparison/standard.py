"""Shares as they would be if an area served the people that the state serves."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ipats_lib.comparison.verdicts import Z95

Numbers = NDArray[np.float64]
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
