"""What both servers answer: whole, in part, not modified, head only, and nothing at all."""

import pytest

from tests.access.servers import ask, behind_nginx, gateway

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
