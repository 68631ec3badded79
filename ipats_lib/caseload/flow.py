"""Who came in, who left and how many were there, from entry and exit dates alone (A-02, A-03).

Everything counts periods of participation of Title I participants. An exit is known 90 days after
it (domain 2.1), so what hangs on exits ends on the last day of which all are known.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from ipats_lib.caseload.catalogue import read_alerts, threshold
from ipats_lib.caseload.status import in_follow_up, is_open
from ipats_lib.cohorts import IN_TITLE_I, MISSING, Mask, Records, View
from ipats_lib.periods import Quarter, Window, program_year

MONTHS = 24
# Element 923; 98 and 99 are legacy codes read as 00 (domain 2.3).
EXIT_REASONS: Mapping[int, str] = {
    **dict.fromkeys((MISSING, 0, 98, 99), "No exclusion"),
    1: "Institutionalized",
    2: "Health or medical",
    3: "Deceased",
    4: "Reserve forces called to active duty",
    5: "Foster care, moved from the area",
    6: "Ineligible",
    7: "Criminal offender, in a correctional institution",
}


def view_of(records: Records, as_of: date) -> View:
    """The records on one day, for questions that ask about no window."""
    return View(records, "title1", Window(as_of, as_of), as_of)


def exits_known(as_of: date) -> date:
    """The last day of which all exits are known: `exit_days` before the as-of date."""
    return as_of - timedelta(days=threshold("exit_days"))


def known_months(as_of: date) -> NDArray[np.datetime64]:
    """The last 12 months of which all exits are known, oldest first: those that end by
    `exits_known`."""
    running = np.datetime64(exits_known(as_of) + timedelta(days=1), "M")
    return running - np.arange(12, 0, -1)


def within_fixed_spans(records: Records, as_of: date) -> dict[str, Mask]:
    """Which records each span of fixed length counts, by the span's name."""
    mine = IN_TITLE_I(view_of(records, as_of))
    return {
        name: mine & between(records.day(element), start, end)
        for name, fixed, element, start, end in spans(as_of)
        if fixed
    }


def spans(as_of: date) -> list[tuple[str, bool, str, date, date]]:
    """Spans that end now: name, whether as long on any day, so that extracts of other days compare,
    element, first and last day. Exits end on the last day of which all are known."""
    known, year = exits_known(as_of), date(program_year(as_of), 7, 1)
    return [
        ("Enrolments: month to date", False, "900", as_of.replace(day=1), as_of),
        ("Enrolments: quarter to date", False, "900", Quarter.of(as_of).start, as_of),
        ("Enrolments: program year to date", False, "900", year, as_of),
        ("Enrolments: 12 months", True, "900", _after(a_year_before(as_of)), as_of),
        ("Exits: 3 months", True, "901", _after(months_before(known, 3)), known),
        ("Exits: 12 months", True, "901", _after(a_year_before(known)), known),
    ]


def _after(day: date) -> date:
    return day + timedelta(days=1)


def a_year_before(day: date) -> date:
    """The same day last year; 28 February for 29 February."""
    last = day.day if (day.month, day.day) != (2, 29) else 28
    return day.replace(year=day.year - 1, day=last)


def between(days: NDArray[np.datetime64], first: date, last: date) -> Mask:
    """Which days lie in a span, both its ends included."""
    return (days >= np.datetime64(first)) & (days <= np.datetime64(last))


def exits_of_known_months(records: Records, as_of: date) -> tuple[Mask, list[str]]:
    """Which records exited in the `known_months`, and the reason (923) of each."""
    view, months = view_of(records, as_of), known_months(as_of)
    exited = view.day("901").astype("datetime64[M]")
    mine = IN_TITLE_I(view) & (exited >= months[0]) & (exited <= months[-1])
    return mine, exit_reasons_of(view.code("923")[mine])


def exit_reasons_of(codes: NDArray[np.int32]) -> list[str]:
    """The reason of each exit (923) in words; a code that the list lacks is named as it is."""
    return [EXIT_REASONS.get(code, f"Code {code:02d}, not in the list") for code in codes.tolist()]


def long_standing(records: Records, running: Mask, day: date) -> Mask:
    """Which of the active of a day have been so for more than the days of A-27."""
    limit = day - timedelta(days=read_alerts()["A-27"].days)
    return running & (records.day("900") < np.datetime64(limit))


def recent(days: NDArray[np.datetime64], last: date) -> Mask:
    """In the days of a tile (`flow_days`) up to and with the last one."""
    first = last - timedelta(days=threshold("flow_days"))
    return (days > np.datetime64(first)) & (days <= np.datetime64(last))


def standing_of(records: Records, as_of: date) -> Iterator[tuple[date, dict[str, Mask]]]:
    """Which records count on the last day of which all exits are known, a quarter and a year
    before: by day and name of the count. Enrolled: in the `flow_days` up to the as-of date then."""
    view = view_of(records, as_of)
    mine, known = IN_TITLE_I(view), exits_known(as_of)
    for back in _BACK:
        day = back(known)
        running = mine & is_open(view, day)
        yield (
            day,
            {
                "active": running,
                "follow_up": mine & in_follow_up(view, day),
                "enrolled": mine & recent(records.day("900"), back(as_of)),
                "exited": mine & recent(records.day("901"), day),
                "long": long_standing(records, running, day),
            },
        )


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of a month that is too short for it."""
    first = np.datetime64(day, "M") - months
    last = (first + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    return min(first.astype("datetime64[D]") + (day.day - 1), last).item()


# The day itself, a quarter and a year before.
_BACK: tuple[Callable[[date], date], ...] = (
    lambda day: day,
    lambda day: months_before(day, 3),
    a_year_before,
)
