"""A changed byte of a snapshot is refused, never read.  Source: issue "Every known wrong answer".

Every file that a snapshot has is damaged in every way that a disk, a copy or a hand does it:
whoever opens it for figures learns the file's name, whoever reads without opening it anew learns it
when reading, and the same extract gives a good snapshot again.
"""

import os
import random
import re
import shutil
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ipats_lib.errors import SnapshotError
from ipats_lib.publishing.workers import local_workers
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import kept_snapshot, make_snapshot, open_snapshot, store
from tests.extract.drawn import write_extract

PIRL = """
    100 | 108-A | 108-B | 900      | 901      | R009
    a   | 17005 | 17010 | 20240101 | 20241231 | left as it is
    b   | 17010 |       | 20240201 |          | and this
    c   | 17000 |       | 20240301 |          |
"""
TABLES = {
    "planner": "planner_id | lwia | name | active\np1 | 01 | One | 1\np2 | 02 | Two | 1",
    "assignment": "customer | enrolment | planner_id | from | to\n"
    "a | e1 | p1 | 20240101 |\nb | e2 | p2 | 20240201 |",
    "account": "worknet_user | iwds_user | role | lwia | planner_id | worknet_status | iwds_status"
    " | in_group | linked_on\nann | iann | planner | 01 | p1 | active | active | 1 | 20240101",
}


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    return write_extract(tmp_path_factory.mktemp("damage") / "extract", PIRL, TABLES)


@pytest.fixture(scope="module")
def whole(extract, tmp_path_factory):
    """The snapshot that every test damages a copy of."""
    return make_snapshot(extract, tmp_path_factory.mktemp("whole"))


@pytest.fixture
def made(whole, tmp_path):
    return open_snapshot(Path(shutil.copytree(whole.path, tmp_path / "store" / whole.id)))


def all_of(snapshot):
    """Everything that can be asked of a snapshot, as text."""
    planner = Scope("01", "p1")
    asked = [
        snapshot.as_of, snapshot.provenance, snapshot.scopes(), snapshot.accounts(),
        snapshot.membership().to_csv(), snapshot.membership("assignment").to_csv(),
    ]  # fmt: skip
    for scope in (STATE, Scope("01"), Scope("02"), planner):
        asked.append(snapshot.rows(scope).to_csv())
        asked += [snapshot.findings(scope).to_csv(), snapshot.table("assignment", scope).to_csv()]
    return "\n".join(map(str, asked))


def regions(path):
    """A byte of each region of a Parquet file: magic, dictionary, page, footer, its length."""
    column = pq.read_metadata(path).row_group(0).column(0)
    size = path.stat().st_size
    length = int.from_bytes(path.read_bytes()[-8:-4], "little")
    found = {"magic": 1, "page": column.data_page_offset + 3, "length": size - 6, "end": size - 1}
    if column.dictionary_page_offset is not None:
        found["dictionary"] = column.dictionary_page_offset + 3
    return found | {"footer": size - 8 - length // 2}


def flip(path, place, bit=0):
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def refused(extract, made, name):
    """Refused when opened for figures, in one sentence that names the file, and made anew."""
    with pytest.raises(SnapshotError, match=rf"{name}\b"):
        kept_snapshot(str(made.path))
    assert store.find(made.path.parent, made.manifest.source_key) is None
    again = make_snapshot(extract, made.path.parent)
    assert kept_snapshot(str(again.path)) == made
    assert [path.name for path in made.path.parent.iterdir()] == [made.id]


@pytest.mark.parametrize("region", ["magic", "dictionary", "page", "footer", "length", "end"])
def test_a_flipped_bit_in_any_region_of_any_table_is_refused(extract, made, region):
    struck = 0
    for name in sorted(file.path for file in made.manifest.files):
        path = made.path / name
        place = regions(path).get(region) if pq.read_metadata(path).num_row_groups else None
        if place is not None:
            struck += 1
            flip(path, place)
            refused(extract, made, name)
    assert struck >= 6


def test_no_flipped_bit_is_read_by_who_opens_without_verifying(made):
    """Seeded: 150 bits of all files; what is read is as it was, or nothing is read at all."""
    draw, right = random.Random(7), all_of(made)
    names = sorted(file.path for file in made.manifest.files)
    seen = 0
    for _ in range(150):
        path = made.path / draw.choice(names)
        kept = path.read_bytes()
        flip(path, draw.randrange(len(kept)), draw.randrange(8))
        _forget()
        came = _all_or_error(made.path)
        seen += came != right
        assert came in (right, f"damaged at {path.relative_to(made.path).as_posix()}")
        path.write_bytes(kept)
    assert seen > 100


def test_no_flipped_bit_of_the_manifest_goes_unnoticed(extract, made):
    path = made.path / "snapshot.json"
    said = path.read_bytes()
    for place in range(len(said)):
        flip(path, place, place % 8)
        with pytest.raises(SnapshotError, match=r"snapshot\.json is damaged"):
            open_snapshot(made.path)
        path.write_bytes(said)
    flip(path, said.index(b'"as_of"') + 18)
    refused(extract, made, "snapshot.json")


@pytest.mark.parametrize("left", [0, 1, 100, -1, -9])
@pytest.mark.parametrize("name", ["pirl/02.parquet", "findings.parquet", "snapshot.json"])
def test_a_file_cut_short_is_refused(extract, made, name, left):
    path = made.path / name
    path.write_bytes(path.read_bytes()[:left])
    refused(extract, made, name)


def test_two_files_that_changed_places_are_refused(extract, made):
    one, two = (made.path / "pirl" / f"{section}.parquet" for section in ("02", "several"))
    one.rename(made.path / "aside")
    two.rename(one)
    (made.path / "aside").rename(two)
    refused(extract, made, "pirl/02.parquet")


def _another(path):
    table = pq.read_table(path)
    path.unlink()
    pq.write_table(pa.concat_tables([table, table]), path)


@pytest.mark.parametrize(
    "harm",
    [Path.unlink, _another, lambda p: (p.unlink(), p.mkdir()), lambda p: (p.unlink(), os.mkfifo(p)),
     lambda p: (p.unlink(), p.symlink_to("/dev/zero")), lambda p: (p.unlink(), p.symlink_to(p))],
    ids=["gone", "another", "folder", "fifo", "device", "loop"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["contacts.parquet", "snapshot.json"])
def test_what_stands_in_a_files_place_is_refused(extract, made, name, harm):
    if harm is _another and name == "snapshot.json":
        name = "planner.parquet"
    harm(made.path / name)
    refused(extract, made, name)


def test_a_file_that_the_manifest_does_not_name_is_never_read(made):
    right = all_of(made)
    shutil.copy(made.path / "pirl" / "02.parquet", made.path / "pirl" / "03.parquet")
    _forget()
    assert all_of(kept_snapshot(str(made.path))) == right


def test_a_snapshot_in_a_folder_of_another_name_is_refused(made):
    renamed = made.path.rename(made.path.with_name("0" * 16))
    with pytest.raises(SnapshotError, match="damaged, or its folder was renamed"):
        open_snapshot(renamed)


def _forget():
    from ipats_lib.snapshot import reading

    reading._part.cache_clear()


# -- changed after it was verified -------------------------------------------------------------


def _all_or_error(folder):
    try:
        return all_of(open_snapshot(Path(folder)))
    except SnapshotError as error:
        return re.search(r"damaged at [\w./]+(?=:)", str(error))[0]


def _read_many(folder):
    """In a worker: read everything again and again, until damage was met too; what came out,
    without repeats."""
    seen = set()
    for reads in range(1000):
        _forget()
        seen.add(_all_or_error(Path(folder)))
        if reads >= 25 and len(seen) > 1:
            break
    return seen


def test_workers_read_no_byte_that_changed_after_it_was_verified(made):
    """Files are rewritten in place, again and again, while two processes read them."""
    assert kept_snapshot(str(made.path)) == made
    right, over = all_of(made), threading.Event()
    paths = [made.path / file.path for file in made.manifest.files]
    good = {path: path.read_bytes() for path in paths}

    def disturb():
        draw = random.Random(3)
        while not over.is_set():
            path = draw.choice(paths)
            before = path.stat()
            flip(path, draw.randrange(len(good[path])))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            over.wait(0.002)
            path.write_bytes(good[path])
            over.wait(0.05)

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        asked = [pool.submit(_read_many, str(made.path)) for _ in range(2)]
        thread = threading.Thread(target=disturb)
        thread.start()
        try:
            seen = set().union(*(one.result() for one in asked))
        finally:
            over.set()
            thread.join()
    named = {f"damaged at {file.path}" for file in made.manifest.files}
    assert right in seen
    assert seen & named
    assert seen <= {right, *named}


def _rows_of(folder):
    return len(open_snapshot(Path(folder)).rows())


def test_a_worker_that_meets_a_changed_file_ends_the_publication_in_one_sentence(made):
    earlier = kept_snapshot(str(made.path))
    flip(made.path / "pirl" / "02.parquet", 40)
    with (
        local_workers(1) as pool,
        pytest.raises(SnapshotError, match=r"damaged at pirl/02\.parquet: make it again"),
    ):
        list(pool.aside(_rows_of, [str(earlier.path)]))


def test_what_was_read_once_stays_as_it_was_verified(made):
    """The publisher holds the parts that it is slicing: a change then changes nothing."""
    _forget()
    first = made.rows(Scope("02"))
    flip(made.path / "pirl" / "02.parquet", 40)
    assert made.rows(Scope("02")).equals(first)
    _forget()
    with pytest.raises(SnapshotError, match=r"damaged at pirl/02\.parquet"):
        made.rows(Scope("02"))
