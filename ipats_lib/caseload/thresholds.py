"""The numbers of the dashboards' rules (`params/caseload.csv`), each with its source."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_table


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
