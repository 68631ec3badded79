"""The questions that the indicators ask, each once, with its elements and codes."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from ipats_lib.cohorts import IN_YOUTH_STREAM, Mask, Predicate, View, has_code
from ipats_lib.params import read_settings
from ipats_lib.periods import program_year_end

# 999999.99 is a placeholder for "not yet available", never a wage (domain 2.4).
WAGE_NOT_YET_AVAILABLE = 999999.99

# Unsubsidized employment, registered apprenticeship, military (domain 2.4; opdR).
EMPLOYED_Q1 = has_code("employed_q1", "1600", 1, 2, 3)
EMPLOYED_Q2 = has_code("employed_q2", "1602", 1, 2, 3)
EMPLOYED_Q3 = has_code("employed_q3", "1604", 1, 2, 3)
EMPLOYED_Q4 = has_code("employed_q4", "1606", 1, 2, 3)
YOUTH_PLACED_Q2 = (IN_YOUTH_STREAM & has_code("placed_q2", "1900", 1, 2, 3)).named(
    "youth_placed_q2"
)
YOUTH_PLACED_Q4 = (IN_YOUTH_STREAM & has_code("placed_q4", "1901", 1, 2, 3)).named(
    "youth_placed_q4"
)

# Code 9 of the employment element, or 5 of its type of match, says not yet available, whatever
# the other of the two says (domain 2.4).
EMPLOYMENT_Q2_NOT_YET_AVAILABLE = has_code("employment_q2_not_yet_available", "1602", 9)
MATCH_Q2_NOT_YET_AVAILABLE = has_code("match_q2_not_yet_available", "1603", 5)
EMPLOYMENT_Q4_NOT_YET_AVAILABLE = has_code("employment_q4_not_yet_available", "1606", 9)
MATCH_Q4_NOT_YET_AVAILABLE = has_code("match_q4_not_yet_available", "1607", 5)


def quarter_not_over(quarters: int) -> Predicate:
    """Whether the n-th quarter after exit had not ended on the as-of date."""
    return Predicate(
        f"quarter_{quarters}_after_exit_not_over",
        f"quarter {quarters} after exit ends on or after the as-of date",
        lambda view: view.records.quarter_end_after_exit(quarters) >= np.datetime64(view.as_of),
    )


def _wage_found(view: View) -> Mask:
    wage = view.records.amount("1704")
    return (wage > 0) & (wage < WAGE_NOT_YET_AVAILABLE)


WAGE_FOUND_Q2 = Predicate("wage_found_q2", "0 < 1704 < 999999.99", _wage_found)
WAGE_Q2_PENDING = Predicate(
    "wage_q2_is_999999_99",
    "1704 is 999999.99",
    lambda view: view.records.amount("1704") >= WAGE_NOT_YET_AVAILABLE,
)

EMPLOYED_Q2_WAGE_PENDING = (EMPLOYED_Q2 & WAGE_Q2_PENDING).named("wage_q2_not_yet_available")

# Any match: the final rule (89 FR 13814) does not limit the type of wage information, so
# supplemental information (4) counts as wage records do (domain 2.10).
MATCHED_Q2 = has_code("matched_q2", "1603", 1, 2, 3, 4)
RETAINED = has_code("retained_by_employer", "1618", 1)
RETENTION_NOT_YET_AVAILABLE = has_code("retention_not_yet_available", "1618", 9)

# Types of training that lead to a credential; on-the-job (01), customized (05), other
# non-occupational (11) and job-readiness training (12) do not (domain 2.8; opdR).
_CREDENTIAL_TRAINING = frozenset({2, 3, 4, 6, 7, 8, 9, 10})
IN_CREDENTIAL_TRAINING = Predicate(
    "in_credential_training",
    "any of 1303, 1310, 1315 in {02, 03, 04, 06, 07, 08, 09, 10}",
    lambda view: np.logical_or.reduce(
        [view.has_code(slot, _CREDENTIAL_TRAINING) for slot in ("1303", "1310", "1315")]
    ),
)
IN_POSTSECONDARY = has_code("in_postsecondary", "1332", 1)
IN_SECONDARY_WITHOUT_DIPLOMA = has_code("no_diploma", "408", 0) & has_code(
    "in_secondary", "1401", 1
)
IN_CREDENTIAL_ACTIVITY = IN_CREDENTIAL_TRAINING | IN_POSTSECONDARY | IN_SECONDARY_WITHOUT_DIPLOMA

CREDENTIAL_SLOTS = (("1800", "1801"), ("1802", "1803"), ("1804", "1805"))
# Of Title I: 8, a post-graduate degree, is of Vocational Rehabilitation alone (domain 2.8).
POSTSECONDARY_CREDENTIALS = frozenset({2, 3, 4, 5, 6, 7})
DIPLOMA = frozenset({1})


def _attained(view: View, types: frozenset[int]) -> Mask:
    """A credential of these types, earned from entry (rule L-41) to one year after exit."""
    found = np.zeros(len(view.records), dtype=np.bool_)
    for kind, attained in CREDENTIAL_SLOTS:
        day = view.day(attained)
        in_time = (day <= view.records.one_year_after_exit) & ~(day < view.day("900"))
        found |= view.has_code(kind, types) & in_time
    return found


ATTAINED_POSTSECONDARY_CREDENTIAL = Predicate(
    "attained_postsecondary_credential",
    "any of 1800, 1802, 1804 in {2..7}, dated from 900 to 901 + 1 year",
    lambda view: _attained(view, POSTSECONDARY_CREDENTIALS),
)
ATTAINED_DIPLOMA = Predicate(
    "attained_secondary_diploma",
    "any of 1800, 1802, 1804 is 1, dated from 900 to 901 + 1 year",
    lambda view: _attained(view, DIPLOMA),
)
ENROLLED_AFTER_EXIT = Predicate(
    "enrolled_after_exit",
    "1406 present and 1406 <= 901 + 1 year",
    lambda view: view.day("1406") <= view.records.one_year_after_exit,
)
EMPLOYED_AFTER_EXIT = EMPLOYED_Q1 | EMPLOYED_Q2 | EMPLOYED_Q3 | EMPLOYED_Q4
LINKED = ENROLLED_AFTER_EXIT | EMPLOYED_AFTER_EXIT
DIPLOMA_WITH_LINK = (ATTAINED_DIPLOMA & LINKED).named("diploma_with_employment_or_education")
CREDENTIAL_DEADLINE_OPEN = Predicate(
    "one_year_after_exit_not_over",
    "the as-of date is not past 901 + 1 year",
    lambda view: view.records.one_year_after_exit >= np.datetime64(view.as_of),
)
_LINK_QUARTERS = (("1600", "1601"), ("1602", "1603"), ("1604", "1605"), ("1606", "1607"))
DIPLOMA_LINK_NOT_YET_KNOWN = (
    ATTAINED_DIPLOMA
    & Predicate(
        "employment_not_yet_available",
        "any of 1600, 1602, 1604, 1606 is 9, or of 1601, 1603, 1605, 1607 is 5",
        lambda view: np.logical_or.reduce(
            [
                (view.code(employed) == 9) | (view.code(match) == 5)
                for employed, match in _LINK_QUARTERS
            ]
        ),
    )
).named("diploma_employment_not_yet_available")
# Employment in any of the four quarters after exit links a diploma; the fourth ends up to three
# months after the year in which the credential itself must be earned (domain 2.8).
DIPLOMA_QUARTER_4_NOT_OVER = (ATTAINED_DIPLOMA & quarter_not_over(4)).named(
    "diploma_quarter_4_after_exit_not_over"
)


def _in_education_or_training(view: View) -> Mask:
    start, end = np.datetime64(view.window.start), np.datetime64(view.window.end)
    completed = view.day("1813")
    return (view.day("1811") <= end) & (np.isnat(completed) | (completed >= start))


IN_EDUCATION_OR_TRAINING = Predicate(
    "in_education_or_training",
    "1811 <= end and (1813 blank or 1813 >= start)",
    _in_education_or_training,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a state may choose about the indicators, from `params/indicators.csv`."""

    gains_after_exit: Literal["accept", "refuse"]


@cache
def accepts_gains_after_exit() -> bool:
    """Whether a skill gain counts that is dated after exit, inside the window (domain 2.9).

    ParamsError when the file lacks the setting or holds another value.
    """
    return read_settings("indicators.csv", Settings).gains_after_exit == "accept"


def gained(code: str, element: str) -> Predicate:
    """A skill gain of one kind dated inside the window."""
    return Predicate(code, f"{element} in the window", lambda view: _gained(view, element))


def _gained(view: View, element: str) -> Mask:
    inside = view.falls_in_window(element)
    if accepts_gains_after_exit():
        return inside
    return inside & ~(view.day(element) > view.day("901"))


EFL_GAIN = gained("educational_functioning_level_gain", "1806")
POSTSECONDARY_TRANSCRIPT = gained("postsecondary_transcript", "1807")
SECONDARY_TRANSCRIPT = gained("secondary_transcript", "1808")
TRAINING_MILESTONE = gained("training_milestone", "1809")
SKILLS_PROGRESSION = gained("skills_progression", "1810")
DIPLOMA_IN_WINDOW = Predicate(
    "secondary_diploma_in_window",
    "a diploma (1800, 1802, 1804 is 1) dated in the window",
    lambda view: np.logical_or.reduce(
        [(view.code(kind) == 1) & _gained(view, day) for kind, day in CREDENTIAL_SLOTS]
    ),
)
PROGRAM_YEAR_OPEN = Predicate(
    "program_year_not_over",
    "the as-of date is not past 30 June of the program year",
    lambda view: np.full(
        len(view.records), view.as_of <= program_year_end(view.window.end), dtype=np.bool_
    ),
)
