"""What it costs to run every rule, beside reading all columns of the PIRL file as text.

    .venv/bin/python benchmarks/validate.py [--scale 20]

At scale 20 the sample has a million records. CPU seconds of one process, one thread for Arrow.
"""

import argparse
import resource
import tempfile
from pathlib import Path
from time import process_time

import pyarrow as pa
from pyarrow import csv

from ipats_lib.review.every_finding import every_finding
from ipats_lib.sample import write_sample
from ipats_lib.snapshot import make_snapshot

TIMES, MEGABYTES = 3, 4096  # issue 22: at a million records


def read_as_text(file: Path) -> int:
    with file.open() as lines:
        names = next(lines).rstrip("\n").split(",")
    texts = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    return csv.read_csv(file, csv.ReadOptions(use_threads=False), convert_options=texts).num_rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_sample(folder / "extract", scale=parser.parse_args().scale)
        steps = {
            "reading as text": lambda: read_as_text(folder / "extract" / "pirl.csv"),
            "snapshot": lambda: made.append(make_snapshot(folder / "extract", folder / "kept")),
            "rules": lambda: every_finding(made[0]),
        }
        made, spent = [], {}
        for name, step in steps.items():
            began = process_time()
            step()
            spent[name] = process_time() - began
            print(
                f"{name}: {spent[name]:.1f} s, {spent[name] / spent['reading as text']:.1f} times",
                flush=True,
            )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"largest memory {memory:,} MB")
    if spent["rules"] > TIMES * spent["reading as text"] or memory > MEGABYTES:
        print(f"MISSED: the aims are {TIMES} times the reading, and {MEGABYTES:,} MB")


if __name__ == "__main__":
    main()
