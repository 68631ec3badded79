"""What a page costs: the usual command loop, papermill's API, this engine, and the floor.

    .venv/bin/python benchmarks/engine.py [--pages 60] [--loop-pages 6] [--workers 2]
    .venv/bin/python benchmarks/engine.py --scaling 50 500 2000

Makes the small sample state, takes the same pages (all notebooks, planners and areas), and makes
their bodies in four ways, each in a process tree of its own that is waited for, so that CPU seconds
count every child and every warm-up:

- loop    the `papermill` command, then `jupyter nbconvert --to html`, one page after another
- api     papermill's API with an ordinary kernel, one process, one exporter kept
- engine  the warm engine in worker processes, as `publish.py build` uses it
- floor   the notebooks' code run as plain functions in worker processes, no notebook at all
- same    the loop's very result from the warm engine: the executed notebook through nbconvert's own
          HTML exporter, code and all; every page is compared with the loop's

With --scaling the engine makes 50, then 500, then 2,000 pages: what one costs, and the memory that
the largest process held.
"""

import argparse
import gc
import os
import pickle
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
WAYS = ("loop", "api", "engine", "floor", "same")


def make_jobs(folder: Path, number: int) -> None:
    """Pickle the first jobs of a publication of the sample state, scope by scope."""
    from ipats_lib.periods import Period
    from ipats_lib.publishing.making import _Making
    from ipats_lib.publishing.run import Options
    from ipats_lib.publishing.site import Site
    from ipats_lib.sample import write_sample
    from ipats_lib.snapshot import make_snapshot, open_snapshot

    write_sample(folder / "extract", scale=0.2)
    made = make_snapshot(folder / "extract", folder / "snapshots")
    snapshot = open_snapshot(folder / "snapshots" / made.id)
    scopes = [s for s in snapshot.scopes() if s.kind != "state"]
    options = Options(ROOT / "notebooks", folder / "site", Period.parse("PY2024Q4"))
    making = _Making(snapshot, options, Site(options.site), scopes)
    runs = [page for page in making.pages if page.source == page.scope][:number]
    jobs = [making._job(page, making.state.slice(page.scope)) for page in runs]
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


def engine(jobs: list, workers: int) -> None:
    from ipats_lib.publishing import warm_server  # noqa: F401  # what the workers are forked from
    from ipats_lib.publishing.engine import scratch
    from ipats_lib.publishing.workers import LocalWorkers, run_jobs

    with (
        scratch.run_folder() as folder,
        LocalWorkers(workers, folder, get_context("fork")) as pool,
    ):
        for _, made in run_jobs(pool, ((None, job) for job in jobs)):
            assert made.content.body


def floor(jobs: list, workers: int) -> None:
    from ipats_lib.publishing import warm_server  # noqa: F401

    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        list(pool.map(plain_body, jobs))


def plain_body(job) -> str:
    """The notebook's statements and shown values, without papermill, cells or a shell."""
    import ast

    import nbformat

    from ipats_lib.publishing.render import render_body
    from ipats_lib.report.downloads import DOWNLOADS_FOLDER

    os.environ["IPATS_CHARTS"] = "live"
    with tempfile.TemporaryDirectory() as folder:
        for name, content in job.files.items():
            (Path(folder) / name).write_bytes(content)
        (Path(folder) / "downloads").mkdir()
        os.environ[DOWNLOADS_FOLDER] = str(Path(folder) / "downloads")
        notebook = nbformat.reads(job.notebook, as_version=4)
        names = {"scope": job.scope, "period": job.period, "snapshot": folder}
        for cell in notebook.cells:
            if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", []):
                continue
            tree = ast.parse(cell.source)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), names)
            if last is not None:
                shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
                data = (
                    shown._repr_mimebundle_()
                    if hasattr(shown, "_repr_mimebundle_")
                    else {"text/html": shown._repr_html_(), "text/plain": repr(shown)}
                )
                cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
        return render_body(notebook)


def same(jobs: list, folder: Path, workers: int) -> None:
    from ipats_lib.publishing import warm_server  # noqa: F401

    places = [folder / f"loop{number}" for number in range(len(jobs))]
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        list(pool.map(lab_page, jobs, places))


EXPORTER = []


def lab_page(job, place: Path) -> None:
    """The page that the loop makes of a job, in this process."""
    import papermill
    from nbconvert import HTMLExporter

    if not EXPORTER:
        EXPORTER.append(HTMLExporter())
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


def compare(folder: Path, pages: int) -> None:
    """SystemExit when a page of `same` says anything else than the loop's."""
    for number in range(pages):
        place = folder / f"loop{number}"
        theirs, ours = (PASSING.sub("", (place / f).read_text()) for f in ("out.html", "same.html"))
        if theirs != ours:
            raise SystemExit(f"{place}: out.html and same.html differ")


def measured(way: str, folder: Path, pages: int, workers: int) -> tuple[float, float, float]:
    """Wall and CPU seconds a page, children and warm-up included; MB of the largest process."""
    started = perf_counter()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, __file__, "--way", way, "--folder", str(folder), "--pages", str(pages),
         "--workers", str(workers)],
        {**os.environ, **({"IPATS_PAPERMILL_ENGINE": "nbclient"} if way == "api" else {})},
    )  # fmt: skip
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{way} failed with status {status}")
    wall, cpu = perf_counter() - started, used.ru_utime + used.ru_stime
    return wall / pages, cpu / pages, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--loop-pages", type=int, default=6)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--scaling", type=int, nargs="*")
    asked = parser.parse_args()
    if asked.way:
        known = pickle.loads((asked.folder / "jobs.pickle").read_bytes())
        jobs = list(islice(cycle(known), asked.pages))
        if asked.way == "same":
            same(jobs, asked.folder, asked.workers)
        elif asked.way in ("loop", "api"):
            {"loop": loop, "api": api}[asked.way](jobs, asked.folder)
        else:
            {"engine": engine, "floor": floor}[asked.way](jobs, asked.workers)
        return
    with tempfile.TemporaryDirectory() as folder:
        make_jobs(Path(folder), asked.pages)
        if asked.scaling:
            for pages in asked.scaling:
                wall, cpu, memory = measured("engine", Path(folder), pages, asked.workers)
                print(f"{pages:>5} pages: {wall:.3f} s wall, {cpu:.3f} s CPU a page, "
                      f"largest process {memory:.0f} MB")  # fmt: skip
            return
        print(f"{os.cpu_count()} cores, {asked.workers} workers, {asked.pages} pages "
              f"({asked.loop_pages} for loop and api)")  # fmt: skip
        results = {}
        for way in WAYS:
            pages = asked.loop_pages if way in ("loop", "api") else asked.pages
            results[way] = measured(way, Path(folder), pages, asked.workers)
        compare(Path(folder), asked.loop_pages)
        for way, (wall, cpu, _) in results.items():
            print(f"{way:>7}: {wall:.3f} s wall, {cpu:.3f} s CPU a page; the loop costs "
                  f"{results['loop'][0] / wall:.1f} times the wall time, "
                  f"{results['loop'][1] / cpu:.1f} times the CPU")  # fmt: skip
        print(f"engine against floor: {results['engine'][0] / results['floor'][0]:.1f} times wall, "
              f"{results['engine'][1] / results['floor'][1]:.1f} times CPU")  # fmt: skip


if __name__ == "__main__":
    main()
