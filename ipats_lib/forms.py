"""What the lines of the federal forms ETA-9169 (annual) and ETA-9173 (quarterly) count.

The 9169 counts groups by indicator (domain 7.1). The 9173 counts participants by service tier, has
reportable individuals and the gains by type, and asks about veterans, employment, education and
unemployment insurance at entry (domain 9.2). The forms and their rows are data (`params/forms.csv`,
`params/form_rows.csv`); `frames.form_lines` counts them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import numpy as np
import pandas as pd

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
from ipats_lib.groups import Group, load_groups
from ipats_lib.indicators import predicates as p
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import among, read_table
from ipats_lib.periods import Cohort

FormName = Literal["9169", "9173"]
# Elements that rows of the forms ask about groups that the breakdowns do not have.
_OF_ROWS = ("201", "300", "301", "400", "401", "408", "907")

# The groups that are lines of both forms; training types and counties are not.
DIMENSIONS = (TOTAL, "Sex", "Age", "Race and ethnicity", "Barriers")
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth", "wp")
ELEMENTS = (
    *("100", "903", "904", "910", "917", "918", "1002", "1007", "1602", "1608", "1618"),
    *_OF_ROWS,
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


def section_of(form: FormName, measure: str, dimension: str) -> str:
    """The section of a form that a line of a measure and of a dimension of groups is in."""
    if measure in INDICATORS:
        return "Outcomes"
    if measure in GAINS:
        return "Skill gains"
    if measure in SERVICES:
        return "Services"
    plain = form == "9173" and dimension in (TOTAL, TIER)
    return "Summary" if plain else "Participants"


def kind_of(measure: str) -> str:
    """Whether a line's value is a count, a share or dollars."""
    if measure in INDICATORS:
        return "dollars" if INDICATORS[measure].is_median else "share"  # type: ignore[index]
    return "share" if measure in GAINS or isinstance(SERVICES.get(measure), Share) else "count"


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its name, the edition that is followed, its OMB number, and what was read of it."""

    form: FormName
    name: str
    edition: str
    omb: str
    read: str


@dataclass(frozen=True, slots=True)
class FormRow:
    """A row of a form: a measure of everybody, or (measure is blank) a group of participants.

    item: its number on the form. element, codes: what a group that the breakdowns do not have asks
    about. edition: where item and title were read; definition: where the test was read. Each is
    blank where it was read nowhere.
    """

    form: FormName
    item: str
    measure: str
    dimension: str
    title: str
    element: Annotated[str, among(("", *_OF_ROWS))]
    codes: tuple[int, ...]
    edition: str
    definition: str

    def __post_init__(self) -> None:
        known = {(group.dimension, group.title) for group in load_groups()}
        if self.dimension and not self.element and (self.dimension, self.title) not in known:
            named = f"{self.dimension}: {self.title}"
            raise ValueError(f"{named} is no group; name its element and codes")

    @property
    def group(self) -> Group | None:
        """The question of a group that the breakdowns do not have."""
        if not self.element:
            return None
        asked = has_code(f"p{self.element}", self.element, *self.codes)
        return Group(self.dimension, self.title, asked)

    @property
    def name(self) -> str:
        """The measure, or the group as files and pages write it."""
        return self.measure or f"{self.dimension}: {self.title}"

    @property
    def unconfirmed(self) -> str:
        """What could not be read of the row: its item, its label, its test; blank for nothing."""
        lacking = [] if self.edition and self.item else ["item" if self.edition else "label"]
        return " and ".join([*lacking, *([] if self.definition else ["test"])])


@cache
def load_forms() -> Mapping[FormName, Form]:
    """`params/forms.csv`, by number; ParamsError names file and line."""
    return {one.form: one for one in read_table("forms.csv", Form)}


def editions() -> pd.DataFrame:
    """The forms as rows: form, edition, omb, and what could be read of it (read)."""
    return pd.DataFrame(
        [(one.name, one.edition, one.omb, one.read) for one in load_forms().values()],
        columns=["form", "edition", "omb", "read"],
    )


@cache
def load_form_rows() -> tuple[FormRow, ...]:
    """`params/form_rows.csv`: the rows of both forms; ParamsError names file and line."""
    return tuple(read_table("form_rows.csv", FormRow))


@cache
def rows_by_name(form: FormName) -> dict[str, FormRow]:
    """The rows of one form in its order, by `FormRow.name`."""
    return {row.name: row for row in load_form_rows() if row.form == form}


@cache
def groups_of(form: FormName) -> dict[str, Group]:
    """The groups that only this form has, in its order, by `FormRow.name`."""
    return {row.name: row.group for row in rows_by_name(form).values() if row.group}
