"""Figures of many areas set against their levels in one pass. Source: domain 3.1, 3.3, 9.2."""

import numpy as np
import pandas as pd

from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames.source import Source
from ipats_lib.levels.files import load_levels
from ipats_lib.levels.level import (
    NO_VERDICT,
    NOT_COMPARED,
    find_level,
    load_bands,
    national_level,
    not_assessed,
    part_of_year,
    percent_of_level,
    target,
    year_over,
)
from ipats_lib.levels.national import load_national

_LEVEL = ("level", "level_kind", "level_synthetic")


def with_levels(lines: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Adds level (the line's unit; missing where there is none), level_kind and level_synthetic.

    lines: py, lwia (empty for the state), program and measure.
    """
    levels = load_levels(source.snapshot.synthetic)
    found = {}
    names = ("py", "lwia", "program", "measure")
    keys = list(zip(*(lines[name].tolist() for name in names), strict=True))
    for key in set(keys):
        level = find_level(levels, *key)
        over = year_over(key[0], source.snapshot.as_of)
        found[key] = (*target(level, over), bool(level and level.synthetic))
    cells = [found[key] for key in keys]
    columns = zip(*cells, strict=True) if cells else ([], [], [])
    return lines.assign(**dict(zip(_LEVEL, map(list, columns), strict=True))).astype(
        {"level": "float64", "level_kind": "object", "level_synthetic": "bool"}
    )


def national(lines: pd.DataFrame, source: Source) -> list[float]:
    """The national level of each line (py, program, measure); NaN where `params/` has none."""
    levels = load_levels(source.snapshot.synthetic)
    keys = zip(*(lines[name].tolist() for name in ("py", "program", "measure")), strict=True)
    return [national_level(levels, *key) for key in keys]


def national_values(lines: pd.DataFrame) -> list[float]:
    """The nation's figure of each line (period, window, program, measure); NaN without one."""
    known = load_national()
    keys = zip(
        *(lines[n].tolist() for n in ("period", "window", "program", "measure")), strict=True
    )
    return [known.get(key, np.nan) for key in keys]


def judged(lines: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Adds percent, percent_best, status and could_be_chance to the lines of `with_levels`.

    lines: also window, quarter (`Q4`, empty of a year), denominator, value, lower95, upper95, best
    and suppressed. A line without a verdict has no percent, and its status says why (decision
    0017). One of fewer than the smallest publishable number has a percent and no verdict.
    """
    why = np.array(_why_not(lines, source), dtype=object)
    asked = why == ""
    percent = _percents(lines["value"], lines["level"], asked)
    few = lines["denominator"].to_numpy() < load_thresholds().minimum_denominator
    named = NO_VERDICT.name
    why[asked & few] = f"{named}: {load_thresholds().too_few}"
    why[asked & ~few & np.isnan(percent)] = f"{named}: withheld"
    verdict = why == ""
    low, level, high = (
        lines[name].to_numpy(dtype=np.float64) for name in ("lower95", "level", "upper95")
    )
    bands = load_bands()
    held = [percent >= band.from_percent for band in bands]
    words = np.select(held, [band.name for band in bands], default=named).astype(object)
    return lines.assign(
        percent=percent,
        percent_best=_percents(lines["best"], lines["level"], asked),
        status=np.where(verdict, words, why).astype(object),
        could_be_chance=verdict & (low <= level) & (level <= high),
    )


def _percents(values: pd.Series, levels: pd.Series, asked: np.ndarray) -> np.ndarray:
    found = np.full(len(values), np.nan)
    pairs = zip(values[asked].tolist(), levels[asked].tolist(), strict=True)
    found[asked] = [percent_of_level(value, level) for value, level in pairs]
    return found


def _why_not(lines: pd.DataFrame, source: Source) -> list[str]:
    levels = load_levels(source.snapshot.synthetic)
    names = ("py", "lwia", "program", "measure", "window", "quarter", "counted")
    counted = (lines["denominator"] > 0).astype("int64")
    keys = list(zip(*(lines.assign(counted=counted)[n].tolist() for n in names), strict=True))
    found = {}
    for key in set(keys):
        *mine, window, quarter, some = key
        if why := not_assessed(find_level(levels, *mine), some):
            found[key] = f"{NO_VERDICT.name}: {why}"
        else:
            part = part_of_year(mine[3], window, quarter)
            found[key] = f"{NOT_COMPARED.name}: {part}" if part else ""
    return [found[key] for key in keys]
