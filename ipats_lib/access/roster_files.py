"""A roster from a roster file, from an accounts CSV of IWDS, or from a snapshot.

All three are read by the definition of the extract's accounts table (params/tables/account.csv),
so that a cell means the same by every way, and what an extract refuses is refused.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ipats_lib.access.roster import COLUMNS, IWDS, NO_IWDS, NO_USER, USER, RosterFile, Row
from ipats_lib.errors import AccessError
from ipats_lib.extract.cells import holds_unseen
from ipats_lib.extract.scan import scan
from ipats_lib.extract.tables import load_schema, open_table
from ipats_lib.inputs import read_json, spelled
from ipats_lib.snapshot import open_snapshot
from ipats_lib.snapshot.cases import Columns, table_notes, typed_batches, typed_column
from ipats_lib.sources import NAMES
from ipats_lib.sources.databases import export
from ipats_lib.validation.findings import wrong_rows

LARGEST = 64 << 20
_EXPECTED = {
    "date": "must be a date, YYYYMMDD, or blank",
    "switch": "must be yes or no, 1 or 0, or blank",
}
_UNSEEN = "expected text without control or invisible characters."
Place = Callable[[int], str]


def read_roster(path: Path) -> RosterFile:
    """Read a roster file; AccessError names the line of the list that breaks its form."""
    named = spelled(path)
    malformed = f"{named} is not a roster: export one with `publish.py access export roster`."
    whole = read_json(path, AccessError, malformed, named=named, most=LARGEST)
    try:
        taken = datetime.fromisoformat(whole["taken"])
        lines = whole["accounts"]
    except (ValueError, KeyError, TypeError) as error:
        raise AccessError(malformed) from error
    if taken.tzinfo is None or not isinstance(lines, list):
        raise AccessError(f"{path}: `taken` needs a time zone, and `accounts` a list.")

    def place(number: int) -> str:
        return f"{path}, account {number + 1}"

    return RosterFile(taken, tuple(_rows(_columns(lines, place), place)))


def read_accounts(path: Path, taken: datetime) -> tuple[RosterFile, tuple[str, ...]]:
    """Read an accounts CSV that IWDS wrote at `taken` (UTC), as an extract's.

    Also returns what an extract would report of the file as a whole, as sentences. ExtractError for
    what an extract refuses; AccessError, naming the line, for a cell that an extract would report
    and leave blank, and for a user with no user's name.
    """
    file = open_table("account", scan(path))
    rows: list[Row] = []
    # Today bounds the dates of a roster: by how much, the extract's reader says.
    for batch, columns in typed_batches(file, datetime.now(UTC).date()):
        place = _place(path, batch.lines.tolist())
        for name in columns:
            if len(unseen := np.flatnonzero(holds_unseen(batch.texts[name]))):
                raise AccessError(f"{place(int(unseen[0]))}: {_UNSEEN}")
        rows += _rows(columns, place)
    said = [str(text) for note in table_notes(file) for text in note["message"].to_pylist()]
    return RosterFile(taken.replace(tzinfo=UTC), tuple(rows)), tuple(said)


def database_accounts(source: Path) -> tuple[RosterFile, tuple[str, ...]]:
    """The accounts that a database has now (`params/sources`), as `read_accounts` reads a CSV."""
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    with TemporaryDirectory(prefix="ipats-accounts-") as work:
        folder = export(source, Path(work), NAMES, only="account")
        return read_accounts(folder / "account.csv", now)


def snapshot_roster(path: Path, taken: datetime | None = None) -> RosterFile:
    """The accounts of a snapshot, as old as its extract.

    taken: when IWDS wrote the extract (UTC); without it, the beginning of its as-of day: copying
    an old extract does not make its accounts newer. AccessError when it had no accounts table.
    """
    snapshot = open_snapshot(path)
    accounts = snapshot.accounts()
    if accounts is None:
        raise AccessError(f"{path} has no accounts: the extract must hold account.csv.")
    moment = (taken or datetime.combine(snapshot.as_of, time())).replace(tzinfo=UTC)
    lines = accounts[list(COLUMNS)].to_dict("records")
    rows = ({name: _text(line[name]) for name in COLUMNS} for line in lines)
    return RosterFile(moment, tuple(_named(rows, lambda at: f"account.csv line {at + 2}")))


def _place(path: Path, lines: Sequence[int]) -> Place:
    return lambda number: f"{path.name} line {lines[number]}"


def _columns(lines: list[Any], place: Place) -> Columns:
    """The columns of a roster file's list, typed as those of a CSV."""
    for number, line in enumerate(lines):
        if not isinstance(line, dict) or set(line) != set(COLUMNS):
            raise AccessError(f"{place(number)}: expected {', '.join(COLUMNS)}.")
        if not all(isinstance(value, str) and value.isprintable() for value in line.values()):
            raise AccessError(f"{place(number)}: {_UNSEEN}")
    columns = {}
    for column in load_schema("account"):
        texts = pa.array([line[column.name] or None for line in lines], pa.string())
        columns[column.name] = typed_column(texts, column, datetime.now(UTC).date())
    return columns


def _rows(columns: Columns, place: Place) -> Iterator[Row]:
    """Rows of texts; AccessError for the first cell that did not parse, or a wrong name."""
    for column in load_schema("account"):
        if len(wrong := wrong_rows(columns[column.name])):
            raise AccessError(f"{place(int(wrong[0]))}: {column.name} {_EXPECTED[column.type]}.")
    values = [columns[name].values.to_pylist() for name in COLUMNS]
    cells = ((_text(value) for value in row) for row in zip(*values, strict=True))
    return _named((dict(zip(COLUMNS, row, strict=True)) for row in cells), place)


def _named(rows: Iterable[Row], place: Place) -> Iterator[Row]:
    for number, row in enumerate(rows):
        for name, rule, wrong in (("worknet_user", USER, NO_USER), ("iwds_user", IWDS, NO_IWDS)):
            if not rule.fullmatch(row[name]):
                raise AccessError(f"{place(number)}: {wrong}")
        yield row


def _text(value: Any) -> str:
    """Blank for missing, 1 and 0 for a switch, YYYYMMDD for a day."""
    if pd.isna(value):
        return ""
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    return str(int(value)) if isinstance(value, bool) else str(value)
