"""Reading and checking `params/levels/` (domain 3.4): a level that is wrong is refused by name."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels.level import AREA_TYPES, SYNTHETIC, Level, LevelKey
from ipats_lib.params import load_areas, number_or_nan, params_folder, read_each

COLUMNS = (
    *("py", "area_type", "area_code", "program", "indicator"),
    *("negotiated", "adjusted", "assessed", "source"),
)
# No level is agreed for the Title I total.
_PROGRAMS = ("adult", "dw", "youth", "wp")
# WIOA's indicators were first reported for PY2016; levels are agreed two years ahead.
_YEARS = range(2016, 2041)
# Wide enough for any level ever agreed, narrow enough for a share written as 0.75.
_RATES, _DOLLARS = (1.0, 100.0), (100.0, 100_000.0)


@cache
def load_levels(synthetic: bool) -> Mapping[LevelKey, Level]:
    """Every level of `params/levels/*.csv`, by program year, area, program and indicator.

    Published levels always; those of files called `synthetic*.csv` only for synthetic data, and
    never over a published one. ParamsError names file, line, column, value and what is expected.
    """
    files = sorted((params_folder() / "levels").glob("*.csv"))
    drawn: dict[LevelKey, Level] = {}
    published: dict[LevelKey, Level] = {}
    for path in files:
        read_file(path, drawn if _is_synthetic(path) else published)
    return drawn | published if synthetic else published


def _is_synthetic(path: Path) -> bool:
    return path.name.startswith(SYNTHETIC)


def read_file(path: Path, levels: dict[LevelKey, Level]) -> None:
    """Add the levels of one file; ParamsError as for `load_levels`."""

    def add(row: dict[str, str]) -> None:
        key, level = parsed(row, _is_synthetic(path))
        if key in levels:
            raise ValueError(
                f"the level of {', '.join(map(str, key))} appears twice; expected one line for it "
                "in all files of the folder"
            )
        levels[key] = level

    read_each(path.absolute(), COLUMNS, add)


def parsed(row: dict[str, str], synthetic: bool = False) -> tuple[LevelKey, Level]:
    """The level of a line; ValueError names column, value and what is expected."""
    for column, right, expected in _rules(row, synthetic):
        if not right(row[column]):
            raise ValueError(f"{column} is '{row[column]}'; expected {expected}")
    scale = 1.0 if row["indicator"] == "ME" else 100.0
    adjusted = float(row["adjusted"]) / scale if row["adjusted"] else None
    key = int(row["py"]), row["area_type"], row["area_code"], row["program"], row["indicator"]
    level = Level(
        float(row["negotiated"]) / scale, adjusted, row["source"], row["assessed"] == "true"
    )
    return key, level


def _rules(row: dict[str, str], synthetic: bool) -> list[tuple[str, Callable[[str], bool], str]]:
    """Column, what must hold for its value, and that in words; in the order of the columns."""
    areas, measure = _codes(row["area_type"]), row["indicator"]
    lowest, highest = _DOLLARS if measure == "ME" else _RATES
    unit = "dollars" if measure == "ME" else "percent"
    measured = [code for code, rule in INDICATORS.items() if row["program"] in rule.programs]
    size = f"{unit} from {lowest:g} to {highest:g}"

    return [
        ("py", lambda text: text.isdecimal() and int(text) in _YEARS,
         f"a program year from {_YEARS[0]} to {_YEARS[-1]}"),
        ("area_type", AREA_TYPES.__contains__, f"one of {', '.join(AREA_TYPES)}"),
        ("area_code", areas.__contains__, f"one of {', '.join(areas)}"),
        ("program", _PROGRAMS.__contains__, f"one of {', '.join(_PROGRAMS)}"),
        ("indicator", measured.__contains__,
         f"an indicator of the program, one of {', '.join(measured)}"),
        ("negotiated", lambda text: sized(text, measure) is not None, size),
        ("adjusted", lambda text: not text or sized(text, measure) is not None,
         f"nothing, or {size}"),
        ("assessed", ("true", "false").__contains__, "true or false"),
        ("source", lambda text: text.startswith(SYNTHETIC), f"'{SYNTHETIC}' at its start")
        if synthetic
        else ("source", _published, "the source of a published level"),
    ]  # fmt: skip


def sized(text: str, measure: str) -> float | None:
    """Percent as a share, or the dollars of ME; None where no figure has this size."""
    lowest, highest = _DOLLARS if measure == "ME" else _RATES
    number = number_or_nan(text)
    return number / (1.0 if measure == "ME" else 100.0) if lowest <= number <= highest else None


def _published(source: str) -> bool:
    return source.strip() != "" and not source.startswith(SYNTHETIC)


def _codes(area_type: str) -> tuple[str, ...]:
    only = AREA_TYPES.get(area_type, "")
    return (only,) if only else tuple(area.lwia for area in load_areas())
