"""Writing the sample: block after block, so that memory does not grow with the scale."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng
from numpy.typing import NDArray

from ipats_lib.errors import UsageError
from ipats_lib.extract.folder import CASE_TABLES
from ipats_lib.modes import shared_folder
from ipats_lib.params import load_areas
from ipats_lib.sample import rates
from ipats_lib.sample.accounts import account_table, planner_table
from ipats_lib.sample.attainment import attain
from ipats_lib.sample.blocks import plan_blocks
from ipats_lib.sample.cases import (
    APPLICATION_DAYS,
    COLUMNS,
    came_to_nothing,
    case_tables,
    joined,
    lines,
)
from ipats_lib.sample.enrolments import Enrolments, Table, enrol, text_of
from ipats_lib.sample.entry import describe_entry
from ipats_lib.sample.fiscal import fiscal_table
from ipats_lib.sample.known import Day, as_it_stood, oldest_exit
from ipats_lib.sample.known_cases import (
    accounts_as_they_stood,
    first_asked,
    staff_as_it_stood,
    tables_as_they_stood,
)
from ipats_lib.sample.mistakes import make_mistakes
from ipats_lib.sample.outcomes import follow_up
from ipats_lib.sample.participation import departures, participations
from ipats_lib.sample.people import Block, People
from ipats_lib.sample.services import serve
from ipats_lib.sample.text import append_pirl, append_rows, pirl_text
from ipats_lib.sample.training import train

AS_OF = rates.AS_OF.astype("O")
STAFF_STREAM = 10**6
# Streams of a block beside its own: what no extract tells, who left before the full state, and
# whose application came to nothing before it.
HIDDEN, DEPARTURES, APPLICATIONS = 1, 2, 3
EARLIEST = date(2021, 1, 1)
# Beyond it the identifiers would grow longer than their columns.
LARGEST_SCALE = 1000


def write_sample(
    out: Path,
    *,
    seed: int = 7,
    scale: float = 1.0,
    as_of: date = AS_OF,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a synthetic extract to the folder `out`; equal arguments give the same bytes.

    scale: 1 is about 50,000 PIRL rows, 20 about a million. as_of: the day on which the state is
    looked at; the extracts of several days are of the same people. UsageError when `out` holds
    anything but an earlier sample, or scale, seed or as_of is out of range.
    """
    if not 0 < scale <= LARGEST_SCALE or seed < 0:
        raise UsageError(
            f"--scale {scale} must be above 0 and at most {LARGEST_SCALE}, --seed {seed} 0 or more."
        )
    if not EARLIEST <= as_of <= AS_OF:
        raise UsageError(f"--as-of {as_of}: the sample state is known from {EARLIEST} to {AS_OF}.")
    if out.exists() and not (out.is_dir() and (_is_empty(out) or _is_sample(out))):
        raise UsageError(f"{out} holds something that is not a sample: name another folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    try:
        _write(work, seed, scale, np.datetime64(as_of), progress or (lambda done, total: None))  # noqa: ARG005
        if out.exists():
            shutil.rmtree(out)
        os.replace(work, out)
        shared_folder(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


def _is_sample(folder: Path) -> bool:
    try:
        return json.loads((folder / "extract.json").read_text())["synthetic"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(
    folder: Path, seed: int, scale: float, day: Day, progress: Callable[[int, int], None]
) -> None:
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
            first = _write_block(seed, block, day, files, first)
    if day < rates.AS_OF:
        hidden = default_rng(SeedSequence([seed, STAFF_STREAM, HIDDEN]))
        planners = staff_as_it_stood(planners, day, hidden)
    rng = default_rng(SeedSequence([seed, STAFF_STREAM]))
    _write_table(folder / "planner.csv", planner_table(rng, planners))
    account = account_table(rng, planners, [area.lwia for area in load_areas()])
    _write_table(folder / "account.csv", accounts_as_they_stood(account, day))
    _write_table(folder / "fiscal.csv", fiscal_table(seed, blocks, day.astype("O")))
    about = {"as_of": str(day), "synthetic": True, "generator": "ipats sample"}
    text = json.dumps({**about, "seed": seed, "scale": float(scale)}, indent=1, sort_keys=True)
    (folder / "extract.json").write_text(text + "\n", encoding="utf-8")
    progress(len(blocks), len(blocks))


def _write_block(
    seed: int, block: Block, day: Day, files: Mapping[str, IO[bytes]], first: int
) -> int:
    for rng, people, tables in _pieces(seed, block, day):
        text = pirl_text(people)
        make_mistakes(rng, text, block.number, day)
        for name, table in tables.items():
            columns = [_written(table[column]) for column in COLUMNS[name]]
            append_rows(files[name], columns, len(table["row"]))
        first = append_pirl(files["pirl"], text, first)
    return first


def _pieces(
    seed: int, block: Block, day: Day
) -> Iterator[tuple[Generator, People, dict[str, Table]]]:
    """The block as it stood on a day, and those who had left before the full state begins.

    Each with the stream that made it.
    """
    rng = default_rng(SeedSequence([seed, block.number]))
    people, enrolments, tables = _full(rng, participations(rng, block))
    if day == rates.AS_OF:
        yield rng, people, tables
        return
    spans = int((rates.AS_OF - day).astype("int64")) // APPLICATION_DAYS
    for span in sorted({max(spans, 1), spans + 1}):
        stream = default_rng(SeedSequence([seed, block.number, APPLICATIONS, span]))
        asked = came_to_nothing(stream, people, enrolments.size, span)
        tables["application"] = joined(tables["application"], asked)
    parts = [(0, rng, people, enrolments, tables)]
    for year in range(oldest_exit(day).astype("O").year, rates.FIRST_EXIT.astype("O").year):
        stream = default_rng(SeedSequence([seed, block.number, DEPARTURES, year]))
        people = departures(stream, block, year)
        if people.size:
            people, enrolments, tables = _full(stream, people)
            asked = tables["application"]
            # The applicants of the full state are those of its own block.
            tables["application"] = lines(asked, asked["status"] == "enrolled")
            parts.append((year, stream, people, enrolments, tables))
    for part, stream, people, enrolments, tables in parts:
        hidden = default_rng(SeedSequence([seed, block.number, HIDDEN, part]))
        known = as_it_stood(people, first_asked(people, tables), day, hidden)
        stood = tables_as_they_stood(known, enrolments, tables, hidden)
        yield stream, known.people.only(known.kept), stood


def _full(rng: Generator, people: People) -> tuple[People, Enrolments, dict[str, Table]]:
    """The rows with all that is ever known of them, and the case tables."""
    describe_entry(rng, people)
    train(rng, people)
    attain(rng, people)
    serve(rng, people)
    follow_up(rng, people)
    enrolments = enrol(rng, people)
    return people, enrolments, case_tables(rng, enrolments)


def _written(column: NDArray[Any]) -> NDArray[Any]:
    return text_of(column) if column.dtype.kind == "M" else column


def _write_table(path: Path, table: Table) -> None:
    with path.open("wb") as file:
        _write_header(file, tuple(table))
        append_rows(file, list(table.values()), len(next(iter(table.values()))))


def _write_header(file: IO[bytes], columns: tuple[str, ...]) -> None:
    file.write((",".join(columns) + "\n").encode())
