"""What stands against the gateway from outside, or is done to its files behind its back.

Source: docs/access.md. Limits are those of `params/access.csv`, made small where a test needs it.
"""

import os
import re
import shutil
import socket
import sqlite3
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ipats_lib import locks
from ipats_lib.access.audit import AuditError, AuditLog, Event, usage, verify
from ipats_lib.access.connections import Connections, Limits
from ipats_lib.params import params_folder
from tests.access import servers
from tests.access.audited import events
from tests.access.servers import ask, behind_nginx, gateway, post, raw
from tests.access.siege import KINDS, siege
from tests.conftest import publish
from tests.waiting import wait_until

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
PAGE = "/PY2024Q4/lwia/01/index.html"


@pytest.fixture
def tmp_path(on_disk):
    """A replaced file must be noticed even where it gets the inode of the one before."""
    return on_disk


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A function that makes limits smaller, for the servers that this test starts."""

    def set_limits(**limits):
        folder = shutil.copytree(params_folder(), tmp_path / "params")
        text = (folder / "access.csv").read_text()
        for name, value in limits.items():
            text = re.sub(rf"^{name},\d+", f"{name},{value}", text, flags=re.MULTILINE)
        (folder / "access.csv").write_text(text)
        monkeypatch.setenv("IPATS_PARAMS", str(folder))

    return set_limits


def connect(port, address="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), 10, source_address=(address, 0))


def is_shut(link, seconds=0.0):
    """Whether the far side has closed, or does within so many seconds."""
    link.settimeout(seconds or 0.001)
    try:
        return link.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


# --- connections ------------------------------------------------------------------------------


def test_of_one_address_so_many_may_wait_and_the_oldest_are_shut_first(own_place, small):
    small(waiting_per_address=5)
    with gateway(own_place) as port, ExitStack() as held:
        links = [held.enter_context(connect(port)) for _ in range(12)]
        other = held.enter_context(connect(port, "127.0.0.9"))
        wait_until(lambda: is_shut(links[6]))
        assert [is_shut(link) for link in links] == [True] * 7 + [False] * 5
        assert not is_shut(other), "another address has a count of its own"


def test_whoever_has_had_an_answer_no_longer_waits(own_place, small):
    small(waiting_per_address=2)
    with gateway(own_place) as port, ExitStack() as held:
        served = held.enter_context(connect(port))
        served.sendall(b"GET /help HTTP/1.1\r\nHost: h\r\n\r\n")
        assert served.recv(65536).startswith(b"HTTP/1.1 200")
        links = [held.enter_context(connect(port)) for _ in range(6)]
        wait_until(lambda: is_shut(links[3]))
        served.sendall(b"GET /style.css HTTP/1.1\r\nHost: h\r\n\r\n")
        served.settimeout(10)
        assert b"200 OK" in served.recv(65536)


def test_in_all_those_that_wait_are_shut_before_those_that_were_answered(own_place, small):
    small(connections=6, waiting_per_address=100)
    with gateway(own_place) as port, ExitStack() as held:
        served = [held.enter_context(connect(port)) for _ in range(4)]
        for link in served:
            link.sendall(b"GET /help HTTP/1.1\r\nHost: h\r\n\r\n")
            assert link.recv(65536).startswith(b"HTTP/1.1 200")
        silent = [held.enter_context(connect(port, f"127.0.0.{n}")) for n in range(20, 26)]
        wait_until(lambda: is_shut(silent[3]))
        assert [is_shut(link) for link in silent] == [True] * 4 + [False] * 2
        served[0].sendall(b"GET /help HTTP/1.1\r\nHost: h\r\n\r\n")
        served[0].settimeout(10)
        assert b"200 OK" in served[0].recv(65536)


@pytest.mark.parametrize("sent", [KINDS["silent"], KINDS["half a head"], KINDS["no body"]])
def test_a_request_that_does_not_come_in_has_its_time(own_place, small, sent):
    small(request_seconds=1)
    with gateway(own_place) as port, connect(port) as link:
        link.sendall(sent)
        begun = time.monotonic()
        link.settimeout(10)
        answer = link.recv(65536)
        assert time.monotonic() - begun < 4
        assert answer == b"" or answer.split(b" ")[1] == b"408"


def test_a_body_that_stops_is_answered_and_recorded(own_place, small):
    """The connection was answered before, so that only the body's own deadline ends it."""
    small(request_seconds=1)
    with gateway(own_place) as port, connect(port) as link:
        link.sendall(b"GET /help HTTP/1.1\r\nHost: h\r\n\r\n")
        assert link.recv(65536).startswith(b"HTTP/1.1 200")
        link.sendall(KINDS["no body"])
        link.settimeout(10)
        answer = link.recv(65536)
        assert answer.split(b" ")[1] == b"408"
        assert is_shut(link, 5)
    assert list(events(own_place.audit))[-1]["reason"] == "too_slow"


def test_a_named_proxy_is_exempt_and_nobody_else_is_believed(own_place, small):
    small(waiting_per_address=3)
    told = ("--behind-nginx", "--proxy", "127.0.0.7")
    with gateway(own_place, *told) as port, ExitStack() as held:
        proxy = [held.enter_context(connect(port, "127.0.0.7")) for _ in range(8)]
        others = [held.enter_context(connect(port, "127.0.0.8")) for _ in range(8)]
        wait_until(lambda: is_shut(others[4]))
        assert not any(is_shut(link) for link in proxy)
        named = b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Real-IP: 10.1.2.3\r\n\r\n"
        for link in (proxy[0], others[7]):
            link.settimeout(10)
            link.sendall(named)
            assert link.recv(65536).startswith(b"HTTP/1.1 404")
    lines = list(events(own_place.audit))[-2:]
    assert [line["origin"] for line in lines] == ["10.1.2.3", "127.0.0.8"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", [gateway, behind_nginx])
def test_readers_are_served_while_others_stand_against_the_server(own_place, small, start, kind):
    """More connections than may be open, opened again as soon as they are shut."""
    small(connections=60, waiting_per_address=20)
    cookie = own_place.cookie("admin01")
    with start(own_place) as port, siege(port, kind, 300, 100):
        assert [ask(port, PAGE, cookie).status for _ in range(5)] == [200] * 5


def test_with_few_descriptors_readers_are_served_too(own_place):
    """A process that may open 200 at all: seen to be shut out by 167 bodies that did not come."""
    port = servers.free_port()
    command = ["prlimit", "--nofile=200:200", *servers.gateway_command(own_place, port)]
    cookie = own_place.cookie("admin01")
    with servers.process(command, port), siege(port, "no body", 300, 300):
        assert [ask(port, PAGE, cookie).status for _ in range(5)] == [200] * 5


def test_a_look_finds_ipv6_links_and_leaves_other_sockets_alone():
    """An IPv4 reader of a socket of both kinds is the address that it is."""
    looking = Connections(Limits(50, 1, 60, frozenset({"127.0.0.9"})))
    with ExitStack() as held:
        pair = socket.socketpair()
        door = held.enter_context(
            socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        )
        port = door.getsockname()[1]
        links, far = [], []
        for address, source in (
            ("::1", "::1"),
            ("::1", "::1"),
            ("127.0.0.1", "127.0.0.9"),
            ("127.0.0.1", "127.0.0.9"),
            ("127.0.0.1", "127.0.0.8"),
        ):
            link = socket.create_connection((address, port), 5, source_address=(source, 0))
            links.append(held.enter_context(link))
            far.append(held.enter_context(door.accept()[0]))
        assert looking.look(1.0) == 1
        assert [is_shut(link) for link in links] == [True, False, False, False, False]
        far[0].close()
        looking.answered(far[4].getpeername()[:2])
        assert looking.look(62.0) == 1, "only the IPv6 one waits too long"
        assert [is_shut(link) for link in links] == [True, True, False, False, False]
        pair[0].send(b"x")
        assert pair[1].recv(1) == b"x"
        for end in pair:
            end.close()


# --- store and log ----------------------------------------------------------------------------


@pytest.mark.parametrize("start", [gateway, behind_nginx])
def test_a_replaced_or_removed_store_shows_nothing_from_the_next_request(own_place, start):
    """A revocation that reached only the new file would otherwise have no effect."""
    cookie, aside = own_place.cookie("admin01"), own_place.folder / "aside.db"
    with start(own_place) as port:
        assert ask(port, PAGE, cookie).status == 200
        os.rename(own_place.store, aside)
        assert ask(port, PAGE, cookie).status == 503, "removed"
        assert not own_place.store.exists(), "no empty store in its place"
        shutil.copy(aside, own_place.store)
        for path in (PAGE, "/", "/login"):
            assert ask(port, path, cookie).status == 503, "replaced"
        os.rename(aside, own_place.store)
        assert ask(port, PAGE, cookie).status == 200, "put back"
    reasons = [line["reason"] for line in events(own_place.audit)]
    assert reasons.count("store_replaced") == 4


def _other_log(audit, kept):
    shutil.rmtree(audit)
    shutil.copytree(kept, audit)


@pytest.mark.parametrize(
    "harm",
    [
        lambda audit, _: (audit / "audit-000001.jsonl").unlink(),
        lambda audit, _: (audit / "audit-000001.jsonl").write_bytes(b""),
        lambda audit, _: os.truncate(
            audit / "audit-000001.jsonl",
            (audit / "audit-000001.jsonl").read_bytes().find(b"\n") + 1,
        ),
        lambda audit, _: shutil.rmtree(audit),
        _other_log,
    ],
)
def test_a_log_that_was_removed_cut_off_or_replaced_gets_no_line_and_nothing_is_shown(
    own_place, harm
):
    cookie, kept = own_place.cookie("admin01"), own_place.folder / "kept"
    with gateway(own_place) as port:
        assert ask(port, PAGE, cookie).status == 200
        shutil.copytree(own_place.audit, kept)
        assert ask(port, PAGE, cookie).status == 200
        harm(own_place.audit, kept)
        for path in (PAGE, "/", "/login"):
            assert ask(port, path, cookie).status == 503


def test_a_log_file_that_holds_the_same_lines_is_gone_on_with(own_place):
    """A restored copy of the whole log is the log."""
    cookie, newest = own_place.cookie("admin01"), own_place.audit / "audit-000001.jsonl"
    with gateway(own_place) as port:
        assert ask(port, PAGE, cookie).status == 200
        whole = newest.read_bytes()
        newest.unlink()
        newest.write_bytes(whole)
        (own_place.audit / "lock").unlink()
        assert ask(port, PAGE, cookie).status == 200
        assert (own_place.audit / "lock").exists()
    assert verify(own_place.audit).lines == 2


def test_a_log_that_another_holds_is_waited_for_once(own_place):
    """0.25 s for the first request; those after it do not wait in a row."""
    cookie = own_place.cookie("admin01")
    with gateway(own_place) as port:
        assert ask(port, PAGE, cookie).status == 200
        with (own_place.audit / "lock").open() as lock:
            locks.hold(lock.fileno())
            begun = time.monotonic()
            assert ask(port, PAGE, cookie).status == 503
            first = time.monotonic() - begun
            assert [ask(port, PAGE, cookie).status for _ in range(8)] == [503] * 8
            took = time.monotonic() - begun
        assert ask(port, PAGE, cookie).status == 200
    print(f"a held audit log: 503 after {first:.2f} s, eight more in {took - first:.2f} s")
    assert 0.2 < first < 2
    assert took - first < 8 * 0.25


DAMAGES = (
    b"no line at all\n", b"\xff\xfe\n", b"[]\n", b"[" * 100_000 + b"\n", b"{}\n", b"\n",
    b'{"n":' + b"9" * 5000 + b"}\n",
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_line_is_skipped_and_counted(tmp_path, damage):
    """Also one whose bytes are a line's, but changed; `audit verify` names the first."""
    log = AuditLog(tmp_path)
    for _ in range(4):
        log.append(Event("read", "allow", "in_scope", "anna", object="PY2024Q4/x"), NOW)
    log.close()
    path = tmp_path / "audit-000001.jsonl"
    one, two, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([one, damage, two.replace(b"allow", b"a110w"), *rest]))
    found = usage(tmp_path)
    assert (found.damaged, [(use.user, use.shown) for use in found.users]) == (2, [("anna", 3)])
    assert found.note.startswith("2 lines of the audit log cannot be read")
    with pytest.raises(AuditError, match="audit-000001.jsonl line 2"):
        verify(tmp_path)


def test_the_usage_page_and_the_command_say_that_lines_are_damaged(own_place):
    state, cookie = own_place.cookie("state1"), own_place.cookie("admin01")
    newest = own_place.audit / "audit-000001.jsonl"
    with gateway(own_place) as port:
        assert [ask(port, PAGE, cookie).status for _ in range(2)] == [200] * 2
        assert b"cannot be read" not in ask(port, "/usage", state).body
        newest.write_bytes(b"".join(DAMAGES) + newest.read_bytes())
    with gateway(own_place) as port:
        answer = ask(port, "/usage", state)
    assert answer.status == 200
    assert b"7 lines of the audit log cannot be read" in answer.body
    assert b"admin01" in answer.body
    told = publish("audit", "usage", "--audit", own_place.audit)
    assert (told.returncode, "admin01,2,0" in told.stdout) == (0, True)
    assert "7 lines of the audit log cannot be read" in told.stderr
    checked = publish("audit", "verify", "--audit", own_place.audit)
    assert (checked.returncode, "audit-000001.jsonl line 1" in checked.stderr) == (7, True)
    assert "Traceback" not in told.stderr + checked.stderr


def test_a_store_that_is_held_for_writing_is_waited_for_shortly(own_place):
    """What must write is refused; who only reads is served."""
    cookie = own_place.cookie("admin01")
    with gateway(own_place) as port:
        other = sqlite3.connect(own_place.store, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        refused = post(port, "/logout", "form=x", cookie).status
        assert time.monotonic() - begun < 2
        assert refused in (303, 503)
        assert ask(port, PAGE, cookie).status == 200
        other.close()


# --- links ------------------------------------------------------------------------------------


@pytest.fixture
def planted(own_place, tmp_path):
    """A copy of the site in whose release one folder, and one file, is a link to elsewhere."""
    site = shutil.copytree(own_place.site, tmp_path / "site", symlinks=True)
    release = (site / "PY2024Q4").resolve()
    outside = tmp_path / "outside"
    shutil.copytree(release / "lwia/01", outside)
    (outside / "index.html").write_text("from outside")
    (release / "lwia/01").rename(release / "lwia/was01")
    (release / "lwia/01").symlink_to(outside)
    (release / "lwia/02/figures.csv").unlink()
    (release / "lwia/02/figures.csv").symlink_to(outside / "figures.csv")
    return servers.Place(own_place.folder, site)


@pytest.mark.parametrize("start", [gateway, behind_nginx])
def test_no_link_below_a_release_is_followed(planted, start):
    state = planted.cookie("state1")
    with start(planted) as port:
        for path in (PAGE, "/PY2024Q4/lwia/01/figures.csv", "/PY2024Q4/lwia/02/figures.csv"):
            answer = ask(port, path, state)
            assert (path, answer.status) == (path, 404)
            assert b"from outside" not in answer.body
        assert ask(port, "/PY2024Q4/lwia/02/index.html", state).status == 200
        assert b"lwia/01/index.html" not in ask(port, "/", state).body
    line = next(line for line in events(planted.audit) if line["reason"] == "no_such_file")
    assert line["user"] == "state1"


@pytest.mark.parametrize("part", [".ipats", ".ipats/releases", "_static"])
def test_no_folder_of_the_site_itself_may_be_a_link(own_place, tmp_path, part):
    site = shutil.copytree(own_place.site, tmp_path / "site", symlinks=True)
    (site / part).rename(tmp_path / "elsewhere")
    (site / part).symlink_to(tmp_path / "elsewhere")
    style = next(path.name for path in (site / "_static").glob("style.*"))
    path, user = (f"/_static/{style}", "") if part == "_static" else (PAGE, "admin01")
    place = servers.Place(own_place.folder, site)
    with gateway(place) as port:
        assert ask(port, path, place.cookie(user)).status == 404


@contextmanager
def names(file: str):
    """A stand-in for the gateway: it names this file once for every new connection."""

    class Naming(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("X-Accel-Redirect", f"/_ipats_files/{file}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Naming)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_nginx_by_itself_follows_no_link_below_the_site(planted):
    """Were the gateway to name such a file, or the link planted after it had looked."""
    release = Path(os.readlink(planted.site / "PY2024Q4"))
    for file, status in (
        (f"{release}/lwia/02/index.html", 200),
        (f"{release}/lwia/01/index.html", 404),
        (f"{release}/lwia/02/figures.csv", 403),
    ):
        with names(file) as app, servers.nginx_before(planted, app) as port:
            answer = ask(port, "/x")
        assert (file, answer.status) == (file, status)
        assert b"from outside" not in answer.body
        assert b"area_type" not in answer.body


def test_a_site_behind_a_link_is_served(own_place, tmp_path):
    """The site's own folder is the operator's: only what lies below it is looked at."""
    (tmp_path / "www").symlink_to(own_place.site)
    place = servers.Place(own_place.folder, tmp_path / "www")
    for start in (gateway, behind_nginx):
        with start(place) as port:
            assert ask(port, PAGE, place.cookie("admin01")).status == 200


def test_raw_bytes_still_get_their_answers(own_place):
    """The limits take nothing from a request that comes in pieces."""
    request = f"GET {PAGE} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()
    with gateway(own_place) as port, connect(port) as link:
        for at in range(0, len(request), 20):
            link.sendall(request[at : at + 20])
            time.sleep(0.05)
        assert link.recv(65536).startswith(b"HTTP/1.1 404")
        assert raw(port, request).status == 404
