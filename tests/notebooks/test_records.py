"""What a run may leave beside its pages, and its own parameters.  Source: decision 0018."""

import nbformat

from ipats_lib.publishing.execute import SHARD_BYTES, Job
from ipats_lib.publishing.failed import RunFailed
from ipats_lib.publishing.workers import local_workers, run_jobs
from tests.engine.conftest import notebook

WRITE = """import os
open(os.path.join(os.environ["IPATS_DOWNLOADS"], {name!r}), "wb").write(b"x" * {size})"""
LARGER = SHARD_BYTES + 1
TRIED = {
    ("worklist.csv", LARGER): None,
    ("worklist.json", 10): None,
    ("worklist-00.json", SHARD_BYTES): None,
    ("worklist-12.json", 10): None,
    ("roster.csv", 10): None,
    ("worklist-00.json", LARGER): "wrote worklist-00.json of 200,001 bytes: a shard of a long list "
    "holds at most 200,000.",
    ("worklist-1.json", 10): "wrote worklist-1.json, which its metadata do not declare.",
    ("other-00.json", 10): "wrote other-00.json, which its metadata do not declare.",
    ("roster-00.json", 10): "wrote roster-00.json, which its metadata do not declare.",
    ("worklist.html", 10): "wrote worklist.html, which its metadata do not declare.",
}


def job(name: str, size: int) -> Job:
    made = notebook(WRITE.format(name=name, size=size))
    return Job("lists for state", "state", "PY2024Q4", nbformat.writes(made), {},
               downloads=("roster.csv",), records=("worklist",), seconds=60)  # fmt: skip


def test_a_run_leaves_declared_files_and_the_shards_of_declared_lists():
    with local_workers(2) as pool:
        done = dict(run_jobs(pool, [((name, size), job(name, size)) for name, size in TRIED]))
    for (name, size), refused in TRIED.items():
        made = done[name, size]
        if refused is None:
            assert {file: len(data) for file, data in made.content.files.items()} == {name: size}
        else:
            assert isinstance(made, RunFailed)
            assert str(made) == f"lists for state {refused}"


def test_a_run_has_the_parameters_that_the_plan_gives_it():
    made = notebook('measure = "ERQ2"\ntop = 10\nscope = "x"', "print(measure, top, scope)")
    made.cells[0].metadata["tags"] = ["parameters"]
    asked = Job("own for state", "state", "PY2024Q4", nbformat.writes(made), {}, seconds=60,
                parameters=(("measure", "ME"), ("top", 5)))  # fmt: skip
    with local_workers(1) as pool:
        ((_, done),) = run_jobs(pool, [("own", asked)])
    assert "ME 5 state" in done.content.body
