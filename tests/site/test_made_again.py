"""What changed, which pages are made again for it, and what --explain says.  Source: issue 17.

Three notebooks for one LWIA and its planners. Workers stand in for the runs, and show what a run
would receive: its parameters and its frame `areas`, cell by cell.
"""

import io
import shutil
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pyarrow import feather

from ipats_lib.publishing import build as building
from ipats_lib.publishing import dependencies, publication
from ipats_lib.publishing.build import build
from ipats_lib.publishing.cache import Content
from ipats_lib.publishing.execute import Made
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.site import Site
from ipats_lib.publishing.workers import Workers
from ipats_lib.report.data import StateData
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import make_snapshot
from tests.conftest import ROOT, once, passed
from tests.conftest import publish as command
from tests.site.whole_builds import PERIOD
from tests.switched import is_intact

GIVEN = 'scope = "state"\nperiod = "PY2024Q4"\nsnapshot = "sample"'
IMPORT = "from ipats_lib.report import open_report, show"
KINDS = ["state", "lwia", "planner"]


def cells(frame) -> set[str]:
    """Each cell of the frame `areas` that has a value, as one line."""
    shown = frame[frame["value"].notna()]
    keys = ["period", "window", "back", "area", "program", "measure"]
    return {" ".join(map(str, line)) for line in shown[[*keys, "value"]].itertuples(index=False)}


class Telling(Workers):
    """Gives for each job a body with its parameters and its frame of areas."""

    def submit(self, function, job):
        told = [f"<h1>{job.label}</h1><p>{dict(job.parameters)}</p>"]
        if "areas.arrow" in job.files:
            table = feather.read_table(io.BytesIO(job.files["areas.arrow"])).to_pandas()
            told += sorted(f"<p>{cell}</p>" for cell in cells(table))
        future: Future[Made] = Future()
        future.set_result(Made(Content("\n".join(told)), 0.0, 0.0))
        return future


@contextmanager
def telling(workers: int):
    yield Telling()


def write_notebook(folder: Path, key: str, data: list[str], code: str, own: str = "", **more):
    declared = {
        "family": key.split("/")[0],
        "title": key,
        "order": 1,
        "scopes": KINDS,
        "data": data,
    }
    given = new_code_cell(f"{GIVEN}\n{own}", metadata={"tags": ["parameters"]})
    made = new_notebook(
        cells=[new_markdown_cell("# T"), given, new_code_cell(f"{IMPORT}\n{code}")],
        metadata={"ipats": {**declared, **more}},
    )
    path = folder / f"{key}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)


@pytest.fixture(scope="module")
def state(shared, tmp_path_factory) -> StateData:
    """A small state, whose frames are computed once for all builds of this module."""
    tiny = once(shared, "tiny", lambda f: passed(command("sample", "--out", f, "--scale", 0.01)))
    return StateData(make_snapshot(tiny, tmp_path_factory.mktemp("store")), PERIOD)


class Publisher:
    """Publishes LWIA 90 and the state again and again, and notes what was explained."""

    def __init__(self, folder: Path, state: StateData, only: tuple[str, ...]) -> None:
        self.notebooks, self.params = folder / "notebooks", folder / "params"
        self.site, self.state, self.only = folder / "site", state, only
        self.told: dict[str, tuple[str, ...]] = {}

    def publish(self):
        self.told = {}
        options = Options(self.notebooks, self.site, PERIOD, only=self.only, pool=telling,
                          explain=lambda path, why: self.told.update({path: why}))  # fmt: skip
        return build(self.state.snapshot, options, lambda *_: None)

    @property
    def again(self) -> dict[str, set[str]]:
        """What was said of each notebook's pages of the LWIA and its planners."""
        said: dict[str, set[str]] = {}
        for path, why in self.told.items():
            said.setdefault("/".join(path.split("/")[-2:]), set()).update(why)
        return said


@pytest.fixture
def published(tmp_path, monkeypatch, state) -> Publisher:
    shutil.copytree(ROOT / "params", tmp_path / "params")
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path / "params"))
    monkeypatch.setattr(publication, "StateData", lambda *_: state)
    notebooks = tmp_path / "notebooks"
    write_notebook(notebooks, "performance/tabled", ["figures"], "show.table(f)", "top = 10")
    write_notebook(notebooks, "performance/noted", ["figures"], "show.note('n')")
    write_notebook(notebooks, "comparison/compared", ["areas"], "show.table(areas)")
    one = Publisher(tmp_path, state, ("lwia/90",))
    one.publish()
    return one


def module(name: str):
    """Another text of one module of the library."""

    def change(published, monkeypatch) -> None:
        real = dependencies._hash
        other = dependencies.LIBRARY / name
        assert other.is_file()
        monkeypatch.setattr(dependencies, "_hash", lambda p: "0" * 64 if p == other else real(p))
        parts = dependencies.publication_parts(published.notebooks)
        changed = {**parts, "library": f"another {name}"}
        monkeypatch.setattr(building, "publication_parts", lambda _: changed)

    return change


def parameter(published, _) -> None:
    rows = "notebook,parameter,value,why\nperformance/tabled,top,5,\n"
    (published.params / "notebooks.csv").write_text(rows)


def rule(published, _) -> None:
    with (published.params / "levels" / "published.csv").open("a") as levels:
        levels.write("\n")


def moved(published, _) -> None:
    row = "performance/old.html,performance/noted.html,PY2024Q4"
    (published.params / "redirects.csv").write_text(f"old,new,since\n{row}\n")


def cell(published, _) -> None:
    write_notebook(published.notebooks, "performance/noted", ["figures"], "show.note('m')")


def nothing(_, __) -> None:
    pass


TABLED, NOTED, COMPARED = "performance/tabled.html", "performance/noted.html", (
    "comparison/compared.html"
)  # fmt: skip
EVERY = (TABLED, NOTED, COMPARED)


@pytest.mark.parametrize(
    ("change", "again", "said"),
    [
        (nothing, (), ""),
        (module("report/show/verbs/table.py"), (TABLED, COMPARED), "show.table changed"),
        (module("report/show/verbs/note.py"), (NOTED,), "show.note changed"),
        (module("report/show/verbs/tiles.py"), (), ""),
        (module("report/show/rows.py"), (TABLED, COMPARED), "library (report/show/rows.py)"),
        (module("report/report.py"), EVERY, "library (report/report.py)"),
        (module("frames/editions.py"), (), ""),
        (module("report/data.py"), (), ""),
        (parameter, (TABLED,), "parameters"),
        (rule, EVERY, "params"),
        (cell, (NOTED,), "notebook"),
        (moved, (), ""),
    ],
    ids=["nothing", "a verb of two", "a verb of one", "a verb of none", "what a verb imports",
         "what opens a report", "what computes a frame", "what slices",
         "a parameter", "a rule", "a cell", "a page's place"],
)  # fmt: skip
def test_what_changed_makes_its_users_again_and_is_named(
    published, monkeypatch, change, again, said
):
    change(published, monkeypatch)
    run = published.publish()
    assert published.again == {page: {said} for page in again}
    assert run.unchanged == (change is nothing)
    assert bool(run.executed) == bool(again)


def files_outside_the_state(site: Path) -> dict[str, str]:
    found = [p for p in (site / PERIOD.name).rglob("*") if p.is_file()]
    outside = [p for p in found if p.relative_to(site / PERIOD.name).parts[0] != "state"]
    return {p.as_posix(): p.read_text("utf-8") for p in outside}


def test_no_file_outside_the_states_folder_holds_a_cell_of_the_full_edition(published, state):
    published.only = ("state", "lwia/90")
    published.publish()
    full = cells(state.slice(STATE).frames["areas"])
    released = cells(state.slice(Scope.parse("lwia/90")).frames["areas"])
    assert full > released
    in_state = (published.site / PERIOD.name / "state" / COMPARED).read_text("utf-8")
    assert all(cell in in_state for cell in full)
    outside = files_outside_the_state(published.site)
    assert sum(name.endswith(COMPARED) for name in outside) > 1
    for name, text in outside.items():
        assert not [cell for cell in full - released if f"<p>{cell}</p>" in text], name


def test_an_lwia_and_its_planners_are_shown_one_run(published):
    folder = published.site / PERIOD.name / "lwia" / "90"
    titles = {path.read_text("utf-8").split("<h1>")[1].split("<")[0]
              for path in folder.rglob("compared.html")}  # fmt: skip
    assert titles == {"comparison/compared for lwia/90"}


def test_a_page_that_moved_is_led_to_and_counts_as_no_page(published):
    pages = published.publish().pages
    moved(published, None)
    run = published.publish()
    folder = published.site / PERIOD.name / "lwia" / "90" / "performance"
    text = (folder / "old.html").read_text("utf-8")
    assert 'content="0; url=noted.html"' in text
    assert '<a href="noted.html">' in text
    assert run.pages == pages
    assert published.publish().pages == pages  # nothing had changed: told from the manifest
    assert is_intact(Site(published.site), PERIOD.name)


def test_a_notebook_may_make_the_landing_page(published):
    def index(site: Path) -> str:
        return (site / PERIOD.name / "lwia" / "90" / "index.html").read_text("utf-8")

    assert 'href="performance/tabled.html"' in index(published.site)
    write_notebook(published.notebooks, "performance/landing", ["figures"], "show.note('n')",
                   index=True, scopes=["lwia"])  # fmt: skip
    run = published.publish()
    assert "<h1>performance/landing for lwia/90</h1>" in index(published.site)
    assert published.publish().pages == run.pages
    planner = next((published.site / PERIOD.name / "lwia" / "90" / "planner").glob("*/index.html"))
    assert "performance/landing" not in planner.read_text("utf-8")
