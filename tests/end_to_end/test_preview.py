"""The development preview: on loopback, plainly unprotected, without what a site keeps inside."""

import gzip
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import pytest

from ipats_lib.access.store import Store
from ipats_lib.publishing.preview import Handler, listening
from tests.conftest import ROOT, publish


@contextmanager
def previewed(site):
    command = [
        sys.executable,
        str(ROOT / "publish.py"),
        "serve",
        "--unprotected",
        "--site",
        str(site),
        "--port",
        "0",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        lines = []
        for line in server.stderr:
            lines.append(line)
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                break
        yield found[0], lines
        server.send_signal(signal.SIGINT)


@pytest.fixture
def preview(site):
    with previewed(site) as found:
        yield found


def test_it_unpacks_what_a_site_keeps_packed_alone(tmp_path):
    folder = tmp_path / "PY2024Q4/state"
    folder.mkdir(parents=True)
    (folder / "index.html.gz").write_bytes(gzip.compress(b"<p>the page"))
    with previewed(tmp_path) as (address, _):
        with urllib.request.urlopen(f"{address}/PY2024Q4/state/index.html") as page:
            assert page.headers["Content-Type"] == "text/html"
            assert page.headers["X-Ipats-Protection"].startswith("none")
            assert page.read() == b"<p>the page"
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{address}/PY2024Q4/state/other.html")


def test_it_says_that_it_protects_nothing_and_shows_the_site(preview):
    address, lines = preview
    assert "UNPROTECTED" in lines[0]
    with urllib.request.urlopen(f"{address}/PY2024Q4/state/index.html") as page:
        assert page.headers["X-Ipats-Protection"].startswith("none")
        assert b"Which areas miss which level?" in page.read()


@pytest.mark.parametrize("path", [".ipats/lock", "%2eipats/lock", "PY2024Q4/../.ipats/lock"])
def test_what_a_site_keeps_inside_is_not_served(preview, path):
    connection = HTTPConnection(preview[0].removeprefix("http://"))
    with closing(connection):
        connection.request("GET", f"/{path}")
        answer = connection.getresponse()
        answer.read()
    assert answer.status == 404


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:{port}", 200), ("127.0.0.1", 200), ("evil.example:{port}", 421),
     ("127.0.0.1.evil.example", 421), ("", 421)],
)  # fmt: skip
def test_a_page_whose_name_was_made_to_lead_here_reads_nothing(tmp_path, host, status):
    """DNS rebinding: the browser then sends the other page's name as the host."""
    (tmp_path / "index.html").write_text("the page")
    with listening(tmp_path, 0, Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request("GET", "/index.html", headers={"Host": host.format(port=port)})
            answer = connection.getresponse()
            assert (answer.status, answer.read() == b"the page") == (status, status == 200)
        server.shutdown()


def test_in_json_it_says_the_same(site):
    command = [sys.executable, ROOT / "publish.py", "--log-format", "json", "serve",
               "--unprotected", "--site", site, "--port", "0"]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        lines = [json.loads(server.stderr.readline()) for _ in range(2)]
        server.send_signal(signal.SIGINT)
    assert {line["event"] for line in lines} == {"serving"}
    assert "UNPROTECTED" in lines[0]["message"]
    assert lines[1]["message"].endswith("/PY2024Q4/state/index.html")


@pytest.mark.parametrize("more", ["--unprotected", "--access={0}/a.db --audit={0}/audit"])
def test_a_port_that_is_taken_is_one_sentence(site, tmp_path, more):
    Store(tmp_path / "a.db").close()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        more = more.format(tmp_path).split()
        done = publish("serve", "--site", site, "--port", port, *more)
    assert done.returncode == 2
    assert (
        done.stderr == f"Stopped: Port {port} of 127.0.0.1 cannot be had: Address already in use.\n"
    )


def test_a_folder_without_a_publication_is_refused(tmp_path):
    done = publish("serve", "--site", tmp_path)
    assert done.returncode == 2
    assert "no publication" in done.stderr


def test_it_has_nobody_whom_it_could_offer_menus_to(preview):
    """Pages then use the list in their own folder, without an error in the console."""
    address, _ = preview
    with urllib.request.urlopen(f"{address}/me.json") as answer:
        assert (answer.status, answer.read()) == (204, b"")
    with urllib.request.urlopen(f"{address}/PY2024Q4/lwia/01/scopes.json") as answer:
        scopes = json.load(answer)["scopes"]
    assert scopes[0]["path"] == "lwia/01"
    assert all(scope["path"].startswith("lwia/01") for scope in scopes)


def test_a_browser_that_goes_on_leaves_no_traceback(tmp_path, capfd):
    (tmp_path / "large.bin").write_bytes(bytes(64 << 20))
    with listening(tmp_path, 0, Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for _ in range(3):
            with socket.create_connection(server.server_address) as asked:
                asked.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                asked.sendall(b"GET /large.bin HTTP/1.0\r\n\r\n")
                assert asked.recv(10)
        server.shutdown()
    assert capfd.readouterr().err == ""
