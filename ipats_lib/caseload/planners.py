"""Whose customer somebody is: assignments on the as-of date (domain 5.2, A-25, A-26)."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.case_tables import CaseTables, kept
from ipats_lib.caseload.whole_customer import HAS_PLANNER, begun_assignments, facts, holding

UNASSIGNED = ""
# Only another LWIA has assigned an active planner. No planner id has a space or capitals.
ELSEWHERE = "other LWIA"
NOT_HERE = (UNASSIGNED, ELSEWHERE)
ASSIGNED, WORKED_WITH = "assigned to me", "worked with"


@kept
def _begun(cases: CaseTables) -> pd.DataFrame:
    return begun_assignments(cases.tables, cases.as_of)


@kept
def _newest(cases: CaseTables) -> pd.Series:
    """The planner of each customer by the newest assignment that holds on the as-of date."""
    return holding(_begun(cases), cases.as_of).groupby("customer")["planner_id"].last()


@kept
def current_planner(cases: CaseTables) -> pd.Series:
    """The planner of each record: the newest standing assignment of its customer to an active
    planner. Of a record that has exited, without such a one, the last planner who was assigned
    when it ended or after, because follow-up goes on. `ELSEWHERE` where only another area has an
    active planner assigned, `UNASSIGNED` where no area has. Indexed like their rows.
    """
    if not {"assignment", "planner"} <= set(cases.tables):
        return pd.Series(UNASSIGNED, index=cases.rows.index)
    found = cases.rows["100"].map(_newest(cases)).astype("object").fillna(_last_planner(cases))
    rest = np.where(facts(cases)[HAS_PLANNER], ELSEWHERE, UNASSIGNED)
    return found.fillna(pd.Series(rest, index=found.index)).astype("str")


def _last_planner(cases: CaseTables) -> pd.Series:
    """Of exited records, the newest assignment that had not ended before the exit."""
    begun = _begun(cases)[["customer", "planner_id", "to"]]
    exits = cases.rows.loc[cases.rows["901"].notna(), ["row", "100", "901"]]
    both = exits.merge(begun, left_on="100", right_on="customer")
    held = both[both["to"].isna() | (both["to"] >= both["901"])]
    newest = held.groupby("row")["planner_id"].last()
    return cases.rows["row"].map(newest).astype("object")


def planner_of_lines(cases: CaseTables, lines: pd.DataFrame) -> pd.Series:
    """The planner of each alert line (row, customer): its record's, or without a record the one
    who is assigned to the customer now. `UNASSIGNED` where there is none. Indexed like the lines.
    """
    by_row = pd.Series(current_planner(cases).to_numpy(), index=cases.rows["row"].to_numpy())
    known = lines["row"].map(by_row).astype("object")
    if {"assignment", "planner"} <= set(cases.tables):
        of_customer = lines["customer"].map(_newest(cases)).astype("object")
        known = known.where(lines["row"].notna(), of_customer)
    return known.fillna(UNASSIGNED).astype("str")


def whose(cases: CaseTables, lines: pd.DataFrame) -> NDArray[np.object_]:
    """In a planner's tables, whether a line is of a customer who is assigned to the planner
    (`ASSIGNED`) or of one whom the planner worked with (`WORKED_WITH`); empty elsewhere.
    """
    if not cases.planner:
        return np.full(len(lines), "", dtype=object)
    mine = (planner_of_lines(cases, lines) == cases.planner).to_numpy()
    return np.where(mine, ASSIGNED, WORKED_WITH).astype(object)
