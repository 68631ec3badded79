"""What a snapshot says about itself: `snapshot.json`."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ipats_lib.errors import SnapshotError
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
    path = folder / NAME
    if not path.is_file():
        raise SnapshotError(f"{folder} is not a snapshot: it has no {NAME}.")
    try:
        text = path.read_bytes()
    except OSError:
        raise SnapshotError(f"{path} is damaged: make the snapshot again.") from None
    if id_of(text) != folder.resolve().name:
        raise SnapshotError(
            f"{path} is damaged, or its folder was renamed: make the snapshot again."
        )
    return parse_manifest(text, str(folder))


def parse_manifest(text: bytes, folder: str) -> Manifest:
    """The manifest with this text; SnapshotError names the folder when it is none of ours."""
    try:
        said = json.loads(text.decode("utf-8"))
    except ValueError:
        raise SnapshotError(f"{folder}/{NAME} is damaged: make the snapshot again.") from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise SnapshotError(f"{folder} is of another snapshot format: make the snapshot again.")
    try:
        return _manifest(said)
    except (KeyError, TypeError, ValueError):
        raise SnapshotError(f"{folder}/{NAME} is damaged: make the snapshot again.") from None


def _manifest(said: dict[str, Any]) -> Manifest:
    facts = dict(said["provenance"])
    facts["sources"] = tuple(Source(**source) for source in facts["sources"])
    facts["as_of"] = date.fromisoformat(facts["as_of"])
    facts["notes"] = tuple(facts["notes"])
    return Manifest(
        Provenance(**facts),
        said["source_key"],
        said["shape"],
        tuple(said["tables"]),
        tuple(StoredFile(**file) for file in said["files"]),
    )
