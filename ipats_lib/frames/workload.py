"""The frame `workload`: the work of each planner of an LWIA, or of each LWIA of the state."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload import after_exit, flow, planners
from ipats_lib.caseload.catalogue import load_weights, threshold
from ipats_lib.caseload.status import FOLLOWED, is_active
from ipats_lib.frames.cases import Cases
from ipats_lib.params import load_areas
from ipats_lib.scopes import STATE_AREA

WITHIN, OVER, UNDER, ASSIGN = "within", "over", "under", "assign"
_BY = ["scope", "area_type", "area"]
_ALERTS = {
    "overdue_exits": "A-08",
    "past_planned_end": "A-10",
    "skill_gains_due": "A-14",
    "long": "A-27",
}
_RECORDS = ("active", "follow_up", "reached", "enrolled", "exited")
_LINES = ("open", "overdue", "this_week", *_ALERTS)


def workload(cases: Cases) -> pd.DataFrame:
    """Title I customers and open alerts of each scope, and of each area inside it: every LWIA of
    the state, and the planners of an LWIA who have any."""
    found = _counts(cases)
    planners_, load = _planners(cases, found), found["load"]
    each = load / planners_.where(planners_ > 0)
    inside = found["area_type"] == cases.inner
    has_customers = (found["active"] > 0) | (found["follow_up"] > 0)
    counts = has_customers & ~found["area"].isin(planners.NOT_HERE)
    weighed = each if cases.kind == "state" else load.where(counts)
    weighed = weighed.where(inside)
    of_mean = weighed / weighed.groupby(found["scope"]).transform("mean")
    return found.assign(
        area_title=cases.titles(found["area_type"], found["area"]),
        planners=planners_,
        load_each=each,
        of_mean=of_mean,
        balance=_balance(found, of_mean),
        overdue_share=found["overdue"] / found["open"].where(found["open"] > 0),
        coverage=found["reached"] / found["follow_up"].where(found["follow_up"] > 0),
    )


def _counts(cases: Cases) -> pd.DataFrame:
    lines, alerts = _sums(cases, _records(cases)), _alerts(cases)
    own = [(scope, cases.kind, scope) for scope in cases.scopes]
    if cases.kind == "state":
        own += [(scope, "lwia", area.lwia) for scope in cases.scopes for area in load_areas()]
    every = pd.MultiIndex.from_tuples(own, names=_BY)
    every = every.union(lines.index, sort=False).union(alerts.index, sort=False)
    found = lines.reindex(every).join(alerts).fillna(0).sort_index().reset_index()
    return found.astype(dict.fromkeys((*_RECORDS, *_LINES), "int64"))


def _records(cases: Cases) -> pd.DataFrame:
    """The caseload of Title I, with what each period of participation counts as."""
    lines, view = cases.caseload, cases.view
    lines = lines[lines["title1"]]
    place, status, today = lines["place"].to_numpy(), lines["status"], view.as_of
    followed = (status == FOLLOWED).to_numpy()
    reached = np.logical_or.reduce([~np.isnat(day) for day in after_exit.follow_ups(view)])
    entered = flow.recent(view.day("900"), today)
    exited = flow.recent(view.day("901"), flow.exits_known(today))
    return lines[["area", "place", "planner"]].assign(
        active=is_active(status),
        follow_up=followed,
        load=status.map(load_weights()).fillna(0.0),
        reached=followed & reached[place],
        enrolled=entered[place],
        exited=exited[place],
    )


def _lines(cases: Cases) -> pd.DataFrame:
    lines = cases.alerts[["area", "place", "planner", "alert", "days"]]
    days = lines["days"]
    named = {name: lines["alert"] == alert for name, alert in _ALERTS.items()}
    return lines.assign(open=True, overdue=days < 0, this_week=days.between(0, 7), **named).drop(
        columns=["alert", "days"]
    )


def _alerts(cases: Cases) -> pd.DataFrame:
    """Alert lines by area; the state's LWIAs have those of their own pages, the state the sum."""
    if cases.kind != "state":
        return _sums(cases, _lines(cases))
    inner = cases.other("lwia")
    found = _lines(inner).drop(columns=["place", "planner"]).groupby("area").sum().reset_index()
    own = found.assign(scope=cases.scopes[0], area_type=inner.kind)
    whole = found.assign(scope=cases.scopes[0], area_type=cases.kind, area=cases.scopes[0])
    return pd.concat([own, whole]).groupby(_BY).sum()


def _sums(cases: Cases, lines: pd.DataFrame) -> pd.DataFrame:
    inside = cases.inside(lines).rename(columns={"area": "scope", "inner": "area"})
    return inside.drop(columns=["place", "planner"]).groupby(_BY).sum()


def _planners(cases: Cases, found: pd.DataFrame) -> pd.Series:
    """The active planners of each area of the state; missing elsewhere."""
    known = cases.combined.case_tables.tables.get("planner")
    if cases.kind != "state" or known is None:
        return pd.Series(pd.NA, index=found.index, dtype="Int64")
    working = known[known["active"].fillna(False).astype("bool")]
    sizes = working["lwia"].astype("str").value_counts().to_dict()
    sizes[STATE_AREA] = len(working)
    return found["area"].map(sizes).fillna(0).astype("Int64")


def _balance(found: pd.DataFrame, of_mean: pd.Series) -> NDArray[np.object_]:
    """Whether a load is within `load_low` and `load_high` of the mean, in a word."""
    nobodys = (found["area_type"] == "planner") & (found["area"] == planners.UNASSIGNED)
    share = of_mean.astype("float64") * 100
    held = [
        nobodys,
        share > threshold("load_high"),
        share < threshold("load_low"),
        share.notna(),
    ]
    return np.select(held, [ASSIGN, OVER, UNDER, WITHIN], default="").astype(object)
