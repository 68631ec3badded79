"""The questions about customers who have left: credentials, employment, follow-up (domain 5.2)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.case_tables import NEVER, CaseTables, later, lines
from ipats_lib.caseload.catalogue import Alert, load_schedule
from ipats_lib.caseload.status import in_follow_up
from ipats_lib.cohorts import (
    EXCLUDED_FROM_EXIT_INDICATORS,
    IN_ADULT,
    IN_DISLOCATED_WORKER,
    IN_TITLE_I,
    IN_YOUTH,
    MISSING,
    Mask,
    Predicate,
    View,
)
from ipats_lib.due_dates import due
from ipats_lib.groups import TRAINING_TYPES
from ipats_lib.indicators import predicates as p
from ipats_lib.periods import LAG, Cohort, Period, Quarter, program_year, written_day

SUPPLEMENTAL = 4


def _counted(cases: CaseTables) -> Mask:
    """Title I records that the exit-based indicators count."""
    return IN_TITLE_I(cases.view) & ~EXCLUDED_FROM_EXIT_INDICATORS(cases.view)


def credential_due(cases: CaseTables, alert: Alert) -> pd.DataFrame:
    view = cases.view
    deadline = view.records.one_year_after_exit
    near = (deadline >= cases.today) & (deadline <= later(cases.today, alert.days))
    earned = p.ATTAINED_POSTSECONDARY_CREDENTIAL(view) | p.ATTAINED_DIPLOMA(view)
    holds = _counted(cases) & p.IN_CREDENTIAL_ACTIVITY(view) & near & ~earned
    return lines(
        cases,
        holds,
        view.day("901"),
        deadline,
        lambda where: [f"No credential from {_activity(cases, n)}" for n in where],
    )


def _activity(cases: CaseTables, position: int) -> str:
    """What took a record into the credential measure, in words."""
    kinds = [int(cases.view.code(slot)[position]) for slot in ("1303", "1310", "1315")]
    named = [TRAINING_TYPES[kind].lower() for kind in kinds if kind in TRAINING_TYPES]
    if cases.view.code("1332")[position] == 1:
        named.append("postsecondary education")
    if cases.view.code("1401")[position] == 1:
        named.append("secondary education")
    return ", ".join(dict.fromkeys(named))


def diploma_without_link(cases: CaseTables, _: Alert) -> pd.DataFrame:
    view = cases.view
    deadline = view.records.one_year_after_exit
    alone = p.ATTAINED_DIPLOMA(view) & ~p.ATTAINED_POSTSECONDARY_CREDENTIAL(view) & ~p.LINKED(view)
    holds = _counted(cases) & alone & (deadline >= cases.today)
    return lines(
        cases,
        holds,
        view.day("901"),
        deadline,
        lambda where: [f"Secondary diploma of {_diploma(cases, n)}" for n in where],
    )


def _diploma(cases: CaseTables, position: int) -> str:
    slots = [
        written_day(cases.view.day(day)[position].item())
        for kind, day in p.CREDENTIAL_SLOTS
        if cases.view.code(kind)[position] == 1
    ]
    return ", ".join(dict.fromkeys(slots))


# Of a quarter after exit: the element of employment, the cohort, and a youth's other success.
_EMPLOYMENT: Mapping[int, tuple[str, Cohort, Predicate]] = {
    2: ("1602", "ER_Q2", p.YOUTH_PLACED_Q2),
    4: ("1606", "ER_Q4", p.YOUTH_PLACED_Q4),
}


def employment_missing(cases: CaseTables, _: Alert, quarter: int) -> pd.DataFrame:
    """From the first day of a quarter after exit on, until the report that counts it is locked.

    A youth in no other program who is placed in education or training has succeeded already.
    """
    view, (employed, cohort, placed) = cases.view, _EMPLOYMENT[quarter]
    first = later(view.records.quarter_end_after_exit(quarter - 1), 1)
    unknown = np.isin(view.code(employed), (MISSING, 0, 9))
    settled = placed(view) & ~IN_ADULT(view) & ~IN_DISLOCATED_WORKER(view)
    locks = locked(view.day("901"), LAG[cohort])
    open_ = (first <= cases.today) & (locks >= cases.today)
    return lines(
        cases,
        _counted(cases) & unknown & ~settled & open_,
        first,
        locks,
        lambda where: [f"Exited {written_day(day.item())}" for day in view.day("901")[where]],
    )


def locked(exits: NDArray[np.datetime64], lag: int) -> NDArray[np.datetime64]:
    """The due date of the annual report that counts an exit; NaT without one.

    lag: quarters from the exit quarter to that report (`periods.LAG`).
    """
    months = exits.astype("datetime64[M]").astype(np.int64)
    locks = {
        quarter: np.datetime64(
            due(Period(program_year(Quarter(4 * 1970 + int(quarter) + lag).start)))
        )
        for quarter in np.unique(months[~np.isnat(exits)] // 3)
    }
    found = [locks.get(month // 3, NEVER) for month in months.tolist()]
    return np.array(found, dtype="datetime64[D]")


def wage_waits_for_match(cases: CaseTables, _: Alert) -> pd.DataFrame:
    """A supplemental wage (1603 = 4) that a match with UI wages may still replace.

    A wage with 1603 = 5 would be an error (L-34), so it is not this.
    """
    view = cases.view
    locks = locked(view.day("901"), LAG["ER_Q2"])
    supplemental = p.EMPLOYED_Q2(view) & p.WAGE_FOUND_Q2(view) & (view.code("1603") == SUPPLEMENTAL)
    return lines(
        cases,
        _counted(cases) & supplemental & (locks >= cases.today),
        later(view.records.quarter_end_after_exit(1), 1),
        locks,
        lambda where: [
            f"Supplemental wage of the quarter that ended {written_day(day.item())}"
            for day in view.records.quarter_end_after_exit(2)[where]
        ],
    )


def _follow_up(
    cases: CaseTables, alert: Alert, who: Mask, elements: tuple[str, ...]
) -> pd.DataFrame:
    """The next follow-up of the schedule (`params/follow_up.csv`), from `days` ahead of it on.

    A follow-up that is given on a step, after it or in the `days` before it meets that step.
    """
    view = cases.view
    exits = view.day("901")
    last = exits
    for element in elements:
        day = view.day(element)
        last = np.fmax(last, np.where(day <= cases.today, day, NEVER))
    steps = np.array(load_schedule()[alert.id])
    met = (later(last, alert.days) - exits).astype(np.float64)
    place = np.searchsorted(steps, np.where(np.isnat(exits), np.inf, met), side="right")
    step = steps[np.minimum(place, len(steps) - 1)]
    until = np.where(place < len(steps), exits + step.astype("timedelta64[D]"), NEVER)
    holds = who & in_follow_up(view, cases.as_of) & (until <= later(cases.today, alert.days))

    def reasons(where: NDArray[np.intp]) -> list[str]:
        return [
            f"Day {step[n]} after exit; no follow-up yet"
            if last[n] == exits[n]
            else f"Day {step[n]} after exit; last follow-up {written_day(last[n].item())}"
            for n in where
        ]

    return lines(cases, holds, last, until, reasons)


def follow_ups(view: View) -> tuple[NDArray[np.datetime64], ...]:
    """The dates of follow-up services after the exit: 1503, and of youth 1412. A date that is not
    after it is missing (L-30)."""
    exits = view.day("901")
    of_youth = np.where(IN_YOUTH(view), view.day("1412"), NEVER)
    return tuple(np.where(day > exits, day, NEVER) for day in (view.day("1503"), of_youth))


def youth_follow_up(cases: CaseTables, alert: Alert) -> pd.DataFrame:
    return _follow_up(cases, alert, IN_YOUTH(cases.view), ("1412", "1503"))


def follow_up(cases: CaseTables, alert: Alert) -> pd.DataFrame:
    view = cases.view
    who = (IN_ADULT(view) | IN_DISLOCATED_WORKER(view)) & p.EMPLOYED_AFTER_EXIT(view)
    return _follow_up(cases, alert, who, ("1503",))
