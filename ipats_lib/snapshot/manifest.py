"""What a snapshot says about itself: `snapshot.json`."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from ipats_lib.errors import SnapshotError
from ipats_lib.inputs import is_utf8, parse_json, read_input, spelled
from ipats_lib.params import Layout, load_areas

FORMAT = 1
NAME = "snapshot.json"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the extract as it was read."""

    name: str
    sha256: str
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a snapshot's figures come from."""

    sources: tuple[Source, ...]
    as_of: date
    as_of_source: str
    synthetic: bool
    library_version: str
    layout: str
    contact_rule: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the snapshot; path relative to its folder."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """source_key: the same for the same extract read in the same way. shape: see `shape_of`."""

    provenance: Provenance
    source_key: str
    shape: str
    tables: tuple[str, ...]
    files: tuple[StoredFile, ...]

    @property
    def id(self) -> str:
        """First 16 hex digits of the hash over everything the snapshot says and holds."""
        return id_of(self.text().encode())

    def text(self) -> str:
        """Canonical JSON: sorted keys, one line end at the end."""
        said: dict[str, Any] = {"format": FORMAT, **asdict(self)}
        said["provenance"]["as_of"] = self.provenance.as_of.isoformat()
        return json.dumps(said, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def id_of(text: bytes) -> str:
    """The id of the snapshot with this `snapshot.json`."""
    return hashlib.sha256(text).hexdigest()[:16]


def shape_of(layout: Layout) -> str:
    """Hash of what stored rows depend on in params/: areas, and the layout's elements and types."""
    areas = [[area.lwia, area.board_code] for area in load_areas()]
    elements = [[element.number, element.type] for element in layout.elements]
    return hashlib.sha256(json.dumps([areas, elements]).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot's folder.

    SnapshotError when it is missing, of another kind, or has another byte than the one that the
    folder is named after.
    """
    named = f"{spelled(folder)}/{NAME}"
    if not is_utf8(str(folder)):
        raise SnapshotError(f"The name {spelled(folder)} is not UTF-8: choose another folder.")
    if not os.path.lexists(folder / NAME):
        raise SnapshotError(f"{spelled(folder)} is not a snapshot: it has no {NAME}.")
    text = read_input(folder / NAME, SnapshotError, named=named)
    if id_of(text) != folder.resolve().name:
        raise SnapshotError(
            f"{named} is damaged, or its folder was renamed: make the snapshot again."
        )
    return parse_manifest(text, str(folder))


def parse_manifest(text: bytes, folder: str) -> Manifest:
    """The manifest with this text; SnapshotError names the folder when it is none of ours."""
    folder = spelled(folder)
    damaged = f"{folder}/{NAME} is damaged: make the snapshot again."
    try:
        said = parse_json(text)
    except ValueError:
        raise SnapshotError(damaged) from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise SnapshotError(f"{folder} is of another snapshot format: make the snapshot again.")
    try:
        manifest: Manifest = _reader().validate_json(text, strict=True)
    except ValueError:
        raise SnapshotError(damaged) from None
    written = parse_json(manifest.text().encode())
    if any(said[name] != fact for name, fact in written.items()):  # it says more than is known
        raise SnapshotError(damaged)
    return manifest


@cache
def _reader() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Manifest)
