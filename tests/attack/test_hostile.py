"""F1: hostile requests, as every role, on both servers: none served, none answered with 5xx.

Served means: an answer of success with any published byte. The one lawful way to such an answer is
a request line that is a plain path which the oracle gives to the asker (a generator may happen to
write one; an absolute URL, a fragment and an empty query are the plain path by HTTP's own rules,
and servers do not tell them from it; two spaces after the method are one to nginx, which granian
refuses).
"""

import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from ipats_lib.access.audit import events, verify
from tests.access.oracle import may_read
from tests.access.servers import raw
from tests.access.test_matrix import files
from tests.attack.hostile import by_hand, generated

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


def attack(port, rows, user, requests) -> tuple[int, int, list[bytes]]:
    """(requests sent, answers of success with a published page, requests that were wrongly met)."""

    def one(request):
        answer = raw(port, request)
        page = b"data as of" in answer.body or b"area_type" in answer.body or b"<nav" in answer.body
        served = answer.status in (200, 206, 304) and (page or answer.status != 200)
        return served, (served and not lawful(rows, user, request)) or answer.status >= 500

    with ThreadPoolExecutor(8) as pool:
        met = list(pool.map(one, requests))
    wrong = [request for request, (_, bad) in zip(requests, met, strict=True) if bad]
    return len(requests), sum(served for served, _ in met), wrong


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
        of_user, pages, wrong = attack(port, rows, user, requests)
        sent, served = sent + of_user, served + pages
        assert wrong == [], (user, wrong[:3])
    lines = [event for event in events(place.audit) if event["event"] == "read"]
    assert not any(re.search(r"[%\\ ]", line["object"]) for line in lines)
    verify(place.audit)
    print(f"F1: {sent} hostile requests as {len(USERS)} roles, 0 served, 0 of 5xx; {served} plain")


def test_the_probe_sees_what_is_served(place, rows, server):
    """An attack that could not see a page would find nothing wrong: here it sees one."""
    from tests.attack.hostile import request

    path = "/PY2024Q4/lwia/01/index.html"
    asked = [request(path, place.cookie("admin01")), request(path, place.cookie("admin02"))]
    assert attack(server, rows, "admin01", asked)[1] == 1
    figures = request(path.replace("index.html", "figures.csv"), place.cookie("admin01"))
    assert attack(server, rows, "admin02", [figures])[2] == [figures]


def test_f1_short(place, rows, server):
    run(place, rows, server, 2000, seed=7)


@pytest.mark.attack
def test_f1_whole(place, rows, server):
    run(place, rows, server, 51_000, seed=11)
