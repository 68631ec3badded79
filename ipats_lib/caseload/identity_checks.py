"""What the edit checks ask about who and where somebody is (domain 4.3: V-, D- and X-).

The checks between periods compare the records of one customer that the view holds: a page compares
what its reader may see, and nothing else.
"""

from collections.abc import Callable, Iterable
from functools import cache, reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.catalogue import threshold
from ipats_lib.caseload.whole_customer import NAMED
from ipats_lib.cohorts import MISSING, STREAMS, Mask, Program, View
from ipats_lib.params import load_counties, read_each

HOME_STATE = "IL"
HOME_ZIP = "6[0-2][0-9]{3}"
DEMOGRAPHICS = ("201", "210", "211", "212", "213", "214", "215")
UNCHANGING = ("201", "211", "212", "213", "214", "215")
AT_ENTRY = ("202", "300", "408", "409", *(str(number) for number in range(800, 807)))
NOT_TOLD = 9
NEAREST = 10  # a customer's records that each one is compared with
_NEVER = np.datetime64("2999-12-31")  # the exit of who has not left
_TITLE_I: tuple[Program, ...] = ("adult", "dw", "youth")
_LINES: tuple[Program, ...] = (*_TITLE_I, "wp")


def _any(masks: Iterable[Mask]) -> Mask:
    return reduce(np.logical_or, masks)


def _at_home(view: View) -> Mask:
    return (view.records.text("101") == HOME_STATE).astype(np.bool_)


@cache
def _states() -> list[str]:
    """Postal codes, and those of PIRL 101 for military mail and other countries."""
    return read_each("states.csv", ("code", "name"), lambda row: row["code"])


def _unknown_state(view: View) -> Mask:
    return ~np.isin(view.records.text("101").astype("str"), _states())


def _unknown_county(view: View) -> Mask:
    """Only the home state's counties are listed, so only their wrong numbers are found."""
    codes = [county.fips for county in load_counties()]
    return _at_home(view) & ~np.isin(view.records.text("102").astype("str"), codes)


def _foreign_zip(view: View) -> Mask:
    zips = pd.Series(view.records.text("103"), dtype="str")
    five = zips.str.fullmatch("[0-9]{5}").to_numpy(dtype=np.bool_)
    home = zips.str.fullmatch(HOME_ZIP).to_numpy(dtype=np.bool_)
    return ~five | (_at_home(view) & ~home)


def _days_since_earlier(view: View) -> NDArray[np.float64]:
    """Days from the last exit of the customer's earlier periods to the entry.

    NaN where there is none earlier, minus infinity where an earlier one has not ended. Of two
    periods that begin on one day, the line further down is the later one.
    """
    entry, leave = view.day("900"), view.day("901")
    table = pd.DataFrame(
        {
            "customer": _by_customer(view),
            "entry": entry.astype(np.float64),
            "exit": np.where(np.isnat(leave), np.inf, leave.astype(np.float64)),
        }
    )
    known = table[~np.isnat(entry) & (view.records.text("100") != "")]
    ordered = known.sort_values("entry", kind="stable")
    customer = ordered["customer"]
    latest = ordered.groupby(customer)["exit"].cummax().groupby(customer).shift()
    return (ordered["entry"] - latest).reindex(table.index).to_numpy(dtype=np.float64)


def _since_earlier(view: View) -> NDArray[np.float64]:
    return view.records.kept("_days_since_earlier", lambda: _days_since_earlier(view))


def _too_soon(view: View) -> Mask:
    days = _since_earlier(view)
    return (days > 0) & (days < threshold("one_period_days"))


def _repeated(view: View) -> Mask:
    """Of the lines with one identifier, entry date and program, all but the first."""
    entry, customer = view.day("900"), view.records.text("100")
    known = ~np.isnat(entry) & (customer != "")
    keys = pd.DataFrame({"customer": _by_customer(view), "entry": entry.astype("datetime64[s]")})

    def again(program: Program) -> Mask:
        among = known & STREAMS[program](view)
        found = np.zeros(len(among), dtype=np.bool_)
        found[among] = keys[among].duplicated().to_numpy()
        return found

    return _any(again(program) for program in _LINES)


def _by_customer(view: View) -> NDArray[np.intp]:
    """A number for each record's customer, from 0 on; records without one have one in common."""
    records = view.records
    return records.kept("_customers", lambda: pd.factorize(records.text("100"))[0])


def _differs(view: View, values: NDArray[np.float64]) -> Mask:
    """Whether the customer's lines hold several values; a missing one contradicts nothing."""
    customer = _by_customer(view)
    if not len(customer):
        return np.zeros(0, dtype=np.bool_)
    order = np.argsort(customer, kind="stable")
    starts = np.flatnonzero(np.diff(customer[order], prepend=-1))
    highest, lowest = (pick.reduceat(values[order], starts) for pick in (np.fmax, np.fmin))
    several = (highest > lowest)[customer]
    known: Mask = (view.records.text("100") != "").astype(np.bool_)
    return several & ~np.isnan(values) & known


def _same_person(view: View) -> Mask:
    """Whether another identifier has the same birth date and ZIP code; in one area's records."""
    names, zips = view.records.text("100").astype("str"), view.records.text("103").astype("str")
    born = view.day("200")
    places = np.flatnonzero(~np.isnat(born) & (zips != "") & (names != ""))
    keys = pd.DataFrame({"born": born[places].astype("datetime64[s]"), "zip": zips[places]})
    keys = keys.assign(place=places)[keys.duplicated(keep=False)]
    alike = pd.Series(names[keys["place"]], keys.index, dtype="object")
    area = [name[: name.find(NAMED) + 1] for name in alike]
    found = np.zeros(len(names), dtype=np.bool_)
    namesakes = keys.assign(name=alike, area=area).groupby(["born", "zip", "area"])["name"]
    found[keys["place"][namesakes.transform("nunique") > 1]] = True
    return found


Pairs = NDArray[np.intp]  # two rows: the one record and the other


def _pairs(view: View) -> Pairs:
    """Records of one customer that were entered, each with the next `NEAREST` ones by entry."""
    entry, customer = view.day("900"), _by_customer(view)
    places = np.flatnonzero(~np.isnat(entry) & (view.records.text("100") != ""))
    places = places[np.bincount(customer[places])[customer[places]] > 1] if len(places) else places
    order = places[np.lexsort((entry[places], customer[places]))]
    found = [np.empty((2, 0), dtype=np.intp)]
    for more in range(1, min(NEAREST, len(order) - 1) + 1):
        both = np.array([order[:-more], order[more:]])
        found.append(both[:, customer[both[0]] == customer[both[1]]])
    return np.concatenate(found, axis=1)


def _streams(view: View) -> NDArray[np.bool_]:
    """Which of `_LINES` each record is in: a column each."""
    return np.column_stack([STREAMS[line](view) for line in _LINES])


def _in_pairs(broken: Callable[[View, Pairs], Mask]) -> Callable[[View], Mask]:
    """Both records of each pair of one customer that breaks a rule."""

    def question(view: View) -> Mask:
        pairs = view.records.kept("_pairs", lambda: _pairs(view))
        found, wrong = np.zeros(len(view.records), dtype=np.bool_), broken(view, pairs)
        found[pairs[:, wrong]] = True
        return found

    return question


def _apart(view: View, pairs: Pairs, first: int) -> Mask:
    """In no line in common; each in one of the first so many."""
    one, two = _streams(view)[pairs]
    mine: Mask = one[:, :first].any(axis=1) & two[:, :first].any(axis=1)
    return mine & ~(one & two).any(axis=1)


def _exits(view: View) -> NDArray[np.datetime64]:
    return np.where(np.isnat(view.day("901")), _NEVER, view.day("901"))


def _other_exit(view: View, pairs: Pairs) -> Mask:
    (one, two), entry, exits = pairs, view.day("900"), _exits(view)
    together = (entry[one] <= exits[two]) & (entry[two] <= exits[one])
    return _apart(view, pairs, len(_TITLE_I)) & together & (exits[one] != exits[two])


def common_exit(view: View) -> NDArray[np.datetime64]:
    """The last exit of the customer's records that have different ones at the same time (X-02);
    missing where one is active."""
    exits, last, pairs = _exits(view), _exits(view), _pairs(view)
    one, two = pairs[:, _other_exit(view, pairs)]
    np.maximum.at(last, one, exits[two])
    np.maximum.at(last, two, exits[one])
    return np.where(last == _NEVER, np.datetime64("NaT"), last)


def _same_entry(view: View, pairs: Pairs) -> Mask:
    one, two = view.day("900")[pairs]
    return np.asarray(one == two)


def _other_answer(view: View, pairs: Pairs) -> Mask:
    """9 and blank contradict nothing."""
    same = _same_entry(view, pairs)
    codes = (view.code(element)[pairs[:, same]] for element in AT_ENTRY)
    known = ((each, ~np.isin(each, (MISSING, NOT_TOLD)).any(axis=0)) for each in codes)
    same[same] = _any((each[0] != each[1]) & both for each, both in known)
    return same


def _births_differ(view: View) -> Mask:
    born = view.day("200")
    return _differs(view, np.where(np.isnat(born), np.nan, born.astype(np.float64)))


def _demographics_differ(view: View) -> Mask:
    """A value that is not disclosed contradicts nothing."""
    every = (view.code(element) for element in UNCHANGING)
    return _any(
        _differs(view, np.where(np.isin(codes, (MISSING, NOT_TOLD)), np.nan, codes))
        for codes in every
    )


QUESTIONS: dict[str, Callable[[View], Mask]] = {
    "unknown_state": _unknown_state,
    "unknown_county": _unknown_county,
    "foreign_zip": _foreign_zip,
    "repeated": _repeated,
    "overlaps": lambda view: _since_earlier(view) <= 0,
    "too_soon": _too_soon,
    "births_differ": _births_differ,
    "same_person": _same_person,
    "other_exit": _in_pairs(_other_exit),
    "other_program": _in_pairs(
        lambda view, pairs: _same_entry(view, pairs) & _apart(view, pairs, len(_LINES))
    ),
    "other_answer": _in_pairs(_other_answer),
    "demographics_differ": _demographics_differ,
}
