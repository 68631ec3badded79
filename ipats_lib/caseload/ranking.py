"""Which work helps an indicator most: what each kind of work can still change, and the order.

Both are data: `params/alert_groups.csv` and `params/work_order.csv`.
"""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import pandas as pd

from ipats_lib.caseload.questions import load_alerts
from ipats_lib.params import among, one_of, read_table

OVERDUE, WEEK, LATER, ANY = "overdue", "this week", "later", "at any time"
CERTAIN, POSSIBLE, NONE = "certain", "possible", ""
# What a wage match says of an outcome that is not known: none was found, or it has not run.
NO_MATCH, NOT_YET = "no match", "not yet"
DUE, PROGRAM_YEAR, YEAR_AFTER_EXIT = "due", "program year", "year after exit"
_LISTED = {"urgency": (OVERDUE, WEEK, LATER, ANY), "helps": (CERTAIN, POSSIBLE, NONE)}


@dataclass(frozen=True, slots=True)
class Work:
    """One line of `params/alert_groups.csv`: an alert, or one case of it, as work to do.

    rank: 1 helps a measure most. measures: those that the work can still change; helps: `certain`
    where what is recorded is itself a success; until: on which day that ends (`due`: the alert's;
    `program year`: its end; `year after exit`: never while active).
    """

    alert: Annotated[str, lambda text: one_of(text, load_alerts())]
    case: Annotated[str, among(("", NO_MATCH, NOT_YET))]
    work: str
    group: str
    rank: int
    measures: tuple[str, ...]
    helps: Annotated[str, among(_LISTED["helps"])]
    until: Annotated[str, among(("", DUE, PROGRAM_YEAR, YEAR_AFTER_EXIT))]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of `params/work_order.csv`. words: the step as a page states it."""

    column: Annotated[str, among((*_LISTED, "counts_by", "effect", "rank", "due"))]
    way: Literal["ascending", "descending", "as listed"]
    words: str

    def __post_init__(self) -> None:
        if (self.way == "as listed") != (self.column in _LISTED):
            raise ValueError(f"{self.column} cannot be ordered {self.way}")


@cache
def load_works() -> dict[tuple[str, str], Work]:
    """`params/alert_groups.csv` by alert and case; ParamsError names file and line."""
    found = read_table("alert_groups.csv", Work, more=("source",))
    return {(one.alert, one.case): one for one in found}


@cache
def load_work_order() -> tuple[Step, ...]:
    """`params/work_order.csv`, the first step first; ParamsError names file and line."""
    return tuple(read_table("work_order.csv", Step, more=("source",)))


def ranked(lines: pd.DataFrame, first: str) -> pd.DataFrame:
    """The lines by the column `first`, and inside it as `params/work_order.csv` orders work."""
    steps = load_work_order()
    keys = pd.DataFrame(
        {str(n): _key(lines[step.column], step) for n, step in enumerate(steps)}
        | {"first": lines[first]},
        index=lines.index,
    )
    by = ["first", *(str(n) for n in range(len(steps)))]
    up = [True, *(step.way != "descending" for step in steps)]
    order = keys.sort_values(by, ascending=up, kind="stable", na_position="last").index
    return lines.loc[order].reset_index(drop=True)


def _key(values: pd.Series, step: Step) -> pd.Series:
    if step.way != "as listed":
        return values
    return values.map({word: n for n, word in enumerate(_LISTED[step.column])})
