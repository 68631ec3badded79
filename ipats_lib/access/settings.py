"""The limits of access, from `params/access.csv`."""

from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache

from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_rows


@dataclass(frozen=True, slots=True)
class Settings:
    """Whole numbers above zero, in the unit that each name ends in."""

    roster_days: int
    roster_loss_percent: int
    session_idle_minutes: int
    session_hours: int
    failures_per_account: int
    failures_per_address: int
    failure_minutes: int
    starts_per_address: int
    requests_per_address: int
    requests_of_strangers: int
    letters_of_strangers: int
    hashes_at_once: int
    reminder_business_days: int
    audit_megabytes: int
    connections: int
    waiting_per_address: int
    request_seconds: int

    @property
    def roster_limit(self) -> timedelta:
        return timedelta(days=self.roster_days)


@cache
def load_settings() -> Settings:
    """Read the limits; ParamsError when one is missing, unknown or not above zero."""
    path = params_folder() / "access.csv"
    values = {
        row["setting"]: row["value"] for row in read_rows(path, ("setting", "value", "source"))
    }
    names = [field.name for field in fields(Settings)]
    if set(values) != set(names):
        raise ParamsError(f"{path}: expected the settings {', '.join(names)}.")
    for name, value in values.items():
        if not (value.isascii() and value.isdigit() and int(value) > 0):
            raise ParamsError(f"{path}: {name} must be a whole number above zero.")
    return Settings(**{name: int(values[name]) for name in names})
