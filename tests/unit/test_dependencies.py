"""What a page is rebuilt for.  Source: issue "The publishing engine", Incremental."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ipats_lib.publishing import dependencies
from ipats_lib.publishing.dependencies import code_of
from ipats_lib.report.show import VERBS
from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
# Each text runs in a fork of a process that has what the library needs, and nothing of it but its
# first lines.
IMPORTED = """
import json, os, sys
import ipats_lib, altair, numpy, pandas, pyarrow, scipy.stats
first = {"ipats_lib", "ipats_lib.late_import"}
assert {name for name in sys.modules if name.startswith("ipats_lib")} == first
for code in json.load(sys.stdin):
    if os.fork() == 0:
        exec(code)
        files = [m.__file__ for n, m in list(sys.modules.items()) if n.startswith("ipats_lib")]
        print(json.dumps([f for f in files if f]), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0
"""


def loaded(*codes: str) -> list[set[str]]:
    """The modules of the library that are there after each of the texts, loaded for real."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], input=json.dumps(codes), capture_output=True, text=True,
        check=True, cwd=ROOT,
    )  # fmt: skip
    return [
        {Path(file).relative_to(dependencies.LIBRARY).as_posix() for file in json.loads(line)}
        for line in done.stdout.splitlines()
    ]


def imports(cells: list[str]) -> str:
    """The lines of a notebook that import, alone."""
    lines = "\n".join(cells).splitlines()
    return "\n".join(line for line in lines if line.startswith(("import ", "from ")))


def test_a_page_depends_on_every_module_that_its_notebook_really_imports():
    cells = [code_of(path.read_text()) for path in NOTEBOOKS]
    found = loaded(*map(imports, cells))
    for path, mine, modules in zip(NOTEBOOKS, cells, found, strict=True):
        assert modules, path
        assert modules <= set(dependencies.module_hashes(mine)), path


def test_a_page_does_not_depend_on_the_reports_of_other_notebooks():
    state, summary = (
        dependencies.module_hashes(code_of((ROOT / "notebooks" / name).read_text()))
        for name in ("dashboards/state.ipynb", "performance/summary.ipynb")
    )
    assert "report/show/maps.py" in state
    assert "report/show/maps.py" not in summary


@pytest.mark.parametrize(
    "cell",
    [
        "%time 1\nfrom ipats_lib.selfcheck import compare",
        "%time from ipats_lib.selfcheck import compare",
        "%%time\nfrom ipats_lib.selfcheck import compare",
        "%%capture\n%time from ipats_lib.selfcheck import compare",
    ],
)
def test_a_magic_hides_no_import(cell):
    assert "selfcheck.py" in dependencies.module_hashes([cell, "%matplotlib inline"])


@pytest.mark.parametrize("cell", ["!python -c 'import ipats_lib'", "%%bash\nfor i in 1 2", "def ("])
def test_a_notebook_with_a_cell_of_another_language_depends_on_every_report(cell):
    found = set(dependencies.module_hashes([cell, "from ipats_lib.selfcheck import compare"]))
    assert {f"report/{p.name}" for p in (dependencies.LIBRARY / "report").glob("*.py")} <= found
    assert "selfcheck.py" in found


def test_every_page_depends_on_all_that_its_process_has_loaded_before_it():
    """Of the engine's modules, loaded for real; of the reports a page's own are in its key."""
    (found,) = loaded("import ipats_lib.publishing.warm_server")
    engine = {name for name in found if name.startswith("publishing/")}
    assert "publishing/warm_server.py" in engine
    assert engine <= set(dependencies.module_hashes([]))


@pytest.mark.parametrize("name", ["dashboards/caseload", "dashboards/area"])
def test_a_change_to_the_maps_or_to_a_report_of_another_page_makes_no_page_without_them_again(name):
    found = dependencies.module_hashes(code_of((ROOT / f"notebooks/{name}.ipynb").read_text()))
    assert "report/show/verbs/records.py" in found
    assert not {"report/show/maps.py", "report/queue.py", "report/mending.py"} & set(found)


def test_every_module_that_a_publication_runs_is_an_input_of_it():
    """The publisher and its workers, loaded for real, hold no module that is not hashed."""
    source = "import ipats_lib.publishing.publication, ipats_lib.publishing.warm_server"
    (found,) = loaded(source)
    roots = ("ipats_lib.publishing.publication", "ipats_lib.publishing.warm_server")
    hashed = dependencies.library_files((*roots, *dependencies.reports()))
    assert {dependencies.LIBRARY / file for file in found} <= hashed


def test_the_data_of_a_package_is_an_input_of_what_imports_it():
    schemas = {"frames/schemas/frames.csv", "frames/schemas/columns.csv"}
    assert schemas <= set(dependencies.module_hashes([IMPORT]))


def test_versions_of_all_packages_count():
    names = " ".join(dependencies.installed()).lower()
    for package in ("xlsxwriter", "icalendar", "vl_convert", "mistune", "ipykernel", "pandas"):
        assert package in names
    assert sys.version in dependencies.installed()


IMPORT = "from ipats_lib.report import open_report, show"
ALWAYS = {"chart"}  # draws every Altair chart, whoever shows it


def verbs(*cells: str) -> set[str]:
    found = dependencies.module_hashes(cells)
    folder = "report/show/verbs/"
    names = {n.removeprefix(folder).removesuffix(".py") for n in found if n.startswith(folder)}
    return names - {"__init__"}


@pytest.mark.parametrize(
    ("cells", "used"),
    [
        ((IMPORT,), set()),
        ((IMPORT, "show.table(figures)"), {"table", "choose"}),  # its two tabs
        ((IMPORT, "show.table(figures)", "%time show.note('n')"), {"table", "choose", "note"}),
        ((IMPORT, "draw = show.tiles\ndraw(figures)"), {"tiles"}),
        ((IMPORT, "show.choose({m: show.table(f) for m, f in parts})"), {"choose", "table"}),
        (("from ipats_lib.report.show import finding",), {"finding"}),
        ((IMPORT, "showing = 1\nfigures.show.table"), set(VERBS)),
        ((IMPORT, "getattr(show, name)(figures)"), set(VERBS)),
        ((IMPORT, "show.__dict__[name](figures)"), set(VERBS)),
        ((IMPORT, "arrange(show)"), set(VERBS)),
        ((IMPORT, "eval(text)"), set(VERBS)),
        (("from ipats_lib.report import show as s", "s.table(figures)"), set(VERBS)),
        (("from ipats_lib import report", "report.show.table(figures)"), set(VERBS)),
        (("import ipats_lib.report.show",), set(VERBS)),
        (("from ipats_lib.report.show import *",), set(VERBS)),
    ],
)
def test_a_page_depends_on_the_verbs_that_its_cells_use(cells, used):
    assert verbs(*cells) == used | ALWAYS


def test_formats_are_in_the_key_of_what_uses_them():
    assert "report/show/pictures.py" in dependencies.module_hashes([IMPORT, "show.bullet()"])
    assert "report/show/pictures.py" not in dependencies.module_hashes([IMPORT, "show.note('n')"])


def test_a_published_run_loads_no_module_that_its_key_lacks(tmp_path):
    """Its frames are bytes that the publisher made: what computes them is neither."""
    about = {"scope": "state", "title": "T", "period": "PY2024Q4", "as_of": "2025-08-15",
             "as_of_source": "file", "synthetic": True, "missing_tables": []}  # fmt: skip
    (tmp_path / "about.json").write_text(json.dumps(about))
    cell = f"{IMPORT}\nopen_report({str(tmp_path)!r}, 'state', 'PY2024Q4').scope\nshow.note('n')"
    (found,) = loaded(cell)
    known = set(dependencies.module_hashes([cell]))
    assert found <= known
    assert {"report/report.py", "report/scope_data.py", "report/show/verbs/note.py"} <= found
    computing = {"report/alone.py", "report/data.py", "frames/performance.py", "frames/editions.py"}
    assert not computing & known


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (["report/show/verbs/table.py"], ["show.table changed"]),
        (["report/report.py", "errors.py"], ["library (errors.py, report/report.py)"]),
        (
            ["report/show/verbs/tiles.py", "report/show/formats.py", "report/show/verbs/note.py"],
            ["show.note changed", "show.tiles changed", "library (report/show/formats.py)"],
        ),
        ([], []),
    ],
)
def test_what_changed_is_named(changed, told):
    assert list(dependencies.named(changed)) == told
