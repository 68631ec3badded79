"""A publication that is kept packed alone holds what the plain one holds (decision 0022)."""

from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ipats_lib.errors import UsageError
from ipats_lib.publishing.build import build
from ipats_lib.publishing.execute import Content, Made
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.packing import PACKED, PACKED_FROM, files_of, read_published
from ipats_lib.publishing.site import RUN_FILES, Site, walk
from ipats_lib.publishing.workers import Workers
from ipats_lib.snapshot import make_snapshot
from tests.site.test_made_again import write_notebook
from tests.site.whole_builds import ONLY, PERIOD


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
        and (packed.site / PERIOD.name / name).stat().st_size >= PACKED_FROM
    ]
    for name in files_of(theirs) - RUN_FILES:
        both = (read_published(site / PERIOD.name / name) for site in (plain.site, packed.site))
        assert len(set(both)) == 1, name
    again = build(snapshot, packed, lambda *_: None)
    assert (again.unchanged, again.pages) == (True, runs[0].pages)
    assert Site(packed.site).is_intact(PERIOD.name)
    with pytest.raises(UsageError, match="stored changed"):
        build(snapshot, replace(packed, packed=False, only=("lwia/90",)), lambda *_: None)
