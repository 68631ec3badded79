"""Every frame's schema, in the order of the data dictionary: `frames.csv` and `columns.csv`.

A row of `columns.csv` without a kind is the column as the nearest frame above describes it.
"""

from collections import defaultdict
from pathlib import Path
from typing import get_args

from ipats_lib.frames.schema import Column, Kind, Schema, SchemaError, kinds
from ipats_lib.params import read_rows

_FOLDER = Path(__file__).parent
_KINDS = get_args(Kind)


def read_schemas(folder: Path = _FOLDER) -> dict[str, Schema]:
    """Each frame's schema by its name; ParamsError or SchemaError where a file breaks its rules."""
    columns = _read_columns(folder / "columns.csv")
    found = {}
    for row in read_rows(folder / "frames.csv", ("frame", "title", "key", "row", "protected")):
        key, mine = tuple(row["key"].split("|")), tuple(columns.pop(row["frame"], ()))
        schema = Schema(row["frame"], row["title"], row["row"], mine, key, row["protected"])
        if not {*key} <= {*schema.names}:
            raise SchemaError(f"{schema.name}: its key names a column that it has not.")
        found[schema.name] = schema
    if columns:
        raise SchemaError(f"columns.csv: not in frames.csv: {', '.join(columns)}.")
    return found


def _read_columns(path: Path) -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = defaultdict(list)
    last: dict[str, Column] = {}
    names = ("frame", "column", "kind", "unit", "missing", "source", "meaning")
    for line, row in enumerate(read_rows(path, names), start=2):
        frame, name = row.pop("frame"), row.pop("column")
        if any(row.values()):
            if row["kind"] not in _KINDS or row["missing"] not in ("", "yes"):
                raise SchemaError(f"{path.name} line {line}: no such kind, or `missing` not yes.")
            last[name] = Column(
                name,
                row["kind"],  # type: ignore[arg-type]  # checked above
                row["meaning"],
                row["unit"],
                row["source"],
                row["missing"] == "yes",
            )
        if name not in last:
            raise SchemaError(f"{path.name} line {line}: no frame above describes {name}.")
        found[frame].append(last[name])
    return found


SCHEMAS: dict[str, Schema] = read_schemas()
KINDS: dict[str, Kind] = kinds(tuple(SCHEMAS.values()))
