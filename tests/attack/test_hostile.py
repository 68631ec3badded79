"""F1: hostile requests, as every role, on both servers: none served, none answered with 5xx.

Served means: an answer of success that is, or holds, what a published file holds. The one lawful
way to such an answer is a request line that is a plain path which the oracle gives to the asker (a
generator may happen to write one; an absolute URL, a fragment and an empty query are the plain path
by HTTP's own rules, and servers do not tell them from it; two spaces after the method are one to
nginx, which granian refuses).
"""

import random
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

import pytest

from ipats_lib.access.audit import verify
from tests.access.audited import events
from tests.access.oracle import may_read
from tests.access.servers import raw
from tests.access.test_matrix import files
from tests.attack.hostile import by_hand, generated, request

USERS = (
    "",
    "state1",
    "state5",
    "admin01",
    "admin02",
    "admin10b",
    "planner1001",
    "moved1001",
    "planner1008",
)
PLAIN = re.compile(rb"^(?:GET|HEAD) +(?:https?://[^/]+)?(/[^ #?]*)\??(?:#[^ ]*)? HTTP/1\.1\r\n")


def lawful(rows, user, request: bytes) -> bool:
    """Whether this request is, after all, a plain one that the asker may make."""
    found = PLAIN.match(request)
    path = found[1].decode("latin-1") if found else ""
    return may_read(rows, user, path) and not set("%\\?;") & set(path) and ".." not in path


class Published:
    """Every published file's bytes, to know them again in an answer."""

    def __init__(self, site: Path) -> None:
        bodies = [(site / path[1:]).read_bytes() for path in files(site)]
        self.digests = {sha256(body).digest() for body in bodies}
        # A piece from the middle of each: shared heads and frames are not what a page holds.
        self.pieces = {body[len(body) // 2 :][:200] for body in bodies}

    def holds(self, body: bytes) -> bool:
        """Whether a body is a published file's, or contains one's middle."""
        return sha256(body).digest() in self.digests or any(p in body for p in self.pieces)


def attack(port, site, rows, user, requests) -> tuple[int, int, list[bytes]]:
    """(requests sent, answers of success with a published page, requests that were wrongly met)."""
    published = _published(site)

    def one(request):
        answer = raw(port, request)
        partly = answer.status in (206, 304)
        served = partly or (answer.status == 200 and published.holds(answer.body))
        return served, (served and not lawful(rows, user, request)) or answer.status >= 500

    with ThreadPoolExecutor(8) as pool:
        met = list(pool.map(one, requests))
    wrong = [request for request, (_, bad) in zip(requests, met, strict=True) if bad]
    return len(requests), sum(served for served, _ in met), wrong


@cache
def _published(site: Path) -> Published:
    return Published(site)


def requests_of(user, place, rows, paths, count, seed) -> list[bytes]:
    random_, cookie = random.Random(f"{seed} {user}"), place.cookie(user)
    mine = [path for path in paths if may_read(rows, user, path)] or ["/_static/style.css"]
    forbidden = [path for path in paths if not may_read(rows, user, path)] or paths
    made = [r for path in random_.sample(forbidden, 3) for r in by_hand(path, cookie)]
    while len(made) < count:
        made.append(generated(random_, random_.choice(forbidden), random_.choice(mine), cookie))
    return made[:count]


def run(place, rows, port, count, seed) -> None:
    paths = [path for path in files(place.site) if not path.endswith("run.html")]
    sent = served = 0
    for user in USERS:
        requests = requests_of(user, place, rows, paths, count // len(USERS) + 1, seed)
        of_user, pages, wrong = attack(port, place.site, rows, user, requests)
        sent, served = sent + of_user, served + pages
        assert wrong == [], (user, wrong[:3])
    lines = [event for event in events(place.audit) if event["event"] == "read"]
    assert not any(re.search(r"[%\\ ]", line["object"]) for line in lines)
    verify(place.audit)
    print(f"F1: {sent} hostile requests as {len(USERS)} roles, 0 served, 0 of 5xx; {served} plain")


def test_the_probe_sees_what_is_served(place, rows, server):
    """An attack that could not see a page would find nothing wrong: here it sees one."""
    path = "/PY2024Q4/lwia/01/index.html"
    asked = [request(path, place.cookie("admin01")), request(path, place.cookie("admin02"))]
    assert attack(server, place.site, rows, "admin01", asked)[1] == 1
    figures = request(path.replace("index.html", "figures.csv"), place.cookie("admin01"))
    assert attack(server, place.site, rows, "admin02", [figures])[2] == [figures]
    published = _published(place.site)
    for path in files(place.site):
        whole = (place.site / path[1:]).read_bytes()
        assert published.holds(whole)
        assert published.holds(b"before " + whole + b" after")


def test_f1_short(place, rows, server):
    run(place, rows, server, 2000, seed=7)


@pytest.mark.attack
def test_f1_whole(place, rows, server):
    run(place, rows, server, 51_000, seed=11)


def test_no_hostile_request_is_told_who_may_see_what(place, server):
    """/me.json has one spelling: every other is not found, whoever asks."""
    cookie, random_ = place.cookie("state1"), random.Random("me")
    plain = raw(server, request("/me.json", cookie))
    assert b'"scopes"' in plain.body
    hostile = [*by_hand("/me.json", cookie)]
    hostile += [
        generated(random_, "/me.json", "/PY2024Q4/state/index.html", cookie) for _ in range(400)
    ]
    with ThreadPoolExecutor(8) as pool:
        met = list(pool.map(partial(raw, server), hostile))
    for asked, answer in zip(hostile, met, strict=True):
        spelled = PLAIN.match(asked)
        lawful_ = spelled is not None and spelled[1] == b"/me.json"
        assert answer.status < 500, asked
        assert lawful_ or b'"scopes"' not in answer.body, asked
