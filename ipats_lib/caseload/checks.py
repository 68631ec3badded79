"""Records to fix: which of them break an edit check, and what correcting them changes (domain 4.3).

A check is data (`params/edit_checks.csv`): its texts, its severity, and the condition (in the words
of `vocabulary`) that holds for each record that breaks it. A correction is a line or more of
`params/corrections.csv`: which elements become what, of which records; one without an element
leaves the record as it is. Nothing is corrected here: errors are corrected in IWDS, and records
are counted once more as they would be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, get_args

import numpy as np
import pandas as pd

from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.vocabulary import ELEMENTS, condition, in_no_program, value
from ipats_lib.cohorts import IN_TITLE_I, Records
from ipats_lib.conditions import Condition, Name
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import among, one_of, read_table
from ipats_lib.validation.rules import Severity

INFO = "info"
SEVERITIES = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `params/edit_checks.csv`. holds: whether a record breaks it; none where a case
    table does (`table_checks`). measures: those that the elements decide; enter: what to enter in
    IWDS."""

    id: str
    elements: str
    severity: Severity
    message: str
    holds: Annotated[Condition, condition] | None
    measures: tuple[Annotated[str, among(INDICATORS)], ...]
    enter: str
    source: str


@cache
def load_checks() -> dict[str, Check]:
    """The edit checks by id; ParamsError names file and line."""
    return {check.id: check for check in read_table("edit_checks.csv", Check)}


def asked_of_records() -> dict[str, Condition]:
    """The checks that a record alone, or beside others, breaks."""
    return {rule: one.holds for rule, one in load_checks().items() if one.holds is not None}


def records_to_fix(
    records: Records, as_of: date, of_tables: Mapping[str, Mapping[int, str]] | None = None
) -> pd.DataFrame:
    """Every Title I record, and every participant in no program, that breaks an edit check.

    of_tables: rows that a case table contradicts, by check, with what is there. One row per check
    and record: rule, severity, row, customer, dated (exit, or entry while active: what is newest
    comes first), there (of `of_tables`; else empty).
    """
    view = view_of(records, as_of)
    asked, rows = IN_TITLE_I(view) | in_no_program(view), records.frame["row"].to_numpy()
    dated = np.where(np.isnat(view.day("901")), view.day("900"), view.day("901"))
    checks, of_tables = load_checks(), of_tables or {}
    found = {
        rule: np.flatnonzero(asked & holds(view)) for rule, holds in asked_of_records().items()
    }
    found |= {
        rule: np.flatnonzero(asked & np.isin(rows, [*each])) for rule, each in of_tables.items()
    }
    lines = np.concatenate(list(found.values()))
    sizes = [len(broken) for broken in found.values()]
    table = pd.DataFrame(
        {
            "rule": np.repeat(list(found), sizes),
            "severity": np.repeat([checks[rule].severity for rule in found], sizes),
            "row": rows[lines],
            "customer": records.text("100")[lines],
            "dated": dated[lines].astype("datetime64[s]"),
            "there": [
                of_tables.get(rule, {}).get(rows[at], "")
                for rule, broken in found.items()
                for at in broken
            ],
        }
    )
    order = ["dated", "customer", "rule"]
    return table.sort_values(order, ascending=[False, True, True], ignore_index=True)


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
