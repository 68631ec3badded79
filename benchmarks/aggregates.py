"""All figures of one report, by area and by group: seconds and memory.

    .venv/bin/python benchmarks/aggregates.py [--scale 1] [--planners N]

Scale 1 is the sample state, 20 about a million rows, with twenty times the planners unless
`--planners` gathers their customers under so many. Each stage in wall seconds, and the largest
memory that the process held.
"""

import argparse
import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd

from ipats_lib import groups
from ipats_lib.breakdown import membership_of
from ipats_lib.indicators import outcome_table
from ipats_lib.indicators.aggregate import aggregate, in_areas
from ipats_lib.indicators.rules import ELEMENTS
from ipats_lib.periods import Period
from ipats_lib.sample import write_sample
from ipats_lib.scopes import STATE, STATE_AREA
from ipats_lib.snapshot import make_snapshot
from tests.grouped import breakdown


def gathered(membership: pd.DataFrame, planners: int | None) -> pd.DataFrame:
    """The membership with the customers of all planners spread over `planners` of them."""
    if planners is None:
        return membership
    area = membership["area"].astype("object")
    mine = membership["area_type"] == "planner"
    fewer = (pd.factorize(area[mine])[0] % planners).astype("str")
    area = area.where(~mine)
    area[mine] = fewer
    return membership.assign(area=area).drop_duplicates()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--planners", type=int, help="gather the planners' customers under N")
    asked = parser.parse_args()
    report = Period.parse("PY2024").reports[0]
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder, "extract"), seed=7, scale=asked.scale)
        snapshot = make_snapshot(Path(folder, "extract"), Path(folder, "store"))
        started = perf_counter()
        rows = snapshot.rows(STATE, tuple(dict.fromkeys((*ELEMENTS, *groups.ELEMENTS))))
        read = perf_counter()
        outcomes = outcome_table(rows, [report], snapshot.as_of)
        judged = perf_counter()
        membership = gathered(snapshot.membership(), asked.planners)
        placed = in_areas(outcomes, membership, STATE_AREA)
        figures = aggregate(placed, ["report", "area_type", "area", "program"])
        counted = perf_counter()
        members, lines = membership_of(rows), 0
        for _, mine in placed.groupby(["area_type", "area"], observed=True):
            lines += len(breakdown(mine.reset_index(drop=True), members))
        done = perf_counter()
    areas = figures.groupby(["area_type", "area"], observed=True).ngroups
    print(f"{len(rows):,} rows, {areas} areas, {len(figures):,} figures, {lines:,} by group")
    print(f"read {read - started:.1f} s, outcomes {judged - read:.1f} s, areas "
          f"{counted - judged:.1f} s, groups {done - counted:.1f} s")  # fmt: skip
    print(f"largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, "
          "the making of the sample included")  # fmt: skip


if __name__ == "__main__":
    main()
