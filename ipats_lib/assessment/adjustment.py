"""The statistical adjustment model: what an area's participant mix does to its level.

An estimate of this project's, from coefficients that somebody else published and that are supplied
in `params/adjustment/`; the official adjusted levels are the Department of Labor's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ipats_lib.cohorts import PROGRAMS
from ipats_lib.errors import ParamsError
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import params_folder, read_rows

COEFFICIENTS = ("py", "program", "indicator", "variable", "coefficient", "before", "source")
CONDITIONS = ("py", "area_code", "variable", "value", "source")


@dataclass(frozen=True, slots=True)
class Term:
    """One variable of the model: level change for a change by 1, and its value before the year."""

    variable: str
    coefficient: float
    before: float


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Terms by (program year, program, indicator); local conditions by (year, area, variable)."""

    terms: Mapping[tuple[int, str, str], tuple[Term, ...]]
    conditions: Mapping[tuple[int, str, str], float]


@cache
def load_adjustment() -> Adjustment:
    """`params/adjustment/`; without coefficients, empty. ParamsError names file and line."""
    folder = params_folder() / "adjustment"
    terms: dict[tuple[int, str, str], tuple[Term, ...]] = {}
    path = folder / "coefficients.csv"
    for line, row in enumerate(read_rows(path, COEFFICIENTS), start=2):
        known = row["program"] in PROGRAMS and row["indicator"] in INDICATORS and row["source"]
        try:
            term = Term(row["variable"], float(row["coefficient"]), float(row["before"]))
            key = int(row["py"]), row["program"], row["indicator"]
        except ValueError:
            known = ""
        if not known:
            raise ParamsError(
                f"{path} line {line}: expected a program year, a known program and indicator, two "
                "numbers and a source."
            )
        terms[key] = (*terms.get(key, ()), term)
    return Adjustment(terms, _conditions(folder / "conditions.csv"))


def _conditions(path: Path) -> dict[tuple[int, str, str], float]:
    found = {}
    for line, row in enumerate(read_rows(path, CONDITIONS), start=2):
        try:
            found[int(row["py"]), row["area_code"], row["variable"]] = float(row["value"])
        except ValueError as error:
            raise ParamsError(
                f"{path} line {line}: expected a program year and a number."
            ) from error
    return found


def adjustment_factor(
    model: Adjustment, py: int, area: str, program: str, indicator: str, shares: Mapping[str, float]
) -> float | None:
    """Estimate1 less estimate0 (shares, or dollars for ME); None where the model says nothing.

    shares: the area's actual share of each group (0..1), by `dimension: group`. A variable that
    is neither a group nor a supplied condition leaves the whole factor unknown, rather than wrong.
    Source: domain 3.1.
    """
    terms = model.terms.get((py, program, indicator))
    if not terms:
        return None
    total = 0.0
    for term in terms:
        actual = shares.get(term.variable, model.conditions.get((py, area, term.variable)))
        if actual is None:
            return None
        total += term.coefficient * (actual - term.before)
    return total
