"""The frame `distribution`: whether the records of an area and program look odd as a whole."""

import pandas as pd

from ipats_lib.caseload.distribution import COLUMNS, load_distribution
from ipats_lib.caseload.distribution import distribution as checked
from ipats_lib.frames.cases import Cases, program_titles

_NAMES = {
    "id": "rule",
    "metric": "check",
    "n": "records",
    "value": "result",
    "median": "of_areas",
    "low": "limit_low",
    "high": "limit_high",
    "flag": "look",
}
_KEYS = {"area": "area", "id": "key", "program": "part"}


def _before(cases: Cases) -> pd.DataFrame:
    """The figures of the newest earlier extract."""
    old = cases.other("lwia").earlier if cases.kind == "state" else cases.earlier
    old = old[(old["kind"] == "distribution") & (old["known_at"] == old["known_at"].max())]
    return pd.DataFrame(
        {
            **{name: old[key].astype("object") for name, key in _KEYS.items()},
            "result_before": old["value"],
            "known_before": pd.to_datetime(old["known_at"]),
        }
    )


def distribution(cases: Cases) -> pd.DataFrame:
    """Every check of `params/distribution.csv` in every area and program: for the state all
    areas, for an LWIA its own lines of these; a planner has too few records for any."""
    if cases.kind == "lwia":
        every = distribution(cases.other("state"))
        mine = every[every["area"].isin(cases.scopes)]
        return mine.assign(scope=mine["area"]).sort_values("scope", kind="stable")
    if cases.kind == "state":
        found = checked(cases.combined.case_tables, cases.combined.inner_scopes)
    else:
        found = pd.DataFrame(columns=list(COLUMNS))
    found = found.astype(dict.fromkeys(_KEYS, "object"))
    found = found.merge(_before(cases), on=[*_KEYS], how="left")
    area, known = found["area"].astype("object"), load_distribution()
    kinds = pd.Series("lwia", index=found.index)
    return found.rename(columns=_NAMES).assign(
        scope=cases.scopes[0] if cases.kind == "state" else "",
        area_type=kinds,
        area=area,
        area_title=cases.titles(kinds, area),
        program_title=program_titles(found["program"].to_numpy(dtype=object)),
        definition=found["id"].map({one.id: one.definition for one in known.values()}),
        unit=found["id"].map({one.id: one.unit for one in known.values()}),
    )
