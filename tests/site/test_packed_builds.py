"""A publication that is kept packed alone holds what the plain one holds (decision 0022)."""

import errno
import json
import os
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ipats_lib.errors import UsageError
from ipats_lib.publishing.build import build
from ipats_lib.publishing.cache import Content
from ipats_lib.publishing.execute import Made
from ipats_lib.publishing.files import ALONE_FROM, PACKED, files_of, read_published
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.site import RUN_FILES, Site, walk
from ipats_lib.publishing.workers import Workers
from ipats_lib.snapshot import make_snapshot
from tests.site.test_made_again import write_notebook
from tests.site.whole_builds import NEW, OLD, ONLY, PERIOD
from tests.switched import is_intact


class Long(Workers):
    """Gives for each job a long body and long downloads."""

    def submit(self, function, job):
        tables = [name for name in job.downloads if name.endswith(".csv")]
        body = f"<h1>{job.label}</h1>" + "<p>text</p>" * 2000
        future: Future[Made] = Future()
        future.set_result(Made(Content(body, dict.fromkeys(tables, b"a,b\n" * 5000)), 0.0, 0.0))
        return future


@contextmanager
def long(workers: int):
    yield Long()


def names(site: Path) -> set[str]:
    folder = (site / PERIOD.name).resolve()
    return {path.relative_to(folder).as_posix() for path in walk(folder)}


def test_it_holds_the_same_files_and_is_found_unchanged(extract, store, tmp_path):
    snapshot, notebooks = make_snapshot(extract, store), tmp_path / "notebooks"
    (notebooks / "performance").mkdir(parents=True)
    write_notebook(notebooks, "performance/one", ["figures"], "1", downloads=["table.csv"])
    plain = Options(notebooks, tmp_path / "plain", PERIOD, only=ONLY, pool=long)
    packed = replace(plain, site=tmp_path / "packed", packed=True)
    runs = [build(snapshot, options, lambda *_: None) for options in (plain, packed)]
    assert runs[0].pages == runs[1].pages
    ours, theirs = names(packed.site), names(plain.site)
    assert files_of(ours) == files_of(theirs)
    assert not {f"{name}{PACKED}" for name in ours} & ours, "a file is there in both forms"
    assert not [
        name
        for name in ours - RUN_FILES
        if name.endswith((".html", ".csv"))
        and (packed.site / PERIOD.name / name).stat().st_size >= ALONE_FROM
    ]
    for name in files_of(theirs) - RUN_FILES:
        both = (read_published(site / PERIOD.name / name) for site in (plain.site, packed.site))
        assert len(set(both)) == 1, name
    again = build(snapshot, packed, lambda *_: None)
    assert (again.unchanged, again.pages) == (True, runs[0].pages)
    assert is_intact(Site(packed.site), PERIOD.name)
    with pytest.raises(UsageError, match="stored changed"):
        build(snapshot, replace(packed, packed=False, only=("lwia/90",)), lambda *_: None)


def test_files_alike_are_one_where_the_system_has_second_names(
    extract, store, tmp_path, monkeypatch
):
    snapshot, notebooks = make_snapshot(extract, store), tmp_path / "notebooks"
    (notebooks / "performance").mkdir(parents=True)
    write_notebook(notebooks, "performance/one", ["figures"], "1", downloads=["table.csv"])
    found = {}
    for name, packed in (("plain", False), ("packed", True), ("copies", True)):
        if name == "copies":
            monkeypatch.setattr(os, "link", refused)
        site = tmp_path / name
        build(snapshot, Options(notebooks, site, PERIOD, pool=long, packed=packed), lambda *_: None)
        tables = [path for path in walk(site / PERIOD.name) if path.name.startswith("table.csv")]
        inodes = len({path.stat().st_ino for path in tables})
        found[name] = len(tables), inodes == len({path.read_bytes() for path in tables})
        assert is_intact(Site(site), PERIOD.name)
    scopes = len(snapshot.scopes())
    assert scopes > 1
    assert found == {
        "plain": (2 * scopes, True), "packed": (scopes, True), "copies": (scopes, False),
    }  # fmt: skip


def refused(*_: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def stored(site: Path) -> dict[str, bytes]:
    return {name: (site / PERIOD.name / name).read_bytes() for name in names(site)}


def test_the_dashboards_alone_leave_the_other_files_packed_as_they_are(extract, store, tmp_path):
    notebooks = tmp_path / "notebooks"
    write_notebook(notebooks, "performance/one", ["figures"], "1", downloads=["table.csv"])
    write_notebook(notebooks, "dashboards/two", ["workload"], "2", downloads=["work.csv"])
    old, new = (make_snapshot(extract, store, as_of=day) for day in (OLD, NEW))
    options = Options(notebooks, tmp_path / "site", PERIOD, only=ONLY, pool=long, packed=True)
    build(old, options, lambda *_: None)
    before = {
        name: (options.site / PERIOD.name / name).read_bytes() for name in names(options.site)
    }
    run = build(new, replace(options, only=(), family="dashboards"), lambda *_: None)
    after = stored(options.site)
    assert (run.unchanged, run.pages > 0) == (False, True)
    assert before.keys() == after.keys()
    kept = {name for name in after if "/performance/" in name}
    assert {name.endswith(PACKED) for name in kept} == {True}
    assert all(before[name] == after[name] for name in kept)
    own = {name for name in after if name.endswith("/dashboards/two.html.gz")}
    assert own
    assert not [name for name in own if before[name] == after[name]]
    assert is_intact(Site(options.site), PERIOD.name)


def test_what_planners_of_an_lwia_see_alike_is_one_file_that_names_none(extract, store, tmp_path):
    snapshot, notebooks = make_snapshot(extract, store), tmp_path / "notebooks"
    write_notebook(notebooks, "comparison/alike", ["areas"], "1")
    write_notebook(notebooks, "performance/own", ["figures"], "2")
    only = ("lwia/07",)
    build(
        snapshot,
        Options(notebooks, tmp_path / "site", PERIOD, only=only, pool=long),
        lambda *_: None,
    )
    folder = tmp_path / "site" / PERIOD.name / "lwia" / "07"
    listed = json.loads((folder / "scopes.json").read_text())["scopes"]
    names = {one["title"].partition(" (")[0] for one in listed if "/planner/" in one["path"]}
    alike, own = (sorted(folder.glob(f"planner/*/{page}.html"))
                  for page in ("comparison/alike", "performance/own"))  # fmt: skip
    assert len(alike) == len(own) == len(names) > 1
    assert len({page.stat().st_ino for page in alike}) == 1
    text, shown = alike[0].read_text("utf-8"), [page.read_text("utf-8") for page in own]
    assert "<title>comparison/alike - Career planner, LWIA 07 - PY2024Q4 - IPATS</title>" in text
    assert '<a href="../index.html">Career planner</a>' in text
    assert not [name for name in names if name in text]
    assert [sum(name in text for text in shown) for name in names] == [1] * len(names)
