"""What an extract counts: kept beside a later one, so that every row of a dashboard has a trend.

The dashboards count the present; this counts an earlier snapshot by the same functions.
"""

import pandas as pd

from ipats_lib import caseload as caseloads
from ipats_lib.breakdown import membership_of
from ipats_lib.caseload import Desk, mix, workload
from ipats_lib.caseload.flow import view_of
from ipats_lib.cohorts import IN_TITLE_I
from ipats_lib.groups import TRAINING_TYPES
from ipats_lib.scopes import AreaType

COLUMNS = ("known_at", "kind", "key", "part", "n")
NOTHING = pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).astype({"n": "int64"})
FOLLOW_UP = "Exited, in follow-up"


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
        _sizes("status", mine["status"]),
        _sizes("band", mine["band"]),
        _trainings(desk),
        _shares(desk),
        _groups(desk),
    ]
    placed = [_by_part(alerts, inner), *_work(mine, inner)]
    return pd.concat([*(part.assign(part="") for part in whole), *placed], ignore_index=True)


def title_i(desk: Desk, caseload: pd.DataFrame) -> pd.DataFrame:
    """The lines of the caseload that the dashboards count: participants of Title I, and those who
    are not enrolled yet."""
    rows = desk.rows["row"].to_numpy()[IN_TITLE_I(view_of(desk.records, desk.as_of))]
    return caseload[caseload["row"].isin(rows)]


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
    return customers.assign(part=workload.current_planner(desk).to_numpy())


def of_part(lines: pd.DataFrame, inner: pd.DataFrame) -> pd.DataFrame:
    """Lines with a customer, each with its part; the records of several LWIAs count in each.

    An application has no record: it stands with its customer, or under `UNASSIGNED`.
    """
    if inner.empty:
        return lines.head(0).assign(part="")
    by_row = inner.drop_duplicates(["row", "part"])[["row", "part"]]
    placed = lines[lines["row"].notna()].merge(by_row.astype({"row": "Int64"}), on="row")
    loose = lines[lines["row"].isna()]
    newest = inner.drop_duplicates("customer", keep="last").set_index("customer")["part"]
    part = loose["customer"].map(newest).fillna(workload.UNASSIGNED)
    return pd.concat([placed, loose.assign(part=part)], ignore_index=True)


def _sizes(kind: str, names: pd.Series) -> pd.DataFrame:
    sizes = names.astype("str").where(names.notna()).value_counts()
    return pd.DataFrame({"kind": kind, "key": list(sizes.index), "n": sizes.to_numpy()})


def _by_part(alerts: pd.DataFrame, inner: pd.DataFrame) -> pd.DataFrame:
    placed = of_part(alerts, inner)
    sizes = placed.groupby(["alert", "part"]).size().rename("n").reset_index()
    return sizes.rename(columns={"alert": "key"}).assign(kind="part alert")


def _work(caseload: pd.DataFrame, inner: pd.DataFrame) -> list[pd.DataFrame]:
    placed = caseload.merge(inner[["row", "part"]], on="row")
    status = placed["status"].astype("str")
    found = []
    for kind, mine in (
        ("active", status.str.startswith("Active")),
        ("follow_up", status == FOLLOW_UP),
    ):
        sizes = placed[mine].groupby("part").size().rename("n").reset_index()
        found.append(sizes.assign(kind=kind, key=""))
    return found


def _trainings(desk: Desk) -> pd.DataFrame:
    found = mix.open_trainings(desk.records, desk.as_of, dict(TRAINING_TYPES))
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
