"""The frame `counties`: where the active live."""

import numpy as np
import pandas as pd

from ipats_lib.breakdown import membership_of
from ipats_lib.caseload import mix
from ipats_lib.frames.cases import Cases
from ipats_lib.params import params_folder, read_rows

DIMENSION = "County of residence"


def counties(cases: Cases) -> pd.DataFrame:
    """Every county of Illinois for the state, those with anybody for others, and who lives
    elsewhere or whose county is not recorded."""
    case_tables = cases.combined.case_tables
    members = membership_of(case_tables.rows)
    at = {title: n for n, (kind, title) in enumerate(members.titles) if kind == DIMENSION}
    active = mix.active_records(case_tables.records, case_tables.as_of)
    areas, holds = cases.combined.areas[active], members.holds[active]
    lines = read_rows(params_folder() / "counties.csv", ("county", "fips", "lwia", "edr"))
    lines.append({"county": "Elsewhere, or not recorded", "fips": "", "lwia": "", "edr": ""})
    home = np.full(len(holds), len(lines) - 1)
    for place, line in enumerate(lines[:-1]):
        home[holds[:, at[line["county"]]]] = place
    sizes = pd.DataFrame({"scope": areas, "home": home}).value_counts()
    every = pd.MultiIndex.from_product([sorted(cases.scopes), range(len(lines))])
    found = sizes.reindex(every.set_names(sizes.index.names), fill_value=0).rename("n")
    found = found.reset_index().join(pd.DataFrame(lines), on="home")
    keep = (cases.kind == "state") | (found["n"] > 0) | (found["fips"] == "")
    return found[keep].reset_index(drop=True)
