"""The logical edit checks (`L-` in `params/edit_checks.csv`; domain 4.3), one question each about
one record."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ipats_lib.caseload.extending import TRAININGS, has_service
from ipats_lib.caseload.mix import PRIORITY
from ipats_lib.caseload.thresholds import threshold
from ipats_lib.cohorts import (
    IN_ADULT,
    IN_DISLOCATED_WORKER,
    IN_TITLE_I,
    IN_WAGNER_PEYSER,
    IN_YOUTH,
    MISSING,
    Mask,
    View,
)
from ipats_lib.groups import age, years
from ipats_lib.indicators import predicates as p

SERVICES = ("1001", "1003", "1004", "1200", "1201")
WAGES = ("1703", "1704", "1705", "1706")
EMPLOYED = (("1600", "1601"), ("1602", "1603"), ("1604", "1605"), ("1606", "1607"))
GAINS = ("1806", "1807", "1808", "1809", "1810")
YOUTH_BARRIERS = ("202", "701", "702", "704", "800", "801", "802", "803", "804", "805", "806")
KINDS = ("1303", "1310", "1315")
REPORTABLE = 4
ELEMENTS = (
    *(
        "200",
        "202",
        "300",
        "301",
        "400",
        "402",
        "407",
        "408",
        "409",
        "410",
        "600",
        "602",
        "603",
        "604",
        "701",
    ),
    *("702", "704", "800", "801", "802", "803", "804", "805", "806", "807", "900", "901", "903"),
    *("904", "905", "906", "918", "923", "1300", "1307", "1312", "1317", "1332", "1401", "1406"),
    *("1409", "1503", "1608", "1618", "1800", "1801", "1802", "1803", "1804", "1805", "1811"),
    *("1813", "1900", "1901", *KINDS, *SERVICES, *WAGES, *GAINS),
    *(element for pair in EMPLOYED for element in pair),
)


def _filled(view: View, element: str) -> Mask:
    return ~np.isnat(view.day(element))


def _any(masks: list[Mask]) -> Mask:
    return reduce(np.logical_or, masks)


def _age_at_entry(view: View) -> NDArray[np.float64]:
    return years(view, view.day("900"))


def _wage(view: View, element: str) -> NDArray[np.float64]:
    return view.records.amount(element)


def _known_wage(view: View, element: str) -> Mask:
    wage = _wage(view, element)
    return (wage > 0) & (wage < p.WAGE_NOT_YET_AVAILABLE)


def _outside(view: View, element: str) -> Mask:
    day = view.day(element)
    return (day < view.day("900")) | (day > view.day("901"))


def _trained(view: View) -> Mask:
    return view.code("1300") == 1


def _has_kind(view: View, *codes: int) -> Mask:
    return _any([np.isin(view.code(kind), codes) for kind in KINDS])


def _exit_before_entry(view: View) -> Mask:
    return view.day("901") < view.day("900")


def _exit_too_new(view: View) -> Mask:
    known = np.datetime64(view.as_of) - np.timedelta64(threshold("exit_days"), "D")
    return view.day("901") > known


def _school_and_age(view: View) -> Mask:
    old, status = age(view), view.code("409")
    within = np.isin(status, (1, 2, 3)) & ((old < 14) | (old > 21))
    left = np.isin(status, (4, 5, 6)) & ((old < 16) | (old > 24))
    return IN_YOUTH(view) & (within | left)


def _no_dislocation(view: View) -> Mask:
    homemaker = view.code("807") == 1
    return IN_DISLOCATED_WORKER(view) & ~_filled(view, "410") & ~homemaker


def in_no_program(view: View) -> Mask:
    """Entered, and neither in Title I nor in Wagner-Peyser (L-10, L-11)."""
    return _filled(view, "900") & ~IN_TITLE_I(view) & ~IN_WAGNER_PEYSER(view)


def _reportable_only(view: View) -> Mask:
    return _any([view.code(stream) == REPORTABLE for stream in ("903", "904")])


def _grade_and_level(view: View) -> Mask:
    beyond_school = np.isin(view.code("408"), range(4, 9))
    return beyond_school & ~np.isin(view.code("407"), (12, MISSING))


def _level_and_status(view: View) -> Mask:
    """A graduate (409 = 5) has a level of 1 or more; a blank level is none."""
    return (view.code("409") == 5) & ~(view.code("408") >= 1)


def _veteran_fields(view: View) -> Mask:
    veteran, kind = view.code("300"), view.code("301")
    yes, no = np.isin(kind, (1, 2)), np.isin(kind, (0, 3))
    return ((veteran == 1) & ~yes) | ((veteran == 0) & ~no)


def _no_youth_barrier(view: View) -> Mask:
    return IN_YOUTH(view) & ~_any([view.code(e) == 1 for e in YOUTH_BARRIERS])


def _service_outside(view: View) -> Mask:
    return _any([_outside(view, element) for element in SERVICES])


def _first_after_last(view: View) -> Mask:
    return (view.day("1001") > view.day("1003")) | (view.day("1200") > view.day("1201"))


def _no_service(view: View) -> Mask:
    return _filled(view, "900") & ~has_service(view)


def _training_details(view: View) -> Mask:
    kind, begun = view.code("1303"), _filled(view, "1302")
    flagged = _trained(view) & (~begun | np.isin(kind, (0, MISSING)))
    return flagged | ((view.code("1300") == 0) & (begun | (kind > 0)))


def _training_backwards(view: View) -> Mask:
    return _any([view.day(end) < view.day(start) for start, end in TRAININGS])


def _completed_undated(view: View) -> Mask:
    ends = zip(("1307", "1312", "1317"), TRAININGS, strict=True)
    return _any([(view.code(done) == 1) & ~_filled(view, end) for done, (_, end) in ends])


def _type_and_program(view: View) -> Mask:
    youth = IN_YOUTH(view)
    alone = youth & ~IN_ADULT(view) & ~IN_DISLOCATED_WORKER(view)
    return (_has_kind(view, 10) & ~youth) | (_has_kind(view, 1, 3, 6) & alone)


def _training_open_at_exit(view: View) -> Mask:
    exited = _filled(view, "901")
    return exited & _any([_filled(view, a) & ~_filled(view, b) for a, b in TRAININGS])


def _supportive_after_exit(view: View) -> Mask:
    """Support after exit (youth may have it), or a follow-up that no exit precedes."""
    late = (view.day("1409") > view.day("901")) & ~IN_YOUTH(view)
    return late | (_filled(view, "1503") & ~(view.day("1503") > view.day("901")))


def _still_not_available(view: View) -> Mask:
    today = np.datetime64(view.as_of)
    late = [
        (view.code(employed) == 9) & (view.records.quarter_end_after_exit(quarters + 2) < today)
        for employed, quarters in (("1602", 2), ("1606", 4))
    ]
    return _any(late)


def _outcome_of_active(view: View) -> Mask:
    """While active, employment and its match are blank or "not yet available" (9, 5)."""
    told = [
        ~np.isin(view.code(employed), (9, MISSING)) | ~np.isin(view.code(match), (5, MISSING))
        for employed, match in EMPLOYED
    ]
    return ~_filled(view, "901") & _any(told)


def _match_disagrees(view: View) -> Mask:
    wrong = []
    for employed, match in EMPLOYED:
        code, kind = view.code(employed), view.code(match)
        wrong += [
            np.isin(code, (1, 2, 3)) & ~np.isin(kind, (1, 2, 3, 4)),
            (code == 0) & (kind != 0),
            (code == 9) & (kind != 5),
        ]
    return _any(wrong)


def _wage_and_match(view: View) -> Mask:
    kind, known = view.code("1603"), _known_wage(view, "1704")
    return (np.isin(kind, (1, 2, 3)) & ~known) | (known & ~np.isin(kind, (1, 2, 3, 4)))


def _employed_without_wage(view: View) -> Mask:
    wage = _wage(view, "1704")
    none = np.isnan(wage) | (wage == 0)
    return np.isin(view.code("1602"), (1, 2, 3)) & none & (view.code("1603") != 4)


def _placeholder_wage(view: View) -> Mask:
    placed = _wage(view, "1704") >= p.WAGE_NOT_YET_AVAILABLE
    return placed & (view.code("1602") != 9) & (view.code("1603") != 5)


def _large_wage(view: View) -> Mask:
    return _any([_known_wage(view, e) & (_wage(view, e) > threshold("large_wage")) for e in WAGES])


def _placement_of_others(view: View) -> Mask:
    told = [np.isin(view.code(e), (1, 2, 3)) for e in ("1900", "1901")]
    return _any(told) & ~IN_YOUTH(view)


def _retained_unemployed(view: View) -> Mask:
    both = np.isin(view.code("1602"), (1, 2, 3)) & np.isin(view.code("1606"), (1, 2, 3))
    return (view.code("1618") == 1) & ~both


def _credential_date(view: View) -> Mask:
    wrong = []
    for kind, attained in p.CREDENTIAL_SLOTS:
        day = view.day(attained)
        late = (day < view.day("900")) | (day > view.records.one_year_after_exit)
        wrong.append(view.has_code(kind, p.CREDENTIALS) & (np.isnat(day) | late))
    return _any(wrong)


def _credential_before_training(view: View) -> Mask:
    first = reduce(np.fmin, [view.day(start) for start, _ in TRAININGS])
    slots = p.CREDENTIAL_SLOTS
    return _any(
        [
            np.isin(view.code(kind), sorted(p.POSTSECONDARY_CREDENTIALS)) & (view.day(day) < first)
            for kind, day in slots
        ]
    )


def _credential_slots(view: View) -> Mask:
    first, second, third = (view.code(kind) > 0 for kind, _ in p.CREDENTIAL_SLOTS)
    return (second & ~first) | (third & ~second)


def _credential_not_entered(view: View) -> Mask:
    over = view.records.one_year_after_exit < np.datetime64(view.as_of)
    return _trained(view) & over & (view.code("1800") == MISSING)


def _in_school_or_training(view: View) -> Mask:
    """The activities that the skill-gain switch (1811) stands for (L-45, L-46)."""
    school = (view.code("1332") == 1) | (view.code("1401") == 1)
    return school | _has_kind(view, 2, 3, 4, 6, 7, 8, 9, 10)


def _switch_missing(view: View) -> Mask:
    return _in_school_or_training(view) & ~_filled(view, "1811")


def _switch_alone(view: View) -> Mask:
    return _filled(view, "1811") & ~_in_school_or_training(view)


def _switch_dates(view: View) -> Mask:
    backwards = view.day("1813") < view.day("1811")
    return backwards | _outside(view, "1811") | _outside(view, "1813")


def _gain_dates(view: View) -> Mask:
    wrong = []
    for gain in GAINS:
        day = view.day(gain)
        early = (day < view.day("900")) | (day < view.day("1811"))
        wrong.append(early | (day > _program_year_end(view.day("901"))))
    return _any(wrong)


def _gain_of_no_learner(view: View) -> Mask:
    learner = [view.code("804") == 1, view.code("408") == 0, view.code("803") == 1]
    return _filled(view, "1806") & ~_any(learner)


def _program_year_end(days: NDArray[Any]) -> NDArray[Any]:
    """The 30 June that closes the program year of each day."""
    years = (days.astype("datetime64[M]") - 6).astype("datetime64[Y]")
    july: NDArray[Any] = years.astype("datetime64[M]") + np.timedelta64(18, "M")
    return july.astype("datetime64[D]") - np.timedelta64(1, "D")


CHECKS: dict[str, Callable[[View], Mask]] = {
    "L-01": lambda view: view.day("900") > np.datetime64(view.as_of),
    "L-02": _exit_before_entry,
    "L-03": _exit_too_new,
    "L-04": lambda view: (_age_at_entry(view) < 14) | (_age_at_entry(view) > 100),
    "L-05": lambda view: IN_YOUTH(view) & ((age(view) < 14) | (age(view) > 24)),
    "L-06": _school_and_age,
    "L-07": lambda view: (IN_ADULT(view) | IN_DISLOCATED_WORKER(view)) & (_age_at_entry(view) < 18),
    "L-08": _no_dislocation,
    "L-09": lambda view: (
        view.day("410") > view.day("900") + np.timedelta64(threshold("dislocation_days"), "D")
    ),
    "L-10": lambda view: in_no_program(view) & ~_reportable_only(view),
    "L-11": lambda view: in_no_program(view) & _reportable_only(view),
    "L-12": lambda view: (view.code("402") == 1) & ~np.isin(view.code("400"), (0, 2, 3, MISSING)),
    "L-13": lambda view: _filled(view, "900") & (view.code("409") == MISSING),
    "L-14": _level_and_status,
    "L-15": _grade_and_level,
    "L-16": _veteran_fields,
    "L-17": lambda view: (
        ((view.code("600") == 1) | (view.code("603") == 1)) & (view.code("802") != 1)
    ),
    "L-18": lambda view: (view.code("704") == 1) & (_age_at_entry(view) > 24),
    "L-19": _no_youth_barrier,
    "L-20": lambda view: IN_ADULT(view) & _filled(view, "900") & ~PRIORITY(view),
    "L-21": _service_outside,
    "L-22": _first_after_last,
    "L-23": _no_service,
    "L-24": _training_details,
    "L-25": _training_backwards,
    "L-26": lambda view: _any([_outside(view, start) for start, _ in TRAININGS]),
    "L-27": _completed_undated,
    "L-28": _type_and_program,
    "L-29": _training_open_at_exit,
    "L-30": _supportive_after_exit,
    "L-31": _still_not_available,
    "L-32": _outcome_of_active,
    "L-33": _match_disagrees,
    "L-34": _wage_and_match,
    "L-35": _employed_without_wage,
    "L-36": _placeholder_wage,
    "L-37": _large_wage,
    "L-38": lambda view: (
        _known_wage(view, "1704") & (_wage(view, "1704") < threshold("small_wage"))
    ),
    "L-39": _placement_of_others,
    "L-40": _retained_unemployed,
    "L-41": _credential_date,
    "L-42": _credential_slots,
    "L-43": _credential_not_entered,
    "L-44": _credential_before_training,
    "L-45": _switch_missing,
    "L-46": _switch_alone,
    "L-47": _switch_dates,
    "L-48": _gain_dates,
    "L-49": _gain_of_no_learner,
    "L-50": lambda view: _filled(view, "1808") & (view.code("1401") != 1),
    "L-51": lambda view: view.day("1406") <= view.day("901"),
    "L-52": lambda view: np.isin(view.code("923"), range(1, 8)) & ~_filled(view, "901"),
    "L-53": lambda view: (view.code("923") == 5) & ~IN_YOUTH(view),
    "L-54": lambda view: (view.code("923") == 3) & np.isin(view.code("1602"), (1, 2, 3)),
    "L-55": lambda view: (
        (view.code("1608") == 1) & ~(np.isin(view.code("1602"), (1, 2, 3)) & _trained(view))
    ),
    "L-56": lambda view: _any([view.day(gain) > view.day("901") for gain in GAINS]),
    "L-57": lambda view: (
        IN_TITLE_I(view)
        & _any(
            [
                view.code(kind) == p.VOCATIONAL_REHABILITATION_CREDENTIAL
                for kind, _ in p.CREDENTIAL_SLOTS
            ]
        )
    ),
    "L-58": lambda view: np.isin(view.code("923"), (98, 99)),
}
