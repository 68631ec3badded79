"""Whether a frame is as its schema says."""

import pandas as pd

from ipats_lib.frames.schema import Column, Schema, SchemaError

_DTYPES = {
    "count": "integers",
    "share": "numbers",
    "percent": "numbers",
    "points": "numbers",
    "dollars": "numbers",
    "figure": "numbers",
    "number": "numbers",
    "change": "numbers",
    "flag": "booleans",
}


def check(frame: pd.DataFrame, schema: Schema) -> None:
    """Raise SchemaError unless the frame has the schema's columns, in order and of their kinds."""
    if tuple(frame.columns) != schema.names:
        raise SchemaError(f"{schema.name}: has {list(frame.columns)}, not {list(schema.names)}.")
    for column in schema.columns:
        values = frame[column.name]
        if values.isna().any() and not column.missing:
            raise SchemaError(f"{schema.name}.{column.name}: has rows without a value.")
        if (wrong := _wrong(values.dropna(), column)) is not None:
            raise SchemaError(f"{schema.name}.{column.name}: {wrong}.")
    if frame.duplicated(list(schema.key)).any():
        raise SchemaError(f"{schema.name}: {', '.join(schema.key)} do not name one row each.")


def _wrong(values: pd.Series, column: Column) -> str | None:
    kind = _DTYPES.get(column.kind)
    numeric = pd.api.types.is_numeric_dtype(values)
    if kind == "booleans":
        return None if pd.api.types.is_bool_dtype(values) else f"expected flags, not {values.dtype}"
    if kind in ("integers", "numbers") and not numeric:
        return f"expected {kind}, not {values.dtype}"
    if kind == "integers" and (values.astype("float64") % 1 != 0).any():
        return "expected whole numbers"
    if column.kind == "share" and not values.astype("float64").between(0, 1).all():
        return "expected 0..1"
    return None
