"""Caseload status of every period of participation on the as-of date (domain 5.1)."""

from ipats_lib.caseload.status import BANDS, ELEMENTS, STATUSES, caseload

__all__ = ["BANDS", "ELEMENTS", "STATUSES", "caseload"]
