"""All figures of a snapshot in the long form: what others check our numbers through."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ipats_lib import indicators
from ipats_lib.disclosure import WITHHELD, load_thresholds, withhold
from ipats_lib.indicators.aggregate import aggregate, in_areas
from ipats_lib.indicators.rules import ELEMENTS
from ipats_lib.periods import Period
from ipats_lib.report.show.files import csv
from ipats_lib.scopes import STATE, STATE_AREA, Scope
from ipats_lib.snapshot import Released, Snapshot


def all_figures(
    snapshot: Snapshot,
    period: Period,
    *,
    suppress: bool = False,
    released: Iterable[Released] = (),
) -> pd.DataFrame:
    """The state, every LWIA and every planner (long form, domain 8.4).

    Values are unrounded: rates 0..1, medians in dollars. With `suppress`, small cells are
    withheld (domain 7.3), and what tells of cells that `released` publications withheld.
    """
    rows = snapshot.rows(STATE, ELEMENTS)
    outcomes = indicators.outcome_table(rows, period.reports, snapshot.as_of)
    placed = in_areas(outcomes, snapshot.membership(), STATE_AREA)
    figures = aggregate(placed, ["report", "area_type", "area", "program"])
    long = figures_of(figures, snapshot.scopes(), period)
    if not suppress:
        return long
    homes = {scope.planner: scope.lwia for scope in snapshot.scopes() if scope.planner}
    return withhold(long, load_thresholds(), homes, (one.lines() for one in released))


def figures_of(figures: pd.DataFrame, scopes: Iterable[Scope], period: Period) -> pd.DataFrame:
    """Each scope's own figures in the long form, nothing withheld.

    figures: `aggregate` by report, area_type, area, program and indicator, of these reports at
    least.
    """
    kinds = ("state", "lwia", "planner")
    areas = sorted((kinds.index(scope.kind), scope.area) for scope in scopes)
    wanted = [(kinds[kind], area) for kind, area in areas]
    return indicators.long_form(figures, period.reports, wanted)


def write_figures(figures: pd.DataFrame, path: Path) -> None:
    """Write `figures_csv` to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(figures_csv(figures))


def figures_csv(figures: pd.DataFrame) -> bytes:
    """The long form as CSV; withheld numbers as `*`, an empty value where nothing counts."""
    shown = figures.astype({"numerator": "object", "denominator": "object", "value": "object"})
    for column in ("numerator", "denominator", "value"):
        shown[column] = shown[column].mask(figures["suppressed"], WITHHELD)
    return csv(shown)
