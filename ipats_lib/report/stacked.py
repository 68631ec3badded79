"""Every area of one kind on one desk: what an extract counts is asked once, not once per area.

A record or customer of several areas stands there once for each, under the area's name, so that
nothing of one area meets anything of another: every area is counted as from its own desk.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload import Desk
from ipats_lib.report.scope_data import CASE_TABLES
from ipats_lib.scopes import STATE_AREA, AreaType
from ipats_lib.snapshot import Snapshot

NAMED = "|"


@dataclass(frozen=True, eq=False)
class Stack:
    """The areas of one kind. caseload: `caseload.caseload` of the desk's rows.

    areas: the area of each row of the desk. seats: row and area, the LWIAs of the state's records;
    elsewhere nothing.
    """

    kind: AreaType
    desk: Desk
    caseload: pd.DataFrame
    areas: NDArray[np.object_]
    seats: pd.DataFrame

    @cached_property
    def _area_of_row(self) -> pd.Series:
        return pd.Series(self.areas, index=self.desk.rows["row"].to_numpy(), dtype="object")

    def of(self, lines: pd.DataFrame) -> NDArray[np.object_]:
        """The area of each line (row, and customer where the row may be missing)."""
        found = lines["row"].map(self._area_of_row).astype("object")
        if "customer" in lines and found.isna().any():
            found = found.fillna(self._named(lines["customer"]))
        return found.to_numpy()

    def of_customers(self, lines: pd.DataFrame) -> NDArray[np.object_]:
        """The area of each line that names a customer alone."""
        return self._named(lines["customer"]).to_numpy(dtype="object")

    def _named(self, customers: pd.Series) -> pd.Series:
        if self.kind == "state":
            return pd.Series(STATE_AREA, index=customers.index, dtype="object")
        return customers.astype("object").str.split(NAMED).str[0]


def stack(
    snapshot: Snapshot,
    kind: AreaType,
    rows: pd.DataFrame,
    caseload: pd.DataFrame,
    members: pd.DataFrame,
) -> Stack:
    """The areas of a kind. rows, caseload: the state's; members: `snapshot.membership`."""
    tables = {name: snapshot.table(name) for name in CASE_TABLES}
    known = {name: table for name, table in tables.items() if table is not None}
    lwias = members[members["area_type"] == "lwia"]
    if kind == "state":
        areas = np.full(len(rows), STATE_AREA, dtype=object)
        seats = pd.DataFrame({"row": lwias["row"], "area": lwias["area"].astype("str")})
        return Stack(kind, Desk(rows, snapshot.as_of, known), caseload, areas, seats)
    mine = _sorted(members[members["area_type"] == kind])
    copies, places = _placed(rows, mine)
    copies["row"] = np.arange(len(copies))
    placed = {
        name: apart(*_placed(table, _sorted(_of(snapshot, name, kind))))
        for name, table in known.items()
    }
    status = pd.DataFrame({"row": mine["row"], "copy": np.arange(len(mine))}).merge(
        caseload, on="row"
    )
    return Stack(
        kind,
        Desk(apart(copies, places), snapshot.as_of, placed),
        status.drop(columns="row").rename(columns={"copy": "row"}),
        places,
        pd.DataFrame({"row": [], "area": []}),
    )


def _of(snapshot: Snapshot, name: str, kind: AreaType) -> pd.DataFrame:
    """Which lines of a case table belong to which area of a kind: area, row.

    Of the planners' table an LWIA holds its own, and a planner that one line.
    """
    if name == "planner":
        planners = snapshot.planners()
        area = planners["lwia" if kind == "lwia" else "planner_id"]
        return pd.DataFrame({"area": area, "row": np.arange(len(planners))})
    members = snapshot.membership(name)
    return members[members["area_type"] == kind]


def _sorted(members: pd.DataFrame) -> pd.DataFrame:
    return members.astype({"area": "str"}).sort_values(["area", "row"], ignore_index=True)


def _placed(frame: pd.DataFrame, members: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """The lines of each area, and their areas. frame: in order of `row`, where it has that."""
    wanted = members["row"].to_numpy()
    at = np.searchsorted(frame["row"].to_numpy(), wanted) if "row" in frame else wanted
    return frame.take(at).reset_index(drop=True), members["area"].to_numpy(dtype=object)


def apart(frame: pd.DataFrame, areas: NDArray[np.object_]) -> pd.DataFrame:
    """Customers and planners under the name of their area."""
    before = pd.Series(areas, index=frame.index).astype("string") + NAMED
    named = {
        column: (before + frame[column].astype("string")).astype(frame[column].dtype)
        for column in ("100", "customer", "planner_id")
        if column in frame
    }
    return frame.assign(**named)
