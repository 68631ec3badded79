"""The caseload on the as-of date: status, alerts, records to fix, work, flow and engagement."""

from ipats_lib.caseload.case_tables import CaseTables
from ipats_lib.caseload.catalogue import (
    Alert,
    load_counts,
    load_levels,
    load_schedule,
    load_thresholds,
    threshold,
)
from ipats_lib.caseload.questions import ELEMENTS as ALERT_ELEMENTS
from ipats_lib.caseload.questions import alerts, load_alerts
from ipats_lib.caseload.status import ELEMENTS as STATUS_ELEMENTS
from ipats_lib.caseload.status import STATUSES, caseload, load_service_bands, load_statuses
from ipats_lib.caseload.vocabulary import ELEMENTS as CHECK_ELEMENTS

ELEMENTS = tuple(dict.fromkeys((*STATUS_ELEMENTS, *ALERT_ELEMENTS, *CHECK_ELEMENTS)))

__all__ = [
    "ELEMENTS",
    "STATUSES",
    "Alert",
    "CaseTables",
    "alerts",
    "caseload",
    "load_alerts",
    "load_counts",
    "load_levels",
    "load_schedule",
    "load_service_bands",
    "load_statuses",
    "load_thresholds",
    "threshold",
]
