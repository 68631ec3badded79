"""The soft exit: who nears it, and who has passed it (domain 5.2, A-07 and A-08).

Nobody exits softly who is in training or in a planned gap. Services and gaps that any area has
planned count (`whole_customer`).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.catalogue import Alert, read_alerts
from ipats_lib.caseload.desk import Desk, later, lines
from ipats_lib.caseload.extending import last_service
from ipats_lib.caseload.status import active, in_training
from ipats_lib.caseload.thresholds import threshold
from ipats_lib.caseload.whole_customer import IN_GAP, PLANNED, facts
from ipats_lib.cohorts import Mask
from ipats_lib.periods import Quarter, written_day

WATCH_COLUMNS = ("alert", "row", "customer", "last_service", "days", "due", "exit", "quarter")


def _soft_exit(desk: Desk) -> tuple[Mask, NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Who could exit softly, the last qualifying service, and the last day before the exit."""
    view = desk.view
    last = last_service(view)
    gap = facts(desk)[IN_GAP].to_numpy()
    could = active(view) & ~in_training(view.records, desk.today) & ~gap & ~np.isnat(last)
    return could, last, later(last, threshold("exit_days"))


def soft_exit_watch(desk: Desk, alert: Alert) -> pd.DataFrame:
    could, last, until = _soft_exit(desk)
    near = could & (until >= desk.today) & (until <= later(desk.today, alert.days))
    return _lines(desk, near, last, until)


def overdue_soft_exit(desk: Desk, alert: Alert) -> pd.DataFrame:
    could, last, until = _soft_exit(desk)
    past = could & (later(until, alert.days) < desk.today)
    return _lines(desk, past & ~facts(desk)[PLANNED].to_numpy(), last, until)


def _lines(
    desk: Desk, holds: Mask, last: NDArray[np.datetime64], until: NDArray[np.datetime64]
) -> pd.DataFrame:
    return lines(
        desk,
        holds,
        last,
        until,
        lambda where: [
            f"{(desk.today - day).astype(int)} days since the last service; a soft exit would be "
            f"dated {written_day(day.item())}, in {Quarter.of(day.item()).label}"
            for day in last[where]
        ],
    )


def watch(desk: Desk) -> pd.DataFrame:
    """The soft-exit watch: the lines of A-07 and A-08 together, and no others.

    One row per record, most days first (`WATCH_COLUMNS`): last_service, days (since then), due
    (the last day before a soft exit), exit (its date: the last service) and quarter (calendar
    quarter of that exit, which places it in the reports).
    """
    known = read_alerts()
    found = pd.concat(
        [
            soft_exit_watch(desk, known["A-07"]).assign(alert="A-07"),
            overdue_soft_exit(desk, known["A-08"]).assign(alert="A-08"),
        ],
        ignore_index=True,
    )
    table = found.assign(
        last_service=found["since"],
        days=(pd.Timestamp(desk.as_of) - found["since"]).dt.days,
        exit=found["since"],
        quarter=[Quarter.of(day.date()).label for day in found["since"]],
    )
    order = table.sort_values(["days", "row"], ascending=[False, True], ignore_index=True)
    return order[list(WATCH_COLUMNS)]
