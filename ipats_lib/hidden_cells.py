"""The cells of a publication and which of them are hidden, until nothing gives one of them away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import Mask


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The smallest cells that may be shown across areas (counts of periods of participation).

    areas_see_wages, planners_see_wages: 1 where a customer's wage may be shown; where not, rosters
    tell that one was found, and medians of fewer than `minimum_wages` are withheld.
    """

    minimum_denominator: int
    minimum_numerator: int
    minimum_wages: int
    minimum_hidden_cells: int
    areas_see_wages: int = 0
    planners_see_wages: int = 0

    @property
    def too_few(self) -> str:
        """Why a figure gets no verdict, in words (domain 1.2, rule 6)."""
        return f"fewer than {self.minimum_denominator} counted"

    def shows_wages(self, scope_kind: str) -> bool:
        """Whether a scope's readers see the wage of a customer, or only that one was found."""
        return bool(
            {"lwia": self.areas_see_wages, "planner": self.planners_see_wages}.get(scope_kind)
        )

    def hides_wages(self, scope_kind: str) -> bool:
        """Whether a median of few wages would tell a scope's readers what they may not see.

        The state's pages list nobody to whom a wage could be ascribed.
        """
        return scope_kind != "state" and not self.shows_wages(scope_kind)


@dataclass(frozen=True, slots=True)
class Sum:
    """Places of cells whose parts add up to a whole; whole is None where it stands elsewhere.

    fewest: how many cells are hidden where any is. readers: whether the parts are areas, each of
    which has readers who know its cell.
    """

    whole: int | None
    parts: NDArray[np.intp]
    fewest: int
    readers: bool = False


@dataclass(frozen=True, slots=True)
class Links:
    """How cells depend on each other, by their places.

    windows: a shorter window and the longer one that holds it. wages: an employment rate and the
    median over its successes.
    """

    sums: list[Sum]
    windows: list[tuple[int, int]]
    wages: list[tuple[int, int]]


class Cells:
    """The cells of one publication, and which of them are hidden so far."""

    def __init__(self, figures: pd.DataFrame, small: Mask, limits: Thresholds) -> None:
        self.hidden, self._small_ones = small.copy(), small
        self._limits = limits
        self._sizes = figures["denominator"].to_numpy(dtype="int64")
        self._is_rate = figures["numerator"].notna().to_numpy()
        self._successes = figures["numerator"].fillna(0).to_numpy(dtype="int64")

    def close(self, links: Links) -> None:
        """Hide what goes with the hidden cells, until nothing more does."""
        before = -1
        while before != (before := int(self.hidden.sum())):
            for rate, median in links.wages:
                if self._sizes[rate] > 0:
                    together = self.hidden[rate] | self.hidden[median]
                    self.hidden[rate] = self.hidden[median] = together
            for some in links.sums:
                self.complement(some)
            for shorter, longer in links.windows:
                self.part(shorter, longer)

    def complement(self, some: Sum) -> None:
        """Extend the hidden cells of one sum."""
        filled = self._sizes[some.parts] > 0
        parts = some.parts[filled | self.hidden[some.parts]]
        whole_hidden = some.whole is not None and bool(self.hidden[some.whole])
        if not self.hidden[parts].any() and not whole_hidden:
            return
        if len(parts) == 1:  # the whole is that cell; one that stands alone has none
            if some.whole is not None:
                self.hidden[some.whole] = self.hidden[parts] = True
            return
        shown = parts[~self.hidden[parts]]
        for part in shown[np.argsort(self._sizes[shown], kind="stable")]:
            if self._enough(parts, some, whole_hidden):
                return
            self.hidden[part] = True
        if some.readers and some.whole is not None and not self._enough(parts, some, whole_hidden):
            self.hidden[some.whole] = True

    def _enough(self, parts: NDArray[np.intp], some: Sum, whole_hidden: bool) -> bool:
        """Whether the hidden parts of a sum keep each other: enough, and together not small, also
        for the readers of any one of them.

        A hidden whole is one hidden cell more, and leaves nothing to subtract from.
        """
        mine = parts[self.hidden[parts]]
        if whole_hidden:
            return 0 < len(mine) >= some.fewest - 1
        if len(mine) < some.fewest:
            return False
        size, successes = self._sizes[mine], self._successes[mine]
        left = [(int(size.sum()), int(successes.sum()))]
        if some.readers:
            left += list(zip(size.sum() - size, successes.sum() - successes, strict=True))
        return not any(self._small(int(n), int(x), int(parts[0])) for n, x in left)

    def part(self, shorter: int, longer: int) -> None:
        """Hide the shorter of two windows where what lies between them is a small cell."""
        if self.hidden[shorter] or self.hidden[longer]:
            return
        size = int(self._sizes[longer] - self._sizes[shorter])
        successes = int(self._successes[longer] - self._successes[shorter])
        both = self._sizes[shorter] > 0 and size > 0
        self.hidden[shorter] = both and self._small(size, successes, shorter)

    def _small(self, size: int, successes: int, like: int) -> bool:
        """Whether so many, in a cell of the kind of another one, would be small."""
        if not self._is_rate[like]:
            return size < self._limits.minimum_wages
        few = min(successes, size - successes) < self._limits.minimum_numerator
        return few or size < self._limits.minimum_denominator

    def settle(self, links: Links, areas: NDArray[np.object_]) -> None:
        """Hide what goes with the hidden cells, and what gives others away to an area's readers."""
        more = True
        while more:
            self.close(links)
            more = self.hide_beside(links, dict.fromkeys(self.disclosed_to_areas(links, areas), ()))

    def open_needless(self, links: Links, areas: NDArray[np.object_]) -> None:
        """Show again, the largest first, what is hidden for others without need: no rule hides it
        once more, and no area's readers learn of a person."""
        with_ = {one: pair for pair in links.wages for one in pair}
        extra = np.flatnonzero(self.hidden & ~self._small_ones)
        for place in extra[np.argsort(-self._sizes[extra], kind="stable")].tolist():
            before, freed = self.hidden.copy(), [*with_.get(place, (place,))]
            if self._small_ones[freed].any() or not before[place]:
                continue
            self.hidden[freed] = False
            shown = self.hidden.copy()
            self.close(links)
            if (self.hidden != shown).any() or self.disclosed_to_areas(links, areas):
                self.hidden = before

    def disclosed_to_areas(self, links: Links, areas: NDArray[np.object_]) -> set[int]:
        """The hidden cells of others that follow from sums, one after another, for the readers of
        an LWIA who know its own cells. areas: the LWIA of each cell, empty for others.

        A whole in which nobody but the own area counts anybody tells of nobody else.
        """
        sums = [({*some.parts.tolist()}, some.whole) for some in links.sums]
        of: dict[int, list[int]] = {}
        for number, (parts, whole) in enumerate(sums):
            for cell in parts if whole is None else {*parts, whole}:
                of.setdefault(cell, []).append(number)
        given: set[int] = set()
        for area in sorted(set(areas[self.hidden]) - {""}):
            unknown = {*np.flatnonzero(self.hidden & (areas != area)).tolist()}
            known = np.flatnonzero(self.hidden & (areas == area)).tolist()
            while known:
                for number in of.get(known.pop(), ()):
                    parts, whole = sums[number]
                    left = unknown & (parts if whole is None else {*parts, whole})
                    if whole is None or len(left) != 1:
                        continue
                    (cell,) = left
                    unknown.discard(cell)
                    known.append(cell)
                    others = any(self._sizes[p] for p in parts if areas[p] != area)
                    if cell != whole or others:
                        given.add(cell)
        return given

    def hide_beside(self, links: Links, given: Mapping[int, Iterable[int]]) -> bool:
        """For cells that are given away hide one more of their sums, where one is left; else one
        that counts some of the same people. Whether there was one.

        given: these beside each cell; places below zero are cells of other publications.
        """
        every = [({*some.parts.tolist()}, some.whole) for some in links.sums]
        more: set[int] = set()
        for place in sorted(given):
            mine = [(parts, whole) for parts, whole in every if place in parts or place == whole]
            shown = {p for parts, _ in mine for p in parts if self._sizes[p] > 0}
            wholes = {whole for _, whole in mine if whole is not None}
            others = {p for p in given[place] if self._sizes[p] > 0}
            if more & (shown | wholes if mine else others):
                continue
            for choice in (shown, wholes, others):
                if left := [p for p in choice if not self.hidden[p]]:
                    more.add(min(left, key=lambda p: (self._sizes[p], p)))
                    break
        self.hidden[list(more)] = True
        return bool(more)
