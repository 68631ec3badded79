"""What runs of notebooks gave, kept by what it depends on.

A key is the hash of every input of a run; whoever finds the key finds what a clean build would
make. An entry is a packed body and the names of its files. These lie beside the entries, once each
and as a site stores them: a site's files are other names of the same (decision 0028). An entry that
is damaged, or whose files are, counts as absent.
"""

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

# How long a body waits for the run that goes on from it, when its own has failed or was killed.
UNUSED_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Content:
    """What a run of a notebook gives: the body of its pages, and its downloads by name.

    A download that is packed already has the name of a packed file.
    """

    body: str
    files: dict[str, bytes] = field(default_factory=dict)

    def text(self) -> str:
        """For a share; `Content.read` gives the same content back. A byte of a file is a character:
        texts stay texts, which a share packs well."""
        files = {name: data.decode("latin-1") for name, data in self.files.items()}
        return json.dumps({"body": self.body, "files": files}, ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> "Content":
        kept = json.loads(text)
        files = {name: data.encode("latin-1") for name, data in kept["files"].items()}
        return cls(kept["body"], files)


class PageCache:
    """A folder of entries `<key[:2]>/<key>` and of files `files/<hash[:2]>/<hash>`; safe for
    several writers of the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def file(self, digest: str) -> Path:
        """Where the file with this hash is, if an entry has one."""
        return self.folder / "files" / digest[:2] / digest

    def get(self, key: str) -> Content | None:
        """What is kept under `key`; None when there is nothing, or it is damaged."""
        try:
            digest, _, entry = self._path(key).read_bytes().partition(b"\n")
            names, _, packed = _whole(entry, digest.decode()).partition(b"\n")
            kept = json.loads(names).items()
            files = {name: _whole(self.file(known).read_bytes(), known) for name, known in kept}
            with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as text:
                return Content(str(text.read(), "utf-8"), files)
        except (OSError, ValueError):  # ValueError also: made in another way, by an earlier version
            return None

    def put(self, key: str, content: Content) -> None:
        """Keep what a run gave. Not brought to the disk: what is torn is noticed by its hash."""
        names = {name: self._keep(data) for name, data in content.files.items()}
        packed = pa.Codec("zstd", 6).compress(content.body.encode("utf-8"), asbytes=True)
        entry = json.dumps(names).encode() + b"\n" + packed
        _write(self._path(key), _hash(entry).encode() + b"\n" + entry)

    def _keep(self, data: bytes) -> str:
        """Keep a file, unless it is there and whole; gives its hash."""
        path = self.file(digest := _hash(data))
        if not path.is_file() or path.read_bytes() != data:
            _write(path, data)
        return digest

    def keep_only(self, keys: set[str]) -> None:
        """Remove every entry that none of the kept publications uses, and files that no entry has.

        One of the last days stays: the next run of another period may go on from it.
        """
        now, files = time.time(), set()
        for path in self.folder.glob("??/*"):
            if path.name not in keys and abs(now - path.stat().st_mtime) > UNUSED_SECONDS:
                path.unlink(missing_ok=True)
            else:
                files.update(_files_of(path))
        for path in self.folder.glob("files/??/*"):
            if path.name not in files:
                path.unlink(missing_ok=True)


def _files_of(path: Path) -> list[str]:
    """The hashes of an entry's files; none of one that another version made."""
    with path.open("rb") as entry:
        entry.readline()
        try:
            return list(json.loads(entry.readline()).values())
        except ValueError:
            return []


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _whole(data: bytes, digest: str) -> bytes:
    """The data; ValueError where they are not what the hash is of."""
    if _hash(data) != digest:
        raise ValueError(digest)
    return data


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(data)
    os.replace(beside, path)


class RunCache:
    """What one publication finds in a cache: asked to be `clean`, only what it put there itself."""

    def __init__(self, cache: PageCache, clean: bool) -> None:
        self._cache, self._clean = cache, clean
        self.made: set[str] = set()

    def get(self, key: str) -> Content | None:
        """What is kept under `key`, by an earlier publication or for another reader of this one."""
        return self._cache.get(key) if key in self.made or not self._clean else None

    def put(self, key: str, content: Content) -> None:
        """Keep what was made now."""
        self._cache.put(key, content)
        self.made.add(key)
