"""The frames `share_members`, `group_members` and `engagement_events`: whom the counts count."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import membership_of
from ipats_lib.caseload import mix
from ipats_lib.caseload.engagement import load_engagement
from ipats_lib.frames.cases import Cases, plain, program_titles
from ipats_lib.periods import Quarter


def share_members(cases: Cases) -> pd.DataFrame:
    """A row per share and record of its whole; none for the state."""
    case_tables = cases.combined.case_tables
    parts = []
    for share, whole, held in mix.asked(case_tables.records, case_tables.as_of):
        place = np.flatnonzero(whole)
        parts.append(_records(cases, place).assign(share_id=share.id, in_part=held[place]))
    return _listed(cases, parts)


def group_members(cases: Cases) -> pd.DataFrame:
    """A row per active record and group that it is in; none for the state."""
    case_tables = cases.combined.case_tables
    members = membership_of(case_tables.rows)
    active = np.flatnonzero(mix.active_records(case_tables.records, case_tables.as_of))
    at, group = np.nonzero(members.holds[active])
    kinds, titles = np.array(members.titles, dtype=object).T
    found = _records(cases, active[at])
    return _listed(cases, [found.assign(dimension=kinds[group], group_title=titles[group])])


def engagement_events(cases: Cases) -> pd.DataFrame:
    """A row per event of each engagement indicator; none for the state."""
    parts = []
    for one in load_engagement().values():
        events = cases.events[one.id]
        place = events["place"].to_numpy(dtype=np.intp)
        program = np.append(cases.program, "")[place]
        quarters = events["quarter"].tolist()
        known = {number: Quarter(number) for number in set(quarters)}
        starts = {number: pd.Timestamp(one.start) for number, one in known.items()}
        found = pd.DataFrame(
            {
                "scope": cases.combined.of_customers(events),
                "row": cases.lines(place),
                "customer": plain(events["customer"].to_numpy(dtype=object)),
                "program": program,
                "program_title": program_titles(program),
                "indicator": one.id,
                "starts": [starts[number] for number in quarters],
                "quarter": [known[number].label for number in quarters],
                "result": events["value"].to_numpy(dtype=np.float64),
                "unit": one.unit,
            }
        )
        parts.append(found)
    found = _listed(cases, parts, "indicator", "starts", "customer", "row", "result")
    same = ["scope", "indicator", "quarter", "customer", "row"]
    return found.assign(event=found.groupby(same, dropna=False).cumcount() + 1)


def _records(cases: Cases, place: NDArray[np.intp]) -> pd.DataFrame:
    program = cases.program[place]
    return pd.DataFrame(
        {
            "scope": cases.combined.areas[place],
            "row": cases.lines(place),
            "customer": cases.customer[place],
            "program": program,
            "program_title": program_titles(program),
        }
    )


def _listed(cases: Cases, parts: list[pd.DataFrame], *order: str) -> pd.DataFrame:
    """The rows by scope; the state's folder lists nobody (decision 0016)."""
    found = pd.concat(parts, ignore_index=True)
    if cases.kind == "state":
        found = found.head(0)
    return found.sort_values(["scope", *order], kind="stable", ignore_index=True)
