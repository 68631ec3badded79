"""What publications showed across areas: a record of each, beside the snapshots in their store.

    STORE/released/PY2024Q2-<hash>.csv      the long form as it was printed, withheld numbers as `*`

A record is named by its period and by the hash of its bytes, appears whole or not at all, and is
never changed or removed: what was once read cannot be taken back. It holds nothing that was hidden.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd

from ipats_lib.durable import sync_folder, write_file
from ipats_lib.errors import SnapshotError, UsageError
from ipats_lib.periods import LAG, Period

FOLDER = "released"
_APART = LAG["ER_Q4"] - LAG["ER_Q2"]
_TREND = 8  # report quarters that a publication shows, its own among them
_NAME = re.compile(r"(?P<period>PY20[0-9]{2}(?:Q[1-4])?)-(?P<hash>[0-9a-f]{16})\.csv")


@dataclass(frozen=True, slots=True)
class Released:
    """One record. name: its file's, with the period and the hash of the text."""

    name: str
    text: bytes

    def lines(self) -> pd.DataFrame:
        """The long form (domain 8.4): numbers are missing where `suppressed`."""
        frame = pd.read_csv(BytesIO(self.text), dtype="str", keep_default_na=False)
        hidden = frame["suppressed"] == "true"
        numbers = {
            name: pd.to_numeric(frame[name].mask(hidden | frame[name].eq(""))).astype("Int64")
            for name in ("numerator", "denominator")
        }
        return frame.assign(suppressed=hidden, py=frame["py"].astype("int64"), **numbers)


def keep_released(store: Path, period: str, text: bytes) -> str:
    """Keep the record of a publication and give its name; equal ones are kept once.

    text: the long form as it was printed. OSError when the store cannot be written.
    """
    name = name_of(period, text)
    folder = store / FOLDER
    if not (folder / name).exists():
        write_file(folder / name, text)
        sync_folder(store)
    return name


def name_of(period: str, text: bytes) -> str:
    """The name that a record has, kept or not."""
    return f"{period}-{hashlib.sha256(text).hexdigest()[:16]}.csv"


def is_kept(store: Path, name: str) -> bool:
    """Whether the store has the record of this name."""
    return (store / FOLDER / name).is_file()


def read_released(store: Path, period: Period, named: Iterable[Path] = ()) -> tuple[Released, ...]:
    """The records of the publications that counted some of the same exits as one of this period.

    Those of up to two quarters after, whose windows hold the same quarters; those of the quarters
    that this one shows again; and an annual report's and its fourth quarter's, each for the other.
    From the store and from the files that are named. Sorted by name. SnapshotError when one is
    damaged, UsageError when a named file is no such record.
    """
    kept = [path for path in (store / FOLDER).glob("*.csv") if _links(path, period)]
    for path in named:
        if not _links(path, period):
            raise UsageError(
                f"{path} is no record that {period.name} needs: name one of "
                f"{linked_period(period).name}, from the folder {FOLDER} of a store."
            )
    found = {path.name: _read(path) for path in [*kept, *named]}
    return tuple(found[name] for name in sorted(found))


def linked_period(period: Period) -> Period:
    """The quarter whose second quarter after exit is the fourth of this period (domain 2.2)."""
    return period.earlier(_APART)


def _links(path: Path, period: Period) -> bool:
    known = _NAME.fullmatch(path.name)
    if known is None:
        return False
    apart = period.report_quarter.index - Period.parse(known["period"]).report_quarter.index
    return -_APART <= apart < _TREND and known["period"] != period.name


def _read(path: Path) -> Released:
    known = path.name.removesuffix(".csv").split("-")
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read ({error.strerror}).") from None
    if not hashlib.sha256(text).hexdigest().startswith(known[1]):
        raise SnapshotError(f"{path} is damaged: bring it back from a copy, it cannot be remade.")
    return Released(path.name, text)
