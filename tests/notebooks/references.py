"""What each notebook showed when it was last looked at, kept as text in `references/`.

nbval runs the notebooks (`test_execution.py`); this plugin of that run writes what their cells
displayed. A difference is shown by nbdime. `make references` renews the files.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from io import StringIO
from itertools import zip_longest
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).parent / "references"
OURS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
FOLDER = "IPATS_REFERENCES"  # where a run of nbval writes what it has seen
_BLOCKS = ("p", "div", "dl", "dt", "dd", "li", "tr", "caption", "figure", "section", "summary",
           "h1", "h2", "h3", "h4", "pre", "svg")  # fmt: skip
_UNSEEN = re.compile(r"<(style|script)\b.*?</\1>", re.DOTALL)
_NOISE = re.compile(r"(\d\.\d{6})\d+")  # digits that another processor may round otherwise
MOST = 20  # lines of an output


def execute(paths: list[Path], seen: Path, sample: Path) -> subprocess.CompletedProcess[str]:
    """Run notebooks as they open in JupyterLab: default parameters, an ordinary kernel (nbval)."""
    command = (
        sys.executable, "-m", "pytest", "--nbval-lax", "-o", "addopts=", "-q", "-rA", "-W",
        "default", "-p", "no:cacheprovider", "-p", "tests.notebooks.references", *map(str, paths),
    )  # fmt: skip
    own = {FOLDER: str(seen), "IPATS_SAMPLE": str(sample)}
    return subprocess.run(
        command, env=os.environ | own, cwd=ROOT, text=True, capture_output=True, timeout=1200
    )


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """In the run of nbval: keep what a cell displayed, and write it after a notebook's last one."""
    item.cell.outputs = item.test_outputs or []
    if nextitem is None or nextitem.parent is not item.parent:
        nbformat.write(sanitized(item.parent.nb), Path(os.environ[FOLDER], name_of(item.path)))


def name_of(notebook: Path) -> str:
    return f"{notebook.parent.name}-{notebook.name}"


def sanitized(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The text of what code cells displayed, each cell named by its id in place of its code."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    told = ((cell.id, [text for out in cell.outputs if (text := text_of(out))]) for cell in code)
    cells = [
        new_code_cell(
            f"# {name}",
            id=name,
            outputs=[new_output("display_data", {"text/plain": text}) for text in texts],
        )
        for name, texts in told
        if texts
    ]
    return new_notebook(cells=cells)


def text_of(output: nbformat.NotebookNode) -> str:
    """Every word and number that a reader sees or hears of an output, a table's row on a line."""
    if output.output_type == "stream":
        return output.text if output.name == "stdout" else ""
    data = output.get("data", {})
    html = data.get("text/html") or data.get("image/svg+xml")
    lines = [*lines_of(html)] if html else data.get("text/plain", "").splitlines()
    return "\n".join(shortened([_NOISE.sub(r"\1", line) for line in lines]))


def shortened(lines: list[str]) -> list[str]:
    """The first lines, and of all others their number and hash: files stay small enough to read,
    and no number changes without a difference."""
    more = lines[MOST:]
    digest = hashlib.sha256("\n".join(more).encode()).hexdigest()[:12]
    return [*lines[:MOST], *([f"... and {len(more)} lines more, {digest}"] if more else [])]


def lines_of(html: str) -> Iterator[str]:
    page = BeautifulSoup(_UNSEEN.sub("", html), "html.parser")
    for picture in page("svg"):
        marks = [mark["aria-label"] for mark in picture.select("[aria-label]")]
        picture.string = "\n".join([picture.get("aria-label", ""), *marks])
    for row in page("tr"):
        row.string = " | ".join(cell.get_text(" ", strip=True) for cell in row(["th", "td"]))
    for block in page(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    for line in page.get_text().splitlines():
        if words := " ".join(line.split()):
            yield words


def difference(kept: Path, seen: Path) -> str:
    """What nbdime says of a notebook that shows something else than was kept; empty for the same.

    Either file may be missing: nothing was shown then.
    """
    before, after = (
        nbformat.read(path, 4) if path.exists() else new_notebook() for path in (kept, seen)
    )
    if before == after:
        return ""
    from nbdime import diff_notebooks  # slow to import, and hardly ever needed
    from nbdime.prettyprint import PrettyPrintConfig, pretty_print_notebook_diff

    found, told = diff_notebooks(before, after), StringIO()
    config = PrettyPrintConfig(out=told, use_color=False, use_git=False, use_diff=False)
    pretty_print_notebook_diff(str(kept.name), str(seen.name), before, found, config)
    return told.getvalue()


def changes(kept: Path, seen: Path) -> Iterator[str]:
    """Each line of which a number or a word has changed, with its cell, old and new."""
    if not kept.exists():
        yield f"{seen.stem} is new."
        return
    before, after = (lines_by_cell(path) for path in (kept, seen))
    for cell in {**before, **after}:
        old, new = before.get(cell, []), after.get(cell, [])
        for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if kind != "equal":
                for was, now in zip_longest(old[a:b], new[c:d], fillvalue="nothing"):
                    yield f"{seen.stem} {cell}: {was} -> {now}"


def lines_by_cell(path: Path) -> dict[str, list[str]]:
    cells = nbformat.read(path, 4).cells if path.exists() else ()
    texts = ((cell.id, [out.data["text/plain"] for out in cell.outputs]) for cell in cells)
    return {cell: "\n".join(found).splitlines() for cell, found in texts}


def renew() -> None:
    """Keep what the notebooks show now, and print what has changed."""
    with tempfile.TemporaryDirectory() as folder:
        seen, sample = Path(folder), ROOT / "var" / "notebook-sample"
        with ThreadPoolExecutor(2) as pool:
            for done in pool.map(lambda part: execute(OURS[part::2], seen, sample), (0, 1)):
                if done.returncode:
                    sys.exit(done.stdout)
        names = sorted({path.name for place in (KEPT, seen) for path in place.glob("*.ipynb")})
        told = [line for name in names for line in changes(KEPT / name, seen / name)]
        print("\n".join(told) or "Nothing has changed.")
        for gone in KEPT.glob("*.ipynb"):
            gone.unlink()
        for path in seen.iterdir():
            shutil.copyfile(path, KEPT / path.name)


if __name__ == "__main__":
    renew()
