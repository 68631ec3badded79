"""The soft exit: who nears it, and who has passed it (domain 5.2, A-07 and A-08).

Nobody exits softly who is in training or in a planned gap. Services and gaps that any area has
planned count (`whole_customer`).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.case_tables import CaseTables, later, lines
from ipats_lib.caseload.catalogue import Alert, read_alerts, threshold
from ipats_lib.caseload.services import last_service
from ipats_lib.caseload.status import active, in_training
from ipats_lib.caseload.whole_customer import IN_GAP, PLANNED, facts
from ipats_lib.cohorts import Mask
from ipats_lib.periods import Quarter, written_day

WATCH_COLUMNS = ("alert", "row", "customer", "last_service", "days", "due", "exit", "quarter")


def _soft_exit(cases: CaseTables) -> tuple[Mask, NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Who could exit softly, the last qualifying service, and the last day before the exit."""
    view = cases.view
    last = last_service(view)
    gap = facts(cases)[IN_GAP].to_numpy()
    could = active(view) & ~in_training(view.records, cases.today) & ~gap & ~np.isnat(last)
    return could, last, later(last, threshold("exit_days"))


def soft_exit_watch(cases: CaseTables, alert: Alert) -> pd.DataFrame:
    could, last, until = _soft_exit(cases)
    near = could & (until >= cases.today) & (until <= later(cases.today, alert.days))
    return _lines(cases, near, last, until)


def overdue_soft_exit(cases: CaseTables, alert: Alert) -> pd.DataFrame:
    could, last, until = _soft_exit(cases)
    past = could & (later(until, alert.days) < cases.today)
    return _lines(cases, past & ~facts(cases)[PLANNED].to_numpy(), last, until)


def _lines(
    cases: CaseTables, holds: Mask, last: NDArray[np.datetime64], until: NDArray[np.datetime64]
) -> pd.DataFrame:
    return lines(
        cases,
        holds,
        last,
        until,
        lambda where: [
            f"{(cases.today - day).astype(int)} days since the last service; a soft exit would be "
            f"dated {written_day(day.item())}, in {Quarter.of(day.item()).label}"
            for day in last[where]
        ],
    )


def watch(cases: CaseTables) -> pd.DataFrame:
    """The soft-exit watch: the lines of A-07 and A-08 together, and no others.

    One row per record, most days first (`WATCH_COLUMNS`): last_service, days (since then), due
    (the last day before a soft exit), exit (its date: the last service) and quarter (calendar
    quarter of that exit, which places it in the reports).
    """
    known = read_alerts()
    found = pd.concat(
        [
            soft_exit_watch(cases, known["A-07"]).assign(alert="A-07"),
            overdue_soft_exit(cases, known["A-08"]).assign(alert="A-08"),
        ],
        ignore_index=True,
    )
    table = found.assign(
        last_service=found["since"],
        days=(pd.Timestamp(cases.as_of) - found["since"]).dt.days,
        exit=found["since"],
        quarter=[Quarter.of(day.date()).label for day in found["since"]],
    )
    order = table.sort_values(["days", "row"], ascending=[False, True], ignore_index=True)
    return order[list(WATCH_COLUMNS)]
