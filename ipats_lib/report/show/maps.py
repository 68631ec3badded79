"""The shapes of Illinois' counties, for a map that a notebook draws."""

from functools import cache
from math import cos, radians
from typing import Any

import altair as alt
import pandas as pd

from ipats_lib.report.show.numbers import is_missing

# Degrees: coarse enough for a small page, fine enough for a map of a state.
SIMPLER, PLACES, PARALLEL = 0.01, 3, 40.0


def counties(frame: pd.DataFrame) -> alt.Data:
    """A shape for each row of the frame whose `fips` is a county's; the row's other values are
    its `properties`. Draw it with `mark_geoshape` and `project(type="identity", reflectY=True)`."""
    known = boundaries()
    rows = frame.astype("object").to_dict("records")
    features = [
        {
            "type": "Feature",
            "geometry": known[row["fips"]],
            "properties": {str(k): None if is_missing(v) else v for k, v in row.items()},
        }
        for row in rows
        if row["fips"] in known
    ]
    return alt.Data(values=features)


@cache
def boundaries() -> dict[str, dict[str, Any]]:
    """Illinois' counties by three-digit FIPS code, as plane shapes (Census TIGER/Line geometry).

    Longitudes are drawn together as they are at the 40th parallel, so that the state has its form.
    """
    from bokeh_sampledata.us_counties import records  # only maps need it, and it is slow

    narrow = cos(radians(PARALLEL))
    found = {}
    for county in records(state="IL"):
        shape = county["geometry"].simplify(SIMPLER, preserve_topology=True)
        parts = getattr(shape, "geoms", [shape])
        rings = [
            [
                [[round(x * narrow, PLACES), round(y, PLACES)] for x, y in ring.coords]
                for ring in (part.exterior, *part.interiors)
            ]
            for part in parts
        ]
        found[county["county_fips"]] = {"type": "MultiPolygon", "coordinates": rings}
    return found
