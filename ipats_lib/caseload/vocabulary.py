"""What the conditions of `params/edit_checks.csv`, `shares.csv` and `distribution.csv` may ask.

The dashboards' numbers (`params/caseload.csv`) are names too: days as a span, others as they are.
"""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload import identity_checks
from ipats_lib.caseload.catalogue import load_thresholds, threshold
from ipats_lib.caseload.flow import a_year_before, exits_known, view_of
from ipats_lib.caseload.services import SERVICES, TRAININGS, has_service, last_service
from ipats_lib.caseload.status import active, in_training
from ipats_lib.cohorts import (
    EXCLUDED_FROM_EXIT_INDICATORS,
    IN_ADULT,
    IN_DISLOCATED_WORKER,
    IN_TITLE_I,
    IN_WAGNER_PEYSER,
    IN_YOUTH,
    MISSING,
    Mask,
    Records,
    View,
    has_code,
)
from ipats_lib.conditions import (
    FUNCTIONS,
    Condition,
    Function,
    Name,
    filled,
    read_condition,
    read_value,
)
from ipats_lib.groups import age, years
from ipats_lib.indicators import predicates as p
from ipats_lib.periods import program_year

# What the conditions can ask for, and what the names below are made from.
_READ = (
    "100 101 102 103 200 201 202 210 211 212 213 214 215 300 301 400 402 407 408 409 410 600 601 "
    "602 603 604 701 702 704 800 801 802 803 804 805 806 807 900 901 903 904 905 906 907 915 918 "
    "923 1001 1003 1004 1200 1201 1203 1300 1302 1303 1306 1307 1308 1309 1310 1311 1312 1313 1314 "
    "1315 1316 1317 1318 1319 1332 1401 1405 1406 1409 1503 1600 1601 1602 1603 1604 1605 1606 "
    "1607 1608 1618 1703 1704 1705 1706 1800 1801 1802 1803 1804 1805 1806 1807 1808 1809 1810 "
    "1811 1813 1900 1901"
)
ELEMENTS = tuple(_READ.split())
Asked = TypeVar("Asked", bound=Callable[[View], Any])
PRIORITY = (
    has_code("tanf", "600", 1)
    | has_code("exhausting_tanf", "601", 1)
    | has_code("ssi", "602", 1, 2, 3)
    | has_code("snap", "603", 1)
    | has_code("assistance", "604", 1)
    | has_code("low_income", "802", 1)
    | has_code("basic_skills", "804", 1)
)
TRAINED = has_code("received_training", "1300", 1)


def intensive(view: View) -> Mask:
    """Individualized service or training (domain 2.14)."""
    return filled(view, "1200") | TRAINED(view)


def in_no_program(view: View) -> Mask:
    """Entered, and neither in Title I nor in Wagner-Peyser (L-10, L-11)."""
    return filled(view, "900") & ~IN_TITLE_I(view) & ~IN_WAGNER_PEYSER(view)


def participant(view: View) -> Mask:
    """Entered, and in a program: the rows that domain 4.3 calls P."""
    return filled(view, "900") & (IN_TITLE_I(view) | IN_WAGNER_PEYSER(view))


def participated(view: View) -> Mask:
    """Of Title I, with a day of participation in the program year of the as-of date."""
    return took_part(view, program_year(view.as_of), view.as_of)


def took_part(view: View, py: int, last: date) -> Mask:
    """Of Title I, with a day of participation in a program year, up to its last day that counts."""
    exits, start = view.day("901"), np.datetime64(date(py, 7, 1))
    entered = view.day("900") <= np.datetime64(last)
    return IN_TITLE_I(view) & entered & (np.isnat(exits) | (exits >= start))


def _entered_this_year(view: View) -> Mask:
    entries, start = view.day("900"), np.datetime64(date(program_year(view.as_of), 7, 1))
    return (entries >= start) & (entries <= np.datetime64(view.as_of))


def _exited_last_year(view: View) -> Mask:
    exits, last = view.day("901"), exits_known(view.as_of)
    recent = (exits > np.datetime64(a_year_before(last))) & (exits <= np.datetime64(last))
    return IN_TITLE_I(view) & recent


def _several_programs(view: View) -> Mask:
    streams = (IN_ADULT, IN_DISLOCATED_WORKER, IN_YOUTH)
    return np.sum([stream(view) for stream in streams], axis=0) > 1


def _in_school_or_training(view: View) -> Mask:
    """The activities that the skill-gain switch (1811) stands for (L-45, L-46)."""
    school = (view.code("1332") == 1) | (view.code("1401") == 1)
    return school | p.IN_CREDENTIAL_TRAINING(view)


def _program_year_end(view: View) -> NDArray[Any]:
    """The 30 June that closes the program year of the exit (901)."""
    years = (view.day("901").astype("datetime64[M]") - 6).astype("datetime64[Y]")
    july: NDArray[Any] = years.astype("datetime64[M]") + np.timedelta64(18, "M")
    return july.astype("datetime64[D]") - np.timedelta64(1, "D")


def _wage(view: View, element: str) -> NDArray[np.float64]:
    return view.records.amount(element)


def _known_wage(view: View, element: str) -> Mask:
    wage = _wage(view, element)
    return (wage > 0) & (wage < p.WAGE_NOT_YET_AVAILABLE)


def _no_wage(view: View, element: str) -> Mask:
    wage = _wage(view, element)
    return np.isnan(wage) | (wage == 0)


def _outside(view: View, element: str) -> Mask:
    day = view.day(element)
    return (day < view.day("900")) | (day > view.day("901"))


_FUNCTIONS: dict[str, Function] = {
    **FUNCTIONS,
    "outside": _outside,  # a date before the entry or after the exit
    "wage": _wage,
    "known_wage": _known_wage,  # more than 0, and no placeholder
    "no_wage": _no_wage,  # blank or 0
}
_NAMES: dict[str, Name] = {
    "adult": IN_ADULT,
    "dislocated": IN_DISLOCATED_WORKER,
    "youth": IN_YOUTH,
    "title1": IN_TITLE_I,
    "wagner_peyser": IN_WAGNER_PEYSER,
    "in_no_program": in_no_program,
    "several_programs": _several_programs,
    "active": active,
    "in_training": lambda view: in_training(view.records, np.datetime64(view.as_of, "D")),
    "participant": participant,
    "participated": participated,
    "entered_this_year": _entered_this_year,
    "exited_last_year": _exited_last_year,
    "age": age,  # in the program of the view
    "age_at_entry": lambda view: years(view, view.day("900")),
    "priority": PRIORITY,
    "trained": TRAINED,
    "intensive": intensive,
    "in_school_or_training": _in_school_or_training,
    "has_service": has_service,
    "last_service": last_service,
    "excluded": EXCLUDED_FROM_EXIT_INDICATORS,
    "first_training": lambda view: np.fmin.reduce([view.day(start) for start, _ in TRAININGS]),
    "year_after_exit": lambda view: view.records.one_year_after_exit,
    "common_exit": identity_checks.common_exit,
    "program_year_end": _program_year_end,
    # The end of the second and fourth quarter after the exit, and two quarters more to learn of it.
    "known_q2": lambda view: view.records.quarter_end_after_exit(4),
    "known_q4": lambda view: view.records.quarter_end_after_exit(6),
    "today": lambda view: np.datetime64(view.as_of, "D"),
    "blank": lambda _: MISSING,
    "wage_placeholder": lambda _: p.WAGE_NOT_YET_AVAILABLE,
    **identity_checks.QUESTIONS,
}


@cache
def _names() -> dict[str, Name]:
    return _NAMES | {one.name: _number(one.name, one.unit) for one in load_thresholds().values()}


def _number(name: str, unit: str) -> Name:
    if unit == "days":
        return lambda _: np.timedelta64(threshold(name), "D")
    return lambda _: threshold(name)


def condition(text: str, **more: Name) -> Condition:
    """A condition in these words, and more; ValueError says what in it does not fit."""
    return _tried(text, read_condition(text, _names() | more, _FUNCTIONS, {*ELEMENTS}))


def value(text: str) -> Name:
    """A value in these words, such as `day(901)`; ValueError says what in it does not fit."""
    return _tried(text, read_value(text, _names(), _FUNCTIONS, {*ELEMENTS}))


def _tried(text: str, asked: Asked) -> Asked:
    try:
        asked(_nobody())
    except (TypeError, ValueError) as error:
        raise ValueError(f"{text!r} compares what cannot be compared ({error})") from None
    return asked


@cache
def _nobody() -> View:
    return view_of(Records(pd.DataFrame(columns=[*{*ELEMENTS, *SERVICES}])), date.max)
