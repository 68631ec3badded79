"""The frame `engagement`: how often, how soon and how long customers are contacted."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ipats_lib.caseload import engagement as indicators
from ipats_lib.caseload import planners
from ipats_lib.caseload.engagement import Engagement, load_engagement
from ipats_lib.frames.cases import ALL, Cases, program_titles
from ipats_lib.periods import Quarter

_BY = ["scope", "area_type", "area", "program", "quarter"]


def engagement(cases: Cases) -> pd.DataFrame:
    """Every indicator of `params/engagement.csv` by calendar quarter, in each scope and each area
    inside it; for the scope itself also by program and by band of its distribution."""
    found = pd.concat(
        [*(_of(cases, one) for one in load_engagement().values()), _inside_state(cases)],
        ignore_index=True,
    )
    labels = [Quarter(int(quarter)).label for quarter in found["quarter"]]
    found = pd.concat([found.assign(quarter=labels), _then(cases)], ignore_index=True)
    order = ["scope", "known_at", "indicator", "area_type", "area", "program", "band", "starts"]
    found = found.sort_values(order, ignore_index=True)
    known = load_engagement()
    titles = {name: f"{one.name}" for name, one in known.items()}
    return found.assign(
        area_title=cases.titles(found["area_type"], found["area"]),
        program_title=program_titles(found["program"].to_numpy()),
        indicator_title=found["indicator"].map(titles),
        definition=found["indicator"].map({name: one.definition for name, one in known.items()}),
        unit=found["indicator"].map({name: one.unit for name, one in known.items()}),
    )


def by_area(whole: Cases, inside: Cases, names: Iterable[str]) -> pd.DataFrame:
    """Indicators in the newest quarter that is closed for the state, as one row of the state and of
    each area inside it that has an event: area_type, area, item, title (with the quarter), unit, n
    (events), held (of a share, how many events hold) and result."""
    known, parts = load_engagement(), [pd.DataFrame()]
    for one in (known[name] for name in names):
        quarters = indicators.closed_events(whole.combined.case_tables, one)["quarter"]
        for cases in (whole, inside) if len(quarters) else ():
            events = cases.events[one.id]
            events = events[events["quarter"] == quarters.max()]
            own = events.assign(area=cases.combined.of_customers(events)).groupby("area")["value"]
            middle = own.mean() if one.unit == "share" else own.median()
            sizes = pd.DataFrame({"n": own.size(), "held": own.sum(), "result": middle})
            title = f"{one.name}, {Quarter(int(quarters.max())).label}"
            parts.append(sizes.reset_index().assign(
                area_type=cases.kind, item=one.id, title=title, unit=one.unit
            ))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _of(cases: Cases, one: Engagement) -> pd.DataFrame:
    case_tables = cases.combined.case_tables
    events = cases.events[one.id]
    place = events["place"].to_numpy(dtype=np.intp)
    own = events.assign(
        scope=cases.combined.of_customers(events),
        program=np.append(cases.program, ALL)[place],
        area_type=cases.kind,
    )
    own = own.assign(area=own["scope"], band=indicators.bands_of(own, one.bands, one.unit))
    whole = own.assign(program=ALL)
    parts = [whole, own[place >= 0]]
    if cases.kind == "lwia":
        parts.append(whole.assign(area_type="planner", area=_planners(cases, events)))
    figures = _figures(pd.concat(parts, ignore_index=True), one).assign(band="")
    bands = whole.groupby([*_BY, "band"]).size().rename("events").reset_index()
    found = pd.concat([figures, bands], ignore_index=True)
    closed = [indicators.is_closed(one, int(q), case_tables.as_of) for q in found["quarter"]]
    return found.assign(
        indicator=one.id,
        closed=np.array(closed, dtype=np.bool_),
        starts=[pd.Timestamp(Quarter(int(q)).start) for q in found["quarter"]],
        known_at=pd.Timestamp(case_tables.as_of),
    )


def _figures(events: pd.DataFrame, one: Engagement) -> pd.DataFrame:
    grouped = events.groupby(_BY)["value"]
    result = grouped.mean() if one.unit == "share" else grouped.median()
    return pd.DataFrame({"events": grouped.size(), "result": result}).reset_index()


def _planners(cases: Cases, events: pd.DataFrame) -> np.ndarray:
    """The planner of each event: its record's, or the one who has the customer now."""
    rows = cases.combined.case_tables.rows["row"].astype("Int64").array
    place = events["place"].to_numpy(dtype=np.intp)
    lines = events[["customer"]].assign(row=rows.take(place, allow_fill=True))
    return cases.shown(planners.planner_of_lines(cases.combined.case_tables, lines))


def _inside_state(cases: Cases) -> pd.DataFrame:
    """The LWIAs of the state, with the figures of their own pages."""
    if cases.kind != "state":
        return pd.DataFrame()
    inner = cases.other("lwia")
    own = pd.concat([_of(inner, one) for one in load_engagement().values()], ignore_index=True)
    mine = (own["area_type"] == inner.kind) & (own["program"] == ALL) & (own["band"] == "")
    return own[mine].assign(scope=cases.scopes[0])


def _then(cases: Cases) -> pd.DataFrame:
    """The newest closed figures that earlier extracts gave; their quarter is not kept."""
    old = cases.earlier[cases.earlier["kind"] == "engagement"]
    return pd.DataFrame(
        {
            "scope": old["area"],
            "area_type": cases.kind,
            "area": old["area"],
            "program": ALL,
            "quarter": "",
            "band": "",
            "events": old["n"],
            "result": old["value"],
            "indicator": old["key"],
            "closed": True,
            "known_at": pd.to_datetime(old["known_at"]),
        }
    )
