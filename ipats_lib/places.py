"""A folder that several machines reach: a shared path, or a URL that fsspec has a driver for."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from threading import local
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from ipats_lib.errors import PlaceError, UsageError

SNAPSHOTS = "var/snapshots"
"""Where a machine keeps snapshots unless an option says otherwise."""
Done = TypeVar("Done")
PART = ".part-"
# Here a file is written aside and renamed. Elsewhere (object stores) one appears whole when put.
_RENAMING = frozenset({"file", "local", "ftp", "sftp", "ssh"})
_NOT_SHARED = frozenset({"memory", "data", "http", "https"})
_OPTIONS = {"ftp": {"block_size": 1 << 22}}  # an upload a file, not one for every 64 kB
# A server hangs up on the idle, and what it says then looks like a missing file.
_IDLE_SECONDS = 20.0


def is_url(place: str) -> bool:
    """Whether this names a place by URL; otherwise it is a path on this machine."""
    return "://" in place


class Place:
    """Files by name (`folder/name`) below one address; every thread has a connection of its own.

    An operation that fails is tried once more on a new connection, then PlaceError tells the
    address without user, password and query. UsageError for an address that cannot be one.
    """

    def __init__(self, address: str) -> None:
        from fsspec import get_filesystem_class
        from fsspec.utils import get_protocol

        try:
            urlsplit(address)
        except ValueError:
            raise UsageError("The address is no URL: check its brackets.") from None
        self._address, self._protocol = address, get_protocol(address)
        self._mine = local()
        if self._protocol in _NOT_SHARED:
            raise UsageError(f"{self} cannot be shared: name a path, or a URL that can be written.")
        try:
            get_filesystem_class(self._protocol)
        except ImportError as error:
            raise UsageError(f"{self} needs a package that is not installed: {error}.") from None
        except ValueError:
            raise UsageError(f"{self} is no address that fsspec knows.") from None

    def __str__(self) -> str:
        if not is_url(self._address):
            return self._address
        scheme, _, rest = self._address.partition("://")
        before, _, after = rest.rpartition("@")
        if "/" in before and ":" not in before:  # a sign of the path, behind no password
            host, _, path = rest.partition("/")
            after = f"{host.rpartition('@')[2]}/{path}"
        return f"{scheme}://{after.partition('?')[0].partition('#')[0]}"

    @property
    def folder(self) -> Path | None:
        """The folder, where this is a path of this machine."""
        if self._protocol not in ("file", "local"):
            return None
        return Path(urlsplit(self._address).path if is_url(self._address) else self._address)

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None when there is none of that name."""

        def cat(files: Any, path: str) -> bytes | None:
            try:
                return bytes(files.cat_file(path))
            except FileNotFoundError:
                return None

        return self._do("read", name, cat)

    def write(self, name: str, data: bytes) -> None:
        """Make a file, or replace it."""
        self._put(name, lambda files, path: files.pipe_file(path, data))

    def fetch(self, name: str, to: Path) -> None:
        """Copy a file from here to this machine."""
        self._do("read", name, lambda files, path: files.get_file(path, str(to)))

    def names(self, folder: str = "") -> list[str]:
        """Names of the files and folders in a folder, sorted; none when there is no such folder."""

        def listed(files: Any, path: str) -> list[str]:
            files.invalidate_cache()  # others write here too
            try:
                found = [PurePosixPath(name).name for name in files.ls(path, detail=False)]
            except FileNotFoundError:
                return []
            return sorted(name for name in found if not name.startswith(PART))

        return self._do("read", folder, listed)

    def remove(self, folder: str) -> None:
        """Remove a folder and what is in it; one that is gone already is no error."""

        def remove(files: Any, path: str) -> None:
            files.invalidate_cache()
            for file in files.find(path):
                files.rm_file(file)
            for each in sorted(files.find(path, withdirs=True), key=len, reverse=True):
                files.rmdir(each)

        self._do("written", folder, remove)

    def _put(self, name: str, put: Callable[[Any, str], None]) -> None:
        def whole(files: Any, path: str) -> None:
            folder, _, last = path.rpartition("/")
            if folder not in self._mine.made:
                files.makedirs(folder, exist_ok=True)
                self._mine.made.add(folder)
            if self._protocol not in _RENAMING:
                put(files, path)
                return
            beside = f"{folder}/{PART}{uuid4().hex}-{last}"
            put(files, beside)
            files.mv(beside, path)

        self._do("written", name, whole)

    def _do(self, what: str, name: str, act: Callable[[Any, str], Done]) -> Done:
        for tried in range(2):
            try:
                files, root = self._connection(anew=tried > 0)
                done = act(files, f"{root.rstrip('/')}/{name}".rstrip("/"))
            except Exception as error:  # drivers raise what they like
                why = getattr(error, "strerror", None) or type(error).__name__
            else:
                self._mine.used = monotonic()
                return done
        raise PlaceError(f"{self} cannot be {what} ({why}).")

    def _connection(self, anew: bool) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        mine = self._mine
        if anew or monotonic() - getattr(mine, "used", -_IDLE_SECONDS) >= _IDLE_SECONDS:
            options = _OPTIONS.get(self._protocol, {})
            mine.files = url_to_fs(self._address, skip_instance_cache=True, **options)
            mine.made = set()
        mine.used = monotonic()
        return mine.files
