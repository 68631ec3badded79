"""*Save and Export Notebook As > IPATS page*: a notebook's pages in one file that loads nothing."""

import re
import shutil
from base64 import b64decode

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import get_exporter
from playwright.sync_api import sync_playwright

from ipats_lib.errors import NotebookError
from ipats_lib.publishing.exporter import IpatsExporter
from tests.conftest import publish
from tests.end_to_end.test_browser import FLAGS

CHART = """\
import altair as alt
alt.Chart(people.head(9)).mark_bar().encode(x="program:N", y="count()")"""
STRANGER = """\
const script = document.createElement('script');
script.textContent = 'window.ran = 1';
document.body.append(script);"""


@pytest.fixture(scope="module")
def desk(few, extract, store, tmp_path_factory):
    """The few notebooks as they are in JupyterLab: for LWIA 90, with outputs of another day."""
    folder = shutil.copytree(few, tmp_path_factory.mktemp("desk") / "notebooks")
    kept = publish("snapshot", "--extract", extract, "--store", store)
    assert kept.returncode == 0, kept.stderr
    for path in folder.glob("*/*.ipynb"):
        made = nbformat.read(path, 4)
        made.cells[1].source = (
            made.cells[1]
            .source.replace('"state"', '"lwia/90"')
            .replace('"sample"', repr(kept.stdout.strip()))
        )
        made.cells[2].outputs = [nbformat.v4.new_output("stream", text="of another scope")]
        nbformat.write(made, path)
    return folder


def exported(path):
    text, about = get_exporter("ipats")().from_filename(str(path))
    assert about["output_extension"] == ".html"
    assert "of another scope" not in text
    return text


@pytest.fixture(scope="module")
def people(desk):
    """A notebook of two pages with a long list, a file and a picture of its own."""
    path = desk / "dashboards" / "people.ipynb"
    made = nbformat.read(path, 4)
    made.cells[-1].source += f"\n{CHART}"
    nbformat.write(made, path)
    return exported(path)


def main_of(html):
    return " ".join(BeautifulSoup(html, "html.parser").main.get_text(" ").split())


def test_it_is_the_page_of_the_site(desk, few_site):
    ours = exported(desk / "performance" / "summary.ipynb")
    published = (few_site / "PY2024Q4/lwia/90/performance/summary.html").read_text()
    assert main_of(ours) == main_of(published)
    assert "Synthetic sample data" in ours


def test_all_pages_are_in_it_and_no_id_twice(people):
    page = BeautifulSoup(people, "html.parser")
    assert [h.get_text().rstrip("¶") for h in page("h1")] == ["List", "Count"]
    ids = [each["id"] for each in page.select("[id]")]
    assert len(ids) == len({*ids})
    places = [link["href"][1:] for link in page.select('a[href^="#"]')]
    assert {*places} <= {"", *ids}


def test_files_are_in_it_and_other_links_are_text(people):
    page = BeautifulSoup(people, "html.parser")
    links = [link["href"] for link in page.select("a[href]") if not link["href"].startswith("#")]
    assert links
    for link in links:
        kind, _, data = link.partition(";base64,")
        assert kind == "data:text/csv"
        assert b"," in b64decode(data)
    assert not page.select("[src]")
    assert not re.search(r"https?://(?!www\.w3\.org/)[^\"' ]+\"? *>", people)


def test_it_runs_under_its_own_policy_and_asks_for_nothing(people, tmp_path):
    path = tmp_path / "people.html"
    path.write_text(people)
    asked, said = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(path.as_uri())
        page.wait_for_selector("figure.chart.drawn svg")
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.chip')).borderStyle")
            == "solid"
        )
        page.evaluate(STRANGER)
        assert page.evaluate("window.ran") is None
        browser.close()
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert len(said) == 1  # of the script that a stranger added
    assert "Content Security Policy" in said[0]


def test_a_failing_cell_is_named_and_its_text_is_not(desk):
    path = desk / "performance" / "summary.ipynb"
    right = path.read_text()
    made = nbformat.read(path, 4)
    made.cells[-1].source = "raise ValueError('IL0001234')"
    nbformat.write(made, path)
    with pytest.raises(
        NotebookError, match="performance/summary for lwia/90 failed in cell 4"
    ) as said:
        exported(path)
    path.write_text(right)
    assert "IL0001234" not in str(said.value)


@pytest.mark.parametrize("source", ["scope = 1", "scope =", 'scope = "state"'])
def test_a_cell_of_parameters_without_all_three_is_named(tmp_path, source):
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})]
    )
    nbformat.write(made, tmp_path / "made.ipynb")
    with pytest.raises(NotebookError, match="The cell of parameters does not say .*period"):
        exported(tmp_path / "made.ipynb")
    with pytest.raises(NotebookError, match="a saved notebook"):
        IpatsExporter().from_notebook_node(made)
