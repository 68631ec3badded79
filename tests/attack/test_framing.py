"""F1: requests whose end two readers see in different places, through both servers.

One request in is one line of the log at most, in the name of who sent it; nothing of a body is
answered or recorded; and whoever asks next, over whatever connection, gets the own answer.
"""

import random
import re
import socket

import pytest

from tests.access.servers import ask
from tests.attack.hostile import FORGED, framed, framing

OTHERS = "/PY2024Q4/lwia/02/index.html"


def answers(port, request: bytes) -> list[int]:
    """The final statuses of all that came back; ends when the server closes, or says no more."""
    with socket.create_connection(("127.0.0.1", port), 10) as link:
        link.settimeout(1)
        received = b""
        try:
            link.sendall(request)
            while piece := link.recv(65536):
                received += piece
        except (ConnectionError, TimeoutError):
            pass
    return [int(s) for s in re.findall(rb"(?:^|[\n>])HTTP/1\.[01] ([2-5]\d\d)", received)]


class Watched:
    """What was added to the log since last asked."""

    def __init__(self, place):
        self.place, self.size = place, 0
        self.added()

    def added(self) -> list[bytes]:
        whole = b"".join(path.read_bytes() for path in sorted(self.place.audit.glob("audit-*")))
        new, self.size = whole[self.size :], len(whole)
        return new.splitlines()


def own_answers(port, cookies) -> bool:
    """Whether everyone who asks now gets the own page."""
    for user, cookie in cookies.items():
        page = ask(port, "/", cookie)
        if page.status != 200 or f"Signed in as {user}.".encode() not in page.body:
            return False
    return ask(port, "/").status == 303


def run(place, port, cases) -> None:
    cookies = {user: place.cookie(user) for user in ("admin01", "admin02", "planner1001")}
    log, refused = Watched(place), 0
    for case in cases:
        met = answers(port, case.bytes)
        lines = log.added()
        assert len(met) <= case.requests, case
        assert len(lines) <= case.requests, (case, lines)
        assert case.requests == 1 or len(lines) == len(met) == case.requests, case
        assert not any(FORGED.encode() in line or b"lwia" in line for line in lines), (case, lines)
        refused += not lines
        assert own_answers(port, cookies), case
        assert len(log.added()) == len(cookies) + 1, case
    print(f"F1: {len(cases)} requests of two readings, {refused} refused, none read as two")


def test_a_body_is_never_a_request(place, server):
    run(place, server, framing(place.cookie("admin02"), OTHERS))


@pytest.mark.attack
def test_no_generated_framing_makes_two_of_one(place, server):
    random_, cookie = random.Random(3), place.cookie("admin02")
    run(place, server, [framed(random_, cookie, OTHERS) for _ in range(1500)])
