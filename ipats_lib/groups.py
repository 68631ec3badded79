"""The groups of participants that figures are broken down by (domain 7.1, 7.2; ETA-9169 rows).

A group is a question about a record at program entry, so one record may be in several groups of a
dimension (barriers, race), and in none where an element is blank. Age and service tier also depend
on the program of the line: who is in Adult and in Youth is aged at 900 in the one and at 906 in
the other, and has the tiers of each (domain 2.2, 2.14).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import (
    IN_ADULT,
    IN_DISLOCATED_WORKER,
    IN_YOUTH_STREAM,
    Mask,
    Predicate,
    Program,
    View,
    has_code,
)
from ipats_lib.params import params_folder, read_rows

RACES = ("211", "212", "213", "214", "215")
TRAININGS = ("1303", "1310", "1315")
# The dimensions that say who somebody is.
PEOPLE = ("Sex", "Age", "Race and ethnicity", "Barriers")
# Those of which one may be in several groups that are no alternatives of each other.
OVERLAPPING = ("Barriers",)


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a breakdown: its dimension, its title and the question that decides it.

    by_program: whether the answer depends on the program of the line.
    """

    dimension: str
    title: str
    holds: Predicate
    by_program: bool = False


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
    born = view.day("200")
    turned = day.astype("datetime64[Y]").astype(float) - born.astype("datetime64[Y]").astype(float)
    before = _month_and_day(day) < _month_and_day(born)
    return np.where(np.isnat(day) | np.isnat(born), np.nan, turned - before)


def _month_and_day(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    months = days.astype("datetime64[M]")
    in_year = months.astype(np.int64) % 12
    in_month = (days.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    return in_year * 32 + in_month


def aged(lowest: int, highest: int) -> Predicate:
    """Whether the age at entry lies between two full years, both included."""

    def test(view: View) -> Mask:
        years = age(view)
        return (years >= lowest) & (years <= highest)

    return Predicate(f"aged_{lowest}_{highest}", f"age at entry {lowest} to {highest}", test)


def _more_than_one_race(view: View) -> Mask:
    return np.sum([view.code(race) == 1 for race in RACES], axis=0) >= 2


def dated(code: str, element: str) -> Predicate:
    """Whether a date element is filled."""
    return Predicate(code, f"{element} is filled", lambda view: ~np.isnat(view.day(element)))


_TRAINED = has_code("received_training", "1300", 1)
_YOUTH_ALONE = IN_YOUTH_STREAM & ~(IN_ADULT | IN_DISLOCATED_WORKER)
_HAS_YOUTH_TIERS = Predicate(
    "has_youth_tiers",
    "the line is Youth's, or the Title I total's of one who is in Youth alone",
    lambda view: (IN_YOUTH_STREAM if view.program == "youth" else _YOUTH_ALONE)(view),
)
_YOUTH_SERVICES = dated("youth_services", "906") & ~_TRAINED & _HAS_YOUTH_TIERS
_INDIVIDUALIZED = dated("individualized", "1200") & ~_TRAINED & ~_HAS_YOUTH_TIERS
_BASIC = dated("basic", "1001") & ~dated("individualized", "1200") & ~_TRAINED & ~_HAS_YOUTH_TIERS
_LANGUAGE = (
    has_code("english_learner", "803", 1)
    | has_code("low_literacy", "804", 1)
    | has_code("cultural_barriers", "805", 1)
)

_FIXED: tuple[Group, ...] = (
    Group("Sex", "Female", has_code("female", "201", 2)),
    Group("Sex", "Male", has_code("male", "201", 1)),
    Group("Age", "Under 16", aged(0, 15), by_program=True),
    Group("Age", "16 to 18", aged(16, 18), by_program=True),
    Group("Age", "19 to 24", aged(19, 24), by_program=True),
    Group("Age", "25 to 44", aged(25, 44), by_program=True),
    Group("Age", "45 to 54", aged(45, 54), by_program=True),
    Group("Age", "55 to 59", aged(55, 59), by_program=True),
    Group("Age", "60 and over", aged(60, 120), by_program=True),
    Group("Race and ethnicity", "American Indian or Alaska Native", has_code("r211", "211", 1)),
    Group("Race and ethnicity", "Asian", has_code("r212", "212", 1)),
    Group("Race and ethnicity", "Black or African American", has_code("r213", "213", 1)),
    Group("Race and ethnicity", "Hispanic or Latino", has_code("hispanic", "210", 1)),
    Group("Race and ethnicity", "Native Hawaiian or Pacific Islander", has_code("r214", "214", 1)),
    Group("Race and ethnicity", "White", has_code("r215", "215", 1)),
    Group(
        "Race and ethnicity",
        "More than one race",
        Predicate("several_races", "at least two of 211 to 215", _more_than_one_race),
    ),
    Group("Barriers", "Displaced homemakers", has_code("homemaker", "807", 1)),
    Group("Barriers", "English learners, low literacy, cultural barriers", _LANGUAGE),
    Group("Barriers", "Exhausting TANF within two years", has_code("tanf", "601", 1)),
    Group("Barriers", "Ex-offenders", has_code("offender", "801", 1)),
    Group("Barriers", "Homeless individuals and runaway youth", has_code("homeless", "800", 1)),
    Group("Barriers", "Long-term unemployed", has_code("long_unemployed", "402", 1)),
    Group("Barriers", "Low-income individuals", has_code("low_income", "802", 1)),
    Group("Barriers", "Migrant and seasonal farmworkers", has_code("msfw", "808", 1, 2, 3, 4, 5)),
    Group("Barriers", "Individuals with disabilities", has_code("disability", "202", 1)),
    Group("Barriers", "Single parents", has_code("single_parent", "806", 1)),
    Group("Barriers", "Youth in or aged out of foster care", has_code("foster", "704", 1)),
    Group("Service tier", "Training", _TRAINED),
    Group("Service tier", "Individualized career services", _INDIVIDUALIZED, by_program=True),
    Group("Service tier", "Basic career services only", _BASIC, by_program=True),
    Group("Service tier", "Youth services", _YOUTH_SERVICES, by_program=True),
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
ELEMENTS: tuple[str, ...] = (
    *("200", "201", "202", "210", *RACES, "402", "601", "704", "800", "801", "802", "803"),
    *("804", "805", "806", "807", "808", "900", "903", "904", "905", "906", "1001", "1200"),
    *("1300", *TRAININGS, "101", "102"),
)
COUNTIES = "County of residence"
HOME_STATE = "IL"
_ELSEWHERE, _UNKNOWN = -2, -1


def _training(code: int, title: str) -> Group:
    def test(view: View) -> Mask:
        return np.logical_or.reduce([view.code(slot) == code for slot in TRAININGS])

    asked = Predicate(f"training_{code:02d}", f"any of 1303, 1310, 1315 is {code:02d}", test)
    return Group("Training type", title, asked)


@cache
def _counties() -> tuple[tuple[str, str], ...]:
    """FIPS code and name of every county of the state, from `params/counties.csv`."""
    rows = read_rows(params_folder() / "counties.csv", ("county", "fips", "lwia", "edr"))
    return tuple((row["fips"], row["county"]) for row in rows)


def _residence(view: View) -> NDArray[np.int64]:
    """Each record's place in the list of counties; _ELSEWHERE for another state, else _UNKNOWN.

    County codes repeat from state to state: 102 names an Illinois county only where 101 says so.
    """

    def place() -> NDArray[np.int64]:
        state, county = view.records.text("101"), view.records.text("102")
        known = pd.Index([fips for fips, _ in _counties()]).get_indexer(county)
        abroad = np.where(state == "", _UNKNOWN, _ELSEWHERE)
        return np.where(state == HOME_STATE, known, abroad)

    return view.records.kept("residence", place)


def _lives(place: int, title: str, code: str, text: str) -> Group:
    return Group(COUNTIES, title, Predicate(code, text, lambda view: _residence(view) == place))


def _residences() -> tuple[Group, ...]:
    inside = (
        _lives(place, name, f"county_{fips}", f"101 is {HOME_STATE} and 102 is {fips}")
        for place, (fips, name) in enumerate(_counties())
    )
    text = f"101 is filled and not {HOME_STATE}"
    return *inside, _lives(_ELSEWHERE, "Outside Illinois", "outside_illinois", text)


@cache
def load_groups() -> tuple[Group, ...]:
    """Every group, dimension by dimension."""
    trainings = (_training(code, title) for code, title in TRAINING_TYPES.items())
    return *_FIXED, *trainings, *_residences()


def group_names() -> tuple[str, ...]:
    """How the adjustment model names each group: `Sex: Female`."""
    return tuple(f"{group.dimension}: {group.title}" for group in load_groups())
