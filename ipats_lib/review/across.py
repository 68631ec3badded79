"""Where records of one customer, or a record and a case table, contradict each other (D-06, X-).

Each record counts, whatever its program and area: programs and tables are compared over the whole
extract (domain 4.3, across programs).
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.gaps import services_only
from ipats_lib.cohorts import PROGRAMS, STREAMS, Records
from ipats_lib.snapshot import Snapshot
from ipats_lib.validation.rules import load_rules

AT_ENTRY = ("202", "300", "408", "409", *(str(number) for number in range(800, 807)))
FOLLOW_UP = ("1412", "1503")
_TITLE_I = ("adult", "dw", "youth")
_NOT_TOLD = 9
NEVER = pd.Timestamp("2999-12-31").as_unit("s")  # the exit of who has not left


def contradictions(snapshot: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """rule, severity, row, id, element, value and message of each. rows: the state's."""
    known = rows.dropna(subset=["100"]).rename(columns={"100": "id"})
    parts = [_persons(known), *_records(snapshot, known)]
    services, applications = snapshot.table("service"), snapshot.table("application")
    if services is not None:
        parts += _services(services_only(services), known)
    if applications is not None:
        parts.append(_applications(applications, known))
    return pd.concat(parts, ignore_index=True)


def _persons(known: pd.DataFrame) -> pd.DataFrame:
    told = known[["row", "id", "200", "103"]].dropna()
    persons = told.drop_duplicates(["id", "200", "103"])
    several = persons.groupby(["200", "103"])["id"].transform("nunique") > 1
    return _said("D-06", persons[several], "200|103")


def _records(snapshot: Snapshot, known: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Records of one customer that overlap, or begin on one day."""
    several = known[known.groupby("id")["id"].transform("size") > 1].reset_index(drop=True)
    view = view_of(Records(several.rename(columns={"id": "100"})), snapshot.as_of)
    streams = np.column_stack([STREAMS[p](view) for p in PROGRAMS if p in (*_TITLE_I, "wp")])
    facts = several[["row", "id", "900", "901"]].assign(place=several.index)
    pairs = facts.merge(facts, on="id", suffixes=("", "_2"))
    pairs = pairs[pairs["row"] != pairs["row_2"]].dropna(subset=["900", "900_2"])
    one, two = (streams[pairs[name].to_numpy(dtype=np.intp)] for name in ("place", "place_2"))
    apart = one.any(axis=1) & two.any(axis=1) & ~(one & two).any(axis=1)
    title1 = one[:, :3].any(axis=1) & two[:, :3].any(axis=1)
    last = {name: pairs[name].fillna(NEVER) for name in ("901", "901_2")}
    together = (pairs["900"] <= last["901_2"]) & (pairs["900_2"] <= last["901"])
    other = last["901"] != last["901_2"]
    same = pairs["900"] == pairs["900_2"]
    yield _said("X-02", pairs[apart & title1 & together & other], "900|901|903|904|905")
    yield _said("X-03", pairs[apart & same], "900|903|904|905|918")
    mine = [name for name in AT_ENTRY if name in several]
    answers = several[mine].astype("Float64").replace(_NOT_TOLD, pd.NA).astype("float64").to_numpy()
    first, second = (answers[pairs[name].to_numpy(dtype=np.intp)] for name in ("place", "place_2"))
    differ = ((first != second) & ~np.isnan(first) & ~np.isnan(second)).any(axis=1)
    yield _said("X-04", pairs[same & differ], "900|" + "|".join(mine))


def _services(services: pd.DataFrame, known: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Services before the first entry, or after the last exit without a follow-up as late."""
    first = known.groupby("id")["900"].min()
    active = known["901"].isna().groupby(known["id"]).any()
    latest = known.groupby("id")[["901", *FOLLOW_UP]].max().max(axis=1)
    customer, lines = services["customer"], services.rename(columns={"customer": "id"})
    yield _said("X-01", lines[services["start"] < customer.map(first)], "service.csv start")
    gone = customer.map(~active).fillna(False).astype(bool)
    late = gone & (services["start"] > customer.map(latest))
    yield _said("X-05", lines[late], "service.csv start")


def _applications(applications: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    lines = applications.rename(columns={"customer": "id"})
    pairs = lines.merge(known[["id", "900"]], on="id")
    entered = (pairs["applied"] <= pairs["900"]) & (pairs["900"] < pairs["certified"])
    return _said("X-06", pairs[entered], "application.csv certified")


def _said(rule: str, lines: pd.DataFrame, element: str) -> pd.DataFrame:
    """One finding a line that the rule names."""
    text = load_rules()[rule]
    facts = {"rule": rule, "severity": text.severity, "element": element, "value": ""}
    return lines[["row", "id"]].drop_duplicates().assign(**facts, message=text.message)
