"""The frame `customers`: every period of participation of an LWIA or planner, and who applied."""

import numpy as np
import pandas as pd

from ipats_lib.caseload import planners, questions
from ipats_lib.caseload.flow import exit_reasons_of
from ipats_lib.caseload.status import is_active
from ipats_lib.caseload.whole_customer import IN_GAP, PLANNED, facts
from ipats_lib.cohorts import IN_WAGNER_PEYSER
from ipats_lib.frames.cases import (
    NOT_ENROLLED,
    SEVERAL,
    Cases,
    plain,
    program_titles,
)
from ipats_lib.snapshot import Snapshot

_TRADE = 1


def customers(cases: Cases) -> pd.DataFrame:
    """Every line of the caseload and every applicant without a record; none for the state."""
    known = pd.concat([_recorded(cases), applicants(cases)], ignore_index=True)
    if cases.kind == "state":
        known = known.head(0)
    known = known.join(_open(cases), on=["scope", "customer", "place"])
    found = known.sort_values(["scope", "row", "customer"], ignore_index=True)
    return found.assign(
        anchor=_anchors(found, cases),
        program_title=program_titles(found["program"].to_numpy()),
        planner_name=cases.planner_names(found["planner"].to_numpy()),
        is_active=is_active(found["case_status"]),
        service_band=found["service_band"].fillna(""),
        open=found["open"].fillna(0),
        overdue=found["overdue"].fillna(0),
    )


def _recorded(cases: Cases) -> pd.DataFrame:
    lines, view = cases.caseload, cases.view
    place = lines["place"].to_numpy()
    whole = facts(cases.combined.case_tables)
    several = (cases.program == SEVERAL) | (cases.title1 & IN_WAGNER_PEYSER(view))
    together = several | (view.code("915") == _TRADE)
    exits = view.day("901")[place]
    return pd.DataFrame(
        {
            "scope": lines["area"],
            "place": place,
            "row": cases.lines(place),
            "customer": cases.customer[place],
            "program": lines["program"],
            "title1": lines["title1"],
            "case_status": lines["status"],
            "entry": view.day("900")[place].astype("datetime64[s]"),
            "exit": exits.astype("datetime64[s]"),
            "exit_reason": np.where(np.isnat(exits), "", exit_reasons_of(view.code("923")[place])),
            "last_service": lines["last_service"],
            "days": lines["days"],
            "service_band": lines["band"],
            "planner": lines["planner"],
            "shown_by": _shown_by(cases)[place],
            "co_enrolled": together[place],
            "in_planned_gap": whole[IN_GAP].to_numpy()[place],
            "service_planned": whole[PLANNED].to_numpy()[place],
        }
    )


def places_of(snapshot: Snapshot) -> pd.Series:
    """The number of each customer's first record by page (an LWIA or a planner, as `kind area`)
    and customer: what a publication from this snapshot leads to the customer by."""
    members = snapshot.membership()
    mine = members.merge(snapshot.rows(columns=["100"]), on="row")
    page = mine["area_type"].astype("str") + " " + mine["area"].astype("str")
    return mine["row"].groupby([page, mine["100"].astype("object")]).min()


def _anchors(found: pd.DataFrame, cases: Cases) -> list[str]:
    """Where the customer's time line is on its page: `r` and the number of the record.

    Beside pages of an older snapshot it is the number there, so that their links lead to the same
    customer; whoever is new has `n` and the number here (decision 0024).
    """
    rows = found["row"].astype("str")
    if cases.places_before is None:
        return ("r" + rows).where(found["row"].notna(), "").tolist()
    alone = found["shown_by"] == ""
    page = ("planner " + found["shown_by"]).mask(alone, cases.kind + " " + found["scope"])
    keys = pd.MultiIndex.from_arrays([page, found["customer"]])
    before = cases.places_before.reindex(keys).astype("Int64").set_axis(found.index)
    kept = ("r" + before.astype("str")).where(before.notna(), "n" + rows)
    return kept.where(found["row"].notna(), "").tolist()


def _shown_by(cases: Cases) -> np.ndarray:
    """The planner whose pages show each record: in an LWIA any planner who met the customer."""
    if cases.kind != "lwia":
        return np.where(cases.kind == "planner", cases.combined.areas, "").astype(object)
    keys = pd.MultiIndex.from_arrays([cases.combined.originals, cases.combined.areas])
    by = cases.shown_by.set_index(["row", "lwia"])["planner"]
    return by.reindex(keys).fillna("").to_numpy(dtype=object)


def applicants(cases: Cases) -> pd.DataFrame:
    """Who waits for enrollment without a record."""
    case_tables = cases.combined.case_tables
    if "application" not in case_tables.tables:
        return pd.DataFrame(columns=["scope", "place", "program", "planner", "case_status"])
    waiting = questions.waiting_of(case_tables)
    mine = waiting[waiting["row"].isna()].reset_index(drop=True)
    return pd.DataFrame(
        {
            "scope": cases.combined.of_customers(mine),
            "place": -1,
            "customer": plain(mine["customer"].to_numpy(dtype=object)),
            "program": NOT_ENROLLED,
            "title1": False,
            "case_status": mine["status"].astype("object"),
            "exit_reason": "",
            "planner": cases.shown(planners.planner_of_lines(case_tables, mine)),
            "shown_by": "",
            "co_enrolled": False,
            "in_planned_gap": False,
            "service_planned": False,
        }
    )


def _open(cases: Cases) -> pd.DataFrame:
    """Of each scope, customer and record: first_due, open, overdue."""
    lines = cases.alerts.assign(late=cases.alerts["days"] < 0)
    lines = lines.rename(columns={"area": "scope"})
    sizes = lines.groupby(["scope", "customer", "place"])
    return pd.DataFrame(
        {"first_due": sizes["due"].min(), "open": sizes.size(), "overdue": sizes["late"].sum()}
    )
