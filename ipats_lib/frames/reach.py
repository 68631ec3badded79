"""The frame `reach`: whom areas serve, how soon, and at what cost, in the main report's days.

Counts of participants are withheld as figures are (`disclosure.withhold_counts`), and with a count
the shares of it and the cost of each. What an area spent is public and is never withheld. Of
engagement no count is shown: its shares are withheld as others, and medians of few events.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.engagement import first_services
from ipats_lib.cohorts import (
    IN_SEVERAL_CORE_PROGRAMS,
    PARTICIPATED_IN_WINDOW,
    PROGRAM_TITLES,
    STREAMS,
    Program,
    View,
)
from ipats_lib.disclosure import load_thresholds, withhold_counts
from ipats_lib.frames.geography import load_regions
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.source import ENTERED_TRAINING, Source
from ipats_lib.params import load_areas
from ipats_lib.periods import Window
from ipats_lib.scopes import STATE_AREA

PROGRAMS: tuple[Program, ...] = ("title1", "adult", "dw", "youth")
# Title and unit of each item, in the order of its lines.
ITEMS = {
    "participants": ("Participants", "persons"),
    "several": ("In several core programs", "share"),
    "trained": ("Received training", "share"),
    "first_service": ("Application to first service", "days"),
    "to_training": ("Entry to training", "days"),
    "spent": ("Spent", "dollars"),
    "training_spent": ("Spent on training", "share"),
    "cost": ("Cost per participant", "dollars"),
}
# Of `params/engagement.csv`; E-03 and E-04 are `first_service` and `to_training`.
ENGAGEMENT = ("E-01", "E-02", "E-05", "E-06", "E-07")
_CELL = ["area_type", "area", "program"]
_PLACES = 2  # of a share; the counts behind it are withheld by themselves


def reached(source: Source, engaged: pd.DataFrame) -> pd.DataFrame:
    """The frame `reach` with nothing withheld. source: `Source.across`; engaged: `ENGAGEMENT` by
    area (`engagement.by_area`).

    Costs are there where the report's days are a program year, and `fiscal.csv` has it.
    """
    source = source.part(tuple(scope for scope in source.scopes if scope.kind != "planner"))
    span = source.period.reports[0].cohort("served")
    counts = pd.concat([_counts(source, p, span) for p in PROGRAMS], ignore_index=True)
    days = [_to_service(source, span), *(_to_training(source, p, span) for p in PROGRAMS)]
    lines = pd.concat([_shares(counts), *days], ignore_index=True)
    lines = pd.concat([lines, *_costs(source, lines), _engaged(source, engaged)], ignore_index=True)
    return _named(source, lines.assign(release=~lines["hidden"].astype("bool")))


def reach(lines: pd.DataFrame, *, full: bool) -> pd.DataFrame:
    """The frame `reach` of an edition. lines: `reached`; full: for the state's folder."""
    withheld = ~lines["release"] & (not full)
    return lines.assign(result=lines["result"].mask(withheld), suppressed=withheld)


def _counts(source: Source, program: Program, span: Window) -> pd.DataFrame:
    """How many persons of each scope each item holds (numerator), of all who participated in the
    days (denominator)."""
    view = View(source.records, program, span, source.snapshot.as_of)
    mine = (STREAMS[program](view) & PARTICIPATED_IN_WINDOW(view))[source.at]
    at, owner = source.at[mine], source.owner[mine].astype(np.int64)
    person = pd.factorize(source.records.text("100"))[0][at]
    asked = {
        "participants": np.ones(len(at), dtype=np.bool_),
        "several": IN_SEVERAL_CORE_PROGRAMS(view)[at],
        "trained": view.code("1300")[at] == 1,
    }
    found = {}
    for item, holds in asked.items():
        persons = np.unique(owner[holds] * len(source.records) + person[holds])
        found[item] = np.bincount(persons // len(source.records), minlength=len(source.scopes))
    parts = [_of_scopes(source, program, item).assign(numerator=n) for item, n in found.items()]
    return pd.concat([part.assign(denominator=found["participants"]) for part in parts])


def _of_scopes(source: Source, program: Program, item: str) -> pd.DataFrame:
    kinds, areas = zip(*((s.kind, s.area) for s in source.scopes), strict=True)
    return pd.DataFrame({"area_type": kinds, "area": areas, "program": program, "item": item})


def _shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Each count and share with whether it is hidden: a share also where its participants are."""
    whole = counts["item"] == "participants"
    size = counts["denominator"]
    cells = counts.assign(measure=counts["item"], numerator=counts["numerator"].mask(whole))
    few = withhold_counts(cells[whole], load_thresholds())
    few = pd.MultiIndex.from_frame(cells.loc[few.index[few], _CELL])
    unknown = pd.Series(pd.MultiIndex.from_frame(cells[_CELL]).isin(few), index=cells.index)
    share = (counts["numerator"] / size.where(size > 0)).round(_PLACES)
    hidden = withhold_counts(cells[~whole], load_thresholds(), unknown[~whole])
    return counts[[*_CELL, "item"]].assign(
        result=share.mask(whole, size), hidden=hidden.reindex(counts.index).fillna(unknown)
    )


def _to_training(source: Source, program: Program, span: Window) -> pd.DataFrame:
    """Median days from entry to the first training, of trainings begun in the span."""
    view = View(source.records, program, span, source.snapshot.as_of)
    days = (view.day(ENTERED_TRAINING) - view.day("900")).astype("timedelta64[D]")
    known = STREAMS[program](view) & view.falls_in_window(ENTERED_TRAINING)
    mine = (known & (days >= np.timedelta64(0)))[source.at]
    waited = days[source.at[mine]].astype(np.float64)
    return _medians(source, program, "to_training", source.owner[mine], waited)


def _to_service(source: Source, span: Window) -> pd.DataFrame:
    """Median days from an application to the first service, of first services in the span."""
    tables = (source.snapshot.table("application"), source.snapshot.table("service"))
    if tables[0] is None or tables[1] is None:
        return pd.DataFrame()
    first = first_services(tables[0], tables[1], source.snapshot.as_of)
    begun = first["start"].between(pd.Timestamp(span.start), pd.Timestamp(span.end))
    first = first[begun]
    waited = (first["start"] - first["applied"]).dt.days.to_numpy(dtype=np.float64)
    state = [n for n, scope in enumerate(source.scopes) if scope.kind == "state"]
    places = {scope.lwia: n for n, scope in enumerate(source.scopes) if scope.kind == "lwia"}
    area = first["lwia"].map(places).fillna(-1).to_numpy(dtype=np.intp)
    owner = np.concatenate([np.repeat(state, len(first)), area]).astype(np.intp)
    waited = np.concatenate([waited, waited])
    return _medians(source, "title1", "first_service", owner[owner >= 0], waited[owner >= 0])


def _medians(
    source: Source,
    program: Program,
    item: str,
    owner: NDArray[np.intp],
    waited: NDArray[np.float64],
) -> pd.DataFrame:
    """One line a scope; hidden where few events make it."""
    grouped = pd.Series(waited).groupby(owner)
    every = range(len(source.scopes))
    many = grouped.size().reindex(every, fill_value=0).to_numpy()
    few = (many > 0) & (many < load_thresholds().minimum_denominator)
    middle = grouped.median().reindex(every).to_numpy()
    return _of_scopes(source, program, item).assign(result=middle, hidden=few)


def _engaged(source: Source, engaged: pd.DataFrame) -> pd.DataFrame:
    """One line a scope and indicator: a share is withheld as one of participants, a median where
    few events make it. No count of either is shown."""
    if engaged.empty:
        return pd.DataFrame()
    items = engaged[["item", "title", "unit"]].drop_duplicates()
    places = _of_scopes(source, "title1", "")[["area_type", "area", "program"]]
    lines = places.merge(items, how="cross").merge(engaged, how="left")
    many, limits = lines["n"].fillna(0).astype("int64"), load_thresholds()
    shares = lines["unit"] == "share"
    cells = lines.assign(measure=lines["item"], denominator=many)
    cells["numerator"] = lines["held"].fillna(0).astype("int64")
    few = (many > 0) & (many < limits.minimum_denominator)
    few[shares] = withhold_counts(cells[shares], limits)
    result = lines["result"].round(_PLACES).where(shares, lines["result"])
    return lines[[*_CELL, "item", "title", "unit"]].assign(result=result, hidden=few)


def _costs(source: Source, lines: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """What was spent, the part for training, and the cost of each participant, hidden with the
    count: who knows two of spent, cost and count knows the third."""
    fiscal = source.snapshot.fiscal()
    mine = fiscal[fiscal["py"] == source.period.py]
    if source.period.quarter not in (0, 4) or mine.empty:
        return
    served = lines[lines["item"] == "participants"].drop(columns="item")
    served = served.merge(_sums(served, mine), on=["area", "program"])
    served["source"] = "; ".join(sorted({*mine["source"]} - {""}))
    people = served.pop("result")
    spent, trained = served.pop("spent"), served.pop("training")
    public = served.assign(hidden=False)
    yield public.assign(item="spent", result=spent)
    yield public.assign(item="training_spent", result=trained / spent.where(spent > 0))
    yield served.assign(item="cost", result=spent / people.where(people > 0))


def _sums(served: pd.DataFrame, fiscal: pd.DataFrame) -> pd.DataFrame:
    """spent and training by area and program, with the Title I total and Illinois: of each nothing
    where one of its parts serves somebody and has no amount."""
    amounts, keys = ["spent", "training"], ["area", "program"]
    parts = served[(served["area_type"] == "lwia") & (served["program"] != "title1")]
    parts = parts.merge(fiscal[[*keys, *amounts]], how="left")
    nobody = parts["result"] == 0
    parts[amounts] = parts[amounts].mask(parts[amounts].isna().mul(nobody, axis=0), 0.0)
    whole = pd.concat([parts, parts.assign(program="title1")])
    whole = pd.concat([whole, whole.assign(area=STATE_AREA)])
    return whole.groupby(keys)[amounts].agg(lambda one: one.sum(skipna=False)).reset_index()


def _named(source: Source, lines: pd.DataFrame) -> pd.DataFrame:
    regions = {lwia: region.edr for lwia, region in load_regions().items()}
    names = {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}
    orders = {item: place for place, item in enumerate((*ITEMS, *ENGAGEMENT))}
    titles, units = (
        lines["item"].map({item: words[n] for item, words in ITEMS.items()}) for n in (0, 1)
    )
    text_types = dict.fromkeys(("title", "unit", "source"), "object")
    lines = lines.reindex(columns=dict.fromkeys([*lines, *text_types])).astype(text_types)
    found = lines.assign(
        period=source.period.name,
        area_title=lines["area"].map({STATE_AREA: "Illinois", **names}),
        region=lines["area"].map(regions).fillna(""),
        program_title=lines["program"].map(PROGRAM_TITLES),
        item_title=lines["title"].fillna(titles),
        unit=lines["unit"].fillna(units),
        source=lines["source"].fillna(""),
        suppressed=False,
        order=lines["item"].map(orders) + len(orders) * lines["program"].map(PROGRAMS.index),
    )
    found = found.sort_values(["order", "area_type", "area"], ignore_index=True)
    return found[list(SCHEMAS["reach"].names)]
