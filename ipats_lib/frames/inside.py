"""The frame `planner_figures`: the figures of an LWIA's planners beside the LWIA's own.

For the readers of the LWIA's folder, who may open each of its planners' folders: no number here is
in none of these. Who counts few people has no name here, no verdict and no place in a funnel.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.comparison import (
    Z95,
    Z998,
    between,
    chances,
    dispersion,
    funnel_limits,
    funnel_place,
    scores,
    verdicts,
)
from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames.figures import lines_of
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.source import Source
from ipats_lib.indicators.differences import discoveries
from ipats_lib.indicators.rules import INDICATORS

_MEDIANS = [code for code, rule in INDICATORS.items() if rule.is_median]
_CELL = ["owner", "program", "measure"]
_LIMITS = {"95": Z95, "998": Z998}


def planner_figures(source: Source) -> pd.DataFrame:
    """The frame `planner_figures` of every LWIA, with `owner`: its scope's place; nothing of
    others. Main window alone."""
    homes = {scope.lwia: n for n, scope in enumerate(source.scopes) if scope.kind == "lwia"}
    if not homes:
        return pd.DataFrame(columns=["owner", *SCHEMAS["planner_figures"].names])
    source = _with_planners(source, homes)
    lines = lines_of(source, source.counts, source.period.reports[:1])
    lines = lines[lines["program"].ne("wp") & lines["lwia"].isin(list(homes))]
    whole = lines[lines["area_type"] == "lwia"].set_index(["lwia", "program", "measure"])["value"]
    lines = lines[lines["area_type"].eq("planner") & lines["denominator"].gt(0)]
    keys = pd.MultiIndex.from_frame(lines[["lwia", "program", "measure"]])
    lines = lines.assign(
        owner=lines["lwia"].map(homes),
        period=source.period.name,
        area_value=whole.reindex(keys).to_numpy(dtype=np.float64),
        few=lines["denominator"] < load_thresholds().minimum_denominator,
    )
    return _ordered(_judged(_named(source, lines.reset_index(drop=True))))


def _with_planners(source: Source, homes: dict[str, int]) -> Source:
    """The source with every planner of these LWIAs, where it has not all of them."""
    wanted = tuple(scope for scope in source.snapshot.scopes() if scope.lwia in homes)
    if {*wanted} <= {*source.scopes}:
        return source
    facts = (source.snapshot, source.period, source.rows, wanted, source.earlier, source.released)
    return replace(Source.of_all(*facts), whole=source)


def _named(source: Source, lines: pd.DataFrame) -> pd.DataFrame:
    """Planners by name. Who counts few people is a number of the LWIA's program and measure, given
    by size, so that it names nobody."""
    planners = source.snapshot.planners()
    names = dict(zip(planners["planner_id"], planners["name"], strict=True))
    few = lines[lines["few"]].sort_values(["denominator", "numerator", "value"], kind="stable")
    number = few.groupby(_CELL, observed=True).cumcount() + 1
    area = lines["area"].astype("object")
    title = [f"{names.get(planner, '')} ({planner})" for planner in area]
    area[few.index] = [f"few-{place}" for place in number.loc[few.index]]
    shown = pd.Series(title, index=lines.index).mask(lines["few"], "")
    return lines.assign(area=area, area_title=shown)


def _judged(lines: pd.DataFrame) -> pd.DataFrame:
    """Adds what a figure says beside the area's. The interval of a median is two wages: it is
    judged before it goes, and so goes a median of few wages."""
    median = lines["measure"].isin(_MEDIANS)
    hidden = median & (lines["denominator"] < load_thresholds().minimum_wages)
    lines = lines.assign(value=lines["value"].mask(hidden), suppressed=hidden)
    amounts = {
        name: lines[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("numerator", "denominator", "value", "lower95", "upper95", "area_value")
    }
    _, _, value, low, high, target = amounts.values()
    asked = ~lines["few"].to_numpy()
    score = scores(amounts["numerator"], amounts["denominator"], target)
    score = np.where(asked & ~median, score, np.nan)
    words = np.where(asked & median, between(value, low, high, target), verdicts(score))
    differs = np.zeros(len(lines), dtype=np.bool_)
    for mine in lines.groupby(["owner", "program"], observed=True).indices.values():
        differs[mine] = discoveries(chances(score[mine]))
    lines = lines.assign(versus_area=words, clear=differs, funnel=funnel_place(score))
    lines[["lower95", "upper95"]] = lines[["lower95", "upper95"]].mask(median)
    return _with_limits(lines, amounts["numerator"], amounts["denominator"])


def _with_limits(lines: pd.DataFrame, success: np.ndarray, size: np.ndarray) -> pd.DataFrame:
    """Adds the limits of the funnel at each line's number of people, and the spread of planners."""
    names = ["dispersion", *(f"{end}_{name}" for name in _LIMITS for end in ("lower", "upper"))]
    found = pd.DataFrame(np.nan, index=lines.index, columns=names)
    rates = ~lines["measure"].isin(_MEDIANS).to_numpy()
    for mine in lines.groupby(_CELL, observed=True).indices.values():
        target = float(lines["area_value"].iloc[mine[0]])
        if not rates[mine[0]] or not 0 < target < 1:
            continue
        found.loc[mine, "dispersion"] = dispersion(success[mine], size[mine], target)[0]
        for name, z in _LIMITS.items():
            low, high = funnel_limits(target, size[mine], z)
            found.loc[mine, f"lower_{name}"], found.loc[mine, f"upper_{name}"] = low, high
    return pd.concat([lines, found], axis=1)


def _ordered(lines: pd.DataFrame) -> pd.DataFrame:
    """By program, measure and name, never by figure; who has no name comes last, by size."""
    by = [
        "owner",
        "program_order",
        "measure_order",
        "few",
        "area_title",
        "denominator",
        "numerator",
    ]
    return lines.assign(
        program_order=lines["program"].map(list(PROGRAM_TITLES).index),
        measure_order=lines["measure"].map(list(INDICATORS).index),
    ).sort_values([*by, "value", "area"], ignore_index=True)
