"""The status model: one status per period of participation (domain 5.1).

The statuses, in the order of the catalogue, and what each means are data (`params/statuses.csv`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.applications import waiting
from ipats_lib.caseload.extending import SERVICES, TRAININGS, last_service
from ipats_lib.caseload.gaps import in_planned_gap
from ipats_lib.caseload.thresholds import threshold, told
from ipats_lib.cohorts import (
    EXCLUDED_FROM_EXIT_INDICATORS,
    IN_TITLE_I,
    IN_WAGNER_PEYSER,
    Mask,
    Records,
    View,
)
from ipats_lib.errors import ParamsError
from ipats_lib.indicators.outcomes import judge
from ipats_lib.indicators.rules import ELEMENTS as RULE_ELEMENTS
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import params_folder, read_rows
from ipats_lib.periods import Window, program_year, program_year_end

REPORTABLE = "Reportable individual only"
TRAINED, GAP = "Active, in training", "Active, planned gap"
AT_RISK, PAST = "Active, at risk of soft exit", "Active, past 90 days without service"
ACTIVE, EXCLUDED = "Active", "Excluded exit"
FOLLOWED, PENDING, CLOSED = "Exited, in follow-up", "Exited, outcomes pending", "Closed"
RUNNING = (TRAINED, GAP, AT_RISK, PAST, ACTIVE)
STATUSES = (
    *("Applicant", "Certified, not enrolled", REPORTABLE),
    *(*RUNNING, EXCLUDED, FOLLOWED, PENDING, CLOSED),
)

ELEMENTS = (
    *("100", "102", "108-A", "108-B", "108-C", "200", "901", "903", "904", "905", "918", "923"),
    *SERVICES,
    *RULE_ELEMENTS,
)


@dataclass(frozen=True, slots=True)
class Status:
    """One line of `params/statuses.csv`."""

    status: str
    definition: str
    source: str


@cache
def load_statuses() -> tuple[Status, ...]:
    """Every status with its definition; ParamsError when the file lacks one or has another."""
    path = params_folder() / "statuses.csv"
    rows = read_rows(path, ("status", "definition", "source"))
    if sorted(row["status"] for row in rows) != sorted(STATUSES):
        raise ParamsError(f"{path}: the statuses are {'; '.join(STATUSES)}.")
    return tuple(Status(row["status"], told(row["definition"]), row["source"]) for row in rows)


@cache
def load_service_bands() -> dict[str, float]:
    """Bands of days since the last qualifying service and their upper ends, which they hold.

    `params/service_bands.csv`, in its order; the last one is open (A-06). ParamsError when an end
    is no number.
    """
    path = params_folder() / "service_bands.csv"
    rows = read_rows(path, ("band", "to_days", "source"))
    try:
        return {row["band"]: float(row["to_days"] or "inf") for row in rows}
    except ValueError as error:
        raise ParamsError(f"{path}: an end is no number of days.") from error


def is_active(status: pd.Series) -> pd.Series:
    """Which statuses are those of the active (`RUNNING`)."""
    return status.isin(RUNNING)


def has_exited(view: View, day: date) -> Mask:
    """Whether a period of participation was over (901) at the end of a day.

    On the view's own day whoever has an exit date has exited, be it a later one (domain 5.1:
    active is who has none): such a date is an error (L-03). Of an earlier day the date tells.
    """
    exits = view.day("901")
    held: Mask = exits <= np.datetime64(day, "D") if day < view.as_of else ~np.isnat(exits)
    return held


def is_open(view: View, day: date) -> Mask:
    """Whether a period of participation was open at the end of a day: entered (900), not exited.

    The one meaning of "active" that dates tell: the status, the alerts, the flow and every share
    ask this.
    """
    return (view.day("900") <= np.datetime64(day, "D")) & ~has_exited(view, day)


def active(view: View) -> Mask:
    """Title I participants who have entered and not exited."""
    return IN_TITLE_I(view) & is_open(view, view.as_of)


def caseload(
    rows: pd.DataFrame,
    as_of: date,
    tables: Mapping[str, pd.DataFrame] | None = None,
    everywhere: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Status and days since the last qualifying service.

    rows: one row per period of participation, with `row`, `ELEMENTS` and those of the indicators;
    tables: application and service, as far as the extract has them; everywhere: the records of all
    areas (row, 100, 900, 901), which answer applications; the rows by default. Returns, for Title I
    and Wagner-Peyser participants and Title I reportable individuals, one row each: row, status
    (one of `STATUSES`), last_service (date), days (since then, on the as-of date; missing unless
    active), band (of `load_service_bands`, missing unless active). Applicants without any record
    are not among them: see `applications.waiting`. Source: domain 5.1, 5.2.
    """
    records = Records(rows)
    today = np.datetime64(as_of, "D")
    last = last_service(View(records, "title1", Window(as_of, as_of), as_of))
    days = (today - last).astype("float64")
    status = _status(records, as_of, days, tables or {}, rows if everywhere is None else everywhere)
    days[~is_active(pd.Series(status)).to_numpy() | np.isnat(last)] = np.nan
    bands = load_service_bands()
    table = pd.DataFrame(
        {
            "row": rows["row"].to_numpy(),
            "status": pd.Categorical(status, categories=list(STATUSES)),
            "last_service": last.astype("datetime64[s]"),
            "days": days,
            "band": pd.cut(days, [-np.inf, *bands.values()], labels=list(bands)),
        }
    )
    return table[_in_caseload(records, as_of)].reset_index(drop=True)


def _in_caseload(records: Records, as_of: date) -> NDArray[np.bool_]:
    view = View(records, "title1", Window(as_of, as_of), as_of)
    reportable = (view.code("903") == 4) | (view.code("904") == 4)
    return IN_TITLE_I(view) | IN_WAGNER_PEYSER(view) | reportable


def _status(
    records: Records,
    as_of: date,
    days: NDArray[np.float64],
    tables: Mapping[str, pd.DataFrame],
    everywhere: pd.DataFrame,
) -> NDArray[np.object_]:
    """Of the statuses that hold, the first of the list."""
    today = np.datetime64(as_of, "D")
    view = View(records, "title1", Window(as_of, as_of), as_of)
    entry, exit_ = records.day("900"), records.day("901")
    running = is_open(view, as_of)
    gap = in_planned_gap(records.frame["100"], tables.get("service"), as_of).to_numpy()
    conditions = {
        REPORTABLE: np.isnat(entry) & np.isnat(exit_),
        TRAINED: running & in_training(records, today),
        GAP: running & gap,
        PAST: running & (days > threshold("exit_days")),
        AT_RISK: running & (days >= threshold("at_risk_days")),
        ACTIVE: running,
        EXCLUDED: EXCLUDED_FROM_EXIT_INDICATORS(view),
        FOLLOWED: in_follow_up(view, as_of),
        PENDING: _waits(records, as_of),
    }
    found = np.select(list(conditions.values()), list(conditions), default=CLOSED).astype(object)
    application = tables.get("application")
    if application is None:
        return found
    return _applied(found, records, waiting(application, everywhere, as_of))


def _applied(
    status: NDArray[np.object_], records: Records, applicants: pd.DataFrame
) -> NDArray[np.object_]:
    """Reportable individuals with an application (`applications.waiting`) have its status."""
    mine = applicants.dropna(subset="row")
    newest = mine.sort_values("applied").drop_duplicates("row", keep="last").set_index("row")
    stage = pd.Series(records.frame["row"].to_numpy()).map(newest["status"])
    return np.where((status == REPORTABLE) & stage.notna(), stage, status).astype(object)


def in_follow_up(view: View, day: date) -> Mask:
    """Exited by a day (`has_exited`) and at most 365 days before it, excluded exits apart (5.1).

    The one meaning of "in follow-up": the status, the flow and every page ask this.
    """
    first = np.datetime64(day - timedelta(days=threshold("follow_up_days")), "D")
    recent = view.day("901") >= first
    return has_exited(view, day) & recent & ~EXCLUDED_FROM_EXIT_INDICATORS(view)


def _waits(records: Records, as_of: date) -> Mask:
    """Whether any indicator of a record is pending, in the report that will count it (2.12).

    Asked of those whose follow-up is over. The indicators' own rules decide, with a window that
    takes every exit; skill gains wait in the running program year.
    """
    exits = records.day("901")
    follow = np.datetime64(as_of - timedelta(days=threshold("follow_up_days")), "D")
    over = exits < follow
    some = Records(records.frame[over])
    year = Window(date(program_year(as_of), 7, 1), program_year_end(as_of))
    found = np.zeros(int(over.sum()), dtype=np.bool_)
    for rule in INDICATORS.values():
        window = year if rule.cohort == "MSG" else Window(date(1900, 1, 1), as_of)
        for program in rule.programs:
            if program != "title1":
                state, _ = judge(View(some, program, window, as_of), rule)
                found |= state == "pending"
    waits = np.zeros(len(records), dtype=np.bool_)
    waits[over] = found
    return waits


def in_training(records: Records, today: np.datetime64) -> NDArray[np.bool_]:
    """A training entered by today without an end date."""
    open_ = [(records.day(start) <= today) & np.isnat(records.day(end)) for start, end in TRAININGS]
    return np.logical_or.reduce(open_)
