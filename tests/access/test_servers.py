"""What both servers answer: whole, in part, not modified, head only, and nothing at all."""

import sqlite3

import pytest

from ipats_lib.access.nginx import configuration
from ipats_lib.errors import UsageError
from tests.access.audited import events
from tests.access.servers import ask, behind_nginx, gateway, raw

PAGE = "/PY2024Q4/lwia/01/index.html"


@pytest.fixture(scope="module")
def admin(place):
    return place.cookie("admin01")


def test_an_entitled_user_gets_the_published_bytes(server, place, admin):
    answer = ask(server, PAGE, admin)
    assert answer.status == 200
    assert answer.body == (place.site / PAGE[1:]).read_bytes()
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert answer.header("cache-control") == "no-store"


def test_every_kind_of_file_says_what_it_is(server, place, admin):
    style = next(path.name for path in (place.site / "_static").glob("style.*"))
    assert ask(server, f"/_static/{style}").header("content-type") == "text/css; charset=utf-8"
    assert "immutable" in ask(server, f"/_static/{style}").header("cache-control")
    figures = ask(server, "/PY2024Q4/lwia/01/figures.csv", admin)
    assert figures.header("content-type") == "text/csv; charset=utf-8"


def test_unknown_and_forbidden_answer_alike(server, admin):
    """Not a byte differs but the date, whether there is such a page or not."""
    asked = [
        ask(server, "/PY2024Q4/lwia/02/index.html", admin),
        ask(server, "/PY2024Q4/lwia/77/index.html", admin),
        ask(server, "/PY2024Q4/lwia/01/nothing.html", admin),
        ask(server, "/PY2024Q4/", admin),
        ask(server, "/anything", admin),
        ask(server, PAGE),
    ]
    shapes = {
        tuple(line for line in a.head.lower().split("\r\n") if not line.startswith("date:"))
        for a in asked
    }
    assert {(a.status, a.body) for a in asked} == {(404, asked[0].body)}
    assert len(shapes) == 1


def test_head_gives_the_headers_alone(server, place, admin):
    answer = ask(server, PAGE, admin, method="HEAD")
    size = (place.site / PAGE[1:]).stat().st_size
    assert (answer.status, answer.body, answer.header("content-length")) == (200, b"", str(size))
    assert ask(server, PAGE, method="HEAD").status == 404


def test_a_range_is_that_part_and_needs_the_same_right(server, place, admin):
    whole = (place.site / PAGE[1:]).read_bytes()
    part = ask(server, PAGE, admin, "Range: bytes=5-14\r\n")
    assert (part.status, part.body) == (206, whole[5:15])
    assert part.header("content-range") == f"bytes 5-14/{len(whole)}"
    assert ask(server, PAGE, admin, "Range: bytes=-3\r\n").body == whole[-3:]
    assert ask(server, PAGE, admin, f"Range: bytes={len(whole)}-\r\n").status == 416
    assert ask(server, PAGE, "", "Range: bytes=0-1\r\n").status == 404


@pytest.mark.parametrize(
    "asked",
    ["items=0-1", "", "bytes", "bytes=0-0,2-2", "bytes=0-5,0-5", "bytes=" + "0-," * 300 + "0-"],
)
def test_of_many_ranges_or_another_unit_the_whole_is_sent(server, place, admin, asked):
    """RFC 9110, 14.2: an unknown unit must be ignored, many ranges may be."""
    whole = (place.site / PAGE[1:]).read_bytes()
    answer = ask(server, PAGE, admin, f"Range: {asked}\r\n")
    assert (answer.status, answer.body) == (200, whole)
    assert ask(server, PAGE, "", f"Range: {asked}\r\n").status == 404


@pytest.mark.parametrize(
    "asked", ["bytes=a-b", "bytes=5-1", "bytes=,", "bytes=--1", "bytes=1_0-20"]
)
def test_of_a_range_that_is_none_nothing_is_made(server, place, admin, asked):
    """RFC 9110, 14.2: it may be ignored or refused."""
    answer = ask(server, PAGE, admin, f"Range: {asked}\r\n")
    whole = answer.body == (place.site / PAGE[1:]).read_bytes()
    assert (answer.status, whole) in ((200, True), (416, False))


def test_a_condition_that_is_not_met_sends_nothing(server, admin):
    """RFC 9110, 13.1.1 and 13.1.4."""
    page = ask(server, PAGE, admin)
    tag, changed = page.header("etag"), page.header("last-modified")
    long_ago = "Mon, 01 Jan 2001 00:00:00 GMT"
    for headers, status in (
        (f"If-Match: {tag}", 200), ('If-Match: "x", ' + tag, 200), ("If-Match: *", 200),
        ('If-Match: "x"', 412), (f"If-Unmodified-Since: {changed}", 200),
        (f"If-Unmodified-Since: {long_ago}", 412),
        ('If-Match: "x"\r\nRange: bytes=0-1', 412), (f"If-Match: {tag}\r\nRange: bytes=0-1", 206),
        (f"If-Range: {tag}\r\nRange: bytes=0-1", 206), ('If-Range: "x"\r\nRange: bytes=0-1', 200),
    ):  # fmt: skip
        answer = ask(server, PAGE, admin, f"{headers}\r\n")
        assert (headers, answer.status) == (headers, status)
        assert page.body[50:90] not in answer.body or status == 200
        assert ask(server, PAGE, "", f"{headers}\r\n").status == 404


@pytest.mark.parametrize("written", ["{}?", "{}#x", "{}?#x", "http://h{}"])
def test_a_plain_path_written_otherwise_is_that_path_in_the_log_too(server, place, admin, written):
    """Both servers take these for the path itself before anyone else sees them."""
    for path, cookie, status in ((PAGE, admin, 200), (PAGE.replace("01", "02"), admin, 404)):
        answers = [ask(server, path, cookie), ask(server, written.format(path), cookie)]
        assert [(a.status, a.body) for a in answers] == [(status, answers[0].body)] * 2
        lines = list(events(place.audit))[-2:]
        facts = [(line["object"], line["outcome"], line["reason"]) for line in lines]
        assert facts[0] == facts[1]
        assert facts[0][0] == path[1:]
    assert ask(server, PAGE + "??", admin).status == 404


def test_an_unchanged_page_is_not_sent_again_but_only_to_who_may_see_it(server, admin):
    tag = ask(server, PAGE, admin).header("etag")
    since = ask(server, PAGE, admin).header("last-modified")
    assert ask(server, PAGE, admin, f"If-None-Match: {tag}\r\n").status == 304
    assert ask(server, PAGE, admin, f"If-Modified-Since: {since}\r\n").status == 304
    assert ask(server, PAGE, admin, 'If-None-Match: "other"\r\n').status == 200
    assert ask(server, PAGE, "", f"If-None-Match: {tag}\r\n").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "MADEUP"])
def test_other_methods_read_nothing(server, admin, method):
    assert ask(server, PAGE, admin, method=method).status == 405
    assert ask(server, "/PY2024Q4/lwia/02/index.html", admin, method=method).status == 405


@pytest.mark.parametrize("path", [PAGE, "/login", "/PY2024Q4/state/index.html", "/_static/x"])
def test_every_answer_carries_the_security_headers(server, admin, path):
    answer = ask(server, path, admin)
    assert answer.header("content-security-policy").startswith("default-src 'none'")
    assert answer.head.lower().count("content-security-policy:") == 1
    assert answer.header("strict-transport-security").startswith("max-age=63072000")
    assert answer.header("x-content-type-options") == "nosniff"
    assert not answer.header("x-accel-redirect")


def test_a_refused_method_says_which_are_taken(server, admin):
    for path, allow in ((PAGE, "GET, HEAD"), ("/login", "GET, HEAD, POST"), ("/logout", "POST")):
        answer = ask(server, path, admin, method="PUT")
        assert (answer.status, answer.header("allow")) == (405, allow)


def test_nginx_answers_for_its_own_folder_as_the_gateway_does(fronted, admin):
    """Not a byte tells that there is such a location."""
    asked = [ask(fronted, path, admin) for path in ("/_ipats_files" + PAGE, "/_ipats_files/", "/x")]
    heads = {tuple(h for h in a.head.split("\r\n") if not h.startswith("Date:")) for a in asked}
    assert {(a.status, a.body) for a in asked} == {(404, asked[2].body)}
    assert len(heads) == 1


def test_there_is_no_listing_of_folders(server, place):
    state = place.cookie("state1")
    for folder in ("/PY2024Q4", "/PY2024Q4/", "/PY2024Q4/lwia/", "/_static/", "/.ipats/releases/"):
        assert ask(server, folder, state).status == 404


@pytest.mark.parametrize("start", [gateway, behind_nginx])
def test_a_log_that_cannot_be_written_means_deny(own_place, start):
    cookie = own_place.cookie("admin01")
    with start(own_place) as port:
        assert ask(port, PAGE, cookie).status == 200
        newest = own_place.audit / "audit-000001.jsonl"
        newest.unlink()
        newest.mkdir()
        for path in (PAGE, "/", "/login"):
            answer = ask(port, path, cookie)
            assert answer.status == 503
            assert b"IPATS" not in answer.body


@pytest.mark.parametrize("start", [gateway, behind_nginx])
def test_a_store_that_cannot_be_read_or_written_means_deny(own_place, start):
    """Somebody else's writing takes nothing from who only reads; a broken store shows nothing."""
    cookie = own_place.cookie("admin01")
    with start(own_place) as port:
        other = sqlite3.connect(own_place.store, isolation_level=None)
        other.execute("UPDATE session SET seen = seen - 100")
        other.execute("BEGIN IMMEDIATE")
        assert ask(port, PAGE, cookie).status == 200
        assert [ask(port, path, cookie).status for path in ("/", "/me.json", "/login")] == [200] * 3
        other.execute("UPDATE session SET begun = 0")
        other.execute("COMMIT")
        other.execute("BEGIN IMMEDIATE")
        assert ask(port, PAGE, cookie).status == 404
        other.execute("ROLLBACK")
        other.execute("DROP TABLE session")
        refused = [ask(port, PAGE, cookie), ask(port, "/", cookie)]
        other.close()
    for answer in refused:
        assert (answer.status, answer.header("cache-control")) == (503, "no-store")
        assert answer.header("content-security-policy").startswith("default-src 'none'")
    noted = [line for line in events(own_place.audit) if line["reason"] == "store"]
    assert [(line["event"], line["outcome"]) for line in noted] == [("read", "deny")] * 2


@pytest.mark.parametrize("start", [gateway, behind_nginx])
def test_a_held_store_refuses_a_sign_in_at_once(own_place, start):
    import time

    from tests.access.test_signing_in import attempt, form

    with start(own_place) as port:
        token, cookie = form(port)
        other = sqlite3.connect(own_place.store, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        begun = time.perf_counter()
        assert attempt(port, "admin01", "whatever it is", token, cookie).status == 503
        took = time.perf_counter() - begun
        other.close()
    print(f"a held store: 503 after {took:.2f} s")


REFUSED_BY_GRANIAN = (
    b"GET /Anna%20Doe x y\r\n\r\n",
    b"\x16\x03\x01 no HTTP at all\r\n\r\n",
    b"GET /Anna-Doe" + b"a" * 70000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)
REFUSED_BY_NGINX = (
    b"GET /Anna%20Doe x y\r\n\r\n",
    b"GET /Anna-Doe HTTP/1.1\r\nConnection: close\r\n\r\n",
    b"POST /login?Anna-Doe HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\n",
    b"GET /Anna-Doe" + b"a" * 20000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /Anna-Doe HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 70000 + b"\r\n\r\n",
    b"POST /Anna-Doe HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
)


def test_embedded_what_is_no_http_gets_a_bare_answer_that_holds_nothing(own_place):
    """No header of ours and no line: it never was a request (docs/access.md)."""
    with gateway(own_place) as port:
        assert ask(port, PAGE, own_place.cookie("admin01")).status == 200
        before = list(events(own_place.audit))
        told = [raw(port, request) for request in REFUSED_BY_GRANIAN]
        assert list(events(own_place.audit)) == before
        assert ask(port, PAGE).status == 404
    assert [answer.status for answer in told] == [400, 400, 414, 0], "HTTP/2 is not spoken"
    assert {answer.body for answer in told} == {b""}
    named = {line.split(":")[0] for answer in told for line in answer.head.split("\r\n")[1:]}
    assert named == {"connection", "content-length", "date"}


def test_what_nginx_refuses_itself_is_in_its_log_and_carries_the_headers(own_place):
    with behind_nginx(own_place) as port:
        told = [raw(port, request) for request in REFUSED_BY_NGINX]
        assert ask(port, "/Anna-Doe").status == 404
        assert list(events(own_place.audit))[-1]["object"].startswith("unread:")
        assert ask(port, "/Anna-Doe", method="TRACE").status == 405
        assert list(events(own_place.audit))[-1]["reason"] == "method"
    statuses = [answer.status for answer in told]
    assert statuses == [400, 400, 413, 414, 400, 501]
    for answer in told:
        assert answer.head.lower().count("content-security-policy: default-src 'none'") == 1
    logged = (own_place.folder / "ipats-refused.log").read_text().splitlines()
    assert [int(line.split(" ")[2]) for line in logged] == statuses
    assert all(line.split(" ")[1] == "127.0.0.1" for line in logged)
    written = [path for path in own_place.folder.rglob("*") if path.suffix in (".log", ".jsonl")]
    assert len(written) == 4
    assert not any(b"Anna" in path.read_bytes() for path in written)


def test_a_gateway_that_is_away_is_in_nginxs_log(own_place):
    import os

    from tests.access import servers

    port, front = servers.free_port(), own_place.folder
    text = configuration(
        own_place.site, "127.0.0.1:1", f"127.0.0.1:{port}", plain=True, log=str(front)
    )
    whole = front / "nginx.conf"
    whole.write_text(
        f"pid {front}/nginx.pid; error_log {front}/error.log;\n"
        f"worker_processes 1; daemon off; {'user root;' if os.geteuid() == 0 else ''}\n"
        f"events {{}}\nhttp {{\n{text}\n}}\n"
    )
    with servers.process([servers.NGINX, "-p", front, "-c", whole], port):
        answer = ask(port, PAGE)
    assert answer.status == 502
    assert answer.header("content-security-policy").startswith("default-src 'none'")
    assert (front / "ipats-refused.log").read_text().split(" ")[2] == "502"


@pytest.mark.parametrize("facts", [{}, {"certificate": "c"}, {"key": "k"},
                                   {"certificate": "c", "key": "k", "plain": True}])  # fmt: skip
def test_nginx_without_tls_must_be_asked_for(tmp_path, facts):
    with pytest.raises(UsageError, match="--plain"):
        configuration(tmp_path, "127.0.0.1:8000", "443", **facts)


def test_nginx_sends_on_nothing_that_frames_a_body(tmp_path):
    text = configuration(tmp_path, "127.0.0.1:8000", "443", certificate="c", key="k")
    assert "listen 443 ssl;" in text
    assert "proxy_pass_request_headers off" in text
    passed = [line.split()[1] for line in text.splitlines() if "proxy_set_header" in line]
    assert set(passed) == {"Cookie", "Content-Type", "Host", "Connection", "X-Real-IP"}
