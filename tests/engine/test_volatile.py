"""Two equal runs give equal notebooks, byte for byte, once papermill's notes are taken away."""

import nbformat
import pytest

from ipats_lib.publishing.render import render_body
from tests.engine.conftest import Run, code
from tests.engine.settled import strip_volatile
from tests.engine.volatile import fix_random_ids

pytestmark = pytest.mark.xdist_group("engine")

REPORT = (
    code("scope = 'state'", "parameters"),
    "import altair as alt, pandas as pd, ipats_lib.report",
    "frame = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})",
    "from IPython.display import HTML; HTML(frame.style.to_html())",
    "chart = alt.Chart(frame).mark_bar().encode(x='b', y='a')\nchart",
    "chart.add_params(alt.selection_point())",
    "display(chart, chart)",
    "import warnings; warnings.warn('named by its cell')",
    "h = display('one', display_id=True); h.update('two'); object()",
)

OURS = "import os\nos.environ['IPATS_CHARTS'] = 'live'\nfrom ipats_lib import report"


def test_equal_runs_are_equal(run_here: Run, run_in_kernel: Run) -> None:
    """Forked or not: the ordinary kernel's notebook is the same as well."""
    runs = [
        run(*REPORT, parameters={"scope": "lwia/07"}) for run in (run_here, run_here, run_in_kernel)
    ]
    once, again, in_kernel = (nbformat.writes(strip_volatile(done)) for done in runs)
    assert once == again == in_kernel


def test_pages_of_a_fork_are_equal_as_they_are(run_in_fork: Run) -> None:
    """Only the address in a default repr is left to chance; a kernel names cells by its process."""
    once, again = (render_body(run_in_fork(OURS, *REPORT[:-1])) for _ in range(2))
    assert 'class="chart"' in once.html
    assert once == again


def test_stripping_leaves_the_notebook_as_it_was(run_here: Run) -> None:
    done = run_here("1")
    stripped = strip_volatile(done)
    assert "papermill" in done.metadata
    assert "papermill" not in stripped.metadata
    assert stripped.cells[0].metadata == {"tags": []}


def test_each_chart_keeps_its_own_id() -> None:
    first, second = "altair-viz-" + "1" * 32, "altair-viz-" + "2" * 32
    bundle = {"text/html": f"<i id={first}></i><i id={second}></i><b for={first}></b>"}
    fix_random_ids(bundle)
    ids = [
        part.split(">")[0].split("=")[1] for part in bundle["text/html"].split("<") if "=" in part
    ]
    assert ids[0] == ids[2] != ids[1]


def test_different_tables_get_different_ids() -> None:
    bundles = [{"text/html": f'<style>#T_abc12 td</style><table id="T_abc12">{n}'} for n in (1, 2)]
    for bundle in bundles:
        fix_random_ids(bundle)
    assert bundles[0]["text/html"].split(">")[0] != "T_abc12"
    assert bundles[0]["text/html"][:-1] != bundles[1]["text/html"][:-1]
