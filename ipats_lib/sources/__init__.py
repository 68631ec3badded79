"""Where an extract comes from: a folder, an archive, a URL, or a database that stands for IWDS.

Each source gives a folder of CSV files, which is read like any extract: what comes from a database
is checked by the same rules as what somebody has exported.
"""

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ipats_lib import locks
from ipats_lib.errors import UsageError
from ipats_lib.extract.folder import OPTIONAL, TABLES
from ipats_lib.inputs import has_suffix, spelled
from ipats_lib.places import is_url
from ipats_lib.sources.archives import fetch, unpack
from ipats_lib.sources.databases import export
from ipats_lib.sources.workbooks import as_csv

NAMES = ("pirl", *TABLES, *OPTIONAL)


@contextmanager
def extract_of(source: str, store: Path) -> Iterator[Path]:
    """The folder of an extract that a source gives, for as long as it is read.

    source: a folder, a .zip of one, a URL of one (fsspec), or a .toml of `params/sources` that
    names a database's tables. What is fetched lies in a folder of the store that only this account
    may enter, and is removed in any case. One source is read at a time for a store:
    PublisherBusyError names who is at it. Raises UsageError, ExtractError and PlaceError.
    """
    store.mkdir(parents=True, exist_ok=True)
    with (
        locks.one_at_a_time(store / ".sync.lock", store),
        TemporaryDirectory(prefix=".fetched-", dir=store) as work,
    ):
        yield _folder(source, Path(work))


def _folder(source: str, work: Path) -> Path:
    place = Path(source)
    if is_url(source):
        return as_csv(fetch(source, work), work, NAMES)
    if has_suffix(place, ".toml"):
        return export(place, work, NAMES)
    if has_suffix(place, ".zip") and not os.path.isdir(place):
        try:
            return as_csv(unpack(place, work), work, NAMES)
        # Damaged, packed in a way that Python does not unpack, or locked by a password.
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
            raise UsageError(f"{spelled(place)} is no zip archive that can be read.") from None
    return as_csv(place, work, NAMES)
