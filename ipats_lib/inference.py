"""What a reader can work out from printed sums: whole numbers that all solutions nearly agree on.

Printed figures are equations between counts. A withheld count is found out where its values in all
solutions in whole numbers (mixed-integer programming by HiGHS, in scipy) lie too close together. It
is not found out as soon as two solutions far enough apart are known, and most solutions free many
counts at once.
"""

import random
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

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
    if not (left := set(sought)):
        return set()
    system = _System(truth, rows, printed)
    draws = random.Random(0)  # noqa: S311 directions to look in, no secret
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
        freed = differ(system.least(aims), system.least(-aims))
        left -= freed
        idle = 0 if freed else idle + 1
    certain: set[int] = set()
    while left:
        place = min(left)
        aims = np.zeros(len(truth))
        aims[place] = 1.0
        freed = differ(system.least(aims), system.least(-aims))
        certain |= {place} - freed
        left -= freed | {place}
    return certain


class _System:
    """The equations between the counts that are not printed, and solutions of them."""

    def __init__(self, truth: Numbers, rows: Sequence[Row], printed: Sequence[int]) -> None:
        from scipy.sparse import csr_array

        self._truth = truth
        self._free = np.setdiff1d(np.arange(len(truth)), printed)
        place = {int(unknown): n for n, unknown in enumerate(self._free)}
        entries: list[tuple[int, int, int]] = []
        limits: list[tuple[float, float]] = []
        for row, low, high in rows:
            mine = [(place[at], factor) for at, factor in row.items() if at in place]
            if mine:
                known = sum(
                    factor * int(truth[at]) for at, factor in row.items() if at not in place
                )
                entries += [(len(limits), at, factor) for at, factor in mine]
                limits.append((low - known, high - known))
        line, at, factor = np.array(entries, dtype="int64").reshape(-1, 3).T
        self._matrix = csr_array((factor, (line, at)), shape=(len(limits), len(place)))
        self._low, self._high = np.array(limits, dtype="float64").reshape(-1, 2).T
        self._top = 3.0 * int(truth.max()) + 10

    def least(self, aims: NDArray[np.float64]) -> Numbers:
        """A solution with the least sum of aims times counts; the truth where none is found.

        Most often the solution in fractions, which is found sooner, is one in whole numbers.
        """
        found = self._truth.copy()
        for whole in (0, 1):
            for presolve in (True, False):  # which has called a solvable system infeasible
                answer = self._solved(aims[self._free], whole, presolve)
                if answer is not None and self._holds(answer):
                    found[self._free] = answer
                    return found
        return found

    def _solved(
        self, aims: NDArray[np.float64], whole: int, presolve: bool
    ) -> NDArray[np.int64] | None:
        from scipy.optimize import Bounds, LinearConstraint, milp  # half a second to import

        answer = milp(
            aims,
            constraints=LinearConstraint(self._matrix, self._low, self._high),
            bounds=Bounds(0, self._top),
            integrality=np.full(len(aims), whole),
            options={"presolve": presolve},
        )
        return None if answer.x is None else np.rint(answer.x).astype("int64")

    def _holds(self, answer: NDArray[np.int64]) -> bool:
        sums = self._matrix @ answer
        return bool(
            (answer >= 0).all() and (sums >= self._low).all() and (sums <= self._high).all()
        )
