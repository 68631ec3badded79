"""What comparing areas costs of a publication: its runs, its frames and its withholding.

    .venv/bin/python benchmarks/comparison.py [--scale 0.2] [--rounds 2]

Publishes the sample state with every notebook, and without those that read a frame of several
areas, in alternation; prints the CPU of all processes. Withholding, which a publication without
them does too, and the frame of an LWIA's planners are timed by themselves and added.
"""

import argparse
import json
import shutil
from contextlib import ExitStack
from pathlib import Path
from time import process_time

from measure import HERE, spent
from state import PERIOD, command, snapshots

from ipats_lib.frames import ACROSS
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.scopes import STATE
from ipats_lib.snapshot import open_snapshot


def without(folder: Path) -> Path:
    """The notebooks, less those that read a frame of several areas."""
    kept = folder / "notebooks"
    shutil.copytree(HERE.root / "notebooks", kept)
    for path in kept.glob("*/*.ipynb"):
        if {*json.loads(path.read_bytes())["metadata"]["ipats"]["data"]} & {*ACROSS}:
            path.unlink()
    return kept


def cpu(kept: Path, site: Path, notebooks: Path) -> float:
    """CPU seconds of a publication into a new site, all processes."""
    took = spent(
        command(HERE, "build", "--extract", kept, "--store", kept.parent, "--period", PERIOD,
                "--site", site, "--notebooks", notebooks),
        **HERE.environment,
    )  # fmt: skip
    shutil.rmtree(site)
    return took.cpu


def beside(kept: Path) -> dict[str, float]:
    """CPU seconds of what every publication does, once the figures are counted."""
    frames, took = StateData(open_snapshot(kept), Period.parse(PERIOD)).performance, {}
    frames.table("history", STATE)
    for name, count in {
        "withholding": lambda: frames.withheld,
        "planners": lambda: frames.table("planner_figures", STATE),
    }.items():
        begun = process_time()
        count()
        took[name] = process_time() - begun
    return took


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder, made = snapshots(stack, None, asked.scale)
        kept, less = made[HERE], without(folder)
        for _ in range(asked.rounds):
            whole, rest = (
                cpu(kept, folder / "site", notebooks)
                for notebooks in (HERE.root / "notebooks", less)
            )
            alone = beside(kept)
            share = (whole - rest + sum(alone.values())) / whole
            told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in alone.items())
            print(f"CPU {whole:.1f} s whole, {rest:.1f} s without; {told}: {share:.1%}", flush=True)


if __name__ == "__main__":
    main()
