"""F5: hostile values in every cell that an extract allows, on every page and in every download.

The pages are opened in Debian's chromium through the gateway, with its real policy: no dialog, no
script of the data, no report of the policy, no error. The downloads hold no live formula and
no line of the data's own making. (A line break or a control character in a cell is no cell: such an
extract is refused whole, see tests/extract.)
"""

# ruff: noqa: E501  # lists of odd texts are clearer unbroken

import csv
import html
import io
import re
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

import icalendar
import pytest
from playwright.sync_api import sync_playwright

from tests.access import servers
from tests.access.servers import Place
from tests.attack.planted import AT, BOARDS, ELEMENTS, Planted
from tests.conftest import once
from tests.end_to_end.test_browser import FLAGS

RUN = "window.ran=(window.ran||0)+1"
VALUES = (
    f"</script><script>{RUN}</script>", f"<img src=x onerror={RUN}>", f'"><svg onload="{RUN}">',
    f"'><body onload='{RUN}'>", f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f'" autofocus onfocus="{RUN}" x="', f"javascript:{RUN}", f"</style><script>{RUN}</script>",
    f"--><script>{RUN}</script>", f"]]><script>{RUN}</script>", "<style>@import'//e.example'</style>",
    "<base href='//e.example/'>", "<meta http-equiv=refresh content='0;//e.example'>",
    f"<a href='javascript:{RUN}'>x</a>", f"</textarea></title><script>{RUN}</script>",
    "=HYPERLINK(\"//e.example\",\"x\")", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1+1",
    "\uff1d1+1", "%0a=1", "x\\nBEGIN:VALARM\\nACTION:X", "x;ATTACH=http://e.example:y",
    "datum.x", "datum['x']", f"toString.constructor('{RUN}')()", "{\"expr\":\"1\"}", "{\"signal\":\"width\"}",
    "a.b[0]", "[[1]]", "{{7*7}}", "${7*7}", "<%= 7 %>", "#{7*7}", f"`{RUN}`", f"\\u003cscript>{RUN}",
    f"&lt;script&gt;{RUN}", f"\\');{RUN}//", f"';{RUN};'", "\u202egnp", "\u2028x\u2029", "Ünï ✓ \U0001f600",
    "\ufeffx", "../../etc/passwd", "//e.example/x", "O'Brien \"Q\" & <b>",
)  # fmt: skip
# Read by the rules to place a row in an area and a time: left as they are, so that rows are shown.
KEPT = {"OBS", "100", *BOARDS}
NUMBER = re.compile(r"-?[0-9][0-9.,eE+-]*%?")


# Names of planners in the short tier: their pages take most of the time.
SHORT = (0, 2, 15, 24)


def site_of(shared: Path, extract: Path, names: Sequence[str]) -> Path:
    """LWIA 01 of an extract full of the values, published once, with a planner of each name."""

    def make(folder: Path) -> None:
        _poisoned(Planted(extract, ["01"]), names).published(folder, "lwia/01")

    return once(shared, f"hostile{len(names)}", make) / "site"


@pytest.fixture(scope="module")
def hostile_site(shared, extract) -> Path:
    return site_of(shared, extract, [VALUES[number] for number in SHORT])


def _poisoned(state: Planted, names: Sequence[str]) -> Planted:
    """Every text a value; of PIRL's other columns few, so that rows stay sound."""
    ids: dict[str, str] = {}
    state.rename_customers(
        lambda c: ids.setdefault(c, f"{VALUES[len(ids) % len(VALUES)]}~{len(ids)}")
    )
    turn = 0
    for number, row in enumerate(state.pirl):
        for element in ELEMENTS:
            turn += 1
            often = 5 if element.type == "text" else 97
            if element.number not in KEPT and not (number + turn) % often:
                row[AT[element.number]] = VALUES[turn % len(VALUES)]
    for table, columns in (
        ("service", ("title", "provider", "enrolment", "service_code")),
        ("case_note", ("type",)), ("application", ("status",)), ("assignment", ("enrolment",)),
    ):  # fmt: skip
        for row in state.tables[table]:
            for column in columns:
                turn += 1
                row[column] = VALUES[turn % len(VALUES)]
    _planners(state, names)
    return state


def _planners(state: Planted, names: Sequence[str]) -> None:
    """A planner of each name; half of the customers are the first one's, the others in turn."""
    ids = [f"p{number}" for number in range(len(names))]
    state.tables["planner"] = [
        {"planner_id": planner, "lwia": "01", "name": name, "active": "1"}
        for planner, name in zip(ids, names, strict=True)
    ]
    for table in ("assignment", "service", "case_note"):
        for turn, row in enumerate(state.tables[table]):
            row["planner_id"] = "p0" if turn % 2 else ids[turn // 2 % len(ids)]


ROW = {
    "worknet_user": "admin01", "iwds_user": "iw1", "role": "lwia_admin", "lwia": "01",
    "planner_id": "", "worknet_status": "active", "iwds_status": "active", "in_group": "1",
    "linked_on": "20240102",
}  # fmt: skip
WATCH = """
window.reports = [];
addEventListener('securitypolicyviolation', e => reports.push(e.violatedDirective + ' ' + e.blockedURI));
"""


def pages_of(site: Path, planners: int) -> list[str]:
    """The LWIA's own pages, and those of its first planners."""
    folder = site / "PY2024Q4/lwia/01"
    own = [
        path for path in folder.rglob("*.html") if "planner" not in path.relative_to(folder).parts
    ]
    theirs = [
        path
        for number in range(planners)
        for path in (folder / f"planner/p{number}").rglob("*.html")
    ]
    pages = [
        path for path in sorted([*own, *theirs]) if 'http-equiv="refresh"' not in path.read_text()
    ]
    return [f"/PY2024Q4/{path.relative_to(site / 'PY2024Q4')}" for path in pages]


def opened(port: int, paths: list[str], cookie: str) -> tuple[int, int, list[str]]:
    """(places of a value that a reader sees, charts drawn, everything that ought not to happen)."""
    wrong, places, charts = [], 0, 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        headers = {"Cookie": cookie.removeprefix("Cookie: ").strip()}
        page = browser.new_context(extra_http_headers=headers).new_page()
        page.add_init_script(WATCH)
        page.on("dialog", lambda d: (wrong.append(f"dialog {d.message}"), d.dismiss()))
        page.on("pageerror", lambda e: wrong.append(f"error {e}"))
        page.on("console", lambda m: m.type == "error" and wrong.append(m.text))
        page.on("request", lambda r: ours(r.url, port) or wrong.append(r.url))
        page.on("popup", lambda p: wrong.append("popup"))
        for path in paths:
            answer = page.goto(f"http://127.0.0.1:{port}{path}")
            assert answer.status == 200, path
            for chart in page.locator("figure.chart").all():
                drawn = chart.locator("svg").first  # of a tab that is not chosen, too
                drawn.wait_for(timeout=15000, state="attached")
                if chart.is_visible():
                    chart.hover()
                charts += 1
            said = page.evaluate("[window.ran || 0, window.reports, document.body.innerText]")
            wrong += [f"{path}: {told}" for told in (said[0], *said[1]) if told]
            wrong += [path for _ in range(page.locator("figure.failed").count())]
            places += seen(page.content())
        browser.close()
    return places, charts, wrong


def ours(url: str, port: int) -> bool:
    return url.startswith((f"http://127.0.0.1:{port}/", "data:", "blob:"))


def seen(text: str) -> int:
    """How many of the values a page shows, read as text."""
    plain = html.unescape(re.sub(r"\s+", " ", text))
    return sum(re.sub(r"\s+", " ", value).strip() in plain for value in VALUES)


def cells(name: str, data: bytes) -> list[str]:
    """Every cell of a download that a spreadsheet would read; a live formula is an error here."""
    if name.endswith(".csv"):
        text = data.decode("utf-8-sig")
        return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert not [n for n in book.namelist() if "external" in n.lower() or "vba" in n.lower()]
        parts = {n: book.read(n).decode() for n in book.namelist()}
    assert not any(re.search(r"<f[ >/]|<hyperlink|TargetMode", text) for text in parts.values()), (
        name
    )
    return [
        html.unescape(found)
        for found in re.findall(r"<t[^>]*>([^<]*)</t>", parts["xl/sharedStrings.xml"])
    ]


def live(name: str, cell: str) -> bool:
    """Whether a spreadsheet would run a cell. In XLSX a text stays a text."""
    if name.endswith(".xlsx") or NUMBER.fullmatch(cell):
        return False
    return cell.lstrip(" \ufeff").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def calendar_is_plain(data: bytes) -> bool:
    found = icalendar.Calendar.from_ical(data)
    kinds = {part.name for part in found.walk()}
    allowed = {"SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID", "DESCRIPTION", "COMMENT"}
    return kinds <= {"VCALENDAR", "VEVENT"} and all(set(e) <= allowed for e in found.walk("VEVENT"))


def run(tmp_path: Path, site: Path, planners: int) -> None:
    place = Place(tmp_path, site)
    place.fill([ROW])
    paths = pages_of(site, planners)
    with servers.gateway(place) as port:
        places, charts, wrong = opened(port, paths, place.cookie("admin01"))
    files = [
        path for path in sorted((site / "PY2024Q4/lwia/01").rglob("*.*"))
        if path.suffix in (".csv", ".xlsx")
    ]  # fmt: skip
    formulas, inside = [], 0
    for file in files:
        found = cells(file.name, file.read_bytes())
        formulas += [(file, cell) for cell in found if live(file.name, cell)]
        inside += sum(any(value.strip() in cell for cell in found) for value in VALUES)
    calendars = sorted((site / "PY2024Q4/lwia/01").rglob("*.ics"))
    crooked = [file for file in calendars if not calendar_is_plain(file.read_bytes())]
    print(
        f"F5: {len(VALUES)} hostile values seen at {places} places of {len(paths)} pages "
        f"({charts} charts) and {inside} times in {len(files) + len(calendars)} downloads: "
        f"{len(wrong)} scripts, dialogs or reports, {len(formulas)} live formulas"
    )
    assert (wrong, formulas, crooked) == ([], [], [])
    assert places > 5 * len(VALUES)
    assert inside > len(VALUES)
    assert charts
    assert calendars


def test_f5_short(tmp_path, hostile_site):
    run(tmp_path, hostile_site, planners=1)


@pytest.mark.attack
def test_f5_whole(tmp_path, shared, extract):
    run(tmp_path, site_of(shared, extract, VALUES), planners=len(VALUES))


def test_the_probe_sees_a_script_and_a_formula(tmp_path, hostile_site):
    """A probe that saw nothing would find nothing wrong."""
    site = tmp_path / "site"
    shutil.copytree(hostile_site, site, symlinks=True)
    page = site / "PY2024Q4/lwia/01/index.html"
    page.write_text(page.read_text().replace("</main>", f"<img src=x onerror={RUN}></main>"))
    page.with_name("index.html.gz").unlink()  # the packed copy, which is what would be sent
    place = Place(tmp_path, site)
    place.fill([ROW])
    with servers.gateway(place) as port:
        _, _, wrong = opened(port, ["/PY2024Q4/lwia/01/index.html"], place.cookie("admin01"))
    assert any("script-src" in told for told in wrong)
    assert live("x.csv", "=1+1")
    assert live("x.csv", "\t=1")
    assert not live("x.csv", "-12.5")
