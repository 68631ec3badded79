"""All that a reader of publications has, as equations over whole numbers, and what follows.

Each line counts people (`n`) and, of a share, successes (`x`): these are the unknowns. The reader
is told how far parts overlap (people in two areas or programs) and knows which lines count the same
people; where records were corrected between two publications, it is an interval as wide as the
largest correction. So the reader is at least as strong as any real one.

Mixed-integer programs are solved by scipy's HiGHS. Nothing of the library is used.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from tests.disclosure.reading import Key, Line, Prints
from tests.disclosure.solving import Term, Unknowns

TITLE_I = ("adult", "dw", "youth")
MEDIANS = ("ME",)
EXITS = ("ERQ2", "ERQ4", "ME", "CR")  # whose windows are sums of quarters
Z = {"95": 1.959963984540054}
Name = tuple[str, Key, str]  # publication, line, n or x


def family(measure: str) -> str:
    """What measures have in common that count the same exits."""
    return "exits" if measure in ("ERQ2", "ERQ4", "ME") else measure


def regions() -> dict[str, str]:
    """The region of each LWIA, which is public."""
    with Path("params/regions.csv").open(newline="") as lines:
        return {row["lwia"]: row["edr"] for row in csv.DictReader(lines)}


@cache
def thresholds() -> dict[str, int]:
    """`params/disclosure.csv`, which is public."""
    with Path("params/disclosure.csv").open(newline="") as lines:
        return {row["setting"]: int(row["value"]) for row in csv.DictReader(lines)}


def small(line: Line) -> bool:
    """Whether a line with every number is a small cell of a share. No median follows from others,
    and how many have a wage is who is employed."""
    limits = thresholds()
    size, won = line.numbers["denominator"] or 0, line.numbers["numerator"]
    if won is None:
        return False
    few = min(won, size - won) < limits["minimum_numerator"]
    return size > 0 and (few or size < limits["minimum_denominator"])


def before(quarter: str, many: int) -> str:
    """The name of an earlier report quarter."""
    at = int(quarter[2:6]) * 4 + int(quarter[-1]) - 1 - many
    return f"PY{at // 4}Q{at % 4 + 1}"


def wilson(x: float, n: float) -> tuple[float, float]:
    """Wilson's 95% interval of x of n."""
    z, p = Z["95"], x / n
    middle = p + z * z / (2 * n)
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)


class Figures(Unknowns):
    """The lines of performance figures of publications that follow each other.

    prints: as the reader has them; full: the same lines with every number, to be told overlaps, and
    to judge. own: an LWIA whose figures the reader has in full, or nothing.
    """

    def __init__(self, prints: Iterable[Prints], full: Iterable[Prints], own: str = "") -> None:
        super().__init__()
        self._own, self._regions = own, regions()
        self._full = {one.period: one for one in full}
        self._seen: dict[tuple[str, str], float] = {}
        pairs = [(one, self._full[one.period]) for one in prints]
        for printed, every in pairs:
            self._lines(printed, every)
        for printed, every in pairs:
            self._sums_of(printed.period, every)
            self._links(printed, every)
        for (first, _), (then, _) in pairwise(pairs):
            self._two(first, then)
        shown = {
            (one.period if key[0] == "current" else key[0], *key[1:])
            for one, _ in pairs
            for key, line in one.lines.items()
            if not line.hidden and key[0] != "rolling4"
        }
        for printed, every in pairs:
            self._seek(printed, every, shown)

    def _lines(self, printed: Prints, every: Prints) -> None:
        for key, line in every.lines.items():
            size, won = line.numbers["denominator"], line.numbers["numerator"]
            if size is None:
                continue
            n = self.new((every.period, key, "n"), size)
            x = None if won is None else self.new((every.period, key, "x"), won)
            shown = printed.lines.get(key)
            if key[1] == "lwia" and key[2] == self._own:
                self.known |= {n} | ({x} if x is not None else set())
            elif shown is not None and not shown.hidden:
                assert shown.numbers["denominator"] == size, key
                self.known |= {n} | ({x} if x is not None else set())
            elif shown is not None and key[0] in ("rolling4", "current"):
                if key[4] not in MEDIANS:  # a rate of nobody is not withheld
                    self.between({n: 1}, 1, np.inf)
                self._printed(shown, n, x)
            if x is not None:
                self.between({n: 1, x: -1}, 0, np.inf)
        for key, line in printed.adjusted.items():
            if line.hidden:
                self._adjusted(every.period, key, line)

    def _printed(self, line: Line, n: int, x: int | None) -> None:
        """What is printed at a withheld line: its counts, its share, or its interval."""
        numbers = line.numbers
        if numbers.get("denominator") is not None:
            self.known.add(n)
        if x is None:
            return
        if numbers.get("numerator") is not None:
            self.known.add(x)
        share = numbers.get("value")
        if share is None and numbers.get("percent") is not None and numbers.get("level"):
            share = numbers["percent"] / 100 * numbers["level"]
        if share is not None:
            self._share(n, x, share - 1e-9, share + 1e-9)
        ends = numbers.get("lower95"), numbers.get("upper95")
        if ends[0] is not None and ends[1] is not None:
            self._interval(n, x, *ends, 1e-9)

    def _adjusted(self, period: str, key: Key, line: Line) -> None:
        """An adjusted share is the plain one over the expected one, times Illinois'."""
        numbers = line.numbers
        state = self._full[period].lines[(key[0], "state", "IL", *key[3:])].numbers["value"]
        names = [(period, key, kind) for kind in "nx"]
        if not state or not all(name in self.at for name in names):
            return
        n, x = (self.at[name] for name in names)
        if numbers["value"] is not None:
            self._share(n, x, numbers["value"] - 1e-9, numbers["value"] + 1e-9)
        if numbers["expected"] and numbers["adjusted"] is not None:
            low, high = (
                max(numbers["adjusted"] + off, 0) * (numbers["expected"] + off) / state
                for off in (-5e-4, 5e-4)
            )
            self._share(n, x, low, high if numbers["adjusted"] < 1 else np.inf)

    def _share(self, n: int, x: int, low: float, high: float) -> None:
        if self.truth[n]:
            self.between({x: 1, n: -low}, 0, np.inf)
            if high < 1:
                self.between({x: -1, n: high}, 0, np.inf)

    def _interval(self, n: int, x: int, low: float, high: float, off: float) -> None:
        """The counts whose Wilson interval is this one, found by trying."""
        fits = [
            (size, won)
            for size in range(1, 3000)
            for won in {round(size * (low + high) / 2 + step) for step in (-1, 0, 1, 2)}
            if 0 <= won <= size
            and max(abs(a - b) for a, b in zip(wilson(won, size), (low, high), strict=True)) < off
        ]
        if len(fits) == 1:
            self.known |= {n, x}

    def _term(self, period: str, key: Key, kind: str, factor: int = 1) -> Term | None:
        place = self.at.get((period, key, kind))
        return None if place is None else {place: factor}

    def _whole(self, period: str, whole: Key, parts: Iterable[Key], kind: str) -> None:
        """The reader is told what the parts count more than the whole."""
        terms = [self._term(period, whole, kind, -1)]
        terms += [self._term(period, part, kind) for part in parts]
        terms = [term for term in terms if term is not None]
        if len(terms) > 1 and (period, whole, kind) in self.at:
            self.is_({place: factor for term in terms for place, factor in term.items()})

    def _sums_of(self, period: str, every: Prints) -> None:
        local = sorted({key[2] for key in every.lines if key[1] == "lwia"})
        for window, kind, area, program, measure in every.lines:
            whole = (window, kind, area, program, measure)
            inside = local if kind == "state" else [a for a in local if kind == "edr"
                                                    and self._regions.get(a) == area]  # fmt: skip
            for count in "nx":
                self._whole(
                    period, whole, [(window, "lwia", a, program, measure) for a in inside], count
                )
                if program == "title1":
                    parts = [(window, kind, area, p, measure) for p in TITLE_I]
                    self._whole(period, whole, parts, count)
                if window == "rolling4" and measure in EXITS:
                    quarters = [(before(period, back), *whole[1:]) for back in range(4)]
                    if all((period, one, "n") in self.at for one in quarters):
                        self._whole(period, whole, quarters, count)
                if window == "current":
                    self._whole(period, whole, [(period, *whole[1:])], count)

    def _links(self, printed: Prints, every: Prints) -> None:
        """Lines of one publication that count the same people, or some of these."""
        period = every.period
        for window, kind, area, program, measure in every.lines:
            here = (window, kind, area, program)
            if measure == "ME":
                self._inside(printed, period, here)
            if measure == "ERQ2" and window.startswith("PY"):
                later = [w for w in every.lines if w[1:] == (kind, area, program, "ERQ4")
                         and w[0].startswith("PY") and before(w[0], 2) == window]  # fmt: skip
                for other in later:
                    self._alike((period, (*here, measure), "n"), (period, other, "n"), 0)
            if measure == "MSG" and window == "current":
                for count in "nx":
                    ends = [self._term(period, (w, *here[1:], "MSG"), count, f)
                            for w, f in (("rolling4", 1), ("current", -1))]  # fmt: skip
                    if None not in ends and self.value(ends[0] | ends[1]) >= 0:
                        self.between(ends[0] | ends[1], 0, np.inf)

    def _inside(self, printed: Prints, period: str, here: tuple[str, ...]) -> None:
        """Who has a wage is employed; how many more are is seen where both are shown."""
        wages = self._term(period, (*here, "ME"), "n", -1)
        employed = self._term(period, (*here, "ERQ2"), "x")
        if wages is None or employed is None:
            return
        gap = self._gap(printed, here[3])
        here_ = self.value(employed | wages)
        self.between(employed | wages, min(0, here_), max(gap, here_))

    def _gap(self, printed: Prints, program: str) -> float:
        name = (printed.period, program)
        if name not in self._seen:
            gaps = [0.0]
            for key, line in printed.lines.items():
                if key[3:] == (program, "ME") and not line.hidden:
                    other = printed.lines[(*key[:4], "ERQ2")]
                    if not other.hidden and other.numbers["numerator"] is not None:
                        gaps.append(other.numbers["numerator"] - line.numbers["denominator"])
            self._seen[name] = max(gaps)
        return self._seen[name]

    def _alike(self, one: Name, other: Name, width: float) -> None:
        if one in self.at and other in self.at:
            term = {self.at[one]: 1, self.at[other]: -1}
            off = max(width, abs(self.value(term)))
            self.between(term, -off, off)

    def _two(self, first: Prints, then: Prints) -> None:
        """The same quarters in two publications, as far apart as the largest correction between
        them of what is counted alike: which lines were corrected the reader does not know."""
        widths: dict[str, float] = defaultdict(float)
        found = []
        ends = self._full[then.period].lines
        for key, line in self._full[first.period].lines.items():
            quarter = (first.period if key[0] == "current" else key[0], *key[1:])
            if not quarter[0].startswith("PY") or quarter not in ends:
                continue
            found.append((key, quarter))
            for name in ("denominator", "numerator"):
                counts = line.numbers[name], ends[quarter].numbers[name]
                if None not in counts:
                    alike = family(key[4])
                    widths[alike] = max(widths[alike], abs(counts[0] - counts[1]))
        for key, quarter in found:
            for kind in "nx":
                one, other = (first.period, key, kind), (then.period, quarter, kind)
                self._alike(one, other, widths[family(key[4])])

    def _tells_nothing(self, printed: Prints, key: Key) -> bool:
        """Whether a region is the sum of what is printed and of the reader's own area."""
        parts = [area for area, region in self._regions.items() if region == key[2]]
        lines = {area: printed.lines.get((key[0], "lwia", area, *key[3:])) for area in parts}
        return all(a == self._own or (one and not one.hidden) for a, one in lines.items())

    def _seek(self, printed: Prints, every: Prints, shown: set[Key]) -> None:
        """shown: lines of quarters that a publication prints; in another one, which withholds
        them with the rest of their series, they are not sought; nor is a quarter that is withheld
        with its series and is no small cell. How many a small one counts is sought where that is
        few: where it is many, another measure may print it."""
        for key, line in printed.lines.items():
            if not line.hidden or (key[1] == "lwia" and key[2] == self._own):
                continue
            if (printed.period if key[0] == "current" else key[0], *key[1:]) in shown:
                continue
            quarter = key[0].startswith("PY")
            if quarter and not small(every.lines[key]):
                continue
            size, won = (self._term(printed.period, key, kind) for kind in "nx")
            if size is None or (key[1] == "edr" and self._tells_nothing(printed, key)):
                continue
            few = self.value(size) < thresholds()["minimum_denominator"]
            terms = {"n": size} if few or not quarter else {}
            if won is not None:
                terms |= {"x": won, "n-x": size | dict.fromkeys(won, -1)}
            mine = (key[0], "lwia", self._own, *key[3:])
            for kind, term in terms.items():
                own = 0
                counted = key[1] == "state" or self._regions.get(self._own) == key[2]
                if self._own and counted and mine in every.lines:
                    numbers = every.lines[mine].numbers
                    parts = {"n": numbers["denominator"], "x": numbers["numerator"]}
                    n, x = (parts[one] or 0 for one in "nx")
                    own = {"n": n, "x": x, "n-x": n - x}[kind]
                if self.value(term) - own > 0:
                    self.sought[printed.period, key, kind] = term
