"""What runs gave is kept once: a site's files are other names of the cache's (decision 0028)."""

import hashlib
import os
import shutil
import sys
import time
import zlib
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pytest
from nbformat.v4 import new_notebook

from ipats_lib.publishing.build import build
from ipats_lib.publishing.cache import Content, PageCache
from ipats_lib.publishing.execute import Job, Made, in_page
from ipats_lib.publishing.files import files_of, read_published, stored
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.site import Site, walk
from ipats_lib.publishing.writer import Writer
from ipats_lib.snapshot import make_snapshot
from tests.site.test_made_again import write_notebook
from tests.site.test_packed_builds import Long, refused
from tests.site.whole_builds import NEW, OLD, ONLY, PERIOD
from tests.switched import is_intact

KEY, OTHER = "ab" + "0" * 62, "cd" + "0" * 62
GIVEN = Content(
    "<p>body</p>", {"a.csv": b"a,b\n1,2\n", "b.csv.gz": b"\x1f\x8bpacked", "c.xlsx": b""}
)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("files/??/*"))


def test_what_a_run_gave_is_given_back_and_a_file_of_several_is_kept_once(tmp_path):
    cache = PageCache(tmp_path)
    cache.put(KEY, GIVEN)
    cache.put(OTHER, Content("another", {"d.csv": GIVEN.files["a.csv"]}))
    assert cache.get(KEY) == GIVEN
    assert list(cache.get(KEY).files) == list(GIVEN.files)
    assert len(files(tmp_path)) == len(GIVEN.files)
    assert cache.get("ef" + "0" * 62) is None


def test_a_share_gives_back_every_byte():
    whole = Content("<p>Zoë \u2028</p>", {"b.bin": bytes(range(256)), "a.csv": "Zoë\r\n".encode()})
    again = Content.read(whole.text())
    assert again == whole
    assert list(again.files) == ["b.bin", "a.csv"]


@pytest.mark.parametrize("harm", ["changed", "cut", "gone", "empty"])
@pytest.mark.parametrize("of", ["entry", "file"])
def test_what_is_damaged_counts_as_absent_and_is_replaced_not_written_into(tmp_path, of, harm):
    """The damaged file may have another name in a publication, which must not change."""
    cache = PageCache(tmp_path / "cache")
    cache.put(KEY, GIVEN)
    cache.put(OTHER, Content("", {}))
    digest = hashlib.sha256(GIVEN.files["a.csv"]).hexdigest()
    path = cache.folder / "ab" / KEY if of == "entry" else cache.file(digest)
    data, other = bytearray(path.read_bytes()), tmp_path / "other"
    os.link(path, other)
    if harm == "gone":
        path.unlink()
    else:
        data[-1] ^= 1
        path.write_bytes({"changed": data, "cut": data[:-1], "empty": b""}[harm])
    damaged = other.read_bytes()
    assert (cache.get(KEY), cache.get(OTHER)) == (None, Content("", {}))
    cache.put(KEY, GIVEN)
    assert cache.get(KEY) == GIVEN
    assert other.read_bytes() == damaged


@pytest.mark.parametrize("days", [-8, 8])
def test_a_body_that_no_publication_uses_waits_a_week_for_its_run(tmp_path, days):
    """A run of one period that failed goes on where it was, though another was published since."""
    cache = PageCache(tmp_path)
    cache.put(KEY, GIVEN)
    cache.keep_only(set())
    assert cache.get(KEY) == GIVEN
    then = time.time() + days * 24 * 3600
    os.utime(tmp_path / "ab" / KEY, (then, then))
    cache.keep_only({KEY})
    assert cache.get(KEY) == GIVEN
    cache.keep_only(set())
    assert cache.get(KEY) is None


def test_a_file_stays_as_long_as_an_entry_has_it(tmp_path):
    cache = PageCache(tmp_path)
    cache.put(KEY, GIVEN)
    cache.put(OTHER, Content("another", {"d.csv": GIVEN.files["a.csv"]}))
    os.utime(tmp_path / "ab" / KEY, (0, 0))
    cache.keep_only({OTHER})
    assert [path.read_bytes() for path in files(tmp_path)] == [GIVEN.files["a.csv"]]
    assert cache.get(OTHER)
    os.utime(tmp_path / "cd" / OTHER, (0, 0))
    cache.keep_only(set())
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "pack", [zlib.compress, pa.Codec("zstd", 6).compress], ids=["0027", "0028"]
)
def test_what_an_earlier_version_kept_in_its_way_counts_as_absent(tmp_path, pack):
    cache, packed = PageCache(tmp_path), bytes(memoryview(pack(b'{"body": "x"}')))
    cache.put(KEY, GIVEN)
    digest = hashlib.sha256(packed).hexdigest().encode()
    (tmp_path / "ab" / KEY).write_bytes(digest + b"\n" + packed)
    assert cache.get(KEY) is None
    cache.keep_only({KEY})
    cache.put(KEY, GIVEN)
    assert cache.get(KEY) == GIVEN


@pytest.mark.parametrize("packed", [True, False])
def test_a_worker_gives_files_as_the_site_stores_them(packed):
    data = {"long.csv": b"a,b\n" * 2000, "short.csv": b"a,b\n", "book.xlsx": bytes(9000)}
    made = in_page(Job("page", "state", "PY2024Q4", "{}", {}, packed=packed), new_notebook(), data)
    assert dict(stored(made.files, alone=False)) == data
    assert [name for name in made.files if name.endswith(".gz")] == ["long.csv.gz"] * packed


class Counting(Long):
    """Gives what `Long` does in the form that a worker gives it, and counts the jobs."""

    def __init__(self) -> None:
        self.jobs = 0

    def submit(self, function, job):
        self.jobs += 1
        made = super().submit(function, job).result()
        files = dict(stored(made.content.files, job.packed))
        future: Future[Made] = Future()
        future.set_result(replace(made, content=replace(made.content, files=files)))
        return future


class Publisher:
    """Publishes one notebook's pages, each with a table, and gives how many runs it took.

    code: of its cell; empty, it is the notebook that was published before.
    """

    def __init__(self, extract: Path, store: Path, folder: Path) -> None:
        self.extract, self.store = extract, store
        self.notebooks, self.site = folder / "notebooks", Site(folder / "site")
        self.cache = self.site.inner / "cache"

    def publish(self, code: str = "", packed: bool = True, day: date = OLD) -> int:
        pool = Counting()
        if code:
            write_notebook(self.notebooks, "performance/one", [], code, downloads=["t.csv"])
        options = Options(self.notebooks, self.site.root, PERIOD, only=ONLY, packed=packed,
                          pool=lambda _: nullcontext(pool))  # fmt: skip
        build(make_snapshot(self.extract, self.store, as_of=day), options, lambda *_: None)
        assert is_intact(self.site, PERIOD.name)
        return pool.jobs

    @property
    def release(self) -> Path:
        return self.site.current(PERIOD.name)

    @property
    def tables(self) -> dict[str, Path]:
        found = {path.relative_to(self.release).as_posix(): path for path in walk(self.release)}
        return {name: path for name, path in found.items() if "/t.csv" in name}


@pytest.fixture
def publisher(extract, store, tmp_path) -> Publisher:
    return Publisher(extract, store, tmp_path)


def inodes(paths) -> set[int]:
    return {path.stat().st_ino for path in paths}


@pytest.mark.parametrize("packed", [True, False])
def test_a_sites_files_are_names_of_the_caches(publisher, packed):
    publisher.publish("1", packed)
    tables = publisher.tables
    whole = {name: path for name, path in tables.items() if name.endswith(".gz") == packed}
    assert whole
    assert inodes(whole.values()) == inodes(files(publisher.cache))
    assert len(tables) == len(whole) * (1 if packed else 2)


def test_where_the_system_has_no_second_names_they_are_copies(publisher, monkeypatch):
    monkeypatch.setattr(os, "link", refused)
    publisher.publish("1")
    assert len(inodes(publisher.tables.values())) == len(publisher.tables) > 1
    assert not inodes(publisher.tables.values()) & inodes(files(publisher.cache))


@pytest.mark.parametrize("first", [True, False])
def test_what_was_kept_in_one_form_serves_the_other(publisher, first):
    assert publisher.publish("1", first) > 0
    before = {name: read_published(publisher.release / name) for name in files_of(publisher.tables)}
    assert publisher.publish(packed=not first) == 0
    names = set(publisher.tables)
    assert names == {f"{name}.gz" for name in before}.union(before if first else ())
    assert {name: read_published(publisher.release / name) for name in before} == before


def test_a_publication_loses_nothing_with_the_cache_or_with_another(publisher):
    publisher.publish("1")
    first, tables = publisher.release, publisher.tables
    publisher.publish("2", day=NEW)
    assert publisher.release != first
    assert inodes(publisher.tables.values()) == inodes(tables.values())
    shutil.rmtree(publisher.release)
    assert publisher.site.is_whole(first)
    shutil.rmtree(publisher.cache)
    assert publisher.site.is_whole(first)


WRITTEN: list[str] = []  # files that were there when they were opened for writing
WATCHED: list[Path] = []


def noted(event: str, told: tuple) -> None:
    """An audit hook: it stays as long as the process, and looks only while a folder is watched."""
    if not WATCHED or event != "open" or not isinstance(told[0], str | bytes):
        return
    path, flags = os.fsdecode(told[0]), told[2] or 0
    if flags & (os.O_WRONLY | os.O_RDWR) and path.startswith(f"{WATCHED[0]}/"):
        WRITTEN.extend([path] if os.path.exists(path) else [])


def facts(folder: Path) -> dict[str, tuple]:
    """Each file's number, time and bytes."""
    return {
        str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
        for path in walk(folder)
    }


@pytest.mark.parametrize("packed", [True, False])
def test_a_later_publication_writes_into_no_file_that_is_there(publisher, packed):
    """Its files, the cache's and those of earlier publications are names of the same: only new
    files are written, and what replaces another is renamed."""
    publisher.publish("1", packed)
    releases = {publisher.release: facts(publisher.release)}
    sys.addaudithook(noted)
    WATCHED.append(publisher.site.inner)
    try:
        for code, form, day in (("", packed, NEW), ("2", packed, OLD), ("", not packed, OLD)):
            publisher.publish(code, form, day)
            for release in (path for path in releases if path.is_dir()):
                assert facts(release) == releases[release]
            releases[publisher.release] = facts(publisher.release)
            publisher.site.rollback(PERIOD.name)
        (kept, *_) = files(publisher.cache)
        kept.write_bytes(b"damaged")  # which the hook sees
    finally:
        WATCHED.clear()
    assert {*WRITTEN} - {str(publisher.site.inner / "lock")} == {str(kept)}
    WRITTEN.clear()
    assert len(releases) == 4


def test_a_file_written_anew_is_no_longer_the_first_name_of_what_it_held(tmp_path):
    """Else a page of another scope would become a name of the new content."""
    writer = Writer(None, None, (), None, tmp_path)  # type: ignore[arg-type]  # all it takes to write
    one, two, three = (PurePosixPath(f"lwia/0{n}/a.csv") for n in (1, 2, 3))
    for path, data in ((one, b"A"), (two, b"A"), (one, b"B"), (three, b"A"), (two, b"C")):
        writer._put(path, data)
    assert [(tmp_path / path).read_bytes() for path in (one, two, three)] == [b"B", b"C", b"A"]


def test_a_damaged_file_is_in_no_later_publication(publisher):
    """One that is damaged on the disk is so under all its names; a new one takes its place."""
    publisher.publish("1")
    first, tables = publisher.release, publisher.tables
    (kept,) = files(publisher.cache)
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    assert publisher.publish(day=NEW) > 0
    assert not inodes(publisher.tables.values()) & inodes(tables.values())
    assert not publisher.site.is_whole(first)
