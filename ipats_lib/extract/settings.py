"""What is taken for a mistake in an extract as a whole, from `params/extract.csv`."""

from dataclasses import dataclass, fields
from functools import cache

from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_each, whole_number


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
    columns = ("setting", "value", "source")
    found = dict(
        read_each("extract.csv", columns, lambda row: (row["setting"], whole_number(row["value"])))
    )
    names = [field.name for field in fields(Settings)]
    if set(found) != set(names):
        path = params_folder() / "extract.csv"
        raise ParamsError(f"{path}: expected the settings {', '.join(names)}.")
    return Settings(**found)
