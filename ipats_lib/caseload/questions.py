"""The questions of the alerts that name customers, one function each (domain 5.2).

Every date is compared with the extract's as-of date. A question whose table the extract lacks gives
nothing, and the page says which table that is.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.desk import Alert, Desk, active, lines, nobody
from ipats_lib.caseload.mend import INFO, to_mend
from ipats_lib.caseload.status import QUALIFYING, TRAININGS, in_training, last_service
from ipats_lib.cohorts import (
    EXCLUDED_FROM_EXIT_INDICATORS,
    IN_ADULT,
    IN_DISLOCATED_WORKER,
    IN_TITLE_I,
    IN_YOUTH,
    MISSING,
    Mask,
)
from ipats_lib.due_dates import due
from ipats_lib.indicators import predicates as p
from ipats_lib.indicators.rules import MSG
from ipats_lib.periods import Period, Quarter, program_year, program_year_end

# What the questions read beyond what the status and the indicators do.
ELEMENTS = ("1307", "1312", "1317", "1412", "1503", "1603")
SOFT_EXIT_DAYS, YOUTH_NOTE_DAYS = 90, 30
_NEVER = np.datetime64("NaT", "D")


def _later(days: Any, more: int) -> Any:
    return days + np.timedelta64(more, "D")


def _soft_exit(desk: Desk) -> tuple[Mask, NDArray[np.datetime64], NDArray[np.float64]]:
    """Who could exit softly, the last qualifying service, and days since."""
    view = desk.view
    last = last_service(view.records, desk.today)
    days = (desk.today - last).astype("float64")
    return active(view) & ~in_training(view.records, desk.today) & ~np.isnat(last), last, days


def soft_exit_watch(desk: Desk, alert: Alert) -> pd.DataFrame:
    could, last, days = _soft_exit(desk)
    near = could & (days >= alert.days) & (days <= SOFT_EXIT_DAYS)
    return lines(desk, near, last, _later(last, SOFT_EXIT_DAYS))


def overdue_soft_exit(desk: Desk, alert: Alert) -> pd.DataFrame:
    could, last, days = _soft_exit(desk)
    planned = np.zeros(len(desk.rows), dtype=np.bool_)
    if "service" in desk.tables:
        service = desk.tables["service"]
        coming = set(service.loc[service["start"] > pd.Timestamp(desk.as_of), "customer"])
        planned = desk.rows["100"].isin(coming).to_numpy()
    return lines(desk, could & (days > alert.days) & ~planned, last, _later(last, alert.days))


def no_case_note(desk: Desk, alert: Alert) -> pd.DataFrame:
    if "case_note" not in desk.tables:
        return nobody()
    notes = desk.tables["case_note"]
    past = notes[notes["date"] <= pd.Timestamp(desk.as_of)]
    newest = past.groupby("customer")["date"].max()
    view = desk.view
    noted = newest.reindex(desk.rows["100"]).to_numpy(dtype="datetime64[D]")
    since = np.fmax(noted, view.day("900"))
    limit = np.where(IN_YOUTH(view), min(YOUTH_NOTE_DAYS, alert.days), alert.days)
    until = since + limit.astype("timedelta64[D]")
    return lines(desk, active(view) & (until < desk.today), since, until)


def _services(desk: Desk, holds: Callable[[pd.DataFrame], pd.Series]) -> pd.DataFrame:
    """Open services that the question holds for, each under its enrolment's customer."""
    if "service" not in desk.tables:
        return nobody()
    service = desk.tables["service"]
    started = service["start"] <= pd.Timestamp(desk.as_of)
    mine = service[started & service["actual_end"].isna() & holds(service)]
    return pd.DataFrame(
        {
            "row": pd.array([pd.NA] * len(mine), dtype="Int64"),
            "customer": mine["customer"].astype("str").to_numpy(),
            "since": mine["start"].to_numpy(),
            "due": mine["planned_end"].to_numpy(),
        }
    )


def open_past_planned_end(desk: Desk, alert: Alert) -> pd.DataFrame:
    limit = pd.Timestamp(desk.as_of - timedelta(days=alert.days))
    return _services(desk, lambda service: service["planned_end"] < limit)


def service_ending_soon(desk: Desk, alert: Alert) -> pd.DataFrame:
    first, last = (pd.Timestamp(desk.as_of + timedelta(days=n)) for n in (0, alert.days))
    return _services(desk, lambda service: service["planned_end"].between(first, last))


def training_without_outcome(desk: Desk, alert: Alert) -> pd.DataFrame:
    records, parts = desk.records, []
    for (_, ended), completed in zip(TRAININGS, ("1307", "1312", "1317"), strict=True):
        end = records.day(ended)
        open_ = (records.code(completed) == MISSING) & (_later(end, alert.days) < desk.today)
        parts.append(lines(desk, open_, end, _later(end, alert.days)))
    return pd.concat(parts, ignore_index=True)


def skill_gain_due(desk: Desk, _: Alert) -> pd.DataFrame:
    view = desk.view
    gained = np.logical_or.reduce([gain(view) for gain in MSG.success])
    open_ = active(view) & p.IN_EDUCATION_OR_TRAINING(view) & ~gained
    end = np.datetime64(program_year_end(desk.as_of))
    return lines(desk, open_, view.day("1811"), end)


def switch_missing(desk: Desk, _: Alert) -> pd.DataFrame:
    view = desk.view
    lacking = active(view) & p.IN_CREDENTIAL_ACTIVITY(view) & np.isnat(view.day("1811"))
    return lines(desk, lacking, view.day("900"), _NEVER)


def credential_due(desk: Desk, alert: Alert) -> pd.DataFrame:
    view = desk.view
    deadline = view.records.one_year_after_exit
    near = (deadline >= desk.today) & (deadline <= _later(desk.today, alert.days))
    earned = p.ATTAINED_POSTSECONDARY_CREDENTIAL(view) | p.ATTAINED_DIPLOMA(view)
    counted = IN_TITLE_I(view) & p.IN_CREDENTIAL_ACTIVITY(view)
    counted &= ~EXCLUDED_FROM_EXIT_INDICATORS(view)
    return lines(desk, counted & near & ~earned, view.day("901"), deadline)


def diploma_without_link(desk: Desk, _: Alert) -> pd.DataFrame:
    view = desk.view
    deadline = view.records.one_year_after_exit
    alone = p.ATTAINED_DIPLOMA(view) & ~p.ATTAINED_POSTSECONDARY_CREDENTIAL(view) & ~p.LINKED(view)
    counted = IN_TITLE_I(view) & ~EXCLUDED_FROM_EXIT_INDICATORS(view)
    return lines(desk, counted & alone & (deadline >= desk.today), view.day("901"), deadline)


def _employment_missing(desk: Desk, employed: str, quarters: int, lag: int) -> pd.DataFrame:
    """lag: quarters from the exit quarter to the report that counts it (domain 2.2)."""
    view = desk.view
    ended = view.records.quarter_end_after_exit(quarters)
    begun = view.records.quarter_end_after_exit(quarters - 1) < desk.today
    unknown = np.isin(view.code(employed), (MISSING, 0, 9))
    locked = _locked(view.day("901"), lag)
    counted = IN_TITLE_I(view) & ~EXCLUDED_FROM_EXIT_INDICATORS(view)
    return lines(desk, counted & begun & unknown & (locked >= desk.today), ended, locked)


def _locked(exits: NDArray[np.datetime64], lag: int) -> NDArray[np.datetime64]:
    """The due date of the annual report that counts an exit; NaT without one."""
    months = exits.astype("datetime64[M]").astype(np.int64)
    locks = {
        quarter: np.datetime64(_lock_of(Quarter(4 * 1970 + int(quarter) + lag)))
        for quarter in np.unique(months[~np.isnat(exits)] // 3)
    }
    found = [locks.get(month // 3, _NEVER) for month in months.tolist()]
    return np.array(found, dtype="datetime64[D]")


def _lock_of(report_quarter: Quarter) -> date:
    return due(Period(program_year(report_quarter.start)))


def q2_employment_missing(desk: Desk, _: Alert) -> pd.DataFrame:
    return _employment_missing(desk, "1602", 2, 4)


def q4_employment_missing(desk: Desk, _: Alert) -> pd.DataFrame:
    return _employment_missing(desk, "1606", 4, 6)


def wage_waits_for_match(desk: Desk, _: Alert) -> pd.DataFrame:
    view = desk.view
    waits = IN_TITLE_I(view) & p.WAGE_FOUND_Q2(view) & (view.code("1603") == 5)
    return lines(desk, waits, view.day("901"), _NEVER)


def _follow_up(desk: Desk, alert: Alert, who: Mask, elements: tuple[str, ...]) -> pd.DataFrame:
    view = desk.view
    exits = view.day("901")
    recent = (exits <= desk.today) & (exits >= _later(desk.today, -365))
    last = exits
    for element in elements:
        day = view.day(element)
        last = np.fmax(last, np.where(day <= desk.today, day, _NEVER))
    until = _later(last, alert.days)
    open_ = who & recent & ~EXCLUDED_FROM_EXIT_INDICATORS(view) & (until < desk.today)
    return lines(desk, open_, last, until)


def youth_follow_up(desk: Desk, alert: Alert) -> pd.DataFrame:
    return _follow_up(desk, alert, IN_YOUTH(desk.view), ("1412", "1503"))


def follow_up(desk: Desk, alert: Alert) -> pd.DataFrame:
    view = desk.view
    who = (IN_ADULT(view) | IN_DISLOCATED_WORKER(view)) & p.EMPLOYED_AFTER_EXIT(view)
    return _follow_up(desk, alert, who, ("1503",))


def standing_assignments(desk: Desk) -> pd.DataFrame:
    """Assignments that hold on the as-of date, to planners who are active."""
    planner, assignment = desk.tables["planner"], desk.tables["assignment"]
    working = set(planner.loc[planner["active"].fillna(False).astype("bool"), "planner_id"])
    today = pd.Timestamp(desk.as_of)
    open_ = assignment["to"].isna() | (assignment["to"] >= today)
    mine = assignment["planner_id"].isin(working)
    return assignment[open_ & mine & (assignment["from"] <= today)]


def no_planner(desk: Desk, _: Alert) -> pd.DataFrame:
    if not {"assignment", "planner"} <= set(desk.tables):
        return nobody()
    assigned = set(standing_assignments(desk)["customer"])
    alone = active(desk.view) & ~desk.rows["100"].isin(assigned).to_numpy()
    return lines(desk, alone, desk.view.day("900"), _NEVER)


def long_participation(desk: Desk, alert: Alert) -> pd.DataFrame:
    entry = desk.view.day("900")
    return lines(desk, active(desk.view) & (_later(entry, alert.days) < desk.today), entry, _NEVER)


def no_service_ever(desk: Desk, _: Alert) -> pd.DataFrame:
    view = desk.view
    given = [~np.isnat(view.day(e)) for e in QUALIFYING if e != "900"]
    return lines(desk, active(view) & ~np.logical_or.reduce(given), view.day("900"), _NEVER)


def _applications(
    desk: Desk, open_: Callable[[pd.DataFrame], pd.Series], date_: str, days: int
) -> pd.DataFrame:
    if "application" not in desk.tables:
        return nobody()
    table = desk.tables["application"]
    until = table[date_] + pd.Timedelta(days=days)
    mine = table[open_(table) & (until < pd.Timestamp(desk.as_of))]
    return pd.DataFrame(
        {
            "row": pd.array([pd.NA] * len(mine), dtype="Int64"),
            "customer": mine["customer"].astype("str").to_numpy(),
            "since": mine[date_].to_numpy(),
            "due": until[mine.index].to_numpy(),
        }
    )


def application_aging(desk: Desk, alert: Alert) -> pd.DataFrame:
    return _applications(
        desk, lambda t: t["certified"].isna() & (t["status"] == "applied"), "applied", alert.days
    )


def certified_not_enrolled(desk: Desk, alert: Alert) -> pd.DataFrame:
    return _applications(desk, lambda t: t["status"] == "certified", "certified", alert.days)


@cache
def mended(desk: Desk) -> pd.DataFrame:
    """What breaks an edit check (`mend.to_mend`), found once for the alert and for its page."""
    return to_mend(desk.records, desk.as_of)


def data_to_mend(desk: Desk, _: Alert) -> pd.DataFrame:
    every = mended(desk)
    found = every[every["severity"] != INFO].drop_duplicates("row")
    return pd.DataFrame(
        {
            "row": found["row"].astype("Int64").to_numpy(),
            "customer": found["customer"].to_numpy(),
            "since": found["dated"].to_numpy(),
            "due": np.full(len(found), np.datetime64("NaT"), dtype="datetime64[s]"),
        }
    )


QUESTIONS: dict[str, Callable[[Desk, Alert], pd.DataFrame]] = {
    "A-04": application_aging,
    "A-05": certified_not_enrolled,
    "A-07": soft_exit_watch,
    "A-08": overdue_soft_exit,
    "A-09": no_case_note,
    "A-10": open_past_planned_end,
    "A-11": service_ending_soon,
    "A-13": training_without_outcome,
    "A-14": skill_gain_due,
    "A-15": switch_missing,
    "A-16": credential_due,
    "A-17": diploma_without_link,
    "A-18": q2_employment_missing,
    "A-19": q4_employment_missing,
    "A-20": wage_waits_for_match,
    "A-21": youth_follow_up,
    "A-22": follow_up,
    "A-26": no_planner,
    "A-27": long_participation,
    "A-28": no_service_ever,
    "A-29": data_to_mend,
}
