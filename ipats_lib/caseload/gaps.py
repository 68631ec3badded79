"""Planned gaps: rows of the service table that are no service (domain 2.1, 5.1).

A gap that was planned keeps a customer from a soft exit while it lasts. It is not a service, so
whatever counts services leaves it out.
"""

from datetime import date
from functools import cache

import pandas as pd

from ipats_lib.params import params_folder, read_rows


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
