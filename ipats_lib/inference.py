"""What a reader can work out from printed sums: whole numbers that all solutions nearly agree on.

Printed figures are equations between counts. A withheld count is found out where its values in all
solutions in whole numbers (mixed-integer programming by HiGHS, in scipy) lie too close together. It
is not found out as soon as two solutions far enough apart are known, and most solutions free many
counts at once.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

IDLE = 1  # directions without a count freed, after which each count is asked about alone
WIDTH = 3  # how far apart the least and the most of a withheld count are, at least
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most of each row of a system, and of each of its unknowns."""

    rows: tuple[Numbers, Numbers]
    unknowns: tuple[Numbers, Numbers]


def solution(matrix: "csr_array", bounds: Bounds, aims: Numbers) -> Numbers | None:
    """The unknowns in whole numbers for which `aims` times them is least; None when there are none.

    Depends on its arguments alone.
    """
    from scipy import optimize  # half a second, and an unchanged build needs none

    # Fractions are quicker, and most often whole. Presolving has called a system infeasible that
    # has a solution.
    for whole, presolve in ((0, True), (1, True), (1, False)):
        answer = optimize.milp(
            aims,
            constraints=optimize.LinearConstraint(matrix, *bounds.rows),
            bounds=optimize.Bounds(*bounds.unknowns),
            integrality=np.full(len(aims), whole),
            options={"presolve": presolve},
        )
        if answer.x is not None and (whole or np.abs(answer.x - np.rint(answer.x)).max() < 1e-6):
            return np.rint(answer.x)
    return None


class Ranges:
    """The least and the most of each sought count in the solutions that are known so far.

    sought: a row of factors of the unknowns for each count. needed: how far apart they have to be.
    counted: what each is, missing where that is not known.
    What holds of some prints holds of fewer too, so a range only widens.
    """

    def __init__(self, sought: "csr_array", needed: Numbers, counted: Numbers) -> None:
        self._sought, self._needed = sought, needed
        self._least, self._most = np.fmin(counted, np.inf), np.fmax(counted, -np.inf)

    def copy(self) -> "Ranges":
        """The same ranges, to be widened apart."""
        other = Ranges(self._sought, self._needed, self._least)
        other._most = self._most.copy()
        return other

    def widen(self, unknowns: Numbers) -> None:
        """Take one more solution in."""
        counts = self._sought @ unknowns
        np.minimum(self._least, counts, out=self._least)
        np.maximum(self._most, counts, out=self._most)

    def narrow(self, places: Iterable[int]) -> set[int]:
        """Those of some counts that are not known to range far enough."""
        return {p for p in places if not self._most[p] - self._least[p] >= self._needed[p]}

    def found_out(self, places: Iterable[int], other: Callable[[Numbers], bool]) -> set[int]:
        """Those of some counts that no solution moves far enough.

        other: seeks the solution that is least in a direction and takes it in; False without one.
        """
        left, idle = self.narrow(places), 0
        draws = random.Random(0)  # noqa: S311 directions to look in, no secret
        while left and idle < IDLE:
            self.look(left, draws, other)
            idle = 0 if len(self.narrow(left)) < len(left) else idle + 1
            left = self.narrow(left)
        certain: set[int] = set()
        while left:
            place = min(left)
            self.look({place}, draws, other)
            certain |= self.narrow([place])
            left = self.narrow(left - {place})
        return certain

    def look(
        self, places: set[int], draws: random.Random, other: Callable[[Numbers], bool]
    ) -> None:
        """Seek solutions that are least and most in a drawn direction of some counts."""
        mine = sorted(places)
        signs = [draws.choice((-1, 1)) * draws.uniform(0.5, 1) for _ in mine]
        aims = np.array(signs) @ self._sought[mine]
        if other(aims):
            other(-aims)
