"""Which work helps an indicator most: what each kind of work can still change, and the order.

Both are data: `params/alert_groups.csv` and `params/work_order.csv`.
"""

from dataclasses import dataclass
from functools import cache

import pandas as pd

from ipats_lib.caseload.alerts import load_alerts
from ipats_lib.params import one_of, read_each, whole_number

OVERDUE, WEEK, LATER, ANY = "overdue", "this week", "later", "at any time"
CERTAIN, POSSIBLE, NONE = "certain", "possible", ""
# What a wage match says of an outcome that is not known: none was found, or it has not run.
NO_MATCH, NOT_YET = "no match", "not yet"
DUE, PROGRAM_YEAR, YEAR_AFTER_EXIT = "due", "program year", "year after exit"
_LISTED = {"urgency": (OVERDUE, WEEK, LATER, ANY), "helps": (CERTAIN, POSSIBLE, NONE)}
_WAYS = ("ascending", "descending", "as listed")


@dataclass(frozen=True, slots=True)
class Work:
    """One line of `params/alert_groups.csv`: an alert, or one case of it, as work to do.

    rank: 1 helps a measure most. measures: those that the work can still change; helps: `certain`
    where what is recorded is itself a success; until: on which day that ends (`due`: the alert's;
    `program year`: its end; `year after exit`: never while active).
    """

    alert: str
    case: str
    work: str
    group: str
    rank: int
    measures: tuple[str, ...]
    helps: str
    until: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of `params/work_order.csv`. words: the step as a page states it."""

    column: str
    way: str
    words: str


@cache
def load_works() -> dict[tuple[str, str], Work]:
    """`params/alert_groups.csv` by alert and case; ParamsError names file and line."""
    columns = (*Work.__slots__, "source")
    found = read_each("alert_groups.csv", columns, _work)
    return {(one.alert, one.case): one for one in found}


def _work(row: dict[str, str]) -> Work:
    return Work(
        one_of(row["alert"], load_alerts()),
        one_of(row["case"], ("", NO_MATCH, NOT_YET)),
        row["work"],
        row["group"],
        whole_number(row["rank"]),
        tuple(part for part in row["measures"].split("|") if part),
        one_of(row["helps"], _LISTED["helps"]),
        one_of(row["until"], ("", DUE, PROGRAM_YEAR, YEAR_AFTER_EXIT)),
    )


@cache
def load_work_order() -> tuple[Step, ...]:
    """`params/work_order.csv`, the first step first; ParamsError names file and line."""
    return tuple(read_each("work_order.csv", ("column", "way", "words", "source"), _step))


def _step(row: dict[str, str]) -> Step:
    column = one_of(row["column"], (*_LISTED, "counts_by", "effect", "rank", "due"))
    way = one_of(row["way"], _WAYS)
    if (way == "as listed") != (column in _LISTED):
        raise ValueError(f"{column} cannot be ordered {way}")
    return Step(column, way, row["words"])


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


def work_order() -> pd.DataFrame:
    """How work is ordered, a step a row: column, way and words."""
    return pd.DataFrame(
        [(step.column, step.way, step.words) for step in load_work_order()],
        columns=["column", "way", "words"],
    )
