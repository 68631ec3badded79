"""What is taken for a mistake in an extract as a whole, from `params/extract.csv`."""

from dataclasses import dataclass
from functools import cache

from ipats_lib.params import read_settings


@dataclass(frozen=True, slots=True)
class Settings:
    """Whole numbers, in the unit that each name ends in."""

    as_of_first_year: int
    as_of_days_after_newest: int
    as_of_days_before_newest: int
    equal_lines_percent: int
    unknown_customers_percent: int


@cache
def load_settings() -> Settings:
    """Read them; ParamsError when one is missing, unknown or no whole number."""
    return read_settings("extract.csv", Settings)
