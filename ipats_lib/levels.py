"""Negotiated and adjusted levels, and the bands that compare a figure with them (domain 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import pandas as pd

from ipats_lib.cohorts import PROGRAMS
from ipats_lib.errors import ParamsError
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import params_folder, read_rows
from ipats_lib.scopes import STATE_AREA

COLUMNS = (
    *("py", "area_type", "area_code", "program", "indicator"),
    *("negotiated", "adjusted", "assessed", "source"),
)
SYNTHETIC = "synthetic"


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


LevelKey = tuple[int, str, str, str]
Which = Literal["negotiated", "adjusted", ""]


def find_level(
    levels: Mapping[LevelKey, Level], py: int, lwia: str, program: str, measure: str
) -> Level | None:
    """The level of an LWIA (or of the state, where `lwia` is empty) in a program year."""
    return levels.get((py, lwia or STATE_AREA, program, measure))


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


@cache
def load_levels(synthetic: bool) -> dict[LevelKey, Level]:
    """Levels by (program year, area, program, indicator).

    Published levels always; the synthetic ones of `params/levels/synthetic.csv` only for
    synthetic data, and never over a published one. ParamsError names file and line.
    """
    folder = params_folder() / "levels"
    names = ["synthetic.csv"] if synthetic else []
    levels: dict[LevelKey, Level] = {}
    for name in [*names, "published.csv"]:
        levels |= _read(folder / name, name == "synthetic.csv")
    return levels


def _read(path: Path, synthetic: bool) -> dict[LevelKey, Level]:
    levels: dict[LevelKey, Level] = {}
    for line, row in enumerate(read_rows(path, COLUMNS), start=2):
        key, level = _parse(path, line, row)
        if level.synthetic != synthetic:
            raise ParamsError(f"{path} line {line}: the source must say '{SYNTHETIC}' or be real.")
        if key in levels:
            raise ParamsError(f"{path} line {line}: this level stands twice.")
        levels[key] = level
    return levels


def _parse(path: Path, line: int, row: dict[str, str]) -> tuple[LevelKey, Level]:
    known = row["program"] in PROGRAMS and row["indicator"] in INDICATORS
    try:
        scale = 1.0 if row["indicator"] == "ME" else 100.0
        negotiated = float(row["negotiated"]) / scale
        adjusted = float(row["adjusted"]) / scale if row["adjusted"] else None
        year = int(row["py"])
    except ValueError:
        known = False
    known = known and row["assessed"] in ("true", "false")
    if not known or not row["source"] or (scale == 100.0 and not 0 < negotiated <= 1):
        raise ParamsError(
            f"{path} line {line}: expected a program year, a known program and indicator, "
            "a level (percent, or dollars for ME), assessed (true or false) and its source."
        )
    key = (year, row["area_code"], row["program"], row["indicator"])
    return key, Level(negotiated, adjusted, row["source"], row["assessed"] == "true")


@dataclass(frozen=True, slots=True)
class Band:
    """A status: word, shape (so that colour is never alone) and the lowest percent of level."""

    name: str
    shape: str
    from_percent: float
    meaning: str


@cache
def load_bands() -> tuple[Band, ...]:
    """`params/bands.csv`, best first (domain 3.3; the numeric cuts are project defaults)."""
    rows = read_rows(params_folder() / "bands.csv", ("band", "shape", "from_percent", "meaning"))
    bands = [Band(r["band"], r["shape"], float(r["from_percent"]), r["meaning"]) for r in rows]
    return tuple(sorted(bands, key=lambda band: -band.from_percent))


NOT_ASSESSED = Band("Not assessed", "\N{EN DASH}", float("-inf"), "no level, or nobody to count")


def band_of(percent: float) -> Band:
    """The band of a percent of level; NOT_ASSESSED for a missing one."""
    if pd.isna(percent):
        return NOT_ASSESSED
    return next(band for band in load_bands() if percent >= band.from_percent)


def against_levels(figures: pd.DataFrame, levels: dict[LevelKey, Level], area: str) -> pd.DataFrame:
    """Add level, level_synthetic and percent (of level, unrounded) to figures of one area.

    figures: long form with py, program, measure and value.
    """
    found = [
        levels.get((int(line.py), area, str(line.program), str(line.measure)))
        for line in figures.itertuples()
    ]
    added = figures.assign(
        level=[level.negotiated if level else float("nan") for level in found],
        level_synthetic=[bool(level and level.synthetic) for level in found],
    )
    added["percent"] = added["value"].astype("float64") / added["level"] * 100
    return added
