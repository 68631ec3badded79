"""The alerts: who needs what, by when, and why (domain 5.2).

Names, thresholds and texts are data (`params/alerts.csv`); the questions are in `questions.py`.
"""

from functools import cache

import pandas as pd

from ipats_lib.caseload.desk import Alert, Desk
from ipats_lib.caseload.questions import QUESTIONS
from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_rows

COLUMNS = ("alert", "row", "customer", "since", "due")


@cache
def load_alerts() -> dict[str, Alert]:
    """`params/alerts.csv` by id; ParamsError names file and line."""
    path = params_folder() / "alerts.csv"
    columns = ("id", "name", "definition", "action", "days", "scopes", "source")
    found = {}
    for line, row in enumerate(read_rows(path, columns), start=2):
        scopes = tuple(row["scopes"].split("|"))
        if row["id"] not in QUESTIONS or not row["days"].isdigit():
            raise ParamsError(f"{path} line {line}: expected a known alert and whole days.")
        texts = (row["name"], row["definition"], row["action"])
        found[row["id"]] = Alert(row["id"], *texts, int(row["days"]), scopes, row["source"])
    return found


def alerts(desk: Desk, wanted: str = "") -> pd.DataFrame:
    """Every alert of the catalogue that holds on the desk's day, the first due first.

    wanted: a kind of scope, whose alerts alone are given; all by default. Returns `COLUMNS`: row
    is the record's, missing for applications; since is the date that the alert counts from, due
    the day by which to act (missing: at any time). A customer is named once per alert and record.
    """
    parts = [
        QUESTIONS[alert.id](desk, alert).assign(alert=alert.id)
        for alert in load_alerts().values()
        if not wanted or wanted in alert.scopes
    ]
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(filled, ignore_index=True).drop_duplicates(["alert", "row", "customer"])
    return table.sort_values(["due", "alert", "customer"], ignore_index=True)[list(COLUMNS)]
