"""The files of an extract from a zip archive, or from a folder that a URL names."""

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from ipats_lib.errors import ExtractError, UsageError
from ipats_lib.inputs import LARGEST, open_input, spelled
from ipats_lib.places import Place

MOST_FILES = 100


def unpack(archive: Path, work: Path) -> Path:
    """A folder with the archive's files. They lie at its top, or all in one folder.

    ExtractError where a name leads elsewhere, there are too many files, or they unpack to more than
    is read of any file.
    """
    target = work / "unpacked"
    target.mkdir()
    with open_input(archive, ExtractError) as source, zipfile.ZipFile(source) as packed:
        files = [one for one in packed.infolist() if not one.is_dir()]
        places = [PurePosixPath(one.filename) for one in files]
        if len(files) > MOST_FILES or sum(one.file_size for one in files) > LARGEST:
            raise ExtractError(f"{spelled(archive.name)} holds more than an extract can hold.")
        if len({place.name for place in places}) < len(places):
            raise ExtractError(f"{spelled(archive.name)} holds a file twice: leave one.")
        if len({place.parent for place in places}) > 1 or any(
            len(place.parts) > 2 or ".." in place.parts or place.is_absolute() for place in places
        ):
            raise ExtractError(
                f"{spelled(archive.name)}: put the files of one extract at its top, or into one "
                "folder."
            )
        for one, place in zip(files, places, strict=True):
            with packed.open(one) as content, (target / place.name).open("xb") as file:
                shutil.copyfileobj(content, file)
    return target


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
