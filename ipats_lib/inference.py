"""What a reader can work out from printed sums: whole numbers that all solutions nearly agree on.

Printed figures are equations between counts. A withheld count is found out where its values in all
solutions in whole numbers (mixed-integer programming by HiGHS, in scipy) lie too close together. It
is not found out as soon as two solutions far enough apart are known, and most solutions free many
counts at once.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.optimize import LinearConstraint

IDLE = 3  # directions without a count freed, after which each count is asked about alone
WIDTH = 3  # how far apart the least and the most of a withheld count are, at least
Numbers = NDArray[np.int64]
Row = tuple[Mapping[int, int], float, float]
"""Factor by place of an unknown, and the least and the most that their sum can be."""


def found_out(
    truth: Numbers, rows: Sequence[Row], sought: Iterable[int], printed: Sequence[int]
) -> set[int]:
    """The sought unknowns whose value the rows give away: to less than `WIDTH`, and where nobody
    is counted exactly.

    truth: the value of each unknown, 0 or more; it satisfies the rows. printed: unknowns of which
    the reader sees the value. The result depends on the arguments alone.
    """
    from scipy.optimize import Bounds, milp  # half a second, and an unchanged build needs none

    if not (left := set(sought)):
        return set()
    constraints = _constraints(rows, len(truth))
    low, high = np.zeros(len(truth)), np.full(len(truth), 3.0 * int(truth.max()) + 10)
    low[list(printed)] = high[list(printed)] = truth[list(printed)]
    draws = random.Random(0)  # noqa: S311 directions to look in, no secret

    def other(aims: NDArray[np.float64]) -> Numbers:
        for presolve in (True, False):  # which has called a system infeasible that has a solution
            answer = milp(
                aims,
                constraints=constraints,
                bounds=Bounds(low, high),
                integrality=np.ones(len(truth)),
                options={"presolve": presolve},
            )
            if answer.x is not None:
                return np.rint(answer.x).astype("int64")
        return truth

    least, most = truth.copy(), truth.copy()
    width = np.where(truth > 0, WIDTH, 1)

    def differ(*solutions: Numbers) -> set[int]:
        for one in solutions:
            np.minimum(least, one, out=least)
            np.maximum(most, one, out=most)
        return {place for place in left if most[place] - least[place] >= width[place]}

    idle = 0
    while left and idle < IDLE:
        aims = np.zeros(len(truth))
        aims[sorted(left)] = [draws.choice((-1, 1)) * draws.uniform(0.5, 1) for _ in left]
        freed = differ(other(aims), other(-aims))
        left -= freed
        idle = 0 if freed else idle + 1
    certain: set[int] = set()
    while left:
        place = min(left)
        aims = np.zeros(len(truth))
        aims[place] = 1.0
        freed = differ(other(aims), other(-aims))
        certain |= {place} - freed
        left -= freed | {place}
    return certain


def _constraints(rows: Sequence[Row], width: int) -> "LinearConstraint | tuple[Any, ...]":
    from scipy.optimize import LinearConstraint
    from scipy.sparse import csr_array

    if not rows:
        return ()
    values = [factor for row, _, _ in rows for factor in row.values()]
    lines = [line for line, (row, _, _) in enumerate(rows) for _ in row]
    places = [place for row, _, _ in rows for place in row]
    matrix = csr_array((values, (lines, places)), shape=(len(rows), width))
    return LinearConstraint(matrix, [row[1] for row in rows], [row[2] for row in rows])
