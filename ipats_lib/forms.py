"""Tables in the shape of the federal forms ETA-9169 (annual) and ETA-9173 (quarterly), domain 7.1.

Only what the records tell is filled in: funds spent and costs come from the fiscal system, so their
lines are left out rather than invented.
"""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import TOTAL, Membership, breakdown, membership_of
from ipats_lib.cohorts import (
    IN_ADULT,
    IN_DISLOCATED_WORKER,
    IN_WAGNER_PEYSER,
    IN_YOUTH,
    PARTICIPATED_IN_WINDOW,
    STREAMS,
    Mask,
    Program,
    Records,
    View,
)
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.periods import Report

# The groups that are lines of the forms; training types and counties are not.
DIMENSIONS = (TOTAL, "Sex", "Age", "Race and ethnicity", "Barriers")
ELEMENTS = ("100", "1608")
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth")


def form(
    rows: pd.DataFrame,
    outcomes: pd.DataFrame,
    report: Report,
    as_of: date,
    members: Membership | None = None,
) -> pd.DataFrame:
    """The body of the form: one row per program and group.

    rows: the records of an area; outcomes: the outcome table, of which the report's lines are
    taken; members: the records' groups, if they are known already. Returns program, dimension,
    group, served (persons, each once), exited (periods of participation), and per indicator its
    count and rate: ERQ2_n, ERQ2 (share 0..1), ..., ME_n (wages), ME (dollars). Counts are whole
    numbers, 0 where nobody is.
    """
    members = members or membership_of(rows)
    figures = breakdown(_of(outcomes, report), members)
    known = {
        (line.program, line.indicator, line.dimension, line.group): line
        for line in figures.itertuples()
    }
    lines, records = [], Records(rows)
    for program in PROGRAMS:
        for group, served, exited in _people(records, members, program, report, as_of):
            people = (program, *group, served, exited)
            line: dict[str, object] = dict(
                zip(("program", "dimension", "group", "served", "exited"), people, strict=True)
            )
            for code, rule in INDICATORS.items():
                found = known.get((program, code, *group))
                number = "denominator" if rule.is_median else "successes"
                line[f"{code}_n"] = int(getattr(found, number)) if found else 0
                line[code] = found.value if found else float("nan")
            lines.append(line)
    return pd.DataFrame(lines)


def _of(outcomes: pd.DataFrame, report: Report) -> pd.DataFrame:
    mine = outcomes[(outcomes["report"] == report.label) & outcomes["program"].isin(PROGRAMS)]
    return mine.reset_index(drop=True)


def _people(
    records: Records, members: Membership, program: Program, report: Report, as_of: date
) -> list[tuple[tuple[str, str], int, int]]:
    """Served and exited of a program, by group in the order of the form."""
    served = View(records, program, report.cohort("served"), as_of)
    exits = View(records, program, report.cohort("exited"), as_of)
    mine = STREAMS[program](served)
    in_window = mine & PARTICIPATED_IN_WINDOW(served)
    left = mine & exits.falls_in_window("901")
    persons = records.frame["100"].to_numpy()
    return [
        (title, _persons(persons, in_window & holds), int((left & holds).sum()))
        for title, holds in zip(members.titles, members.holds.T, strict=True)
        if title[0] in DIMENSIONS
    ]


def heading(rows: pd.DataFrame, report: Report, as_of: date) -> pd.DataFrame:
    """The form's first block: one row per program.

    Returns program, career_served and training_served (persons), career_exited and
    training_exited (periods), co_enrolled (share of persons served who are in another core
    program too) and training_related (share of those trained, exited in the ER Q2 window and
    employed in Q2, whose job is related: 1608 is 1, among 1608 in 0, 1).
    """
    records = Records(rows)
    return pd.DataFrame([_heading(records, program, report, as_of) for program in PROGRAMS])


def _heading(records: Records, program: Program, report: Report, as_of: date) -> dict[str, object]:
    persons = records.frame["100"].to_numpy()
    served = View(records, program, report.cohort("served"), as_of)
    exits = View(records, program, report.cohort("exited"), as_of)
    employed = View(records, program, report.cohort("ER_Q2"), as_of)
    mine, trained = STREAMS[program](served), served.code("1300") == 1
    in_window = mine & PARTICIPATED_IN_WINDOW(served)
    left = mine & exits.falls_in_window("901")
    asked = (
        mine & trained & employed.falls_in_window("901") & np.isin(served.code("1602"), (1, 2, 3))
    )
    return {
        "program": program,
        "career_served": _persons(persons, in_window & ~trained),
        "training_served": _persons(persons, in_window & trained),
        "career_exited": int((left & ~trained).sum()),
        "training_exited": int((left & trained).sum()),
        "co_enrolled": _share(
            _persons(persons, in_window & _in_several(served)), _persons(persons, in_window)
        ),
        "training_related": _share(
            int((asked & (served.code("1608") == 1)).sum()),
            int((asked & np.isin(served.code("1608"), (0, 1))).sum()),
        ),
    }


def _persons(persons: NDArray[np.object_], chosen: Mask) -> int:
    return len(set(persons[chosen]))


def _in_several(view: View) -> Mask:
    core: tuple[Callable[[View], Mask], ...] = (
        IN_ADULT,
        IN_DISLOCATED_WORKER,
        IN_YOUTH,
        IN_WAGNER_PEYSER,
    )
    return np.sum([stream(view) for stream in core], axis=0) > 1


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
