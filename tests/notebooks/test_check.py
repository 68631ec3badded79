"""`publish.py check`: every fault of a notebook at once, by key and cell, with what to write."""

import json
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ipats_lib.errors import NotebookError, UsageError
from ipats_lib.publishing.catalogue import read_catalogue
from ipats_lib.publishing.checking import find_faults
from ipats_lib.publishing.declaration import Declaration, read_defaults, schema
from tests.notebooks.test_catalogue import DECLARED, OURS, PARAMETERS

OPEN = "from ipats_lib.report import open_report\nreport = open_report(snapshot, scope, period)"


def made(folder, *cells, declared=DECLARED, parameters=PARAMETERS, name="made"):
    """A notebook of a heading, a cell of parameters and more cells."""
    start = [new_markdown_cell("# T"), new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    written = new_notebook(cells=[*start, *cells], metadata={"ipats": declared})
    path = folder / "performance" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(written, path)
    return path


def found(folder, *chosen):
    """Where each fault is, and what is said of it."""
    return [(fault.where, fault.said) for fault in find_faults(folder, chosen)[1]]


def test_every_fault_of_metadata_and_cells_is_told_at_once(tmp_path):
    declared = {
        "family": "comparison", "titel": "T", "order": "1", "scopes": ["state", "county"],
        "data": ["figure"], "pages": [["one"], ["two", "Two", ["lwia"]]],
        "downloads": ["a.pdf"], "records": ["a.csv"], "index": "yes",
    }  # fmt: skip
    made(tmp_path, declared=declared, parameters="scope = open('x')\nperiod = 1\nperiod = 2")
    told = dict(found(tmp_path))
    assert list(told) == [
        "`family`", "`title`", "`order`", "`scopes[1]`", "`data[0]`", "`pages[0]`",
        "`downloads[0]`", "`records[0]`", "`index`", "`titel`", "cell 2",
    ]  # fmt: skip
    assert told["`family`"] == (
        'is "comparison": the notebook is in performance. Write "performance", or move it.'
    )
    assert told["`title`"] == "is missing: `title` is a text, as the menu shows it."
    assert told["`titel`"] == "is not known; write `title`."
    assert told["`scopes[1]`"] == 'is "county": `scopes` lists some of state, lwia, planner.'
    assert told["`data[0]`"] == 'is "figure": there is no such frame; write `figures`.'
    cells = [said for where, said in found(tmp_path) if where == "cell 2"]
    assert [said.split(":")[0] for said in cells] == [
        "(parameters) line 1 assigns no plain value",
        "(parameters) assigns period twice",
        "(parameters) must assign scope, snapshot too.",
    ]


def test_the_cell_of_parameters_may_import_and_nothing_is_taken_from_that(tmp_path):
    plain = "scope = 'state'\nperiod = 'PY2024Q4'\nsnapshot = ''"
    made(tmp_path, parameters=f"from ipats_lib.periods import Period\nimport math as m\n{plain}")
    assert found(tmp_path) == []
    assert read_defaults(f"import math\n{plain}\nrows = 7") == ({"rows": 7}, [])


def test_the_catalogue_refuses_what_check_finds_in_the_same_words(tmp_path):
    made(tmp_path, declared={**DECLARED, "order": "1", "title": ""})
    made(tmp_path, declared={**DECLARED, "scopes": []}, name="other")
    told = [str(fault) for fault in find_faults(tmp_path, [])[1]]
    with pytest.raises(NotebookError) as refused:
        read_catalogue(tmp_path)
    assert str(refused.value).splitlines() == told
    assert len(told) == 3


def test_a_page_of_other_scopes_is_named_beside_the_other_faults_of_pages(tmp_path):
    pages = [["one", "One", ["lwia"]], ["TWO", "Two"], ["index", "Late"]]
    made(tmp_path, declared={**DECLARED, "pages": pages})
    assert [where for where, _ in found(tmp_path)] == ["`pages[0]`", "`pages[1]`"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("x = report.history", "uses history, which `data` does not list: add it there."),
        ("show.download(x, 'y.csv', 'Y')", "uses y.csv, which `downloads` does not list"),
        ("show.download(x, 'y', 'Y')", "uses y.xlsx, which `downloads` does not list"),
        ("show.records(x, 'w', caption='W')", "uses w, which `records` does not list"),
        ("x = (1", "is not Python in line 1"),
        ("x = report.figurs", "uses report.figurs: a report has none; write `figures`."),
        (
            "if x:\n    show.table(x, 'T')",
            "shows nothing of show.table in line 2: write display(...)",
        ),
        ("show.finding('A.')\nx", "shows nothing of show.finding in line 1: write display(...)"),
    ],
)
def test_what_would_stop_a_run_is_told_before_it(tmp_path, cell, said):
    made(tmp_path, new_code_cell(OPEN), new_code_cell(cell))
    where, told = found(tmp_path)[-1]
    assert where == "cell 4"
    assert told.startswith(said)


def test_what_is_declared_and_what_is_no_report_are_no_fault(tmp_path):
    cells = [
        new_code_cell(OPEN.replace("report = ", "mine = ")),
        new_code_cell("%matplotlib inline\nx = mine.figures\nother.history\nmine.title"),
        new_code_cell("display(show.download(x, 'y', 'Y'))\nshow.records(x, 'w', caption='W')"),
        new_code_cell("show.download(x, 'w.csv', 'Of the list')"),
    ]
    lists = {"data": ["figures"], "downloads": ["y.csv", "y.xlsx"], "records": ["w"]}
    made(tmp_path, *cells, declared={**DECLARED, **lists})
    assert found(tmp_path) == []


def test_what_is_displayed_kept_or_last_is_no_fault(tmp_path):
    shown = "show.table(x, 'T')"
    cells = [
        f"for x in y:\n    display({shown})\nz = {shown}\n{shown}",
        f"def f():\n    return {shown}",
    ]
    made(tmp_path, *map(new_code_cell, cells))
    assert found(tmp_path) == []


def test_rows_of_parameters_are_held_against_notebooks_whose_cells_have_faults(
    tmp_path, monkeypatch
):
    """Or one notebook's cell would hide the other's row."""
    made(tmp_path, parameters=f"{PARAMETERS}\nleast = 5")
    made(tmp_path, new_code_cell("x = (1"), name="other", declared={**DECLARED, "order": 2})
    row = "notebook,parameter,value,why\nperformance/made,least,many,W\n"
    (tmp_path / "notebooks.csv").write_text(row)
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path))
    assert "line 2" in found(tmp_path, "performance/made")[0][1]


def test_a_notebook_is_chosen_by_path_or_name_and_others_are_not_told_of(tmp_path):
    path = made(tmp_path)
    made(tmp_path, declared={}, name="broken")
    for name in (str(path), "performance/made", "performance/made.ipynb"):
        assert find_faults(tmp_path, [name]) == (1, [])
    assert len(found(tmp_path)) == 4
    with pytest.raises(UsageError, match="There is no notebook performance/gone"):
        find_faults(tmp_path, ["performance/gone"])


def test_ours_have_no_fault():
    looked_at, faults = find_faults(OURS, [])
    assert looked_at > 10
    assert faults == []


def checked(*arguments):
    return subprocess.run(
        [sys.executable, OURS.parent / "publish.py", "check", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_prints_a_line_a_fault_and_ends_with_the_code_of_notebooks(tmp_path):
    path = made(tmp_path, declared={**DECLARED, "order": "1", "extra": 2})
    done = checked("--notebooks", str(tmp_path))
    assert done.returncode == 5
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f'{path}: `order` is "1": `order` is a whole number')
    assert "2 faults in 1 notebook." in done.stderr


def test_a_notebook_that_is_in_no_family_is_told_of(tmp_path):
    """JupyterLab begins a notebook in the folder that is open: nothing would publish it."""
    path = made(tmp_path)
    for place in ("Untitled.ipynb", "reports/a.ipynb", "performance/old/b.ipynb",
                  "models/figures.ipynb", ".ipynb_checkpoints/c.ipynb"):  # fmt: skip
        (tmp_path / place).parent.mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / place)
    done = checked("--notebooks", str(tmp_path))
    assert done.returncode == 0
    told = "not published: Untitled.ipynb, performance/old/b.ipynb, reports/a.ipynb."
    assert told in " ".join(done.stderr.split())
    assert "not published" not in checked("performance/made", "--notebooks", str(tmp_path)).stderr
    assert dict(found(tmp_path, "reports/a")) == {
        "`family`": 'is "performance": the notebook is in reports. Move it to performance.'
    }


def test_the_schema_of_editors_is_the_catalogues_own(tmp_path):
    """It lists the keys, frames and words that the model takes, each with what to write."""
    done = checked("--schema")
    published = json.loads(done.stdout)
    assert published == json.loads(json.dumps(schema()))
    ipats = published["properties"]["metadata"]["properties"]["ipats"]
    assert set(ipats["properties"]) == set(Declaration.model_fields)
    assert set(ipats["required"]) == {"family", "title", "order", "scopes"}
    assert "figures" in ipats["properties"]["data"]["items"]["enum"]
    assert all(each["description"] for each in ipats["properties"].values())
    names = {ref for ref in published["$defs"] if f'"#/$defs/{ref}"' in done.stdout}
    assert names == set(published["$defs"])


def test_help_does_not_wait_for_what_commands_use():
    code = "import sys, publish; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=OURS.parent
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint({"pydantic", "pandas", "nbformat", "IPython", "altair", "pyarrow"})
