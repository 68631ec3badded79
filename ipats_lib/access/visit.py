"""A request as the gateway sees it: bytes as they came, read once; and what it asks of a file
beyond the file, where Starlette's answer would not be nginx's."""

import asyncio
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate
from time import gmtime
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope

from ipats_lib.access.headers import FORM_COOKIE, SESSION_COOKIE
from ipats_lib.access.settings import load_settings
from ipats_lib.access.throttle import unmapped

LARGEST_FORM = 8192


class TooSlow(Exception):  # noqa: N818  (a browser's fault, answered with 408)
    """A request's body did not come in whole in time."""


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
        """The form's fields, each once; empty for a body too large or not a form's.

        TooSlow when it has not come in whole within `request_seconds`.
        """
        body = b""
        try:
            async with asyncio.timeout(load_settings().request_seconds):
                async for chunk in self.request.stream():
                    body += chunk
                    if len(body) > LARGEST_FORM:
                        return {}
        except TimeoutError:
            raise TooSlow from None
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


def read_visit(scope: Scope, receive: Receive, proxies: Collection[str]) -> Visit:
    """The request of an ASGI scope.

    proxies: where nginx may come from, which names the browser's address in X-Real-IP and always
    sets it itself; from anywhere else, no header is believed about where a request comes from.
    """
    lines: list[bytes] = []
    address, in_front = (scope["client"][0] if scope.get("client") else ""), None
    for name, value in scope["headers"]:
        if name == b"cookie":
            lines.append(value)
        elif name == b"x-real-ip" and in_front is None:
            in_front = value.decode("latin-1")
    if in_front is not None and unmapped(address) in proxies:
        address = in_front[:45]
    cookies = _cookies(lines)
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


def _cookies(lines: Iterable[bytes]) -> dict[str, str]:
    """The cookies of a request by their exact names.

    A browser holds a name with the `__Host-` prefix once, from this host only. So a name with
    blanks around it is another one, and one that comes twice is none: a neighbor planted it.
    """
    found: dict[str, str] = {}
    for pair in b"; ".join(lines).split(b"; "):
        name, _, value = pair.decode("latin-1").partition("=")
        found[name] = "" if name in found else value
    return found


_GZIP = re.compile(r"(?:^|[,\s])gzip\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*(?:,|$)", re.IGNORECASE)
_RANGE = re.compile(rb"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-[0-9]{1,18})")


def keep_one_range(scope: Scope, packed: bool) -> None:
    """Leave a Range header only when it is one sound range of a plain file: else the whole is sent.

    Many ranges of one file make an answer larger than the file, and of a packed copy nginx sends no
    part; RFC 9110, 14.2 allows both.
    """
    scope["headers"] = [
        pair for pair in scope["headers"] if pair[0] != b"range" or (not packed and _sound(pair[1]))
    ]


def _sound(value: bytes) -> bool:
    found = _RANGE.fullmatch(value)
    return found is not None and not (found[2] and int(found[1]) > int(found[2]))


def takes_packed(asked: Headers) -> bool:
    """Whether the browser accepts gzip (RFC 9110, 12.5.3), as nginx reads it."""
    found = _GZIP.search(asked.get("accept-encoding", ""))
    return found is not None and float(found[1] or 1) > 0


def unmet(asked: Headers, etag: str, changed: float) -> bool:
    """Whether it is asked that the file be unchanged, and it is not (RFC 9110, 13.1.1, 13.1.4)."""
    if (match := asked.get("if-match")) is not None:
        return not {"*", etag} & {tag.strip() for tag in match.split(",")}
    since = parsedate(asked.get("if-unmodified-since", ""))
    return since is not None and gmtime(changed)[:6] > since[:6]
