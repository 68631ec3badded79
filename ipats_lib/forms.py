"""Tables in the shape of the federal forms ETA-9169 (annual) and ETA-9173 (quarterly).

The 9169 counts groups by indicator (domain 7.1). The 9173 counts participants by service tier, has
reportable individuals and the gains by type, and asks about veterans, employment, education and
unemployment insurance at entry (domain 9.2). Rows and item numbers are `params/form_rows.csv`.

Only what the records tell is filled in: funds spent and costs come from the fiscal system; their
lines of the 9169 are there, and empty (`NOT_IN_THE_RECORDS`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import TOTAL, Membership, breakdown, membership_of
from ipats_lib.cohorts import (
    EXITED_IN_WINDOW,
    IN_SEVERAL_CORE_PROGRAMS,
    IN_WAGNER_PEYSER,
    PARTICIPATED_IN_WINDOW,
    STREAMS,
    Mask,
    Predicate,
    Program,
    Records,
    View,
)
from ipats_lib.form_rows import FormName, groups_of
from ipats_lib.indicators import predicates as p
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.periods import Report

# The groups that are lines of the forms; training types and counties are not.
DIMENSIONS = (TOTAL, "Sex", "Age", "Race and ethnicity", "Barriers")
ELEMENTS = ("100", "910", "917", "1608", "1618")
REPORTABLE_ELEMENTS = ("903", "904", "1002", "1007")
TITLE_I: tuple[Program, ...] = ("adult", "dw", "youth")
TIER = "Service tier"
# The columns of the 9173, and the groups that they are (domain 2.14).
TIERS: Mapping[str, str] = {
    "basic": "Basic career services only",
    "individualized": "Individualized career services",
    "youth": "Youth services",
    "training": "Training",
}
# A gain counts under each type that it is of, so the types add up to more than the gains.
GAINS: Mapping[str, Predicate] = {
    "gain_efl": p.EFL_GAIN,
    "gain_postsecondary": p.POSTSECONDARY_TRANSCRIPT,
    "gain_secondary": p.SECONDARY_TRANSCRIPT,
    "gain_milestone": p.TRAINING_MILESTONE,
    "gain_progression": p.SKILLS_PROGRESSION,
    "gain_diploma": p.DIPLOMA_IN_WINDOW,
}
# Who used self-service or information alone, or made contact, and never became a participant:
# code 4 tells of Adult and Dislocated Worker; Youth has no such code (domain 2.1).
REPORTABLE_CODES: Mapping[Program, tuple[str, int]] = {"adult": ("903", 4), "dw": ("904", 4)}
# Lines of the head block that need the fiscal system.
NOT_IN_THE_RECORDS = (
    *("career_funds", "career_cost", "training_funds", "training_cost", "admin_share"),
)
NOTHING = "not in the records"


def programs_of(rows: pd.DataFrame) -> tuple[Program, ...]:
    """The programs that have a form: Title I always, Wagner-Peyser where any record is in it."""
    in_wagner_peyser = (rows["918"] == 1).any()
    return (*TITLE_I, "wp") if in_wagner_peyser else TITLE_I


def tiers_of(program: Program) -> tuple[str, ...]:
    """The service tiers that a program has, in the order of the form."""
    return ("youth", "training") if program == "youth" else ("basic", "individualized", "training")


def form(
    rows: pd.DataFrame,
    outcomes: pd.DataFrame,
    report: Report,
    as_of: date,
    members: Membership | None = None,
    programs: Sequence[Program] = TITLE_I,
    name: FormName = "9169",
) -> pd.DataFrame:
    """The body of the form: one row per program and group.

    rows: the records of an area; outcomes: the outcome table, of which the report's lines are
    taken; members: the records' groups, if they are known already. Returns program, dimension,
    group, served (persons, each once), exited (periods of participation), and per indicator its
    count, denominator and rate: ERQ2_n, ERQ2_d, ERQ2 (share 0..1), ..., ME_n and ME_d (wages), ME
    (dollars). Counts are whole numbers, 0 where nobody is, and missing where the program has no
    such indicator.

    The 9173 also has the program's service tiers as rows, its own groups (served alone), and
    served_basic, served_individualized, served_youth and served_training: the persons served with
    records of the tier, missing where the program has none. Who is in two periods of participation
    may be in two tiers.
    """
    members = members or membership_of(rows)
    figures = breakdown(_of(outcomes, report, programs), members)
    known = {
        (line.program, line.indicator, line.dimension, line.group): line
        for line in figures.itertuples()
    }
    everybody = members.with_groups(rows, list(groups_of(name).values()))
    lines, records = [], Records(rows)
    for program in programs:
        tiers = tiers_of(program) if name == "9173" else ()
        counts = _counts(records, everybody, program, report, as_of, tiers)
        shown = {(TIER, TIERS[tier]) for tier in tiers}
        for place, group in enumerate(everybody.titles):
            is_own = place >= len(members.titles)
            if not (is_own or group in shown or group[0] in DIMENSIONS):
                continue
            line: dict[str, object] = {"program": program, "dimension": group[0], "group": group[1]}
            line |= {"served": counts["served"][place], "exited": counts["exited"][place]}
            for code in INDICATORS:
                line |= _figure(program, code, known.get((program, code, *group)))
            if is_own:
                line |= dict.fromkeys(line.keys() - {"program", "dimension", "group", "served"})
            for tier in TIERS if name == "9173" else ():
                told = tier in tiers and group[0] != TIER
                line[f"served_{tier}"] = counts[tier][place] if told else None
            lines.append(line)
    whole = {column for column in lines[0] if column.split("_")[-1] in ("n", "d", "exited", *TIERS)}
    columns = {column: [line[column] for line in lines] for column in lines[0]}
    return pd.DataFrame(
        {
            column: pd.array(values, dtype="Int64") if column in whole else values
            for column, values in columns.items()
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


def _counts(
    records: Records,
    members: Membership,
    program: Program,
    report: Report,
    as_of: date,
    tiers: Sequence[str],
) -> dict[str, list[int]]:
    """By group: persons served, periods of participation exited, persons served in each tier."""
    served = View(records, program, report.cohort("served"), as_of)
    exits = View(records, program, report.cohort("exited"), as_of)
    mine, holds = STREAMS[program](served), members.of(program)
    in_window = mine & PARTICIPATED_IN_WINDOW(served)
    counts = {
        "served": _persons_by_group(records, in_window, holds),
        "exited": holds[mine & EXITED_IN_WINDOW(exits)].sum(axis=0),
    }
    for tier in tiers:
        in_tier = holds[:, members.titles.index((TIER, TIERS[tier]))]
        counts[tier] = _persons_by_group(records, in_window & in_tier, holds)
    return {name: found.tolist() for name, found in counts.items()}


def _persons_by_group(
    records: Records, chosen: Mask, holds: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """How many persons have a chosen record in each group (records x groups), each once."""
    persons = records.kept("persons", lambda: pd.factorize(records.frame["100"])[0])
    places = np.flatnonzero(chosen)
    if not len(places):
        return np.zeros(holds.shape[1], dtype=np.int64)
    places = places[np.argsort(persons[places], kind="stable")]
    first = np.flatnonzero(np.diff(persons[places], prepend=-2))
    return np.logical_or.reduceat(holds[places], first, axis=0).sum(axis=0)


def reportable(
    rows: pd.DataFrame, report: Report, as_of: date, programs: Sequence[Program] = TITLE_I
) -> dict[Program, int | None]:
    """The reportable individuals of each program (section A.3 of the 9173), each person once.

    Records with code 4 in the program's element (Wagner-Peyser: 918 is 1 and 900 blank) whose
    newest contact (1007) or self-service (1002) lies in the window of participants served; None for
    Youth. Source: domain 2.1 and 2.14; the form's own specification could not be read.
    """
    records = Records(rows)
    found: dict[Program, int | None] = {}
    for program in programs:
        view = View(records, program, report.cohort("served"), as_of)
        if program == "wp":
            alone = IN_WAGNER_PEYSER(view) & np.isnat(view.day("900"))
        elif program in REPORTABLE_CODES:
            element, code = REPORTABLE_CODES[program]
            alone = view.code(element) == code
        else:
            found[program] = None
            continue
        met = view.falls_in_window("1007") | view.falls_in_window("1002")
        found[program] = _persons(records.frame["100"].to_numpy(), alone & met)
    return found


def gains(
    rows: pd.DataFrame,
    outcomes: pd.DataFrame,
    report: Report,
    as_of: date,
    members: Membership | None = None,
    programs: Sequence[Program] = TITLE_I,
) -> pd.DataFrame:
    """The skill gains of the 9173 by type: one row per program, type, and service tier or all.

    Returns program, measure (`GAINS`), dimension, group, n (periods of participation with such a
    gain in the window), d (the denominator of the skill gains) and rate (0..1, missing where d is
    0). Programs without skill gains have no rows. Source: domain 2.9 and 9.2.
    """
    members = members or membership_of(rows)
    records, mine = Records(rows), _of(outcomes, report, programs)
    mine = mine[
        (mine["indicator"] == "MSG") & mine["state"].isin(("success", "failure", "pending"))
    ]
    lines = []
    for program in (program for program in programs if program in INDICATORS["MSG"].programs):
        view = View(records, program, report.cohort("MSG"), as_of)
        counted = np.zeros(len(rows), dtype=np.bool_)
        counted[members.rows.get_indexer(mine.loc[mine["program"] == program, "row"])] = True
        groups = [(TOTAL, TOTAL), *((TIER, TIERS[tier]) for tier in tiers_of(program))]
        holds = members.of(program)[:, [members.titles.index(group) for group in groups]]
        sizes = holds[counted].sum(axis=0)
        for measure, gained in GAINS.items():
            with_gain = holds[counted & gained(view)].sum(axis=0)
            for group, n, d in zip(groups, with_gain.tolist(), sizes.tolist(), strict=True):
                lines.append((program, measure, *group, n, d, _share(n, d)))
    return pd.DataFrame(
        lines, columns=["program", "measure", "dimension", "group", "n", "d", "rate"]
    )


def heading(
    rows: pd.DataFrame, report: Report, as_of: date, programs: Sequence[Program] = TITLE_I
) -> pd.DataFrame:
    """The form's first block: one row per program.

    Returns program, career_served and training_served (persons), career_exited and
    training_exited (periods), co_enrolled (share of persons served who are in another core
    program too) and training_related (share of those trained, exited in the ER Q2 window and
    employed in Q2, whose job is related: 1608 is 1, among 1608 in 0, 1), `NOT_IN_THE_RECORDS`,
    which say so, and training_related_of_trained (the same jobs, among all who were trained and
    exited in the ER Q2 window: the law's words, WIOA s.116(d)(2)(G)).
    """
    records = Records(rows)
    lines = pd.DataFrame([_heading(records, program, report, as_of) for program in programs])
    law = lines.pop("training_related_of_trained")
    empty = lines.assign(**dict.fromkeys(NOT_IN_THE_RECORDS, NOTHING))
    return empty.assign(training_related_of_trained=law)


def _heading(records: Records, program: Program, report: Report, as_of: date) -> dict[str, object]:
    persons = records.frame["100"].to_numpy()
    served = View(records, program, report.cohort("served"), as_of)
    exits = View(records, program, report.cohort("exited"), as_of)
    employed = View(records, program, report.cohort("ER_Q2"), as_of)
    mine, trained = STREAMS[program](served), served.code("1300") == 1
    in_window = mine & PARTICIPATED_IN_WINDOW(served)
    left = mine & exits.falls_in_window("901")
    trained_exits = mine & trained & employed.falls_in_window("901")
    asked = trained_exits & np.isin(served.code("1602"), (1, 2, 3))
    related = int((asked & (served.code("1608") == 1)).sum())
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
            related, int((asked & np.isin(served.code("1608"), (0, 1))).sum())
        ),
        "training_related_of_trained": _share(related, int(trained_exits.sum())),
    }


def _persons(persons: NDArray[np.object_], chosen: Mask) -> int:
    return len(set(persons[chosen]))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
