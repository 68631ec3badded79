"""What it costs that no byte of a snapshot is read unverified.

    .venv/bin/python benchmarks/snapshot.py [--scale 1] [--rounds 5]

Makes the sample state's snapshot and prints, as medians of the rounds in wall seconds: opening it
with every hash recomputed, all figures of a program year, and the records and case tables of all
scopes; and, as shares of the latter two, the check at opening and the checks while reading.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from ipats_lib.extract.folder import CASE_TABLES
from ipats_lib.frames.combined import ROW_COLUMNS
from ipats_lib.periods import Period
from ipats_lib.report.figures import all_figures
from ipats_lib.sample import write_sample
from ipats_lib.snapshot import Snapshot, make_snapshot, open_snapshot, reading, store


class Timed:
    """`stored_bytes`, with the seconds and bytes that it took in all."""

    def __init__(self) -> None:
        self.seconds, self.bytes, self._real = 0.0, 0, store.stored_bytes

    def __call__(self, *arguments):
        started = perf_counter()
        data = self._real(*arguments)
        self.seconds += perf_counter() - started
        self.bytes += len(data)
        return data


def timed(do) -> float:
    started = perf_counter()
    do()
    return perf_counter() - started


def slices(snapshot: Snapshot) -> None:
    for scope in snapshot.scopes():
        snapshot.rows(scope, ROW_COLUMNS)
        for name in CASE_TABLES:
            snapshot.table(name, scope)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder, "extract"), seed=7, scale=asked.scale)
        path = make_snapshot(Path(folder, "extract"), Path(folder, "store")).path
        snapshot = open_snapshot(path)
        size = sum(file.bytes for file in snapshot.manifest.files) / 1e6
        print(f"{len(snapshot.manifest.files)} files, {size:.1f} MB")
        opened = statistics.median(timed(lambda: open_snapshot(path)) for _ in range(9))
        verified = statistics.median(
            timed(lambda: open_snapshot(path, verify=True)) for _ in range(9)
        )
        check = verified - opened
        print(f"opened {opened:.4f} s, opened and verified {verified:.4f} s")
        for name, do in (
            ("figures", lambda: all_figures(open_snapshot(path), Period.parse("PY2024"))),
            ("slices", lambda: slices(open_snapshot(path))),
        ):
            rounds = []
            for _ in range(asked.rounds):
                reading._part.cache_clear()
                reading.stored_bytes = read = Timed()
                rounds.append((timed(do), read.seconds, read.bytes / 1e6))
            whole, inside, amount = map(statistics.median, zip(*rounds, strict=True))
            print(
                f"{name} {whole:.2f} s: the check at opening adds {check / whole:.2%}; reading "
                f"{amount:.1f} MB whole and verified is {inside / whole:.2%} of it"
            )


if __name__ == "__main__":
    main()
