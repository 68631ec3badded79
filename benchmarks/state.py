"""What the whole sample state costs to publish, here and beside another commit.

    .venv/bin/python benchmarks/state.py [--scale 1] [--rounds 1] [--workers 2]
    .venv/bin/python benchmarks/state.py --against COMMIT [--scale 0.05] [--rounds 3]
    .venv/bin/python benchmarks/state.py --only lwia/07 --only state [--scale 0.05]

Makes the sample state and its snapshot, publishes it into a new site, and prints wall time, CPU
(user and system, all processes), the size of the site, its largest page, the largest process, and
runs of notebooks and pages per kind of scope. With --against the other commit is checked out into
a temporary worktree with an environment from its own lock; both make their own snapshot of the same
extract and publish in alternation, `--rounds` times; ratios are of the two in one round. --only
publishes a part, as `publish.py build --only` does.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from measure import HERE, Spent, Tree, checked_out, spent

PERIOD = "PY2024Q4"
KINDS = ("state", "lwia", "planner")
# Asked of each tree in its own words: which runs it plans, and for which kind of scope.
RUNS = """
import json, sys
from collections import Counter
from pathlib import Path
from ipats_lib.publishing.catalogue import read_catalogue
from ipats_lib.publishing.plan import choose_scopes, plan_publication
from ipats_lib.snapshot import open_snapshot
scopes = choose_scopes(open_snapshot(Path(sys.argv[1])).scopes(), sys.argv[2:])
pages = plan_publication(read_catalogue(Path("notebooks")), scopes)
own = {(page.notebook.key, page.source) for page in pages}
print(json.dumps(Counter(source.kind for _, source in own)))
"""


@dataclass(frozen=True)
class Built:
    """One publication.  mib: of the site's files, linked ones once.  largest: (KiB, page)."""

    spent: Spent
    mib: float
    largest: tuple[float, str]
    runs: dict[str, int]
    pages: Counter[str]


def command(tree: Tree, *arguments: object) -> list[str | Path]:
    return [tree.python, tree.root / "publish.py", *map(str, arguments)]


def snapshot(tree: Tree, extract: Path, store: Path) -> Path:
    """The tree's own snapshot of an extract."""
    made = subprocess.run(
        command(tree, "snapshot", "--extract", extract, "--store", store),
        cwd=tree.root, env=environment(tree), check=True, capture_output=True, text=True,
    )  # fmt: skip
    return Path(made.stdout.split()[-1])


def snapshots(stack: ExitStack, against: str | None, scale: float) -> tuple[Path, dict[Tree, Path]]:
    """A temporary folder, and the snapshot of the same sample state that each tree has made
    there: of the other commit, whole with its environment, before anything else, and of this."""
    trees = [stack.enter_context(checked_out(against)), HERE] if against else [HERE]
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ipats-state-")))
    extract = folder / "extract"
    sample = command(HERE, "sample", "--out", extract, "--seed", 7, "--scale", scale)
    subprocess.run(sample, cwd=HERE.root, check=True, stdout=sys.stderr)
    return folder, {tree: snapshot(tree, extract, folder / tree.name) for tree in trees}


def environment(tree: Tree) -> dict[str, str]:
    return {**os.environ, **tree.environment}


def build(tree: Tree, kept: Path, site: Path, workers: int = 2, only: Sequence[str] = ()) -> Built:
    """Publish a snapshot into a new site.  only: a part of it."""
    part = [word for scope in only for word in ("--only", scope)]
    took = spent(
        command(tree, "build", "--extract", kept, "--store", kept.parent, "--period", PERIOD,
                "--site", site, "--workers", workers, *part),
        tree.root, **tree.environment,
    )  # fmt: skip
    shown = site.resolve() / PERIOD
    pages = sorted(shown.rglob("*.html"))
    asked = subprocess.run(
        [tree.python, "-c", RUNS, kept, *only], cwd=tree.root, env=environment(tree),
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    sizes = {(s := file.stat()).st_ino: s.st_size for file in site.rglob("*") if file.is_file()}
    largest = max((page.stat().st_size / 1024, str(page.relative_to(shown))) for page in pages)
    kinds = Counter(kind_of(page.relative_to(shown)) for page in pages)
    return Built(took, sum(sizes.values()) / 2**20, largest, json.loads(asked.stdout), kinds)


def kind_of(page: Path) -> str:
    """The kind of scope whose folder a page is in."""
    return "planner" if "planner" in page.parts else page.parts[0]


def told(name: str, made: Built) -> str:
    runs, pages = (", ".join(f"{kind} {n.get(kind, 0):,}" for kind in KINDS)
                   for n in (made.runs, made.pages))  # fmt: skip
    return (
        f"{name}: {made.spent.wall:.1f} s wall, {made.spent.cpu:.1f} s CPU, "
        f"largest process {made.spent.largest_mb:.0f} MB\n"
        f"  site {made.mib:.1f} MiB, largest page {made.largest[0]:.0f} KiB ({made.largest[1]})\n"
        f"  runs: {runs} ({sum(made.runs.values()):,})\n"
        f"  pages: {pages} ({sum(made.pages.values()):,})"
    )


def ratio(now: Built, then: Built) -> dict[str, float]:
    return {
        "wall": now.spent.wall / then.spent.wall,
        "CPU": now.spent.cpu / then.spent.cpu,
        "MiB": now.mib / then.mib,
        "largest page": now.largest[0] / then.largest[0],
        "runs": sum(now.runs.values()) / sum(then.runs.values()),
        "pages": sum(now.pages.values()) / sum(then.pages.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--against")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder, kept = snapshots(stack, asked.against, asked.scale)
        trees = list(kept)
        ratios: list[dict[str, float]] = []
        for number in range(asked.rounds):
            made = [
                build(tree, kept[tree], folder / f"site-{tree.name}-{number}", asked.workers,
                      asked.only)
                for tree in trees
            ]  # fmt: skip
            for tree, each in zip(trees, made, strict=True):
                print(told(tree.name, each), flush=True)
            if asked.against:
                ratios.append(ratio(made[1], made[0]))
        for what in ratios[0] if ratios else ():
            each = [one[what] for one in ratios]
            rounds = ", ".join(f"{value:.3f}" for value in each)
            print(f"{what}: {statistics.median(each):.3f} times {asked.against} ({rounds})")


if __name__ == "__main__":
    main()
