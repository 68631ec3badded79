"""Shares and levels of the synthetic state. Plausible, and nobody's result (domain 3.5, 6.2)."""

from dataclasses import dataclass

import numpy as np

AS_OF = np.datetime64("2025-08-15")
FIRST_EXIT = np.datetime64("2023-01-01")
# No exit is certain before 90 days without a service have passed (domain 2.1).
LAST_EXIT = AS_OF - np.timedelta64(90, "D")
# Periods of participation in the file for each participant served in a program year, measured.
ROWS_PER_PARTICIPANT = {"adult": 1.70, "dw": 1.69, "youth": 1.82}
STATEWIDE_PARTICIPANTS = {"adult": 60, "dw": 240, "youth": 30}
STATEWIDE_PLANNERS = 3
WAGNER_PEYSER_SHARE = 0.42
REPORTABLE_SHARE = 0.03
REENTRY_SHARE = 0.05
ELSEWHERE_SHARE = 0.25
SECOND_AREA_SHARE = 0.02
MISTAKE_SHARE = 0.01
LOG_DAYS, LOG_DAYS_SPREAD = 5.45, 0.6
WAGE_DELAY_DAYS = 135


@dataclass(frozen=True, slots=True)
class ProgramRates:
    """Probabilities (0..1) and the median quarterly wage (dollars) of one program."""

    employed: float
    wage: float
    trained: float
    credential: float
    gain: float


PROGRAMS = {
    "adult": ProgramRates(0.79, 9900.0, 0.66, 0.73, 0.66),
    "dw": ProgramRates(0.80, 11300.0, 0.60, 0.73, 0.67),
    "youth": ProgramRates(0.71, 5500.0, 0.52, 0.73, 0.61),
    "wp": ProgramRates(0.66, 7200.0, 0.00, 0.00, 0.00),
}
TRAINING_TYPES = {
    "adult": dict(zip(range(1, 13), [9, 9, 2, 3, 4, 52, 1, 4, 5, 0, 3, 8], strict=True)),
    "dw": dict(zip(range(1, 13), [8, 12, 3, 2, 5, 52, 3, 4, 3, 0, 3, 5], strict=True)),
    "youth": dict(zip(range(1, 13), [3, 4, 1, 6, 1, 8, 1, 5, 3, 52, 4, 12], strict=True)),
}
# Employment fades a little with every quarter after exit.
FADE = 0.008
CREDENTIAL_TYPES = {2: 8, 3: 3, 4: 22, 5: 24, 6: 34, 7: 8, 8: 1}
EXIT_REASONS = {0: 9560, 1: 90, 2: 150, 3: 45, 4: 12, 5: 12, 6: 10, 7: 12, 98: 6, 99: 6}
EXIT_REASON_BLANK_SHARE = 0.02
FIRST_NAMES = ("Adelbert", "Brisa", "Corwin", "Delphine", "Emeric", "Fenna", "Garrick", "Hollis")
LAST_NAMES = ("Arkwright", "Bellwether", "Cobblestone", "Dunmere", "Elderfen", "Foxglade", "Gorse")
SERVICES = (
    ("101", "Initial assessment"), ("204", "Individual employment plan"),
    ("210", "Career counseling"), ("215", "Job search assistance"),
    ("221", "Work readiness workshop"), ("232", "Case management contact"),
)  # fmt: skip
PROVIDERS = ("Prairie Skills College", "Two Rivers Institute", "Oakfield Training Center")
