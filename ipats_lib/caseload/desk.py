"""What the alerts look at, and the lines that they give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import IN_TITLE_I, Mask, Records, View
from ipats_lib.periods import Window, program_year, program_year_end

Days = NDArray[np.datetime64] | np.datetime64


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


@dataclass(frozen=True, eq=False)
class Desk:
    """What the alerts look at: one scope's records and case tables, on one day.

    A desk equals only itself, so what is computed from one can be kept beside it.

    rows: one row per period of participation; tables: application, service, case_note,
    assignment and planner, as far as the extract has them.
    """

    rows: pd.DataFrame
    as_of: date
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def today(self) -> np.datetime64:
        return np.datetime64(self.as_of, "D")

    @cached_property
    def records(self) -> Records:
        """The records as arrays, for every rule that asks them."""
        return Records(self.rows)

    @cached_property
    def view(self) -> View:
        """The records in the program year of the as-of date, as the Title I line sees them."""
        year = program_year(self.as_of)
        span = Window(date(year, 7, 1), program_year_end(self.as_of))
        return View(self.records, "title1", span, self.as_of)


def lines(desk: Desk, holds: Mask, since: Days, until: Days) -> pd.DataFrame:
    """One line for each record that the question holds for."""
    return pd.DataFrame(
        {
            "row": desk.rows["row"].astype("Int64").array[holds],
            "customer": desk.records.text("100")[holds],
            "since": np.broadcast_to(since, len(holds))[holds].astype("datetime64[s]"),
            "due": np.broadcast_to(until, len(holds))[holds].astype("datetime64[s]"),
        }
    )


def active(view: View) -> Mask:
    """Title I participants who have entered and not exited."""
    today = np.datetime64(view.as_of)
    return IN_TITLE_I(view) & (view.day("900") <= today) & np.isnat(view.day("901"))


def nobody() -> pd.DataFrame:
    """No line at all."""
    return pd.DataFrame(columns=["row", "customer", "since", "due"])
