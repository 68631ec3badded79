"""Withholding small cells, in one place, on the way out (domain 7.3).

*Withheld* is a state of its own: never 0, never blank. A withheld line keeps its keys and loses
its numerator, denominator and value; it is printed as `*`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from ipats_lib.errors import ParamsError
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import params_folder, read_rows

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
    figures: pd.DataFrame,
    thresholds: Thresholds,
    additive: Sequence[str] = ("report", "quarter", "window", "area_type", "program", "measure"),
) -> pd.DataFrame:
    """Hide the cells that are too small, and enough others that no sum gives them back.

    figures: the long form; `suppressed` becomes True and the numbers missing where withheld.
    additive: the columns that define a set of cells whose total is shown elsewhere; within it,
    where any cell is hidden, the next smallest are hidden too, until at least
    `minimum_hidden_cells` are, holding together at least `minimum_denominator`.
    Empty cells (denominator 0) hide nobody and stay as they are. Source: domain 7.3, rules 1, 2.
    """
    hidden = small_cells(figures, thresholds)
    filled = figures["denominator"] > 0
    for _, cells in figures[filled].groupby(list(additive), observed=True, sort=False):
        hidden.loc[cells.index] = _complement(
            cells["denominator"], hidden.loc[cells.index], thresholds
        )
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


def _complement(sizes: pd.Series, hidden: pd.Series, limits: Thresholds) -> pd.Series:
    """Extend the hidden cells of one set in order of size; a set of one cell has no total."""
    if not hidden.any() or len(sizes) == 1:
        return hidden
    hidden = hidden.copy()
    for cell in sizes[~hidden].sort_values(kind="stable").index:
        enough = hidden.sum() >= limits.minimum_hidden_cells
        if enough and sizes[hidden].sum() >= limits.minimum_denominator:
            break
        hidden[cell] = True
    return hidden
