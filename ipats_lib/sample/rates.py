"""Shares and levels of the synthetic state. Plausible, and nobody's result (domain 3.5, 6.2)."""

from dataclasses import dataclass

import numpy as np

AS_OF = np.datetime64("2025-08-15")
# An extract holds the exits of so many quarters before its own (domain 8.1).
QUARTERS_OF_EXITS = 10
FIRST_EXIT = np.datetime64("2023-01-01")
# No exit is certain before 90 days without a service have passed (domain 2.1).
LAST_EXIT = AS_OF - np.timedelta64(90, "D")
# The program year whose participants `params/sample/areas.csv` counts (domain 6.2).
YEAR_START, YEAR_END = np.datetime64("2024-07-01"), np.datetime64("2025-06-30")

STATEWIDE_PARTICIPANTS = {"adult": 40, "dw": 110, "youth": 12}
STATEWIDE_PLANNERS = 3
# Rows for each Title I row.
WAGNER_PEYSER_SHARE = 0.40
REPORTABLE_SHARE = 0.03

# Among closed periods old enough for it, those followed by a second one; of these in another LWIA.
REENTRY_SHARE, ELSEWHERE_SHARE = 0.10, 0.36
# Rows served by two LWIAs at once, and those with a statewide grant beside the formula grant.
SECOND_AREA_SHARE, STATE_TOO_SHARE = 0.026, 0.015
# Participants of the program and of which also in the second one: (of, also in) -> share.
CO_ENROLLED = {("dw", "903"): 0.06, ("adult", "904"): 0.03, ("youth", "903"): 0.04}
# What second periods, and customers of other areas, add to an area's count: the target without
# them is drawn, so that the area meets it. Measured.
COMING_AGAIN, COMING_FROM_ELSEWHERE = 0.03, 0.045
PARTNER_WAGNER_PEYSER = {"adult": 0.35, "dw": 0.35, "youth": 0.05}
MISTAKE_SHARE = 0.01
LOG_DAYS, LOG_DAYS_SPREAD = 5.45, 0.6

# Days from the end of a quarter until its wages are in the file (domain 2.2), and how often.
WAGE_DELAYS, WAGE_DELAY_SHARES = (135, 180, 270), (0.62, 0.376, 0.004)
EARLY_SUPPLEMENTAL_SHARE = 0.05
SUPPLEMENTAL_WITHOUT_WAGE = 0.2
# How likely a quarter repeats the person's own inclination instead of a fresh draw.
STEADY = 0.7
PERSON_WAGE_SPREAD, QUARTER_WAGE_SPREAD = 0.45, 0.15
AREA_EFFECTS = {"employed": 0.03, "wage": 0.06, "credential": 0.05, "gain": 0.06}


@dataclass(frozen=True, slots=True)
class ProgramRates:
    """Probabilities (0..1) and the median quarterly wage (dollars) of one program."""

    employed: float
    wage: float
    trained: float
    credential: float
    gain: float
    fade: float
    """How much employment loses with every quarter after exit."""


PROGRAMS = {
    "adult": ProgramRates(0.810, 10480.0, 0.66, 0.740, 0.740, 0.0105),
    "dw": ProgramRates(0.814, 11720.0, 0.60, 0.738, 0.740, 0.0065),
    "youth": ProgramRates(0.756, 5800.0, 0.52, 0.735, 0.635, 0.0120),
    "wp": ProgramRates(0.680, 7400.0, 0.00, 0.00, 0.00, 0.0080),
}
# What a circumstance at entry, or a finished training, adds to the chance of employment.
EMPLOYMENT_EFFECTS = {
    ("801", 1): -0.06, ("202", 1): -0.08, ("800", 1): -0.06, ("804", 1): -0.03, ("402", 1): -0.04,
    ("803", 1): -0.02, ("400", 1): 0.05, ("1307", 1): 0.05, ("408", 7): 0.03, ("408", 6): 0.02,
}  # fmt: skip
EDUCATION_WAGE = {0: 0.85, 4: 1.03, 5: 1.06, 6: 1.12, 7: 1.3, 8: 1.45}
COMPLETED_SHARE, UNRECORDED_COMPLETION_SHARE = 0.78, 0.01
CREDENTIAL_AFTER_COMPLETION, CREDENTIAL_AFTER_WITHDRAWAL = 0.12, -0.36

TRAINING_TYPES = {
    "adult": dict(zip(range(1, 13), [9, 9, 2, 3, 4, 52, 1, 4, 5, 0, 3, 8], strict=True)),
    "dw": dict(zip(range(1, 13), [8, 12, 3, 2, 5, 50, 8, 4, 3, 0, 3, 5], strict=True)),
    "youth": dict(zip(range(1, 13), [3, 4, 1, 6, 1, 8, 0, 5, 3, 53, 4, 12], strict=True)),
}
FURTHER_TRAININGS = (0.13, 0.25)
CREDENTIAL_TRAINING = (2, 3, 4, 6, 7, 8, 9, 10)
FURTHER_CREDENTIALS = (0.1, 0.15)
CREDENTIAL_TYPES = {2: 8, 3: 3, 4: 22, 5: 24, 6: 34, 7: 9}
GAIN_TYPES = {"1806": 16, "1807": 28, "1808": 30, "1809": 26, "1810": 24}

EXIT_REASONS = {0: 9545, 1: 90, 2: 150, 3: 45, 4: 14, 5: 30, 6: 12, 7: 14, 98: 8, 99: 8}
EXIT_REASON_BLANK_SHARE = 0.02
PLACEMENT_EMPLOYED, PLACEMENT_OTHERS = 0.06, 0.27
POST_EXIT_ENROLMENT = {"youth": 0.12, "adult": 0.02, "dw": 0.02}
SAME_EMPLOYER = 0.68

# A planner who has left has fewer customers on record, and keeps few of them.
FORMER_PLANNER_WEIGHT, FORMER_KEEPS = 0.5, 0.12
FORMER_PLANNER_EVERY = 25
