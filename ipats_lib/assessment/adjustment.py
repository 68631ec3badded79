"""The statistical adjustment model: what an area's participant mix does to its level.

An estimate of this project's, from coefficients that somebody else published and that are supplied
in `params/adjustment/`; the official adjusted levels are the Department of Labor's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ipats_lib.cohorts import PROGRAMS
from ipats_lib.errors import ParamsError
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import load_areas, params_folder, read_rows
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
    folder = params_folder() / "adjustment"
    terms: dict[tuple[int, str, str], tuple[Term, ...]] = {}
    for row, number in _numbers(folder / "coefficients.csv", COEFFICIENTS, "coefficient"):
        key = int(row["py"]), row["program"], row["indicator"]
        terms[key] = (*terms.get(key, ()), Term(row["variable"], number))
    before = {
        (int(row["py"]), row["area_code"], row["program"], row["indicator"], row["variable"]): value
        for row, value in _numbers(folder / "before.csv", BEFORE, "value")
    }
    predictions = {
        (int(row["py"]), row["area_code"], row["program"], row["indicator"]): level
        for row, level in _numbers(folder / "predictions.csv", PREDICTIONS, "level")
    }
    conditions = {
        (int(row["py"]), row["area_code"], row["variable"]): number
        for row, number in _numbers(folder / "conditions.csv", CONDITIONS, "value")
    }
    return Adjustment(terms, before, conditions, predictions)


def _numbers(
    path: Path, columns: tuple[str, ...], number: str
) -> list[tuple[dict[str, str], float]]:
    """The rows of a file with the number of each, all its columns checked."""
    found, seen = [], set()
    for line, row in enumerate(read_rows(path, columns), start=2):
        for column in columns:
            if not _RIGHT[column](row[column] or ""):
                raise ParamsError(
                    f"{path} line {line}: {column} is '{row[column]}'; expected "
                    f"{_EXPECTED[column]}."
                )
        key = tuple(row[column] for column in columns if column not in (number, "source"))
        if key in seen:
            raise ParamsError(f"{path} line {line}: {', '.join(key)} stands twice.")
        seen.add(key)
        found.append((row, float(row[number])))
    return found


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


_RIGHT: Mapping[str, Callable[[str], bool]] = {
    "py": str.isdecimal,
    "area_code": lambda text: text in {STATE_AREA, *(area.lwia for area in load_areas())},
    "program": PROGRAMS.__contains__,
    "indicator": INDICATORS.__contains__,
    "variable": bool,
    "coefficient": _is_number,
    "value": _is_number,
    "level": _is_number,
    "source": bool,
}
_EXPECTED: Mapping[str, str] = {
    "py": "a program year",
    "area_code": f"{STATE_AREA} or the number of an LWIA",
    "program": f"one of {', '.join(PROGRAMS)}",
    "indicator": f"one of {', '.join(INDICATORS)}",
    "variable": "the name of a group or of a local condition",
    "coefficient": "a number",
    "value": "a number",
    "level": "a number",
    "source": "where it is published",
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
