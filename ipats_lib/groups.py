"""The groups of participants that figures are broken down by (domain 7.1, 7.2; ETA-9169 rows).

A group is a question about a record at program entry, so one record may be in several groups of a
dimension (barriers, race), and in none where an element is blank. Ages are full years at entry:
youth at the first youth service (906), else at 900 (domain 2.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ipats_lib.cohorts import IN_YOUTH, Mask, Predicate, View, has_code
from ipats_lib.params import params_folder, read_rows

RACES = ("211", "212", "213", "214", "215")
TRAININGS = ("1303", "1310", "1315")


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a breakdown: its dimension, its title and the question that decides it."""

    dimension: str
    title: str
    holds: Predicate


def age(view: View) -> NDArray[np.float64]:
    """Full years at entry; NaN where a date is blank."""
    entry = np.where(IN_YOUTH(view) & ~np.isnat(view.day("906")), view.day("906"), view.day("900"))
    born = view.day("200")
    years = entry.astype("datetime64[Y]").astype(float) - born.astype("datetime64[Y]").astype(float)
    before = _month_and_day(entry) < _month_and_day(born)
    return np.where(np.isnat(entry) | np.isnat(born), np.nan, years - before)


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
_INDIVIDUALIZED = dated("individualized", "1200") & ~_TRAINED
_BASIC = dated("basic", "1001") & ~dated("individualized", "1200") & ~_TRAINED
_LANGUAGE = (
    has_code("english_learner", "803", 1)
    | has_code("low_literacy", "804", 1)
    | has_code("cultural_barriers", "805", 1)
)

_FIXED: tuple[Group, ...] = (
    Group("Sex", "Female", has_code("female", "201", 2)),
    Group("Sex", "Male", has_code("male", "201", 1)),
    Group("Age", "Under 16", aged(0, 15)),
    Group("Age", "16 to 18", aged(16, 18)),
    Group("Age", "19 to 24", aged(19, 24)),
    Group("Age", "25 to 44", aged(25, 44)),
    Group("Age", "45 to 54", aged(45, 54)),
    Group("Age", "55 to 59", aged(55, 59)),
    Group("Age", "60 and over", aged(60, 120)),
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
    Group("Service tier", "Individualized career services", _INDIVIDUALIZED),
    Group("Service tier", "Basic career services only", _BASIC),
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
    *("804", "805", "806", "807", "808", "900", "905", "906", "1001", "1200", "1300"),
    *TRAININGS,
    "102",
)


def _training(code: int, title: str) -> Group:
    def test(view: View) -> Mask:
        return np.logical_or.reduce([view.code(slot) == code for slot in TRAININGS])

    asked = Predicate(f"training_{code:02d}", f"any of 1303, 1310, 1315 is {code:02d}", test)
    return Group("Training type", title, asked)


def _county(fips: str, name: str) -> Group:
    asked = Predicate(
        f"county_{fips}",
        f"102 is {fips}",
        lambda view: (view.records.text("102") == fips).astype(np.bool_),
    )
    return Group("County of residence", name, asked)


@cache
def load_groups() -> tuple[Group, ...]:
    """Every group, dimension by dimension; counties from `params/counties.csv`."""
    columns = ("county", "fips", "lwia", "edr")
    counties = read_rows(params_folder() / "counties.csv", columns)
    return (
        *_FIXED,
        *(_training(code, title) for code, title in TRAINING_TYPES.items()),
        *(_county(row["fips"], row["county"]) for row in counties),
    )
