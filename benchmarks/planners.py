"""What a career planner's notebooks cost, here and in another commit.

    .venv/bin/python benchmarks/planners.py --against COMMIT [--scale 0.05] [--planners 12]
                                            [--rounds 3]

Both commits publish one planner and then `--planners` of the same LWIAs from their own snapshots of
the same extract, in alternation; the difference of the CPU seconds (user and system, all
processes), divided by the planners that were added, is what one planner costs: frames, runs of
notebooks, pages and files. What a build costs whatever it publishes drops out, and is printed.
"""

import argparse
import statistics
import subprocess
from contextlib import ExitStack
from pathlib import Path

from measure import HERE, Tree
from state import build, environment, snapshots

PLANNERS = """
import sys
from pathlib import Path
from ipats_lib.snapshot import open_snapshot
print(*(s.path for s in open_snapshot(Path(sys.argv[1])).scopes() if s.kind == "planner"))
"""


def planners(kept: Path, number: int) -> list[str]:
    """So many planners of a snapshot, from all over the state."""
    asked = subprocess.run(
        [HERE.python, "-c", PLANNERS, kept], cwd=HERE.root, env=environment(HERE), check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    every = asked.stdout.split()
    return every[:: max(1, len(every) // number)][:number]


def of_one(tree: Tree, kept: Path, site: Path, chosen: list[str]) -> tuple[float, float]:
    """CPU seconds of one more planner, and of a build of one."""
    one = build(tree, kept, site.with_name(f"{site.name}-one"), only=chosen[:1]).spent.cpu
    many = build(tree, kept, site.with_name(f"{site.name}-many"), only=chosen).spent.cpu
    return (many - one) / (len(chosen) - 1), one


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--planners", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", required=True)
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder, kept = snapshots(stack, asked.against, asked.scale)
        chosen = planners(kept[HERE], asked.planners)
        rounds = []
        for number in range(asked.rounds):
            took = [of_one(tree, kept[tree], folder / f"{tree.name}-{number}", chosen)
                    for tree in kept]  # fmt: skip
            rounds.append(took)
            for tree, (each, one) in zip(kept, took, strict=True):
                print(f"{tree.name}: {each:.2f} s of CPU a planner, {one:.1f} s for a build of "
                      "one", flush=True)  # fmt: skip
    for place, what in enumerate(("a planner", "a build of one planner")):
        ratios = [now[place] / then[place] for then, now in rounds]
        told = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"{what}: {statistics.median(ratios):.3f} times the CPU of {asked.against} ({told})")


if __name__ == "__main__":
    main()
