"""The frames of customers, services and work for every scope: CPU in bulk and one by one.

    .venv/bin/python benchmarks/frames_cases.py [--scale 0.3] [--sample 30]

In bulk: every frame of every scope counted in three passes, sliced and written as Arrow bytes.
One by one: the same frames of a scope that is opened alone; some scopes of each kind are taken and
stand for the others of it.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from ipats_lib.frames.case_frames import MAKE, CaseFrames, State
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.sample import write_sample
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot

KINDS = ("state", "lwia", "planner")


def alone(state: StateData, scope: Scope) -> float:
    """CPU seconds of every frame of one scope, opened alone."""
    records = State(state.rows, state.caseload, state.membership)
    frames = CaseFrames(
        state.snapshot,
        lambda: records,
        state.earlier_counts,
        state.effects,
        state.scopes,
        only=scope,
    )
    started = process_time()
    frames.files(tuple(MAKE), scope)
    return process_time() - started


def bulk(frames: CaseFrames, scopes: Iterable[Scope]) -> tuple[float, int]:
    """CPU seconds of every frame of these scopes, and their bytes."""
    started, size = process_time(), 0
    for scope in scopes:
        size += sum(len(data) for data in frames.files(tuple(MAKE), scope).values())
    return process_time() - started, size


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=0.3)
    parser.add_argument("--sample", type=int, default=30, help="scopes of each kind, one by one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder, "extract"), seed=7, scale=asked.scale)
        snapshot = make_snapshot(Path(folder, "extract"), Path(folder, "store"))
        state = StateData(snapshot, Period.parse("PY2024Q4"))
        records = State(state.rows, state.caseload, state.membership)
        of_kind = {k: [s for s in snapshot.scopes() if s.kind == k] for k in KINDS}
        for scopes in of_kind.values():
            alone(state, scopes[0])  # Read parameters and fill caches before anything is timed.
        print("kind | scopes | bulk s | one by one s | ratio | bulk ms a scope | alone ms | MB")
        whole = [0.0, 0.0]
        for kind, scopes in of_kind.items():
            taken = scopes[:: max(1, len(scopes) // asked.sample)]
            counts = (state.earlier_counts, state.effects, state.scopes)
            spent, size = bulk(CaseFrames(snapshot, lambda: records, *counts), scopes)
            each = sum(alone(state, scope) for scope in taken) / len(taken)
            whole[0], whole[1] = whole[0] + spent, whole[1] + each * len(scopes)
            print(
                f"{kind} | {len(scopes)} | {spent:.2f} | {each * len(scopes):.1f} | "
                f"{each * len(scopes) / spent:.1f} | {spent / len(scopes) * 1000:.0f} | "
                f"{each * 1000:.0f} | {size / 1e6:.1f}"
            )
        print(f"all | | {whole[0]:.2f} | {whole[1]:.1f} | {whole[1] / whole[0]:.1f}")


if __name__ == "__main__":
    main()
