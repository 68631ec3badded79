"""What an earlier extract counted, of every area: the past of the dashboards' figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pandas as pd

from ipats_lib import caseload as caseloads
from ipats_lib import forms, groups
from ipats_lib.indicators.rules import ELEMENTS
from ipats_lib.report.counted import counted
from ipats_lib.report.stacked import stack
from ipats_lib.scopes import STATE, AreaType
from ipats_lib.snapshot import Snapshot, open_snapshot

ROW_COLUMNS = tuple(
    dict.fromkeys((*ELEMENTS, *caseloads.ELEMENTS, *groups.ELEMENTS, *forms.ELEMENTS))
)
Counts = Mapping[tuple[str, str], pd.DataFrame]
"""What `counted.counted` gives of each area, by kind of area and area."""


def caseload_of(snapshot: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """`caseload.caseload` of the state's records."""
    tables = {name: snapshot.table(name) for name in ("application", "service")}
    known = {name: table for name, table in tables.items() if table is not None}
    return caseloads.caseload(rows, snapshot.as_of, known)


def counts_of(folder: str) -> Counts:
    """All counts of the snapshot in a folder: a function of the folder alone, for any process."""
    snapshot = open_snapshot(Path(folder))
    rows, members = snapshot.rows(STATE, ROW_COLUMNS), snapshot.membership()
    caseload = caseload_of(snapshot, rows)
    found: dict[tuple[str, str], pd.DataFrame] = {}
    for kind in get_args(AreaType):
        every = counted(stack(snapshot, kind, rows, caseload, members))
        by_area = every.sort_values(["area", "kind", "key", "part"]).groupby("area")
        found |= {(kind, str(area)): mine.drop(columns="area") for area, mine in by_area}
    return found
