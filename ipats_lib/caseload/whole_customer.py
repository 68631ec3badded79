"""Facts of the whole customer, over all areas that serve the customer (domain 9.2, common exit).

A service that another area has planned, a planned gap there, or a planner there decides about the
customer here as well. An area may not see the other area's rows, so the facts travel as yes or no
beside each of the customer's records.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from ipats_lib.caseload.case_tables import CaseTables, kept
from ipats_lib.caseload.services import in_planned_gap, services_only

IN_GAP, PLANNED = "in_planned_gap", "service_planned"
HAS_PLANNER, HAD_PLANNER = "has_planner", "had_planner"
FACTS = (IN_GAP, PLANNED, HAS_PLANNER, HAD_PLANNER)
NAMED = "|"  # between area and name, where the records of several areas are asked at once
FIRST, LAST = "first_entry", "last_day"
_ENDS = ("901", "1412", "1503")
SPAN = ("100", "900", *_ENDS)
Tables = Mapping[str, pd.DataFrame]


def with_facts(rows: pd.DataFrame, tables: Tables, as_of: date) -> pd.DataFrame:
    """The records with the `FACTS` of their customers.

    rows: one row per period of participation, with element 100. tables: service, assignment and
    planner of all areas, as far as the extract has them. Adds four bool columns: a planned gap
    lasts on the as-of date; a service starts after it; an active planner is assigned on it; any
    planner was ever assigned. A fact whose table is missing is False.
    """
    customers = rows["100"].astype("str")
    service, assignment = tables.get("service"), tables.get("assignment")
    named = {PLANNED: _to_come(service, as_of), HAS_PLANNER: _assigned(tables, as_of)}
    named[HAD_PLANNER] = set() if assignment is None else set(assignment["customer"].astype("str"))
    facts = {name: customers.isin(who) for name, who in named.items()}
    return rows.assign(**{IN_GAP: in_planned_gap(customers, service, as_of), **facts})


def with_span(rows: pd.DataFrame, everywhere: pd.DataFrame) -> pd.DataFrame:
    """The records with the `spans` of their customers in any area."""
    span = spans(everywhere)
    place = span.index.get_indexer(rows["100"])
    return rows.assign(**{name: span[name].array.take(place, allow_fill=True) for name in span})


def spans(everywhere: pd.DataFrame) -> pd.DataFrame:
    """By customer, the first entry in any area, and the last exit or follow-up; missing while one
    of the customer's records is active."""
    known = everywhere[list(SPAN)].dropna(subset=["100"])
    number, customers = pd.factorize(known["100"])
    found = known.groupby(number).agg({"900": "min", **dict.fromkeys(_ENDS, "max")})
    active = np.bincount(number[known["901"].isna()], minlength=len(customers)) > 0
    last = found[list(_ENDS)].max(axis=1).mask(active)
    return pd.DataFrame({FIRST: found["900"], LAST: last}).set_axis(customers)


@kept
def facts(cases: CaseTables) -> pd.DataFrame:
    """The `FACTS` of each record: those that came with the records, else of the tables themselves.

    The records of a scope bring the facts of all areas; tables of all areas need none.
    """
    brought = set(FACTS) <= set(cases.rows.columns)
    rows = cases.rows if brought else with_facts(cases.rows, cases.tables, cases.as_of)
    return rows[list(FACTS)]


def begun_assignments(tables: Tables, as_of: date) -> pd.DataFrame:
    """Assignments that began by the as-of date, to planners who are active, oldest first.

    One without a start has begun, as it has for whose pages show a customer (`Contacts`); it
    sorts before those that have one.
    """
    planner, assignment = tables["planner"], tables["assignment"]
    working = set(planner.loc[planner["active"].fillna(False).astype("bool"), "planner_id"])
    begun = assignment["from"].isna() | (assignment["from"] <= pd.Timestamp(as_of))
    mine = assignment[begun & assignment["planner_id"].isin(working)]
    return mine.sort_values(["from", "planner_id"], na_position="first")


def holding(begun: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The assignments (`begun_assignments`) that hold on the as-of date."""
    return begun[begun["to"].isna() | (begun["to"] >= pd.Timestamp(as_of))]


def _to_come(service: pd.DataFrame | None, as_of: date) -> set[str]:
    if service is None:
        return set()
    real = services_only(service)
    return set(real.loc[real["start"] > pd.Timestamp(as_of), "customer"].astype("str"))


def _assigned(tables: Tables, as_of: date) -> set[str]:
    if not {"assignment", "planner"} <= set(tables):
        return set()
    return set(holding(begun_assignments(tables, as_of), as_of)["customer"].astype("str"))
