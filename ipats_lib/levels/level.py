"""A level, where it is kept, and which one a figure is compared with (domain 3.1, 3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

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
