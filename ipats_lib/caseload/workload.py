"""How the work is spread over planners (A-25, A-26), inside one LWIA."""

from functools import cache

import numpy as np
import pandas as pd

from ipats_lib.caseload.desk import Desk
from ipats_lib.caseload.planners import NOT_HERE, current_planner, planner_of_lines
from ipats_lib.caseload.status import FOLLOWED, is_active
from ipats_lib.cohorts import IN_TITLE_I
from ipats_lib.params import read_each

_WHOLE = dict.fromkeys(("active", "follow_up", "open", "late"), "int64")


@cache
def load_weights() -> dict[str, float]:
    """`params/workload.csv`: what one period of participation of a status weighs."""
    columns = ("status", "weight", "source")
    pairs = read_each("workload.csv", columns, lambda row: (row["status"], float(row["weight"])))
    return dict(pairs)


def balance(desk: Desk, caseload: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """One row per planner with customers or open lines, one for customers whose planner is in
    another area, and one for those without a planner.

    caseload: `caseload.caseload` of the same rows, of which Title I participants count; lines: the
    alerts, with row, customer and days (until due). Gives planner (id, or one of
    `planners.NOT_HERE`), active,
    follow_up (periods of participation), load (weighted, `params/workload.csv`), of_mean (load over
    the mean of planners with customers; missing for all others), open (alert lines), late (those
    past their date) and late_share (0..1).
    """
    planner = current_planner(desk).to_numpy()
    by_row = pd.Series(planner, index=desk.rows["row"].to_numpy())
    title1 = desk.rows["row"].to_numpy()[IN_TITLE_I(desk.view)]
    caseload = caseload[caseload["row"].isin(title1)]
    status = caseload["status"].astype("str")
    table = pd.DataFrame(
        {
            "planner": by_row.reindex(caseload["row"]).to_numpy(),
            "active": is_active(status).to_numpy(),
            "follow_up": (status == FOLLOWED).to_numpy(),
            "load": status.map(load_weights()).fillna(0.0).to_numpy(dtype=np.float64),
        }
    )
    work = table.groupby("planner").sum().join(_lines_by_planner(desk, lines), how="outer")
    work = work.fillna(0).rename_axis("planner").astype(_WHOLE)
    work = work[(work[["active", "follow_up", "open"]] > 0).any(axis=1)]
    has_customers = (work[["active", "follow_up"]] > 0).any(axis=1)
    held = work["load"].where(has_customers & ~work.index.isin(NOT_HERE))
    work["of_mean"] = held / held.mean()
    work["late_share"] = work["late"] / work["open"].where(work["open"] > 0)
    return work.reset_index().sort_values(["load", "planner"], ascending=[False, True])


def _lines_by_planner(desk: Desk, lines: pd.DataFrame) -> pd.DataFrame:
    whose = planner_of_lines(desk, lines)
    table = pd.DataFrame({"planner": whose, "open": 1, "late": lines["days"] < 0})
    return table.groupby("planner").sum()
