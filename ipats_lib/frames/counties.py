"""The frame `counties`: where the active live."""

import pandas as pd

from ipats_lib.breakdown import membership_of
from ipats_lib.caseload import mix
from ipats_lib.frames.cases import Cases
from ipats_lib.params import params_folder, read_rows

DIMENSION = "County of residence"


def counties(cases: Cases) -> pd.DataFrame:
    """Every county of Illinois for the state, those with anybody for others, and who lives
    elsewhere or whose county is not recorded."""
    desk = cases.combined.desk
    members = membership_of(desk.rows)
    at = {title: n for n, (kind, title) in enumerate(members.titles) if kind == DIMENSION}
    active = mix.active_records(desk.records, desk.as_of)
    areas, holds = cases.combined.areas[active], members.holds[active]
    lines = read_rows(params_folder() / "counties.csv", ("county", "fips", "lwia", "edr"))
    placed = pd.Series(0, index=range(int(active.sum())))
    parts = []
    for line in lines:
        mine = holds[:, at[line["county"]]]
        placed[mine] = 1
        sizes = pd.Series(areas[mine], dtype="object").value_counts()
        sizes = sizes.reindex(cases.scopes, fill_value=0)
        parts.append(_county(sizes, **{name: line[name] for name in ("fips", "county", "lwia")}))
    rest = pd.Series(areas[(placed == 0).to_numpy()], dtype="object").value_counts()
    rest = rest.reindex(cases.scopes, fill_value=0)
    parts.append(_county(rest, fips="", county="Elsewhere, or not recorded", lwia=""))
    found = pd.concat(parts, ignore_index=True)
    if cases.kind != "state":
        found = found[(found["n"] > 0) | (found["fips"] == "")]
    return found.sort_values("scope", kind="stable", ignore_index=True)


def _county(sizes: pd.Series, **told: str) -> pd.DataFrame:
    return pd.DataFrame({"scope": sizes.index, "n": sizes.to_numpy()}).assign(**told)
