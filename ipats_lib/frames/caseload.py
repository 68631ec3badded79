"""The frame `caseload`: how many are in each part of the caseload, and of how many."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import membership_of
from ipats_lib.caseload import engagement, flow, mix, questions, trainings
from ipats_lib.caseload.checks import load_checks
from ipats_lib.caseload.status import FOLLOWED, is_active
from ipats_lib.cohorts import Mask
from ipats_lib.frames.cases import ALL, Cases, program_titles
from ipats_lib.frames.customers import applicants
from ipats_lib.frames.occupations import occupation_titles
from ipats_lib.frames.services import SERVICE as SERVICES
from ipats_lib.frames.services import dated
from ipats_lib.groups import TRAINING_TYPES

STATUS, SERVICE, NOTE, CHECK, GROUP, SHARE, DAY = (
    *("status", "days since service", "days since note", "check", "group", "share", "on a day"),
)
TRAINING, ACCOUNT, PROVIDER, OCCUPATION = (
    *("training", "training on an account", "provider", "occupation"),
)
OCCUPATIONS, WORK, BEGUN = "occupations of a training", "work", "service begun"
_BY = ["scope", "area_type", "area", "part", "program", "name", "detail", "day"]
_OLD = {
    "status": STATUS,
    "band": SERVICE,
    "note band": NOTE,
    "check": CHECK,
    "group": GROUP,
    "share": SHARE,
    "training": TRAINING,
    "provider": PROVIDER,
    "occupation": OCCUPATION,
    "active": WORK,
    "follow_up": WORK,
}


def caseload(cases: Cases) -> pd.DataFrame:
    """One row per part of the caseload that has anybody, in each scope; statuses and days since
    the last service also in each area inside it."""
    today = pd.Timestamp(cases.combined.case_tables.as_of)
    parts = [part.assign(known_at=today) for part in _parts(cases)]
    found = pd.concat([*parts, _then(cases)], ignore_index=True)
    found = found.sort_values(["known_at", *_BY], ignore_index=True)
    found = found.sort_values("scope", kind="stable", ignore_index=True)
    known = mix.load_shares()
    shares = found["part"] == SHARE
    titles = {one.id: one.message for one in load_checks().values()}
    titles |= {name: share.name for name, share in known.items()}
    at_least, at_most = (
        found["name"].where(shares).map({n: getattr(s, end) for n, s in known.items()})
        for end in ("at_least", "at_most")
    )
    share = found["n"] / found["of"].where(found["of"] > 0)
    most = at_most.astype("float64")
    return found.assign(
        area_title=cases.titles(found["area_type"], found["area"]),
        program_title=program_titles(found["program"].to_numpy()),
        title=found["name"].map(titles).where(shares | (found["part"] == CHECK), found["name"]),
        of=found["of"].astype("Int64"),
        share=share.astype("float64"),
        at_least=at_least.astype("float64"),
        at_most=most,
        low=(share < at_least.astype("float64")).fillna(False).astype("bool"),
        high=(share > most).fillna(False).astype("bool"),
    )


def _parts(cases: Cases) -> Iterator[pd.DataFrame]:
    waiting = applicants(cases).rename(columns={"scope": "area", "case_status": "status"})
    lines = pd.concat([cases.caseload, waiting], ignore_index=True)
    yield _sizes(cases, lines.assign(name=lines["status"]), STATUS)
    bands = lines[lines["title1"] & lines["band"].notna()]
    yield _sizes(cases, bands.assign(name=bands["band"]), SERVICE)
    yield from _work(cases, lines)
    yield _notes(cases)
    yield _checks(cases)
    yield from _shares(cases)
    yield _groups(cases)
    yield from _trainings(cases)
    yield from _begun(cases)
    yield from _days(cases)


def _work(cases: Cases, lines: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The active and those in follow-up of Title I."""
    title1, status = lines["title1"].eq(True), lines["status"]
    for name, held in (("active", is_active(status)), ("follow_up", status == FOLLOWED)):
        yield _sizes(cases, lines[title1 & held].assign(name=name, program=ALL), WORK)


def _sizes(cases: Cases, lines: pd.DataFrame, part: str) -> pd.DataFrame:
    """How many lines (area, place, planner, program, name) each name has, in each area."""
    inside = cases.inside(lines[["area", "place", "planner", "program", "name"]])
    return _counted(inside.rename(columns={"area": "scope", "inner": "area"}), cases, part)


def _counted(lines: pd.DataFrame, cases: Cases, part: str) -> pd.DataFrame:
    blank = {"part": part, "detail": "", "day": pd.Timestamp(cases.combined.case_tables.as_of)}
    whole = lines.assign(**{name: value for name, value in blank.items() if name not in lines})
    return whole.groupby(_BY).size().rename("n").reset_index()


def _own(cases: Cases, areas: NDArray[np.object_], names: NDArray[np.object_]) -> pd.DataFrame:
    """A line of each name in the scope itself, of all programs."""
    own = {"scope": areas, "area_type": cases.kind, "area": areas}
    return pd.DataFrame({**own, "program": ALL, "name": names})


def _notes(cases: Cases) -> pd.DataFrame:
    notes = engagement.notes_now(cases.combined.case_tables)
    bands = np.array(engagement.bands_of_notes(notes), dtype=object)
    return _counted(_own(cases, cases.combined.of_customers(notes), bands), cases, NOTE)


def _checks(cases: Cases) -> pd.DataFrame:
    """Records that break each edit check."""
    broken = questions.found_to_fix(cases.combined.case_tables)
    return _counted(
        _own(cases, cases.combined.of(broken), broken["rule"].to_numpy(dtype=object)), cases, CHECK
    )


def _shares(cases: Cases) -> Iterator[pd.DataFrame]:
    """Every share of `params/shares.csv` whose whole has anybody."""
    case_tables, areas = cases.combined.case_tables, cases.combined.areas
    for one, whole, held in mix.asked(case_tables.records, case_tables.as_of):
        sizes = _by_area(areas, whole)
        own = pd.DataFrame({"scope": sizes.index, "of": sizes.to_numpy()})
        n = _by_area(areas, held).reindex(sizes.index).fillna(0)
        yield _line(cases, own, SHARE, one.id).assign(n=n.to_numpy(dtype=np.int64))


def _line(cases: Cases, own: pd.DataFrame, part: str, name: str) -> pd.DataFrame:
    day = pd.Timestamp(cases.combined.case_tables.as_of)
    constants = {"part": part, "name": name, "detail": "", "program": ALL, "day": day}
    return own.assign(area_type=cases.kind, area=own["scope"], **constants)


def _by_area(areas: NDArray[np.object_], mask: Mask) -> pd.Series:
    return pd.Series(areas[mask], dtype="object").value_counts(sort=False)


def _groups(cases: Cases) -> pd.DataFrame:
    """The active by group (A-30): name the group, detail its kind."""
    case_tables = cases.combined.case_tables
    members = membership_of(case_tables.rows)
    active = mix.active_records(case_tables.records, case_tables.as_of)
    record, group = np.nonzero(members.holds[active])
    kinds, titles = np.array(members.titles, dtype=object).T
    areas = cases.combined.areas[active]
    lines = _own(cases, areas[record], titles[group]).assign(detail=kinds[group])
    sizes = pd.Series(areas, dtype="object").value_counts()
    found = _counted(lines, cases, GROUP)
    return found.assign(of=found["scope"].map(sizes))


def _trainings(cases: Cases) -> Iterator[pd.DataFrame]:
    """Trainings under way by type, provider and occupation (A-12)."""
    found = trainings.open_trainings(cases.combined.case_tables, TRAINING_TYPES)
    areas = cases.combined.of(found)
    types = found["type"].to_numpy(dtype=object)
    yield _counted(_own(cases, areas, types), cases, TRAINING)
    account = found["with_account"].to_numpy(dtype=np.bool_)
    yield _counted(_own(cases, areas[account], types[account]), cases, ACCOUNT)
    work = found["occupation"].to_numpy(dtype=object)
    kinds = pd.DataFrame({"area": areas, "type": types, "work": work})
    kinds = kinds[kinds["work"] != trainings.NOT_RECORDED].drop_duplicates()
    named = (kinds[name].to_numpy(dtype=object) for name in ("area", "type"))
    yield _counted(_own(cases, *named), cases, OCCUPATIONS)
    provider = _own(cases, areas, found["provider"].to_numpy(dtype=object))
    yield _counted(provider.assign(detail=types), cases, PROVIDER)
    yield _counted(
        _own(cases, areas, work).assign(detail=occupation_titles(work)), cases, OCCUPATION
    )


def _begun(cases: Cases) -> Iterator[pd.DataFrame]:
    """Services begun in the days of a tile, by what they were; not for planners."""
    if cases.kind != "planner":
        lines = dated(cases)
        days = pd.to_datetime(lines["start"]).to_numpy("datetime64[D]")
        recent = flow.recent(days, cases.combined.case_tables.as_of)
        mine = lines[recent & (lines["kind"] == SERVICES).to_numpy()]
        scopes, titles = (mine[name].to_numpy(dtype=object) for name in ("scope", "title"))
        yield _counted(_own(cases, scopes, titles), cases, BEGUN)


def _days(cases: Cases) -> Iterator[pd.DataFrame]:
    """The caseload on the last day whose exits are all known, a quarter and a year before."""
    case_tables = cases.combined.case_tables
    for day, masks in flow.standing_of(case_tables.records, case_tables.as_of):
        for name, held in masks.items():
            sizes = _by_area(cases.combined.areas, held)
            own = pd.DataFrame({"scope": sizes.index, "n": sizes.to_numpy(dtype=np.int64)})
            yield _line(cases, own, DAY, name).assign(day=pd.Timestamp(day))


def _then(cases: Cases) -> pd.DataFrame:
    """What earlier extracts counted, of all programs together."""
    old = cases.earlier[cases.earlier["kind"].isin(list(_OLD))].reset_index(drop=True)
    keys = ["known_at", "area", "key"]
    wholes = cases.earlier[cases.earlier["kind"] == "whole"].set_index(keys)["n"]
    day = pd.to_datetime(old["known_at"])
    grouped = (old["kind"] == "group").to_numpy()
    split = [key.partition(": ") for key in old["key"]]
    kinds, groups = [kind for kind, _, _ in split], [group for _, _, group in split]
    occupation = (old["kind"] == "occupation").to_numpy()
    work = old["kind"].isin(["active", "follow_up"]).to_numpy()
    detail = np.where(work, "", np.where(grouped, kinds, old["part"]))
    names = np.where(work, old["kind"], np.where(grouped, groups, old["key"]))
    titles = occupation_titles(old["key"].to_numpy(dtype=object))
    of = wholes.reindex(pd.MultiIndex.from_frame(old[keys])).to_numpy(dtype="float64")
    return pd.DataFrame(
        {
            "scope": old["area"],
            "area_type": np.where(work, cases.inner, cases.kind),
            "area": np.where(work, old["part"], old["area"]),
            "part": old["kind"].map(_OLD),
            "program": ALL,
            "name": names,
            "detail": np.where(occupation, titles, detail),
            "day": day,
            "n": old["n"],
            "of": np.where(old["kind"] == "share", of, np.nan),
            "known_at": day,
        }
    )
