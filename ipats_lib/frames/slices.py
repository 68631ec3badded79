"""A frame of many scopes as Arrow tables: of each scope its own rows, copied, and nothing else."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import feather

from ipats_lib.frames.schema import Column, Schema
from ipats_lib.scopes import Scope

# Whatever a process has chosen to keep texts in: equal rows are equal bytes.
_TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
_NUMBERS = ("share", "percent", "points", "dollars", "figure", "number", "change")


@dataclass(frozen=True, eq=False)
class Sliced:
    """One frame of several scopes. places: where each scope's rows begin, and how many."""

    table: pa.Table
    places: Mapping[Scope, tuple[int, int]]

    def of(self, scope: Scope) -> pa.Table:
        """The rows of one scope, copied: nothing of another one comes along."""
        first, size = self.places[scope]
        return self.table.take(pa.array(np.arange(first, first + size)))


def sliced(frame: pd.DataFrame, scopes: Sequence[Scope], schema: Schema) -> Sliced:
    """frame: with `owner`, the place of its scope in `scopes`, in the order of it."""
    cuts = np.searchsorted(frame["owner"].to_numpy(), np.arange(len(scopes) + 1)).tolist()
    places = {scope: (cuts[n], cuts[n + 1] - cuts[n]) for n, scope in enumerate(scopes)}
    return Sliced(typed(frame, schema), places)


def typed(frame: pd.DataFrame, schema: Schema) -> pa.Table:
    """The schema's columns, in its order and of its types."""
    columns = {column.name: _typed(frame[column.name], column) for column in schema.columns}
    return pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)


def _typed(values: pd.Series, column: Column) -> pd.Series:
    if column.kind == "count":
        return values.astype("Int64" if column.missing else "int64")
    if column.name == "row":
        return values.astype("Int64")
    if column.kind == "flag":
        return values.astype("bool")
    if column.kind == "date":
        return values.astype("datetime64[s]")
    return values.astype("float64" if column.kind in _NUMBERS else _TEXT)


def arrow_bytes(table: pa.Table) -> bytes:
    """A table as an uncompressed Arrow file, as a notebook's folder holds it. Equal rows, equal
    bytes."""
    buffer = io.BytesIO()
    feather.write_feather(table.combine_chunks(), buffer, compression="uncompressed")
    return buffer.getvalue()
