"""Packed copies of large files, on both servers: sent to who accepts them, asked for by nobody."""

import gzip

import pytest

from tests.access.audited import events
from tests.access.servers import ask

LARGE = "/PY2024Q4/lwia/01/performance/summary.html"
SMALL = "/PY2024Q4/lwia/01/planner/1001/scopes.json"
ACCEPTS = "Accept-Encoding: gzip, deflate, br\r\n"


@pytest.fixture(scope="module")
def admin(place):
    return place.cookie("admin01")


def whole(place, path=LARGE) -> bytes:
    return (place.site / path[1:]).read_bytes()


def test_a_browser_that_accepts_it_gets_the_packed_copy(server, place, admin):
    answer = ask(server, LARGE, admin, ACCEPTS)
    assert answer.status == 200
    assert gzip.decompress(answer.body) == whole(place)
    assert len(answer.body) < len(whole(place)) / 3
    assert answer.header("content-encoding") == "gzip"
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert answer.header("vary") == "Accept-Encoding"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-length") == str(len(answer.body))
    head = ask(server, LARGE, admin, ACCEPTS, "HEAD")
    assert (head.body, head.header("content-length")) == (b"", str(len(answer.body)))


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True), ("GZIP", True), ("br, gzip", True), ("gzip;q=0.5", True),
        ("br;q=1, gzip;q=1, *;q=0", True), ("gzip;q=0", False), ("gzip;q=0.000", False),
        ("identity", False), ("br", False), ("", False), ("x-gzip-x", False), ("gzip2", False),
    ],
)  # fmt: skip
def test_who_does_not_accept_it_gets_the_file_itself(server, place, admin, accepted, packed):
    answer = ask(server, LARGE, admin, f"Accept-Encoding: {accepted}\r\n")
    assert answer.header("content-encoding") == ("gzip" if packed else "")
    assert answer.header("vary") == "Accept-Encoding"
    body = gzip.decompress(answer.body) if packed else answer.body
    assert body == whole(place)


def test_a_small_file_has_no_copy(server, place, admin):
    answer = ask(server, SMALL, admin, ACCEPTS)
    assert (answer.body, answer.header("content-encoding")) == (whole(place, SMALL), "")
    assert answer.header("vary") == ""


def test_the_chart_bundle_is_packed_too(server, place):
    (bundle,) = (place.site / "_static").glob("vega.*.js")
    answer = ask(server, f"/_static/{bundle.name}", headers=ACCEPTS)
    assert gzip.decompress(answer.body) == bundle.read_bytes()
    assert len(answer.body) < bundle.stat().st_size / 2.5
    assert "immutable" in answer.header("cache-control")
    assert answer.header("content-type") == "text/javascript; charset=utf-8"


def test_each_form_has_its_own_tag(server, admin):
    """RFC 9110, 8.8.3.3: a tag of one is no tag of the other."""
    plain, packed = ask(server, LARGE, admin), ask(server, LARGE, admin, ACCEPTS)
    tags = plain.header("etag"), packed.header("etag")
    assert tags[0] != tags[1]
    unchanged = ask(server, LARGE, admin, f"{ACCEPTS}If-None-Match: {tags[1]}\r\n")
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert ask(server, LARGE, admin, f"{ACCEPTS}If-None-Match: {tags[0]}\r\n").status == 200
    mixed = ask(server, LARGE, admin, f"{ACCEPTS}If-Range: {tags[0]}\r\nRange: bytes=0-9\r\n")
    assert (mixed.status, mixed.body) == (200, packed.body)


@pytest.mark.parametrize("asked", ["bytes=5-14", "bytes=0-1,3-4", "bytes=-3", "bytes=99999999-"])
def test_of_a_copy_the_whole_is_sent_and_of_the_file_the_range(server, place, admin, asked):
    """RFC 9110, 14.2: a range may be ignored; nginx does so for a packed copy."""
    packed = ask(server, LARGE, admin, ACCEPTS)
    answer = ask(server, LARGE, admin, f"{ACCEPTS}Range: {asked}\r\n")
    assert (answer.status, answer.body) == (200, packed.body)
    part = ask(server, LARGE, admin, "Range: bytes=5-14\r\n")
    assert (part.status, part.body) == (206, whole(place)[5:15])
    assert part.header("content-encoding") == ""


def test_a_copy_is_no_address_and_whoever_may_not_read_gets_none(server, place, admin):
    unknown = ask(server, "/anything")
    (bundle,) = (place.site / "_static").glob("vega.*.js.gz")
    for path, cookie in (
        (f"{LARGE}.gz", admin),
        (f"/_static/{bundle.name}", admin),
        (LARGE, place.cookie("admin02")),
        (LARGE, ""),
    ):
        answer = ask(server, path, cookie, ACCEPTS)
        assert (answer.status, answer.body) == (404, unknown.body)
        assert answer.header("content-encoding") == ""


def test_the_log_names_the_file(server, place, admin):
    ask(server, LARGE, admin, ACCEPTS)
    line = list(events(place.audit))[-1]
    assert (line["object"], line["outcome"]) == (LARGE[1:], "allow")


def test_a_planted_link_is_no_copy(own_place, site, tmp_path):
    """Whoever can put a link beside a file does not decide what is sent."""
    import os

    from tests.access.servers import behind_nginx, gateway

    release = os.readlink(site / "PY2024Q4")
    other = tmp_path / "site"
    target = other / release / "lwia/01"
    target.mkdir(parents=True)
    (target / "index.html").write_text("the page")
    (tmp_path / "secret").write_bytes(gzip.compress(b"secret"))
    (target / "index.html.gz").symlink_to(tmp_path / "secret")
    (other / "PY2024Q4").symlink_to(release)
    place = type(own_place)(own_place.folder, other)
    for start in (gateway, behind_nginx):
        with start(place) as port:
            answer = ask(port, "/PY2024Q4/lwia/01/index.html", place.cookie("admin01"), ACCEPTS)
            assert b"secret" not in answer.body
            assert gzip.compress(b"secret") not in answer.body
            assert answer.header("content-encoding") == ""


DATA = "/PY2024Q4/lwia/01/figures.csv"
TABLE = b"area,value\n" + b"07,0.5\n" * 4_000


@pytest.fixture(scope="module")
def packed_alone(place, site, tmp_path_factory):
    """A place whose site keeps a download packed alone, and ports of both servers there."""
    import os
    from contextlib import ExitStack

    from tests.access.servers import behind_nginx, gateway

    folder = tmp_path_factory.mktemp("alone")
    release, other = os.readlink(site / "PY2024Q4"), folder / "site"
    target = other / release / "lwia/01"
    target.mkdir(parents=True)
    (target / "figures.csv.gz").write_bytes(gzip.compress(TABLE, mtime=0))
    (target / "index.html").write_text("the page")
    (folder / "secret").write_bytes(gzip.compress(b"secret"))
    (target / "linked.csv.gz").symlink_to(folder / "secret")
    (other / "PY2024Q4").symlink_to(release)
    made = type(place)(place.folder, other)
    with ExitStack() as stack:
        yield [stack.enter_context(start(made)) for start in (gateway, behind_nginx)]


def whole_body(answer) -> bytes:
    """The body without the lengths of its chunks: nginx unpacks while it sends."""
    if answer.header("transfer-encoding") != "chunked":
        return answer.body
    body, rest = b"", answer.body
    while size := int(rest.partition(b"\r\n")[0], 16):
        rest = rest.partition(b"\r\n")[2]
        body, rest = body + rest[:size], rest[size + 2 :]
    return body


def test_what_is_kept_packed_alone_is_sent_packed_or_unpacked(packed_alone, admin):
    for port in packed_alone:
        packed, plain = ask(port, DATA, admin, ACCEPTS), ask(port, DATA, admin)
        assert (packed.status, packed.header("content-encoding")) == (200, "gzip")
        assert gzip.decompress(packed.body) == TABLE
        assert (plain.status, plain.header("content-encoding")) == (200, "")
        assert whole_body(plain) == TABLE
        for answer in (packed, plain):
            assert answer.header("content-type") == "text/csv; charset=utf-8"
            assert answer.header("vary") == "Accept-Encoding"
            assert answer.header("cache-control") == "no-store"
        assert packed.header("etag") != plain.header("etag")
        head = ask(port, DATA, admin, method="HEAD")
        assert (head.status, head.body) == (200, b"")
        assert whole_body(ask(port, DATA, admin, "Range: bytes=5-14\r\n")) == TABLE


def test_what_is_kept_packed_alone_is_under_the_same_decision(packed_alone, place, admin):
    for port in packed_alone:
        unknown = ask(port, "/anything")
        for path, cookie in (
            (f"{DATA}.gz", admin),
            (DATA, place.cookie("admin02")),
            (DATA, ""),
            ("/PY2024Q4/lwia/01/linked.csv", admin),
            ("/_ipats_packed/PY2024Q4/lwia/01/figures.csv", admin),
        ):
            answer = ask(port, path, cookie, ACCEPTS)
            assert (answer.status, answer.body) == (404, unknown.body), path
