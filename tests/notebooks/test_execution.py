"""Each notebook runs as it opens in JupyterLab, and shows what its reference holds."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output

from ipats_lib.report import show
from tests.notebooks.references import (
    KEPT,
    MOST,
    OURS,
    ROOT,
    changes,
    difference,
    execute,
    name_of,
    sanitized,
)

EMPTIED = """\
%reset -f
%cd -q {folder}
import sys
sys.path.append("{root}")
from tests.remembered import remember_what_is_withheld
remember_what_is_withheld()
del remember_what_is_withheld"""


def compare(paths, seen):
    told = [difference(KEPT / name_of(path), seen / name_of(path)) for path in paths]
    assert not any(told), "\n".join([*filter(None, told), "Is it right? `make references`."])


@pytest.mark.parametrize("part", [0, 1])
def test_each_runs_with_its_default_parameters_and_shows_what_it_did(part, tmp_path):
    """In two parts, one for each worker; one after the other in a kernel that is emptied."""
    paths, run = OURS[part::2], new_notebook()
    assert paths
    cells = {path: nbformat.read(path, as_version=4).cells for path in paths}
    for path in paths:
        run.cells.append(new_code_cell(EMPTIED.format(root=ROOT, folder=path.parent)))
        run.cells += cells[path]
    NotebookClient(run, kernel_name="python3", timeout=600).execute()
    for path in paths:
        nbformat.write(sanitized(new_notebook(cells=cells[path])), tmp_path / name_of(path))
    compare(paths, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_each_runs_in_a_kernel_of_its_own(path, shared, tmp_path):
    """By nbval."""
    done = execute([path], tmp_path, shared / "notebook-sample")
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"PASSED {path.relative_to(ROOT)}::" in done.stdout
    compare([path], tmp_path)


def test_every_reference_is_of_a_notebook():
    assert {path.name for path in KEPT.glob("*.ipynb")} == {name_of(path) for path in OURS}


TABLE = """<style>td {{color: red}}</style><table><caption>Rates</caption>
<tr><th>Area</th><th>Figure</th></tr><tr><td>LWIA 07</td><td>{}</td></tr></table>
<script type="application/json">{{"not": "kept"}}</script>"""


def kept(folder, name, *htmls):
    cells = [
        new_code_cell("1", id=f"c{n}", outputs=[new_output("display_data", {"text/html": html})])
        for n, html in enumerate(htmls)
    ]
    path = folder / f"{name}.ipynb"
    nbformat.write(sanitized(new_notebook(cells=cells)), path)
    return path


def test_a_changed_number_is_a_readable_difference(tmp_path):
    before = kept(tmp_path, "before", TABLE.format("63.4%"), "<p>The same</p>")
    after = kept(tmp_path, "after", TABLE.format("64.1%"), "<p>The same</p>")
    told = difference(before, after).splitlines()
    assert [line for line in told if line.startswith(("-  ", "+  "))] == [
        "-  LWIA 07 | 63.4%",
        "+  LWIA 07 | 64.1%",
    ]
    assert [*changes(before, after)] == ["after c0: LWIA 07 | 63.4% -> LWIA 07 | 64.1%"]
    assert difference(before, before) == ""
    assert [*changes(after, tmp_path / "gone.ipynb")][-1] == "gone c1: The same -> nothing"
    assert [*changes(tmp_path / "none.ipynb", after)] == ["after is new."]


def test_a_number_beyond_the_lines_that_are_kept_is_seen_too(tmp_path):
    rows = [f"<p>{n}</p>" for n in range(MOST + 5)]
    before, after = (kept(tmp_path, name, "".join([*rows, f"<p>{name}</p>"])) for name in "ab")
    [said] = changes(before, after)
    assert "... and 6 lines more" in said


def test_marks_of_a_chart_are_kept(tmp_path):
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame({"area": ["07", "08"], "share": [0.634, 0.5]})
    html = show.chart(alt.Chart(frame).mark_bar().encode(x="share:Q", y="area:N"), "07 leads.").html
    [cell] = nbformat.read(kept(tmp_path, "chart", html), 4).cells
    said = cell.outputs[0].data["text/plain"]
    assert "07 leads." in said
    assert "share: 0.634; area: 07" in said
