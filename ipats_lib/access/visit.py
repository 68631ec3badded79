"""A request as the gateway sees it: bytes as they came, read once."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs

from starlette.requests import Request, cookie_parser
from starlette.types import Receive, Scope

from ipats_lib.access.headers import FORM_COOKIE, SESSION_COOKIE

LARGEST_FORM = 8192


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `path` and `query` are raw; `address` is the browser's."""

    request: Request
    method: str
    path: bytes
    query: bytes
    address: str
    session: str
    browser: str
    now: datetime

    async def form(self) -> dict[str, str]:
        """The form's fields, each once; empty for a body too large or not a form's."""
        body = b""
        async for chunk in self.request.stream():
            body += chunk
            if len(body) > LARGEST_FORM:
                return {}
        return fields(body)

    @property
    def asked(self) -> dict[str, str]:
        """The query's fields, each once."""
        return fields(self.query)


def fields(text: bytes) -> dict[str, str]:
    """Fields of a query or form; nothing at all when it is malformed or repeats a name."""
    try:
        found = parse_qs(text.decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    if any(len(values) > 1 for values in found.values()):
        return {}
    return {name: values[0] for name, values in found.items()}


def read_visit(scope: Scope, receive: Receive, proxied: bool) -> Visit:
    """The request of an ASGI scope.

    proxied: nginx stands before and names the address in X-Real-IP, which it always sets itself;
    without it, no header is believed about where a request comes from or what it asks for.
    """
    cookies: dict[str, str] = {}
    address, in_front = (scope["client"][0] if scope.get("client") else ""), None
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookies |= cookie_parser(value.decode("latin-1"))
        elif name == b"x-real-ip" and in_front is None:
            in_front = value.decode("latin-1")
    if proxied and in_front is not None:
        address = in_front[:45]
    return Visit(
        request=Request(scope, receive),
        method=scope["method"],
        path=scope.get("raw_path") or b"",
        query=scope.get("query_string") or b"",
        address=address,
        session=cookies.get(SESSION_COOKIE, "")[:64],
        browser=cookies.get(FORM_COOKIE, "")[:64],
        now=datetime.now(UTC),
    )
