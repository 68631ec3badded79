"""What a page costs: the usual command loop, papermill's API, this engine, and the floor.

    .venv/bin/python benchmarks/engine.py [--pages 60] [--loop-pages 8] [--rounds 3] [--workers 2]
    .venv/bin/python benchmarks/engine.py --against COMMIT [--pages 60] [--rounds 3]
    .venv/bin/python benchmarks/engine.py --scaling 50 500 2000

Makes the small sample state, takes the same pages (all notebooks, planners and areas), and makes
their bodies in five ways, each in a process tree of its own that is waited for, so that CPU seconds
count every child and every warm-up:

- loop    the `papermill` command, then `jupyter nbconvert --to html`, one page after another
- api     papermill's API with an ordinary kernel, one process, one exporter kept
- same    the loop's very result from the warm engine: the executed notebook through nbconvert's own
          HTML exporter, code and all; every page is compared with the loop's
- engine  the warm engine in worker processes, as `publish.py build` uses it
- floor   the notebooks' code run as plain functions in worker processes, no notebook at all;
          every body is compared with the engine's

The ways follow each other in `--rounds` rounds; each figure is the median of its rounds. `loop`,
`api` and `same` make the first `--loop-pages` of the pages in every round: all of them would take
an hour. What these first pages cost the engine is printed as `first`.

With --against the engine of another commit, whose library reads the same frames, makes the same
pages in alternation: bodies and files are compared, and the ratios of each round's wall and CPU
time are printed. Across a change of frames `planners.py` and `state.py` compare.

With --scaling whole publications of the sample state (slices, notebooks, frames, manifest, switch)
of about so many runs of notebooks are made: what one run costs, and the largest process.
"""

import argparse
import gc
import json
import os
import pickle
import re
import statistics
import subprocess
import sys
import tempfile
from functools import lru_cache
from itertools import cycle, islice
from pathlib import Path

from floor import floor
from measure import HERE, Spent, Tree, checked_out, spent

ROOT = Path(os.environ.get("PYTHONPATH") or Path(__file__).parents[1])  # of the tree measured
sys.path.insert(0, str(ROOT))
WAYS = ("loop", "api", "same", "first", "engine", "floor")


def make_jobs(folder: Path, number: int) -> None:
    """Pickle the first jobs of a publication of the sample state, scope by scope."""
    from ipats_lib.periods import Period
    from ipats_lib.publishing.options import Options
    from ipats_lib.publishing.plan import make_plan
    from ipats_lib.report.data import StateData
    from ipats_lib.sample import write_sample
    from ipats_lib.snapshot import make_snapshot, open_snapshot

    write_sample(folder / "extract", scale=0.2)
    made = make_snapshot(folder / "extract", folder / "snapshots")
    snapshot = open_snapshot(folder / "snapshots" / made.id)
    scopes = [s for s in snapshot.scopes() if s.kind != "state"]
    options = Options(ROOT / "notebooks", folder / "site", Period.parse("PY2024Q4"))
    plan = make_plan(options, scopes, ())
    runs = [page for page in plan.pages if page.source == page.scope][:number]
    state = StateData(snapshot, options.period)
    sliced = ((page, state.slice(page.scope)) for page in runs)
    jobs = [plan.step(page, data.about, data).job for page, data in sliced]
    (folder / "jobs.pickle").write_bytes(pickle.dumps(jobs))


def loop(jobs: list, folder: Path) -> None:
    bin_ = Path(sys.executable).parent
    for number, job in enumerate(jobs):
        data = folder / f"loop{number}"
        data.mkdir(exist_ok=True)
        for name, content in job.files.items():
            (data / name).write_bytes(content)
        source, target = data / "in.ipynb", data / "out.ipynb"
        source.write_text(job.notebook)
        subprocess.run(
            [bin_ / "papermill", "--engine", "nbclient", "--no-progress-bar", source, target,
             "-r", "scope", job.scope, "-r", "period", job.period, "-r", "snapshot", data],
            check=True, capture_output=True,
        )  # fmt: skip
        subprocess.run(
            [bin_ / "jupyter", "nbconvert", "--to", "html", target], check=True, capture_output=True
        )


def api(jobs: list, _: Path) -> None:
    from ipats_lib.publishing.execute import ENGINE, make_body

    assert ENGINE == "nbclient"
    for job in jobs:
        make_body(job)


def engine(jobs: list, folder: Path, workers: int) -> None:
    from ipats_lib.publishing.workers import local_workers, run_jobs

    with local_workers(workers) as pool:
        for number, made in run_jobs(pool, iter(list(enumerate(jobs)))):
            if isinstance(made, Exception):
                raise SystemExit(
                    f"{made} (a commit from before a change of frames runs no newer jobs)"
                )
            (folder / f"engine{number}.html").write_text(made.content.text())


def same(jobs: list, folder: Path, workers: int) -> None:
    places = [folder / f"loop{number}" for number in range(len(jobs))]
    from ipats_lib.publishing.workers import local_workers

    with local_workers(workers) as pool:
        for made in [pool.submit(lab_page, *each) for each in zip(jobs, places, strict=True)]:
            made.result()


EXPORTER = []


def lab_exporter():
    """nbconvert's exporter; code that every scope shares is coloured and cleaned once."""
    from nbconvert import HTMLExporter
    from nbconvert.filters import Highlight2HTML, clean_html

    made = HTMLExporter()
    colour = lru_cache(maxsize=1024)(Highlight2HTML(pygments_lexer="ipython3"))
    made.register_filter("highlight_code", lambda code, language=None, **_: colour(code, language))
    made.register_filter("clean_html", lru_cache(maxsize=1024)(clean_html))
    return made


def lab_page(job, place: Path) -> None:
    """The page that the loop makes of a job, in this process."""
    import papermill

    if not EXPORTER:
        EXPORTER.append(lab_exporter())
    place.mkdir(exist_ok=True)
    for name, content in job.files.items():
        (place / name).write_bytes(content)
    (place / "in.ipynb").write_text(job.notebook)
    parameters = {"scope": job.scope, "period": job.period, "snapshot": str(place)}
    notebook = papermill.execute_notebook(
        place / "in.ipynb", None, parameters=parameters, engine_name="ipats",
        kernel_name="python3", progress_bar=False, request_save_on_cell_execute=False,
    )  # fmt: skip
    gc.disable()  # nbconvert parses the whole page into a tree: looking through it takes a sixth
    html, _ = EXPORTER[0].from_notebook_node(notebook, {"metadata": {"name": "out"}})
    gc.enable()
    (place / "same.html").write_text(html)


# What differs between any two runs of the same notebook: random ids of cells and of charts.
PASSING = re.compile(r'id="?(?:cell-id=)?[0-9a-f-]{8,36}"?|altair-viz-[0-9a-f]+|<title>.*?</title>')


def compare(folder: Path, loop_pages: int, pages: int) -> None:
    """SystemExit when `same` says anything else than the loop, or `floor` than the engine."""
    for number in range(loop_pages):
        place = folder / f"loop{number}"
        theirs, ours = (PASSING.sub("", (place / f).read_text()) for f in ("out.html", "same.html"))
        if theirs != ours:
            raise SystemExit(f"{place}: out.html and same.html differ")
    for number in range(pages):
        plain, made = (folder / f"{way}{number}.html" for way in ("floor", "engine"))
        if plain.read_text() != json.loads(made.read_text())["body"]:
            raise SystemExit(f"{plain} and {made} differ")


def publication(folder: Path, runs: int, workers: int) -> None:
    """Publish as many areas and their planners as give about so many runs of notebooks."""
    from ipats_lib.periods import Period
    from ipats_lib.publishing.build import build
    from ipats_lib.publishing.catalogue import read_catalogue
    from ipats_lib.publishing.options import Options
    from ipats_lib.publishing.plan import plan_publication
    from ipats_lib.snapshot import open_snapshot

    snapshot = open_snapshot(next((folder / "snapshots").glob("*/snapshot.json")).parent)
    catalogue, chosen, planned = read_catalogue(ROOT / "notebooks"), [], 0
    for area in [s for s in snapshot.scopes() if s.kind == "lwia"]:
        inside = [s for s in snapshot.scopes() if area.contains(s)]
        more = [p for p in plan_publication(catalogue, inside) if p.source == p.scope]
        if planned + len(more) <= runs * 1.05:
            chosen.append(area.path)
            planned += len(more)
    options = Options(
        ROOT / "notebooks", folder / f"site{runs}", Period.parse("PY2024Q4"),
        only=tuple(chosen), workers=workers,
    )  # fmt: skip
    run = build(snapshot, options, lambda *_: None)
    (folder / f"runs{runs}").write_text(str(run.executed))


def measured(way: str, folder: Path, pages: int, workers: int, tree: Tree = HERE) -> Spent:
    """What one way costs, children and warm-up included."""
    command = [tree.python, __file__, "--way", way, "--folder", folder, "--pages", str(pages),
               "--workers", str(workers)]  # fmt: skip
    other = {"IPATS_PAPERMILL_ENGINE": "nbclient"} if way == "api" else {}
    return spent(command, tree.root, **tree.environment, **other)


def against(commit: str, folder: Path, pages: int, rounds: int, workers: int) -> None:
    """The engine here and in another commit, in alternation over the same pages."""
    told: dict[str, list[Spent]] = {}
    made: dict[str, list[str]] = {}
    with checked_out(commit) as other:
        for _ in range(rounds):
            for tree in (other, HERE):
                told.setdefault(tree.name, []).append(
                    measured("engine", folder, pages, workers, tree)
                )
                files = [folder / f"engine{number}.html" for number in range(pages)]
                made[tree.name] = [file.read_text() for file in files]
    theirs, ours = told.values()
    for then, now in zip(theirs, ours, strict=True):
        print(f"wall {now.wall / then.wall:.3f}, CPU {now.cpu / then.cpu:.3f} times {commit} "
              f"({now.cpu / pages:.3f} and {then.cpu / pages:.3f} s of CPU a run)")  # fmt: skip
    cpu = statistics.median(now.cpu / then.cpu for then, now in zip(theirs, ours, strict=True))
    equal = sum(then == now for then, now in zip(*made.values(), strict=True))
    print(f"CPU {cpu:.3f} times, median of {rounds}; "
          f"bodies and files equal: {equal} of {pages}")  # fmt: skip


def scaling(folder: Path, sizes: list[int], workers: int) -> None:
    from ipats_lib.sample import write_sample
    from ipats_lib.snapshot import make_snapshot

    write_sample(folder / "extract", scale=1)
    make_snapshot(folder / "extract", folder / "snapshots")
    for size in sizes:
        took = measured("publication", folder, size, workers)
        runs = int((folder / f"runs{size}").read_text())
        print(f"{runs:>5} runs: {took.wall / runs:.3f} s wall, {took.cpu / runs:.3f} s CPU a run, "
              f"largest process {took.largest_mb:.0f} MB")  # fmt: skip


def one_way(way: str, folder: Path, pages: int, workers: int) -> None:
    """What a child process of the benchmark does."""
    if way == "publication":
        publication(folder, pages, workers)
        return
    known = pickle.loads((folder / "jobs.pickle").read_bytes())
    jobs = list(islice(cycle(known), pages))
    if way in ("loop", "api"):
        {"loop": loop, "api": api}[way](jobs, folder)
    else:
        ways = {"same": same, "first": engine, "engine": engine, "floor": floor}
        ways[way](jobs, folder, workers)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--loop-pages", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--way", choices=(*WAYS, "publication"))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--against")
    parser.add_argument("--scaling", type=int, nargs="*")
    asked = parser.parse_args()
    if asked.way:
        one_way(asked.way, asked.folder, asked.pages, asked.workers)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.scaling:
            scaling(folder, asked.scaling, asked.workers)
            return
        make_jobs(folder, asked.pages)
        if asked.against:
            against(asked.against, folder, asked.pages, asked.rounds, asked.workers)
            return
        few = ("loop", "api", "same", "first")
        sizes = {way: asked.loop_pages if way in few else asked.pages for way in WAYS}
        rounds: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for _ in range(asked.rounds):
            for way in WAYS:
                took = measured(way, folder, sizes[way], asked.workers)
                rounds[way].append((took.wall / sizes[way], took.cpu / sizes[way]))
        compare(folder, asked.loop_pages, asked.pages)
        report(rounds, sizes, asked.workers)


def report(rounds: dict, sizes: dict, workers: int) -> None:
    print(f"{os.cpu_count()} cores, {workers} workers, medians of {len(rounds['loop'])} rounds")
    middle = {
        way: tuple(statistics.median(each) for each in zip(*figures, strict=True))
        for way, figures in rounds.items()
    }
    for way, (wall, cpu) in middle.items():
        print(f"{way:>7} ({sizes[way]:>3} pages): {wall:.3f} s wall, {cpu:.3f} s CPU a page; the "
              f"loop costs {middle['loop'][0] / wall:.1f} times the wall time, "
              f"{middle['loop'][1] / cpu:.1f} times the CPU")  # fmt: skip
    wall, cpu = (middle["engine"][n] / middle["floor"][n] for n in (0, 1))
    print(f"engine against floor: {wall:.1f} times wall, {cpu:.1f} times CPU")


if __name__ == "__main__":
    main()
