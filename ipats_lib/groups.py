"""The groups of participants that figures are broken down by (domain 7.1, 7.2; ETA-9169 rows).

A group is a question about a record at program entry, so one record may be in several groups of a
dimension (barriers, race), and in none where an element is blank. Age and service tier also depend
on the program of the line: who is in Adult and in Youth is aged at 900 in the one and at 906 in
the other, and has the tiers of each (domain 2.2, 2.14).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import (
    IN_ADULT,
    IN_DISLOCATED_WORKER,
    IN_YOUTH_STREAM,
    Mask,
    Program,
    View,
)
from ipats_lib.conditions import FUNCTIONS, Condition, Name, read_condition
from ipats_lib.params import load_counties, read_table

TRAININGS = ("1303", "1310", "1315")
# The dimensions that say who somebody is.
PEOPLE = ("Sex", "Age", "Race and ethnicity", "Barriers")
# Those of which one may be in several groups that are no alternatives of each other.
OVERLAPPING = ("Barriers",)


# The Adult, Dislocated Worker and Wagner-Peyser lines of a record ask alike. The Title I total
# takes youth as they are in their own line; one who is in another program too has its tiers.
ASKS_AS: Mapping[Program, Program] = {
    "adult": "adult",
    "dw": "adult",
    "wp": "adult",
    "youth": "youth",
    "title1": "title1",
}


def age(view: View) -> NDArray[np.float64]:
    """Full years at entry, in the program of the view; NaN where a date is blank.

    Youth at the first youth service (906), else at 900. Source: domain 2.2.
    """
    name = f"age in {ASKS_AS[view.program]}"
    return view.records.kept(name, lambda: _age(view))


def _age(view: View) -> NDArray[np.float64]:
    at_906 = IN_YOUTH_STREAM(view) & ~np.isnat(view.day("906"))
    entry = np.where(at_906, view.day("906"), view.day("900"))
    return years(view, entry)


def years(view: View, day: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Full years on a day of each record; NaN where the day or the birth date is blank."""
    born, kept = view.day("200"), view.records.kept
    turned = _year(day) - kept("year of birth", lambda: _year(born))
    before = _month_and_day(day) < kept("birthday", lambda: _month_and_day(born))
    return np.where(np.isnat(day) | np.isnat(born), np.nan, turned - before)


def _year(days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    return days.astype("datetime64[Y]").astype(np.float64)


def _month_and_day(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    months = days.astype("datetime64[M]")
    in_year = months.astype(np.int64) % 12
    in_month = (days.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    return in_year * 32 + in_month


def _youth_tiers(view: View) -> Mask:
    """Whether the line is Youth's, or the Title I total's of one who is in Youth alone."""
    youth = IN_YOUTH_STREAM(view)
    return (
        youth if view.program == "youth" else youth & ~(IN_ADULT(view) | IN_DISLOCATED_WORKER(view))
    )


# Element 1303 and its two sisters (domain 2.14).
TRAINING_TYPES: Mapping[int, str] = {
    1: "On-the-job training",
    2: "Skill upgrading",
    3: "Entrepreneurial training",
    4: "Adult education with training",
    5: "Customized training",
    6: "Occupational skills training",
    7: "Adult education without training",
    8: "Prerequisite training",
    9: "Registered apprenticeship",
    10: "Youth occupational skills training",
    11: "Other non-occupational training",
    12: "Job readiness training",
}
# What the questions above read, for whoever loads no more than they need.
_READ = (
    "101 102 200 201 202 210 211 212 213 214 215 402 601 704 800 801 802 803 804 805 806 807 808 "
    "900 903 904 905 906 1001 1200 1300 1303 1310 1315"
)
ELEMENTS: tuple[str, ...] = tuple(_READ.split())
COUNTIES = "County of residence"
HOME_STATE = "IL"
_ELSEWHERE, _UNKNOWN = -2, -1


NAMES: Mapping[str, Name] = {"age": age, "youth_tiers": _youth_tiers}


def condition(text: str) -> Condition:
    """The condition of a group, with the names `age` and `youth_tiers`; ValueError for no such."""
    return read_condition(text, NAMES, FUNCTIONS, {*ELEMENTS})


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a breakdown: its dimension, its title and the condition that decides it.

    by_program: whether the answer depends on the program of the line.
    """

    dimension: str
    title: str
    holds: Annotated[Condition, condition]
    by_program: bool = False


def _residence(view: View) -> NDArray[np.int64]:
    """Each record's place in the list of counties; _ELSEWHERE for another state, else _UNKNOWN.

    County codes repeat from state to state: 102 names an Illinois county only where 101 says so.
    """

    def place() -> NDArray[np.int64]:
        state, county = view.records.text("101"), view.records.text("102")
        known = pd.Index([each.fips for each in load_counties()]).get_indexer(county)
        abroad = np.where(state == "", _UNKNOWN, _ELSEWHERE)
        return np.where(state == HOME_STATE, known, abroad)

    return view.records.kept("residence", place)


def _lives(place: int, title: str) -> Group:
    return Group(COUNTIES, title, lambda view: _residence(view) == place)


@cache
def load_groups() -> tuple[Group, ...]:
    """Every group, dimension by dimension: `params/groups.csv`, types of training and counties."""
    slots = ", ".join(TRAININGS)
    return (
        *read_table("groups.csv", Group, more=("source",)),
        *(
            Group("Training type", title, condition(f"any(code({slots}) == {code})"))
            for code, title in TRAINING_TYPES.items()
        ),
        *(_lives(place, each.county) for place, each in enumerate(load_counties())),
        _lives(_ELSEWHERE, "Outside Illinois"),
    )


def group_names() -> tuple[str, ...]:
    """How the adjustment model names each group: `Sex: Female`."""
    return tuple(f"{group.dimension}: {group.title}" for group in load_groups())
