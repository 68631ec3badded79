"""Writing the sample: block after block, so that memory does not grow with the scale."""

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.random import Generator, SeedSequence, default_rng
from numpy.typing import NDArray

from ipats_lib.errors import UsageError
from ipats_lib.params import load_areas, load_layout, params_folder, read_rows
from ipats_lib.sample import rates
from ipats_lib.sample.cases import COLUMNS, account_table, case_tables, planner_table, text_of
from ipats_lib.sample.course import run_course
from ipats_lib.sample.mistakes import make_mistakes
from ipats_lib.sample.outcomes import follow_up
from ipats_lib.sample.people import Block, People, participations

AS_OF = rates.AS_OF.astype("O")
BLOCK_PARTICIPANTS = 6000
_TEXT_CODES = {"923": 2, "1303": 2, "1310": 2, "1315": 2, "407": 2}


def write_sample(
    out: Path,
    *,
    seed: int = 7,
    scale: float = 1.0,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a synthetic extract to the folder `out`; the same seed and scale give the same bytes.

    scale: 1 is about 50,000 PIRL rows, 20 about a million. UsageError when `out` holds anything
    but an earlier sample, or the scale is not positive.
    """
    if scale <= 0:
        raise UsageError(f"--scale {scale} must be greater than 0.")
    if out.exists() and any(out.iterdir()) and not _is_sample(out):
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


def _is_sample(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / "extract.json").read_text())["synthetic"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(folder: Path, seed: int, scale: float, progress: Callable[[int, int], None]) -> None:
    blocks, planners = plan_blocks(seed, scale)
    names = ("assignment", "service", "case_note", "application")
    with ExitStack() as stack:
        files = {n: stack.enter_context((folder / f"{n}.csv").open("wb")) for n in ("pirl", *names)}
        for name in names:
            files[name].write((",".join(COLUMNS[name]) + "\n").encode())
        first = 1
        for done, block in enumerate(blocks):
            progress(done, len(blocks))
            rng = default_rng(SeedSequence([seed, block.number]))
            first += _write_block(rng, block, files, first)
    rng = default_rng(SeedSequence([seed, 10**6]))
    _write_table(folder / "planner.csv", planner_table(rng, planners))
    areas = [area.lwia for area in load_areas()]
    _write_table(folder / "account.csv", account_table(planners, areas))
    about = {"as_of": str(rates.AS_OF), "synthetic": True, "generator": "ipats sample"}
    text = json.dumps({**about, "seed": seed, "scale": scale}, indent=1, sort_keys=True)
    (folder / "extract.json").write_text(text + "\n")
    progress(len(blocks), len(blocks))


def plan_blocks(seed: int, scale: float) -> tuple[list[Block], list[tuple[str, str]]]:
    """The pieces of every area, and (planner id, LWIA) of every planner."""
    rng = default_rng(SeedSequence([seed, 10**7]))
    sizes = {
        row["lwia"]: row
        for row in read_rows(
            params_folder() / "sample" / "areas.csv", ("lwia", "adult", "dw", "youth", "planners")
        )
    }
    counties = read_rows(params_folder() / "counties.csv", ("county", "lwia", "edr"))
    codes = {area.lwia: area.board_code for area in load_areas()}
    blocks: list[Block] = []
    planners: list[tuple[str, str]] = []
    for lwia, code in codes.items():
        row = sizes.get(lwia)
        counts = (
            {name: int(row[name]) for name in ("adult", "dw", "youth")}
            if row
            else rates.STATEWIDE_PARTICIPANTS
        )
        scaled = {name: max(2, round(count * scale)) for name, count in counts.items() if count}
        number = max(1, round(int(row["planners"] if row else rates.STATEWIDE_PLANNERS) * scale))
        mine = [str(1001 + len(planners) + n) for n in range(number)]
        planners += [(planner, lwia) for planner in mine]
        places = tuple(_fips(counties)[c["county"]] for c in counties if c["lwia"] == lwia)
        others = tuple((o, c) for o, c in codes.items() if o not in (lwia, "90"))
        effect = float(np.clip(rng.normal(), -2, 2))
        for piece in _pieces(scaled, mine):
            blocks.append(
                Block(len(blocks) + 1, lwia, code, *piece, places or ("031",), others, effect)
            )
    return blocks, planners


def _fips(counties: list[dict[str, str]]) -> dict[str, str]:
    """County FIPS codes of Illinois: the odd numbers, in alphabetical order of the names."""
    names = sorted({row["county"] for row in counties}, key=_census_order)
    return {name: f"{2 * place + 1:03d}" for place, name in enumerate(names)}


def _census_order(name: str) -> str:
    return name.lower().replace(" ", "").replace(".", "")


def _pieces(
    counts: dict[str, int], planners: list[str]
) -> Iterator[tuple[dict[str, int], tuple[str, ...]]]:
    number = max(1, -(-sum(counts.values()) // BLOCK_PARTICIPANTS))
    for piece in range(number):
        share = {
            name: count * (piece + 1) // number - count * piece // number
            for name, count in counts.items()
        }
        mine = planners[len(planners) * piece // number : len(planners) * (piece + 1) // number]
        yield share, tuple(mine or planners[:1])


def _write_block(rng: Generator, block: Block, files: Mapping[str, IO[bytes]], first: int) -> int:
    people = participations(rng, block)
    run_course(rng, people)
    follow_up(rng, people)
    tables = case_tables(rng, people)
    text = pirl_text(people, first)
    make_mistakes(rng, text)
    _append(files["pirl"], [text.get(e.number) for e in load_layout().elements], people.size)
    for name, table in tables.items():
        _append(files[name], list(table.values()), len(table["customer"]))
    return people.size


def pirl_text(people: People, first: int) -> dict[str, NDArray[Any]]:
    """The block's elements as the file writes them."""
    text: dict[str, NDArray[Any]] = {
        "OBS": np.arange(first, first + people.size).astype("U9").astype(object)
    }
    for element, codes in people.codes.items():
        width = _TEXT_CODES.get(element, 1)
        written = np.char.zfill(codes.astype("U3"), width)
        text[element] = np.where(codes < 0, "", written).astype(object)
    for element, days in people.days.items():
        text[element] = text_of(days).astype(object)
    for element, amounts in people.amounts.items():
        written = np.char.mod("%.2f", np.nan_to_num(amounts))
        text[element] = np.where(np.isnan(amounts), "", written).astype(object)
    for element, strings in people.strings.items():
        text[element] = strings.astype(object)
    return text


def _append(file: IO[bytes], columns: list[NDArray[Any] | None], size: int) -> None:
    blank = pa.nulls(size, pa.string())
    arrays = [blank if column is None else _nullable(column) for column in columns]
    table = pa.Table.from_arrays(arrays, names=[str(n) for n in range(len(arrays))])
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
    arrow_csv.write_csv(table, file, options)


def _nullable(column: NDArray[Any]) -> pa.Array:
    return pa.array(column.astype(object), mask=column == "", type=pa.string())


def _write_table(path: Path, table: dict[str, NDArray[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))
