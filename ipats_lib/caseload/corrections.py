"""What correcting a record can put into it: the possible corrections of each edit check, as data.

A correction is a line or more of `params/corrections.csv`: which elements become what, of which
records. One without an element leaves the record as it is. Nothing is corrected here: records are
counted once more as they would be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from ipats_lib.caseload.checks import load_checks
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.vocabulary import ELEMENTS, condition, value
from ipats_lib.cohorts import Records
from ipats_lib.conditions import Condition, Name
from ipats_lib.params import one_of, read_each

BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Step:
    """One line: these elements become `value` (None: blank) where `where` holds; of several
    elements `where` may answer for each."""

    rule: str
    correction: str
    where: Condition | None
    elements: tuple[str, ...]
    value: Name | None


@cache
def load_corrections() -> Mapping[str, Mapping[str, tuple[Step, ...]]]:
    """By edit check and by what a correction is; ParamsError names file and line."""
    columns = ("rule", "correction", "where", "elements", "value", "source")
    found: dict[str, dict[str, tuple[Step, ...]]] = {}
    for step in read_each("corrections.csv", columns, _step):
        mine = found.setdefault(step.rule, {})
        mine[step.correction] = (*mine.get(step.correction, ()), step)
    return found


def _step(row: dict[str, str]) -> Step:
    elements = tuple(one_of(number, ELEMENTS) for number in row["elements"].split("|") if number)
    return Step(
        one_of(row["rule"], load_checks()),
        row["correction"],
        condition(row["where"]) if row["where"] else None,
        elements,
        None if row["value"] in ("", BLANK) else value(row["value"]),
    )


def corrected(rows: pd.DataFrame, steps: tuple[Step, ...], as_of: date) -> pd.DataFrame:
    """The records as they are after a correction."""
    view = view_of(Records(rows), as_of)
    found = rows.copy()
    for step in steps:
        holds = np.True_ if step.where is None else step.where(view)
        each = np.broadcast_to(holds, (len(step.elements), len(rows)))
        for element, mine in zip(step.elements, each, strict=True):
            if step.value is None:
                found[element] = found[element].mask(mine)
            else:
                told = np.broadcast_to(step.value(view), len(rows))
                new = pd.Series(told, rows.index).astype(found[element].dtype)
                found[element] = found[element].mask(mine, new)
    return found
