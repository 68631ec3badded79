"""Where an extract comes from: a folder, an archive, a URL, or a database that stands for IWDS.

Each source gives a folder of CSV files, which is read like any extract: what comes from a database
is checked by the same rules as what somebody has exported.
"""

import errno
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from ipats_lib import locks
from ipats_lib.errors import ExtractError, UsageError
from ipats_lib.extract.folder import OPTIONAL, TABLES
from ipats_lib.inputs import DAMAGE, LARGEST, has_suffix, open_input, spelled
from ipats_lib.places import Place, is_url
from ipats_lib.sources.databases import export
from ipats_lib.sources.workbooks import as_csv

NAMES = ("pirl", *TABLES, *OPTIONAL)
_FETCHED = ".fetched-"
MOST_FILES, LONGEST_NAME = 100, 255


@contextmanager
def extract_of(source: str, store: Path) -> Iterator[Path]:
    """The folder of an extract that a source gives (`extract_in`), for as long as it is read.

    What is fetched lies in a folder of the store that only this account may enter, and is removed
    in any case. One source is read at a time for a store: PublisherBusyError names who is at it.
    """
    store.mkdir(parents=True, exist_ok=True)
    with locks.one_at_a_time(store / ".sync.lock", store), ExitStack() as stack:
        for left in store.glob(f"{_FETCHED}*"):  # of a sync that was killed
            shutil.rmtree(left)
        work = stack.enter_context(TemporaryDirectory(prefix=_FETCHED, dir=store))
        yield stack.enter_context(extract_in(source, Path(work)))


@contextmanager
def extract_in(source: str, work: Path) -> Iterator[Path]:
    """The folder of an extract that a source gives; what is fetched lies in `work`.

    source: a folder, a .zip of one, a URL of one (fsspec), or a .toml of `params/sources` that
    names a database's tables. Raises UsageError, ExtractError and PlaceError, which name the source
    in place of the folder.
    """
    folder = work  # until the source is read
    try:
        folder = _folder(source, work)
        yield folder
    except ExtractError as error:
        raise ExtractError(str(error).replace(str(folder), spelled(source))) from None


def _folder(source: str, work: Path) -> Path:
    place = Path(source)
    if is_url(source):
        return as_csv(fetch(source, work), work, NAMES)
    if has_suffix(place, ".toml"):
        return export(place, work, NAMES)
    if has_suffix(place, ".zip") and not os.path.isdir(place):
        return as_csv(unpack(place, work), work, NAMES)
    return as_csv(place, work, NAMES)


def unpack(archive: Path, work: Path) -> Path:
    """A folder with the archive's files. They lie at its top, or all in one folder.

    Left out is what a Mac adds (`__MACOSX/._pirl.csv`). ExtractError where a name leads elsewhere,
    there are too many files, or they unpack to more than is read of any file; UsageError for an
    archive that is damaged, locked by a password, or packed in a way that Python does not unpack.
    """
    target = work / "unpacked"
    target.mkdir()
    with open_input(archive, ExtractError) as source, _unpacking(archive):
        packed = zipfile.ZipFile(source)
        named = ((PurePosixPath(m.filename.replace("\\", "/")), m) for m in packed.infolist())
        found = [(place, m) for place, m in named if not m.is_dir() and place.name[:2] != "._"]
        places, files = [place for place, _ in found], [m for _, m in found]
        if len(files) > MOST_FILES or sum(one.file_size for one in files) > LARGEST:
            raise ExtractError(f"{spelled(archive.name)} holds more than an extract can hold.")
        if len({place.name for place in places}) < len(places):
            raise ExtractError(f"{spelled(archive.name)} holds a file twice: leave one.")
        if len({place.parent for place in places}) > 1 or any(map(_leads_elsewhere, places)):
            raise ExtractError(
                f"{spelled(archive.name)}: put the files of one extract at its top, or into one "
                "folder."
            )
        for one, place in zip(files, places, strict=True):
            with packed.open(one) as content, (target / place.name).open("xb") as file:
                shutil.copyfileobj(content, file)
    return target


def _leads_elsewhere(place: PurePosixPath) -> bool:
    parts, longest = place.parts, max(map(len, map(os.fsencode, place.parts)), default=0)
    return place.is_absolute() or not 0 < len(parts) <= 2 or ".." in parts or longest > LONGEST_NAME


@contextmanager
def _unpacking(archive: Path) -> Iterator[None]:
    """UsageError for what a damaged archive raises; not for a full disk."""
    try:
        yield
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise UsageError(f"{spelled(archive)} is no zip archive that can be read.") from None


def fetch(address: str, work: Path) -> Path:
    """A folder with the files at a URL; PlaceError where it does not answer."""
    place, target = Place(address), work / "fetched"
    target.mkdir()
    names = place.names()
    if not names:
        raise UsageError(f"{place} holds no files: name the folder of an extract.")
    if len(names) > MOST_FILES:
        raise ExtractError(f"{place} holds more files than an extract.")
    for name in names:
        place.fetch(name, target / name)
    return target
