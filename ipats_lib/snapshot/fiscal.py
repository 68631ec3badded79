"""What each area spent: `fiscal.csv`, read whole; it names no customer."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ipats_lib.extract.lines import Batch
from ipats_lib.extract.tables import TableFile
from ipats_lib.snapshot.areas import area_bits, look_up
from ipats_lib.snapshot.cases import (
    Broken,
    Columns,
    case_findings,
    table_notes,
    typed_batches,
    unreadable_cells,
)
from ipats_lib.snapshot.log import FindingsLog
from ipats_lib.validation.findings import NOBODY

PROGRAMS = ("adult", "dw", "youth")
_PARTS = ("career", "training", "administration")
SCHEMA = pa.schema(
    [("area", pa.string()), ("program", pa.string()), ("py", pa.int32())]
    + [(name, pa.float64()) for name in ("spent", *_PARTS)]
    + [("source", pa.string())]
)
Key = tuple[str, str, int]


def read_fiscal(file: TableFile, log: FindingsLog) -> pa.Table:
    """One row an area, program and program year (SCHEMA), dollars; source is empty where unsaid.

    A line of an unknown area, program or year, or of one that an earlier line has, is a finding
    (C-10) and left out. An amount that does not parse is a finding (C-09) and blank.
    """
    log.add(*table_notes(file))
    tables, seen = [SCHEMA.empty_table()], set[Key]()
    for batch, columns in typed_batches(file, None):
        left_out = list(_left_out(columns, seen))
        broken = [*unreadable_cells(file, columns), *left_out, *_too_much(columns)]
        areas = look_up(columns["area"].values, area_bits(), 0)
        nobody = np.full(len(areas), NOBODY, dtype=np.int32)
        log.add(*case_findings(file, batch, broken, areas, nobody))
        tables.append(_kept(batch, columns, left_out))
    return pa.concat_tables(tables)


def _kept(batch: Batch, columns: Columns, left_out: list[Broken]) -> pa.Table:
    size = len(batch.lines)
    unsaid = pa.array([""] * size)
    rows = [columns[n].values if n in columns else unsaid for n in SCHEMA.names]
    kept = np.ones(size, dtype=np.bool_)
    for _, _, places in left_out:
        kept[places] = False
    return pa.table(rows, schema=SCHEMA).filter(pa.array(kept))


def _left_out(columns: Columns, seen: set[Key]) -> Iterator[Broken]:
    known: dict[str, object] = {"area": area_bits(), "program": PROGRAMS, "py": range(2014, 2100)}
    names = list(known)
    wrong: dict[str, list[int]] = {name: [] for name in names}
    keys = zip(*(columns[name].values.to_pylist() for name in names), strict=True)
    for place, key in enumerate(keys):
        unknown = [n for n, v in zip(names, key, strict=True) if v not in known[n]]  # type: ignore[operator]
        if unknown or key in seen:
            wrong[unknown[0] if unknown else "py"].append(place)
        seen.add(key)
    for name, places in wrong.items():
        yield "C-10", name, np.array(places, dtype=np.int64)


def _too_much(columns: Columns) -> Iterator[Broken]:
    amounts = {n: columns[n].values.to_numpy(zero_copy_only=False) for n in ("spent", *_PARTS)}
    more = np.sum([amounts[name] for name in _PARTS], axis=0) > amounts["spent"] + 0.005
    yield "C-11", "spent", np.flatnonzero(more)
