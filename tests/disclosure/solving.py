"""Whole numbers, sums of them that lie between two ends, and which of them follow (HiGHS)."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

WIDTH = 3
PATIENCE = 60  # seconds for one program; a count that takes longer counts as found out
Term = dict[int, int]


class Unknowns:
    """Whole numbers, what is known of each, and sums of them that lie between two ends."""

    def __init__(self) -> None:
        self.at: dict[object, int] = {}
        self.truth: list[int] = []
        self.known: set[int] = set()
        self.sums: list[tuple[Term, float, float]] = []
        self.sought: dict[object, Term] = {}

    def new(self, name: object, truth: float) -> int:
        self.at[name] = len(self.truth)
        self.truth.append(round(truth))
        return self.at[name]

    def value(self, term: Mapping[int, float]) -> float:
        return sum(factor * self.truth[place] for place, factor in term.items())

    def between(self, term: Mapping[int, float], low: float, high: float) -> None:
        """A sum lies between two ends. AssertionError where it does not in truth."""
        assert low - 1e-6 <= self.value(term) <= high + 1e-6, (term, low, high, self.value(term))
        self.sums.append((dict(term), low, high))

    def is_(self, term: Mapping[int, float]) -> None:
        """The reader is told what a sum is."""
        self.between(term, self.value(term), self.value(term))

    def narrow(self) -> dict[object, tuple[int, int]]:
        """The sought counts whose least and most lie less than `WIDTH` apart."""
        found: dict[object, tuple[int, int]] = {}
        for places, rows, sought in self._parts():
            found |= _narrow_of(self, places, rows, sought)
        return found

    def _parts(self) -> Iterator[tuple[list[int], list, dict[object, Term]]]:
        """Unknowns that rows link, apart from all others."""
        root = list(range(len(self.truth)))

        def find(one: int) -> int:
            while root[one] != one:
                root[one] = root[root[one]]
                one = root[one]
            return one

        left = [({p: f for p, f in term.items() if p not in self.known}, term, low, high)
                for term, low, high in self.sums]  # fmt: skip
        free = {key: {p: f for p, f in term.items() if p not in self.known}
                for key, term in self.sought.items()}  # fmt: skip
        for term in [*(one[0] for one in left), *free.values()]:
            first = next(iter(term), None)
            for place in term:
                root[find(place)] = find(first)
        groups: dict[int, tuple[list[int], list, dict]] = defaultdict(lambda: ([], [], {}))
        for place in range(len(root)):
            if place not in self.known:
                groups[find(place)][0].append(place)
        for term, whole, low, high in left:
            if term:
                shift = self.value({p: f for p, f in whole.items() if p in self.known})
                groups[find(next(iter(term)))][1].append((term, low - shift, high - shift))
        for key, term in free.items():
            groups[find(next(iter(term))) if term else -1][2][key] = term
        yield from (group for group in groups.values() if group[2])


def _narrow_of(
    all_: Unknowns, places: list[int], rows: list, sought: dict[object, Term]
) -> dict[object, tuple[int, int]]:
    at = {place: n for n, place in enumerate(places)}
    truth = np.array([all_.truth[place] for place in places], dtype=float)
    aims = {key: np.bincount([at[p] for p in term], [*term.values()], len(places))
            for key, term in sought.items()}  # fmt: skip
    cells = [(n, at[p], f) for n, (term, _, _) in enumerate(rows) for p, f in term.items()]
    matrix, low, high = csr_array((len(rows), len(places))), np.empty(0), np.empty(0)
    if cells:
        r, c, v = zip(*cells, strict=True)
        matrix = csr_array((v, (r, c)), (len(rows), len(places)))
        low, high = (np.array([row[n] for row in rows]) for n in (1, 2))
    most = 3.0 * max([*truth, 1]) + 30
    ends = {key: [aim @ truth, aim @ truth] for key, aim in aims.items()}

    def look(aim: np.ndarray, box: float, *, whole: bool) -> float:
        """Widen the ends by a solution that has the least of a sum; unknowns lie as near to the
        truth as `box`, and are whole numbers or may be fractions. The least that there is."""
        answer = milp(
            aim, integrality=np.full(len(places), int(whole)), options={"time_limit": PATIENCE},
            bounds=Bounds(np.maximum(truth - box, 0), np.minimum(truth + box, most)),
            constraints=[LinearConstraint(matrix, low, high)] if cells else [],
        )  # fmt: skip
        if answer.x is None:
            return -np.inf
        solution = np.rint(answer.x)
        sums = matrix @ solution
        if ((sums >= low - 1e-6) & (sums <= high + 1e-6)).all():
            for key, one in aims.items():
                count = one @ solution
                ends[key] = [min(ends[key][0], count), max(ends[key][1], count)]
        return float(answer.fun) if answer.status == 0 else -np.inf

    def left() -> list[object]:
        return [key for key, (least, most_) in ends.items() if most_ - least < WIDTH]

    draws = random.Random(0)
    for whole in (False, True):
        idle = 0
        while idle < 4 and (open_ := left()):
            aim = sum(draws.choice((-1, 1)) * draws.uniform(0.5, 1) * aims[key] for key in open_)
            box = draws.choice((3, 6) if whole else (3, 6, 12))
            look(aim, box, whole=whole)
            look(-aim, box, whole=whole)
            idle = 0 if len(left()) < len(open_) else idle + 1
    for key in left():
        for box, whole in ((4, False), (4, True), (np.inf, False), (np.inf, True)):
            if key in left() and aims[key].any():
                least, most_ = (sign * look(sign * aims[key], box, whole=whole)
                                for sign in (1, -1))  # fmt: skip
                if box == np.inf and most_ - least < WIDTH - 1e-6:
                    break  # no fraction lies further apart either
    return {key: (int(ends[key][0]), int(ends[key][1])) for key in left()}
