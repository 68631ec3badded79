"""What the lines of the federal forms ETA-9169 (annual) and ETA-9173 (quarterly) count.

The 9169 counts groups by indicator (domain 7.1). The 9173 counts participants by service tier, has
reportable individuals and the gains by type, and asks about veterans, employment, education and
unemployment insurance at entry (domain 9.2). Rows and item numbers are `params/form_rows.csv`;
`frames.form_lines` counts them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ipats_lib import form_rows
from ipats_lib.breakdown import TOTAL
from ipats_lib.cohorts import (
    EXITED_IN_WINDOW,
    IN_SEVERAL_CORE_PROGRAMS,
    IN_WAGNER_PEYSER,
    PARTICIPATED_IN_WINDOW,
    Predicate,
    Program,
    has_code,
)
from ipats_lib.indicators import predicates as p
from ipats_lib.periods import Cohort

# The groups that are lines of both forms; training types and counties are not.
DIMENSIONS = (TOTAL, "Sex", "Age", "Race and ethnicity", "Barriers")
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth", "wp")
ELEMENTS = (
    *("100", "903", "904", "910", "917", "918", "1002", "1007", "1602", "1608", "1618"),
    *form_rows.ELEMENTS,
)
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
NOTHING = "not in the records"


@dataclass(frozen=True, slots=True)
class Count:
    """Records of a program for which `asked` holds in the cohort's days: each person once, or each
    period of participation."""

    cohort: Cohort
    asked: Predicate
    persons: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """One count over another."""

    part: Count
    whole: Count


TRAINED = has_code("received_training", "1300", 1)
_TRAINED_EXITS = EXITED_IN_WINDOW & TRAINED
_EMPLOYED = _TRAINED_EXITS & p.EMPLOYED_Q2
_RELATED = Count("ER_Q2", _EMPLOYED & has_code("related_job", "1608", 1))
SERVED = Count("served", PARTICIPATED_IN_WINDOW, persons=True)
EXITED = Count("exited", EXITED_IN_WINDOW)
# The first block of the 9169, in the order of its file; the workbook of the 9173 has it too. None:
# funds and costs are in the fiscal system. Related employment is asked of those employed whose
# answer is known, and of all who were trained: the law's words (WIOA s.116(d)(2)(G)).
SERVICES: Mapping[str, Count | Share | None] = {
    "career_served": Count("served", PARTICIPATED_IN_WINDOW & ~TRAINED, persons=True),
    "training_served": Count("served", PARTICIPATED_IN_WINDOW & TRAINED, persons=True),
    "career_exited": Count("exited", EXITED_IN_WINDOW & ~TRAINED),
    "training_exited": Count("exited", _TRAINED_EXITS),
    "co_enrolled": Share(
        Count("served", PARTICIPATED_IN_WINDOW & IN_SEVERAL_CORE_PROGRAMS, persons=True), SERVED
    ),
    "training_related": Share(
        _RELATED, Count("ER_Q2", _EMPLOYED & has_code("job_known", "1608", 0, 1))
    ),
    "career_funds": None,
    "career_cost": None,
    "training_funds": None,
    "training_cost": None,
    "admin_share": None,
    "training_related_of_trained": Share(_RELATED, Count("ER_Q2", _TRAINED_EXITS)),
}


_MET = Predicate(
    "met",
    "1002 or 1007 in the window",
    lambda view: view.falls_in_window("1002") | view.falls_in_window("1007"),
)
# Who used self-service or information alone, or made contact in the window, and never became a
# participant (A.3 of the 9173): code 4 of Adult and Dislocated Worker; of Wagner-Peyser, 918 and no
# entry. Youth has no code. Source: domain 2.1 and 2.14; the form's specification could not be read.
_ALONE: Mapping[Program, Predicate] = {
    "adult": has_code("reportable_adult", "903", 4),
    "dw": has_code("reportable_dw", "904", 4),
    "wp": IN_WAGNER_PEYSER
    & Predicate("no_entry", "900 is blank", lambda view: np.isnat(view.day("900"))),
}
REPORTABLE: Mapping[Program, Count] = {
    program: Count("served", alone & _MET, persons=True) for program, alone in _ALONE.items()
}


def tiers_of(program: Program) -> tuple[str, ...]:
    """The service tiers that a program has, in the order of the form."""
    return ("youth", "training") if program == "youth" else ("basic", "individualized", "training")
