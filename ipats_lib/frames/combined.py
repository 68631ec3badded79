"""All areas of one kind in one frame, so each count runs once and not once per area.

A record or customer of several areas is there once for each, under the area's name, so that
nothing of one area meets anything of another: every area is counted as from its own tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib import caseload as caseloads
from ipats_lib import forms, groups
from ipats_lib.caseload import CaseTables
from ipats_lib.caseload.whole_customer import NAMED, SPAN, with_facts, with_span
from ipats_lib.extract.folder import CASE_TABLES
from ipats_lib.frames.source import TRAINED
from ipats_lib.indicators.rules import ELEMENTS
from ipats_lib.scopes import STATE, STATE_AREA, AreaType, Scope
from ipats_lib.snapshot import Snapshot

TABLES = (*CASE_TABLES, "planner")
_ASKED = (*ELEMENTS, *caseloads.ELEMENTS, *groups.ELEMENTS, *forms.ELEMENTS, *TRAINED)
ROW_COLUMNS = tuple(dict.fromkeys(_ASKED))
_ANSWERED = ("100", "900", "901")
_FACTS = ("service", "assignment", "planner")


@dataclass(frozen=True, eq=False)
class Combined:
    """The areas of one kind. caseload: `caseload.caseload` of the rows.

    areas: the area of each row. originals: its line in the PIRL file. inner_scopes: row and
    area, the LWIAs of the state's records; elsewhere nothing.
    """

    kind: AreaType
    case_tables: CaseTables
    caseload: pd.DataFrame
    areas: NDArray[np.object_]
    inner_scopes: pd.DataFrame
    originals: NDArray[np.int64]

    @cached_property
    def _area_of_row(self) -> pd.Series:
        return pd.Series(self.areas, index=self.case_tables.rows["row"].to_numpy(), dtype="object")

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
        names = customers.astype("object").tolist()
        areas = [name.partition(NAMED)[0] if isinstance(name, str) else name for name in names]
        return pd.Series(areas, index=customers.index, dtype="object")


def rows_of(snapshot: Snapshot, scope: Scope = STATE) -> pd.DataFrame:
    """A scope's records with the facts of the whole customer (`whole_customer`)."""
    rows = snapshot.rows(scope, ROW_COLUMNS)
    everywhere = rows if scope == STATE else snapshot.rows(STATE, SPAN)
    return with_facts(with_span(rows, everywhere), _tables(snapshot, _FACTS), snapshot.as_of)


def caseload_of(snapshot: Snapshot, rows: pd.DataFrame, scope: Scope = STATE) -> pd.DataFrame:
    """`caseload.caseload` of a scope's records. An entry in any area answers an application."""
    tables = _tables(snapshot, ("application", "service"))
    everywhere = None if scope == STATE else snapshot.rows(STATE, _ANSWERED)
    return caseloads.caseload(rows, snapshot.as_of, tables, everywhere)


def _tables(snapshot: Snapshot, names: tuple[str, ...]) -> Mapping[str, pd.DataFrame]:
    tables = {name: snapshot.table(name) for name in names}
    return {name: table for name, table in tables.items() if table is not None}


def combine(
    snapshot: Snapshot,
    kind: AreaType,
    rows: pd.DataFrame,
    caseload: pd.DataFrame,
    members: pd.DataFrame,
    areas: tuple[str, ...] | None = None,
) -> Combined:
    """The areas of a kind. rows, caseload: the state's; members: `snapshot.membership`; areas:
    which ones, where not all."""
    known = _tables(snapshot, TABLES)
    if kind == "state":
        lwias = members[members["area_type"] == "lwia"]
        inner_scopes = pd.DataFrame({"row": lwias["row"], "area": lwias["area"].astype("str")})
        everywhere = np.repeat(np.array([STATE_AREA], dtype=object), len(rows))
        case_tables, originals = CaseTables(rows, snapshot.as_of, known), rows["row"].to_numpy()
        return Combined(kind, case_tables, caseload, everywhere, inner_scopes, originals)
    mine = _sorted(members[members["area_type"] == kind], areas)
    placed = {
        name: apart(*_placed(table, _sorted(_of(snapshot, name, kind), areas)))
        for name, table in known.items()
    }
    return _apart(snapshot, kind, _placed(rows, mine), caseload, placed)


def alone(snapshot: Snapshot, scope: Scope) -> Combined:
    """One scope as `combine` has it, from its own records and case tables."""
    rows = rows_of(snapshot, scope)
    caseload = caseload_of(snapshot, rows, scope)
    if scope == STATE:
        return combine(snapshot, "state", rows, caseload, snapshot.membership())
    tables = {name: snapshot.table(name, scope) for name in TABLES}
    placed = {
        name: apart(table, _everywhere(scope, table))
        for name, table in tables.items()
        if table is not None
    }
    return _apart(snapshot, scope.kind, (rows, _everywhere(scope, rows)), caseload, placed)


def _everywhere(scope: Scope, frame: pd.DataFrame) -> NDArray[np.object_]:
    return np.repeat(np.array([scope.area], dtype=object), len(frame))


def _apart(
    snapshot: Snapshot,
    kind: AreaType,
    placed: tuple[pd.DataFrame, NDArray[np.object_]],
    caseload: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
) -> Combined:
    """placed: the records of each area, and their areas."""
    rows, areas = placed
    originals = rows["row"].to_numpy()
    copies = rows.assign(row=np.arange(len(rows)))
    status = pd.DataFrame({"row": originals, "copy": copies["row"]}).merge(caseload, on="row")
    return Combined(
        kind,
        CaseTables(apart(copies, areas), snapshot.as_of, tables),
        status.drop(columns="row").rename(columns={"copy": "row"}),
        areas,
        pd.DataFrame({"row": [], "area": []}),
        originals,
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


def _sorted(members: pd.DataFrame, areas: tuple[str, ...] | None) -> pd.DataFrame:
    mine = members if areas is None else members[members["area"].isin(areas)]
    return mine.astype({"area": "str"}).sort_values(["area", "row"], ignore_index=True)


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
