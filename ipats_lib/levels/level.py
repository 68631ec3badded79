"""A level, which one a figure is compared with, and how the two compare (domain 3.1, 3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

import pandas as pd

from ipats_lib.params import read_each
from ipats_lib.rounding import settled
from ipats_lib.scopes import STATE_AREA

SYNTHETIC = "synthetic"
# Area type, and its code where the type has one alone.
AREA_TYPES: Mapping[str, str] = {"state": STATE_AREA, "lwia": "", "national": "US"}


@dataclass(frozen=True, slots=True)
class Level:
    """One level: a rate from 0 to 1, or whole dollars for median earnings.

    assessed: whether the indicator is assessed in that program year, or a baseline (domain 3.2).
    """

    negotiated: float
    adjusted: float | None
    source: str
    assessed: bool = True

    @property
    def synthetic(self) -> bool:
        return self.source.startswith(SYNTHETIC)


# Program year, area type, area code, program, indicator.
LevelKey = tuple[int, str, str, str, str]
Which = Literal["negotiated", "adjusted", ""]


def key_of(py: int, lwia: str, program: str, measure: str) -> LevelKey:
    """Where the level of an LWIA, or of the state (`lwia` empty), is kept."""
    return py, "lwia" if lwia else "state", lwia or STATE_AREA, program, measure


def find_level(
    levels: Mapping[LevelKey, Level], py: int, lwia: str, program: str, measure: str
) -> Level | None:
    """The level of an LWIA (or of the state, where `lwia` is empty) in a program year."""
    return levels.get(key_of(py, lwia, program, measure))


def national_level(levels: Mapping[LevelKey, Level], py: int, program: str, measure: str) -> float:
    """The level of all states in a program year, as published; NaN where none is on file."""
    level = levels.get((py, "national", AREA_TYPES["national"], program, measure))
    return level.negotiated if level else float("nan")


def year_over(py: int, as_of: date) -> bool:
    """Whether the program year had ended on the as-of date."""
    return as_of > date(py + 1, 6, 30)


def target(level: Level | None, over: bool) -> tuple[float, Which]:
    """The level that a figure is compared with, and which one it is.

    over: whether the program year is over (`year_over`). During the year the negotiated level;
    afterwards the adjusted one where it is published, else still the negotiated one. NaN and
    nothing where there is no level. Whether the figure gets a verdict is `Level.assessed`'s to
    say, not this function's. Source: domain 3.3.
    """
    if level is None:
        return float("nan"), ""
    if over and level.adjusted is not None:
        return level.adjusted, "adjusted"
    return level.negotiated, "negotiated"


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


@dataclass(frozen=True, slots=True)
class Band:
    """A status: word, shape (so that color is never alone) and the lowest percent of level.

    overall_from: the lowest mean of scores, for overall scores; None where they have no such band.
    """

    name: str
    shape: str
    from_percent: float
    overall_from: float | None
    meaning: str

    def __str__(self) -> str:
        return f"{self.shape} {self.name}"


_BANDS = ("band", "shape", "from_percent", "overall_from_percent", "meaning")


@cache
def load_bands() -> tuple[Band, ...]:
    """`params/bands.csv`, best first (domain 3.3; the numeric cuts are project defaults)."""
    return tuple(sorted(read_each("bands.csv", _BANDS, _band), key=lambda band: -band.from_percent))


def _band(row: dict[str, str]) -> Band:
    overall = row["overall_from_percent"]
    lowest = float(row["from_percent"]), float(overall) if overall else None
    return Band(row["band"], row["shape"], *lowest, row["meaning"])


NO_VERDICT = Band(
    "No verdict", "\N{EN DASH}", float("-inf"), float("-inf"), "no level, or nobody to count"
)
NOT_COMPARED = Band(
    "Not compared", "\N{EN DASH}", float("-inf"), float("-inf"), "part of a yearly measure"
)


def band_of(percent: float, *, overall: bool = False) -> Band:
    """The band of a percent of level, or of a mean of them; NO_VERDICT for a missing one."""
    if pd.isna(percent):
        return NO_VERDICT
    cuts = ((b, b.overall_from if overall else b.from_percent) for b in load_bands())
    return next(band for band, cut in cuts if cut is not None and percent >= cut)
