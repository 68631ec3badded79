"""The frames `alerts` (a line per alert and customer) and `alert_counts` (how many, by area)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload import load_alerts, ranking
from ipats_lib.caseload.planners import NOT_HERE
from ipats_lib.frames.cases import Cases, program_titles
from ipats_lib.periods import program_year_end

_BY = ["scope", "area_type", "area", "alert"]
# The element that says whether a wage match found employment, by alert.
_MATCHED = {"A-18": "1602", "A-19": "1606"}
_NUMBERS = ["open", "customers", "overdue", "this_week"]


def alerts(cases: Cases) -> pd.DataFrame:
    """Every alert line of each scope, in the order of `params/work_order.csv`; none for the
    state."""
    found = cases.alerts if cases.kind != "state" else cases.alerts.head(0)
    place = found["place"].to_numpy(dtype=np.intp)
    program = np.append(cases.program, "")[place]
    days = found["days"].astype("Int64")
    case = _cases_of(cases, found["alert"].to_numpy(dtype=object), place)
    until = _counts_by(cases, found, case, place)
    today = pd.Timestamp(cases.combined.case_tables.as_of)
    worded = _texts(found["alert"], case)
    worded["helps"] = worded["helps"].mask((until < today).to_numpy(), ranking.NONE)
    can_help = (worded["helps"] != ranking.NONE).to_numpy()
    lines = found.assign(
        scope=found["area"],
        **worded,
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
        case=case,
        counts_by=until.where(can_help),
        effect=np.where(can_help, _effect(cases, worded["measures"], place), np.nan),
    )
    return ranking.ranked(lines, "scope")


def urgency(days: pd.Series) -> NDArray[np.object_]:
    """When each line is due, in words. days: until then; missing at any time."""
    held = [days < 0, days <= 7, days.notna()]
    return np.select(
        held, [ranking.OVERDUE, ranking.WEEK, ranking.LATER], default=ranking.ANY
    ).astype(object)


def _cases_of(
    cases: Cases, alert: NDArray[np.object_], place: NDArray[np.intp]
) -> NDArray[np.object_]:
    """Of missing employment, whether a match found none (the element is 0) or is not there yet."""
    found = np.full(len(alert), "", dtype=object)
    for name, element in _MATCHED.items():
        mine = alert == name
        codes = cases.combined.case_tables.records.code(element)[place[mine]]
        found[mine] = np.where(codes == 0, ranking.NO_MATCH, ranking.NOT_YET)
    return found


def _counts_by(
    cases: Cases, found: pd.DataFrame, case: NDArray[np.object_], place: NDArray[np.intp]
) -> pd.Series:
    """The last day on which what is recorded still counts; missing where none is known."""
    until = _by_alert(
        found["alert"], case, {key: one.until for key, one in ranking.load_works().items()}
    )
    end = pd.Timestamp(program_year_end(cases.combined.case_tables.as_of))
    known = found["due"].where((until == ranking.DUE).to_numpy())
    known = known.mask((until == ranking.PROGRAM_YEAR).to_numpy(), end)
    closes = np.append(cases.view.records.one_year_after_exit, np.datetime64("NaT"))[place]
    closed = pd.Series(closes.astype("datetime64[s]"), index=known.index)
    return known.where((until != ranking.YEAR_AFTER_EXIT).to_numpy(), closed)


def _effect(cases: Cases, measures: pd.Series, place: NDArray[np.intp]) -> NDArray[np.float64]:
    """Of each line, what one more success adds in the measure where that is most."""
    found = np.full(len(place), np.nan)
    asked = measures.to_numpy(dtype=object)
    for listed in set(asked):
        mine = np.flatnonzero((asked == listed) & (place >= 0))
        for measure in listed.split(", "):
            if len(mine) and measure in cases.effect:
                found[mine] = np.fmax(found[mine], cases.effect[measure][place[mine]])
    return found


def _by_alert(
    alert: pd.Series, case: NDArray[np.object_], texts: Mapping[tuple[str, str], object]
) -> pd.Series:
    keys = zip(alert.tolist(), case.tolist(), strict=True)
    return pd.Series([texts[key] for key in keys], index=alert.index, dtype="object")


def _texts(alert: pd.Series, case: NDArray[np.object_] | None = None) -> dict[str, pd.Series]:
    """What the catalogue says about each alert; of its case, or of the alert as a whole."""
    known, works = load_alerts(), ranking.load_works()
    whole = {name: next(one for key, one in works.items() if key[0] == name) for name in known}
    named = {
        "alert_title": {code: one.name for code, one in known.items()},
        "alert_group": {code: one.group for code, one in whole.items()},
        "definition": {code: one.meaning for code, one in known.items()},
        "action": {code: one.action for code, one in known.items()},
        "source": {code: one.source for code, one in known.items()},
        "measures": {code: ", ".join(one.measures) for code, one in whole.items()},
    }  # fmt: skip
    found = {name: alert.map(texts) for name, texts in named.items()}
    if case is None:
        ranks = {code: one.rank for code, one in whole.items()}
        return found | {"rank": alert.map(ranks)}
    return found | {
        "work": _by_alert(alert, case, {key: one.work for key, one in works.items()}),
        "helps": _by_alert(alert, case, {key: one.helps for key, one in works.items()}),
        "rank": _by_alert(alert, case, {key: one.rank for key, one in works.items()}),
    }


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
    return found.assign(known_at=pd.Timestamp(cases.combined.case_tables.as_of))


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
