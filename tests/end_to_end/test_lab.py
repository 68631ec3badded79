"""`make lab`: an analyst begins a report from the launcher, exports its page and previews it."""

import os
import re
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from socket import socket

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.conftest import ROOT
from tests.end_to_end.test_browser import FLAGS
from tests.waiting import wait_until

TOKEN = "of-this-test"
KEY, TITLE = "comparison/earnings", "Earnings: it's new"


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    (folder / "comparison").mkdir(parents=True)
    return folder


def said(notebooks: Path) -> Path:
    """What the terminals have shown: their text is a picture in the browser."""
    return notebooks.parent / "said.txt"


@pytest.fixture(scope="module")
def lab(notebooks, shared):
    """The address of JupyterLab as `make lab` starts it, over a folder of its own."""
    with closing(socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = (
        f"--no-browser --allow-root --ip 127.0.0.1 --port {port} --IdentityProvider.token={TOKEN} "
        "--ServerApp.open_browser=False"
    )
    told = subprocess.run(
        ["make", "-n", "lab", f"LAB={own}"], cwd=ROOT, text=True, capture_output=True, check=True
    ).stdout
    # As it is called in this folder, for notebooks in another one.
    ipats = notebooks.parent / "ipats"
    ipats.write_text(
        f"""#!/bin/sh
{sys.executable} {ROOT}/publish.py "$@" --notebooks {notebooks} 2>&1 | tee -i -a {said(notebooks)}
"""
    )
    ipats.chmod(0o755)
    command, replaced = re.subn(
        r"IPATS='[^']+publish\.py' (\S+/jupyter lab) notebooks ",
        rf"IPATS='{ipats}' \1 {notebooks} ",
        told,
    )
    assert replaced == 1, told
    with subprocess.Popen(
        ["sh", "-c", f"exec env {command[command.index('IPATS=') :]}"],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "IPATS_SAMPLE": str(shared / "notebook-sample"), "SHELL": "/bin/sh"},
    ) as server:  # fmt: skip
        try:
            assert any("is running at" in line for line in iter(server.stderr.readline, ""))
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.communicate(timeout=60)


@pytest.fixture(scope="module")
def page(lab):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        opened = browser.new_page(viewport={"width": 1440, "height": 900})
        opened.set_default_timeout(120_000)
        opened.goto(f"{lab}/lab?token={TOKEN}&reset")
        yield opened
        browser.close()


def card(page: Page, name: str) -> None:
    page.locator(".jp-LauncherCard:visible", has_text=name).click()


def answer(page: Page, label: str, text: str) -> None:
    dialog = page.locator(".jp-Dialog", has_text=label)
    dialog.locator("input").fill(text)
    dialog.locator("button.jp-mod-accept").click()
    dialog.wait_for(state="detached")


def exports(page: Page) -> list[str]:
    """What the menu of exports offers, once JupyterLab has asked for all of them."""
    for _ in range(60):
        page.get_by_role("menuitem", name="File", exact=True).click()
        page.get_by_text("Save and Export Notebook As").click()
        page.wait_for_timeout(1000)
        names = page.locator(".lm-Menu-itemLabel:visible").all_inner_texts()
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        if "IPATS page" in names:
            break
    return names


def test_a_report_is_begun_exported_and_previewed(page, notebooks, lab):
    card(page, "New IPATS report")
    answer(page, "Family and name", KEY)
    answer(page, "The title of its page", TITLE)
    page.locator(".jp-NotebookPanel h1", has_text=TITLE).wait_for()
    assert (notebooks / f"{KEY}.ipynb").is_file()

    assert "IPATS page" in exports(page)
    address = f"{lab}/nbconvert/ipats/{KEY}.ipynb?download=true&token={TOKEN}"
    with urllib.request.urlopen(address) as got:
        assert "earnings.html" in got.headers["Content-Disposition"]
        exported = got.read().decode()
    assert TITLE.replace("'", "&#39;") in exported or TITLE in exported
    assert "script-src 'sha256-" in exported

    page.keyboard.press("Control+Shift+L")
    card(page, "Preview")
    wait_until(lambda: "Open http" in said(notebooks).read_text())
    address = re.search(r"http://\S+/index\.html", said(notebooks).read_text())[0]
    with urllib.request.urlopen(address) as got:
        assert "<title>Preview" in got.read().decode()
    page.locator(".jp-Terminal:visible").click()
    page.keyboard.press("Control+C")
    wait_until(lambda: "Stopped." in said(notebooks).read_text())
