"""Small random states, each as two extracts a quarter apart, and the sites published from these.

Areas, their sizes and how many customers two of them serve differ by seed.
"""

import csv
import random
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from ipats_lib.sample import write_sample
from tests.commands import publish

DAYS = {"PY2024Q3": date(2025, 5, 15), "PY2024Q4": date(2025, 8, 15)}
CUSTOMER, AREA = 1, 8  # columns of a record
SCALES = (0.02, 0.03, 0.05)
# Of the customers with two records, how many have one of these in another area.
MOVED = (0.0, 0.2, 0.5)
PLACES = ("lwia", "area")  # columns of tables


def codes() -> dict[str, str]:
    """The code of each LWIA's board by the number of the LWIA."""
    with Path("params/areas.csv").open(newline="") as lines:
        return {row["lwia"]: row["board_code"] for row in csv.DictReader(lines)}


def write_state(folder: Path, seed: int) -> tuple[str, ...]:
    """Write the two extracts of a state to `folder`/<period>. The numbers of its LWIAs."""
    some = random.Random(seed)
    every = list(codes())
    areas = sorted(some.sample(every, some.randint(3, 6)))
    # Every area of the sample is part of one of the state's; some of these are small.
    weights = [some.choice([0.2, 1, 1, 3]) for _ in areas]
    merged = {one: one if one in areas else some.choices(areas, weights)[0] for one in every}
    scale, moved = some.choice(SCALES), some.choice(MOVED)
    for period, day in DAYS.items():
        whole = folder / f"whole-{period}"
        write_sample(whole, seed=seed, scale=scale, as_of=day)
        (folder / period).mkdir()
        _records(whole, folder / period, merged, moved)
        _tables(whole, folder / period, merged)
    return tuple(areas)


def _records(whole: Path, out: Path, merged: Mapping[str, str], moved: float) -> None:
    code = codes()
    places = {code[one]: code[other] for one, other in merged.items()}
    areas, seen = sorted({*places.values()}), set()
    with (whole / "pirl.csv").open(newline="") as lines, (out / "pirl.csv").open("w") as new:
        writer = csv.writer(new, lineterminator="\n")
        for row in csv.reader(lines):
            row[AREA] = places.get(row[AREA], row[AREA])
            if row[CUSTOMER] in seen and random.Random(row[CUSTOMER]).random() < moved:
                row[AREA] = random.Random(row[CUSTOMER]).choice(areas)
            seen.add(row[CUSTOMER])
            writer.writerow(row)


def _tables(whole: Path, out: Path, merged: Mapping[str, str]) -> None:
    for path in sorted(whole.glob("*.csv")):
        if path.name == "pirl.csv":
            continue
        with path.open(newline="") as lines, (out / path.name).open("w") as new:
            reader = csv.DictReader(lines)
            writer = csv.DictWriter(new, reader.fieldnames, lineterminator="\n")
            writer.writeheader()
            for row in reader:
                if path.name == "fiscal.csv" and merged[row["area"]] != row["area"]:
                    continue
                writer.writerow({k: merged.get(v, v) if k in PLACES else v for k, v in row.items()})
    (out / "extract.json").write_bytes((whole / "extract.json").read_bytes())


def publish_state(folder: Path, scopes: tuple[str, ...], *words: object) -> dict[str, Path]:
    """Publish both quarters, the earlier first, for some scopes; the folder of each.

    words: more of the command.
    """
    only = [word for one in scopes for word in ("--only", one)]
    for period in DAYS:
        done = publish(
            "build", "--extract", folder / period, "--store", folder / "store",
            "--period", period, "--site", folder / "site", *only, *words,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return {period: folder / "site" / period for period in DAYS}
