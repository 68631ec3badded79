"""Switches, whole builds and whole snapshots with a fault at each durable call in turn.

    python -m tests.site.whole_builds EXTRACT STORE FOLDER WHAT=EVERY ...

WHAT is `switch`, `build`, `snapshot`; `family`: the dashboards alone beside older pages; `stage`: a
build that is not shown; `show`: the step to it.

Prints its figures, of errors and of kills. EVERY is 1 for each call, 7 for one in seven of each
kind. Several of one call count what they publish once. A process of its own, because it forks. A
page's body and its downloads stand for its notebook's run: what is tried here is what happens on
the disk, many times. A release that was kept before stays as it was, though its files are other
names of the cache's.
"""

import hashlib
import os
import shutil
import sys
from collections import Counter
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import date
from functools import cache, partial
from itertools import product
from pathlib import Path

import ipats_lib.publishing.publication as publication
from ipats_lib.durable import file_hash
from ipats_lib.errors import PublicationError
from ipats_lib.periods import Period
from ipats_lib.publishing.assets import Assets
from ipats_lib.publishing.build import build
from ipats_lib.publishing.cache import Content
from ipats_lib.publishing.execute import Made
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.plan import choose_scopes
from ipats_lib.publishing.site import Manifest, Site, walk
from ipats_lib.publishing.staged import show
from ipats_lib.publishing.workers import Workers
from ipats_lib.report.data import StateData
from ipats_lib.snapshot import Snapshot, make_snapshot, open_snapshot
from tests.few import write, write_areas
from tests.remembered import remember_what_is_withheld
from tests.site.durable import Attempt, attempt, drawn
from tests.switched import is_intact, switch

PERIOD = Period.parse("PY2024Q4")
ONLY = ("state", "lwia/90")
OLD, NEW = date(2025, 8, 15), date(2025, 8, 16)
KINDS = ("error", "kill")
PATHS = ("state", "lwia/07", "lwia/07/planner/1042")


class Stand(Workers):
    """Gives for each job a body that depends on all that the job holds."""

    def submit(self, function, job):
        text = hashlib.sha256(repr(job).encode()).hexdigest()
        future: Future[Made] = Future()
        files = dict.fromkeys(job.downloads, text.encode())
        future.set_result(Made(Content(f"<h1>{job.label} {text}</h1>", files), 0.0, 0.0))
        return future


@contextmanager
def stand(workers: int):
    yield Stand()


def snapshot_of(extract: Path, store: Path, day: date) -> Path:
    return make_snapshot(extract, store, as_of=day).path


def publish(
    snapshot: Snapshot, site: Path, notebooks: Path, family: str = "", stage: bool = False
) -> int:
    """Build a small site, or a family of it; how many pages had to be made anew."""
    only = () if family else ONLY
    options = Options(notebooks, site, PERIOD, only=only, pool=stand, family=family, stage=stage)
    return build(snapshot, options, lambda *_: None).executed


@cache
def prepared(extract: Path, store: Path) -> tuple[Snapshot, Snapshot]:
    """The extract as of two days. What computes is done once, before the forks: no durable call is
    in it."""
    made = [attempt(partial(snapshot_of, extract, store, day)).gave for day in (OLD, NEW)]
    snapshots = old, new = [open_snapshot(Path(path)) for path in made]
    places = ("Guide", "Glossary", "Rule-book", "Accessibility", "Contact", "Privacy")
    guide = "".join(f"<p id='{place}'>" for place in places)
    files = {"a.css": b"p {}", "a.svg": b"<svg>", "a.html": guide.encode(), "a.js": b";"}
    assets = Assets("a.css", "a.svg", "a.html", "a.js", "a.js", files)
    publication.build_assets = lambda: assets
    states = {snapshot.id: Sliced(snapshot, PERIOD) for snapshot in snapshots}
    for state in states.values():
        for scope in choose_scopes(state.snapshot.scopes(), ONLY):
            assert state.slice(scope).hashes
        assert len(state.areas)
    publication.StateData = lambda snapshot, *_: states[snapshot.id]
    return old, new


class Sliced(StateData):
    """A state whose slices are cut once, and not again by each of the forked children."""

    slice = cache(StateData.slice)


def tree(folder: Path) -> dict[str, str]:
    """Every file that readers see, by name and hash; the run report tells of the run itself."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "run.html"
    }


def copied(source: Path, target: Path) -> Path:
    """A copy in which names of one file are names of one file."""
    shutil.rmtree(target, ignore_errors=True)
    first: dict[int, str] = {}

    def copy(path: str, to: str) -> None:
        known = first.setdefault(os.lstat(path).st_ino, to)
        os.link(known, to) if known != to else shutil.copy2(path, to)

    return Path(shutil.copytree(source, target, symlinks=True, copy_function=copy))


def linked(site: Site) -> bool:
    """Whether a file of the publication that readers see is another name of the cache's."""
    cache = {path.stat().st_ino for path in site.inner.glob("cache/files/*/*")}
    return any(path.stat().st_ino in cache for path in walk(site.current(PERIOD.name)))


def ended(tried: Attempt, kind: str, at: int) -> None:
    """An error ends in a sentence or is overcome, and a kill ends in death; nothing else."""
    assert tried.died == (kind == "kill"), f"at call {at}: {tried}"
    if tried.said:
        assert "cannot be written (No space left on device)" in tried.said, f"at {at}: {tried}"


def figure(what: str, kind: str, calls: tuple[str, ...], numbers: list[int]) -> str:
    """The beginning of a line of figures: how many calls there are, and which were tried."""
    kinds = Counter(calls[at - 1] for at in numbers)
    tried = ", ".join(f"{number} {name}" for name, number in sorted(kinds.items()))
    return f"F6 {what} {kind}: {len(numbers)} of {len(calls)} calls ({tried})"


def switched(site: Path, text: str, run: str = "a run") -> bool:
    """Publish three small pages and a run report, with no notebook and no snapshot in the way."""
    with Site(site).publisher():
        staged = Site(site).stage(PERIOD.name)
        for scope in PATHS:
            (staged / scope).mkdir(parents=True)
            (staged / scope / "index.html").write_text(text)
        (staged / "state" / "run.html").write_text(run)
        switch(Site(site), PERIOD.name, staged, {"snapshot": text})
    return True


def tried_to_switch(site: Path, text: str, run: str) -> bool:
    """The same, with what `build` makes a sentence of."""
    try:
        return switched(site, text, run)
    except OSError as error:
        raise PublicationError(f"{site} cannot be written ({error.strerror}).") from None


def switches(every: int, _extract: Path, _store: Path, folder: Path) -> None:
    """To other pages, and to the same ones with another run report."""
    for kind, text in product(KINDS, ("two", "one")):
        switches_to(text, kind, every, folder)


def switches_to(text: str, kind: str, every: int, folder: Path) -> None:
    first, site = folder / "first", folder / "site"
    shutil.rmtree(first, ignore_errors=True)
    assert attempt(partial(switched, first, "one")).gave
    counted = attempt(partial(switched, copied(first, site), text, "another"))
    before, after = tree(first / PERIOD.name), tree(site / PERIOD.name)
    assert len(before) == len(after) == len(PATHS)
    numbers, partial_sites = drawn(counted.calls, every), 0
    for at in numbers:
        copied(first, site)
        ended(attempt(partial(tried_to_switch, site, text, "another"), at, kind), kind, at)
        partial_sites += tree(site / PERIOD.name) not in (before, after)
        assert is_intact(Site(site), PERIOD.name), f"after a fault at call {at}"
        assert attempt(partial(switched, site, text, "a third")).gave
        assert tree(site / PERIOD.name) == after, f"after a fault at call {at}"
        assert is_intact(Site(site), PERIOD.name)
        assert (site / PERIOD.name / "state" / "run.html").read_text() == "a third"
    print(f"{figure('switch', kind, counted.calls, numbers)}, {partial_sites} partial sites")
    assert partial_sites == 0


def builds(every: int, extract: Path, store: Path, folder: Path, family: str = "") -> None:
    """Of everything, or of one family beside the rest of the publication before."""
    notebooks, what = folder / "notebooks", "family" if family else "build"
    declared = {"family": "performance", "title": "Summary", "data": ["figures"]}
    write(notebooks, "summary", {**declared, "downloads": ["table.csv"]}, [])
    if family:
        write(notebooks, "work", {"family": family, "title": "Work", "data": ["workload"]}, [])
    old, new = prepared(extract, store)
    for snapshot in (old, new):  # what is read and counted once, before the forks
        publish(snapshot, folder / "rehearsal", notebooks)
    first, site = folder / "first", folder / "site"
    assert attempt(partial(publish, old, first, notebooks)).gave
    kept = store / "released"
    shutil.rmtree(kept)  # both extracts show the same across areas, and equal records are kept once
    counted = attempt(partial(publish, new, copied(first, site), notebooks, family))
    before, after = tree(first / PERIOD.name), tree(site / PERIOD.name)
    assert before != after
    earlier = Site(first).current(PERIOD.name).name
    assert linked(Site(first))
    record = tree(kept)
    assert len(record) == 1
    numbers, pages = drawn(counted.calls, every), int(counted.gave)
    for kind in KINDS:
        partial_sites, resumed = 0, 0
        for at in numbers:
            copied(first, site)
            shutil.rmtree(kept, ignore_errors=True)
            tried = attempt(partial(publish, new, site, notebooks, family), at, kind)
            ended(tried, kind, at)
            seen = tree(site / PERIOD.name)
            partial_sites += seen not in (before, after)
            found = {name: digest for name, digest in tree(kept).items() if name[0] != "."}
            assert found in ({}, record), f"half a record after a fault at call {at}"
            assert found or seen == before, f"shown and not on record after a fault at call {at}"
            if tried.said:
                wording = (
                    "what they saw before" if seen == before else "the new publication already"
                )
                assert f"readers see {wording}" in tried.said, f"at call {at}: {tried.said}"
            again = int(attempt(partial(publish, new, site, notebooks, family)).gave)
            resumed += again < pages
            assert tree(site / PERIOD.name) == after, f"after a fault at call {at}"
            assert tree(Site(site).releases / earlier) == before, f"after a fault at call {at}"
            assert tree(kept).items() >= record.items(), f"after a fault at call {at}"
        print(
            f"{figure(what, kind, counted.calls, numbers)}, {partial_sites} partial sites, "
            f"{resumed} resumed with less to do"
        )
        assert partial_sites == 0
        assert resumed > len(numbers) // 2


def stages(every: int, extract: Path, store: Path, folder: Path) -> None:
    """A build that is not shown: readers see nothing of it, and what waits is whole."""
    notebooks, first, site = folder / "notebooks", folder / "first", folder / "site"
    write_areas(notebooks)
    old, new = prepared(extract, store)
    for snapshot in (old, new):
        publish(snapshot, folder / "rehearsal", notebooks)
    assert attempt(partial(publish, old, first, notebooks)).gave
    shutil.rmtree(store / "released")
    asked = partial(publish, new, site, notebooks, stage=True)
    copied(first, site)
    counted, before = attempt(asked), tree(first / PERIOD.name)
    whole, numbers = staged(site), drawn(counted.calls, every)
    assert set(whole) == set(before)
    assert whole != before
    for kind in KINDS:
        waited = 0
        for at in numbers:
            copied(first, site)
            ended(attempt(asked, at, kind), kind, at)
            assert tree(site / PERIOD.name) == before, f"shown after a fault at call {at}"
            assert not (store / "released").exists(), f"on record after a fault at call {at}"
            waited += bool(staged(site))
            assert staged(site) in ({}, whole), f"half of it waits after a fault at call {at}"
            assert attempt(asked).gave
            assert staged(site) == whole, f"after a fault at call {at}"
            assert tree(site / PERIOD.name) == before, f"shown after a fault at call {at}"
        print(
            f"{figure('stage', kind, counted.calls, numbers)}, {waited} waited after it, none shown"
        )


def staged(site: Path) -> dict[str, str]:
    """Every file of the publication that waits, by name and hash; nothing where none does."""
    waiting = Site(site).waiting(PERIOD.name)
    return tree(Site(site).releases / waiting["release"]) if waiting else {}


def shows(every: int, _extract: Path, store: Path, folder: Path) -> None:
    """The step to what is staged: all of it or nothing, on record before it is seen."""
    first, site, record = folder / "first", folder / "site", store / "released"
    store.mkdir()
    switched(first, "one")
    switched(folder / "next", "two")
    shutil.copytree(
        folder / "next" / PERIOD.name, Site(first).stage(PERIOD.name), dirs_exist_ok=True
    )
    with Site(first).publisher():
        made = Path(Site(first).inner / "staging" / PERIOD.name)
        release = Site(first).keep(PERIOD.name, made, Manifest({}, hashes(made))).name
        note = {"store": str(store), "record": "printed", "released": ""}
        Site(first).hold(PERIOD.name, release, note)
    before, after = tree(first / PERIOD.name), staged(first)
    counted = attempt(partial(show, copied(first, site), PERIOD))
    assert counted.gave == release
    kept, numbers = tree(record), drawn(counted.calls, every)
    assert len(kept) == 1
    for kind in KINDS:
        for at in numbers:
            copied(first, site)
            shutil.rmtree(record)
            ended(attempt(partial(show, site, PERIOD), at, kind), kind, at)
            seen = tree(site / PERIOD.name)
            assert seen in (before, after), f"a partial site after a fault at call {at}"
            found = (
                {n: h for n, h in tree(record).items() if n[0] != "."} if record.exists() else {}
            )
            assert found in ({}, kept), f"half a record after a fault at call {at}"
            assert found or seen == before, f"shown and not on record after a fault at call {at}"
            again = attempt(partial(show, site, PERIOD))
            assert again.gave == release or seen == after, f"after a fault at call {at}: {again}"
            assert tree(site / PERIOD.name) == after, f"after a fault at call {at}"
            assert is_intact(Site(site), PERIOD.name)
            assert Site(site).waiting(PERIOD.name) is None
            Site(site).rollback(PERIOD.name)
            assert tree(site / PERIOD.name) == before, f"no way back after a fault at call {at}"
        print(f"{figure('show', kind, counted.calls, numbers)}, 0 partial sites")


def hashes(folder: Path) -> dict[str, str]:
    """The hash of every file below a folder, as a manifest lists them."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_hash(path) for path in files}


def snapshots(every: int, extract: Path, store: Path, folder: Path) -> None:
    """The same snapshot again and again."""

    def made(into: Path) -> str:
        return make_snapshot(extract, into, as_of=OLD).id

    counted = attempt(partial(made, folder / "whole"))
    whole = tree(folder / "whole")
    for kind in KINDS:
        numbers, broken = drawn(counted.calls, every), 0
        for at in numbers:
            into = folder / "store"
            shutil.rmtree(into, ignore_errors=True)
            into.mkdir()
            ended(attempt(partial(made, into), at, kind), kind, at)
            kept = {name: h for name, h in tree(into).items() if not name.startswith(".making-")}
            broken += kept not in ({}, whole)
            assert attempt(partial(made, into)).gave == counted.gave, f"after a fault at call {at}"
            assert tree(into) in (whole, kept | leftovers(into)), f"after a fault at call {at}"
        print(f"{figure('snapshot', kind, counted.calls, numbers)}, {broken} partial snapshots")
        assert broken == 0


def leftovers(into: Path) -> dict[str, str]:
    return {name: h for name, h in tree(into).items() if name.startswith(".making-")}


if __name__ == "__main__":
    *given, folder = map(Path, sys.argv[1:4])
    remember_what_is_withheld()  # of both days the same figures
    alone = partial(builds, family="dashboards")
    tries = {"switch": switches, "build": builds, "family": alone, "snapshot": snapshots}
    tries |= {"stage": stages, "show": shows}
    for asked in sys.argv[4:]:
        what, every = asked.split("=")
        (folder / what).mkdir()
        tries[what](int(every), *given, folder / what)
        shutil.rmtree(given[1] / "released", ignore_errors=True)
