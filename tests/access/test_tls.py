"""TLS on both servers, with a certificate of the test's own.  Source: docs/access.md.

A browser speaks TLS to the embedded gateway or to nginx; plain HTTP to the same port gets no page.
"""

import http.client
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ipats_lib.access.gateway import Setup
from ipats_lib.access.nginx import configuration
from ipats_lib.access.serve import checked_address, serve
from ipats_lib.errors import UsageError
from tests.access import servers
from tests.waiting import wait_until

PAGE = "/PY2024Q4/lwia/01/index.html"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return certified(tmp_path_factory.mktemp("tls"))


def certified(folder):
    """A certificate for 127.0.0.1 and its key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ipats test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@contextmanager
def embedded(place, certificate, key):
    with servers.gateway(place, "--certificate", certificate, "--key", key) as port:
        yield port


@contextmanager
def nginx(place, certificate, key):
    port = servers.free_port()
    with servers.gateway(place, "--behind-nginx") as app:
        addresses, pair = (f"127.0.0.1:{app}", f"127.0.0.1:{port}"), (str(certificate), str(key))
        pem = dict(zip(("certificate", "key"), pair, strict=True))
        text = configuration(place.site, *addresses, **pem, log=str(place.folder))
        whole = place.folder / "tls.conf"
        whole.write_text(
            f"pid {place.folder}/tls.pid; error_log {place.folder}/error.log; daemon off;\n"
            f"user root; events {{}}\nhttp {{\n{text}\n}}\n"
        )
        with servers.process([servers.NGINX, "-p", place.folder, "-c", whole], port):
            yield port


def ask(port, certificate, path, cookie="", **limits):
    trusted = ssl.create_default_context(cafile=certificate)
    for name, value in limits.items():
        setattr(trusted, name, value)
    link = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=trusted)
    link.request("GET", path, headers={"Cookie": cookie} if cookie else {})
    answer = link.getresponse()
    body = answer.read()
    link.close()
    return answer, body


def protocol(port, certificate) -> str | None:
    """What a server takes of the protocols that a browser offers."""
    trusted = ssl.create_default_context(cafile=certificate)
    trusted.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", port), 10) as link,
        trusted.wrap_socket(link, server_hostname="127.0.0.1") as safe,
    ):
        return safe.selected_alpn_protocol()


@pytest.mark.parametrize("server", [embedded, nginx])
def test_pages_come_over_tls_and_over_nothing_else(own_place, pair, server):
    place = own_place
    place.fill([ROW])
    cookie = place.cookie("admin01").removeprefix("Cookie: ").strip()
    with server(place, *pair) as port:
        answer, body = ask(port, pair[0], PAGE, cookie)
        assert answer.status == 200
        assert body == (place.site / PAGE[1:]).read_bytes()
        assert "max-age=" in answer.headers["Strict-Transport-Security"]
        assert ask(port, pair[0], PAGE)[0].status == 404
        sign_in, _ = ask(port, pair[0], "/login")
        assert "; Secure" in sign_in.headers["Set-Cookie"]
        old = {"maximum_version": ssl.TLSVersion.TLSv1_1, "minimum_version": ssl.TLSVersion.TLSv1}
        with pytest.warns(DeprecationWarning, match="TLSv1"), pytest.raises(ssl.SSLError):
            ask(port, pair[0], PAGE, cookie, **old)
        assert protocol(port, pair[0]) == "http/1.1"
        plain = servers.ask(port, PAGE, f"Cookie: {cookie}\r\n")
        assert plain.status in (0, 400)
        assert b"Overview" not in plain.body


def shown(port):
    """The certificate that a server shows, whoever signed it."""
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=10)


def renewed(link, tmp_path, name):
    """Another pair behind the same links, as certbot leaves it."""
    folder = tmp_path / name
    folder.mkdir()
    pair = certified(folder)
    for path in pair:
        beside = link / f"{path.name}.new"
        beside.symlink_to(path)
        beside.replace(link / path.name)
    return pair[0].read_text()


@pytest.mark.parametrize("server", ["embedded", "nginx"])
def test_a_renewed_certificate_is_taken_up_without_a_closed_door(own_place, tmp_path, server):
    """docs/access.md, Renewing a certificate: the names stay, what is behind them changes."""
    live = tmp_path / "live"
    live.mkdir()
    first = renewed(live, tmp_path, "one")
    pair = live / "cert.pem", live / "key.pem"
    own_place.fill([ROW])
    cookie = own_place.cookie("admin01").removeprefix("Cookie: ").strip()
    with _reloading(server, own_place, pair) as (port, reload):
        assert shown(port).split() == first.split()
        second = renewed(live, tmp_path, "two")
        assert shown(port).split() == first.split(), "not before it is told"
        reload()
        # For some seconds the old worker and the new one both answer.
        wait_until(lambda: {shown(port) for _ in range(30)} == {second}, 60)
        assert ask(port, pair[0], PAGE, cookie)[0].status == 200, "still signed in"
        good = pair[1].readlink()
        pair[1].unlink()
        pair[1].write_text("no key")
        reload()
        time.sleep(1)
        assert shown(port).split() == second.split(), "a bad pair changes nothing"
        pair[1].unlink()
        pair[1].symlink_to(good)
        assert ask(port, pair[0], PAGE, cookie)[0].status == 200


@contextmanager
def _reloading(server, place, pair):
    """A server's port, and what tells it to take up a new certificate."""
    if server == "embedded":
        port = servers.free_port()
        words = ["--certificate", pair[0], "--key", pair[1]]
        with servers.started(servers.gateway_command(place, port, *words), None) as running:
            servers.serving(running, port)
            yield port, lambda: running.send_signal(signal.SIGHUP)
        return
    with nginx(place, *pair) as port:
        told = [servers.NGINX, "-p", place.folder, "-c", place.folder / "tls.conf", "-s", "reload"]
        yield port, lambda: subprocess.run(told, check=False)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "ipats.example.org"])
def test_a_network_address_needs_tls_or_nginx(own_place, address):
    plain = Setup(own_place.site, own_place.store, own_place.audit)
    fronted = Setup(own_place.site, own_place.store, own_place.audit, proxied=True)
    with pytest.raises(UsageError, match="--certificate"):
        checked_address(plain, address, encrypted=False)
    assert checked_address(plain, address, encrypted=True) == address
    assert checked_address(fronted, address, encrypted=False) == address
    for inside in ("127.0.0.1", "::1", "localhost"):
        assert checked_address(plain, inside, encrypted=False) == inside


def test_the_command_refuses_it_too(own_place):
    from tests.conftest import publish

    done = publish("serve", "--site", own_place.site, "--address", "0.0.0.0")
    assert (done.returncode, "--certificate" in done.stderr) == (2, True)


def wrong_pairs(folder):
    """Words of a command line that are no certificate with its key."""
    (folder / "other").mkdir()
    certificate, key = certified(folder)
    other, _ = certified(folder / "other")
    locked = folder / "locked.pem"
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    locked.write_bytes(
        loaded.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    none, text = folder / "none.pem", folder / "text.pem"
    text.write_text("no certificate")
    yield (certificate, none), f"There is no key {none}"
    yield (none, key), f"There is no certificate {none}"
    yield (folder, key), f"There is no certificate {folder}"
    for pair in ((other, key), (certificate, locked), (text, key), (key, certificate)):
        yield pair, "must be a certificate and its own key"


def test_what_is_no_certificate_with_its_key_ends_in_one_sentence(own_place, tmp_path):
    setup = Setup(own_place.site, own_place.store, own_place.audit)
    for pair, told in wrong_pairs(tmp_path):
        with pytest.raises(UsageError, match=re.escape(told)):
            serve(setup, "127.0.0.1", 0, *pair)
    for half in ((tmp_path / "cert.pem", None), (None, tmp_path / "key.pem")):
        with pytest.raises(UsageError, match="both --certificate and --key"):
            serve(setup, "127.0.0.1", 0, *half)


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_the_address_is_printed_and_is_the_one_that_answers(own_place, tmp_path, form):
    """Whichever port is free, and in both forms in which openssl writes a key."""
    certificate, key = certified(tmp_path)
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    bare, format = serialization.NoEncryption(), getattr(serialization.PrivateFormat, form)
    key.write_bytes(loaded.private_bytes(serialization.Encoding.PEM, format, bare))
    command = [
        sys.executable, servers.ROOT / "publish.py", "serve", "--site", own_place.site, "--port", 0,
        "--access", own_place.store, "--audit", own_place.audit, "--certificate", certificate,
        "--key", key,
    ]  # fmt: skip
    with subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True) as running:
        try:
            said = running.stderr.readline()
            port = int(re.fullmatch(r"Serving \S+ at https://127\.0\.0\.1:(\d+)/\n", said)[1])
            wait_until(lambda: servers.listens(port))
            assert ask(port, certificate, "/login")[0].status == 200
        finally:
            running.terminate()


ROW = {
    "worknet_user": "admin01", "iwds_user": "iw1", "role": "lwia_admin", "lwia": "01",
    "planner_id": "", "worknet_status": "active", "iwds_status": "active", "in_group": "1",
    "linked_on": "20240102",
}  # fmt: skip
