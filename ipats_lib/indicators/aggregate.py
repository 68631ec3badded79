"""From outcomes to figures. Nothing here knows a rule: it only counts (domain 2.12, 8.4)."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import PROGRAMS
from ipats_lib.indicators.intervals import of_medians, wilson
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.periods import Report

COUNTS = ("success", "failure", "pending", "excluded")
FIGURE_COLUMNS = (
    *COUNTS,
    *("denominator", "numerator", "value", "resolved", "ceiling", "lower", "upper"),
)
LONG_COLUMNS = (
    *("report", "py", "quarter", "window", "area_type", "area", "program", "group"),
    *("measure", "numerator", "denominator", "value", "suppressed"),
)


def aggregate(outcomes: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Count outcomes and give the official value and its bounds per group.

    outcomes: one row per participation period, program, indicator and report, in scope.
    Returns one row per group that has outcomes: `by`, the counts success, failure, pending and
    excluded, numerator and denominator (participation periods; for medians the denominator is
    the count of wages and the numerator is missing), value (rate 0..1 or median dollars, missing
    where the denominator is 0), resolved (the rate among known outcomes), ceiling (the rate if
    every pending one succeeds), lower and upper (the value's 95 percent interval, missing for
    nobody and for medians of under six). Source: domain 2.12.
    """
    keys = [*by, "indicator"] if "indicator" not in by else list(by)
    counted = outcomes.groupby([*keys, "state"], observed=True).size().unstack("state")
    figures = counted.reindex(columns=list(COUNTS)).fillna(0).astype("int64")
    figures["denominator"] = figures["success"] + figures["failure"] + figures["pending"]
    figures["numerator"] = figures["success"].astype("Int64")
    figures["value"] = _ratio(figures["success"], figures["denominator"])
    figures["resolved"] = _ratio(figures["success"], figures["success"] + figures["failure"])
    figures["ceiling"] = _ratio(figures["success"] + figures["pending"], figures["denominator"])
    sizes = zip(figures["success"].tolist(), figures["denominator"].tolist(), strict=True)
    figures[["lower", "upper"]] = np.array([wilson(*size) for size in sizes]).reshape(-1, 2)
    return _with_medians(figures, outcomes, keys).reset_index()


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part.astype("float64") / whole.where(whole > 0).astype("float64")


def _with_medians(figures: pd.DataFrame, outcomes: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Medians come from rows: those of areas or quarters cannot be averaged (domain 2.7)."""
    wages = outcomes[outcomes["value"].notna()]
    grouped = wages.groupby(keys, observed=True)
    medians = grouped["value"].median()
    bounds = pd.DataFrame(
        of_medians(wages["value"].to_numpy(), grouped.ngroup().to_numpy()),
        index=medians.index,
        columns=["lower", "upper"],
    )
    codes = {code for code, rule in INDICATORS.items() if rule.is_median}
    is_median = figures.index.get_level_values("indicator").isin(codes)
    figures.loc[is_median, "numerator"] = pd.NA
    figures.loc[is_median, ["resolved", "ceiling"]] = float("nan")
    mine = figures.index[is_median]
    figures.loc[is_median, "value"] = medians.reindex(mine).to_numpy()
    figures.loc[is_median, ["lower", "upper"]] = bounds.reindex(mine).to_numpy()
    return figures


def in_areas(outcomes: pd.DataFrame, membership: pd.DataFrame, state: str) -> pd.DataFrame:
    """Outcomes repeated for each area that their record belongs to, the state's first.

    membership: area_type, area, row. Returns the outcomes' columns plus area_type and area.
    """
    whole = outcomes.assign(area_type="state", area=state)
    parts = outcomes.merge(membership, on="row", how="inner")
    placed = pd.concat([whole, parts], ignore_index=True)
    return placed.astype({"area_type": "category", "area": "category"})


def long_form(
    figures: pd.DataFrame,
    reports: Iterable[Report],
    areas: Iterable[tuple[str, str]],
    more: Sequence[str] = (),
) -> pd.DataFrame:
    """Every report x area x program x measure as one line, zero denominators included.

    figures: `aggregate` by report, area_type, area, program and indicator. areas: area_type and
    area, in the order wanted. Returns `LONG_COLUMNS` (domain 8.4), where `suppressed` is False,
    and `more` columns of the figures, missing where nobody is counted.
    """
    wanted = tuple(areas)
    lines = [
        (report, kind, area, program, code)
        for report in reports
        for kind, area in wanted
        for program in PROGRAMS
        for code, rule in INDICATORS.items()
        if program in rule.programs
    ]
    keys = ("report", "area_type", "area", "program", "indicator")
    texts = (figures[name].astype("str").tolist() for name in keys)
    places = {key: place for place, key in enumerate(zip(*texts, strict=True))}
    at = np.array([places.get((line[0].label, *line[1:]), -1) for line in lines], dtype=np.intp)
    found = {name: _at(figures[name], at) for name in ("numerator", "denominator", "value", *more)}
    is_rate = np.array([not INDICATORS[line[4]].is_median for line in lines], dtype=np.bool_)
    numerator = found["numerator"]
    return pd.DataFrame(
        {
            "report": [line[0].kind for line in lines],
            "py": [line[0].py for line in lines],
            "quarter": [line[0].quarter for line in lines],
            "window": [line[0].window for line in lines],
            "area_type": [line[1] for line in lines],
            "area": [line[2] for line in lines],
            "program": [line[3] for line in lines],
            "group": "all",
            "measure": [line[4] for line in lines],
            "numerator": numerator.mask((at < 0) & is_rate, 0),
            "denominator": found["denominator"].fillna(0).astype("int64"),
            "value": found["value"],
            "suppressed": False,
            **{name: found[name] for name in more},
        }
    )


def _at(column: pd.Series, places: NDArray[np.intp]) -> pd.Series:
    """The values at these places; missing at -1."""
    return pd.Series(pd.api.extensions.take(column.array, places, allow_fill=True))
