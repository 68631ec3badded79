"""The catalogue of alerts as data: names, thresholds, texts and levels (domain 5.2)."""

from dataclasses import dataclass
from functools import cache

from ipats_lib.caseload.thresholds import told
from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_rows


@dataclass(frozen=True, slots=True)
class Alert:
    """One line of the catalogue. days: its threshold; scopes: whose pages show it."""

    id: str
    name: str
    definition: str
    action: str
    days: int
    scopes: tuple[str, ...]
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
    path = params_folder() / "alerts.csv"
    columns = ("id", "name", "definition", "action", "days", "scopes", "source")
    found = {}
    for line, row in enumerate(read_rows(path, columns), start=2):
        if not row["days"].isdigit():
            raise ParamsError(f"{path} line {line}: expected whole days.")
        texts = (row["name"], told(row["definition"]), row["action"])
        scopes = tuple(row["scopes"].split("|"))
        found[row["id"]] = Alert(row["id"], *texts, int(row["days"]), scopes, row["source"])
    return found


@cache
def load_levels() -> tuple[Level, ...]:
    """`params/alert_levels.csv`, in its order: a later line outranks an earlier one."""
    columns = ("alert", "level", "start", "definition", "source")
    return tuple(Level(**row) for row in read_rows(params_folder() / "alert_levels.csv", columns))


@cache
def load_schedule() -> dict[str, tuple[int, ...]]:
    """Days after exit on which a follow-up is due, by alert (`params/follow_up.csv`)."""
    path = params_folder() / "follow_up.csv"
    found: dict[str, list[int]] = {}
    for line, row in enumerate(read_rows(path, ("alert", "day", "source")), start=2):
        if not row["day"].isdigit():
            raise ParamsError(f"{path} line {line}: expected whole days.")
        found.setdefault(row["alert"], []).append(int(row["day"]))
    return {alert: tuple(sorted(days)) for alert, days in found.items()}
