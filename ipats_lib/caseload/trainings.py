"""Trainings under way, with their type, provider and occupation (A-12)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ipats_lib.caseload.case_tables import CaseTables
from ipats_lib.caseload.catalogue import threshold
from ipats_lib.caseload.services import TRAININGS
from ipats_lib.caseload.status import active
from ipats_lib.groups import TRAININGS as TYPES

OCCUPATIONS = ("1306", "1311", "1316")
NOT_RECORDED = "Not recorded"
COLUMNS = ("row", "customer", "slot", "start", "type", "occupation", "with_account", "provider")


def open_trainings(cases: CaseTables, types: Mapping[int, str]) -> pd.DataFrame:
    """Every training that is open on the as-of date, of active Title I participants.

    types: titles of the codes of 1303. One row per training (`COLUMNS`): slot 1 to 3 (1302, 1309,
    1314); type, occupation (O*NET code of 1306, 1311, 1316) and provider are `NOT_RECORDED` where
    they are; with_account tells of an individual training account (1319).
    """
    view, records, parts = cases.view, cases.records, []
    for slot, (kind, work, (start, end)) in enumerate(
        zip(TYPES, OCCUPATIONS, TRAININGS, strict=True), start=1
    ):
        open_ = active(view) & (view.day(start) <= cases.today) & np.isnat(view.day(end))
        work_of = pd.Series(records.text(work)[open_], dtype="object").astype("str")
        parts.append(
            pd.DataFrame(
                {
                    "row": cases.rows["row"].to_numpy()[open_],
                    "customer": records.text("100")[open_].astype("str"),
                    "slot": slot,
                    "start": view.day(start)[open_].astype("datetime64[s]"),
                    "type": pd.Series(view.code(kind)[open_]).map(types).fillna(NOT_RECORDED),
                    "occupation": work_of.where(work_of != "", NOT_RECORDED),
                    "with_account": (view.code("1319") == 1)[open_],
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(provider=_providers(cases, table))[list(COLUMNS)]


def _providers(cases: CaseTables, trainings: pd.DataFrame) -> pd.Series:
    """The provider of each training: that of the customer's service that begins nearest to it.

    Only services with a provider and a start within `provider_days` of the training's; of two
    equally near the one that ended last, or has not ended.
    """
    none = pd.Series(NOT_RECORDED, index=trainings.index, dtype="object")
    if "service" not in cases.tables:
        return none
    service = cases.tables["service"]
    service = service.loc[service["provider"].notna(), ["customer", "start", "actual_end",
                                                        "provider"]]  # fmt: skip
    service = service.astype({"customer": "str"})
    asked = trainings[["customer", "start"]].reset_index(names="place")
    both = asked.merge(service, on="customer", suffixes=("", "_given"))
    apart = (both["start_given"] - both["start"]).dt.days.abs()
    both = both.assign(apart=apart)[apart <= threshold("provider_days")]
    order = both.sort_values(["place", "apart", "actual_end"], na_position="last")
    # Of the nearest, the one that stands last has the latest end or none.
    nearest = order[order["apart"] == order.groupby("place")["apart"].transform("min")]
    found = nearest.groupby("place")["provider"].last().astype("object")
    return none.where(~none.index.isin(found.index), found.reindex(none.index))
