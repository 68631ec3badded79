"""Tables that are read whole: planners, whose lines are scopes, accounts, and what areas spent."""

from collections.abc import Callable, Iterator
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ipats_lib.errors import ExtractError
from ipats_lib.extract.cells import Flag, flagged, holds_unseen
from ipats_lib.extract.lines import Batch
from ipats_lib.extract.tables import TableFile
from ipats_lib.scopes import PLANNER_ID
from ipats_lib.snapshot.areas import area_bits, look_up
from ipats_lib.snapshot.cases import Columns, table_notes, typed_batches, unreadable_cells
from ipats_lib.validation.findings import NOBODY, Broken, FindingsLog, batch_findings

PLANNER_SCHEMA = pa.schema(
    [
        ("planner_id", pa.string()),
        ("lwia", pa.string()),
        ("name", pa.string()),
        ("active", pa.bool_()),
    ]
)
PROGRAMS = ("adult", "dw", "youth")
_PARTS = ("career", "training", "administration")
FISCAL_SCHEMA = pa.schema(
    [("area", pa.string()), ("program", pa.string()), ("py", pa.int32())]
    + [(name, pa.float64()) for name in ("spent", *_PARTS)]
    + [("source", pa.string())]
)
Key = tuple[str, str, int]
# What else is wrong with a batch, and the places of the rows that are left out.
Looked = tuple[list[Broken], NDArray[np.int64]]
_NOTHING = np.empty(0, dtype=np.int64)


def read_planners(file: TableFile, _: date, log: FindingsLog) -> pa.Table:
    """The planner table, sorted by LWIA and id.

    ExtractError, naming the line, for an id that cannot be a folder's name, one that stands
    twice, or an LWIA that params/areas.csv does not have.
    """
    seen = set[str]()

    def look(batch: Batch, columns: Columns) -> Looked:
        secret = set(flagged(columns["planner_id"], Flag.SECRET).tolist())
        names = (columns[name].values.to_pylist() for name in ("planner_id", "lwia"))
        for place, (line, planner, lwia) in enumerate(
            zip(batch.lines.tolist(), *names, strict=True)
        ):
            if wrong := _wrong_planner(planner, lwia, place in secret, seen):
                raise ExtractError(f"{file.facts.name} line {line}: {wrong}.")
            seen.add(planner)
        return [], _NOTHING

    table = _read(file, log, PLANNER_SCHEMA, "lwia", None, look)
    return table.sort_by([("lwia", "ascending"), ("planner_id", "ascending")])


def _wrong_planner(planner: str | None, lwia: str, secret: bool, seen: set[str]) -> str:
    if secret:
        return (
            "the planner id is shaped like a Social Security number, and it is the name of a "
            "folder; give planners other ids"
        )
    if planner is None or PLANNER_ID.fullmatch(planner) is None:
        return "the planner id must be 1 to 32 letters, digits, - or _"
    if planner in seen:
        return "the planner id appears twice; keep one line per planner"
    return "" if lwia in area_bits() else "the LWIA is not one of params/areas.csv"


def read_accounts(file: TableFile, as_of: date, log: FindingsLog) -> pa.Table:
    """The account table, typed, columns as in params/tables/account.csv.

    Without the accounts whose user name may be a Social Security number, and those that hold
    invisible characters (C-12): they are not who they seem to be.
    """
    kinds = {column.name: column.kind(as_of) for column in file.columns}
    schema = pa.schema([(n, kind.type if kind else pa.string()) for n, kind in kinds.items()])

    def look(batch: Batch, columns: Columns) -> Looked:
        unseen = {name: np.flatnonzero(holds_unseen(batch.texts[name])) for name in columns}
        secret = flagged(columns["worknet_user"], Flag.SECRET)
        broken = [("C-12", name, places) for name, places in unseen.items()]
        return broken, np.concatenate([secret, *unseen.values()])

    return _read(file, log, schema, "lwia", as_of, look)


def read_fiscal(file: TableFile, _: date, log: FindingsLog) -> pa.Table:
    """One row an area, program and program year (`FISCAL_SCHEMA`), dollars; source is empty where
    unsaid.

    A line of an unknown area, program or year, or of one that an earlier line has, is a finding
    (C-10) and left out. An amount that does not parse is a finding (C-09) and blank.
    """
    seen = set[Key]()

    def look(_: Batch, columns: Columns) -> Looked:
        left_out = list(_left_out(columns, seen))
        places = np.concatenate([places for _, _, places in left_out])
        return [*left_out, _too_much(columns)], places

    return _read(file, log, FISCAL_SCHEMA, "area", None, look)


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


def _too_much(columns: Columns) -> Broken:
    amounts = {n: columns[n].values.to_numpy(zero_copy_only=False) for n in ("spent", *_PARTS)}
    more = np.sum([amounts[name] for name in _PARTS], axis=0) > amounts["spent"] + 0.005
    return "C-11", "spent", np.flatnonzero(more)


def _read(
    file: TableFile,
    log: FindingsLog,
    schema: pa.Schema,
    area: str,
    as_of: date | None,
    look: Callable[[Batch, Columns], Looked],
) -> pa.Table:
    """The rows of a table; a column that it lacks is empty. Cells that did not parse are findings.

    area: the column of the LWIA that a finding belongs to; it is no customer's.
    """
    log.add(*table_notes(file))
    tables = [schema.empty_table()]
    for batch, columns in typed_batches(file, as_of):
        size = len(batch.lines)
        broken, left_out = look(batch, columns)
        areas = look_up(columns[area].values, area_bits(), 0)
        nobody = np.full(size, NOBODY, dtype=np.int32)
        every = [*unreadable_cells(file, columns), *broken]
        log.add(*batch_findings(file.facts.name, batch, every, areas, nobody))
        unsaid = pa.array([""] * size)
        rows = [columns[n].values if n in columns else unsaid for n in schema.names]
        kept = np.ones(size, dtype=np.bool_)
        kept[left_out] = False
        tables.append(pa.table(rows, schema=schema).filter(pa.array(kept)))
    return pa.concat_tables(tables)
