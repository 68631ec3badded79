"""The frame `changes`: what changed since the last extract, to the record and element."""

import numpy as np
import pandas as pd

from ipats_lib.frames.cases import Cases, program_titles
from ipats_lib.frames.changes import PLANNER
from ipats_lib.scopes import AreaType

_BY = ["scope", "area_type", "area", "kind", "element", "name"]
_BLANK = dict.fromkeys(("customer", "program", "planner", "value_before", "value_now"), "")


def changes(cases: Cases) -> pd.DataFrame:
    """A row per change of a record of the scope; for the state, and of what left a scope, a row per
    kind of change and area with the number. Empty without an earlier extract."""
    between = cases.changes()
    if between is None:
        lines, known = _counts(pd.DataFrame(columns=_BY)), pd.NaT
    else:
        known = pd.Timestamp(between.before.as_of)
        kinds: tuple[AreaType, ...] = ("state", "lwia") if cases.kind == "state" else (cases.kind,)
        parts = [between.of_kind(kind).assign(area_type=kind) for kind in kinds]
        found = pd.concat(parts, ignore_index=True)
        found = found.assign(scope=cases.scopes[0] if cases.kind == "state" else found["area"])
        known_here = found["area_type"].ne(cases.kind) | found["area"].isin(cases.scopes)
        lines = _lines(cases, found[known_here])
    planner = lines["planner"].to_numpy(dtype=object)
    return lines.assign(
        known_before=known,
        element_name=lines["name"].mask(lines["element"] == PLANNER, "Career planner"),
        area_title=cases.titles(lines["area_type"], lines["area"]),
        program_title=program_titles(lines["program"].to_numpy()),
        planner_name=np.where(lines["lost"], "", cases.planner_names(planner)),
    )


def _lines(cases: Cases, found: pd.DataFrame) -> pd.DataFrame:
    listed = (found["id"] != "") & (cases.kind != "state")
    mine = found[listed].rename(columns={"id": "customer"}).astype({"new_row": "Int64"})
    records = pd.DataFrame(
        {
            "area": cases.combined.areas,
            "new_row": pd.array(cases.combined.originals, dtype="Int64"),
            "program": cases.program,
            "planner": cases.planner,
        }
    )
    mine = mine.merge(records, on=["area", "new_row"], how="left")
    moved = mine["element"] == PLANNER
    named = {
        name: mine[name].mask(moved, mine[name].map(lambda planner: _named(cases, planner)))
        for name in ("value_before", "value_now")
    }
    mine = mine.assign(
        **named,
        records=1,
        lost=mine["new_row"].isna() & ~moved,
        entry=pd.to_datetime(mine["entry"].replace("", None)),
        program=mine["program"].fillna(""),
        planner=mine["planner"].fillna(mine["value_now"].where(moved, "")),
    )
    return pd.concat([mine, _counts(found[~listed])], ignore_index=True).sort_values(
        "scope", kind="stable", ignore_index=True
    )


def _counts(lines: pd.DataFrame) -> pd.DataFrame:
    sizes = lines.groupby(_BY).size().rename("records").reset_index()
    nobody = {"row": pd.array([pd.NA] * len(sizes), dtype="Int64"), "entry": pd.NaT}
    return sizes.assign(**_BLANK, **nobody, lost=True)


def _named(cases: Cases, planner: str) -> str:
    return f"{cases.names.get(planner, '')} ({planner})" if planner else ""
