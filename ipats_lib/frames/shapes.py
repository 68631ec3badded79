"""The frame `shapes`: the outlines of Illinois' counties and, joined of them, of its LWIAs."""

import json
from functools import cache, reduce
from math import cos, radians
from typing import Any

import pandas as pd

from ipats_lib.params import load_areas, params_folder, read_rows

# Degrees: coarse enough for a small page, fine enough for a map of a state.
SIMPLER, PLACES, PARALLEL = 0.01, 3, 40.0
COARSE, FEW = 0.03, 2  # of an LWIA, which many maps draw
_NARROW = cos(radians(PARALLEL))


def shapes() -> pd.DataFrame:
    """The frame `shapes`: every county, and every LWIA as its counties together
    (`params/counties.csv`)."""
    lines = read_rows(params_folder() / "counties.csv", ("county", "fips", "lwia", "edr"))
    names = {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}
    found = [_county(line["fips"], line["county"], line["lwia"]) for line in lines]
    of: dict[str, list[str]] = {}
    for line in lines:
        of.setdefault(line["lwia"], []).append(line["fips"])
    found += [_lwia(lwia, names[lwia], mine) for lwia, mine in sorted(of.items())]
    columns = ["area_type", "area", "area_title", "lwia", "x", "y", "shape"]
    return pd.DataFrame(found, columns=columns)


def _county(fips: str, name: str, lwia: str) -> tuple[object, ...]:
    return "county", fips, name, lwia, *_middle(_census()[fips]), json.dumps(boundaries()[fips])


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
