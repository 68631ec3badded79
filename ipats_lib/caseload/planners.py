"""Whose customer somebody is: assignments on the as-of date (domain 5.2, A-25, A-26)."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.desk import Desk, kept

UNASSIGNED = ""
ASSIGNED, WORKED_WITH = "assigned to me", "worked with"


@kept
def begun_assignments(desk: Desk) -> pd.DataFrame:
    """Assignments that began by the as-of date, to planners who are active, oldest first.

    One without a start has begun, as it has for whose pages show a customer (`Contacts`); it
    stands before those that have one.
    """
    planner, assignment = desk.tables["planner"], desk.tables["assignment"]
    working = set(planner.loc[planner["active"].fillna(False).astype("bool"), "planner_id"])
    begun = assignment["from"].isna() | (assignment["from"] <= pd.Timestamp(desk.as_of))
    mine = assignment[begun & assignment["planner_id"].isin(working)]
    return mine.sort_values(["from", "planner_id"], na_position="first")


@kept
def standing_assignments(desk: Desk) -> pd.DataFrame:
    """Those of them that hold on the as-of date."""
    begun = begun_assignments(desk)
    return begun[begun["to"].isna() | (begun["to"] >= pd.Timestamp(desk.as_of))]


@kept
def current_planner(desk: Desk) -> pd.Series:
    """The planner of each record: the newest standing assignment of its customer to an active
    planner. Of a record that has exited, without such a one, the last planner who was assigned
    when it ended or after, because follow-up goes on. `UNASSIGNED` where there is none. Indexed
    like the desk's rows.
    """
    if not {"assignment", "planner"} <= set(desk.tables):
        return pd.Series(UNASSIGNED, index=desk.rows.index)
    standing = standing_assignments(desk).groupby("customer")["planner_id"].last()
    found = desk.rows["100"].map(standing).astype("object")
    return found.fillna(_last_planner(desk)).fillna(UNASSIGNED).astype("str")


def _last_planner(desk: Desk) -> pd.Series:
    """Of exited records, the newest assignment that had not ended before the exit."""
    begun = begun_assignments(desk)[["customer", "planner_id", "to"]]
    exits = desk.rows.loc[desk.rows["901"].notna(), ["row", "100", "901"]]
    both = exits.merge(begun, left_on="100", right_on="customer")
    held = both[both["to"].isna() | (both["to"] >= both["901"])]
    newest = held.groupby("row")["planner_id"].last()
    return desk.rows["row"].map(newest).astype("object")


def planner_of_lines(desk: Desk, lines: pd.DataFrame) -> pd.Series:
    """The planner of each alert line (row, customer): its record's, or without a record the one
    who is assigned to the customer now. `UNASSIGNED` where there is none. Indexed like the lines.
    """
    by_row = pd.Series(current_planner(desk).to_numpy(), index=desk.rows["row"].to_numpy())
    known = lines["row"].map(by_row).astype("object")
    if {"assignment", "planner"} <= set(desk.tables):
        standing = standing_assignments(desk).groupby("customer")["planner_id"].last()
        of_customer = lines["customer"].map(standing).astype("object")
        known = known.where(lines["row"].notna(), of_customer)
    return known.fillna(UNASSIGNED).astype("str")


def whose(desk: Desk, lines: pd.DataFrame) -> NDArray[np.object_]:
    """On a planner's desk, whether a line is of a customer who is assigned to the planner
    (`ASSIGNED`) or of one whom the planner worked with (`WORKED_WITH`); empty on other desks.
    """
    if not desk.planner:
        return np.full(len(lines), "", dtype=object)
    mine = (planner_of_lines(desk, lines) == desk.planner).to_numpy()
    return np.where(mine, ASSIGNED, WORKED_WITH).astype(object)
