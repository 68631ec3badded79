"""The gateway: an ASGI app that decides about every request, records it, and only then answers.

It interprets a path once, as raw bytes: its own pages are exact texts, a published file fits the
grammar, and everything else is not found. Behind nginx it names the file and nginx sends it.
"""

import asyncio
import gzip
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from ipats_lib.access import accounts, pages, sessions
from ipats_lib.access.audit import AuditError, AuditLog, Event, veiled
from ipats_lib.access.connections import Connections
from ipats_lib.access.decision import Person, Reason, Roster, decide
from ipats_lib.access.grammar import Target, read_path
from ipats_lib.access.headers import INTERNAL, INTERNAL_PACKED, MEDIA, PRIVATE, SECURITY, SHARED
from ipats_lib.access.oidc import Provider
from ipats_lib.access.published import file_of, folder_of, is_plain, packed_of
from ipats_lib.access.sessions import Verifier
from ipats_lib.access.store import Store, StoreReplacedError
from ipats_lib.access.visit import TooSlow, Visit, keep_one_range, read_visit, takes_packed, unmet
from ipats_lib.console import notice

Answer = Callable[["Gateway", Visit], Awaitable[Response]]
# Seconds that everyone waits for a store that someone else is writing, before the answer is 503.
WAIT = 0.25
_READING = ["GET", "HEAD"]
# Of an answer without a body that names to nginx a file below the site.
_NAMED = "X-Accel-Redirect"


@dataclass(frozen=True, slots=True)
class Setup:
    """Where the gateway works. proxied: nginx stands before it and sends the files.

    proxies: the addresses that nginx comes from, which are believed about the browser's.
    passwords: whether local accounts sign in, beside the provider's when there is one.
    """

    site: Path
    store: Path
    audit: Path
    proxied: bool = False
    proxies: frozenset[str] = frozenset({"127.0.0.1", "::1"})
    oidc: Provider | None = None
    passwords: bool = True


@dataclass(slots=True)
class Gateway:
    """The app of one process."""

    setup: Setup
    own: dict[tuple[str, bytes], Answer]
    connections: Connections | None = None
    store: Store = field(init=False)
    audit: AuditLog = field(init=False)
    verifier: Verifier = field(init=False)
    _facts: "Facts" = field(init=False)
    _methods: dict[bytes, list[str]] = field(init=False)
    _last_notice: str = ""

    def open(self) -> None:
        """Open store and audit log; AccessError when one cannot be."""
        self.store = Store(self.setup.store, WAIT)
        self.audit = AuditLog(self.setup.audit, patience=WAIT)
        sessions.form_token(self.store, "")  # makes the key of forms, only read from now on
        self.verifier = Verifier()
        self._facts, self._methods = Facts(self.store), _methods_of(self.own)

    def close(self) -> None:
        self.store.close()
        self.audit.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            proxies = self.setup.proxies if self.setup.proxied else ()
            visit = read_visit(scope, receive, proxies)
            if visit.method in _READING:
                self._read_whole(scope)
            response = await self._answer(visit)
            self._read_whole(scope)
            await response(scope, receive, send if _NAMED in response.headers else _secured(send))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.open()
        watching = asyncio.create_task(self.connections.watch()) if self.connections else None
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if watching:
            watching.cancel()
        self.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _read_whole(self, scope: Scope) -> None:
        """The request has come in: its connection no longer waits for one."""
        if self.connections:
            self.connections.answered(scope.get("client"))

    async def _answer(self, visit: Visit) -> Response:
        try:
            self.store.check_place()
            own = self.own.get((visit.method.replace("HEAD", "GET"), visit.path))
            return await own(self, visit) if own else self._published(visit)
        except AuditError as error:
            return self._log_failed(error)
        except TooSlow:
            # The rest of the body would be read as the next request: the connection ends.
            late, close = "The request took too long to come in.", {"Connection": "close"}
            answer = PlainTextResponse(late, HTTPStatus.REQUEST_TIMEOUT, close)
            return self._failed(visit, "too_slow", answer)
        except StoreReplacedError as error:
            self._notice_once(str(error))
            return self._failed(visit, "store_replaced")
        except (sqlite3.Error, OSError) as error:
            return self._failed(visit, "store" if isinstance(error, sqlite3.Error) else "files")
        except ClientDisconnect:
            return self._failed(visit, "browser_gone")

    def _failed(self, visit: Visit, reason: str, answer: Response | None = None) -> Response:
        """Deny what could not be decided or read, and record that where the log can be written."""
        try:
            self.note(visit, "read", "deny", reason, object=veiled(visit.path))
        except AuditError as error:
            return self._log_failed(error)
        return answer or _nothing_shown("Access cannot be looked up now")

    def _log_failed(self, error: AuditError) -> Response:
        self._notice_once(str(error))
        return _nothing_shown("The audit log cannot be written")

    def _notice_once(self, why: str) -> None:
        """Say once to who runs the server why nothing is shown."""
        if why != self._last_notice:
            self._last_notice = why
            notice(why)

    def person(self, visit: Visit) -> Person | None:
        """Who asks, as the store has it at this moment."""
        return self._facts.about(visit.session, visit.now.timestamp())[0]

    def note(self, visit: Visit, event: str, outcome: str, reason: str, **facts: str) -> None:
        """Record what is about to be answered."""
        origin, method = visit.address, visit.method if visit.method in _METHODS else "other"
        noted = Event(event, outcome, reason, origin=origin, method=method, **facts)
        self.audit.append(noted, visit.now)

    def _published(self, visit: Visit) -> Response:
        target = None if visit.query else read_path(visit.path)
        person, roster = self._facts.about(visit.session, visit.now.timestamp())
        made = decide(person, target, roster, visit.now)
        file = file_of(self.setup.site, target) if target else None
        named = self.named(target, file) or veiled(visit.path)
        allowed = self._methods.get(visit.path, _READING)
        reason = "no_such_file" if made.allow and file is None else made.reason.value
        reason = reason if visit.method in allowed else "method"
        shown = made.allow and file is not None and visit.method in allowed
        outcome, known = "allow" if shown else "deny", person.user if person else ""
        self.note(visit, "read", outcome, reason, user=known, object=named)
        if visit.method not in allowed:
            headers = {"Allow": ", ".join(allowed)}
            return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers=headers)
        if file is None or not shown:
            return pages.not_found()
        return self._file(visit, file, made.reason is Reason.SHARED_FILE)

    def named(self, target: Target | None, file: str | None) -> str:
        """What the log says of a target: its path when there is such a file, otherwise as much
        of it as is published, and empty when nothing is: what is made up may hold a name."""
        if target is None or file is not None:
            return target.path if target else ""
        folder = folder_of(self.setup.site, target)
        return f"{folder}/{veiled(target.rest.encode())}" if folder else ""

    def _file(self, visit: Visit, file: str, shared: bool) -> Response:
        keep = SHARED if shared else PRIVATE
        media = MEDIA.get(file.rsplit(".", 1)[1], "application/octet-stream")
        plain = is_plain(self.setup.site, file)
        if self.setup.proxied:
            # nginx drops other headers of this answer, and sets the security headers itself.
            named = {_NAMED: f"{INTERNAL if plain else INTERNAL_PACKED}{file}"}
            return Response(headers={"Cache-Control": keep, "Content-Type": media, **named})
        copy = packed_of(self.setup.site, file)
        as_copy = copy is not None and takes_packed(visit.request.headers)
        path = self.setup.site / (copy if copy and (as_copy or not plain) else file)
        try:
            facts = path.stat()
        except FileNotFoundError:
            return pages.not_found()
        keep_one_range(visit.request.scope, as_copy or not plain)
        server = StaticFiles(directory=self.setup.site, check_dir=False)
        response = server.file_response(path, facts, visit.request.scope)
        if unmet(visit.request.headers, response.headers["etag"], facts.st_mtime):
            return Response(status_code=HTTPStatus.PRECONDITION_FAILED)
        response.headers["Cache-Control"] = keep
        if copy:
            response.headers["Vary"] = "Accept-Encoding"
        if response.status_code == HTTPStatus.OK:
            response.headers["Content-Type"] = media
            if as_copy:
                response.headers["Content-Encoding"] = "gzip"
            elif not plain:
                return _unpacked(path, visit.method, response.headers)
        return response


def _unpacked(path: Path, method: str, headers: MutableHeaders) -> Response:
    """What a file that is kept packed alone holds, for a browser that does not accept it packed.
    Its tag is its own (RFC 9110, 8.8.3.3)."""
    data = gzip.decompress(path.read_bytes())
    names = ("Cache-Control", "Content-Type", "Last-Modified", "Vary")
    mine = {name: headers[name] for name in names}
    mine |= {"ETag": f'{headers["etag"][:-1]}-plain"', "Content-Length": str(len(data))}
    return Response(b"" if method == "HEAD" else data, headers=mine)


class Facts:
    """What the store says about people, read again as soon as anything in it has changed.

    Asked at every request, so that no change waits: only facts are kept, never a verdict.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state: tuple[int, int] | None = None
        self._people: dict[str, Person | None] = {}
        self._sessions: dict[str, sessions.Session] = {}
        self._roster: Roster | None = None

    def about(self, token: str, now: float) -> tuple[Person | None, Roster | None]:
        """Whose session a token is (None: nobody's) and the roster, both as of one state."""
        self._refresh()
        user = sessions.user_of(self._store, self._session(token), now)
        if user is None:
            return None, self._roster
        if user not in self._people:
            self._people[user] = accounts.person(self._store, user)
        return self._people[user], self._roster

    def _session(self, token: str) -> sessions.Session | None:
        """Of tokens that are nobody's, none is kept: there is no end of them."""
        known = self._sessions.get(token)
        if known is None and (known := sessions.find(self._store, token)) is not None:
            self._sessions[token] = known
        return known

    def _refresh(self) -> None:
        state = self._store.state()
        if state != self._state:
            self._people.clear()
            self._sessions.clear()
            self._roster, self._state = accounts.roster(self._store), state


def _methods_of(own: dict[tuple[str, bytes], Answer]) -> dict[bytes, list[str]]:
    """The methods that each path of our own pages takes; with GET, HEAD too."""
    found: dict[bytes, list[str]] = {}
    for method, path in own:
        found.setdefault(path, []).extend(_READING if method == "GET" else [method])
    return {path: sorted(methods) for path, methods in found.items()}


def _nothing_shown(why: str) -> Response:
    text = f"{why}, so nothing is shown. Tell the administrators."
    headers = {"Cache-Control": PRIVATE}
    return PlainTextResponse(text, HTTPStatus.SERVICE_UNAVAILABLE, headers)


_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT")


_LINES = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY.items())


def _secured(send: Send) -> Send:
    """Every answer leaves with the security headers."""

    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *_LINES]
        await send(message)

    return secured
