"""The economic development regions (EDRs): which LWIAs each holds, and its figures.

A region is the sum of its areas, so that its line says nothing that theirs do not (decision 0023).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from ipats_lib import indicators
from ipats_lib.frames.source import Source
from ipats_lib.params import load_areas, one_of, read_each
from ipats_lib.periods import Report

REGION = "edr"


@dataclass(frozen=True, slots=True)
class Region:
    """The region of an LWIA: its number and its name."""

    lwia: str
    edr: str
    title: str


@cache
def load_regions() -> Mapping[str, Region]:
    """The region of each LWIA, by its number: `params/regions.csv`. Area 90 has none."""
    known = [area.lwia for area in load_areas()]

    def region(row: dict[str, str]) -> Region:
        return Region(one_of(row["lwia"], known), row["edr"], row["title"])

    found = read_each("regions.csv", ("lwia", "edr", "title", "evidence"), region)
    return {each.lwia: each for each in found}


def region_areas() -> list[tuple[str, str]]:
    """Area type and number of each region, in order."""
    return [(REGION, n) for n in sorted({r.edr for r in load_regions().values()}, key=int)]


def counts_of_regions(source: Source, windows: Sequence[Report]) -> pd.DataFrame:
    """`indicators.aggregate` of every region; who is in two of its areas is in its line twice.

    source: `Source.across`.
    """
    regions = load_regions()
    local = [s.lwia if s.kind == "lwia" else "" for s in source.scopes]
    names = [regions[lwia].edr if lwia in regions else "" for lwia in local]
    region = np.array(names, dtype=object)[source.lines[1]]
    placed = source.outcomes.take(source.lines[0]).reset_index(drop=True)
    labels = [window.label for window in windows]
    mine = (region != "") & placed["report"].isin(labels).to_numpy()
    placed = placed[mine].assign(area_type=REGION, area=region[mine])
    return indicators.aggregate(placed, ["report", "area_type", "area", "program"])
