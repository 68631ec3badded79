"""Which withheld counts the readers of publications can work out, until nothing gives one away.

A stranger knows what is printed; a reader of an LWIA knows its own figures, too. Each is asked in
each round of hiding for the counts that were not seen to range far enough.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import Mask
from ipats_lib.inference import WIDTH, Bounds, Numbers, Ranges, solution
from ipats_lib.periods import Period
from ipats_lib.printed import Equations, Publication, family, lines_of, quarters_beside

_TURNS = 3  # how often each half of the areas is asked for what is open to all of its readers
NEAR = 2  # quarters between publications that are solved together
_DOUBLED = 10  # how often a doubt about prints is doubled
MOST_EXACT = 170  # cells of a system that are solved with exact prints of another publication


@dataclass(eq=False)
class Reader:
    """What one kind of reader knows beside the prints.

    own: LWIAs whose figures are known. sought: whether each count is asked for, if withheld.
    hopeless: counts that nothing more to hide would protect.
    """

    own: frozenset[str]
    sought: Mask
    ranges: Ranges
    hopeless: set[int] = field(default_factory=set)


class Readers:
    """The readers of one system of equations: strangers, and those of each LWIA in `own`.

    Counts are the sizes of all lines, their successes, and their failures. disclosed: the lines of
    the publication whose sizes are printed elsewhere, hidden or not.
    """

    def __init__(self, equations: Equations, own: Iterable[str], disclosed: Mask) -> None:
        from scipy.sparse import vstack

        self._equations, self._every = equations, len(equations.lines)
        sums = equations.sums
        failures = sums[: self._every] - sums[self._every :]
        self._sought = vstack([sums, failures], format="csr")
        self._matrix = vstack([sums, equations.inner], format="csr")
        counted = np.split(equations.counted, 2)
        self._counted = np.concatenate([*counted, counted[0] - counted[1]])
        over = np.split(equations.overlap, 2)
        self._summed = self._counted + np.concatenate([*over, over[0] - over[1]])
        self._rates = np.array([bool(line.successes) for line in equations.lines])
        self._slack = np.zeros(2 * self._every)
        for part in equations.parts:
            self._slack[part] = self._corrected(part)
        self._disclosed = self._disclosed_sizes()
        self._disclosed[: equations.many] |= disclosed
        self._elsewhere = disclosed
        self._stranger = self._reader("")
        self._own = sorted(own)
        self._unsure = np.isnan(equations.counted) & ~np.isnan(equations.values)
        self._settled = not self._unsure.any()

    @property
    def exact(self) -> bool:
        """Whether another publication printed just what the records give now, as far as is known:
        then what it printed and what is printed now are sums of the same counts."""
        equations = self._equations
        known = [part[~np.isnan(equations.values[part] - equations.counted[part])]
                 for part in equations.parts]  # fmt: skip
        return any(len(part) and not self._slack[part].any() for part in known)

    def given_away(self, hidden: Mask) -> set[int]:
        """The lines of which all that is printed gives a withheld count away, and that hiding more
        lines would protect. hidden: which lines of the publication are."""
        if not self._settled:
            self._settle(hidden)
        self._look_together(hidden)
        return {
            count % self._every
            for reader in self._readers
            for count in self._found_out(reader, hidden)
        }

    @cached_property
    def _readers(self) -> list[Reader]:
        return [*(self._reader(area) for area in self._own), self._stranger]

    def _disclosed_sizes(self) -> Mask:
        """Which lines count exits that another publication printed, without a correction."""
        equations, disclosed = self._equations, set()
        for part in equations.parts:
            shown = part[(part < self._every) & ~np.isnan(equations.values[part])]
            disclosed |= {self._exits(n) for n in shown[self._slack[shown] == 0].tolist()}
        return np.array([self._exits(n) in disclosed for n in range(self._every)])

    def _exits(self, line: int) -> tuple[object, ...]:
        one = self._equations.lines[line]
        return one.size, one.place, one.spans

    def _corrected(self, part: np.ndarray) -> float:
        """The largest correction seen between a publication before and now; 0 where none is."""
        off = np.abs(self._equations.values[part] - self._equations.counted[part])
        return float(np.nanmax(off, initial=0.0))

    def _reader(self, area: str) -> Reader:
        every, equations = self._every, self._equations
        sought = np.concatenate([np.ones(every, dtype=bool), self._rates, self._rates])
        needed = np.where(self._counted == 0, 1.0, float(WIDTH))
        if area:
            sizes, successes = (
                np.array([equations.others(n + shift, area) for n in range(every)])
                for shift in (0, every)
            )
            sought &= np.concatenate([sizes, successes, sizes - successes]) != 0
        own = frozenset([area] if area else [])
        return Reader(own, sought, Ranges(self._sought, needed, self._summed))

    def _bounds(self, own: frozenset[str], hidden: Mask) -> Bounds:
        """What readers of these areas know of each row. Who is withheld is somebody."""
        equations, every, many = self._equations, self._every, self._equations.many
        low = np.full(self._matrix.shape[0], -np.inf)
        low[2 * every :] = 0
        high = np.full(len(low), np.inf)
        values, overlap = equations.values, equations.overlap
        mine = np.array([line.place[1] in own for line in equations.lines[:many]])
        for shift, disclosed in ((0, self._elsewhere), (every, False)):
            at = np.flatnonzero(~hidden | mine | disclosed) + shift
            at = at[~np.isnan(values[at])]
            low[at] = high[at] = values[at] + overlap[at]
        secret = np.flatnonzero(hidden & ~mine & ~self._elsewhere & (values[:many] > 0))
        low[secret] = 1 + overlap[secret]
        for part in equations.parts:
            shown = part[~np.isnan(values[part])]
            low[shown] = values[shown] + overlap[shown] - self._slack[shown]
            high[shown] = values[shown] + overlap[shown] + self._slack[shown]
            rates = part[(part < every) & np.isnan(values[part])]
            rates = rates[self._rates[rates]]
            low[rates] = 1 + overlap[rates] - self._slack[rates]
        return Bounds((low, high), self._open(own, hidden))

    def _open(self, own: frozenset[str], hidden: Mask) -> tuple[Numbers, Numbers]:
        """The least and the most of each unknown: any, or what is known of the own areas. Where an
        area's lines of a program are all shown, they enter other sums as they are, so that how they
        came about does not matter."""
        secret = np.concatenate(
            [hidden, np.isnan(self._equations.values[len(hidden) : self._every])]
        )
        mine = {self._equations.lines[n].place for n in np.flatnonzero(secret)}
        disclosed = np.array([place[1] in own or place not in mine
                         for _, place, _ in self._equations.unknowns])  # fmt: skip
        most = 3 * float(np.nanmax(self._equations.values, initial=0.0)) + 10
        fixed = disclosed & ~np.isnan(self._known)
        return np.where(fixed, self._known, 0), np.where(fixed, self._known, most)

    @cached_property
    def _known(self) -> Numbers:
        return np.array([self._equations.known(*count) for count in self._equations.unknowns])

    def _settle(self, hidden: Mask) -> None:
        """Take what is not known of a print, how many of it are in two areas and what was corrected
        since, to be as much as it has to be."""
        aims = np.zeros(len(self._equations.unknowns))
        self._settled = True
        halves = [*_halves(self._own)][:2]
        if halves and all(self._look(half, self._bounds(half, hidden), aims) for half in halves):
            return
        summed = self._unsure & np.tile(self._summed_lines(), 2)
        for reader in self._readers:
            for doubtful in [summed] * _DOUBLED + [self._unsure] * _DOUBLED:
                if self._look(reader.own, self._bounds(reader.own, hidden), aims):
                    break
                self._slack[doubtful] = 2 * self._slack[doubtful] + 1

    def _summed_lines(self) -> Mask:
        """Which lines count several areas or programs, some people twice; others are exact."""
        leaves = self._equations.leaves
        return np.array([leaves.of(one.place) != [one.place] for one in self._equations.lines])

    def _look_together(self, hidden: Mask) -> None:
        """Seek solutions for the readers of half of the areas at once, in as many halves as put
        any two areas apart: what is open to those who know all of these, is open to each."""
        draws = random.Random(0)  # noqa: S311 directions to look in, no secret
        for half in [*_halves(self._own)] * _TURNS:
            asked = {n for reader in self._readers if reader.own <= half
                     for n in reader.ranges.narrow(self._asked(reader, hidden))}  # fmt: skip
            if asked:
                look = partial(self._look, half, self._bounds(half, hidden))
                self._stranger.ranges.look(asked, draws, look)

    def _look(self, own: frozenset[str], bounds: Bounds, aims: Numbers) -> bool:
        """Seek a solution and remember what it frees, for all who know no more than this."""
        found = solution(self._matrix, bounds, aims)
        if found is None:
            return False
        for reader in self._readers:
            if reader.own <= own:
                reader.ranges.widen(found)
        return True

    def _found_out(self, reader: Reader, hidden: Mask) -> set[int]:
        asked = self._asked(reader, hidden)
        if not reader.ranges.narrow(asked):
            return set()
        bounds = self._bounds(reader.own, hidden)
        narrow = reader.ranges.found_out(asked, lambda aims: self._look(reader.own, bounds, aims))
        if not narrow:
            return set()
        nothing = self._bounds(reader.own, np.ones(len(hidden), dtype=bool))
        return narrow - self._lost(reader, nothing, narrow)

    def _lost(self, reader: Reader, nothing: Bounds, narrow: set[int]) -> set[int]:
        """Of these counts those that are as narrow where the publication shows nothing at all."""
        trial = reader.ranges.copy()

        def look(aims: Numbers) -> bool:
            found = solution(self._matrix, nothing, aims)
            if found is not None:
                trial.widen(found)
            return found is not None

        lost = trial.found_out(narrow, look)
        reader.hopeless |= lost
        return lost

    def _asked(self, reader: Reader, hidden: Mask) -> Sequence[int]:
        """The withheld counts that the reader does not know from another publication's print."""
        equations, every = self._equations, self._every
        secret = np.concatenate([hidden, np.isnan(equations.values[equations.many : every])])
        asked = np.tile(secret, 3) & reader.sought
        asked[:every] &= ~self._disclosed
        return [n for n in np.flatnonzero(asked).tolist() if n not in reader.hopeless]


class System:
    """Cells of figures that a reader solves together, with what was printed of them before.

    group: their places in figures. released, quarters: as `disclosure.withhold` has them.
    """

    def __init__(
        self,
        group: NDArray[np.intp],
        figures: pd.DataFrame,
        released: Sequence[pd.DataFrame],
        quarters: pd.DataFrame | None,
    ) -> None:
        self._group, self._figures = group, figures.iloc[group]
        self._released, self._quarters = released, quarters
        self._disclosed = np.zeros(len(group), dtype=np.bool_)

    def given_away(self, hidden: Mask) -> dict[int, list[int]]:
        """The places that are given away, each with the places that count some of its people.

        hidden: of all cells. Of cells of publications before, places are below zero.
        """
        mine = hidden[self._group]
        if not mine.any():
            return {}
        found = self._readers.given_away(mine)
        beside = {n: self._group[self._equations.beside(n)].tolist() for n in found}
        many = self._equations.many
        return {
            int(self._group[n]) if n < many else many - 1 - n: places
            for n, places in beside.items()
        }

    def beyond_solving(self) -> NDArray[np.intp]:
        """The places of all areas' cells that count anybody, where too many are exact sums of
        quarters that another publication printed from the same records: to find which half would
        have to be hidden takes hours."""
        local = self._figures["area_type"].ne("state") & self._figures["denominator"].gt(0)
        many = len(self._group) > MOST_EXACT and self._equations.sums_of_quarters
        return self._group[local.to_numpy()] if many and self._readers.exact else self._group[:0]

    @cached_property
    def _readers(self) -> Readers:
        kinds = self._figures["area_type"]
        local = self._figures.loc[kinds == "lwia", "area"] if "planner" not in set(kinds) else []
        return Readers(self._equations, {str(area) for area in local}, self._disclosed)

    @cached_property
    def _equations(self) -> Equations:
        now = self._figures
        quarters = None if self._quarters is None else self._same(self._quarters)
        before = [self._before(self._same(one), quarters)
                  for one in self._released if 0 < _apart(one, now) <= NEAR]  # fmt: skip
        disclosed = None if quarters is None else Publication.of(self._linked(quarters))
        return Equations(
            Publication.of(now), [Publication.of(b) for b in before if len(b)], disclosed
        )

    def _before(self, printed: pd.DataFrame, quarters: pd.DataFrame | None) -> pd.DataFrame:
        """What a publication printed that is linked, with the quarters that it showed."""
        if quarters is not None and len(printed):
            printed = pd.concat([printed, quarters_beside(printed, quarters)])
        return self._linked(printed)

    def _same(self, other: pd.DataFrame) -> pd.DataFrame:
        """The lines of other figures that count the same people in the same places."""
        names = ["area_type", "area", "program"]
        places = set(zip(*(self._figures[n].astype("str") for n in names), strict=True))
        here = [p in places for p in zip(*(other[n].astype("str") for n in names), strict=True)]
        counts = {family(measure) for measure in self._figures["measure"]}
        return other[np.array(here, dtype=bool) & other["measure"].map(family).isin(counts)]

    def _linked(self, other: pd.DataFrame) -> pd.DataFrame:
        """Participants of a window are no sum of quarters: those of equal windows are linked."""
        spans = {line.spans for line in lines_of(self._figures)}
        same = [line.spans in spans for line in lines_of(other)]
        return other[other["measure"].map(family).ne("MSG") | np.array(same, dtype=bool)]


class CountsAlone(System):
    """Cells that count persons in one window, of which no other publication prints any.

    group: places in figures, all of one `measure`. disclosed: cells whose persons are known anyway.
    """

    def __init__(self, group: NDArray[np.intp], figures: pd.DataFrame, disclosed: Mask) -> None:
        super().__init__(group, figures, (), None)
        self._disclosed = disclosed[group]

    @cached_property
    def _equations(self) -> Equations:
        return Equations(Publication.of_counts(self._figures), [], None)


def _halves(areas: Sequence[str]) -> Iterator[frozenset[str]]:
    """Halves of the areas, among them for any two areas one that holds the first alone."""
    for bit in range((len(areas) - 1).bit_length()):
        ones = frozenset(area for place, area in enumerate(areas) if place >> bit & 1)
        yield from (ones, frozenset(areas) - ones)


def _apart(one: pd.DataFrame, other: pd.DataFrame) -> int:
    """How many quarters lie between two publications."""
    first, second = (
        Period.parse(f"PY{found['py'].iloc[0]}{found['quarter'].iloc[0]}").report_quarter.index
        for found in (one, other)
    )
    return abs(first - second)
