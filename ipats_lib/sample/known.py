"""What of the full state was known on an earlier day: the PIRL rows (domain 2.2, 8.1).

The generator draws the full state, which is the extract of `rates.AS_OF`. The extract of an earlier
day is made from it by one rule: what has a day of its own is known from that day on, what is
recorded together with a day is known with it, and where an element holds the newest of several
days, the one that was the newest then stands in it. Nothing else is drawn anew.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.attainment import SLOTS as CREDENTIALS
from ipats_lib.sample.outcomes import (
    NOT_YET,
    NOT_YET_CODE,
    NOT_YET_MATCH,
    QUARTERS,
    SUPPLEMENTAL,
    quarter_end,
)
from ipats_lib.sample.people import DAY, Columns, Days, People, chance, where_days
from ipats_lib.sample.services import QUIET_DAYS, QUIET_SHAPE, SUPPORTIVE, YOUTH_SERVICES
from ipats_lib.sample.training import SLOTS as TRAININGS

Day = np.datetime64
Mask = NDArray[np.bool_]
EXIT_KNOWN_AFTER = rates.AS_OF - rates.LAST_EXIT
# Days that a record tells ahead: birth, and a dislocation that has been announced.
TOLD_AHEAD = ("200", "410")
AFTER_EXIT = ("1406", "1412", "1503")
# Newest services of a kind, and the first of it; a kind without one begins with participation.
NEWEST = {"1003": "1001", "1201": "1200", **dict.fromkeys(YOUTH_SERVICES, "906"),
          "1002": "900", "1007": ""}  # fmt: skip
# Kinds that extend no participation, and so go on beside the others.
ALONE = ("1002", "1007")
GAINS = tuple(rates.GAIN_TYPES)
# What is recorded together with a day, and what stands there before it.
CODES_WITH: dict[str, dict[str, int]] = {
    "901": {"923": -1},
    "1302": {"1300": 0, "1303": 0, "1310": -1, "1315": -1, "1319": 0, "1328": 0, "1333": 0},
    "1308": {"1307": -1}, "1309": {"1310": -1}, "1313": {"1312": -1}, "1314": {"1315": -1},
    "1318": {"1317": -1}, "1811": {"1401": 0, "1332": 0},
    "1803": {"1802": -1}, "1805": {"1804": -1},
}  # fmt: skip
STRINGS_WITH = {"1302": ("1301", "1306"), "1309": ("1311",), "1314": ("1316",), "933": ("932",)}
PLACEMENTS = {2: "1900", 4: "1901"}
EMPLOYED, ANY_WORK = (1, 2, 3), (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Known:
    """A block as it stood on a day.

    full: the full state. people: the same rows, with what was known. kept: which of them an extract
    of the day holds. steps: days between two services of each row.
    """

    day: Day
    full: People
    people: People
    kept: Mask
    steps: NDArray[np.timedelta64]


def oldest_exit(day: Day) -> Day:
    """The first day of the ten quarters of exits that an extract of a day holds (domain 8.1)."""
    quarter = day.astype("datetime64[M]").astype("int64") // 3
    first: Day = np.int64((quarter - rates.QUARTERS_OF_EXITS) * 3).astype("datetime64[M]")
    return first.astype(DAY)


def as_it_stood(people: People, asked: Days, day: Day, rng: Generator) -> Known:
    """The rows of a block as they were known on a day before `rates.AS_OF`.

    asked: when a row's customer applied who has not entered; blank for others. rng: drawn from
    alike for every day, so that the extracts of several days agree.
    """
    steps = np.ceil(rng.gamma(QUIET_SHAPE + 1, QUIET_DAYS, people.size)).astype("timedelta64[D]")
    soon = np.array([chance(rng, people.size, rates.EARLY_SUPPLEMENTAL_SHARE) for _ in QUARTERS])
    days = _days(people, day, steps)
    codes = {element: column.copy() for element, column in people.codes.items()}
    strings = {element: column.copy() for element, column in people.strings.items()}
    for element, together in CODES_WITH.items():
        later = ~np.isnat(people.days[element]) & np.isnat(days[element])
        for code, blank in together.items():
            codes[code][later] = blank
    for element, texts in STRINGS_WITH.items():
        later = ~np.isnat(people.days[element]) & np.isnat(days[element])
        for text in texts:
            strings[text][later] = ""
    codes["1205"][np.isnat(days["1203"]) & np.isnat(days["1405"])] = 0
    amounts = dict(people.amounts)
    then = replace(people, codes=codes, days=days, amounts=amounts, strings=strings)
    _credentials(people, then, day)
    for number, quarter in enumerate(QUARTERS, start=1):
        _quarter(then, day, number, quarter, soon[number - 1])
    _about_the_job(then)
    entered = days["900"] <= day
    held = np.isnat(days["901"]) | (days["901"] >= oldest_exit(day))
    kept = np.where(people.takes_part, entered & held, ~(asked > day))
    return Known(day, people, then, kept, steps)


def newest_service(days: Columns, youth: Mask) -> Days:
    """The newest service of each row that extends participation (domain 2.1, 9.2)."""
    ended = (days[slot[4]] for slot in TRAININGS)
    elements = (days[element] for element in ("1003", "1201", *YOUTH_SERVICES))
    supported = where_days(youth, days[SUPPORTIVE])
    return np.fmax.reduce([*elements, *ended, supported])


def _days(people: People, day: Day, steps: NDArray[np.timedelta64]) -> Columns:
    """Every day that was known: those until the day, the newest of several as it was then."""
    full, youth = people.days, people.is_in("youth")
    last = newest_service(full, youth)
    days: Columns = {
        element: column if element in TOLD_AHEAD else where_days(column <= day, column)
        for element, column in full.items()
    }
    days["901"] = where_days(full["901"] <= day - EXIT_KNOWN_AFTER, full["901"])
    for element in AFTER_EXIT:
        days[element] = where_days(~np.isnat(days["901"]), days[element])
    for element, first in NEWEST.items():
        closing = full[element] == last
        if element in ALONE:
            closing = np.ones(people.size, dtype=np.bool_)
        days[element] = _newest(full[element], closing, days.get(first), day, steps)
    days["1004"] = np.fmax(days["1003"], days["1201"])
    closing = youth & (full[SUPPORTIVE] == last)
    again = _newest(full[SUPPORTIVE], closing, days["906"], day, steps)
    days[SUPPORTIVE] = where_days(closing, again)
    then = newest_service(days, youth)
    days[SUPPORTIVE] = np.where(closing, again, _supported(full, last, then, day))
    gain = np.fmax.reduce([where_days(one <= day, one) for one in people.gains])
    newest = np.fmax.reduce(people.gains)
    for element in GAINS:
        # A second kind of gain lies as long before the newest one then as it does now.
        then = np.maximum(gain - (newest - full[element]), days["1811"])
        days[element] = np.where(full[element] > day, then, days[element])
    return days


def _newest(
    newest: Days, closing: Mask, first: Days | None, day: Day, steps: NDArray[np.timedelta64]
) -> Days:
    """The newest of several services, as it was on a day.

    closing: it is the row's newest service of all; those go back from it in even steps, to the
    first of their kind. Other kinds were given at first only.
    """
    back = np.ceil((newest - day) / steps).astype("float64")
    back = np.where(np.isnan(back) | (back < 0), 0, back).astype("int64")
    again = newest - back * steps
    if first is not None:
        again = where_days(~np.isnat(first), np.fmax(np.where(closing, again, first), first))
    return np.where(newest <= day, newest, where_days(~np.isnat(newest), again))


def _supported(full: Columns, newest: Days, then: Days, day: Day) -> Days:
    """The newest supportive service: it lay as far along the way to the newest service then as it
    does now.

    newest, then: the newest service of each row, as of the full state and as of the day.
    """
    moved = (full["1409"] > day) & (full["900"] <= then)
    entry = full["900"][moved]
    way = np.fmax((newest[moved] - entry).astype("int64"), 1)
    part = (full["1409"][moved] - entry).astype("int64") / way
    gone = (then[moved] - entry).astype("int64")
    found = where_days(full["1409"] <= day, full["1409"])
    found[moved] = entry + np.floor(part * gone).astype("timedelta64[D]")
    return found


def _credentials(full: People, then: People, day: Day) -> None:
    """1800 says that nothing was earned once the year after exit is over (rule L-43)."""
    codes, exits = then.codes, then.days["901"]
    over = then.exited & (exits + np.timedelta64(366, "D") < day)
    later = ~np.isnat(full.days["1801"]) & np.isnat(then.days["1801"])
    codes["1800"][later] = np.where(over, 0, -1)[later]
    codes["1800"][(codes["1800"] == 0) & ~then.exited] = -1
    for kind, _ in CREDENTIALS:
        codes[kind][codes["1800"] <= 0] = -1


def _quarter(
    then: People, day: Day, number: int, elements: tuple[str, str, str, str], soon: Mask
) -> None:
    """A quarter after exit is known once its wages have come, some of it earlier (L-31 to L-36)."""
    employed, match, amount, industry = elements
    codes, exited = then.codes, then.exited
    over = quarter_end(then.days["901"], number)
    known = over + then.wage_delay <= day
    early = (over <= day) & ~known & soon & np.isin(codes[employed], ANY_WORK)
    told, pending = known | early, exited & ~known & ~early
    for element, waits in ((employed, NOT_YET_CODE), (match, NOT_YET_MATCH)):
        codes[element] = np.select([told, pending], [codes[element], waits], default=-1)
    codes[match][early] = SUPPLEMENTAL
    then.amounts[amount] = np.select(
        [told, pending], [then.amounts[amount], NOT_YET], default=np.nan
    )
    then.strings[industry] = np.where(told, then.strings[industry], "")
    if number in PLACEMENTS:
        placed = known | ((over <= day) & soon)
        element = PLACEMENTS[number]
        codes[element] = np.where(placed, codes[element], -1)


def _about_the_job(then: People) -> None:
    """What depends on the work that is known by now (rules L-40, L-55)."""
    codes = then.codes
    hired = [np.isin(codes[elements[0]], EMPLOYED) for elements in QUARTERS]
    anywhere = np.logical_or.reduce(hired)
    codes["1618"][codes["1606"] == NOT_YET_CODE] = NOT_YET_CODE
    for element, known in (("1608", hired[1]), ("1611", anywhere), ("1618", hired[1])):
        codes[element][~known] = -1
    for element, known in (("1610", anywhere), ("1612", hired[1]), ("1613", hired[3])):
        then.strings[element] = np.where(known, then.strings[element], "")
