"""What the frames of the federal indicators cost: counted once for all scopes, or scope by scope.

    .venv/bin/python benchmarks/frames.py [--scale 0.3] [--every 8]

Makes the sample state's snapshot and prints CPU seconds: of each frame for all scopes in one pass
(count, slice and Arrow bytes), and of the same content counted from each scope's own records
(`tests/report/reference.py`); asked of every eighth scope of each kind and taken times eight.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from ipats_lib.frames.case_frames import MAKE
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.slices import arrow_bytes
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.sample import write_sample
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot
from tests.raw import Opened, opened
from tests.report import reference

# What gives a frame's content for one scope.
ALONE: dict[str, Callable[[Opened], object]] = {
    "figures": lambda report: [
        reference.indicators(report, window) for window in report.period.windows
    ],
    "history": reference.quarters,
    "groups": reference.breakdown,
}  # fmt: skip


def cpu(do: Callable[[], object]) -> float:
    started = process_time()
    do()
    return process_time() - started


def in_bulk(state: StateData) -> dict[str, float]:
    """CPU seconds by frame, and of what all of them are counted from."""
    scopes = state.snapshot.scopes()
    seconds = {"records and counts": cpu(lambda: (state.source.counts, state.source.lines))}
    for name in [one for one in SCHEMAS if one not in MAKE]:
        seconds[name] = cpu(
            lambda name=name: [arrow_bytes(state.performance.table(name, s)) for s in scopes]
        )
    return seconds


def scope_by_scope(state: StateData, every: int) -> dict[str, float]:
    """CPU seconds by content, of all scopes: that of the asked ones times `every`."""
    seconds = dict.fromkeys(ALONE, 0.0)
    for scope in _some(state.snapshot.scopes(), every):
        report = opened(state, scope)
        times = 1 if scope.kind == "state" else every
        for name, ask in ALONE.items():
            seconds[name] += times * cpu(partial(ask, report))
    return seconds


def _some(scopes: tuple[Scope, ...], every: int) -> list[Scope]:
    kinds = [[s for s in scopes if s.kind == kind] for kind in ("state", "lwia", "planner")]
    return [scope for kind in kinds for scope in kind[::every]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=0.3)
    parser.add_argument("--every", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder, "extract"), seed=7, scale=asked.scale)
        snapshot = make_snapshot(Path(folder, "extract"), Path(folder, "store"))
        state = StateData(snapshot, Period.parse("PY2024Q4"))
        print(f"{len(snapshot.scopes())} scopes, {len(state.rows)} records")
        bulk, alone = in_bulk(state), scope_by_scope(state, asked.every)
    print(f"{'CPU seconds':<20} {'in one pass':>12} {'by scope':>12}")
    for name, seconds in bulk.items():
        told = f"{alone[name]:12.2f}" if name in alone else ""
        print(f"{name:<20} {seconds:12.2f} {told}")
    print(f"{'together':<20} {sum(bulk.values()):12.2f} {sum(alone.values()):12.2f}")


if __name__ == "__main__":
    main()
