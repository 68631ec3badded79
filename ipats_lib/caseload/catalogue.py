"""The catalogue of alerts, counts and numbers as data: names, thresholds, texts (domain 5.2)."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_each, read_table, whole_number


@dataclass(frozen=True, slots=True)
class Threshold:
    """One line of `params/caseload.csv`. value: in its unit."""

    name: str
    value: int
    unit: Literal["days", "dollars", "records", "percent"]
    definition: str
    source: str


@cache
def load_thresholds() -> dict[str, Threshold]:
    """Every threshold by name; ParamsError names file and line."""
    return {one.name: one for one in read_table("caseload.csv", Threshold)}


def threshold(name: str) -> int:
    """The number of one threshold; ParamsError when the file lacks it."""
    try:
        return load_thresholds()[name].value
    except KeyError:
        raise ParamsError(f"{params_folder() / 'caseload.csv'}: {name} is missing.") from None


def filled_in(text: str) -> str:
    """A definition with the numbers of the thresholds that it names in braces."""
    try:
        return text.format(**{name: t.value for name, t in load_thresholds().items()})
    except (KeyError, ValueError, IndexError) as error:
        raise ParamsError(f"A definition names no threshold that is known: {text}") from error


FilledIn = Annotated[str, filled_in]


@dataclass(frozen=True, slots=True)
class Alert:
    """One line of the catalogue. days: its threshold; scopes: whose pages show it."""

    id: str
    name: str
    definition: FilledIn
    action: str
    days: int
    scopes: tuple[str, ...]
    source: str

    @property
    def meaning(self) -> str:
        """The definition with its threshold of so many days; one of no day is left out."""
        text = self.definition
        if not self.days:
            text = text.replace(" for more than the days", "")
        return text.replace("the days", f"{self.days} days")


@dataclass(frozen=True, slots=True)
class Count:
    """One row of the catalogue that is a count and no alert. action: what to do about it."""

    id: str
    name: str
    definition: FilledIn
    action: FilledIn
    source: str


@dataclass(frozen=True, slots=True)
class Level:
    """From when on a line of an alert is amber or red.

    start: days since the date that the alert counts from, or month and day (MM-DD) of the running
    program year.
    """

    alert: str
    level: str
    start: str
    definition: str
    source: str


@cache
def read_alerts() -> dict[str, Alert]:
    """`params/alerts.csv` by id; ParamsError names file and line."""
    return {alert.id: alert for alert in read_table("alerts.csv", Alert)}


@cache
def load_counts() -> dict[str, Count]:
    """`params/counts.csv` by id: the rows of the catalogue that count without naming a duty."""
    return {count.id: count for count in read_table("counts.csv", Count)}


@cache
def load_levels() -> tuple[Level, ...]:
    """`params/alert_levels.csv`, in its order: a later line outranks an earlier one."""
    return tuple(read_table("alert_levels.csv", Level))


@cache
def load_schedule() -> dict[str, tuple[int, ...]]:
    """Days after exit on which a follow-up is due, by alert (`params/follow_up.csv`)."""
    found: dict[str, list[int]] = {}
    columns = ("alert", "day", "source")
    days = read_each("follow_up.csv", columns, lambda row: (row["alert"], whole_number(row["day"])))
    for alert, day in days:
        found.setdefault(alert, []).append(day)
    return {alert: tuple(sorted(days)) for alert, days in found.items()}


@cache
def load_weights() -> dict[str, float]:
    """`params/workload.csv`: what one period of participation of a status weighs."""
    columns = ("status", "weight", "source")
    pairs = read_each("workload.csv", columns, lambda row: (row["status"], float(row["weight"])))
    return dict(pairs)
