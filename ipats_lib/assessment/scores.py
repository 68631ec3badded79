"""Individual, overall program and overall indicator scores (domain 3.1, 3.2)."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Literal

import pandas as pd

from ipats_lib.cohorts import Program
from ipats_lib.errors import ParamsError
from ipats_lib.levels import (
    Level,
    LevelKey,
    find_level,
    not_assessed,
    percent_of_level,
    target,
    year_over,
)
from ipats_lib.params import params_folder, read_rows
from ipats_lib.rounding import settled

Kind = Literal["individual", "program", "indicator"]
KINDS: tuple[Kind, ...] = ("individual", "program", "indicator")
_TITLE_I: tuple[Program, ...] = ("adult", "dw", "youth")
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


def assessed_programs(lwia: str) -> tuple[Program, ...]:
    """The programs of an assessment: Wagner-Peyser is the state's alone (domain 3.2, 3.3)."""
    return _TITLE_I if lwia else (*_TITLE_I, "wp")


def individual_scores(
    figures: pd.DataFrame, levels: Mapping[LevelKey, Level], lwia: str, as_of: date
) -> pd.DataFrame:
    """Actual level over target, times 100, for every assessed program and indicator.

    figures: long form of one area (the state, where `lwia` is empty) and one report, with py,
    program, measure, denominator and value. Returns one row each: program, measure, denominator,
    actual, negotiated, target (`levels.target`; all in the measure's unit), basis (which level
    the target is, and whether synthetic), score (percent of target, unrounded; missing where not
    assessed), reason (why not assessed, else empty), limit, fails, short (points lacking).
    """
    mine = figures[figures["program"].isin(assessed_programs(lwia))]
    lines = [_individual(line, levels, lwia, as_of) for line in mine.itertuples()]
    return _judged(pd.DataFrame(lines), "individual")


def _individual(
    line: object, levels: Mapping[LevelKey, Level], lwia: str, as_of: date
) -> dict[str, object]:
    py, program, measure = int(line.py), str(line.program), str(line.measure)  # type: ignore[attr-defined]
    level = find_level(levels, py, lwia, program, measure)
    counted = int(line.denominator)  # type: ignore[attr-defined]
    actual = float(line.value)  # type: ignore[attr-defined]
    asked, which = target(level, year_over(py, as_of))
    reason = not_assessed(level, counted)
    return {
        "program": program,
        "measure": measure,
        "denominator": counted,
        "actual": actual,
        "negotiated": level.negotiated if level else float("nan"),
        "target": asked,
        "basis": f"{which}, synthetic" if level and level.synthetic else which,
        "score": float("nan") if reason else percent_of_level(actual, asked),
        "reason": reason,
    }


def overall_scores(individual: pd.DataFrame, kind: Literal["program", "indicator"]) -> pd.DataFrame:
    """The mean of the assessed individual scores of each program, or of each indicator.

    Returns one row per program (or indicator): name, components (how many scores), score
    (percent, missing under two components), reason, limit, fails, short. Source: domain 3.1, 3.3.
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
                "score": settled(scores.mean()) if enough else float("nan"),
                "reason": "" if enough else "fewer than two assessed scores",
            }
        )
    return _judged(pd.DataFrame(lines), kind)


def _judged(scores: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    limit = load_score_limits()[kind]
    short = (limit - scores["score"]).clip(lower=0)
    return scores.assign(limit=limit, fails=scores["score"] < limit, short=short)
