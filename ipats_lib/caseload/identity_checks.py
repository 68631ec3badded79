"""What the edit checks ask about who and where somebody is (domain 4.3, V- and D-).

The checks between periods compare the records of one customer that the view holds: a page compares
what its reader may see, and nothing else.
"""

from collections.abc import Callable, Iterable
from functools import cache, reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.thresholds import threshold
from ipats_lib.cohorts import MISSING, STREAMS, Mask, Program, View
from ipats_lib.params import load_counties, read_each

HOME_STATE = "IL"
HOME_ZIP = "6[0-2][0-9]{3}"
DEMOGRAPHICS = ("201", "210", "211", "212", "213", "214", "215")
UNCHANGING = ("201", "211", "212", "213", "214", "215")
NOT_TOLD = 9


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
    """Only the home state's counties are listed, so only they can be told from wrong ones."""
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
            "customer": view.records.text("100"),
            "entry": entry.astype(np.float64),
            "exit": np.where(np.isnat(leave), np.inf, leave.astype(np.float64)),
        }
    )
    known = table[~np.isnat(entry) & (table["customer"] != "")]
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
    keys = pd.DataFrame({"customer": customer, "entry": entry.astype("datetime64[s]")})

    def again(program: Program) -> Mask:
        among = known & STREAMS[program](view)
        found = np.zeros(len(among), dtype=np.bool_)
        found[among] = keys[among].duplicated().to_numpy()
        return found

    return _any(again(program) for program in ("adult", "dw", "youth", "wp"))


def _by_customer(view: View) -> NDArray[np.intp]:
    """A number for each record's customer, from 0 on; records without one have one in common."""
    records = view.records
    return records.kept("_customers", lambda: pd.factorize(records.text("100"))[0])


def _differs(view: View, told: NDArray[np.float64]) -> Mask:
    """Whether the customer's lines hold several values; a missing one contradicts nothing."""
    customer = _by_customer(view)
    if not len(customer):
        return np.zeros(0, dtype=np.bool_)
    order = np.argsort(customer, kind="stable")
    starts = np.flatnonzero(np.diff(customer[order], prepend=-1))
    highest, lowest = (pick.reduceat(told[order], starts) for pick in (np.fmax, np.fmin))
    several = (highest > lowest)[customer]
    known: Mask = (view.records.text("100") != "").astype(np.bool_)
    return several & ~np.isnan(told) & known


def _births_differ(view: View) -> Mask:
    born = view.day("200")
    return _differs(view, np.where(np.isnat(born), np.nan, born.astype(np.float64)))


def _demographics_differ(view: View) -> Mask:
    """What was not told contradicts nothing."""
    told = (view.code(element) for element in UNCHANGING)
    return _any(
        _differs(view, np.where(np.isin(codes, (MISSING, NOT_TOLD)), np.nan, codes))
        for codes in told
    )


QUESTIONS: dict[str, Callable[[View], Mask]] = {
    "unknown_state": _unknown_state,
    "unknown_county": _unknown_county,
    "foreign_zip": _foreign_zip,
    "repeated": _repeated,
    "overlaps": lambda view: _since_earlier(view) <= 0,
    "too_soon": _too_soon,
    "births_differ": _births_differ,
    "demographics_differ": _demographics_differ,
}
