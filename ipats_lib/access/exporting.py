"""The roster of a snapshot: the IWDS accounts that came with the extract."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd

from ipats_lib.access.roster import COLUMNS, RosterFile
from ipats_lib.errors import AccessError
from ipats_lib.snapshot import open_snapshot


def snapshot_roster(path: Path, taken: datetime | None = None) -> RosterFile:
    """The accounts of a snapshot, as old as its extract.

    taken: when IWDS wrote the extract (UTC); without it, the beginning of its as-of day: copying
    an old extract does not make its accounts newer. AccessError when it had no accounts table.
    """
    snapshot = open_snapshot(path)
    accounts = snapshot.accounts()
    if accounts is None:
        raise AccessError(f"{path} has no accounts: the extract must hold account.csv.")
    lines = accounts[list(COLUMNS)].to_dict("records")
    moment = (taken or datetime.combine(snapshot.as_of, time())).replace(tzinfo=UTC)
    texts = tuple({name: _text(line[name]) for name in COLUMNS} for line in lines)
    return RosterFile(moment, texts)


def _text(value: Any) -> str:
    """As the CSV had it: blank for missing, 1 and 0 for a switch, YYYYMMDD for a day."""
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y%m%d")
    return str(int(value)) if isinstance(value, bool) else str(value)
