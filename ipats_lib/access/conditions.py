"""What a request asks of a file beyond the file: where Starlette's answer would not be nginx's."""

import re
from email.utils import parsedate
from time import gmtime

from starlette.datastructures import Headers
from starlette.types import Scope

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
