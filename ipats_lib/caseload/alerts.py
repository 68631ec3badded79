"""The alerts: who needs what, by when, and why (domain 5.2).

Names, thresholds and texts are data (`params/alerts.csv`, `params/alert_levels.csv`); the questions
are in `questions.py`.
"""

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.catalogue import Alert, load_levels, read_alerts
from ipats_lib.caseload.desk import Desk
from ipats_lib.caseload.planners import whose
from ipats_lib.caseload.questions import QUESTIONS
from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder
from ipats_lib.periods import program_year

COLUMNS = ("alert", "row", "customer", "since", "due", "level", "detail", "mine")


@cache
def load_alerts() -> dict[str, Alert]:
    """`params/alerts.csv` by id; ParamsError when it names an alert without a question."""
    found = read_alerts()
    if unknown := sorted(set(found) - set(QUESTIONS)):
        raise ParamsError(f"{params_folder() / 'alerts.csv'}: no alert is called {unknown[0]}.")
    return found


def alerts(desk: Desk, wanted: str = "") -> pd.DataFrame:
    """Every alert of the catalogue that holds on the desk's day, the first due first.

    wanted: a kind of scope, whose alerts alone are given; all by default. Returns `COLUMNS`: row
    is the record's, missing for applicants without one; since is the date that the alert counts
    from, due the day by which to act (missing: at any time); level is amber, red or empty
    (`params/alert_levels.csv`); detail is the reason, in words; mine is `planners.whose`. There is
    one line per alert, record and reason: of several alike the one that is due first.
    """
    parts = (
        (alert.id, QUESTIONS[alert.id](desk, alert))
        for alert in load_alerts().values()
        if not wanted or wanted in alert.scopes
    )
    filled = [part.assign(alert=name) for name, part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(filled, ignore_index=True)
    table = table.sort_values(["due", "alert", "customer", "row", "detail"], ignore_index=True)
    table = table.drop_duplicates(["alert", "row", "customer", "detail"], ignore_index=True)
    level = levels_of(table["alert"], table["since"], desk.as_of)
    return table.assign(level=level, mine=whose(desk, table))[list(COLUMNS)]


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
