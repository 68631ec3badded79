"""The planner table, whose lines are scopes, and the account table: both read whole."""

from datetime import date
from typing import NoReturn

import numpy as np
import pyarrow as pa

from ipats_lib.errors import ExtractError
from ipats_lib.extract.cells import Flag, flagged
from ipats_lib.extract.lines import Batch
from ipats_lib.extract.tables import TableFile
from ipats_lib.scopes import PLANNER_ID
from ipats_lib.snapshot.areas import area_bits, look_up
from ipats_lib.snapshot.cases import (
    Columns,
    case_findings,
    table_notes,
    typed_batches,
    unreadable_cells,
)
from ipats_lib.snapshot.contacts import Planners
from ipats_lib.snapshot.log import FindingsLog
from ipats_lib.validation.findings import NOBODY

SCHEMA = pa.schema(
    [
        ("planner_id", pa.string()),
        ("lwia", pa.string()),
        ("name", pa.string()),
        ("active", pa.bool_()),
    ]
)


def read_planners(file: TableFile, log: FindingsLog) -> tuple[Planners, pa.Table]:
    """The planner table, sorted by LWIA and id.

    ExtractError, naming the line, for an id that cannot be a folder's name, one that stands
    twice, or an LWIA that params/areas.csv does not have.
    """
    log.add(*table_notes(file))
    tables, seen = [SCHEMA.empty_table()], set[str]()
    for batch, columns in typed_batches(file, None):
        rows = pa.table([columns[name].values for name in SCHEMA.names], schema=SCHEMA)
        pairs = zip(rows["planner_id"].to_pylist(), rows["lwia"].to_pylist(), strict=True)
        secret = set(flagged(columns["planner_id"], Flag.SECRET).tolist())
        for place, (line, (planner, lwia)) in enumerate(
            zip(batch.lines.tolist(), pairs, strict=True)
        ):
            if place in secret:
                _stop(file, line, "the planner id is shaped like a Social Security number, and it "
                      "is the name of a folder; give planners other ids")  # fmt: skip
            _check(file, line, planner, lwia, seen)
            seen.add(planner)
        _report(file, batch, columns, log)
        tables.append(rows)
    table = pa.concat_tables(tables).sort_by([("lwia", "ascending"), ("planner_id", "ascending")])
    return Planners(tuple(table["planner_id"].to_pylist()), tuple(table["lwia"].to_pylist())), table


def read_accounts(file: TableFile, as_of: date, log: FindingsLog) -> pa.Table:
    """The account table, typed, columns as in params/tables/account.csv.

    Without the accounts whose user name may be a Social Security number.
    """
    log.add(*table_notes(file))
    kinds = {column.name: column.kind(as_of) for column in file.columns}
    schema = pa.schema([(n, kind.type if kind else pa.string()) for n, kind in kinds.items()])
    tables = [schema.empty_table()]
    for batch, columns in typed_batches(file, as_of):
        _report(file, batch, columns, log)
        rows = pa.table([columns[name].values for name in schema.names], schema=schema)
        named = np.ones(len(rows), dtype=np.bool_)
        named[flagged(columns["worknet_user"], Flag.SECRET)] = False
        tables.append(rows.filter(pa.array(named)))
    return pa.concat_tables(tables)


def _report(file: TableFile, batch: Batch, columns: Columns, log: FindingsLog) -> None:
    """Cells that did not parse; a line belongs to its LWIA, and to no customer."""
    areas = look_up(columns["lwia"].values, area_bits(), 0)
    nobody = np.full(len(areas), NOBODY, dtype=np.int32)
    log.add(*case_findings(file, batch, unreadable_cells(file, columns), areas, nobody))


def _check(
    file: TableFile, line: int, planner: str | None, lwia: str | None, seen: set[str]
) -> None:
    if planner is None or PLANNER_ID.fullmatch(planner) is None:
        _stop(file, line, "the planner id must be 1 to 32 letters, digits, - or _")
    if planner in seen:
        _stop(file, line, "the planner id stands twice; keep one line per planner")
    if lwia not in area_bits():
        _stop(file, line, "the LWIA is not one of params/areas.csv")


def _stop(file: TableFile, line: int, what: str) -> NoReturn:
    raise ExtractError(f"{file.facts.name} line {line}: {what}.")
