"""The indicators as the federal text states them, one object each (domain 2.5 to 2.10).

The denominator of every indicator is: in the stream, in the cohort, in the activity, not excluded.
`success` and `pending` are alternatives, tried in order; the first that holds is the reason shown
beside the record. What is neither is a failure. `awaiting` asks those in the cohort who are in no
activity that counts yet: a wage that is not known is no part of a median (domain 2.7), but its
record may still enter it.
"""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from ipats_lib.cohorts import (
    EXCLUDED_FROM_EXIT_INDICATORS,
    EXCLUDED_FROM_MSG,
    EXITED_IN_WINDOW,
    IN_CORE_PROGRAM,
    PARTICIPATED_IN_WINDOW,
    PROGRAM_TITLES,
    PROGRAMS,
    Predicate,
    Program,
)
from ipats_lib.indicators import predicates as p
from ipats_lib.params import load_layout
from ipats_lib.periods import Cohort

Measure = Literal["ERQ2", "ERQ4", "ME", "CR", "MSG", "ESE"]
TITLE_I: tuple[Program, ...] = ("adult", "dw", "youth", "title1")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator. `activity` narrows the cohort; `value` names the element of a median.

    stream: who is in it, where that is not the program of the line.
    decided_by: the elements that a reader of the roster looks at, in the order of the rule.
    """

    code: Measure
    title: str
    plain: str
    programs: tuple[Program, ...]
    cohort: Cohort
    in_cohort: Predicate
    excluded: Predicate
    success: tuple[Predicate, ...]
    source: str
    stream: Predicate | None = None
    activity: Predicate | None = None
    pending: tuple[Predicate, ...] = ()
    awaiting: tuple[Predicate, ...] = ()
    failure_reason: str = ""
    outside_reason: str = "no_qualifying_activity"
    value: str = ""
    decided_by: tuple[str, ...] = ()

    @property
    def is_median(self) -> bool:
        return bool(self.value)


ER_Q2 = Indicator(
    code="ERQ2",
    title="Employment rate, 2nd quarter after exit",
    plain="Of those who exited, the share employed in the second quarter after exit "
    "(Youth: employed, or in education or training).",
    programs=PROGRAMS,
    cohort="ER_Q2",
    in_cohort=EXITED_IN_WINDOW,
    excluded=EXCLUDED_FROM_EXIT_INDICATORS,
    success=(p.EMPLOYED_Q2, p.YOUTH_PLACED_Q2),
    pending=(
        p.EMPLOYMENT_Q2_NOT_YET_AVAILABLE,
        p.MATCH_Q2_NOT_YET_AVAILABLE,
        p.quarter_not_over(2),
    ),
    failure_reason="not_employed_q2",
    source="WIOA s.116(b)(2)(A)(i)(I); 20 CFR 677.155(a)(1)(i), (c)(1)(i); TEGL 10-16 Change 3, "
    "26-16 Change 1; PIRL 901, 923, 1602, 1603, 1900",
    decided_by=("901", "923", "1602", "1603", "1900"),
)

ER_Q4 = Indicator(
    code="ERQ4",
    title="Employment rate, 4th quarter after exit",
    plain="Of those who exited, the share employed in the fourth quarter after exit "
    "(Youth: employed, or in education or training), whatever they did in the second.",
    programs=PROGRAMS,
    cohort="ER_Q4",
    in_cohort=EXITED_IN_WINDOW,
    excluded=EXCLUDED_FROM_EXIT_INDICATORS,
    success=(p.EMPLOYED_Q4, p.YOUTH_PLACED_Q4),
    pending=(
        p.EMPLOYMENT_Q4_NOT_YET_AVAILABLE,
        p.MATCH_Q4_NOT_YET_AVAILABLE,
        p.quarter_not_over(4),
    ),
    failure_reason="not_employed_q4",
    source="WIOA s.116(b)(2)(A)(i)(II); 20 CFR 677.155(a)(1)(ii), (c)(1)(ii); TEGL 10-16 Change 3, "
    "26-16 Change 1; PIRL 901, 923, 1606, 1607, 1901",
    decided_by=("901", "923", "1606", "1607", "1901"),
)

# A median has no failures: whoever has no wage to count is outside it (domain 2.7).
ME = Indicator(
    code="ME",
    title="Median earnings, 2nd quarter after exit",
    plain="The middle quarterly wage of those employed in the second quarter after exit.",
    programs=PROGRAMS,
    cohort="ER_Q2",
    in_cohort=EXITED_IN_WINDOW,
    excluded=EXCLUDED_FROM_EXIT_INDICATORS,
    activity=p.EMPLOYED_Q2 & p.WAGE_FOUND_Q2,
    success=(p.WAGE_FOUND_Q2,),
    awaiting=(
        p.EMPLOYED_Q2_WAGE_PENDING,
        p.EMPLOYMENT_Q2_NOT_YET_AVAILABLE,
        p.MATCH_Q2_NOT_YET_AVAILABLE,
        p.quarter_not_over(2),
    ),
    outside_reason="no_wage_q2",
    value="1704",
    source="WIOA s.116(b)(2)(A)(i)(III); 20 CFR 677.155(a)(1)(iii); TEGL 10-16 Change 3, "
    "26-16 Change 1; PIRL 901, 923, 1602, 1603, 1704",
    decided_by=("901", "923", "1602", "1603", "1704"),
)

CR = Indicator(
    code="CR",
    title="Credential attainment rate",
    plain="Of those who exited from education or training that leads to a credential, the share "
    "who earned one by one year after exit; a secondary diploma counts only together with "
    "employment or further education in that year.",
    programs=TITLE_I,
    cohort="ER_Q4",
    in_cohort=EXITED_IN_WINDOW,
    excluded=EXCLUDED_FROM_EXIT_INDICATORS,
    activity=p.IN_CREDENTIAL_ACTIVITY,
    success=(p.ATTAINED_POSTSECONDARY_CREDENTIAL, p.DIPLOMA_WITH_LINK),
    pending=(
        p.CREDENTIAL_DEADLINE_OPEN,
        p.DIPLOMA_LINK_NOT_YET_KNOWN,
        p.DIPLOMA_QUARTER_4_NOT_OVER,
    ),
    failure_reason="no_credential",
    source="WIOA s.116(b)(2)(A)(i)(IV), (iii); 20 CFR 677.155(a)(1)(iv); TEGL 10-16 Change 3; "
    "PIRL 408, 900, 901, 923, 1303, 1310, 1315, 1332, 1401, 1406, 1600 to 1607, 1800 to 1805",
    decided_by=(
        *("900", "901", "923", "408", "1303", "1310", "1315", "1332", "1401", "1406"),
        *("1600", "1601", "1602", "1603", "1604", "1605", "1606", "1607"),
        *("1800", "1801", "1802", "1803", "1804", "1805"),
    ),
)

MSG = Indicator(
    code="MSG",
    title="Measurable skill gains",
    plain="Of those in education or training in the program year, the share with a documented "
    "gain in it.",
    programs=TITLE_I,
    cohort="MSG",
    in_cohort=PARTICIPATED_IN_WINDOW,
    excluded=EXCLUDED_FROM_MSG,
    activity=p.IN_EDUCATION_OR_TRAINING,
    success=(
        p.EFL_GAIN,
        p.POSTSECONDARY_TRANSCRIPT,
        p.SECONDARY_TRANSCRIPT,
        p.TRAINING_MILESTONE,
        p.SKILLS_PROGRESSION,
        p.DIPLOMA_IN_WINDOW,
    ),
    pending=(p.PROGRAM_YEAR_OPEN,),
    failure_reason="no_gain_in_window",
    source="WIOA s.116(b)(2)(A)(i)(V); 20 CFR 677.155(a)(1)(v); TEGL 10-16 Change 3; "
    "PIRL 900, 901, 923, 1800 to 1811, 1813",
    decided_by=(
        *("900", "901", "923", "1811", "1813", "1806", "1807", "1808", "1809", "1810"),
        *("1800", "1801", "1802", "1803", "1804", "1805"),
    ),
)

# The sixth required indicator: one figure for the state, of all core programs together. No level
# is negotiated for it yet, and it is in no program's score, so it stands beside the five and in no
# program's line (domain 2.10).
ESE = Indicator(
    code="ESE",
    title="Effectiveness in serving employers",
    plain="Of those who exited any core program and were in unsubsidized employment in the second "
    "quarter after exit, the share who were with the same employer in the fourth.",
    programs=(),
    cohort="ER_Q4",
    in_cohort=EXITED_IN_WINDOW,
    excluded=EXCLUDED_FROM_EXIT_INDICATORS,
    stream=IN_CORE_PROGRAM,
    activity=p.EMPLOYED_Q2 & p.MATCHED_Q2,
    success=(p.RETAINED,),
    pending=(p.RETENTION_NOT_YET_AVAILABLE, p.quarter_not_over(4)),
    failure_reason="not_retained",
    outside_reason="no_matched_employment_q2",
    source="WIOA s.116(b)(2)(A)(i)(VI); 20 CFR 677.155(a)(1)(vi), 89 FR 13814 (25 March 2024); "
    "PIRL 901, 923, 1602, 1603, 1618",
    decided_by=("901", "923", "1602", "1603", "1618"),
)

INDICATORS: dict[Measure, Indicator] = {rule.code: rule for rule in (ER_Q2, ER_Q4, ME, CR, MSG)}

# The elements that any rule reads, for whoever loads no more than they need.
ELEMENTS: tuple[str, ...] = (
    *("900", "901", "903", "904", "905", "918", "923", "408", "1303", "1310", "1315", "1332"),
    *("1401", "1406", "1600", "1601", "1602", "1603", "1604", "1605", "1606", "1607", "1704"),
    *("1800", "1801", "1802", "1803", "1804", "1805", "1806", "1807", "1808", "1809", "1810"),
    *("1811", "1813", "1900", "1901"),
)


def definitions() -> pd.DataFrame:
    """Every indicator, part by part, in the order of the rule.

    measure; part: `In plain words`, `Counted`, `Left out`, `Success`, `Pending` (`never` where
    nothing is), `Awaited` (not counted yet), `Programs`, `Source` or `Elements`; code: of a
    question, as reasons name it, or the number of an element; text.
    """
    every = [(code, *line) for code, rule in INDICATORS.items() for line in _parts(rule)]
    every += [("ESE", *line) for line in _parts(ESE)]
    return pd.DataFrame(every, columns=["measure", "part", "code", "text"])


def _parts(rule: Indicator) -> list[tuple[str, str, str]]:
    names = {element.number: element.name for element in load_layout("pirl_2021").elements}
    counted = [question for question in (rule.stream, rule.in_cohort, rule.activity) if question]
    programs = ", ".join(PROGRAM_TITLES[program] for program in rule.programs)
    asked = {
        "Counted": counted,
        "Left out": [rule.excluded],
        "Success": rule.success,
        "Pending": rule.pending,
        "Awaited": rule.awaiting,
    }
    lines = [("In plain words", "", rule.plain)]
    for part, questions in asked.items():
        lines += [(part, question.code, question.text) for question in questions]
        if part == "Pending" and not questions:
            lines.append((part, "", "never"))
    lines.append(("Programs", "", programs or "all core programs together, each record once"))
    lines.append(("Source", "", rule.source))
    return lines + [("Elements", number, names[number]) for number in rule.decided_by]
