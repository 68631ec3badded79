"""Figures set against their levels, and why some are not (domain 3.1, 3.3)."""

from ipats_lib.levels.level import Level
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
