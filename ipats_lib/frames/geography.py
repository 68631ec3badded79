"""Regions, counties and outlines: the frames `counties` (where the active live) and `shapes`.

An economic development region (EDR) is the sum of its areas, so that its line says nothing that
theirs do not (decision 0023).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from math import cos, radians
from typing import Annotated, Any

import numpy as np
import pandas as pd

from ipats_lib import indicators
from ipats_lib.breakdown import membership_of
from ipats_lib.caseload import mix
from ipats_lib.frames.cases import Cases
from ipats_lib.frames.source import Source
from ipats_lib.params import County, load_areas, load_counties, one_of, read_table
from ipats_lib.periods import Report

REGION = "edr"


@dataclass(frozen=True, slots=True)
class Region:
    """The region of an LWIA: its number and its name."""

    lwia: Annotated[str, lambda text: one_of(text, [area.lwia for area in load_areas()])]
    edr: str
    title: str


@cache
def load_regions() -> Mapping[str, Region]:
    """The region of each LWIA, by its number: `params/regions.csv`. Area 90 has none."""
    return {each.lwia: each for each in read_table("regions.csv", Region, more=("evidence",))}


def region_areas() -> list[tuple[str, str]]:
    """Area type and number of each region, in order."""
    return [(REGION, n) for n in sorted({r.edr for r in load_regions().values()}, key=int)]


def counts_of_regions(source: Source, windows: Sequence[Report]) -> pd.DataFrame:
    """`indicators.aggregate` of every region; who is in two of its areas is in its line twice.

    source: `Source.across`.
    """
    regions = load_regions()
    local = [s.lwia if s.kind == "lwia" else "" for s in source.scopes]
    names = [regions[lwia].edr if lwia in regions else "" for lwia in local]
    region = np.array(names, dtype=object)[source.lines[1]]
    placed = source.outcomes.take(source.lines[0]).reset_index(drop=True)
    labels = [window.label for window in windows]
    mine = (region != "") & placed["report"].isin(labels).to_numpy()
    placed = placed[mine].assign(area_type=REGION, area=region[mine])
    return indicators.aggregate(placed, ["report", "area_type", "area", "program"])


DIMENSION = "County of residence"


def counties(cases: Cases) -> pd.DataFrame:
    """Every county of Illinois for the state, those with anybody for others, and who lives
    elsewhere or whose county is not recorded."""
    case_tables = cases.combined.case_tables
    members = membership_of(case_tables.rows)
    at = {title: n for n, (kind, title) in enumerate(members.titles) if kind == DIMENSION}
    active = mix.active_records(case_tables.records, case_tables.as_of)
    areas, holds = cases.combined.areas[active], members.holds[active]
    lines = [*load_counties(), County("Elsewhere, or not recorded", "", "", "")]
    home = np.full(len(holds), len(lines) - 1)
    for place, line in enumerate(lines[:-1]):
        home[holds[:, at[line.county]]] = place
    sizes = pd.DataFrame({"scope": areas, "home": home}).value_counts()
    every = pd.MultiIndex.from_product([sorted(cases.scopes), range(len(lines))])
    found = sizes.reindex(every.set_names(sizes.index.names), fill_value=0).rename("n")
    found = found.reset_index().join(pd.DataFrame(lines), on="home")
    keep = (cases.kind == "state") | (found["n"] > 0) | (found["fips"] == "")
    return found[keep].reset_index(drop=True)


# Degrees: coarse enough for a small page, fine enough for a map of a state.
SIMPLER, PLACES, PARALLEL = 0.01, 3, 40.0
COARSE, FEW = 0.03, 2  # of an LWIA, which many maps draw
_NARROW = cos(radians(PARALLEL))


def shapes() -> pd.DataFrame:
    """The frame `shapes`: every county, and every LWIA as its counties together
    (`params/counties.csv`)."""
    names = {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}
    found = [_county(each) for each in load_counties()]
    of: dict[str, list[str]] = {}
    for each in load_counties():
        of.setdefault(each.lwia, []).append(each.fips)
    found += [_lwia(lwia, names[lwia], mine) for lwia, mine in sorted(of.items())]
    columns = ["area_type", "area", "area_title", "lwia", "x", "y", "shape"]
    return pd.DataFrame(found, columns=columns)


def _county(each: County) -> tuple[object, ...]:
    middle, shape = _middle(_census()[each.fips]), json.dumps(boundaries()[each.fips])
    return "county", each.fips, each.county, each.lwia, *middle, shape


def _lwia(lwia: str, name: str, counties: list[str]) -> tuple[object, ...]:
    whole = reduce(lambda one, other: one.union(other), (_census()[fips] for fips in counties))
    return "lwia", lwia, name, lwia, *_middle(whole), json.dumps(_plane(whole, COARSE, FEW))


def _middle(shape: Any) -> tuple[float, float]:
    point = shape.representative_point()
    return round(point.x * _NARROW, PLACES), round(point.y, PLACES)


@cache
def _census() -> dict[str, Any]:
    from bokeh_sampledata.us_counties import records  # only maps need it, and it is slow

    return {county["county_fips"]: county["geometry"] for county in records(state="IL")}


@cache
def boundaries() -> dict[str, dict[str, Any]]:
    """Illinois' counties by three-digit FIPS code, as plane shapes (Census TIGER/Line geometry).

    Longitudes are drawn together as they are at the 40th parallel, so that the state has its form.
    """
    return {fips: _plane(shape, SIMPLER, PLACES) for fips, shape in _census().items()}


def _plane(shape: Any, tolerance: float, places: int) -> dict[str, Any]:
    simple = shape.simplify(tolerance, preserve_topology=True)
    rings = [
        [
            [[round(x * _NARROW, places), round(y, places)] for x, y in ring.coords]
            for ring in (part.exterior, *part.interiors)
        ]
        for part in getattr(simple, "geoms", [simple])
    ]
    return {"type": "MultiPolygon", "coordinates": rings}
