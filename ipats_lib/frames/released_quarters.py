"""Which earlier quarters leave the state's folder: all of a series, or none of it.

The four quarters of a year add up to the main report, the exits of one measure are those of
another two quarters later, and wages are the successes of the employment rate. So an area's
quarters of a program and of measures that count the same exits are shown together, where none of
them is small and all of what they add up to is shown. Then every sum between them is of printed
numbers, and none of them stands beside a withheld one (decision 0023).
"""

from collections.abc import Iterable, Iterator

import pandas as pd

from ipats_lib.disclosure import load_thresholds, small_cells

SAME_EXITS = {"ERQ2": "exits", "ERQ4": "exits", "ME": "exits"}
_TITLE_I = ("adult", "dw", "youth")
Series = tuple[str, str, str]  # area, program, and what its measures count


def releasable(quarters: pd.DataFrame, records: Iterable[pd.DataFrame]) -> pd.Series:
    """Whether each line of the quarters may leave the state's folder; the state's never does, as
    the areas that are withheld would be what is left of it.

    records: what this and other publications show, in the long form: what one of them withholds
    is withheld in every quarter.
    """
    small = small_cells(quarters, load_thresholds()) & quarters["area_type"].eq("lwia")
    withheld_parts = [quarters[small], *(r[r["suppressed"]] for r in records)]
    hidden = {key for lines in withheld_parts for key in _series(lines)}
    filled = {*_series(quarters[quarters["denominator"] > 0])}
    for area, program, counts in filled:
        if program in _TITLE_I and (area, program, counts) in hidden:
            hidden.add((area, "title1", counts))
    keys = list(_series(quarters, every=True))
    local = quarters["area_type"].eq("lwia").tolist()
    shown = [here and key not in hidden for here, key in zip(local, keys, strict=True)]
    return pd.Series(shown, index=quarters.index, dtype="bool")


def _series(lines: pd.DataFrame, *, every: bool = False) -> Iterator[Series]:
    names = ("area_type", "area", "program", "measure")
    for kind, area, program, measure in zip(*(lines[n].astype("str") for n in names), strict=True):
        if every or kind == "lwia":
            yield area, program, SAME_EXITS.get(measure, measure)
