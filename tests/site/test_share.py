"""What machines share: sealed entries on a path or at a URL, and snapshots (issue "Past one")."""

import os
import pickle
from datetime import date

import pytest
from fsspec.implementations.local import LocalFileSystem

from ipats_lib import places
from ipats_lib.errors import PlaceError, SnapshotError, UsageError
from ipats_lib.places import Place
from ipats_lib.publishing import cluster
from ipats_lib.publishing.cache import Content, PageCache
from ipats_lib.publishing.execute import Job
from ipats_lib.publishing.failed import RunFailed
from ipats_lib.publishing.share import LostInShare, Share, SharedCache, frame_key, open_share
from ipats_lib.snapshot import fetch_snapshot, make_snapshot, send_snapshot
from tests.extract.drawn import write_extract
from tests.ftp import PASSWORD, ftp

SECRET, OTHER = bytes(range(32)), bytes(range(1, 33))
DAY = date(2026, 11, 25)
PIRL = """
    100 | 108-A | 900      | 901      | 903
    a   | 17005 | 20240101 | 20240301 | 1
"""


@pytest.fixture(params=["path", "file", "ftp", "object store"])
def served(request, tmp_path, monkeypatch):
    """A folder, and the address by which others reach it; an object store cannot rename."""
    folder = tmp_path / "place"
    if request.param == "object store":
        monkeypatch.setattr(LocalFileSystem, "mv", None)
        monkeypatch.setattr(places, "_RENAMING", frozenset())
    if request.param in ("path", "object store"):
        yield folder, str(folder)
    elif request.param == "file":
        yield folder, f"file://{folder}"
    else:
        with ftp(folder) as server:
            yield folder, server.url("publisher").rstrip("/")


def share_at(address, day=DAY, secret=SECRET) -> Share:
    return Share(Place(address), secret, lambda: day)


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_place_gives_back_what_was_written_and_replaces_it(served):
    folder, address = served
    place = Place(address)
    assert place.read("a/b/c") is None
    assert place.names("a/b") == []
    for data in (b"", b"first", b"x" * 300_000):
        place.write("a/b/c", data)
        assert Place(address).read("a/b/c") == data
    assert place.names("a/b") == ["c"]
    assert [path.name for path in files(folder)] == ["c"]
    place.remove("a")
    place.remove("a")
    assert place.names() == []


def test_an_entry_is_found_by_another_machine_and_says_nothing_to_strangers(served):
    folder, address = served
    body = b"<p>one customer's name</p>" * 100
    share_at(address).put("bodies", "key", body)
    assert share_at(address).get("bodies", "key") == body
    assert share_at(address).get("frames", "key") is None
    assert share_at(address, secret=OTHER).get("bodies", "key") is None
    (entry,) = files(folder)
    assert entry.relative_to(folder).parts[:2] == ("2026-11", "bodies")
    assert b"customer" not in entry.read_bytes()
    assert "key" not in entry.name


def damage_bit(entry):
    data = bytearray(entry.read_bytes())
    data[len(data) // 2] ^= 1
    return bytes(data)


@pytest.mark.parametrize(
    "damage",
    [damage_bit, lambda entry: entry.read_bytes()[:-1], lambda entry: b"", lambda entry: b"x" * 99],
)
def test_a_damaged_entry_counts_as_absent(tmp_path, damage):
    share_at(str(tmp_path)).put("frames", "key", b"rows")
    (entry,) = files(tmp_path)
    entry.write_bytes(damage(entry))
    assert share_at(str(tmp_path)).get("frames", "key") is None


def test_an_entry_put_under_another_name_or_sealed_by_another_key_counts_as_absent(tmp_path):
    """Whoever can write the share can neither make up a page nor swap two of them."""
    ours, theirs = share_at(str(tmp_path)), share_at(str(tmp_path), secret=OTHER)
    ours.put("bodies", "one", b"page one")
    (one,) = files(tmp_path)
    ours.put("bodies", "two", b"page two")
    (two,) = {*files(tmp_path)} - {one}
    theirs.put("bodies", "one", b"forged")
    (forged,) = {*files(tmp_path)} - {one, two}
    one.write_bytes(two.read_bytes())
    assert ours.get("bodies", "one") is None
    one.write_bytes(forged.read_bytes())
    assert ours.get("bodies", "one") is None
    assert ours.get("bodies", "two") == b"page two"


def test_what_is_kept_is_written_once_and_again_after_frames_were_lost(tmp_path):
    share = share_at(str(tmp_path))
    share.keep("frames", "rows", b"rows")
    (entry,) = files(tmp_path)
    first = entry.read_bytes()
    share.keep("frames", "rows", b"rows")
    share_at(str(tmp_path)).keep("frames", "rows", b"rows")
    assert entry.read_bytes() == first
    share.forget_frames()
    share.keep("frames", "rows", b"rows")
    assert entry.read_bytes() != first
    assert share.get("frames", "rows") == b"rows"


def test_use_makes_an_entry_last_and_the_months_before_the_last_three_go(served):
    folder, address = served
    september = share_at(address, date(2026, 9, 30))
    september.put("bodies", "used", b"used")
    september.put("bodies", "left", b"left")
    (folder / "2026-09" / "bodies" / "a stranger's").write_text("kept as long as the month")
    (folder / "notes").mkdir()
    november = share_at(address)
    assert november.get("bodies", "used") == b"used"
    november.prune()
    assert november.has("bodies", "left")
    share_at(address, date(2026, 12, 1)).prune()
    assert sorted(path.name for path in folder.iterdir()) == ["2026-11", "notes"]
    assert share_at(address).get("bodies", "used") == b"used"
    assert share_at(address).get("bodies", "left") is None


def test_months_are_counted_over_the_turn_of_the_year(tmp_path):
    for month in ("2026-10", "2026-11", "2026-12", "2027-01"):
        share_at(str(tmp_path), date.fromisoformat(f"{month}-15")).put("frames", month, b"")
    share_at(str(tmp_path), date(2027, 1, 1)).prune()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-11", "2026-12", "2027-01"]


def test_a_machine_whose_clock_is_behind_finds_what_was_just_put(tmp_path):
    behind = share_at(str(tmp_path), date(2026, 10, 31))
    assert behind.get("frames", "rows") is None
    share_at(str(tmp_path)).put("frames", "rows", b"rows")
    assert behind.get("frames", "rows") == b"rows"


def test_a_site_finds_the_bodies_of_another_and_leaves_its_own(tmp_path):
    place = str(tmp_path / "share")
    early = PageCache(tmp_path / "one")
    before, since = (Content(text, {"a.csv": text.encode()}) for text in ("before", "since"))
    early.put("before", before)
    one = SharedCache(tmp_path / "one", share_at(place))
    one.put("new", since)
    assert one.get("before") == before
    two = SharedCache(tmp_path / "two", share_at(place))
    assert (two.get("before"), two.get("new")) == (before, since)
    assert two.get("unknown") is None
    assert PageCache(tmp_path / "two").get("new") == since


def test_a_damaged_body_of_a_share_is_a_body_that_is_to_be_made(tmp_path):
    place = tmp_path / "share"
    SharedCache(tmp_path / "one", share_at(str(place))).put("key", Content("body"))
    (entry,) = files(place)
    entry.write_bytes(damage_bit(entry))
    assert SharedCache(tmp_path / "two", share_at(str(place))).get("key") is None


def test_a_place_that_does_not_answer_is_told_without_its_password(tmp_path):
    with ftp(tmp_path / "place") as server:
        place = Place(server.url("publisher"))
        place.write("a", b"1")
        wrong = Place(server.url("nobody"))
        with pytest.raises(PlaceError, match="cannot be read") as refused:
            wrong.read("a")
    with pytest.raises(PlaceError, match=r"ftp://127\.0\.0\.1:\d+/ cannot be read") as gone:
        place.read("a")
    for error in (refused, gone):
        assert PASSWORD not in str(error.value)
        assert error.value.__cause__ is None


@pytest.mark.parametrize(
    "address", ["memory://share", "https://example.org/share", "nonsense://share"]
)
def test_what_cannot_be_shared_is_refused(address):
    with pytest.raises(UsageError, match="://"):
        Place(address)


def test_a_driver_that_is_not_installed_is_named():
    with pytest.raises(UsageError, match="boxfs"):
        Place("box://folder")


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (None, 0o600, "is not there"),
        ("short", 0o600, "is not 64 hex digits"),
        ("0" * 64 + "\n", 0o640, "may be read by others"),
    ],
)
def test_a_key_is_64_hex_digits_that_nobody_else_reads(tmp_path, text, mode, said):
    key = tmp_path / "share.key"
    if text is not None:
        key.write_text(text)
        key.chmod(mode)
    with pytest.raises(UsageError, match=said):
        open_share(str(tmp_path / "share"), key)


def test_a_key_does_not_lie_in_the_share_that_it_protects(tmp_path):
    key = tmp_path / "share.key"
    key.write_text("0" * 64)
    key.chmod(0o600)
    for place in (str(tmp_path), f"file://{tmp_path}", os.path.relpath(tmp_path)):
        with pytest.raises(UsageError, match="lies in the share"):
            open_share(place, key)
    with pytest.raises(UsageError, match="--share needs --share-key"):
        open_share(str(tmp_path), None)
    open_share(str(tmp_path / "share"), key).put("bodies", "key", b"body")


def test_a_snapshot_is_sent_to_a_url_and_fetched_from_it(served, tmp_path):
    _, address = served
    made = make_snapshot(write_extract(tmp_path / "extract", PIRL, {}), tmp_path / "store")
    there = send_snapshot(made, address)
    assert there.endswith(f"/{made.id}")
    assert PASSWORD not in there
    fetched = fetch_snapshot(f"{address}/{made.id}", tmp_path / "other")
    assert fetched.path == tmp_path / "other" / made.id
    assert [p.read_bytes() for p in files(fetched.path)] == [
        p.read_bytes() for p in files(made.path)
    ]
    (tmp_path / "other" / made.id / "findings.parquet").write_bytes(b"damaged here")
    fetch_snapshot(f"{address}/{made.id}", tmp_path / "other")
    assert [p.read_bytes() for p in files(fetched.path)] == [
        p.read_bytes() for p in files(made.path)
    ]


def test_a_snapshot_that_is_not_what_its_name_says_is_refused(served, tmp_path):
    folder, address = served
    made = make_snapshot(write_extract(tmp_path / "extract", PIRL, {}), tmp_path / "store")
    send_snapshot(made, address)
    other = tmp_path / "other"
    with pytest.raises(SnapshotError, match="is not a snapshot"):
        fetch_snapshot(f"{address}/{made.id[::-1]}", other)
    (folder / made.id).rename(folder / "renamed")
    with pytest.raises(SnapshotError, match="another snapshot than its name says"):
        fetch_snapshot(f"{address}/renamed", other)
    (folder / "renamed").rename(folder / made.id)
    damaged = folder / made.id / "findings.parquet"
    data = bytearray(damaged.read_bytes())
    data[10] ^= 1
    damaged.write_bytes(data)
    with pytest.raises(SnapshotError, match=r"is damaged at findings\.parquet"):
        fetch_snapshot(f"{address}/{made.id}", other)
    assert not (other / made.id).exists()


def test_a_damaged_snapshot_is_not_sent_and_a_damaged_copy_is_fetched_anew(served, tmp_path):
    folder, address = served
    made = make_snapshot(write_extract(tmp_path / "extract", PIRL, {}), tmp_path / "store")
    send_snapshot(made, f"{address}/good")
    copy = fetch_snapshot(f"{address}/good/{made.id}", tmp_path / "other").path
    (copy / "snapshot.json").write_text((copy / "snapshot.json").read_text() + " ")
    assert fetch_snapshot(f"{address}/good/{made.id}", tmp_path / "other").id == made.id
    (made.path / "findings.parquet").write_bytes(b"damaged")
    with pytest.raises(SnapshotError, match=r"damaged at findings\.parquet"):
        send_snapshot(made, f"{address}/bad")
    assert not (folder / "bad" / made.id / "snapshot.json").exists()


JOB = Job("page for state", "state", "PY2024Q4", "{}", {}, key="key")


@pytest.fixture
def worker(monkeypatch):
    """Give this process a worker's share; no page is made."""

    def begin(*shares):
        monkeypatch.setattr(cluster, "_shares", list(shares))
        monkeypatch.setattr(cluster, "_own_address", lambda: "tcp://worker:1")

    return begin


def test_a_worker_begins_no_page_without_its_data(tmp_path, worker):
    share = share_at(str(tmp_path))
    worker(share)
    with pytest.raises(LostInShare):
        cluster.make_body_in_share(cluster.our_code(), JOB, {"rows.arrow": frame_key(b"rows")})
    share.put("frames", frame_key(b"rows"), b"other rows, sealed with our key")
    with pytest.raises(LostInShare):
        cluster.make_body_in_share(cluster.our_code(), JOB, {"rows.arrow": frame_key(b"rows")})


def test_a_worker_without_a_share_or_whose_share_is_gone_is_named(tmp_path, worker):
    worker()
    with pytest.raises(UsageError, match=r"tcp://worker:1 has no share: start it with --share"):
        cluster.make_body_in_share(cluster.our_code(), JOB, {})
    with ftp(tmp_path / "place") as server:
        worker(share_at(server.url("worker")))
    with pytest.raises(PlaceError, match=r"Worker tcp://worker:1: ftp://127\.0\.0\.1") as gone:
        cluster.make_body_in_share(cluster.our_code(), JOB, {"rows.arrow": "hash"})
    assert PASSWORD not in str(gone.value)


def test_a_worker_with_other_code_takes_no_data(tmp_path, worker):
    worker(share_at(str(tmp_path / "never made")))
    with pytest.raises(UsageError, match="runs other code"):
        cluster.make_body_in_share("other", JOB, {"rows.arrow": "hash"})


def test_what_a_failed_run_left_comes_back_sealed(tmp_path, worker, monkeypatch):
    """It holds records: nothing of it travels through the scheduler, or lies bare in the share."""
    records = "a customer's record " * 50

    def fail(*_):
        raise RunFailed("page for state failed.", "page for state", "ValueError", 3, records)

    share = share_at(str(tmp_path))
    worker(share)
    monkeypatch.setattr(cluster, "make_body_there", fail)
    with pytest.raises(RunFailed) as raised:
        cluster.make_body_in_share(cluster.our_code(), JOB, {})
    travelled = pickle.dumps(raised.value)
    assert b"record " not in travelled
    assert not any(b"record " in path.read_bytes() for path in files(tmp_path))
    there = share_at(str(tmp_path))
    came = cluster._fetched(there, pickle.loads(travelled), JOB)
    assert (came.executed, came.cell, str(came)) == (records, 3, "page for state failed.")
