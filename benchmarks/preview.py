"""From a save to changed pixels: `publish.py preview --watch` in Debian's chromium.

    python -m benchmarks.preview SNAPSHOT [--notebook performance/summary] [--scope lwia/07]
                                 [--saves 100] [--most 1.0]

A copy of the notebook gets a cell that shows a number, below its heading. Each save writes another
number; the clock stops when the browser has drawn it, the charts of the page too, and has shown two
frames since. A screenshot before and after each save proves that pixels changed, outside of the
clock. Fails where fewer than 95 of 100 saves take at most `--most` seconds.
"""

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from time import perf_counter, sleep

import psutil
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
DRAWN = """text => {
  const mark = document.getElementById("content")?.textContent.includes(text);
  const charts = [...document.querySelectorAll(".show-chart .canvas")];
  return mark && charts.every(each => each.querySelector("svg, canvas"));
}"""
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def save(path: Path, source: dict, number: int) -> str:
    """Write the notebook with a cell that shows a number; give the words that it shows."""
    text = f"This is save {number:03}."
    cell = {"cell_type": "code", "id": "saved", "metadata": {}, "outputs": [],
            "execution_count": None, "source": f"show.note({text!r}, fold=False)"}  # fmt: skip
    opens = [n for n, c in enumerate(source["cells"]) if "open_report(" in "".join(c["source"])]
    cells = [*source["cells"][: opens[0] + 1], cell, *source["cells"][opens[0] + 1 :]]
    path.write_text(json.dumps({**source, "cells": cells}))
    return text


def cpu() -> Counter[str]:
    """Seconds of CPU of all that this process has started, of browser and server apart."""
    spent: Counter[str] = Counter()
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            name = each.name()
            whose = "browser" if "chrom" in name or name == "node" else "server"
            spent[whose] += sum(each.cpu_times()[:4])
    return spent


def measure(address: str, path: Path, source: dict, saves: int) -> list[float]:
    """Seconds of each save, after three to warm up."""
    seconds: list[float] = []
    spent: Counter[str] = Counter()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(address)
        page.wait_for_selector("main#content")
        for number in range(saves + 3):
            before = page.screenshot()
            sleep(0.05)
            then, started = cpu(), perf_counter()
            text = save(path, source, number)
            page.wait_for_function(DRAWN, arg=text, polling="raf", timeout=60_000)
            page.evaluate(TWO_FRAMES)
            seconds.append(perf_counter() - started)
            spent += cpu() - then if number >= 3 else Counter()
            assert page.screenshot() != before, "no pixel has changed"
        told = ", ".join(f"{whose} {each / saves:.2f} s" for whose, each in spent.items())
        print(f"CPU of a save: {told}")
        browser.close()
    return sorted(seconds[3:])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("snapshot")
    parser.add_argument("--notebook", default="performance/summary")
    parser.add_argument("--scope", default="lwia/07")
    parser.add_argument("--saves", type=int, default=100)
    parser.add_argument("--most", type=float, default=1.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ipats-preview-") as folder:
        notebooks = Path(shutil.copytree(ROOT / "notebooks", Path(folder, "notebooks")))
        path = notebooks / f"{asked.notebook}.ipynb"
        source = json.loads(path.read_text())
        command = [sys.executable, ROOT / "publish.py", "preview", asked.notebook, "--watch",
                   "--scope", asked.scope, "--snapshot", asked.snapshot,
                   "--notebooks", notebooks]  # fmt: skip
        started = perf_counter()
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as server:
            said = iter(server.stderr.readline, "")
            address = next(m[0] for line in said if (m := re.search(r"http://\S+", line)))
            print(f"start: {perf_counter() - started:.1f} s", flush=True)
            threading.Thread(target=server.stderr.read, daemon=True).start()  # or it fills up
            try:
                seconds = measure(address, path, source, asked.saves)
            finally:
                server.send_signal(signal.SIGINT)
                server.wait()
    quick = sum(each <= asked.most for each in seconds)
    places = {"median": 0.5, "95 of 100": 0.95, "slowest": 1.0}
    told = {
        name: seconds[max(0, round(share * len(seconds)) - 1)] for name, share in places.items()
    }
    print(f"{asked.notebook} {asked.scope}: {quick} of {len(seconds)} saves in {asked.most:g} s; "
          + ", ".join(f"{name} {value:.2f} s" for name, value in told.items()))  # fmt: skip
    sys.exit(quick < 0.95 * len(seconds))


if __name__ == "__main__":
    main()
