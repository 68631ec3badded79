"""Requests that no browser sends by itself, generated from a seed, and made by hand.

Each is the bytes of a whole request. None of them is a plain path of a published file asked for by
one who may read it, so that none may be answered with a published byte.
"""

# ruff: noqa: E501  # lists of odd texts are clearer unbroken

import random
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

DOTS = ("..", ".", "...", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..;", "..%00", "..%5c", "%c0%ae%c0%ae",
        "%uff0e%uff0e", "．．", "․․", "..\\", ".. ", "%2e%2e%2f", "..%2f", "..%252f")  # fmt: skip
SLASHES = (
    "/",
    "//",
    "/./",
    "\\",
    "%2f",
    "%2F",
    "%5c",
    "%252f",
    "%c0%af",
    "∕",
    "／",
    "/;/",
    "/%2e/",
    "///",
)
TAILS = ("", "/", "//", ".", "%00", "%00.html", "%20", "?", "?x=1", ";x", "#x", "%", "%2", "~", ".bak",
         "%0d%0aX-A:%201", "/.", "/..", "\\", "::$DATA", "%09", "*", "?/../x", "&", "%23")  # fmt: skip
HEADERS = ("X-Original-URI", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Path",
           "X-Forwarded-Prefix", "X-Accel-Redirect", "X-Sendfile", "X-Forwarded-User", "Remote-User",
           "X-Remote-User", "X-Real-IP", "X-Forwarded-For", "Forwarded", "X-HTTP-Method-Override",
           "X-Forwarded-Host", "X-Authenticated-User", "X-Script-Name")  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "OPTIONS", "PROPFIND", "get", "GET ", "TRACE", "COPY", "X")
RANGES = ("bytes=0-", "bytes=0-0,1-1", "bytes=-1", "bytes=0-18446744073709551616", "bytes=a-b",
          "bytes=5-1", "items=0-1", "bytes=" + "0-0," * 200 + "1-1", "bytes=,", "bytes=--1")  # fmt: skip


def by_hand(path: str, cookie: str) -> Iterator[bytes]:
    """Requests about one file, each known from some server's history."""
    for tail in TAILS[1:]:
        yield request(path + tail, cookie)
    for name in HEADERS:
        yield request("/", cookie, f"{name}: {path}\r\n")
        yield request("/PY2024Q4/none/index.html", cookie, f"{name}: {path}\r\n")
    yield request("http://127.0.0.1" + path + "?", cookie)
    yield request("//127.0.0.1" + path, cookie)
    yield request(quote(path, safe=""), cookie)
    yield request("/" + quote(path, safe=""), cookie)
    yield request("/_ipats_files" + path, cookie)
    yield request("/_ipats_packed" + path, cookie)
    yield request("/%5fipats_files" + path, cookie)
    yield request("//_ipats_files" + path, cookie)
    yield request("/x/../_ipats_files" + path, cookie)
    yield request("/_static/../" + path, cookie)
    yield request("/_static/..%2f" + path[1:], cookie)
    yield request("/.ipats/releases" + path, cookie)
    yield request(path.replace("PY", "py"), cookie)
    yield request(path.replace("index", "INDEX"), cookie)
    yield request(path.replace("/", "\\"), cookie)


def request(path: str, cookie: str = "", more: str = "", method: str = "GET") -> bytes:
    """The bytes of a request; nothing in it is corrected."""
    text = f"{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{cookie}{more}\r\n"
    return text.encode("utf-8", "surrogateescape")


def generated(random_: random.Random, path: str, other: str, cookie: str) -> bytes:
    """One mangled request about `path`; `other` is a file that the asker may read."""
    text, more = random_.choice(_MANGLERS)(random_, path, other), ""
    if random_.random() < 0.3:
        text = _encoded(random_, text)
    if random_.random() < 0.3:
        more += f"{random_.choice(HEADERS)}: {random_.choice((path, 'state1', '127.0.0.1'))}\r\n"
    if random_.random() < 0.2:
        more += f"Range: {random_.choice(RANGES)}\r\n"
    method = random_.choice(METHODS) if random_.random() < 0.2 else "GET"
    return request(text, cookie, more, method)


def _climb(random_, path, other):
    """From a folder that may be read, up, and down again into one that may not."""
    folder = other.rsplit("/", 1)[0]
    ups = [random_.choice(DOTS) for _ in range(folder.count("/"))]
    slash = random_.choice(SLASHES)
    return folder + slash + slash.join(ups) + slash + path.lstrip("/")


def _slashes(random_, path, _):
    return "".join(
        random_.choice(SLASHES) if c == "/" and random_.random() < 0.4 else c for c in path
    )


def _tail(random_, path, _):
    return path + random_.choice(TAILS) + random_.choice(TAILS)


def _case(random_, path, _):
    return "".join(c.swapcase() if random_.random() < 0.3 else c for c in path)


def _look_alike(random_, path, _):
    alike = {
        "a": "а",
        "e": "ｅ",
        "i": "ı",
        "0": "０",
        "1": "１",
        "7": "٧",
        "s": "ſ",
        "/": "⁄",
        ".": "。",
    }
    return "".join(alike.get(c, c) if random_.random() < 0.3 else c for c in path)


def _noise(random_, path, _):
    place = random_.randrange(len(path))
    return (
        path[:place]
        + random_.choice(("\0", "%", "\x7f", "\\", "|", "é", "%ff", ";", "..", "\t"))
        + path[place:]
    )


def _prefix(random_, path, other):
    first = random_.choice(("/.", "/x/..", "http://h", "https://h:1", "//h", "/_static/..", "/_static", "*",
                            "/.ipats/releases", "/_ipats_files", "/.", other, other + "?", other + "/..",
                            "/login/..", "/login", "/open/..", "/help"))  # fmt: skip
    return first + path


def _ids(random_, path, _):
    """Other people's identifiers, and such that are none."""
    ids = (
        "1001",
        "1042",
        "0",
        "-1",
        "07",
        "1001%20",
        "1001'--",
        "*",
        "1001,1002",
        "..",
        "1e3",
        "A",
    )
    return f"/PY2024Q4/lwia/{random_.choice(ids)}/planner/{random_.choice(ids)}/{path.rsplit('/', 1)[1]}"


_MANGLERS = (_climb, _slashes, _tail, _case, _look_alike, _noise, _prefix, _ids)


def _encoded(random_, text):
    """Some letters percent-encoded, once or twice."""
    found = []
    for letter in text:
        if random_.random() < 0.15:
            code = "".join(f"%{byte:02x}" for byte in letter.encode("utf-8", "surrogateescape"))
            letter = code.replace("%", "%25") if random_.random() < 0.3 else code
        found.append(letter)
    return "".join(found)


@dataclass(frozen=True)
class Framed:
    """Bytes that are `requests` requests to a sound reader, and more to one that miscounts.

    What must never be read as a request of its own asks for another's page from FORGED.
    """

    bytes: bytes
    requests: int = 1


FORGED = "198.51.100.66"
CHUNKED = ("chunked", "Chunked", " chunked", "chunked ", "\tchunked", "xchunked", "chunked, identity",
           "identity, chunked", "gzip, chunked", "chunked;q=1", "\x0bchunked", "chunked\r\n ", ",chunked", "identity")  # fmt: skip
TE_NAMES = ("Transfer-Encoding", "transfer-encoding", "Transfer-Encoding ", "Transfer_Encoding", "X\r\n Transfer-Encoding",
            " Transfer-Encoding", "Transfer-Encoding\t", "X: y\rTransfer-Encoding")  # fmt: skip
LENGTHS = (
    "{0}",
    "+{0}",
    " {0}",
    "{0} ",
    "0{0}",
    "0x{0:x}",
    "{0}, {0}",
    "0, {0}",
    "-1",
    "0",
    "4",
    "{0}.0",
    "{0};",
    "9" * 25,
)


def framing(cookie: str, path: str) -> tuple[Framed, ...]:
    """By hand: where one reader's body is the other's next request; and honest pipelining."""
    inner = f"GET {path} HTTP/1.1\r\nHost: h\r\nX-Real-IP: {FORGED}\r\n{cookie}\r\n"
    chunk = f"{len(inner):x}\r\n{inner}\r\n0\r\n\r\n"
    size, ended = f"Content-Length: {len(inner)}\r\n", f"0\r\n\r\n{inner}"
    te, more = "Transfer-Encoding: chunked\r\n", f"Content-Length: {len(ended)}\r\n"
    heads = [
        (te, chunk), (te + size, chunk), (size + te, chunk), ("Content-Length: 4\r\n" + te, chunk),
        (te + "Content-Length: 4\r\n", chunk), (more + te, ended), (te + more, ended),
        ("Transfer-Encoding: identity\r\n" + te, chunk), (te + te, chunk), ("X: a\r\n " + te + size, inner),
        ("Transfer-Encoding:\r\n chunked\r\n", chunk), ("Content-Length:\r\n 0\r\n" + size, inner),
        ("Content-Length: 0\r\n" + size, inner), (size, inner), ("Expect: 100-continue\r\n" + size, inner),
        ("Connection: Content-Length\r\n" + size, inner), ("Connection: Transfer-Encoding\r\n" + te, chunk),
        ("Trailer: Content-Length\r\n" + te, "1\r\nx\r\n0\r\nContent-Length: 9\r\n\r\n"),
        (te, chunk.replace("\r\n0", "\n0")), (te, f"{len(inner):x};{'x' * 50}\r\n{inner}\r\n0\r\n\r\n"),
        (te, f"ffffffffffffffff{len(inner):x}\r\n{inner}\r\n0\r\n\r\n"),
    ]  # fmt: skip
    found = [
        Framed(
            f"{m} {where} HTTP/1.{v}\r\nHost: h\r\nConnection: close\r\n{head}\r\n{body}".encode()
        )
        for head, body in heads
        for m, where, v in (("POST", "/login", 1), ("GET", "/", 1), ("POST", "/login", 0))
    ]
    kept = "GET /help HTTP/1.1\r\nHost: h\r\n\r\n"
    last = "GET /help HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    found += [Framed((kept * n + last).encode(), n + 1) for n in (1, 2, 20)]
    return (*found, Framed((last + inner).encode()))


def framed(random_: random.Random, cookie: str, path: str) -> Framed:
    """One request whose end two readers may see in different places."""
    inner = f"GET {path} HTTP/1.1\r\nHost: h\r\nX-Real-IP: {FORGED}\r\n{cookie}\r\n"
    body = random_.choice(
        (
            inner,
            f"{len(inner):x}\r\n{inner}\r\n0\r\n\r\n",
            f"0\r\n\r\n{inner}",
            f"1\r\nx\r\n0\r\n\r\n{inner}",
        )
    )
    lines = [
        f"{random_.choice(TE_NAMES)}: {random_.choice(CHUNKED)}"
        for _ in range(random_.randrange(3))
    ]
    size = random_.choice((len(body), len(inner), len(body) - len(inner)))
    lines += [
        f"Content-Length: {random_.choice(LENGTHS).format(size)}"
        for _ in range(random_.randrange(3))
    ]
    random_.shuffle(lines)
    end = random_.choice(("\r\n", "\r\n", "\r\n", "\n"))
    head = "".join(line + end for line in [*lines, "Host: h", "Connection: close"])
    first = random_.choice(("POST /login", "GET /", "PUT /login", "HEAD /help", "POST /queue"))
    return Framed(f"{first} HTTP/1.{random_.choice('1110')}\r\n{head}\r\n{body}".encode())
