"""Individual, overall program and overall indicator scores (domain 3.1, 3.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Literal, get_args

import pandas as pd

from ipats_lib.cohorts import Program
from ipats_lib.errors import ParamsError
from ipats_lib.indicators.intervals import could_be_chance
from ipats_lib.levels.level import (
    Level,
    LevelKey,
    find_level,
    not_assessed,
    percent_of_level,
    target,
    year_over,
)
from ipats_lib.params import params_folder, read_table, whole_number
from ipats_lib.rounding import settled

Kind = Literal["individual", "program", "indicator"]
KINDS: tuple[Kind, ...] = get_args(Kind)
AreaType = Literal["state", "lwia"]
_TITLE_I: tuple[Program, ...] = ("adult", "dw", "youth")
FEWEST_COMPONENTS = 2
# 20 CFR 677.220(a)(1)(ii): of any indicator of any local core program.
FEWEST_YEARS = 2
TOO_FEW_YEARS = "fewer than two years of data"


@dataclass(frozen=True, slots=True)
class Limit:
    """The score (percent) under which one kind fails, and who says so.

    programs: of how many programs an overall indicator score is the mean; 0 for the other kinds.
    """

    area_type: AreaType
    score: Kind
    threshold: float
    programs: Annotated[int, lambda text: whole_number(text or "0")]
    source: str

    def __post_init__(self) -> None:
        if bool(self.programs) != (self.score == "indicator") or not self.source:
            raise ValueError("expected a source, and programs for an overall indicator score alone")


@cache
def load_score_limits() -> Mapping[tuple[AreaType, Kind], Limit]:
    """`params/assessment.csv`: the limit of each kind of area and score.

    The state's are federal, an LWIA's are the state's own local performance threshold. ParamsError
    names file and line, or the limit that is missing. Source: domain 3.2; 20 CFR 677.190, 677.220.
    """
    rows, areas = read_table("assessment.csv", Limit), get_args(AreaType)
    found = {(one.area_type, one.score): one for one in rows}
    if not len(rows) == len(found) == len(areas) * len(KINDS):
        path = params_folder() / "assessment.csv"
        raise ParamsError(
            f"{path}: expected one line each for {', '.join(areas)} and {', '.join(KINDS)}."
        )
    return found


def limit_of(lwia: str, kind: Kind) -> Limit:
    """The limit of the state's scores, or of an LWIA's (`lwia` filled)."""
    return load_score_limits()["lwia" if lwia else "state", kind]


def assessed_programs(lwia: str) -> tuple[Program, ...]:
    """The programs of an assessment: Wagner-Peyser is the state's alone (domain 3.2, 3.3)."""
    return _TITLE_I if lwia else (*_TITLE_I, "wp")


Years = Mapping[tuple[str, str], Sequence[int]]
"""Program years of complete data, by program and indicator."""


def individual_scores(
    figures: pd.DataFrame, levels: Mapping[LevelKey, Level], lwia: str, as_of: date, years: Years
) -> pd.DataFrame:
    """Actual level over target, times 100, for every assessed program and indicator.

    figures: long form of one area (the state, where `lwia` is empty) and one report, with py,
    program, measure, denominator, value, lower and upper (its 95 percent interval). years: the
    program years of complete data up to the assessed one; under two, there is no score. Returns
    one row each: program, measure, denominator, actual, negotiated, target (`levels.target`; all
    in the measure's unit), basis (which level the target is, and whether synthetic), years, score
    (percent of target, unrounded; missing where not assessed), chance (whether the interval holds
    the target), reason (why not assessed, else empty), limit, fails, short (points lacking).
    Source: domain 3.1, 3.2; 20 CFR 677.220(a)(1)(ii).
    """
    mine = figures[figures["program"].isin(assessed_programs(lwia))]
    lines = [_individual(line, levels, lwia, as_of, years) for line in mine.itertuples()]
    return _judged(pd.DataFrame(lines), limit_of(lwia, "individual"))


def _individual(
    line: object, levels: Mapping[LevelKey, Level], lwia: str, as_of: date, years: Years
) -> dict[str, object]:
    py, program, measure = int(line.py), str(line.program), str(line.measure)  # type: ignore[attr-defined]
    level = find_level(levels, py, lwia, program, measure)
    counted = int(line.denominator)  # type: ignore[attr-defined]
    actual = float(line.value)  # type: ignore[attr-defined]
    asked, which = target(level, year_over(py, as_of))
    known = tuple(years.get((program, measure), ()))
    reason = not_assessed(level, counted) or (TOO_FEW_YEARS if len(known) < FEWEST_YEARS else "")
    interval = float(line.lower), float(line.upper)  # type: ignore[attr-defined]
    return {
        "program": program,
        "measure": measure,
        "denominator": counted,
        "actual": actual,
        "negotiated": level.negotiated if level else float("nan"),
        "target": asked,
        "basis": f"{which}, synthetic" if level and level.synthetic else which,
        "years": known,
        "score": float("nan") if reason else percent_of_level(actual, asked),
        "chance": not reason and could_be_chance(*interval, asked),
        "reason": reason,
    }


def overall_scores(
    individual: pd.DataFrame, kind: Literal["program", "indicator"], lwia: str
) -> pd.DataFrame:
    """The mean of the assessed individual scores of each program, or of each indicator.

    Returns one row per program (or indicator): name, components (how many scores), score
    (percent, missing under two components), reason, partial (why a score gets no verdict, else
    empty), limit, fails, short. The state's overall indicator score is the mean over all six core
    programs; an extract holds those of Titles I and III, so it is partial and never fails.
    Source: domain 3.1 to 3.3; 20 CFR 677.190.
    """
    limit, column = limit_of(lwia, kind), "program" if kind == "program" else "measure"
    held = len(assessed_programs(lwia))
    partial = f"partial, {held} of {limit.programs} programs" if held < limit.programs else ""
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
                "partial": partial,
            }
        )
    judged = _judged(pd.DataFrame(lines), limit)
    return judged.assign(fails=False, short=0.0) if partial else judged


def _judged(scores: pd.DataFrame, limit: Limit) -> pd.DataFrame:
    short = (limit.threshold - scores["score"]).clip(lower=0)
    return scores.assign(
        limit=limit.threshold, fails=scores["score"] < limit.threshold, short=short
    )
