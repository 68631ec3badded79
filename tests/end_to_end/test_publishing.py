"""Building as an operator meets it: failures, parts, increments.  Source: issue "Publish"."""

import csv
import hashlib
import json
import shutil
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

from ipats_lib.params import load_layout
from tests.conftest import ROOT, publish

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
    """A published site of its own for one test."""
    return Path(shutil.copytree(site, tmp_path / "site", symlinks=True))


ONLY = [w for a in ("state", "lwia/01", "lwia/02", "lwia/90") for w in ("--only", a)]


def test_an_unchanged_publication_executes_nothing(copied, extract, store):
    before = content(copied)
    done = build(extract, copied, store, *ONLY)
    assert "nothing had changed" in done.stderr
    assert content(copied) == before


def test_a_correction_executes_what_it_touches_and_equals_a_clean_build(
    copied, extract, store, tmp_path
):
    """One wage of one customer of LWIA 01 is corrected."""
    corrected = tmp_path / "corrected"
    shutil.copytree(extract, corrected)
    with (extract / "pirl.csv").open(newline="") as lines:
        rows = list(csv.reader(lines))
    chosen = next(
        r for r in rows
        if r[POSITION["108-A"]] == "17005" and not r[POSITION["108-B"]]
        and r[POSITION["903"]] == "1" and r[POSITION["1602"]] == "1"
        and "20230701" <= r[POSITION["901"]] <= "20240630" and r[POSITION["923"]] == "00"
    )  # fmt: skip
    chosen[POSITION["1602"]], chosen[POSITION["1603"]] = "0", "0"
    chosen[POSITION["1704"]] = "0.00"
    with (corrected / "pirl.csv").open("w", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(rows)
    done = build(corrected, copied, store, "--explain", *ONLY)
    assert done.returncode == 0, done.stderr
    again = {line.split(":")[0] for line in done.stdout.splitlines() if ".html: " in line}
    assert "lwia/01/performance/summary.html" in again
    assert not [p for p in again if p.startswith("lwia/02/performance")]
    assert not [p for p in again if p.startswith("lwia/02/dashboards")]
    clean = tmp_path / "clean"
    assert build(corrected, clean, store, "--clean", *ONLY).returncode == 0
    assert content(copied) == content(clean)


def test_a_damaged_cache_entry_is_made_again(copied, extract, store):
    before = content(copied)
    for entry in (copied / ".ipats" / "cache").glob("??/*"):
        entry.write_bytes(entry.read_bytes()[:-1] + b"x")
    manifest = next((copied / ".ipats" / "releases").glob("*.json"))
    manifest.write_text(manifest.read_text().replace('"inputs": "', '"inputs": "x'))
    done = build(extract, copied, store, "--explain", *ONLY)
    assert "its kept body is damaged or gone" in done.stdout
    assert content(copied) == before


def test_part_of_a_site_is_replaced_and_the_rest_stays(copied, extract, store):
    before = content(copied)
    done = build(extract, copied, store, "--clean", "--only", "lwia/90")
    assert done.returncode == 0, done.stderr
    assert content(copied) == before


def test_a_part_from_another_snapshot_is_refused(copied, extract, store, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(extract, other)
    about = json.loads((other / "extract.json").read_text())
    (other / "extract.json").write_text(json.dumps({**about, "as_of": "2025-08-16"}))
    before = content(copied)
    done = build(other, copied, store, "--only", "lwia/90")
    assert done.returncode == 2
    assert "another snapshot" in done.stderr
    assert content(copied) == before


def test_a_failing_notebook_stops_the_publication_and_tells_no_value(
    copied, extract, store, tmp_path
):
    notebooks = Path(shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks"))
    path = notebooks / "dashboards" / "caseload.ipynb"
    notebook = nbformat.read(path, as_version=4)
    secret = "raise ValueError(report.data.frame('rows')['100'].iloc[0])"
    notebook.cells.append(nbformat.v4.new_code_cell(secret))
    nbformat.write(notebook, path)
    before = content(copied)
    done = build(extract, copied, store, "--notebooks", notebooks, *ONLY)
    assert done.returncode == 5
    assert "dashboards/caseload for " in done.stderr
    assert "ValueError" in done.stderr
    assert "IL0" not in done.stderr + done.stdout
    assert content(copied) == before


def test_a_new_notebook_is_published_with_no_other_change(extract, store, tmp_path):
    notebooks = Path(shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks"))
    source = notebooks / "performance" / "summary.ipynb"
    added = nbformat.read(source, as_version=4)
    added.metadata["ipats"] |= {"title": "Another", "order": 20, "scopes": ["lwia"]}
    nbformat.write(added, notebooks / "performance" / "another.ipynb")
    site = tmp_path / "site"
    done = build(extract, site, store, "--notebooks", notebooks, "--only", "lwia/90")
    assert done.returncode == 0, done.stderr
    area = site / PERIOD / "lwia" / "90"
    assert (area / "performance" / "another.html").exists()
    assert 'href="performance/another.html">Another</a>' in (area / "index.html").read_text()
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


def test_operators_get_one_json_object_a_line(copied, extract, store):
    done = publish(
        "--log-format", "json", "build", "--extract", extract, "--store", store,
        "--period", PERIOD, "--site", copied, "--clean", "--only", "lwia/90",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["event"] for line in lines} == {"progress", "published"}
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
