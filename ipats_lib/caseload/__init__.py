"""The caseload on the as-of date: a status for every period of participation, and the alerts."""

from ipats_lib.caseload.alerts import ELEMENTS as ALERT_ELEMENTS
from ipats_lib.caseload.alerts import Alert, Desk, alerts, load_alerts
from ipats_lib.caseload.status import BANDS, ELEMENTS, STATUSES, caseload

__all__ = [
    "ALERT_ELEMENTS",
    "BANDS",
    "ELEMENTS",
    "STATUSES",
    "Alert",
    "Desk",
    "alerts",
    "caseload",
    "load_alerts",
]
