"""The statistical adjustment model: what an area's participant mix does to its level.

An estimate of this project's, from coefficients that somebody else published and that are supplied
in `params/adjustment/`; the official adjusted levels are the Department of Labor's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from ipats_lib.cohorts import PROGRAMS
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import load_areas, number_or_nan, read_each
from ipats_lib.scopes import STATE_AREA

COEFFICIENTS = ("py", "program", "indicator", "variable", "coefficient", "source")
BEFORE = ("py", "area_code", "program", "indicator", "variable", "value", "source")
PREDICTIONS = ("py", "area_code", "program", "indicator", "level", "source")
CONDITIONS = ("py", "area_code", "variable", "value", "source")

# Program year, area, program, indicator, variable.
_Before = Mapping[tuple[int, str, str, str, str], float]


@dataclass(frozen=True, slots=True)
class Term:
    """One variable of the model, and the level's change for a change of the variable by 1."""

    variable: str
    coefficient: float


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Terms by (program year, program, indicator), and what the areas put into them.

    before: values in the estimate made before the year, by (year, area, program, indicator,
    variable): the mix of each indicator's own cohort; conditions: actual values of local
    conditions, by (year, area, variable); predictions: the estimate made before the year as it was
    printed (a share, or dollars for ME), by (year, area, program, indicator). It is never summed
    up from its parts, which are rounded.
    """

    terms: Mapping[tuple[int, str, str], tuple[Term, ...]]
    before: _Before
    conditions: Mapping[tuple[int, str, str], float]
    predictions: Mapping[tuple[int, str, str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one variable adds to a level: None where the actual value or the one before is missing.

    before, actual: shares of the cohort (0..1), or a local condition in its own unit.
    """

    variable: str
    coefficient: float
    before: float | None
    actual: float | None

    @property
    def value(self) -> float | None:
        """The change of the level (a share, or dollars for ME)."""
        if self.before is None or self.actual is None:
            return None
        return self.coefficient * (self.actual - self.before)


@dataclass(frozen=True, slots=True)
class Factor:
    """Estimate1 less estimate0 (shares, or dollars for ME); or, with None, what it lacks."""

    value: float | None
    lacks: str = ""
    contributions: tuple[Contribution, ...] = ()


@cache
def load_adjustment() -> Adjustment:
    """`params/adjustment/`; without coefficients, empty. ParamsError names file and line."""
    terms: dict[tuple[int, str, str], tuple[Term, ...]] = {}
    for row, number in _numbers("coefficients.csv", COEFFICIENTS, "coefficient"):
        key = int(row["py"]), row["program"], row["indicator"]
        terms[key] = (*terms.get(key, ()), Term(row["variable"], number))
    before = {
        (int(row["py"]), row["area_code"], row["program"], row["indicator"], row["variable"]): value
        for row, value in _numbers("before.csv", BEFORE, "value")
    }
    predictions = {
        (int(row["py"]), row["area_code"], row["program"], row["indicator"]): level
        for row, level in _numbers("predictions.csv", PREDICTIONS, "level")
    }
    conditions = {
        (int(row["py"]), row["area_code"], row["variable"]): number
        for row, number in _numbers("conditions.csv", CONDITIONS, "value")
    }
    return Adjustment(terms, before, conditions, predictions)


def _numbers(
    file: str, columns: tuple[str, ...], number: str
) -> list[tuple[dict[str, str], float]]:
    """The rows of a file with the number of each, all its columns checked."""
    seen = set()

    def checked(row: dict[str, str]) -> tuple[dict[str, str], float]:
        for column in columns:
            right, expected = _RIGHT[column]
            if not right(row[column]):
                raise ValueError(f"{column} is '{row[column]}'; expected {expected}")
        key = tuple(row[column] for column in columns if column not in (number, "source"))
        if key in seen:
            raise ValueError(f"{', '.join(key)} appears twice")
        seen.add(key)
        return row, float(row[number])

    return read_each(f"adjustment/{file}", columns, checked)


def _is_number(text: str) -> bool:
    return abs(number_or_nan(text)) < float("inf")


def _is_area(text: str) -> bool:
    return text in {STATE_AREA, *(area.lwia for area in load_areas())}


# What must hold for a column, and that in words.
_RIGHT: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "py": (str.isdecimal, "a program year"),
    "area_code": (_is_area, f"{STATE_AREA} or the number of an LWIA"),
    "program": (PROGRAMS.__contains__, f"one of {', '.join(PROGRAMS)}"),
    "indicator": (INDICATORS.__contains__, f"one of {', '.join(INDICATORS)}"),
    "variable": (bool, "the name of a group or of a local condition"),
    **dict.fromkeys(("coefficient", "value", "level"), (_is_number, "a number")),
    "source": (bool, "where it is published"),
}


def adjustment_factor(
    model: Adjustment, py: int, area: str, program: str, indicator: str, shares: Mapping[str, float]
) -> Factor:
    """What the adjusted level is more than the negotiated one.

    shares: the share of each group (0..1) in the indicator's own cohort, by `dimension: group`.
    A variable whose actual value or whose own value before the year is not known for this area
    leaves the whole factor unknown, rather than wrong. Source: domain 3.1, 9.2.
    """
    terms = model.terms.get((py, program, indicator))
    if not terms:
        return Factor(None, "no coefficients")
    parts = tuple(
        Contribution(
            term.variable,
            term.coefficient,
            model.before.get((py, area, program, indicator, term.variable)),
            shares.get(term.variable, model.conditions.get((py, area, term.variable))),
        )
        for term in terms
    )
    for part in parts:
        if part.actual is None:
            lacks = f"no actual value of '{part.variable}' for this area"
            return Factor(None, lacks, parts)
        if part.before is None:
            lacks = f"no value of '{part.variable}' before the year for this area"
            return Factor(None, lacks, parts)
    return Factor(sum(part.value or 0.0 for part in parts), "", parts)
