"""The alerts: who needs what, by when, and why; one question each (domain 5.2).

Names, thresholds and texts are data (`params/alerts.csv`, `params/alert_levels.csv`).

Every date is compared with the extract's as-of date. A question whose table the extract lacks gives
nothing, and the page says which table that is. Those about customers who have left are in
`after_exit.py`, those about soft exits in `soft_exit.py`.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload import after_exit, soft_exit
from ipats_lib.caseload.case_tables import (
    LINE,
    NEVER,
    CaseTables,
    case_lines,
    kept,
    later,
    lines,
    nobody,
)
from ipats_lib.caseload.catalogue import Alert, load_levels, read_alerts, threshold
from ipats_lib.caseload.checks import INFO, load_checks, records_to_fix
from ipats_lib.caseload.planners import whose
from ipats_lib.caseload.services import TRAININGS
from ipats_lib.caseload.status import APPLICANT, CERTIFIED, active, waiting
from ipats_lib.caseload.table_checks import contradictions
from ipats_lib.caseload.whole_customer import HAD_PLANNER, HAS_PLANNER, facts
from ipats_lib.cohorts import IN_YOUTH, MISSING
from ipats_lib.errors import ParamsError
from ipats_lib.groups import TRAINING_TYPES
from ipats_lib.indicators.outcomes import judge
from ipats_lib.indicators.rules import MSG
from ipats_lib.params import params_folder
from ipats_lib.periods import program_year, program_year_end, written_day

# What the questions read beyond what the status and the indicators do.
ELEMENTS = ("1307", "1312", "1317", "1310", "1315", "1412", "1503", "1603")


def _applications(cases: CaseTables, alert: Alert, status: str, since: str) -> pd.DataFrame:
    if "application" not in cases.tables:
        return nobody()
    table = waiting_of(cases)
    until = table[since] + pd.Timedelta(days=alert.days)
    late = (table["status"] == status) & (until < pd.Timestamp(cases.as_of))
    mine = table[late]
    days = (pd.Timestamp(cases.as_of) - mine[since]).dt.days
    reasons = [f"{since.capitalize()} {n} days ago" for n in days]
    return case_lines(cases, mine.assign(detail=reasons), since, until[late], mine["row"])


@kept
def waiting_of(cases: CaseTables) -> pd.DataFrame:
    """Who waits for enrollment (`status.waiting`), found once for both alerts and the page."""
    return waiting(cases.tables["application"], cases.rows, cases.as_of)


def no_case_note(cases: CaseTables, alert: Alert) -> pd.DataFrame:
    """A planned gap is one in service: the planner still keeps in touch."""
    if "case_note" not in cases.tables:
        return nobody()
    notes = cases.tables["case_note"]
    past = notes[notes["date"] <= pd.Timestamp(cases.as_of)]
    newest = past.groupby("customer")["date"].max()
    view = cases.view
    noted = newest.reindex(cases.rows["100"]).to_numpy(dtype="datetime64[D]")
    since = np.fmax(noted, view.day("900"))
    limit = np.where(IN_YOUTH(view), threshold("note_days_youth"), threshold("note_days"))
    until = since + limit.astype("timedelta64[D]")
    holds = active(view) & (until <= later(cases.today, alert.days))
    return lines(
        cases,
        holds,
        since,
        until,
        lambda where: [
            f"{(cases.today - since[n]).astype(int)} days since "
            + ("the last note" if noted[n] == since[n] else "entry, no note since")
            for n in where
        ],
    )


def _services(cases: CaseTables, holds: Callable[[pd.DataFrame], pd.Series]) -> pd.DataFrame:
    """Open services that the question holds for, one line each, under the record they belong to."""
    if "service" not in cases.tables:
        return nobody()
    service = cases.tables["service"]
    started = service["start"] <= pd.Timestamp(cases.as_of)
    mine = service[started & service["actual_end"].isna() & holds(service)]
    trainings = [
        f"{title}{f', {provider}' if provider else ''} (enrolment {enrolment})"
        for title, provider, enrolment in zip(
            mine["title"].fillna("Service"),
            mine["provider"].fillna(""),
            mine["enrolment"].fillna("not recorded"),
            strict=True,
        )
    ]
    return case_lines(cases, mine.assign(detail=trainings), "start", mine["planned_end"])


def open_past_planned_end(cases: CaseTables, alert: Alert) -> pd.DataFrame:
    limit = pd.Timestamp(cases.as_of - timedelta(days=alert.days))
    return _services(cases, lambda service: service["planned_end"] < limit)


def service_ending_soon(cases: CaseTables, alert: Alert) -> pd.DataFrame:
    first, last = (pd.Timestamp(cases.as_of + timedelta(days=n)) for n in (0, alert.days))
    return _services(cases, lambda service: service["planned_end"].between(first, last))


def _without_outcome(cases: CaseTables, alert: Alert, slot: int) -> pd.DataFrame:
    completed, kind = ("1307", "1312", "1317")[slot], ("1303", "1310", "1315")[slot]
    end = cases.records.day(TRAININGS[slot][1])
    until = later(end, alert.days)
    open_ = (cases.records.code(completed) == MISSING) & (until < cases.today)
    kinds = cases.records.code(kind)
    return lines(
        cases,
        open_,
        end,
        until,
        lambda where: [
            f"Training {slot + 1}, {TRAINING_TYPES.get(int(kinds[n]), 'type not recorded').lower()}"
            f", ended {written_day(end[n].item())}: completion not recorded"
            for n in where
        ],
    )


def skill_gain_due(cases: CaseTables, _: Alert) -> pd.DataFrame:
    """The pending records of skill gains in the running program year, by the indicator's rule."""
    state, _reason = judge(cases.view, MSG)
    switch, end = cases.view.day("1811"), np.datetime64(program_year_end(cases.as_of))
    left = (end - cases.today).astype(int)
    return lines(
        cases,
        state == "pending",
        switch,
        end,
        lambda where: [
            f"In education or training since {written_day(day.item())}; {left} days to June 30"
            for day in switch[where]
        ],
    )


def no_planner(cases: CaseTables, _: Alert) -> pd.DataFrame:
    if not {"assignment", "planner"} <= set(cases.tables):
        return nobody()
    known = facts(cases)
    alone = active(cases.view) & ~known[HAS_PLANNER].to_numpy()
    reasons = np.where(
        known[HAD_PLANNER], "The last assignment has ended, or its planner left", "Never assigned"
    )
    return lines(cases, alone, cases.view.day("900"), NEVER, lambda where: reasons[where].tolist())


def long_participation(cases: CaseTables, alert: Alert) -> pd.DataFrame:
    entry = cases.view.day("900")
    return lines(
        cases,
        active(cases.view) & (later(entry, alert.days) < cases.today),
        entry,
        NEVER,
        lambda where: [f"Active for {n} days" for n in (cases.today - entry[where]).astype(int)],
    )


@kept
def found_to_fix(cases: CaseTables) -> pd.DataFrame:
    """What breaks an edit check (`records_to_fix`), found once for the alerts and the page."""
    lines = contradictions(cases).dropna(subset="row")
    of_tables = {
        str(rule): mine.groupby("row")["there"].agg("; ".join).to_dict()
        for rule, mine in lines.groupby("rule")
    }
    return records_to_fix(cases.records, cases.as_of, of_tables)


def _broken(
    cases: CaseTables, _: Alert, asked: Callable[[pd.DataFrame], pd.Series]
) -> pd.DataFrame:
    """One line for each record that breaks any check asked for; its reason says what is wrong."""
    every, known = found_to_fix(cases), load_checks()
    found = every[asked(every)]
    reasons = [known[rule].message.rstrip(".") for rule in found["rule"]]
    each = found.assign(detail=reasons, since=found["dated"])
    joined = each.groupby("row")["detail"].agg("; ".join)
    first = each.drop_duplicates("row")
    return first.assign(
        row=first["row"].astype("Int64"),
        due=np.full(len(first), NEVER).astype("datetime64[s]"),
        detail=first["row"].map(joined),
    )[list(LINE)]


QUESTIONS: dict[str, Callable[[CaseTables, Alert], pd.DataFrame]] = {
    "A-04": partial(_applications, status=APPLICANT, since="applied"),
    "A-05": partial(_applications, status=CERTIFIED, since="certified"),
    "A-07": soft_exit.soft_exit_watch,
    "A-08": soft_exit.overdue_soft_exit,
    "A-09": no_case_note,
    "A-10": open_past_planned_end,
    "A-11": service_ending_soon,
    "A-13": lambda cases, alert: pd.concat(
        [_without_outcome(cases, alert, slot) for slot in range(3)], ignore_index=True
    ),
    "A-14": skill_gain_due,
    "A-15": partial(_broken, asked=lambda found: found["rule"] == "L-45"),
    "A-16": after_exit.credential_due,
    "A-17": after_exit.diploma_without_link,
    "A-18": partial(after_exit.employment_missing, quarter=2),
    "A-19": partial(after_exit.employment_missing, quarter=4),
    "A-20": after_exit.wage_waits_for_match,
    "A-21": after_exit.youth_follow_up,
    "A-22": after_exit.follow_up,
    "A-26": no_planner,
    "A-27": long_participation,
    "A-28": partial(_broken, asked=lambda found: found["rule"] == "L-23"),
    "A-29": partial(_broken, asked=lambda found: found["severity"] != INFO),
}

COLUMNS = ("alert", "row", "customer", "since", "due", "level", "detail", "mine")


@cache
def load_alerts() -> dict[str, Alert]:
    """`params/alerts.csv` by id; ParamsError when it names an alert without a question."""
    found = read_alerts()
    if unknown := sorted(set(found) - set(QUESTIONS)):
        raise ParamsError(f"{params_folder() / 'alerts.csv'}: no alert is called {unknown[0]}.")
    return found


def alerts(cases: CaseTables, wanted: str = "") -> pd.DataFrame:
    """Every alert of the catalogue that holds on the day of the tables, the first due first.

    wanted: a kind of scope, whose alerts alone are given; all by default. Returns `COLUMNS`: row
    is the record's, missing for applicants without one; since is the date that the alert counts
    from, due the day by which to act (missing: at any time); level is amber, red or empty
    (`params/alert_levels.csv`); detail is the reason, in words; mine is `planners.whose`. There is
    one line per alert, record and reason: of several alike the one that is due first.
    """
    parts = (
        (alert.id, QUESTIONS[alert.id](cases, alert))
        for alert in load_alerts().values()
        if not wanted or wanted in alert.scopes
    )
    filled = [part.assign(alert=name) for name, part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(filled, ignore_index=True)
    table = table.sort_values(["due", "alert", "customer", "row", "detail"], ignore_index=True)
    table = table.drop_duplicates(["alert", "row", "customer", "detail"], ignore_index=True)
    level = levels_of(table["alert"], table["since"], cases.as_of)
    return table.assign(level=level, mine=whose(cases, table))[list(COLUMNS)]


def levels_of(alert: pd.Series, since: pd.Series, as_of: date) -> NDArray[np.object_]:
    """The level of each line: the last of its alert's that has begun (`params/alert_levels.csv`).

    since: the date that the alert counts from.
    """
    found = np.full(len(alert), "", dtype=object)
    days = (pd.Timestamp(as_of) - since).dt.days.to_numpy()
    for level in load_levels():
        mine = (alert == level.alert).to_numpy()
        if "-" in level.start:
            begun = np.full(len(alert), as_of >= _in_program_year(level.start, as_of))
        else:
            begun = days >= int(level.start)
        found[mine & begun] = level.level
    return found


def _in_program_year(start: str, as_of: date) -> date:
    """A month and day (MM-DD) in the program year of the as-of date."""
    month, day = map(int, start.split("-"))
    year = program_year(as_of)
    return date(year if month >= 7 else year + 1, month, day)
