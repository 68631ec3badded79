"""Building as an operator meets it: failures, parts, increments.  Source: issue "Publish"."""

import csv
import hashlib
import json
import random
import shutil
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

from ipats_lib.params import load_layout
from ipats_lib.publishing.site import Site
from ipats_lib.scopes import STATE
from ipats_lib.snapshot import open_snapshot
from tests.commands import cold
from tests.conftest import ROOT, planner_of, publish
from tests.engine.conftest import FALLBACK
from tests.switched import is_intact

PERIOD = "PY2024Q4"
POSITION = {e.number: e.position - 1 for e in load_layout().elements}


def build(extract, site, store, *more):
    return publish(
        "build", "--extract", extract, "--store", store, "--period", PERIOD, "--site", site, *more
    )


def content(site: Path) -> dict[str, str]:
    period = site / PERIOD
    return {
        p.relative_to(period).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in period.rglob("*")
        if p.is_file() and p.name != "run.html"
    }


@pytest.fixture
def copied(site, tmp_path) -> Path:
    """A site of all our notebooks, of its own for one test."""
    return Path(shutil.copytree(site, tmp_path / "site", symlinks=True))


@pytest.fixture
def pair(few_site, tmp_path) -> Path:
    """The state and one LWIA, from a few notebooks."""
    return Path(shutil.copytree(few_site, tmp_path / "site", symlinks=True))


@pytest.fixture
def small(planner_site, tmp_path) -> Path:
    """One planner, from a few notebooks."""
    return Path(shutil.copytree(planner_site, tmp_path / "site", symlinks=True))


ONLY = [w for a in ("state", "lwia/01", "lwia/02", "lwia/90") for w in ("--only", a)]
BOTH = ["--only", "state", "--only", "lwia/90"]


@pytest.fixture
def build_few(extract, store, few):
    """Build the few notebooks of the sample: site, more words, and perhaps another extract."""

    def build_one(site, *more, extract=extract):
        return build(extract, site, store, "--notebooks", few, *more)

    return build_one


def test_an_unchanged_publication_executes_nothing(copied, extract, store):
    before = content(copied)
    done = build(extract, copied, store, *ONLY)
    assert "nothing had changed" in done.stderr
    assert content(copied) == before


def read_lines(extract: Path) -> list[list[str]]:
    with (extract / "pirl.csv").open(newline="") as lines:
        return list(csv.reader(lines))


def corrected(extract: Path, to: Path, row: int, **values: str) -> Path:
    """A copy of the extract in which elements (`e1602`) of one record have other values."""
    shutil.copytree(extract, to)
    rows = read_lines(extract)
    for element, value in values.items():
        rows[row][POSITION[element.removeprefix("e")]] = value
    with (to / "pirl.csv").open("w", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(rows)
    return to


def executed_again(done) -> set[str]:
    return {line.split(":")[0] for line in done.stdout.splitlines() if ".html: " in line}


def test_a_correction_executes_what_it_touches(build_few, extract, store, tmp_path):
    """One wage of one customer of LWIA 01 is corrected: the area, the state and the customer's
    planners are made again, and the pages that compare areas; nobody else's. That such a site
    equals a clean build is the test after it."""
    site = tmp_path / "site"
    assert build_few(site, *ONLY).returncode == 0
    rows = read_lines(extract)
    chosen = next(
        n for n, r in enumerate(rows)
        if r[POSITION["108-A"]] == "17005" and not r[POSITION["108-B"]]
        and r[POSITION["903"]] == "1" and r[POSITION["1602"]] == "1"
        and "20230701" <= r[POSITION["901"]] <= "20240630" and r[POSITION["923"]] == "00"
    )  # fmt: skip
    other = corrected(extract, tmp_path / "other", chosen, e1602="0", e1603="0", e1704="0.00")
    done = build_few(site, "--explain", *ONLY, extract=other)
    assert done.returncode == 0, done.stderr
    again = executed_again(done)
    mine = planners_of(store, done, rows[chosen][POSITION["100"]], "01")
    summaries = {p.removesuffix("/performance/summary.html") for p in again if "summary" in p}
    assert summaries == {"state", "lwia/01", *mine}
    assert {p for p in again if "comparison/" in p}
    assert not [p for p in again if p.startswith("lwia/02") and "comparison/" not in p]


def planners_of(store: Path, done, customer: str, lwia: str) -> set[str]:
    """The planners in an area that a customer's records belong to, in the newest snapshot."""
    newest = max(store.glob("*/snapshot.json"), key=lambda path: path.stat().st_mtime).parent
    snapshot = open_snapshot(newest)
    rows = snapshot.rows(STATE, ("100", "901"))
    mine = rows.loc[rows["100"].astype("str") == customer, "row"]
    placed = snapshot.membership()
    whose = placed[placed["row"].isin(mine) & (placed["area_type"] == "planner")]["area"]
    known = {s.area: s.path for s in snapshot.scopes() if s.kind == "planner" and s.lwia == lwia}
    return {known[area] for area in whose.astype("str") if area in known}


CHANGES = {
    "1602": ("0", "1", "9"),
    "1606": ("0", "1", "9"),
    "1704": ("0.00", "4321.09", "999999.99"),
    "923": ("00", "03"),
    "1801": ("20240115", ""),
    "1809": ("20241015", ""),
    "1003": ("20250601", ""),
    "201": ("1", "2", "9"),
}


@pytest.fixture(params=["few", pytest.param("all", marks=pytest.mark.soak)])
def ours(request, few) -> Path:
    """The notebooks that are made anew: a few, or all."""
    return few if request.param == "few" else ROOT / "notebooks"


@pytest.mark.parametrize("seed", [11])
def test_any_change_ends_in_the_bytes_of_a_clean_build(ours, extract, store, tmp_path, seed):
    """Seeded: three records of the published areas get other values in a few elements each. The
    clean build is another Python's, whose sets have another order."""
    draw = random.Random(seed)
    rows = read_lines(extract)
    here = [n for n, r in enumerate(rows) if r[POSITION["108-A"]] in ("17005", "17010")]
    other = extract
    for step, row in enumerate(draw.sample(here, 3)):
        elements = draw.sample(sorted(CHANGES), 3)
        values = {f"e{name}": draw.choice(CHANGES[name]) for name in elements}
        other = corrected(other, tmp_path / f"step{step}", row, **values)
    site, clean = tmp_path / "site", tmp_path / "clean"
    words = ("--store", store, "--period", PERIOD, "--notebooks", ours, *ONLY)
    assert publish("build", "--extract", extract, "--site", site, *words).returncode == 0
    before = content(site)
    assert publish("build", "--extract", other, "--site", site, *words).returncode == 0
    assert cold("build", "--extract", other, "--site", clean, "--clean", *words).returncode == 0
    assert before != content(site) == content(clean)


def test_a_clean_build_executes_all_though_nothing_has_changed(small, extract, build_few):
    before, only = content(small), ("--only", planner_of(extract))
    done = build_few(small, "--clean", "--explain", *only)
    assert "nothing had changed" not in done.stderr
    pages = {name for name in before if name.endswith(".html") and "/index" not in name}
    told = [line for line in done.stdout.splitlines() if ".html: " in line]
    assert {line.split(": ")[0] for line in told} == pages
    assert all("asked for a clean build" in line for line in told)
    assert content(small) == before
    assert is_intact(Site(small), PERIOD)
    assert "nothing had changed" in build_few(small, *only).stderr


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"x")])
def test_a_shared_file_that_is_gone_or_damaged_is_made_again(small, extract, build_few, harm):
    style = next((small / "_static").glob("style.*.css"))
    whole = style.read_bytes()
    harm(style)
    done = build_few(small, "--only", planner_of(extract))
    assert done.returncode == 0, done.stderr
    assert style.read_bytes() == whole


def test_a_part_is_refused_where_the_rest_is_no_longer_what_was_published(pair, build_few):
    damaged = (pair / PERIOD / "state" / "performance" / "summary.html").resolve()
    damaged.write_text(damaged.read_text() + "x")
    done = build_few(pair, "--only", "lwia/90")
    assert done.returncode == 6
    assert "state/performance/summary.html is no longer the file" in done.stderr
    assert build_few(pair, *BOTH).returncode == 0
    assert not (pair / PERIOD / "state" / "performance" / "summary.html").read_text().endswith("x")


def test_a_damaged_cache_entry_is_made_again(small, extract, build_few):
    before = content(small)
    for entry in (small / ".ipats" / "cache").glob("??/*"):
        entry.write_bytes(entry.read_bytes()[:-1] + b"x")
    manifest = next((small / ".ipats" / "releases").glob("*.json"))
    manifest.write_text(manifest.read_text().replace('"inputs": "', '"inputs": "x'))
    done = build_few(small, "--explain", "--only", planner_of(extract))
    assert "its kept body is damaged or gone" in done.stdout
    assert content(small) == before


@pytest.mark.parametrize("part", ["lwia/90", "state"])
def test_part_of_a_site_is_replaced_and_the_rest_stays(pair, build_few, part):
    before = content(pair)
    done = build_few(pair, "--clean", "--only", part)
    assert done.returncode == 0, done.stderr
    assert content(pair) == before


def test_a_part_from_another_snapshot_is_refused(pair, extract, build_few, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(extract, other)
    about = json.loads((other / "extract.json").read_text())
    (other / "extract.json").write_text(json.dumps({**about, "as_of": "2025-08-16"}))
    before = content(pair)
    done = build_few(pair, "--only", "lwia/90", extract=other)
    assert done.returncode == 2
    assert "another snapshot" in done.stderr
    assert content(pair) == before


def test_a_part_made_with_other_parameters_is_refused(pair, build_few, tmp_path, monkeypatch):
    params = Path(shutil.copytree(ROOT / "params", tmp_path / "params"))
    monkeypatch.setenv("IPATS_PARAMS", str(params))
    with (params / "levels" / "published.csv").open("a") as levels:
        levels.write("\n")
    before = content(pair)
    done = build_few(pair, "--only", "lwia/90")
    assert (done.returncode, content(pair)) == (2, before)
    assert "(params changed): publish all of it" in done.stderr


def test_a_part_made_with_other_notebooks_is_refused(pair, extract, store, few, tmp_path):
    notebooks = Path(shutil.copytree(few, tmp_path / "notebooks"))
    path = notebooks / "performance" / "summary.ipynb"
    path.write_text(path.read_text() + "\n")
    before = content(pair)
    done = build(extract, pair, store, "--notebooks", notebooks, "--only", "lwia/90")
    assert (done.returncode, content(pair)) == (2, before)
    assert "(notebooks changed): publish all of it" in done.stderr


def test_a_failing_notebook_stops_the_publication_and_tells_no_value(
    small, extract, store, few, tmp_path
):
    notebooks = Path(shutil.copytree(few, tmp_path / "notebooks"))
    path = notebooks / "performance" / "summary.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["ipats"]["data"].append("customers")
    secret = "raise ValueError(report.customers['customer'].iloc[0])"
    notebook.cells.append(nbformat.v4.new_code_cell(secret))
    nbformat.write(notebook, path)
    before, only = content(small), ("--only", planner_of(extract))
    done = build(extract, small, store, "--notebooks", notebooks, *only)
    assert done.returncode == 5
    assert "performance/summary for " in done.stderr
    assert "ValueError" in done.stderr
    assert "IL0" not in done.stderr + done.stdout
    assert content(small) == before


def test_a_new_notebook_is_published_with_no_other_change(extract, store, few, tmp_path):
    notebooks = Path(shutil.copytree(few, tmp_path / "notebooks"))
    source = notebooks / "performance" / "summary.ipynb"
    added = nbformat.read(source, as_version=4)
    added.metadata["ipats"] |= {"title": "Another", "order": 20, "scopes": ["lwia"]}
    nbformat.write(added, notebooks / "performance" / "another.ipynb")
    site = tmp_path / "site"
    done = build(extract, site, store, "--notebooks", notebooks, "--only", "lwia/90")
    assert done.returncode == 0, done.stderr
    area = site / PERIOD / "lwia" / "90"
    assert (area / "performance" / "another.html").exists()
    summary = (area / "performance" / "summary.html").read_text()
    assert 'href="../performance/another.html">Another</a>' in summary
    assert not list(area.glob("planner/*/performance/another.html"))


def test_an_extract_of_a_pirl_file_alone_is_published_and_says_what_is_missing(
    extract, store, tmp_path
):
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(extract / "pirl.csv", alone)
    site = tmp_path / "site"
    done = build(alone, site, store, "--only", "lwia/90", "--only", "state")
    assert done.returncode == 0, done.stderr
    assert not (site / PERIOD / "lwia" / "90" / "planner").exists()
    index = (site / PERIOD / "lwia" / "90" / "index.html").read_text()
    assert "assignment" in index
    assert "estimated" in (site / PERIOD / "state" / "performance" / "summary.html").read_text()


@pytest.mark.parametrize("only", ["lwia/99", "lwia/90/planner/none", "../etc", "lwia/9"])
def test_an_unknown_scope_is_refused(extract, store, tmp_path, only):
    done = build(extract, tmp_path / "site", store, "--only", only)
    assert done.returncode == 2
    assert only in done.stderr
    assert not (tmp_path / "site" / PERIOD).exists()


def test_a_broken_extract_ends_in_one_sentence_and_leaves_the_snapshots(extract, tmp_path):
    store, broken = tmp_path / "store", tmp_path / "broken"
    assert publish("snapshot", "--extract", extract, "--store", store).returncode == 0
    kept = sorted(p.as_posix() for p in store.rglob("*"))
    broken.mkdir()
    whole = (extract / "pirl.csv").read_bytes()
    (broken / "pirl.csv").write_bytes(whole[: len(whole) // 2 - 200])
    done = publish("snapshot", "--extract", broken, "--store", store)
    assert done.returncode == 2
    assert done.stderr.count("Stopped:") == 1
    assert "Traceback" not in done.stderr
    assert sorted(p.as_posix() for p in store.rglob("*")) == kept


def test_operators_get_one_json_object_a_line(pair, extract, store, few):
    done = publish(
        "--log-format", "json", "build", "--extract", extract, "--store", store, "--period", PERIOD,
        "--site", pair, "--notebooks", few, "--clean", "--only", "lwia/90",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    said = [line["message"] for line in lines if line["event"] == "log"]
    assert all("Notebooks run in ordinary kernels" in message for message in said)
    assert bool(said) == FALLBACK
    events = {"progress", "released", "withheld", "published"}
    assert {line["event"] for line in lines} - {"log"} == events
    assert 0 < lines[-1]["executed"] < lines[-1]["pages"]
    assert lines[-1]["largest"].endswith(" for lwia/90") or "/planner/" in lines[-1]["largest"]
    assert 50 < lines[-1]["notebook_mb"] < 4096
    assert all(datetime.fromisoformat(line["time"]).tzinfo for line in lines)
    steps = [line for line in lines if line.get("stage") == "notebooks"]
    assert steps[-1]["left"] == 0
    assert all(step["rate"] > 0 and step["left"] >= 0 for step in steps[1:])


def test_a_failure_is_told_in_json_too(extract, tmp_path):
    done = publish("--log-format", "json", "build", "--extract", tmp_path, "--period", PERIOD,
                   "--site", tmp_path / "site", "--store", tmp_path / "store")  # fmt: skip
    (line,) = done.stderr.splitlines()
    told = json.loads(line)
    assert (told["event"], told["exit_code"], done.returncode) == ("stopped", 2, 2)


def test_a_planner_without_a_customer_has_pages_that_say_so(extract, store, tmp_path):
    """Somebody who starts on Monday is in the planners' table before any customer is."""
    new = Path(shutil.copytree(extract, tmp_path / "new"))
    with (new / "planner.csv").open("a") as lines:
        lines.write("9999,90,Nobody Yet,1\n")
    site = tmp_path / "site"
    done = build(new, site, store, "--only", "lwia/90/planner/9999")
    assert done.returncode == 0, done.stderr
    own = site / PERIOD / "lwia" / "90" / "planner" / "9999"
    assert "has no figure with a verdict yet" in (own / "performance/summary.html").read_text()
    assert "No customer has open work." in (own / "index.html").read_text()
    assert "No customer is listed here." in (own / "dashboards/worklist-customers.html").read_text()
