"""The catalogue of alerts and counts as data: names, thresholds, texts, levels (domain 5.2)."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated

from ipats_lib.caseload.thresholds import filled_in
from ipats_lib.params import read_each, read_table, whole_number

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
