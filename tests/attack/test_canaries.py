"""F3: marks in the extract, per customer, row and planner, searched for in all that a role fetches.

Every customer id, every wage, every planner's name, and of every row one date that the frame
`elements` alone has, is one that stands nowhere else. Who may see it is read from the extract
here, row by row; what a role fetches is unpacked first: entities, JSON, archives, base64 and gzip
inside. Before that the same marks are searched for in the frames that a run is given, and in the
memory of its process.
"""

import base64
import binascii
import csv
import gzip
import html
import io
import json
import random
import re
import socket
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from ipats_lib.periods import Period
from ipats_lib.publishing.execute import Job
from ipats_lib.publishing.workers import local_workers, run_jobs
from ipats_lib.report.data import StateData
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import open_snapshot
from tests.access import servers
from tests.access.oracle import may_read
from tests.access.servers import Place
from tests.access.test_matrix import files
from tests.attack.planted import AT, BOARDS, Planted, board
from tests.conftest import once
from tests.engine.conftest import code, notebook
from tests.engine.test_clean import CANARY, SEARCH, found

AREAS = ("01", "02", "07")
WAGES = ("1703", "1704", "1705", "1706")
DATE = "1406"  # of `elements`, and of no other frame: no page shows it but a roster's file
USERS = ("", "state1", "state5", "admin01", "admin02", "admin07b", "admin10b",
         "planner1001", "planner1002", "planner1007", "planner1008", "moved1001")  # fmt: skip
MARK = re.compile(rb"zq[a-z]{10}")
NAMED = re.compile(rb"Zq[a-z]{9} Vex[a-z]{7}")
DAY = re.compile(rb"(?<!\d)19[0-3]\d-\d\d-\d\d(?!\d)")
AMOUNT = re.compile(rb"(?<![\d.,])\d{1,3}(?:,\d{3})+\.\d\d(?!\d)|(?<![\d.,])\d{4,}\.\d\d(?!\d)")
OWN = ("/", "/help", "/queue", "/usage", "/login", "/request", "/open?period=PY2024Q4&lwia=02")
Owners = dict[str, set[tuple[str, str]]]


def letters(random_: random.Random, count: int) -> str:
    return "".join(random_.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(count))


def marked(state: Planted) -> tuple[Planted, Owners]:
    """The extract with its marks, and in which folders each may stand ((LWIA, planner) pairs)."""
    random_, ids, owners = random.Random(17), {}, defaultdict(set)
    state.rename_customers(lambda c: ids.setdefault(c, f"zq{letters(random_, 10)}"))
    homes = {row["planner_id"]: row["lwia"] for row in state.tables["planner"]}
    for row in state.tables["planner"]:
        row["name"] = f"Zq{letters(random_, 9)} Vex{letters(random_, 7)}"
        owners[row["name"]] |= {(row["lwia"], ""), (row["lwia"], row["planner_id"])}
    met = defaultdict(set)
    for table in ("assignment", "service", "case_note"):
        for row in state.tables[table]:
            met[row["customer"]].add(row["planner_id"])
    cents = iter(random_.sample(range(400_000, 2_000_000), 4 * len(state.pirl)))
    days = iter(random_.sample(range(14_000), len(state.pirl)))
    for row in state.pirl:
        day = date(1900, 1, 1) + timedelta(next(days))
        row[AT[DATE]] = f"{day:%Y%m%d}"
        areas = {lwia for lwia in AREAS if board(lwia) in {row[AT[name]] for name in BOARDS}}
        seen = {(lwia, "") for lwia in areas}
        customer = row[AT["100"]]
        seen |= {(homes[p], p) for p in met[customer] if homes.get(p) in areas}
        owners[customer] |= seen
        owners[day.isoformat()] |= seen
        for element in WAGES:
            if float(row[AT[element]] or 0) > 0 and "999999" not in row[AT[element]]:
                wage = next(cents)
                row[AT[element]] = f"{wage // 100}.{wage % 100:02}"
                owners[row[AT[element]]] |= seen
    return state, dict(owners)


@pytest.fixture(scope="module")
def canaries(shared, extract) -> tuple[Path, Owners]:
    state, owners = marked(Planted(extract, AREAS))
    only = ("state", *(f"lwia/{lwia}" for lwia in AREAS))
    return once(shared, "canaries", lambda f: state.published(f, *only) and None) / "site", owners


def unpacked(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """The bytes, and all that is packed inside them."""
    yield data
    if depth > 4:
        return
    for inner in _inside(data):
        yield from unpacked(inner, depth + 1)


def _inside(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            for name in book.namelist():
                yield from (name.encode(), book.read(name))
        return
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
        return
    if data.startswith((b"\x78\x9c", b"\x78\xda", b"\x78\x01")):
        with suppress(zlib.error):
            yield zlib.decompress(data)
    text = data.decode("utf-8", "replace")
    for other in (html.unescape(text), unquote(text)):
        if other != text:
            yield other.encode()
    for script in re.findall(r"<script[^>]*json[^>]*>(.*?)</script>", text, re.S):
        yield json.dumps(json.loads(script), ensure_ascii=False).encode()
    for run in set(re.findall(r"[A-Za-z0-9+/]{40,}={0,2}|[A-Za-z0-9_-]{40,}={0,2}", text)):
        try:
            yield base64.b64decode(run.replace("-", "+").replace("_", "/") + "===")
        except binascii.Error:
            continue


def bodies(port: int, paths: list[str], cookie: str) -> Iterator[bytes]:
    """Head and body of one answer per path; nginx takes a thousand requests a connection."""
    for first in range(0, len(paths), 500):
        yield from over_one(port, paths[first : first + 500], cookie)


def over_one(port: int, paths: list[str], cookie: str) -> Iterator[bytes]:
    with socket.create_connection(("127.0.0.1", port), 20) as link, link.makefile("rb") as answers:
        for path in paths:
            link.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n{cookie}\r\n".encode())
            head, size = b"", 0
            while (line := answers.readline()) not in (b"\r\n", b""):
                head += line
                if line.lower().startswith(b"content-length:"):
                    size = int(line[15:])
            yield head
            yield answers.read(size)


KNOWN: dict[bytes, set[str]] = {}  # what a body holds is the same from either server


def found_in(parts: Iterator[bytes], known: dict[bytes, set[str]]) -> set[str]:
    """Every mark in the bytes or in what they hold. `known` remembers bodies met before."""
    found: set[str] = set()
    for part in parts:
        if part not in known:
            texts = list(unpacked(part))
            rules = (MARK, NAMED, DAY)
            marks = {m.decode() for t in texts for rule in rules for m in rule.findall(t)}
            wages = {m.decode().replace(",", "") for t in texts for m in AMOUNT.findall(t)}
            known[part] = marks | wages
        found |= known[part]
    return found


def medians(site: Path) -> set[str]:
    """Medians that are published of every area to everyone: one may be somebody's own wage."""
    found = set()
    for path in (site / "PY2024Q4").rglob("figures.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["measure"] == "ME" and row["value"] and row["area_type"] != "planner":
                    found.add(f"{float(row['value']):.2f}")
    return found


def entitled(rows, user: str, folders: set[tuple[str, str]]) -> bool:
    paths = [
        f"/PY2024Q4/lwia/{lwia}" + (f"/planner/{planner}" if planner else "") + "/index.html"
        for lwia, planner in folders
    ]
    return any(may_read(rows, user, path) for path in paths)


@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_f3_no_mark_of_the_extract_leaves_its_scope(own_place, canaries, rows, start):
    site, owners = canaries
    place = Place(own_place.folder, site)
    told = medians(site)
    marks = {mark: folders for mark, folders in owners.items() if mark not in told}
    paths = [*OWN, *files(site), *(f"/_static/{p.name}" for p in (site / "_static").iterdir())]
    checks, outside, seen = 0, [], {}
    with start(place) as port:
        for user in USERS:
            seen[user] = found_in(bodies(port, paths, place.cookie(user)), KNOWN)
            for mark, folders in marks.items():
                checks += 1
                if mark in seen[user] and not entitled(rows, user, folders):
                    outside.append((user, mark))
    inside = sum(len(found & marks.keys()) for found in seen.values())
    print(
        f"F3: {checks} checks of {len(marks)} ids, names, dates and wages as {len(USERS)} roles, "
        f"{len(outside)} outside their scope, {inside} inside it"
    )
    assert outside == []
    assert checks >= 10_000
    present(seen, marks)
    # A planner may see no wage: an amount is a median, or its bound, of ten wages or more.
    own = {m for m, folders in marks.items() if ("01", "1001") in folders and is_wage(m)}
    assert own & seen["planner1001"] <= medians_of_many(site / "PY2024Q4/lwia/01/planner/1001")


def is_wage(mark: str) -> bool:
    return re.fullmatch(r"\d+\.\d+", mark) is not None


def medians_of_many(folder: Path) -> set[str]:
    """Every amount in a planner's files on a line of ten wages or more."""
    found = set()
    for path in folder.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if (
                    row.get("measure") == "ME"
                    and int(row.get("denominator", "").strip("*") or 0) >= 10
                ):
                    cells = (cell for cell in row.values() if re.fullmatch(r"\d+\.\d+", cell))
                    found |= {f"{float(cell):.2f}" for cell in cells}
    return found


def present(seen, marks) -> None:
    """What a page shows is there: a search that found nothing would find nothing wrong."""

    def share(user, kind, folder):
        own = {m for m, folders in marks.items() if folder in folders and re.match(kind, m)}
        return len(own & seen[user]) / len(own)

    for user, folder in (
        ("admin01", ("01", "")),
        ("admin02", ("02", "")),
        ("planner1001", ("01", "1001")),
    ):
        assert share(user, "zq", folder) > 0.5, user
        # The file beside a roster has a row's elements where the row is in that measure's cohort.
        assert share(user, r"19\d\d-", folder) > 0.05, user
    for user, folder in (("admin01", ("01", "")), ("admin02", ("02", ""))):
        # Of four wages a row, the pages show that of the second quarter, of one year's leavers.
        assert share(user, r"\d+\.", folder) > 0.05, user
    assert share("admin01", "Zq", ("01", "")) == 1
    assert {m for m in seen[""] if not is_wage(m)} == set()


def test_the_search_sees_what_is_packed():
    inner = b"<p>zqabcdefghij &amp; $12,345.67</p>"
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as file:
        file.writestr("a.xml", gzip.compress(inner))
    packed = (
        book.getvalue(), gzip.compress(inner), b"x " + base64.b64encode(gzip.compress(inner)),
        b'<script type="application/json">{"a": "\\u007aqabcdefghij $12,345.67"}</script>',
        b"&#122;qabcdefghij 12345.67",
    )  # fmt: skip
    for data in packed:
        assert found_in(iter([data]), {}) == {"zqabcdefghij", "12345.67"}, data


@pytest.fixture(scope="module")
def marked_state(canaries) -> StateData:
    site, _ = canaries
    [kept] = (file.parent for file in (site.parent / "store").glob("*/snapshot.json"))
    return StateData(open_snapshot(kept), Period.parse("PY2024Q4"))


def own_marks(owners: Owners, scope: Scope) -> set[str]:
    """The marks that may stand in a scope's folder; the state's lists nobody."""
    return {mark for mark, folders in owners.items() if (scope.lwia, scope.planner) in folders}


def test_the_elements_of_a_scope_hold_no_mark_of_another(canaries, marked_state):
    """In their very bytes, which are all that a run of a notebook is given; and no wage where its
    readers may see none."""
    _, owners = canaries
    days = 0
    known = [s for s in marked_state.snapshot.scopes() if s == STATE or s.lwia in AREAS]
    for scope in known:  # of which `owners` says whose a mark is
        data = marked_state.slice(scope).files["elements.arrow"]
        every = {mark for mark in owners if mark.encode() in data}  # nothing parts its texts
        wages = {mark for mark in every if is_wage(mark)}
        assert every <= own_marks(owners, scope), scope
        assert wages <= (own_marks(owners, scope) if scope.kind == "lwia" else set()), scope
        days += len(every - wages)
        assert every or scope.kind != "lwia", scope
    assert days > 100


def test_planners_beside_each_other_are_named_to_their_own_lwia_alone(canaries, marked_state):
    """No planner's run, and not the state's, is given another planner's name or figure."""
    _, owners = canaries
    named = {mark for mark in owners if NAMED.fullmatch(mark.encode())}
    known = [s for s in marked_state.snapshot.scopes() if s == STATE or s.lwia in AREAS]
    for scope in known:
        data = marked_state.slice(scope).files["planner_figures.arrow"]
        found = {name for name in named if name.encode() in data}
        own = {name for name in named if (scope.lwia, "") in owners[name]}
        assert found <= (own if scope.kind == "lwia" else set()), scope
        assert scope.kind != "lwia" or len(found) > len(own) / 2, scope
        assert not {mark for mark in owners if mark.encode() in data and not NAMED.fullmatch(
            mark.encode()) and not is_wage(mark)}, scope  # fmt: skip
        rows = len(marked_state.slice(scope).frame("planner_figures"))
        assert (rows > 0) == (scope.kind == "lwia"), scope


USE_ELEMENTS = """
from ipats_lib.report import open_report
mine = open_report(snapshot, scope, period).elements
print(len(mine), *mine["1406"])
"""


@pytest.mark.xdist_group("workers")
def test_a_notebook_finds_the_elements_of_its_own_scope_alone(canaries, marked_state):
    """In its memory, its descriptors and its files, one scope after the other in two workers. What
    the first of all finds, the state's, whose frame is empty, is in the libraries."""
    _, owners = canaries
    search = SEARCH.replace(CANARY, 'rb"(19[0-3][0-9]-[0-9]{2}-[0-9]{2})"')
    assert search != SEARCH
    parameters = code("scope = period = snapshot = ''", "parameters")
    made = notebook(parameters, USE_ELEMENTS, search)
    made.metadata["ipats"] = {"data": ["elements"]}
    planner = next(s for s in marked_state.snapshot.scopes() if s.planner == "1001")
    jobs = []
    for scope in (STATE, Scope("01"), Scope("02"), planner, Scope("07")):
        files = marked_state.slice(scope).files
        data = {name: files[name] for name in ("about.json", "elements.arrow")}
        jobs.append((scope, Job(scope.path, scope.path, "PY2024Q4", nbformat.writes(made), data)))
    with local_workers(2) as pool:
        told = dict(run_jobs(pool, jobs[:1]))
        told |= dict(run_jobs(pool, jobs[1:]))
    known = found(told.pop(STATE))["memory"]
    days = {mark for mark in owners if DAY.fullmatch(mark.encode())} - known
    assert len(known) < 200
    for scope in told:
        seen = {kind: marks & days for kind, marks in found(told[scope]).items()}
        assert seen["memory"] <= own_marks(owners, scope), scope
        assert seen["memory"], scope
        assert seen["files"] <= own_marks(owners, scope), scope
        assert not seen["descriptors"], scope
