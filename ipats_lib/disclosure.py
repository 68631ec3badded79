"""Withholding small cells, in one place, on the way out (domain 7.3).

*Withheld* is a state of its own: never 0, never blank. A withheld line keeps its keys and loses
its numerator, denominator and value; it is printed as `*`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import Mask
from ipats_lib.errors import ParamsError
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import params_folder, read_rows
from ipats_lib.scopes import STATE_AREA

WITHHELD = "*"
_HIDDEN = ("numerator", "denominator", "value")


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


@cache
def load_thresholds() -> Thresholds:
    """`params/disclosure.csv`; ParamsError when a setting is missing or no whole number."""
    path = params_folder() / "disclosure.csv"
    rows = read_rows(path, ("setting", "value", "source"))
    try:
        return Thresholds(**{row["setting"]: int(row["value"]) for row in rows})
    except (TypeError, ValueError) as error:
        raise ParamsError(f"{path}: a setting is missing, unknown or no whole number.") from error


def withhold(
    figures: pd.DataFrame, thresholds: Thresholds, homes: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Hide the cells that are too small, and enough others that no subtraction gives them back.

    figures: the long form; `suppressed` becomes True and the numbers missing where withheld.
    homes: the LWIA of each planner, where the figures hold planners.

    What a reader can subtract: the areas of one kind from the state, an LWIA's planners from the
    LWIA, the three programs from the Title I total, and the current quarter from the rolling four
    quarters. Where a part is hidden, the next smallest are too, until at least
    `minimum_hidden_cells` (of programs two) are, whose counts, successes and failures together
    are no small cell; or all are. A hidden whole has hidden parts, so that no addition gives it
    back. Of two windows that differ by a small cell the shorter one is hidden. Parts are taken to
    add up to their whole; who stands in two areas or programs only makes that less exact. Not
    covered: sums of several subtractions, and what readers know from elsewhere, which includes
    the publication of another quarter.
    Empty cells (denominator 0) hide nobody and stay as they are. Source: domain 7.3, rules 1 to 3.
    """
    cells = _Cells(figures, small_cells(figures, thresholds).to_numpy(), thresholds)
    sums, windows = _sums(figures, homes or {}, thresholds), _windows(figures)
    before = -1
    while before != (before := int(cells.hidden.sum())):
        for some in sums:
            cells.complement(some)
        for shorter, longer in windows:
            cells.part(shorter, longer)
    hidden = pd.Series(cells.hidden, index=figures.index)
    protected = figures.copy()
    protected["suppressed"] = hidden
    protected["denominator"] = protected["denominator"].astype("Int64")
    for column in _HIDDEN:
        protected[column] = protected[column].mask(hidden)
    return protected


def small_cells(figures: pd.DataFrame, limits: Thresholds) -> pd.Series:
    """Whether each cell is small: its denominator, its numerator, or what lies between them.

    figures: measure, numerator and denominator. Empty cells are not small. One rule for what is
    withheld across areas and for the notice inside one. Source: domain 7.3, rules 1 and 5.
    """
    size = figures["denominator"].astype("int64")
    successes = figures["numerator"].astype("Float64").fillna(limits.minimum_numerator)
    few = (successes < limits.minimum_numerator) | (size - successes < limits.minimum_numerator)
    small_rate = (size < limits.minimum_denominator) | few.astype("bool")
    small = small_rate.where(~_is_median(figures["measure"]), size < limits.minimum_wages)
    return (small & (size > 0)).astype("bool")


def few_wages(figures: pd.DataFrame, scope_kind: str, limits: Thresholds) -> pd.Series:
    """Whether each figure is a median of fewer than `minimum_wages` that its readers may not see.

    figures: measure and denominator (the number of wages). The median of one wage is that wage, and
    the roster beside it names the customer. Source: domain 7.3; 20 CFR 603.
    """
    if not limits.hides_wages(scope_kind):
        return pd.Series(False, index=figures.index)
    size = figures["denominator"].astype("int64")
    return _is_median(figures["measure"]) & (size > 0) & (size < limits.minimum_wages)


def marked(frame: pd.DataFrame, hidden: pd.Series, *columns: str) -> pd.DataFrame:
    """The frame with the marker where it is hidden, as a page and a file show it."""
    shown = {name: frame[name].astype("object").mask(hidden, WITHHELD) for name in columns}
    return frame.assign(**shown) if hidden.any() else frame


def _is_median(measures: pd.Series) -> pd.Series:
    return measures.isin([code for code, rule in INDICATORS.items() if rule.is_median])


@dataclass(frozen=True, slots=True)
class _Sum:
    """Places of cells whose parts add up to a whole; whole is None where it stands elsewhere.

    fewest: how many cells are hidden where any is.
    """

    whole: int | None
    parts: NDArray[np.intp]
    fewest: int


class _Cells:
    """The cells of one publication, and which of them are hidden so far."""

    def __init__(self, figures: pd.DataFrame, small: Mask, limits: Thresholds) -> None:
        self.hidden = small.copy()
        self._limits = limits
        self._sizes = figures["denominator"].to_numpy(dtype="int64")
        self._is_rate = figures["numerator"].notna().to_numpy()
        self._successes = figures["numerator"].fillna(0).to_numpy(dtype="int64")

    def complement(self, some: _Sum) -> None:
        """Extend the hidden cells of one sum."""
        parts = some.parts[self._sizes[some.parts] > 0]
        whole_hidden = some.whole is not None and bool(self.hidden[some.whole])
        if not self.hidden[parts].any() and not whole_hidden:
            return
        if len(parts) == 1:  # the whole is that cell; one that stands alone has none
            if some.whole is not None:
                self.hidden[some.whole] = self.hidden[parts] = True
            return
        shown = parts[~self.hidden[parts]]
        for part in shown[np.argsort(self._sizes[shown], kind="stable")]:
            if self._enough(parts, some.fewest, whole_hidden):
                break
            self.hidden[part] = True

    def _enough(self, parts: NDArray[np.intp], fewest: int, whole_hidden: bool) -> bool:
        """Whether the hidden parts of a sum keep each other: enough, and together not small.

        A hidden whole is one hidden cell more, and leaves nothing to subtract from.
        """
        mine = parts[self.hidden[parts]]
        if whole_hidden:
            return 0 < len(mine) >= fewest - 1
        size, successes = int(self._sizes[mine].sum()), int(self._successes[mine].sum())
        return len(mine) >= fewest and not self._small(size, successes, int(parts[0]))

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


# Who knows one program of an area knows all of them: two hidden cells do.
_HIDDEN_PROGRAMS = 2
_OF_REPORT = ("report", "quarter", "window")


def _sums(figures: pd.DataFrame, homes: Mapping[str, str], limits: Thresholds) -> list[_Sum]:
    """All that adds up: areas to the state, planners to their LWIA, programs to Title I."""
    areas, place = _at(figures), {str(area): lwia for area, lwia in homes.items()}
    parent = pd.Series([place.get(str(a), "") for a in figures["area"]], index=figures.index)
    found = []
    for kinds in (["area_type"], ["area_type", parent.rename("parent")]):
        keys = [*_OF_REPORT, "program", "measure", *kinds]
        for key, parts in figures.groupby(keys, observed=True, sort=False).indices.items():
            *same, kind = key[:6]
            inner = len(key) > 6
            if kind == "state" or (inner and not key[6]):
                continue
            area = ("lwia", key[6]) if inner else ("state", STATE_AREA)
            found.append(_Sum(areas.get((*same, *area)), parts, limits.minimum_hidden_cells))
    keys = [*_OF_REPORT, "measure", "area_type", "area"]
    inside = figures["program"].isin(("adult", "dw", "youth")).to_numpy()
    for key, lines in figures.groupby(keys, observed=True, sort=False).indices.items():
        *same, measure, kind, area = key
        whole = areas.get((*same, "title1", measure, kind, area))
        if whole is not None:
            found.append(_Sum(whole, lines[inside[lines]], _HIDDEN_PROGRAMS))
    return found


def _windows(figures: pd.DataFrame) -> list[tuple[int, int]]:
    """Places of two windows of one cell, the shorter first, which the longer one holds."""
    cells = _at(figures)
    longer = ((key, (key[0], key[1], "rolling4", *key[3:])) for key in cells if key[2] == "current")
    return [(cells[key], cells[other]) for key, other in longer if other in cells]


def _at(figures: pd.DataFrame) -> dict[tuple[str, ...], int]:
    """The place of each cell by report, quarter, window, program, measure, area_type and area."""
    keys = (*_OF_REPORT, "program", "measure", "area_type", "area")
    texts = (figures[key].astype("str") for key in keys)
    return {key: place for place, key in enumerate(zip(*texts, strict=True))}
