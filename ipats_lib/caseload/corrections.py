"""What correcting a record can put into it: the possible corrections of each edit check, as data.

A correction is a line or more of `params/corrections.csv`: which elements become what, of which
records. One without an element leaves the record as it is. Nothing is corrected here: records are
counted once more as they would be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated

import numpy as np
import pandas as pd

from ipats_lib.caseload.checks import load_checks
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.vocabulary import ELEMENTS, condition, value
from ipats_lib.cohorts import Records
from ipats_lib.conditions import Condition, Name
from ipats_lib.params import among, one_of, read_table

BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Step:
    """One line: these elements become `value` (None: blank) where `where` holds; of several
    elements `where` may answer for each."""

    rule: Annotated[str, lambda text: one_of(text, load_checks())]
    correction: str
    where: Annotated[Condition, condition] | None
    elements: tuple[Annotated[str, among(ELEMENTS)], ...]
    value: Annotated[Name | None, lambda text: None if text in ("", BLANK) else value(text)]


@cache
def load_corrections() -> Mapping[str, Mapping[str, tuple[Step, ...]]]:
    """By edit check and by what a correction is; ParamsError names file and line."""
    found: dict[str, dict[str, tuple[Step, ...]]] = {}
    for step in read_table("corrections.csv", Step, more=("source",)):
        mine = found.setdefault(step.rule, {})
        mine[step.correction] = (*mine.get(step.correction, ()), step)
    return found


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
                new_values = np.broadcast_to(step.value(view), len(rows))
                new = pd.Series(new_values, rows.index).astype(found[element].dtype)
                found[element] = found[element].mask(mine, new)
    return found
