"""From outcomes to figures. Nothing here knows a rule: it only counts (domain 2.12, 8.4)."""

from collections.abc import Iterable, Sequence

import pandas as pd

from ipats_lib.cohorts import PROGRAMS
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.periods import Report

COUNTS = ("success", "failure", "pending", "excluded")
FIGURE_COLUMNS = (*COUNTS, "denominator", "numerator", "value", "resolved", "ceiling")
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
    where the denominator is 0), resolved (the rate among known outcomes) and ceiling (the rate
    if every pending one succeeds). Source: domain 2.12.
    """
    keys = [*by, "indicator"] if "indicator" not in by else list(by)
    counted = outcomes.groupby([*keys, "state"], observed=True).size().unstack("state")
    figures = counted.reindex(columns=list(COUNTS)).fillna(0).astype("int64")
    figures["denominator"] = figures["success"] + figures["failure"] + figures["pending"]
    figures["numerator"] = figures["success"].astype("Int64")
    figures["value"] = _ratio(figures["success"], figures["denominator"])
    figures["resolved"] = _ratio(figures["success"], figures["success"] + figures["failure"])
    figures["ceiling"] = _ratio(figures["success"] + figures["pending"], figures["denominator"])
    return _with_medians(figures, outcomes, keys).reset_index()


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part.astype("float64") / whole.where(whole > 0).astype("float64")


def _with_medians(figures: pd.DataFrame, outcomes: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Medians come from rows: those of areas or quarters cannot be averaged (domain 2.7)."""
    wages = outcomes[outcomes["value"].notna()]
    medians = wages.groupby(keys, observed=True)["value"].median()
    codes = {code for code, rule in INDICATORS.items() if rule.is_median}
    is_median = figures.index.get_level_values("indicator").isin(codes)
    figures.loc[is_median, "numerator"] = pd.NA
    figures.loc[is_median, ["resolved", "ceiling"]] = float("nan")
    figures.loc[is_median, "value"] = medians.reindex(figures.index[is_median]).to_numpy()
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
    figures: pd.DataFrame, reports: Iterable[Report], areas: Iterable[tuple[str, str]]
) -> pd.DataFrame:
    """Every report x area x program x measure as one line, zero denominators included.

    figures: `aggregate` by report, area_type, area, program and indicator. areas: area_type and
    area, in the order wanted. Returns `LONG_COLUMNS` (domain 8.4); `suppressed` is False.
    """
    reports = tuple(reports)
    grid = pd.DataFrame(
        [
            (report.label, area_type, area, program, code)
            for report in reports
            for area_type, area in areas
            for program in PROGRAMS
            for code, rule in INDICATORS.items()
            if program in rule.programs
        ],
        columns=["label", "area_type", "area", "program", "measure"],
    )
    keys = ["label", "area_type", "area", "program", "measure"]
    plain = figures.rename(columns={"report": "label", "indicator": "measure"})
    plain = plain[[*keys, "numerator", "denominator", "value"]].astype(dict.fromkeys(keys, "str"))
    table = grid.astype("str").merge(plain, on=keys, how="left")
    table["denominator"] = table["denominator"].fillna(0).astype("int64")
    rates = ~table["measure"].isin([c for c, rule in INDICATORS.items() if rule.is_median])
    table.loc[rates, "numerator"] = table.loc[rates, "numerator"].fillna(0)
    return _describe(table, reports)


def _describe(table: pd.DataFrame, reports: tuple[Report, ...]) -> pd.DataFrame:
    named = {report.label: report for report in reports}
    described = table.assign(
        report=[named[label].kind for label in table["label"]],
        py=[named[label].py for label in table["label"]],
        quarter=[named[label].quarter for label in table["label"]],
        window=[named[label].window for label in table["label"]],
        group="all",
        suppressed=False,
    )
    return described[list(LONG_COLUMNS)]
