"""What an earlier extract counted, of every area: the past of the dashboards' figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pandas as pd

from ipats_lib import caseload as caseloads
from ipats_lib import form_rows, forms, groups
from ipats_lib.caseload.whole_customer import with_facts
from ipats_lib.indicators.rules import ELEMENTS
from ipats_lib.periods import Period
from ipats_lib.report import upcoming
from ipats_lib.report.counted import counted
from ipats_lib.report.stacked import stack
from ipats_lib.scopes import STATE, AreaType
from ipats_lib.snapshot import Snapshot, open_snapshot

_FORMS = (*forms.ELEMENTS, *forms.REPORTABLE_ELEMENTS, *form_rows.ELEMENTS)
ROW_COLUMNS = tuple(dict.fromkeys((*ELEMENTS, *caseloads.ELEMENTS, *groups.ELEMENTS, *_FORMS)))
Counts = Mapping[tuple[str, str], pd.DataFrame]
"""The counts of each area, by kind of area and area."""


def rows_of(snapshot: Snapshot) -> pd.DataFrame:
    """The state's records with the facts of the whole customer (`whole_customer.with_facts`)."""
    named = {name: snapshot.table(name) for name in ("service", "assignment", "planner")}
    known = {name: table for name, table in named.items() if table is not None}
    return with_facts(snapshot.rows(STATE, ROW_COLUMNS), known, snapshot.as_of)


def caseload_of(snapshot: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """`caseload.caseload` of the state's records."""
    tables = {name: snapshot.table(name) for name in ("application", "service")}
    known = {name: table for name, table in tables.items() if table is not None}
    return caseloads.caseload(rows, snapshot.as_of, known)


def counts_of(period: str, folder: str) -> Counts:
    """All counts of the snapshot in a folder, for the pages of a period: `counted.counted` and
    `upcoming.forecasts`. A function of two texts, for any process."""
    snapshot = open_snapshot(Path(folder))
    rows, members = rows_of(snapshot), snapshot.membership()
    caseload = caseload_of(snapshot, rows)
    asked = Period.parse(period)
    parts = [upcoming.forecasts(snapshot, rows, upcoming.years_of(asked))]
    for kind in get_args(AreaType):
        every = counted(stack(snapshot, kind, rows, caseload, members), asked)
        parts.append(every.assign(area_type=kind))
    whole = pd.concat(parts, ignore_index=True).sort_values(["area", "kind", "key", "part"])
    by_area = whole.groupby(["area_type", "area"])
    return {
        (str(kind), str(area)): mine.drop(columns=["area_type", "area"])
        for (kind, area), mine in by_area
    }
