"""What an earlier extract counted, of every area: the past of the dashboards' figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pandas as pd

from ipats_lib.frames import upcoming
from ipats_lib.frames.combined import caseload_of, combine, rows_of
from ipats_lib.frames.past import years_of
from ipats_lib.periods import Period
from ipats_lib.report.counted import counted
from ipats_lib.scopes import AreaType
from ipats_lib.snapshot import open_snapshot

Counts = Mapping[tuple[str, str], pd.DataFrame]
"""The counts of each area, by kind of area and area."""


def counts_of(period: str, folder: str) -> Counts:
    """All counts of the snapshot in a folder, for the pages of a period: `counted.counted` and
    `upcoming.forecasts`. A function of two texts, for any process."""
    snapshot = open_snapshot(Path(folder))
    rows, members = rows_of(snapshot), snapshot.membership()
    caseload = caseload_of(snapshot, rows)
    asked = Period.parse(period)
    parts = [upcoming.forecasts(snapshot, rows, years_of(asked))]
    for kind in get_args(AreaType):
        every = counted(combine(snapshot, kind, rows, caseload, members), asked)
        parts.append(every.assign(area_type=kind))
    whole = pd.concat(parts, ignore_index=True).sort_values(["area", "kind", "key", "part"])
    by_area = whole.groupby(["area_type", "area"])
    return {
        (str(kind), str(area)): mine.drop(columns=["area_type", "area"])
        for (kind, area), mine in by_area
    }
