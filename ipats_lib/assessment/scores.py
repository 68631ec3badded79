"""Individual, overall program and overall indicator scores (domain 3.1, 3.2)."""

from functools import cache
from typing import Literal

import pandas as pd

from ipats_lib.cohorts import Program
from ipats_lib.errors import ParamsError
from ipats_lib.levels import Level, LevelKey, target
from ipats_lib.params import params_folder, read_rows

Kind = Literal["individual", "program", "indicator"]
KINDS: tuple[Kind, ...] = ("individual", "program", "indicator")
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth")
FEWEST_COMPONENTS = 2


@cache
def load_score_limits() -> dict[str, float]:
    """`params/assessment.csv`: the score under which each kind fails (percent)."""
    path = params_folder() / "assessment.csv"
    rows = read_rows(path, ("score", "threshold", "source"))
    try:
        limits = {row["score"]: float(row["threshold"]) for row in rows}
    except ValueError as error:
        raise ParamsError(f"{path}: a threshold is no number.") from error
    if set(limits) != set(KINDS):
        raise ParamsError(f"{path}: expected one threshold each for {', '.join(KINDS)}.")
    return limits


def individual_scores(
    figures: pd.DataFrame, levels: dict[LevelKey, Level], area: str, *, year_over: bool
) -> pd.DataFrame:
    """Actual level over target, times 100, for every Title I program and indicator.

    figures: long form of one area and one report, with py, program, measure, denominator and
    value. The target is the adjusted level once the program year is over and one is published,
    until then the negotiated one. Returns one row each: program, measure, denominator, actual,
    target, basis (`negotiated` or `adjusted`, and
    whether synthetic), score (percent of target, unrounded; missing where
    not assessed), reason (why not assessed, else empty), fails, short (points of score lacking).
    """
    mine = figures[figures["program"].isin(PROGRAMS)]
    lines = [_individual(line, levels, area, year_over) for line in mine.itertuples()]
    return _judged(pd.DataFrame(lines), "individual")


def _individual(
    line: object, levels: dict[LevelKey, Level], area: str, year_over: bool
) -> dict[str, object]:
    program, measure = str(line.program), str(line.measure)  # type: ignore[attr-defined]
    level = levels.get((int(line.py), area, program, measure))  # type: ignore[attr-defined]
    counted = int(line.denominator)  # type: ignore[attr-defined]
    actual = float(line.value)  # type: ignore[attr-defined]
    asked, which = target(level, year_over)
    reason = _not_assessed(level, counted)
    return {
        "program": program,
        "measure": measure,
        "denominator": counted,
        "actual": actual,
        "target": asked,
        "basis": f"{which}, synthetic" if level and level.synthetic else which,
        "score": float("nan") if reason else actual / asked * 100,
        "reason": reason,
    }


def _not_assessed(level: Level | None, counted: int) -> str:
    if level is None:
        return "no level"
    if not counted:
        return "nobody is counted"
    return "" if level.assessed else "a baseline indicator in this program year"


def overall_scores(individual: pd.DataFrame, kind: Literal["program", "indicator"]) -> pd.DataFrame:
    """The mean of the assessed individual scores of each program, or of each indicator.

    Returns one row per program (or indicator): name, components (how many scores), score
    (percent, missing under two components), reason, fails, short. Source: domain 3.1, 3.3.
    """
    column = "program" if kind == "program" else "measure"
    lines = []
    for name in individual[column].unique():
        scores = individual.loc[individual[column] == name, "score"].dropna()
        enough = len(scores) >= FEWEST_COMPONENTS
        lines.append(
            {
                "name": name,
                "components": len(scores),
                "score": float(scores.mean()) if enough else float("nan"),
                "reason": "" if enough else "fewer than two assessed scores",
            }
        )
    return _judged(pd.DataFrame(lines), kind)


def _judged(scores: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    limit = load_score_limits()[kind]
    short = (limit - scores["score"]).clip(lower=0)
    return scores.assign(limit=limit, fails=scores["score"] < limit, short=short)
