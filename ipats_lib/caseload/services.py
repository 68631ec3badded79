"""Which services extend a period of participation, and planned gaps, which are no services.

Whose participation a date extends is data (`params/extending_services.csv`; domain 2.1, 5.2, 9.2).
Self-service and information-only services extend nobody's (20 CFR 677.150(c)), so their dates are
not asked for. A gap that was planned keeps a customer from a soft exit while it lasts; whatever
counts services leaves it out (domain 5.1).
"""

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import IN_YOUTH, Mask, View
from ipats_lib.errors import ParamsError
from ipats_lib.params import one_of, params_folder, read_each, read_rows


@cache
def load_gap_codes() -> frozenset[str]:
    """The service codes of planned gaps (`params/gaps.csv`)."""
    rows = read_rows(params_folder() / "gaps.csv", ("service_code", "title", "source"))
    return frozenset(row["service_code"] for row in rows)


def is_gap(service: pd.DataFrame) -> pd.Series:
    """Which lines of a service table are planned gaps."""
    return service["service_code"].astype("str").isin(load_gap_codes())


def services_only(service: pd.DataFrame) -> pd.DataFrame:
    """A service table without its planned gaps."""
    return service[~is_gap(service)]


def open_gaps(service: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The planned gaps that last on the as-of date.

    Begun, without an actual end, and before or on the planned end: a gap that nobody closed does
    not keep a customer for ever (A-10 names it).
    """
    today = pd.Timestamp(as_of)
    lasts = service["planned_end"].isna() | (service["planned_end"] >= today)
    begun = (service["start"] <= today) & service["actual_end"].isna()
    return service[is_gap(service) & begun & lasts]


def in_planned_gap(customers: pd.Series, service: pd.DataFrame | None, as_of: date) -> pd.Series:
    """Which of the customers have a planned gap that lasts; nobody without a service table."""
    if service is None:
        return pd.Series(data=False, index=customers.index)
    return customers.astype("str").isin(set(open_gaps(service, as_of)["customer"].astype("str")))


ENTRY = "900"
TRAININGS = (("1302", "1308"), ("1309", "1313"), ("1314", "1318"))
# The dates that the file is about.
SERVICES = (
    *(ENTRY, "1001", "1003", "1004", "1200", "1201", "1203", "1206", "906"),
    *(day for training in TRAININGS for day in training),
    *("1402", "1403", "1405", "1407", "1408", "1409", "1410", "1411", "1412"),
    *("1413", "1414", "1415", "1503"),
)
EVERYONE, YOUTH, NOBODY = "everyone", "youth", "nobody"
_NEVER = np.datetime64("NaT", "D")


@cache
def load_extending() -> dict[str, str]:
    """Whose participation each date extends: `everyone`, `youth` (in Youth, 905) or `nobody`.

    ParamsError names file and line, and says so when the file does not list `SERVICES`.
    """
    name, columns = "extending_services.csv", ("element", "extends", "source")
    whose = (EVERYONE, YOUTH, NOBODY)
    listed = read_each(name, columns, lambda row: (row["element"], one_of(row["extends"], whose)))
    if sorted(element for element, _ in listed) != sorted(SERVICES):
        raise ParamsError(
            f"{params_folder() / name}: list each of these elements once: {', '.join(SERVICES)}."
        )
    return dict(listed)


def last_service(
    view: View, until: NDArray[np.datetime64] | np.datetime64 | None = None
) -> NDArray[np.datetime64]:
    """The newest date of each record that extends its participation; NaT where there is none.

    until: the last day that counts, one or one for each record; the as-of date when left out.
    """
    limit = np.datetime64(view.as_of, "D") if until is None else until
    youth, newest = IN_YOUTH(view), np.full(len(view.records), _NEVER)
    for element, extends in load_extending().items():
        if extends != NOBODY:
            day = view.day(element)
            counts = (day <= limit) & (youth | (extends == EVERYONE))
            newest = np.fmax(newest, np.where(counts, day, _NEVER))
    return newest


def has_service(view: View) -> Mask:
    """Whether a record has any date that extends its participation, beside its entry."""
    youth, found = IN_YOUTH(view), np.zeros(len(view.records), dtype=np.bool_)
    for element, extends in load_extending().items():
        if element != ENTRY and extends != NOBODY:
            found |= ~np.isnat(view.day(element)) & (youth | (extends == EVERYONE))
    return found
