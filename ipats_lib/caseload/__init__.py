"""The caseload on the as-of date: status, alerts, data to mend, work, flow and engagement."""

from ipats_lib.caseload import engagement, flow, mend, mix, workload
from ipats_lib.caseload.alerts import alerts, load_alerts
from ipats_lib.caseload.desk import Alert, Desk
from ipats_lib.caseload.questions import ELEMENTS as ALERT_ELEMENTS
from ipats_lib.caseload.status import BANDS, STATUSES, caseload
from ipats_lib.caseload.status import ELEMENTS as STATUS_ELEMENTS

ELEMENTS = tuple(dict.fromkeys((*STATUS_ELEMENTS, *ALERT_ELEMENTS, *mix.ELEMENTS, *mend.ELEMENTS)))

__all__ = [
    "BANDS",
    "ELEMENTS",
    "STATUSES",
    "Alert",
    "Desk",
    "alerts",
    "caseload",
    "engagement",
    "flow",
    "load_alerts",
    "mend",
    "mix",
    "workload",
]
