"""The frame `terms`: what the dashboards count, as `params/` defines it."""

from collections.abc import Iterator

import pandas as pd

from ipats_lib.caseload import load_alerts, load_counts, load_statuses, load_thresholds
from ipats_lib.caseload.catalogue import load_weights
from ipats_lib.caseload.distribution import load_distribution
from ipats_lib.caseload.engagement import load_engagement
from ipats_lib.caseload.mix import load_shares
from ipats_lib.caseload.status import load_service_bands
from ipats_lib.frames.cases import Cases

_COLUMNS = ("kind", "code", "title", "definition", "action", "source", "number")


def terms(cases: Cases) -> pd.DataFrame:
    """Every count, alert, status, share, indicator, check, weight and number of the dashboards,
    in the order of their files; alike in every scope."""
    found = pd.DataFrame(list(_terms()), columns=list(_COLUMNS))
    return pd.DataFrame({"scope": sorted(cases.scopes)}).merge(found, how="cross")


def _terms() -> Iterator[tuple[object, ...]]:
    for count in load_counts().values():
        yield "count", count.id, count.name, count.definition, count.action, count.source, None
    for alert in load_alerts().values():
        yield "alert", alert.id, alert.name, alert.meaning, alert.action, alert.source, alert.days
    for status in load_statuses():
        yield "status", status.status, status.status, status.definition, "", status.source, None
    for band in load_service_bands():
        yield "band", band, band, "", "", "", None
    for share in load_shares().values():
        yield "share", share.id, share.name, share.definition, share.action, share.source, None
    for one in load_engagement().values():
        yield "engagement", one.id, one.name, one.definition, "", one.source, None
    for check in load_distribution().values():
        yield "distribution", check.id, check.metric, check.definition, "", check.source, None
    for name, weight in load_weights().items():
        yield "weight", name, name, "", "", "", weight
    for number in load_thresholds().values():
        said = f"{number.definition}: {number.value:,} {number.unit}"
        yield "number", number.name, number.name, said, "", number.source, number.value
