"""Who is served and with what: shares of the caseload (A-12, A-30 to A-35).

Each share is a question to the records, named with its definition and threshold in
`params/shares.csv`. Counts are periods of participation of Title I.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.flow import a_year_before, exits_known, view_of
from ipats_lib.caseload.status import active
from ipats_lib.caseload.thresholds import threshold, told
from ipats_lib.cohorts import (
    IN_ADULT,
    IN_DISLOCATED_WORKER,
    IN_TITLE_I,
    IN_WAGNER_PEYSER,
    IN_YOUTH,
    Mask,
    Predicate,
    Records,
    View,
    has_code,
)
from ipats_lib.params import one_of, read_each
from ipats_lib.periods import program_year

# What the questions read beyond what status, alerts and groups do.
ELEMENTS = (
    *("409", "600", "602", "603", "604", "802", "804", "907", "915", "1306", "1311", "1316"),
    *("1319", "1405", "1409"),
)
KINDS = ("1303", "1310", "1315")

PRIORITY = (
    has_code("tanf", "600", 1)
    | has_code("ssi", "602", 1, 2, 3)
    | has_code("snap", "603", 1)
    | has_code("assistance", "604", 1)
    | has_code("low_income", "802", 1)
    | has_code("basic_skills", "804", 1)
)
_OUT_OF_SCHOOL = has_code("out_of_school", "409", 4, 5, 6)
_SCHOOL_KNOWN = has_code("school_known", "409", 1, 2, 3, 4, 5, 6)


def _filled(*elements: str) -> Predicate:
    return Predicate(
        "filled",
        f"any of {', '.join(elements)} is filled",
        lambda view: np.logical_or.reduce([~np.isnat(view.day(e)) for e in elements]),
    )


def _of_type(*codes: int) -> Predicate:
    wanted = frozenset(codes)
    return Predicate(
        "of_type",
        f"any of {', '.join(KINDS)} is one of {codes}",
        lambda view: np.logical_or.reduce([view.has_code(slot, wanted) for slot in KINDS]),
    )


_WORK_EXPERIENCE = _filled("1203", "1405")
_SUPPORTED = _filled("1409")
# Individualized service or training (domain 2.14).
INTENSIVE = _filled("1200") | has_code("received_training", "1300", 1)
_ON_THE_JOB, _APPRENTICE, _CUSTOMIZED = _of_type(1), _of_type(9), _of_type(5)
_IN_PROGRAM = (IN_ADULT, IN_DISLOCATED_WORKER, IN_YOUTH)


def _several_streams(view: View) -> Mask:
    return np.sum([stream(view) for stream in _IN_PROGRAM], axis=0) > 1


def participated(view: View) -> Mask:
    """Of Title I, with a day of participation in the program year of the as-of date."""
    start = np.datetime64(date(program_year(view.as_of), 7, 1))
    exits = view.day("901")
    entered = view.day("900") <= np.datetime64(view.as_of)
    held: Mask = IN_TITLE_I(view) & entered & (np.isnat(exits) | (exits >= start))
    return held


def _exited_last_year(view: View) -> Mask:
    exits, last = view.day("901"), exits_known(view.as_of)
    recent = (exits > np.datetime64(a_year_before(last))) & (exits <= np.datetime64(last))
    held: Mask = IN_TITLE_I(view) & recent
    return held


Question = tuple[Callable[[View], Mask], Callable[[View], Mask]]
# Of whom (the whole), and which of them (the part).
QUESTIONS: dict[str, Question] = {
    "A-31a": (active, _several_streams),
    "A-31b": (active, IN_WAGNER_PEYSER),
    "A-31c": (active, has_code("taa", "915", 1)),
    "A-32a": (active, _SUPPORTED),
    "A-32b": (active, lambda view: view.day("1409") > _supported_from(view)),
    "A-33a": (participated, _ON_THE_JOB),
    "A-33b": (participated, _APPRENTICE),
    "A-33c": (participated, _CUSTOMIZED),
    "A-33d": (participated, _WORK_EXPERIENCE),
    "A-33e": (lambda view: participated(view) & IN_YOUTH(view), _WORK_EXPERIENCE),
    "A-34": (
        lambda view: participated(view) & IN_YOUTH(view) & _SCHOOL_KNOWN(view),
        _OUT_OF_SCHOOL,
    ),
    "A-35": (
        lambda view: _exited_last_year(view) & IN_ADULT(view) & INTENSIVE(view),
        PRIORITY,
    ),
}  # fmt: skip


def _supported_from(view: View) -> np.datetime64:
    return np.datetime64(view.as_of) - np.timedelta64(threshold("support_days"), "D")


@dataclass(frozen=True, slots=True)
class Share:
    """One line of `params/shares.csv`. action: what to do about it; at_least: share 0..1 below
    which it is flagged, or None."""

    id: str
    name: str
    definition: str
    action: str
    at_least: float | None
    source: str


@cache
def load_shares() -> dict[str, Share]:
    """The shares by id; ParamsError names file and line."""
    columns = ("id", "name", "definition", "action", "at_least", "source")
    return {share.id: share for share in read_each("shares.csv", columns, _share)}


def _share(row: dict[str, str]) -> Share:
    least = float(row["at_least"]) / 100 if row["at_least"] else None
    texts = told(row["name"]), told(row["definition"]), told(row["action"])
    return Share(one_of(row["id"], QUESTIONS), *texts, least, row["source"])


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
        of_whom, which = QUESTIONS[share.id]
        whole = of_whom(view)
        yield share, whole, whole & which(view)


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
