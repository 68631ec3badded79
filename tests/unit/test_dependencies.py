"""What a page is rebuilt for.  Source: issue "The publishing engine", Incremental."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ipats_lib.publishing import dependencies
from ipats_lib.publishing.making import code_of
from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
IMPORTED = """
import json, sys
exec(sys.stdin.read())
files = [m.__file__ for n, m in list(sys.modules.items()) if n.startswith("ipats_lib")]
print(json.dumps([f for f in files if f]))
"""


def imports(source: str) -> str:
    """The lines of a notebook that import, alone."""
    lines = source.splitlines()
    return "\n".join(line for line in lines if line.startswith(("import ", "from ")))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_page_depends_on_every_module_that_its_notebook_really_imports(path):
    source = code_of(path.read_text())
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], input=imports(source), capture_output=True, text=True,
        check=True, cwd=ROOT,
    )  # fmt: skip
    loaded = {
        Path(file).relative_to(dependencies.LIBRARY).as_posix() for file in json.loads(done.stdout)
    }
    assert loaded
    assert loaded <= set(dependencies.module_hashes(source))


def test_a_page_does_not_depend_on_the_reports_of_other_notebooks():
    state, summary = (
        dependencies.module_hashes(code_of((ROOT / "notebooks" / name).read_text()))
        for name in ("dashboards/state.ipynb", "performance/summary.ipynb")
    )
    assert "report/areas.py" in state
    assert "report/areas.py" not in summary


@pytest.mark.parametrize("name", ["dashboards/state", "dashboards/area", "performance/outlook"])
def test_a_change_to_a_table_of_the_caseload_makes_no_other_page_again(name):
    found = dependencies.module_hashes(code_of((ROOT / f"notebooks/{name}.ipynb").read_text()))
    assert "report/catalogue.py" in found
    assert not {"report/dashboards.py", "report/flows.py", "report/engaged.py"} & set(found)


def test_a_notebook_with_magics_depends_on_every_report():
    found = dependencies.module_hashes("%time 1\nfrom ipats_lib.report import tables")
    assert {f"report/{p.name}" for p in (dependencies.LIBRARY / "report").glob("*.py")} <= set(
        found
    )


def test_every_module_that_a_publication_runs_is_an_input_of_it():
    """The publisher and its workers, loaded for real, hold no module that is not hashed."""
    source = "import ipats_lib.publishing.making, ipats_lib.publishing.warm_server"
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], input=source, capture_output=True, text=True,
        check=True, cwd=ROOT,
    )  # fmt: skip
    roots = ("ipats_lib.publishing.making", "ipats_lib.publishing.warm_server")
    reports = tuple(
        f"ipats_lib.report.{p.stem}" for p in (dependencies.LIBRARY / "report").glob("*.py")
    )
    hashed = dependencies.library_files((*roots, *reports))
    assert {Path(file) for file in json.loads(done.stdout)} <= hashed


def test_versions_of_all_packages_count():
    names = " ".join(dependencies.installed()).lower()
    for package in ("xlsxwriter", "icalendar", "vl_convert", "mistune", "ipykernel", "pandas"):
        assert package in names
    assert sys.version in dependencies.installed()
