"""What frames are made from, of a few hand-worked records: one LWIA, on one day."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from ipats_lib.caseload import CaseTables, caseload
from ipats_lib.frames.cases import Cases
from ipats_lib.frames.combined import Combined, apart
from ipats_lib.frames.historical_counts import NOTHING

AREA = "07"


def made_cases(rows: pd.DataFrame, as_of: date, tables: dict[str, pd.DataFrame]) -> Cases:
    """The records and case tables of LWIA 07, alone."""
    areas = np.full(len(rows), AREA, dtype=object)
    named = {name: apart(t, np.full(len(t), AREA, dtype=object)) for name, t in tables.items()}
    nobody = pd.DataFrame({"row": [], "lwia": [], "planner": []})
    combined = Combined(
        "lwia",
        CaseTables(apart(rows, areas), as_of, named),
        caseload(rows, as_of, tables),
        areas,
        pd.DataFrame({"row": [], "area": []}),
        rows["row"].to_numpy(),
    )
    names = {
        str(n): f"Planner {n}" for n in tables.get("planner", {"planner_id": []})["planner_id"]
    }
    whole = np.datetime64("2020-01-01")
    earlier = NOTHING.assign(area="")
    return Cases(combined, (AREA,), names, whole, nobody, earlier, _no_others, _no_effects)


def of_area(
    make: Callable[[Cases], pd.DataFrame],
    rows: pd.DataFrame,
    as_of: date,
    tables: dict[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """A frame of LWIA 07 and of the planners in it."""
    return make(made_cases(rows, as_of, tables or {}))


def _no_others(kind: str) -> Cases:
    raise AssertionError(f"No {kind} is made.")


def _no_effects() -> pd.DataFrame:
    return pd.DataFrame(columns=["area", "program", "measure", "one_more"])
