"""Figures set against their levels, and why some are not (domain 3.1, 3.3)."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from ipats_lib.indicators.intervals import could_be_chance
from ipats_lib.levels.bands import NOT_ASSESSED, NOT_COMPARED
from ipats_lib.levels.level import Level, LevelKey, Which, find_level, target, year_over
from ipats_lib.rounding import settled

NO_LEVEL = "no level"
NOBODY = "nobody is counted"
BASELINE = "a baseline indicator in this program year"
_QUARTERS = {1: "one quarter", 2: "two quarters", 3: "three quarters"}


def not_assessed(level: Level | None, counted: int) -> str:
    """Why a figure gets no verdict; empty where it gets one. Source: domain 3.3."""
    if level is None:
        return NO_LEVEL
    if not counted:
        return NOBODY
    return "" if level.assessed else BASELINE


def part_of_year(measure: str, window: str, quarter: str) -> str:
    """Why a window cannot be compared with a level at all; empty where it can.

    Skill gains of one quarter are a part of a measure whose level is that of a whole program
    year. The other indicators count whole cohorts of exits in any window.
    """
    number = {"current": 1, "ytd": int(quarter.removeprefix("Q") or 4)}.get(window, 4)
    if measure != "MSG" or number not in _QUARTERS:
        return ""
    return f"{_QUARTERS[number]} of a yearly measure"


def percent_of_level(value: float, level: float) -> float:
    """Actual over level, times 100 (domain 3.1): unrounded, and exact where a cut is met."""
    return settled(value / level * 100)


def against_levels(
    figures: pd.DataFrame, levels: Mapping[LevelKey, Level], lwia: str, as_of: date
) -> pd.DataFrame:
    """Set figures of one area (the state, where `lwia` is empty) against their levels.

    figures: long form with py, window, quarter, program, measure, denominator, value, lower and
    upper (its 95 percent interval). Adds level (same unit), which (`Which`), level_synthetic,
    percent (of level, unrounded; missing where there is no verdict), unjudged (a NOT_ASSESSED or
    NOT_COMPARED band with the reason; empty where there is a verdict) and chance (whether the
    interval holds the level of a figure with a verdict).
    """
    lines = [_against(line, levels, lwia, as_of) for line in figures.itertuples()]
    added = pd.DataFrame(lines, columns=list(_ADDED), index=figures.index)
    return figures.assign(**{name: added[name] for name in _ADDED})


_ADDED = ("level", "which", "level_synthetic", "percent", "unjudged", "chance")


def _against(
    line: object, levels: Mapping[LevelKey, Level], lwia: str, as_of: date
) -> tuple[float, Which, bool, float, str, bool]:
    py, program, measure = int(line.py), str(line.program), str(line.measure)  # type: ignore[attr-defined]
    level = find_level(levels, py, lwia, program, measure)
    asked, which = target(level, year_over(py, as_of))
    unjudged = _unjudged(line, level)
    percent = float("nan") if unjudged else percent_of_level(float(line.value), asked)  # type: ignore[attr-defined]
    interval = float(line.lower), float(line.upper)  # type: ignore[attr-defined]
    chance = not unjudged and could_be_chance(*interval, asked)
    return asked, which, bool(level and level.synthetic), percent, unjudged, chance


def _unjudged(line: object, level: Level | None) -> str:
    why = not_assessed(level, int(line.denominator))  # type: ignore[attr-defined]
    if why:
        return f"{NOT_ASSESSED}: {why}"
    part = part_of_year(line.measure, line.window, line.quarter)  # type: ignore[attr-defined]
    return f"{NOT_COMPARED}: {part}" if part else ""
