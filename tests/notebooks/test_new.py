"""`publish.py new`: a notebook from a model, which is checked and published as it is."""

import nbformat
import pytest

from ipats_lib.errors import NotebookError, UsageError
from ipats_lib.publishing.catalogue import read_catalogue
from ipats_lib.publishing.checking import find_faults, write_new
from tests.conftest import built, planner_of, publish
from tests.published import page

ALL = ["state", "lwia", "planner"]


@pytest.mark.parametrize("key", ["comparison/earnings", "performance/levels", "dashboards/mine"])
@pytest.mark.parametrize("scopes", [["state"], ["state", "lwia"], ["planner"], ALL])
def test_a_new_notebook_has_no_fault_and_is_what_was_asked_for(tmp_path, key, scopes):
    path = write_new(tmp_path, key, "Earnings: “all”", scopes)
    assert path == tmp_path / f"{key}.ipynb"
    assert find_faults(tmp_path, []) == (1, [])
    (found,) = read_catalogue(tmp_path)
    assert (found.key, found.title, found.scopes) == (key, "Earnings: “all”", tuple(scopes))
    assert found.downloads == (f"{path.stem}.csv",)
    assert found.question.endswith("?")
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].source.startswith("# Earnings: “all”\n\n")
    (opens,) = (c.source for c in cells if "parameters" in c.metadata.get("tags", []))
    assert ('scope = "lwia/07"' in opens) == ("lwia" in scopes)
    assert sum(f'"{path.stem}.csv"' in cell.source for cell in cells) == 1


def test_it_comes_last_in_its_family(tmp_path):
    orders = []
    for name in ("one", "two", "three"):
        write_new(tmp_path, f"performance/{name}", "T", ["state"])
        orders.append([each.name for each in read_catalogue(tmp_path)])
    assert orders[-1] == ["one", "two", "three"]


def test_what_is_there_already_stays_as_it_is(tmp_path):
    path = write_new(tmp_path, "comparison/earnings", "T", ["state"])
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"earnings\.ipynb is there already"):
        write_new(tmp_path, "comparison/earnings", "Other", ["lwia"])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("key", "title", "scopes", "said"),
    [
        ("earnings", "T", ["state"], "Write earnings as one of performance"),
        ("models/earnings", "T", ["state"], "as one of performance, comparison, dashboards"),
        ("comparison/../x", "T", ["state"], "as one of performance"),
        ("comparison/Earnings", "T", ["state"], "a name in a-z"),
        ("comparison/earnings", " ", ["state"], "`title` is a text"),
        ("comparison/earnings", "T", ["state", "region"], r"`scopes\[1\]` is \"region\""),
    ],
)
def test_what_cannot_be_published_is_not_written(tmp_path, key, title, scopes, said):
    with pytest.raises(UsageError, match=said):
        write_new(tmp_path, key, title, scopes)
    assert list(tmp_path.iterdir()) == []


def test_faults_of_its_family_are_told_first(tmp_path):
    broken = write_new(tmp_path, "comparison/broken", "T", ["state"])
    broken.write_text(broken.read_text().replace('"order": 10', '"order": "10"'))
    with pytest.raises(NotebookError, match=r"broken\.ipynb: `order`"):
        write_new(tmp_path, "comparison/earnings", "T", ["state"])
    assert not broken.with_name("earnings.ipynb").exists()


def test_a_new_notebook_is_published_untouched(extract, store, tmp_path):
    """By the commands, for every kind of scope: each page has an answer, a table and its file."""
    kept = tmp_path / "notebooks"
    for key in ("comparison/earnings", "dashboards/levels"):
        done = publish("new", key, "--title", "T", "--scopes", "state,lwia,planner",
                       "--notebooks", kept)  # fmt: skip
        assert (done.returncode, done.stdout) == (0, f"{kept / key}.ipynb\n"), done.stderr
    assert publish("check", "--notebooks", kept).returncode == 0
    planner, site = planner_of(extract), tmp_path / "site"
    only = ("--only", "state", "--only", "lwia/07", "--only", planner)
    built(extract, store, "--notebooks", kept, *only)(site)
    pictures = []
    for scope in ("state", "lwia/07", planner):
        for key in ("comparison/earnings", "dashboards/levels"):
            html = page(site / "PY2024Q4" / scope / f"{key}.html")
            assert html.select(".show-finding b")
            assert html.select("table tbody tr")
            assert html.select(".show-file a[download]")
            pictures.append(bool(html.select(".show-chart figure")))
    assert pictures[:4] == [True] * 4
