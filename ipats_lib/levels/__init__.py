"""Negotiated and adjusted levels, and how a figure stands against them (domain 3)."""

from ipats_lib.levels.against import not_assessed, percent_of_level
from ipats_lib.levels.bands import NOT_ASSESSED, Band, band_of, load_bands
from ipats_lib.levels.files import load_levels
from ipats_lib.levels.level import (
    SYNTHETIC,
    Level,
    LevelKey,
    Which,
    find_level,
    key_of,
    target,
    year_over,
)

__all__ = [
    "NOT_ASSESSED",
    "SYNTHETIC",
    "Band",
    "Level",
    "LevelKey",
    "Which",
    "band_of",
    "find_level",
    "key_of",
    "load_bands",
    "load_levels",
    "not_assessed",
    "percent_of_level",
    "target",
    "year_over",
]
