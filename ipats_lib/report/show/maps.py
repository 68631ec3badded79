"""Shapes for a map that a notebook draws."""

import json

import altair as alt
import pandas as pd

from ipats_lib.frames.geography import boundaries
from ipats_lib.report.show.numbers import is_missing


def counties(frame: pd.DataFrame) -> alt.Data:
    """A shape for each row of the frame that has a `shape` (of the frame `shapes`), or whose `fips`
    is a county's; the row's other values are its `properties`. Draw it with `mark_geoshape` and
    `project(type="identity", reflectY=True)`."""
    features = []
    for row in frame.astype("object").to_dict("records"):
        shape = json.loads(row["shape"]) if "shape" in row else boundaries().get(row["fips"])
        properties = {str(k): None if is_missing(v) else v for k, v in row.items() if k != "shape"}
        if shape is not None:
            features.append({"type": "Feature", "geometry": shape, "properties": properties})
    text = json.dumps(features, separators=(",", ":"))  # Altair copies a list point by point
    return alt.Data(values=text, format=alt.JsonDataFormat(type="json"))
