"""What the quarters and program years to come hold so far: the cohorts, and what is still open.

Asked of an earlier extract's records (`earlier_outlook`).
"""

from collections.abc import Sequence

import pandas as pd

from ipats_lib import indicators
from ipats_lib.frames.past import OPEN, PROGRAMS
from ipats_lib.indicators.aggregate import in_areas
from ipats_lib.periods import Report
from ipats_lib.scopes import STATE_AREA
from ipats_lib.snapshot import Snapshot


def key(label: str, program: str, measure: str) -> str:
    """Under which name an earlier extract counted a line of a report (`forecasts`)."""
    return f"{label} {program} {measure}"


def forecasts(snapshot: Snapshot, rows: pd.DataFrame, reports: Sequence[Report]) -> pd.DataFrame:
    """What a snapshot knew of these reports: area_type, area, kind, key, part, n, value.

    kind: `official` (n: counted; value: the official figure) and `open` (n: outcomes that may
    still come); key: `key`.
    """
    outcomes = indicators.outcome_table(rows, reports, snapshot.as_of)
    mine = outcomes[outcomes["program"].isin(PROGRAMS)]
    placed = in_areas(mine, snapshot.membership(), STATE_AREA)
    by = ["report", "area_type", "area", "program", "indicator"]
    figures = indicators.aggregate(placed, by)
    open_ = placed[placed["state"].isin(OPEN)].groupby(by, observed=True).size().rename("n")
    found = pd.concat(
        [
            figures.assign(kind="official", n=figures["denominator"]),
            open_.reset_index().assign(kind="open"),
        ],
        ignore_index=True,
    )
    names = (found[name].astype("str") for name in ("report", "program", "indicator"))
    found["key"] = [key(*line) for line in zip(*names, strict=True)]
    mine = found.assign(part="")[["area_type", "area", "kind", "key", "part", "n", "value"]]
    return mine[mine["n"] > 0].astype({"area_type": "str", "area": "str"})
