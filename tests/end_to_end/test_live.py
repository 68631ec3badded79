"""`publish.py preview`: one notebook's page in the browser, made again at each save."""

import json
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from ipats_lib.access.headers import POLICY
from ipats_lib.publishing.scratch import PREFIX
from tests.conftest import ROOT, publish
from tests.end_to_end.test_browser import FLAGS
from tests.published import page as parsed


@pytest.fixture
def snapshot(extract, store):
    kept = publish("snapshot", "--extract", extract, "--store", store)
    assert kept.returncode == 0, kept.stderr
    return kept.stdout.strip()


@pytest.fixture
def notebooks(few, tmp_path):
    return Path(shutil.copytree(few, tmp_path / "notebooks"))


@contextmanager
def previewed(snapshot, notebooks, *words):
    """The address of a preview of `performance/summary` for LWIA 90."""
    command = [sys.executable, ROOT / "publish.py", "preview", "performance/summary", "--scope",
               "lwia/90", "--snapshot", snapshot, "--notebooks", notebooks, *words]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            lines = iter(server.stderr.readline, "")
            yield next(found[1] for line in lines if (found := re.search(r"Open (http\S+)", line)))
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=60)
    assert server.returncode == 0


@contextmanager
def browser():
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = opened.new_page()
        page.set_default_timeout(60_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        try:
            yield page
        finally:
            opened.close()
        assert errors == []


def write(notebooks: Path, before: str, after: str) -> None:
    """Save the notebook as JupyterLab does."""
    path = notebooks / "performance" / "summary.ipynb"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_a_save_changes_the_page_in_the_browser_and_a_fault_is_told_there(snapshot, notebooks):
    with previewed(snapshot, notebooks, "--watch") as address, browser() as page:
        page.goto(address)
        heading = page.locator("main h1")
        expect(heading).to_contain_text("Summary", timeout=60_000)
        assert page.evaluate("getComputedStyle(document.body).fontFamily") != ""
        assert page.locator("main table tbody tr").count() > 5

        write(notebooks, "# Summary", "# Seen at once")
        expect(heading).to_contain_text("Seen at once", timeout=60_000)

        alert = page.get_by_role("alert")
        write(notebooks, '"order": 10', '"order": "10"')
        expect(alert).to_contain_text('`order` is "10": `order` is a whole number', timeout=60_000)
        expect(heading).to_contain_text("Seen at once")  # below it
        write(notebooks, '"order": "10"', '"order": 10')
        expect(alert).to_have_count(0, timeout=60_000)

        write(notebooks, "figures = report.figures", "figures = report.figure")
        expect(alert).to_contain_text("write `figures`", timeout=60_000)
        write(notebooks, "report.figure\\n", "report.figures.gone\\n")
        expect(alert).to_contain_text("failed in cell 4 with AttributeError", timeout=60_000)
        expect(alert).to_contain_text("has no attribute 'gone'")  # the traceback, for its author
        write(notebooks, "report.figures.gone\\n", "report.history\\n")
        expect(alert).to_contain_text("history", timeout=60_000)
        write(notebooks, "report.history\\n", "report.figures\\n")
        expect(alert).to_have_count(0, timeout=60_000)
        expect(heading).to_contain_text("Seen at once")


def test_a_save_ends_a_run_that_would_not_end(snapshot, notebooks, tmp_path):
    """The first run too, before there is an address: see `Live.unless_saved`."""
    begun = tmp_path / "begun"
    endless = f"open('{begun}', 'w').close()\\nwhile True: pass\\n"

    def corrected() -> None:
        while not begun.exists():
            time.sleep(0.05)
        begun.unlink()
        write(notebooks, endless, "figures = report.figures\\n")

    write(notebooks, "figures = report.figures\\n", endless)
    threading.Thread(target=corrected).start()
    with previewed(snapshot, notebooks, "--watch") as address, browser() as page:
        page.goto(address)
        heading = page.locator("main h1")
        expect(heading).to_contain_text("Summary", timeout=60_000)
        write(notebooks, "figures = report.figures\\n", endless)
        corrected()
        write(notebooks, "# Summary", "# Seen at last")
        expect(heading).to_contain_text("Seen at last", timeout=60_000)
        expect(page.get_by_role("alert")).to_have_count(0)


def test_the_page_is_the_published_one_and_nobody_finds_it_without_its_address(
    snapshot, notebooks, few_site
):
    with previewed(snapshot, notebooks) as address:
        with urllib.request.urlopen(address) as begin:
            assert begin.headers["Content-Security-Policy"] == POLICY
        root = address.removesuffix("index.html")
        secret = root.split("/")[-2]
        (kept,) = Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{secret}")
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
        with urllib.request.urlopen(f"{root}next.json?after=0") as told:
            made = json.load(told)
        assert (made["version"], made["said"]) == (1, "")
        with urllib.request.urlopen(root + made["page"]) as answer:
            assert answer.headers["Content-Security-Policy"] == POLICY
            text = answer.read().decode()
            assert answer.headers["Cache-Control"] == "no-store"
        style = re.search(r'href="[./]+(_static/style\.\w+\.css)"', text)[1]
        with urllib.request.urlopen(root + style) as answer:
            assert "immutable" in answer.headers["Cache-Control"]
        file = few_site / made["page"]
        script = re.compile(r'<script src="/[0-9a-f]{32}/preview\.js\?version=1" defer></script>')
        alone, number = script.subn("", text)
        assert number == 1
        main = file.read_text().partition("<main")[2].partition("</main>")[0]
        assert alone.partition("<main")[2].partition("</main>")[0] == main
        assert parsed(file).title.text in alone
        host = "http://" + urlsplit(address).netloc
        for path in ("/", f"/{'0' * 32}/index.html", f"/{made['page']}", "/..%2f", "/index.html"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(host + path)
    assert not kept.parent.exists()  # of a killed one the next run removes it: `scratch`


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("performance/gone", "--scope", "state"), "There is no notebook performance/gone"),
        (("performance/summary", "--scope", "lwia/77"), "Scope 'lwia/77' is not in snapshot"),
        (("performance/summary", "--scope", "county"), "county"),
    ],
)
def test_what_cannot_be_previewed_is_one_sentence(snapshot, notebooks, words, said):
    done = publish("preview", *words, "--snapshot", snapshot, "--notebooks", notebooks)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
