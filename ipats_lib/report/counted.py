"""What an extract counts: kept beside a later one, so that every row of a dashboard has a trend.

The dashboards count the present; this counts an earlier snapshot by the same functions.
"""

import pandas as pd

from ipats_lib import caseload as caseloads
from ipats_lib.breakdown import membership_of
from ipats_lib.caseload import Desk, mix, planners, questions, trainings
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.status import FOLLOWED, STATUSES
from ipats_lib.cohorts import IN_TITLE_I, IN_WAGNER_PEYSER
from ipats_lib.groups import TRAINING_TYPES
from ipats_lib.scopes import AreaType

COLUMNS = ("known_at", "kind", "key", "part", "n")
NOT_ENROLLED = STATUSES[:3]
_STREAMS = (IN_TITLE_I, IN_WAGNER_PEYSER)
NOTHING = pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).astype({"n": "int64"})


def counted(
    desk: Desk, caseload: pd.DataFrame, scope_kind: AreaType, seats: pd.DataFrame
) -> pd.DataFrame:
    """Every count of a scope's dashboards: kind, key, part, n.

    caseload: `caseload.caseload` of the desk's rows; seats: row, area (the LWIAs of the state).
    kind: `alert`, `status` and `band` (key: their name), `training` (type), `share` and `whole`
    (id of the share), `group` (dimension: group); and by part `part alert`, `active` and
    `follow_up` (no key). part: an LWIA of the state, or a planner of an LWIA (`UNASSIGNED` for
    none); blank for what is counted as a whole.
    """
    alerts = caseloads.alerts(desk, scope_kind)
    inner = parts_of(desk, scope_kind, seats)
    mine = title_i(desk, caseload)
    whole = [
        _sizes("alert", alerts["alert"]),
        _sizes("status", statuses(desk, caseload)),
        _sizes("band", mine["band"]),
        _trainings(desk),
        _shares(desk),
        _groups(desk),
    ]
    placed = [_by_part(of_part(desk, alerts, scope_kind, inner)), *_work(mine, inner)]
    return pd.concat([*(part.assign(part="") for part in whole), *placed], ignore_index=True)


def title_i(desk: Desk, caseload: pd.DataFrame) -> pd.DataFrame:
    """The lines of the caseload of Title I participants: the population of all dashboards."""
    rows = desk.rows["row"].to_numpy()[IN_TITLE_I(view_of(desk.records, desk.as_of))]
    return caseload[caseload["row"].isin(rows)]


def statuses(desk: Desk, caseload: pd.DataFrame) -> pd.Series:
    """The status of everybody whom the dashboards count: of Title I participants, and of those
    who are not enrolled in anything, also of applicants without a record."""
    status = caseload["status"].astype("str")
    rows = desk.rows["row"].to_numpy()
    title1, wp = (rows[stream(view_of(desk.records, desk.as_of))] for stream in _STREAMS)
    alone = status.isin(NOT_ENROLLED) & ~caseload["row"].isin(wp)
    mine = status[caseload["row"].isin(title1) | alone]
    return pd.concat([mine, applicants(desk)["status"]], ignore_index=True)


def applicants(desk: Desk) -> pd.DataFrame:
    """Who waits for enrolment without a record (`applications.waiting`)."""
    if "application" not in desk.tables:
        return pd.DataFrame({"status": pd.Series(dtype="object")})
    waiting = questions.waiting_of(desk)
    return waiting[waiting["row"].isna()]


def parts_of(desk: Desk, scope_kind: AreaType, seats: pd.DataFrame) -> pd.DataFrame:
    """Where a line of the scope stands one level further in: row, customer, part.

    For the state every LWIA of a record; in an LWIA the customer's career planner, or
    `UNASSIGNED`; for a planner nothing.
    """
    customers = desk.rows[["row"]].assign(customer=desk.records.text("100"))
    if scope_kind == "state":
        return seats.rename(columns={"area": "part"}).merge(customers, on="row")
    if scope_kind == "planner":
        return customers.head(0).assign(part="")
    return customers.assign(part=planners.current_planner(desk).to_numpy())


def of_part(
    desk: Desk, lines: pd.DataFrame, scope_kind: AreaType, inner: pd.DataFrame
) -> pd.DataFrame:
    """Lines (row, customer), each with its part (`parts_of`): in an LWIA by
    `planners.planner_of_lines`; for the state the record of several LWIAs counts in each."""
    if scope_kind == "lwia":
        return lines.assign(part=planners.planner_of_lines(desk, lines))
    if scope_kind == "planner":
        return lines.head(0).assign(part="")
    return lines.merge(inner[["row", "part"]].astype({"row": "Int64"}), on="row")


def _sizes(kind: str, names: pd.Series) -> pd.DataFrame:
    sizes = names.astype("str").where(names.notna()).value_counts()
    return pd.DataFrame({"kind": kind, "key": list(sizes.index), "n": sizes.to_numpy()})


def _by_part(placed: pd.DataFrame) -> pd.DataFrame:
    sizes = placed.groupby(["alert", "part"]).size().rename("n").reset_index()
    return sizes.rename(columns={"alert": "key"}).assign(kind="part alert")


def _work(caseload: pd.DataFrame, inner: pd.DataFrame) -> list[pd.DataFrame]:
    placed = caseload.merge(inner[["row", "part"]], on="row")
    status = placed["status"].astype("str")
    found = []
    for kind, mine in (
        ("active", status.str.startswith("Active")),
        ("follow_up", status == FOLLOWED),
    ):
        sizes = placed[mine].groupby("part").size().rename("n").reset_index()
        found.append(sizes.assign(kind=kind, key=""))
    return found


def _trainings(desk: Desk) -> pd.DataFrame:
    found = trainings.by_type(trainings.open_trainings(desk, TRAINING_TYPES))
    return pd.DataFrame({"kind": "training", "key": found["type"], "n": found["n"]})


def _shares(desk: Desk) -> pd.DataFrame:
    found = mix.shares(desk.records, desk.as_of)
    part = pd.DataFrame({"kind": "share", "key": found["id"], "n": found["part"]})
    whole = pd.DataFrame({"kind": "whole", "key": found["id"], "n": found["whole"]})
    return pd.concat([part, whole], ignore_index=True)


def _groups(desk: Desk) -> pd.DataFrame:
    members = membership_of(desk.rows)
    found = mix.groups_of_active(desk.records, members.titles, members.holds, desk.as_of)
    key = found["dimension"] + ": " + found["group"]
    return pd.DataFrame({"kind": "group", "key": key, "n": found["n"]})
