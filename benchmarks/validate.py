"""What it costs to run every rule, beside reading all columns of the PIRL file as text.

    .venv/bin/python benchmarks/validate.py [--scale 20] [--rounds 3]

At scale 20 the sample has a million records. CPU seconds of whole processes, so nothing is left
out: the rules are all that `validate` does beyond one reading of the PIRL file as text.
"""

import argparse
import shutil
import tempfile
from pathlib import Path
from statistics import median

from measure import HERE, ROOT, Spent, spent

from ipats_lib.sample import write_sample

TIMES, MEGABYTES = 3, 4096  # issue 22: at a million records
READ = """
import sys
from pyarrow import csv, string
with open(sys.argv[1]) as lines:
    names = next(lines).rstrip().split(",")
texts = csv.ConvertOptions(column_types=dict.fromkeys(names, string()))
print(csv.read_csv(sys.argv[1], csv.ReadOptions(use_threads=False), convert_options=texts).num_rows)
"""


def _round(extract: Path, folder: Path, number: int) -> dict[str, Spent]:
    said = [HERE.python, ROOT / "publish.py"]
    ways: dict[str, list[str | Path]] = {
        "reading as text": [HERE.python, "-c", READ, extract / "pirl.csv"],
        "validate": [*said, "validate", "--extract", extract, "--out", folder / "findings.csv"],
        "snapshot": [*said, "snapshot", "--extract", extract, "--store", folder / "kept"],
    }
    told = {}
    for name, way in ways.items():
        one = told[name] = spent(way, folder, ends=(0, 1))
        times = one.cpu / told["reading as text"].cpu
        print(f"{number} {name}: {one.cpu:.1f} s, {times:.2f} times, {one.largest_mb:,.0f} MB")
    shutil.rmtree(folder / "kept")  # a second round makes it again
    return told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--extract", type=Path, help="one at hand, in place of the sample")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if (extract := asked.extract) is None:
            extract = Path(place) / "extract"
            write_sample(extract, scale=asked.scale)
        rounds = [_round(extract.resolve(), Path(place), n + 1) for n in range(asked.rounds)]
    rules = median(one["validate"].cpu / one["reading as text"].cpu - 1 for one in rounds)
    memory = max(one["validate"].largest_mb for one in rounds)
    reached = "reached" if rules <= TIMES and memory <= MEGABYTES else "MISSED"
    print(f"all rules: {rules:.2f} times the reading (aim {TIMES}), {memory:,.0f} MB: {reached}")


if __name__ == "__main__":
    main()
