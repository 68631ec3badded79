"""Who is served and with what: shares of the caseload (A-12, A-30 to A-35).

Each share is a question to the records, named with its definition and threshold in
`params/shares.csv`. Counts are periods of participation of Title I.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.status import active
from ipats_lib.caseload.thresholds import told
from ipats_lib.caseload.vocabulary import condition
from ipats_lib.cohorts import Mask, Records
from ipats_lib.conditions import Condition
from ipats_lib.params import read_each


@dataclass(frozen=True, slots=True)
class Share:
    """One line of `params/shares.csv`. action: what to do about it; at_least: share 0..1 below
    which it is flagged, or None; whole: whom it asks about; holds: which of them are its part."""

    id: str
    name: str
    definition: str
    action: str
    at_least: float | None
    whole: Condition
    holds: Condition
    source: str


@cache
def load_shares() -> dict[str, Share]:
    """The shares by id; ParamsError names file and line."""
    columns = ("id", "name", "definition", "action", "at_least", "whole", "holds", "source")
    return {share.id: share for share in read_each("shares.csv", columns, _share)}


def _share(row: dict[str, str]) -> Share:
    least = float(row["at_least"]) / 100 if row["at_least"] else None
    texts = told(row["name"]), told(row["definition"]), told(row["action"])
    asked = condition(row["whole"]), condition(row["holds"])
    return Share(row["id"], *texts, least, *asked, row["source"])


def sized(found: Iterable[tuple[Share, Mask, Mask]]) -> pd.DataFrame:
    """What was asked (`asked`), counted: id, part, whole, share (0..1), flagged.

    flagged: whether the share lies under its threshold; False where nobody is in the whole.
    """
    lines = []
    for share, whole, held in found:
        part, size = int(held.sum()), int(whole.sum())
        value = part / size if size else float("nan")
        low = bool(share.at_least is not None and size and value < share.at_least)
        lines.append((share.id, part, size, value, low))
    return pd.DataFrame(lines, columns=["id", "part", "whole", "share", "flagged"])


def asked(records: Records, as_of: date) -> Iterator[tuple[Share, Mask, Mask]]:
    """Every share of `params/shares.csv` with the records of its whole, and those of them that are
    its part."""
    view = view_of(records, as_of)
    for share in load_shares().values():
        whole = share.whole(view)
        yield share, whole, whole & share.holds(view)


def active_records(records: Records, as_of: date) -> Mask:
    """The active caseload of Title I."""
    return active(view_of(records, as_of))


def groups_of_active(
    records: Records, titles: Sequence[tuple[str, str]], holds: NDArray[np.bool_], as_of: date
) -> pd.DataFrame:
    """Sex, age, race, barriers and counties of the active caseload (A-30).

    titles: dimension and title of each group; holds: records x groups. One row per group with
    anyone: dimension, group, n, share (of all active, 0..1).
    """
    mine = active_records(records, as_of)
    counts = holds[mine].sum(axis=0)
    size = int(mine.sum())
    lines = [
        (dimension, group, int(n), int(n) / size)
        for (dimension, group), n in zip(titles, counts, strict=True)
        if n
    ]
    return pd.DataFrame(lines, columns=["dimension", "group", "n", "share"])
