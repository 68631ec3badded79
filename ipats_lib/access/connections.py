"""The connections of the gateway's process: how many stay open, and for how long without a request.

granian answers requests and shows connections to nobody: one that sends nothing, or half a request,
reaches no app. So this looks at the sockets of the process itself, four times a second, and shuts
those that are too many or too slow; whoever has waited longest goes first. A reader's request takes
milliseconds: it is answered before it is the oldest.
"""

import asyncio
import os
import socket
import stat
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ipats_lib.access.settings import load_settings
from ipats_lib.access.throttle import place_of, unmapped

EVERY, FRESH = 0.25, 0.5
# Descriptors of the process that are no connection: store, log, libraries, the server's own.
RESERVED = 80
Peer = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Limits:
    """connections: open at once, in all; waiting: of one address without a completed request.

    seconds: how long one may be open before its first request is complete. exempt: addresses of
    trusted proxies, whose connections count only in all.
    """

    connections: int
    waiting: int
    seconds: float
    exempt: frozenset[str] = frozenset()

    @property
    def accepted(self) -> int:
        """What the server may accept between two looks: those over the limit are then shut."""
        return 2 * self.connections

    @property
    def descriptors(self) -> int:
        """What the process needs: accepted connections, a file for each, and its own."""
        return 3 * self.connections + RESERVED


def limits(exempt: frozenset[str] = frozenset()) -> Limits:
    """The limits of `params/access.csv`, as far as this process may open descriptors at all.

    The process' own limit is set to what they need, so that a look at all of them stays short.
    """
    import resource

    known = load_settings()
    wanted = Limits(known.connections, known.waiting_per_address, known.request_seconds, exempt)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    have = wanted.descriptors if most == resource.RLIM_INFINITY else min(most, wanted.descriptors)
    resource.setrlimit(resource.RLIMIT_NOFILE, (have, most))
    fitting = max(1, (have - RESERVED) // 3)
    return Limits(fitting, wanted.waiting, wanted.seconds, exempt)


@dataclass(slots=True)
class _Socket:
    """A socket of this process. peer: None for one that listens or is no connection.

    port: the local one, 0 where there is none. since: monotonic seconds.
    """

    number: int
    since: float
    port: int = 0
    peer: Peer | None = None
    listens: bool = False


@dataclass(slots=True)
class Connections:
    """The connections that browsers, or a proxy for them, opened to this process."""

    limits: Limits
    _sockets: dict[int, _Socket] = field(default_factory=dict)
    _answered: dict[Peer, float] = field(default_factory=dict)

    def answered(self, peer: Sequence[Any] | None) -> None:
        """A request of this connection was read to its end. peer: its far end, as ASGI has it."""
        if peer is not None:
            self._answered[peer[0], int(peer[1])] = time.monotonic()  # granian's port is a text

    async def watch(self) -> None:
        """Look, and shut what is over the limits, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            self.look(time.monotonic())

    def look(self, now: float) -> int:
        """Shut what is too many or too slow at this moment; returns how many those were."""
        self._sockets = self._found(now)
        ports = {one.port for one in self._sockets.values() if one.listens}
        opened = {one.peer: one for one in self._sockets.values() if one.peer and one.port in ports}
        self._answered = {peer: at for peer, at in self._answered.items() if peer in opened}
        over = self._over(opened, now)
        for peer in over:
            _shut(opened[peer])
        return len(over)

    def _over(self, opened: Mapping[Peer, _Socket], now: float) -> list[Peer]:
        """Whose connections are to be shut."""
        limits = self.limits
        waiting: dict[str, list[Peer]] = {}
        for peer in sorted(opened, key=lambda peer: opened[peer].since):
            if peer not in self._answered and unmapped(peer[0]) not in limits.exempt:
                waiting.setdefault(place_of(peer[0]), []).append(peer)
        slow = {
            peer
            for peers in waiting.values()
            for after, peer in enumerate(reversed(peers))
            if after >= limits.waiting or now - opened[peer].since > limits.seconds
        }
        # In all: first those that wait, then those whose last request is longest ago; none that
        # came a moment ago, or a full house would shut out whoever is about to ask.
        rest = [peer for peer in opened if peer not in slow and opened[peer].since <= now - FRESH]
        rest.sort(key=lambda peer: (self._answered.get(peer, 0.0), opened[peer].since))
        many = len(opened) - len(slow) - limits.connections
        return [*slow, *rest[: max(0, many)]]

    def _found(self, now: float) -> dict[int, _Socket]:
        """Every socket of the process by its inode: numbers are used again.

        Nothing is opened to find them: there may be no descriptor left.
        """
        found = {}
        for number in range(3, self.limits.descriptors):
            try:
                facts = os.fstat(number)
            except OSError:
                continue
            if stat.S_ISSOCK(facts.st_mode):
                known = self._sockets.get(facts.st_ino)
                found[facts.st_ino] = known or _looked_at(number, now)
        return found


def _looked_at(number: int, now: float) -> _Socket:
    """What a socket is; one that goes away meanwhile is no connection."""
    try:
        opened = socket.socket(fileno=number)
    except OSError:
        return _Socket(number, now)
    try:
        if opened.family not in (socket.AF_INET, socket.AF_INET6):
            return _Socket(number, now)
        port = opened.getsockname()[1]
        if opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return _Socket(number, now, port, listens=True)
        return _Socket(number, now, port, _far(opened))
    except OSError:
        return _Socket(number, now)
    finally:
        opened.detach()


def _far(opened: socket.socket) -> Peer:
    address, port = opened.getpeername()[:2]
    return address.partition("%")[0], port


def _shut(link: _Socket) -> None:
    """End a connection, if it is still the one; the server then reads its end and closes it."""
    with suppress(OSError):
        opened = socket.socket(fileno=link.number)
        try:
            if _far(opened) == link.peer:
                opened.shutdown(socket.SHUT_RDWR)
        finally:
            opened.detach()
