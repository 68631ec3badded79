"""Credentials and measurable skill gains: 1800 to 1810 (domain 2.8, 2.9)."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.people import (
    DAY,
    NAT,
    Days,
    People,
    between,
    chance,
    choose,
    some_days,
    where_days,
)

DIPLOMA = 1
# July and August; and as many program years as the longest period of participation touches.
SUMMER, PROGRAM_YEARS = np.timedelta64(62, "D"), 5
DIPLOMA_SHARE, DIPLOMA_ALONE_SHARE = 0.75, 0.7
SLOTS = (("1802", "1803"), ("1804", "1805"))


def attain(rng: Generator, people: People) -> None:
    """Fill what was attained in the education that 1811 and 1813 enclose."""
    _credentials(rng, people)
    _gains(rng, people)


def _credentials(rng: Generator, people: People) -> None:
    size, enrolled = people.size, ~np.isnat(people.days["1811"])
    earned = enrolled & chance(rng, size, _credential_share(people))
    start = np.fmax(people.days["1811"], people.days["1302"])
    end = np.fmax(np.where(np.isnat(people.days["1813"]), people.until, people.days["1813"]), start)
    when = end + some_days(rng, size, 0, 120)
    deadline = people.days["901"] + np.timedelta64(364, "D")
    when = np.where(people.exited, np.fmax(np.fmin(when, deadline), end), when)
    earned &= when <= rates.AS_OF
    kind = choose(rng, size, rates.CREDENTIAL_TYPES)
    pupil = (people.codes["1401"] == 1) & (people.codes["408"] == 0)
    kind[pupil & chance(rng, size, DIPLOMA_SHARE)] = DIPLOMA
    people.codes["1800"] = np.where(earned, kind, _nothing_earned(rng, people))
    people.days["1801"] = where_days(earned, when)
    _further_credentials(rng, people, earned, pupil)


def _credential_share(people: People) -> NDArray[np.float64]:
    completed, known = people.codes["1307"] == 1, people.codes["1307"] >= 0
    shift = np.select(
        [completed, known], [rates.CREDENTIAL_AFTER_COMPLETION, rates.CREDENTIAL_AFTER_WITHDRAWAL]
    )
    share = people.rates("credential") + people.area_shift("credential") + shift
    return np.asarray(np.clip(share, 0.05, 0.97))


def _nothing_earned(rng: Generator, people: People) -> NDArray[Any]:
    """0 once the year after a trained exit is over (rule L-43), before that 0 or blank."""
    trained = (people.codes["1300"] == 1) | ~np.isnat(people.days["1811"])
    over = people.days["901"] + np.timedelta64(366, "D") < rates.AS_OF
    entered = trained & people.exited & (over | chance(rng, people.size, 0.4))
    return np.where(entered, 0, -1)


def _further_credentials(
    rng: Generator, people: People, earned: NDArray[np.bool_], pupil: NDArray[np.bool_]
) -> None:
    """A second and a third credential, of another type and later, still within a year of exit."""
    size, previous = people.size, "1801"
    latest = np.where(people.exited, people.days["901"] + np.timedelta64(364, "D"), rates.AS_OF)
    for (kind, date), share in zip(SLOTS, rates.FURTHER_CREDENTIALS, strict=True):
        earned = earned & chance(rng, size, share)
        when = between(rng, people.days[previous], np.fmin(latest, rates.AS_OF))
        diploma = pupil & (people.codes["1800"] != DIPLOMA)
        drawn = np.where(diploma, DIPLOMA, rng.integers(2, 8, size))
        written = (people.codes["1800"] > 0) & chance(rng, size, 0.2)
        people.codes[kind] = np.where(earned, drawn, np.where(written, 0, -1))
        people.days[date] = where_days(earned, when)
        previous = date


def _gains(rng: Generator, people: People) -> None:
    """The most recent gain of each kind: in the last program year of the education that had one.

    In every program year alike, also in the one that has just begun on the as-of date: whoever
    goes on after the summer gains nothing in it. So an extract of the middle of August, whichever
    year's, has lost few gains of the year before to newer ones.
    """
    size, start = people.size, people.days["1811"]
    completed = people.days["1813"]
    end = np.where(np.isnat(completed), people.until, completed)
    share = np.clip(people.rates("gain") + people.area_shift("gain"), 0.1, 0.97)
    when = np.full(size, NAT)
    for back in range(PROGRAM_YEARS):
        first, last = _program_year(end, back)
        autumn = first + SUMMER
        goes_on = ~(completed < autumn)
        low = np.maximum(start, np.where(goes_on, autumn, first))
        high = np.minimum(end, last)
        gained = (low <= high) & chance(rng, size, share)
        gain = where_days(gained, between(rng, low, high))
        when = np.where(np.isnat(when), gain, when)
        people.gains.append(gain)
    second = between(rng, np.maximum(start, when - np.timedelta64(90, "D")), when)
    also = chance(rng, size, 0.12)
    kind, other = _gain_kinds(rng, people), _gain_kinds(rng, people)
    for element in rates.GAIN_TYPES:
        beside = where_days(also & (other == element), second)
        people.days[element] = np.where(kind == element, when, beside)


def _program_year(day: Days, back: int) -> tuple[Days, Days]:
    """First and last day of the program year of a day, or of one so many years before."""
    july = ((day.astype("datetime64[M]").astype("int64") - 6) // 12 - back) * 12 + 6
    first, next_first = (months.astype("datetime64[M]").astype(DAY) for months in (july, july + 12))
    return first, next_first - 1


def _gain_kinds(rng: Generator, people: People) -> NDArray[Any]:
    """1806 needs a deficiency at entry, 1808 secondary school (rules L-49, L-50)."""
    codes, names = people.codes, np.array(list(rates.GAIN_TYPES))
    weights = np.tile(np.array(list(rates.GAIN_TYPES.values()), dtype=float), (people.size, 1))
    deficient = (codes["804"] == 1) | (codes["803"] == 1) | (codes["408"] == 0)
    weights[~deficient, 0] = 0
    weights[codes["1401"] != 1, 2] = 0
    weights[np.isin(codes["1303"], (1, 5, 9)), 3] *= 3
    weights[codes["1332"] == 1, 1] *= 2
    edges = np.cumsum(weights, axis=1)
    drawn = rng.random(people.size) * edges[:, -1]
    return names[(edges <= drawn[:, None]).sum(axis=1)]
