"""The bands of a figure or a score against its level (domain 3.3)."""

from dataclasses import dataclass
from functools import cache

import pandas as pd

from ipats_lib.params import read_each


@dataclass(frozen=True, slots=True)
class Band:
    """A status: word, shape (so that colour is never alone) and the lowest percent of level.

    overall_from: the lowest mean of scores, for overall scores; None where they have no such band.
    """

    name: str
    shape: str
    from_percent: float
    overall_from: float | None
    meaning: str

    def __str__(self) -> str:
        return f"{self.shape} {self.name}"


_BANDS = ("band", "shape", "from_percent", "overall_from_percent", "meaning")


@cache
def load_bands() -> tuple[Band, ...]:
    """`params/bands.csv`, best first (domain 3.3; the numeric cuts are project defaults)."""
    return tuple(sorted(read_each("bands.csv", _BANDS, _band), key=lambda band: -band.from_percent))


def _band(row: dict[str, str]) -> Band:
    overall = row["overall_from_percent"]
    lowest = float(row["from_percent"]), float(overall) if overall else None
    return Band(row["band"], row["shape"], *lowest, row["meaning"])


NO_VERDICT = Band(
    "No verdict", "\N{EN DASH}", float("-inf"), float("-inf"), "no level, or nobody to count"
)
NOT_COMPARED = Band(
    "Not compared", "\N{EN DASH}", float("-inf"), float("-inf"), "part of a yearly measure"
)


def band_of(percent: float, *, overall: bool = False) -> Band:
    """The band of a percent of level, or of a mean of them; NO_VERDICT for a missing one."""
    if pd.isna(percent):
        return NO_VERDICT
    cuts = ((b, b.overall_from if overall else b.from_percent) for b in load_bands())
    return next(band for band, cut in cuts if cut is not None and percent >= cut)
