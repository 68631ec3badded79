"""Tables in the shape of the federal forms ETA-9169 (annual) and ETA-9173 (quarterly), domain 7.1.

Only what the records tell is filled in: funds spent and costs come from the fiscal system; their
lines are there, and empty (`NOT_IN_THE_RECORDS`).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import TOTAL, Membership, breakdown, membership_of
from ipats_lib.cohorts import (
    IN_SEVERAL_CORE_PROGRAMS,
    PARTICIPATED_IN_WINDOW,
    STREAMS,
    Mask,
    Program,
    Records,
    View,
)
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.periods import Report

# The groups that are lines of the forms; training types and counties are not.
DIMENSIONS = (TOTAL, "Sex", "Age", "Race and ethnicity", "Barriers")
ELEMENTS = ("100", "910", "917", "1608", "1618")
TITLE_I: tuple[Program, ...] = ("adult", "dw", "youth")
# Lines of the head block that need the fiscal system.
NOT_IN_THE_RECORDS = (
    *("career_funds", "career_cost", "training_funds", "training_cost", "admin_share"),
)


def programs_of(rows: pd.DataFrame) -> tuple[Program, ...]:
    """The programs that have a form: Title I always, Wagner-Peyser where any record is in it."""
    in_wagner_peyser = (rows["918"] == 1).any()
    return (*TITLE_I, "wp") if in_wagner_peyser else TITLE_I


def form(
    rows: pd.DataFrame,
    outcomes: pd.DataFrame,
    report: Report,
    as_of: date,
    members: Membership | None = None,
    programs: Sequence[Program] = TITLE_I,
) -> pd.DataFrame:
    """The body of the form: one row per program and group.

    rows: the records of an area; outcomes: the outcome table, of which the report's lines are
    taken; members: the records' groups, if they are known already. Returns program, dimension,
    group, served (persons, each once), exited (periods of participation), and per indicator its
    count, denominator and rate: ERQ2_n, ERQ2_d, ERQ2 (share 0..1), ..., ME_n and ME_d (wages), ME
    (dollars). Counts are whole numbers, 0 where nobody is, and missing where the program has no
    such indicator.
    """
    members = members or membership_of(rows)
    figures = breakdown(_of(outcomes, report, programs), members)
    known = {
        (line.program, line.indicator, line.dimension, line.group): line
        for line in figures.itertuples()
    }
    lines, records = [], Records(rows)
    for program in programs:
        for group, served, exited in _people(records, members, program, report, as_of):
            people = (program, *group, served, exited)
            line: dict[str, object] = dict(
                zip(("program", "dimension", "group", "served", "exited"), people, strict=True)
            )
            for code in INDICATORS:
                line |= _figure(program, code, known.get((program, code, *group)))
            lines.append(line)
    counts = {name for code in INDICATORS for name in (f"{code}_n", f"{code}_d")}
    columns = {name: [line[name] for line in lines] for name in lines[0]}
    return pd.DataFrame(
        {
            name: pd.array(values, dtype="Int64") if name in counts else values
            for name, values in columns.items()
        }
    )


def _figure(program: Program, code: Measure, found: Any) -> dict[str, object]:
    """Count, denominator and value of one indicator in one line; empty where it has none."""
    rule = INDICATORS[code]
    if program not in rule.programs:
        return {f"{code}_n": None, f"{code}_d": None, code: float("nan")}
    if not found:
        return {f"{code}_n": 0, f"{code}_d": 0, code: float("nan")}
    counted = int(found.denominator)
    number = counted if rule.is_median else int(found.successes)
    return {f"{code}_n": number, f"{code}_d": counted, code: found.value}


def _of(outcomes: pd.DataFrame, report: Report, programs: Sequence[Program]) -> pd.DataFrame:
    mine = outcomes[(outcomes["report"] == report.label) & outcomes["program"].isin(list(programs))]
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
        for title, holds in zip(members.titles, members.of(program).T, strict=True)
        if title[0] in DIMENSIONS
    ]


def heading(
    rows: pd.DataFrame, report: Report, as_of: date, programs: Sequence[Program] = TITLE_I
) -> pd.DataFrame:
    """The form's first block: one row per program.

    Returns program, career_served and training_served (persons), career_exited and
    training_exited (periods), co_enrolled (share of persons served who are in another core
    program too) and training_related (share of those trained, exited in the ER Q2 window and
    employed in Q2, whose job is related: 1608 is 1, among 1608 in 0, 1), and
    `NOT_IN_THE_RECORDS`, which say so.
    """
    records = Records(rows)
    lines = pd.DataFrame([_heading(records, program, report, as_of) for program in programs])
    return lines.assign(**dict.fromkeys(NOT_IN_THE_RECORDS, "not in the records"))


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
            _persons(persons, in_window & IN_SEVERAL_CORE_PROGRAMS(served)),
            _persons(persons, in_window),
        ),
        "training_related": _share(
            int((asked & (served.code("1608") == 1)).sum()),
            int((asked & np.isin(served.code("1608"), (0, 1))).sum()),
        ),
    }


def _persons(persons: NDArray[np.object_], chosen: Mask) -> int:
    return len(set(persons[chosen]))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
