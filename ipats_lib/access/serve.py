"""The gateway on granian: one process, one event loop."""

import socket
import ssl
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from starlette.responses import Response

from ipats_lib.access import home, pages, signing
from ipats_lib.access.connections import Connections, limits
from ipats_lib.access.gateway import Answer, Gateway, Setup
from ipats_lib.access.published import periods
from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import existing
from ipats_lib.console import say
from ipats_lib.errors import UsageError

# How long a worker that ends may go on sending what it has begun.
STOPPING_SECONDS = 5

PAGES: dict[tuple[str, bytes], Answer] = {
    ("GET", b"/"): home.home,
    ("GET", b"/me.json"): home.me,
    ("GET", b"/open"): home.open_area,
    ("GET", b"/help"): home.open_to_all("help", lambda *_: pages.page("help")),
    ("GET", b"/style.css"): home.open_to_all("style", lambda *_: pages.style()),
    # Browsers ask for one with every first page: there is none, and that is no error.
    ("GET", b"/favicon.ico"): home.open_to_all("icon", lambda *_: Response(status_code=204)),
    ("GET", b"/login"): home.open_to_all("login", signing.login_form),
    ("POST", b"/login"): signing.login,
    ("POST", b"/logout"): signing.logout,
    ("GET", b"/request"): home.open_to_all("request", home.request_form),
    ("POST", b"/request"): home.request,
    ("GET", b"/queue"): home.queue,
    ("POST", b"/queue"): home.take_decision,
    ("GET", b"/usage"): home.report,
}

PROVIDER: dict[tuple[str, bytes], Answer] = {
    ("GET", b"/oidc/start"): signing.start,
    ("GET", b"/oidc/callback"): signing.callback,
}


def app(setup: Setup) -> Gateway:
    """The ASGI app. It opens store and log when the server starts it."""
    pages = PAGES | (PROVIDER if setup.oidc else {})
    if not setup.passwords:
        del pages["POST", b"/login"]
    return Gateway(setup, pages)


def checked_address(setup: Setup, address: str, encrypted: bool) -> str:
    """The address to listen on; UsageError where passwords would go over a network in the clear."""
    try:
        inside = ip_address(address).is_loopback
    except ValueError:
        inside = address == "localhost"
    if not (inside or encrypted or setup.proxied):
        raise UsageError(
            f"On {address} without TLS everyone on the way reads what is sent: write --certificate "
            "and --key, or --behind-nginx when nginx is in front."
        )
    return address


def serve(
    setup: Setup, address: str, port: int, certificate: Path | None = None, key: Path | None = None
) -> None:
    """Serve until stopped.

    port: 0 for any that is free; the address that is served is said before it begins. UsageError
    when there is no access store, the site holds no publication, the port is not to be had, without
    TLS, or when certificate and key are none.
    """
    encrypted = _encrypted(certificate, key)
    checked_address(setup, address, encrypted)
    if not periods(setup.site):
        raise UsageError(f"{setup.site} holds no publication: run `publish.py build` first.")
    existing(setup.store).close()
    port = _free_port(address, port)
    gateway = app(setup)
    most = limits(setup.proxies if setup.proxied else frozenset())
    gateway.connections = Connections(most)
    # nginx closes a connection that lies idle after 30 s: before the gateway does.
    patience = 75 if setup.proxied else load_settings().request_seconds
    host = f"[{address}]" if ":" in address else address
    where = f"{'https' if encrypted else 'http'}://{host}:{port}/"
    say("serving", f"Serving {setup.site} at {where}{' to nginx' if setup.proxied else ''}")
    server = Server(
        "ipats",
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        # What the tests attack, and what nginx speaks: nothing else is understood.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=1000 * patience),
        backpressure=most.accepted,
        backlog=2 * most.accepted,
        workers=1,
        log_access=False,
        log_level="warning",  # type: ignore[arg-type]  # granian takes the name as well
        ssl_cert=certificate,
        ssl_key=key,
        respawn_failed_workers=False,
        workers_kill_timeout=STOPPING_SECONDS,
    )
    server.pair = certificate, key
    server.serve(target_loader=partial(_loaded, gateway), wrap_loader=False)


class Server(Granian):  # type: ignore[misc, valid-type]  # granian chooses its class by the system
    """granian, which looks at a new certificate before it takes it up.

    pair: certificate and key as they were named, which granian knows only without their links.
    """

    pair: tuple[Path | None, Path | None] = (None, None)

    def signal_handler_reload(self, *_: object, **__: object) -> None:
        """At SIGHUP: a new worker with the certificate and key that are there now, if sound.

        The names are followed again: a renewal may have put another file behind a link.
        """
        try:
            self.build_ssl_context(*self.pair, None, SSLProtocols.tls13, None, [], False)
        except OSError as error:  # ssl.SSLError among them
            say("certificate", f"The certificate stays as it was: {error.strerror or error}.")
            return
        super().signal_handler_reload()


def _encrypted(certificate: Path | None, key: Path | None) -> bool:
    """Whether there is a certificate with its key; granian would end in a traceback over others."""
    if certificate is None and key is None:
        return False
    if certificate is None or key is None:
        raise UsageError("TLS needs both --certificate and --key.")
    for path, what in ((certificate, "certificate"), (key, "key")):
        if not path.is_file():
            raise UsageError(f"There is no {what} {path}: name a PEM file with --{what}.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, lambda: "")
    except OSError as error:
        raise UsageError(
            f"{certificate} and {key} cannot be used for TLS: they must be a certificate and its "
            "own key, both PEM, the key without a password."
        ) from error
    return True


def _free_port(address: str, port: int) -> int:
    """The port, or any free one for 0; granian would end in a traceback of its own."""
    try:
        family, _, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            return int(probe.getsockname()[1])
    except OSError as error:
        raise UsageError(f"Port {port} of {address} cannot be had: {error.strerror}.") from error


def _loaded(gateway: Gateway, _: object = None) -> Gateway:
    return gateway
