"""How sure the rank of an area is."""

import numpy as np
from numpy.typing import NDArray

DRAWS, SEED = 4000, 20250815
RANGE = (0.1, 0.9)


def rank_ranges(
    successes: NDArray[np.float64], counted: NDArray[np.float64]
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
