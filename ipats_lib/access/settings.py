"""The limits of access, from `params/access.csv`."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from ipats_lib.params import read_settings


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
    return read_settings("access.csv", Settings, least=1)
