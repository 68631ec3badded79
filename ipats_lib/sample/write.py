"""Writing the sample: block after block, so that memory does not grow with the scale."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from numpy.random import Generator, SeedSequence, default_rng

from ipats_lib.errors import UsageError
from ipats_lib.params import load_areas
from ipats_lib.sample import rates
from ipats_lib.sample.accounts import account_table, planner_table
from ipats_lib.sample.attainment import attain
from ipats_lib.sample.blocks import plan_blocks
from ipats_lib.sample.cases import COLUMNS, case_tables
from ipats_lib.sample.enrolments import Table
from ipats_lib.sample.entry import describe_entry
from ipats_lib.sample.mistakes import make_mistakes
from ipats_lib.sample.outcomes import follow_up
from ipats_lib.sample.participation import participations
from ipats_lib.sample.people import Block
from ipats_lib.sample.services import serve
from ipats_lib.sample.text import append_pirl, append_rows, pirl_text
from ipats_lib.sample.training import train

AS_OF = rates.AS_OF.astype("O")
CASE_TABLES = ("assignment", "service", "case_note", "application")
STAFF_STREAM = 10**6
# Beyond it the identifiers would grow longer than their columns.
LARGEST_SCALE = 1000


def write_sample(
    out: Path,
    *,
    seed: int = 7,
    scale: float = 1.0,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a synthetic extract to the folder `out`; the same seed and scale give the same bytes.

    scale: 1 is about 50,000 PIRL rows, 20 about a million. UsageError when `out` holds anything
    but an earlier sample, or scale or seed is out of range.
    """
    if not 0 < scale <= LARGEST_SCALE or seed < 0:
        raise UsageError(
            f"--scale {scale} must be above 0 and at most {LARGEST_SCALE}, --seed {seed} 0 or more."
        )
    if out.exists() and not (out.is_dir() and (_is_empty(out) or _is_sample(out))):
        raise UsageError(f"{out} holds something that is not a sample: name another folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    try:
        _write(work, seed, scale, progress or (lambda done, total: None))  # noqa: ARG005
        if out.exists():
            shutil.rmtree(out)
        os.replace(work, out)
        out.chmod(0o755)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


def _is_sample(folder: Path) -> bool:
    try:
        return json.loads((folder / "extract.json").read_text())["synthetic"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(folder: Path, seed: int, scale: float, progress: Callable[[int, int], None]) -> None:
    blocks, planners = plan_blocks(seed, scale)
    with ExitStack() as stack:
        files = {
            name: stack.enter_context((folder / f"{name}.csv").open("wb"))
            for name in ("pirl", *CASE_TABLES)
        }
        for name in CASE_TABLES:
            _write_header(files[name], COLUMNS[name])
        first = 1
        for done, block in enumerate(blocks):
            progress(done, len(blocks))
            rng = default_rng(SeedSequence([seed, block.number]))
            first = _write_block(rng, block, files, first)
    rng = default_rng(SeedSequence([seed, STAFF_STREAM]))
    _write_table(folder / "planner.csv", planner_table(rng, planners))
    areas = [area.lwia for area in load_areas()]
    _write_table(folder / "account.csv", account_table(rng, planners, areas))
    about = {"as_of": str(rates.AS_OF), "synthetic": True, "generator": "ipats sample"}
    text = json.dumps({**about, "seed": seed, "scale": float(scale)}, indent=1, sort_keys=True)
    (folder / "extract.json").write_text(text + "\n", encoding="utf-8")
    progress(len(blocks), len(blocks))


def _write_block(rng: Generator, block: Block, files: Mapping[str, IO[bytes]], first: int) -> int:
    people = participations(rng, block)
    describe_entry(rng, people)
    train(rng, people)
    attain(rng, people)
    serve(rng, people)
    follow_up(rng, people)
    tables = case_tables(rng, people)
    text = pirl_text(people)
    make_mistakes(rng, text, block.number)
    for name, table in tables.items():
        append_rows(files[name], list(table.values()), len(table["customer"]))
    return append_pirl(files["pirl"], text, first)


def _write_table(path: Path, table: Table) -> None:
    with path.open("wb") as file:
        _write_header(file, tuple(table))
        append_rows(file, list(table.values()), len(next(iter(table.values()))))


def _write_header(file: IO[bytes], columns: tuple[str, ...]) -> None:
    file.write((",".join(columns) + "\n").encode())
