"""The frames `alerts` (a line per alert and customer) and `alert_counts` (how many, by area)."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload import load_alerts
from ipats_lib.caseload.planners import NOT_HERE
from ipats_lib.frames.cases import Cases, load_alert_groups, program_titles

OVERDUE, WEEK, LATER, ANY = "overdue", "this week", "later", "at any time"
_BY = ["scope", "area_type", "area", "alert"]
_NUMBERS = ["open", "customers", "overdue", "this_week"]


def alerts(cases: Cases) -> pd.DataFrame:
    """Every alert line of each scope, the first due first; none for the state."""
    found = cases.alerts if cases.kind != "state" else cases.alerts.head(0)
    place = found["place"].to_numpy(dtype=np.intp)
    program = np.append(cases.program, "")[place]
    days = found["days"].astype("Int64")
    return found.assign(
        scope=found["area"],
        **_texts(found["alert"]),
        row=cases.lines(place),
        program=program,
        program_title=program_titles(program),
        planner_name=cases.planner_names(found["planner"].to_numpy()),
        assigned=~found["planner"].isin(NOT_HERE),
        why=found["detail"],
        urgency=urgency(found["days"]),
        alert_level=found["level"],
        days_left=days,
        days_overdue=(-days).clip(lower=0).fillna(0),
    )


def urgency(days: pd.Series) -> NDArray[np.object_]:
    """When each line is due, in words. days: until then; missing at any time."""
    held = [days < 0, days <= 7, days.notna()]
    return np.select(held, [OVERDUE, WEEK, LATER], default=ANY).astype(object)


def _texts(alert: pd.Series) -> dict[str, pd.Series]:
    """What the catalogue says about each alert."""
    known, groups = load_alerts(), load_alert_groups()
    told = {
        "alert_title": {code: one.name for code, one in known.items()},
        "alert_group": {code: groups[code].group for code in known},
        "rank": {code: groups[code].rank for code in known},
        "measures": {code: ", ".join(groups[code].measures) for code in known},
        "definition": {c: one.definition.replace("the days", f"{one.days} days")
                       for c, one in known.items()},
        "action": {code: one.action for code, one in known.items()},
    }  # fmt: skip
    return {name: alert.map(texts) for name, texts in told.items()}


def alert_counts(cases: Cases) -> pd.DataFrame:
    """How many lines each alert has, in each scope and each area inside it.

    A scope has every alert of its kind, an area inside it those that it has. The state's LWIAs have
    the numbers of their own pages, and the state their sums. What earlier extracts counted has
    another known_at and no number but open.
    """
    if cases.kind == "state":
        found = _of_lwias(cases)
    else:
        found = pd.concat([_now(cases), _then(cases)], ignore_index=True)
    order = ["scope", "known_at", "area_type", "area", "alert"]
    found = found.sort_values(order, ignore_index=True)
    return found.assign(
        area_title=cases.titles(found["area_type"], found["area"]), **_texts(found["alert"])
    )


def _of_lwias(cases: Cases) -> pd.DataFrame:
    inner = cases.other("lwia")
    found = pd.concat([_now(inner), _then(inner)], ignore_index=True)
    own = found[found["area_type"] == inner.kind].assign(scope=cases.scopes[0])
    now = own["overdue"].notna()
    sums = own.groupby(["scope", "known_at", "alert"], as_index=False)[_NUMBERS].sum(min_count=1)
    every = sums.assign(area_type=cases.kind, area=cases.scopes[0])
    return pd.concat([own[~now | (own["open"] > 0)], every], ignore_index=True)


def _now(cases: Cases) -> pd.DataFrame:
    lines = cases.inside(cases.alerts[["area", "place", "planner", "alert", "customer", "days"]])
    lines = lines.rename(columns={"area": "scope", "inner": "area"})
    days = lines["days"]
    lines = lines.assign(overdue=days < 0, this_week=days.between(0, 7))
    sizes = lines.groupby(_BY, sort=False)
    found = sizes[["overdue", "this_week"]].sum()
    found = found.assign(open=sizes.size(), customers=sizes["customer"].nunique())
    every = pd.MultiIndex.from_tuples(
        [
            (scope, cases.kind, scope, alert.id)
            for scope in cases.scopes
            for alert in load_alerts().values()
            if cases.kind in alert.scopes
        ],
        names=_BY,
    )
    found = found.reindex(every.union(found.index, sort=False), fill_value=0).reset_index()
    return found.assign(known_at=pd.Timestamp(cases.combined.desk.as_of))


def _then(cases: Cases) -> pd.DataFrame:
    old = cases.earlier[cases.earlier["kind"].isin(["alert", "part alert"])]
    inside = (old["kind"] == "part alert").to_numpy()
    return pd.DataFrame(
        {
            "scope": old["area"],
            "area_type": np.where(inside, cases.inner, cases.kind),
            "area": np.where(inside, old["part"], old["area"]),
            "alert": old["key"],
            "open": old["n"],
            "known_at": pd.to_datetime(old["known_at"]),
        }
    )
