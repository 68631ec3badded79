"""The status model: one status per period of participation, from PIRL dates alone (domain 5.1)."""

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import IN_TITLE_I, IN_WAGNER_PEYSER, Records, View
from ipats_lib.periods import Window

STATUSES = (
    "Reportable individual only",
    "Active, in training",
    "Active, at risk of soft exit",
    "Active, past 90 days without service",
    "Active",
    "Excluded exit",
    "Exited, in follow-up",
    "Closed",
)
# Upper ends of the bands of days since the last qualifying service (domain 5.2, A-06).
BANDS = (("0-30", 30), ("31-60", 60), ("61-75", 75), ("76-90", 90), ("over 90", 10**6))
AT_RISK_DAYS, EXIT_DAYS, FOLLOW_UP_DAYS = 60, 90, 365

TRAININGS = (("1302", "1308"), ("1309", "1313"), ("1314", "1318"))
# Dates of services that extend participation; follow-up, self-service and supportive services
# do not (domain 2.1, 5.2).
QUALIFYING = (
    *("900", "1001", "1003", "1004", "1200", "1201", "1203", "906", "1405", "1410", "1411"),
    *(day for training in TRAININGS for day in training),
)
ELEMENTS = (
    *("100", "102", "108-A", "108-B", "108-C", "200", "901", "903", "904", "905", "918", "923"),
    *QUALIFYING,
)


def caseload(rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Status and days since the last qualifying service.

    rows: one row per period of participation, with `row` and `ELEMENTS`. Returns, for Title I and
    Wagner-Peyser participants and Title I reportable individuals, one row each: row, status (one
    of `STATUSES`), last_service (date), days (since then, on the as-of date; missing unless
    active), band (one of `BANDS`, missing unless active). Source: domain 5.1, 5.2.
    """
    records = Records(rows)
    today = np.datetime64(as_of, "D")
    last = last_service(records, today)
    days = (today - last).astype("float64")
    status = _status(records, today, days)
    days[~np.char.startswith(status.astype("str"), "Active") | np.isnat(last)] = np.nan
    edges = [-np.inf, *(upper for _, upper in BANDS)]
    table = pd.DataFrame(
        {
            "row": rows["row"].to_numpy(),
            "status": pd.Categorical(status, categories=list(STATUSES)),
            "last_service": last.astype("datetime64[s]"),
            "days": days,
            "band": pd.cut(days, edges, labels=[name for name, _ in BANDS]),
        }
    )
    return table[_in_caseload(records, as_of)].reset_index(drop=True)


def last_service(records: Records, today: np.datetime64) -> NDArray[np.datetime64]:
    """The newest qualifying service date not after today; NaT where there is none."""
    newest = np.full(len(records), np.datetime64("NaT"), dtype="datetime64[D]")
    for element in QUALIFYING:
        day = records.day(element)
        newest = np.fmax(newest, np.where(day <= today, day, np.datetime64("NaT")))
    return newest


def _in_caseload(records: Records, as_of: date) -> NDArray[np.bool_]:
    view = View(records, "title1", Window(as_of, as_of), as_of)
    reportable = (view.code("903") == 4) | (view.code("904") == 4)
    return IN_TITLE_I(view) | IN_WAGNER_PEYSER(view) | reportable


def _status(
    records: Records, today: np.datetime64, days: NDArray[np.float64]
) -> NDArray[np.object_]:
    entry, exit_ = records.day("900"), records.day("901")
    active = (entry <= today) & np.isnat(exit_)
    conditions = [
        np.isnat(entry) & np.isnat(exit_),
        active & in_training(records, today),
        active & (days > EXIT_DAYS),
        active & (days >= AT_RISK_DAYS),
        active,
        np.isin(records.code("923"), range(1, 8)),
        today <= exit_ + np.timedelta64(FOLLOW_UP_DAYS, "D"),
    ]
    names = [STATUSES[i] for i in (0, 1, 3, 2, 4, 5, 6)]
    return np.select(conditions, names, default="Closed").astype(object)


def in_training(records: Records, today: np.datetime64) -> NDArray[np.bool_]:
    """A training entered by today without an end date."""
    open_ = [(records.day(start) <= today) & np.isnat(records.day(end)) for start, end in TRAININGS]
    return np.logical_or.reduce(open_)
