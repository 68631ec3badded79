"""The frame `services`: services, trainings, follow-ups, notes and dated facts of customers."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload import trainings
from ipats_lib.caseload.services import SERVICES, TRAININGS, is_gap
from ipats_lib.caseload.trainings import OCCUPATIONS
from ipats_lib.frames.cases import Cases, plain
from ipats_lib.frames.occupations import group_titles, occupation_titles
from ipats_lib.groups import TRAINING_TYPES
from ipats_lib.params import load_layout

SERVICE, GAP, TRAINING, FOLLOW_UP = "service", "planned gap", "training", "follow-up"
NOTE, APPLICATION, MILESTONE = "case note", "application", "milestone"
# What a date of the PIRL file says happened.
DATED = {
    "900": "Entered the program",
    "901": "Exited",
    "1811": "Enrolled in education or training (skill gains counted)",
    "1813": "Completed that education or training",
    "1801": "Credential attained",
    "1803": "Second credential attained",
    "1805": "Third credential attained",
    "1806": "Skill gain: educational functioning level",
    "1807": "Skill gain: postsecondary transcript",
    "1808": "Skill gain: secondary transcript",
    "1809": "Skill gain: training milestone",
    "1810": "Skill gain: skills progression",
    "1406": "Enrolled in education after exit",
    "1409": "Supportive service (most recent)",
    "1412": "Youth follow-up service (most recent)",
    "1503": "Follow-up service (most recent)",
}
SLOTS = (("1302", "1303", "1308"), ("1309", "1310", "1313"), ("1314", "1315", "1318"))
# What a date is of, where it is no milestone.
_KINDS = {"1409": SERVICE, "1412": FOLLOW_UP, "1503": FOLLOW_UP}
_ACCOUNT = "1319"
# The services of the PIRL file, for an extract without a service table.
PLAIN_SERVICES = tuple(
    element
    for element in SERVICES
    if element not in DATED and not any(element in training for training in TRAININGS)
)
_TEXTS = ("type", "provider", "occupation", "service_status", "planner")
_DAYS = ("start", "end", "planned_end")
_FIRST = ("scope", "customer", "kind", "title", *_DAYS, "row", "slot")
# Days of their own type: together with columns of objects each would become an object too.
_NONE = pd.DataFrame(columns=list(_FIRST)).astype(dict.fromkeys(_DAYS, "datetime64[s]"))


def services(cases: Cases) -> pd.DataFrame:
    """Everything dated of each scope's customers, oldest first; none for the state."""
    found = dated(cases) if cases.kind != "state" else _NONE
    order = ["scope", "customer", "start", "kind", "title", "end", "planned_end", "row", "slot"]
    found = found.sort_values(order, kind="stable", ignore_index=True)
    if cases.kind == "planner" and "planner" in found:
        found["planner"] = found["planner"].where(found["planner"] == found["scope"])
    texts = {n: found[n].fillna("") if n in found else "" for n in _TEXTS}
    flags = {n: _flag(found, n) for n in ("training", "under_way", "with_account")}
    found = found.assign(**texts, **flags)
    occupations = found["occupation"].to_numpy(dtype=object)
    return found.assign(
        occupation_group=group_titles(occupations),
        occupation_title=occupation_titles(occupations),
        planner_name=cases.planner_names(found["planner"].to_numpy(dtype=object)),
    )


@lru_cache(maxsize=1)
def dated(cases: Cases) -> pd.DataFrame:
    """Everything dated of the customers, each once: scope, customer, kind, title, start and what
    else is known of it. Trainings under way are those of each record, as they are counted. Kept
    for `caseload`, which reads it again; nobody changes it."""
    parts = [part for part in _parts(cases) if len(part)]
    return pd.concat([_NONE, *parts], ignore_index=True).drop_duplicates() if parts else _NONE


def _flag(found: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    if name not in found:
        return np.zeros(len(found), dtype=np.bool_)
    return found[name].eq(True).to_numpy(dtype=np.bool_)


def _parts(cases: Cases) -> Iterator[pd.DataFrame]:
    tables = cases.combined.case_tables.tables
    for element, title in DATED.items():
        yield _dated(cases, element, _KINDS.get(element, MILESTONE), title)
    yield from _trainings(cases)
    if "application" in tables:
        table = tables["application"]
        yield _case(cases, table, "applied", APPLICATION, "Applied")
        yield _case(cases, table, "certified", APPLICATION, "Certified as eligible")
    if "case_note" in tables:
        table = tables["case_note"]
        kinds = table["type"].astype("object").fillna("no type")
        yield _case(cases, table, "date", NOTE, "Case note", type=kinds)
    if "service" in tables:
        yield _of_service(cases, tables["service"])
    else:
        names = {element.number: element.name for element in load_layout().elements}
        for element in PLAIN_SERVICES:
            yield _dated(cases, element, SERVICE, f"{names[element]} ({element})")


def _dated(cases: Cases, element: str, kind: str, title: str) -> pd.DataFrame:
    day = cases.combined.case_tables.records.day(element)
    place = np.flatnonzero(~np.isnat(day))
    return _of_records(cases, place, kind=kind, title=title, start=_seconds(day[place]))


def _of_records(cases: Cases, place: NDArray[np.intp], **columns: object) -> pd.DataFrame:
    own = {"scope": cases.combined.areas[place], "customer": cases.customer[place]}
    return pd.DataFrame({**own, **columns}, index=range(len(place)))


def _seconds(days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    return days.astype("datetime64[s]")


def _trainings(cases: Cases) -> Iterator[pd.DataFrame]:
    """Each training of the PIRL file; the provider of those under way (`trainings`)."""
    records, case_tables = cases.combined.case_tables.records, cases.combined.case_tables
    open_ = trainings.open_trainings(case_tables, TRAINING_TYPES)
    open_ = open_.assign(place=cases.places(open_["row"]))
    for slot, (first, kind, last) in enumerate(SLOTS):
        start, end = records.day(first), records.day(last)
        place = np.flatnonzero(~np.isnat(start) | ~np.isnat(end))
        mine = open_[open_["slot"] == slot + 1].set_index("place")
        codes = pd.Series(records.code(kind)[place])
        under_way = np.isin(place, mine.index)
        yield _of_records(
            cases,
            place,
            kind=TRAINING,
            title="Training",
            start=_seconds(start[place]),
            end=_seconds(end[place]),
            type=codes.map(TRAINING_TYPES).fillna("type not recorded").to_numpy(dtype=object),
            occupation=records.text(OCCUPATIONS[slot])[place].astype("str").astype(object),
            provider=mine["provider"].reindex(place).to_numpy(dtype=object),
            training=True,
            under_way=under_way,
            row=cases.lines(place).where(under_way),
            slot=np.where(under_way, slot + 1, np.nan),
            with_account=(records.code(_ACCOUNT) == 1)[place],
        )


def _case(
    cases: Cases, table: pd.DataFrame, date_: str, kind: str, title: str, **more: object
) -> pd.DataFrame:
    known = table[date_].notna().to_numpy()
    mine = table[known]
    own = {"scope": cases.combined.of_customers(mine), "kind": kind, "title": title}
    texts = {name: values[known].to_numpy(dtype=object) for name, values in more.items()}  # type: ignore[index]
    found = pd.DataFrame({**own, "start": mine[date_].to_numpy("datetime64[s]"), **texts})
    return found.assign(customer=plain(mine["customer"].to_numpy(dtype=object)), **_planner(mine))


def _planner(table: pd.DataFrame) -> dict[str, NDArray[np.object_]]:
    """Who made each line, where the table says so."""
    if "planner_id" not in table:
        return {}
    return {"planner": plain(table["planner_id"].fillna("").to_numpy(dtype=object))}


def _of_service(cases: Cases, table: pd.DataFrame) -> pd.DataFrame:
    mine = table[table["start"].notna()].reset_index(drop=True)
    begun = mine["start"] <= pd.Timestamp(cases.combined.case_tables.as_of)
    found = _case(cases, mine, "start", SERVICE, "Service")
    return found.assign(
        kind=np.where(is_gap(mine), GAP, SERVICE),
        title=mine["title"].astype("object").fillna("Service").to_numpy(),
        end=mine["actual_end"].to_numpy("datetime64[s]"),
        planned_end=mine["planned_end"].to_numpy("datetime64[s]"),
        provider=mine["provider"].astype("object").to_numpy(),
        service_status=mine["status"].astype("object").to_numpy(),
        under_way=(begun & mine["actual_end"].isna()).to_numpy(),
    )
