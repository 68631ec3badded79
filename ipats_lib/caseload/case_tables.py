"""What the alerts look at, and the lines that they give."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import Mask, Records, View
from ipats_lib.periods import Window, program_year, program_year_end

Days = NDArray[np.datetime64] | np.datetime64
# A reason for each line: one text for all, or made for the positions of the records that hold.
Answer = TypeVar("Answer")
Detail = str | Callable[[NDArray[np.intp]], Sequence[str]]
NEVER = np.datetime64("NaT", "D")
LINE = ("row", "customer", "since", "due", "detail")


@dataclass(frozen=True, eq=False)
class CaseTables:
    """What the alerts look at: one scope's records and case tables, on one day.

    Tables equal only themselves, so what is computed from them can be kept beside them.

    rows: one row per period of participation; tables: application, service, case_note,
    assignment and planner, as far as the extract has them. planner: whose pages they are, where
    they are a planner's.
    """

    rows: pd.DataFrame
    as_of: date
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    planner: str = ""

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


def kept(question: Callable[[CaseTables], Answer]) -> Callable[[CaseTables], Answer]:
    """Ask once: the answer is kept beside the tables, and goes when they go."""
    place = f"{question.__module__}.{question.__qualname__}"

    @wraps(question)
    def answer(cases: CaseTables) -> Answer:
        answers = cases.__dict__
        if place not in answers:
            answers[place] = question(cases)
        return answers[place]

    return answer


def lines(
    cases: CaseTables, holds: Mask, since: Days, until: Days, detail: Detail = ""
) -> pd.DataFrame:
    """One line for each record that the question holds for, with its reason."""
    where = np.flatnonzero(holds)
    return pd.DataFrame(
        {
            "row": cases.rows["row"].astype("Int64").array[where],
            "customer": cases.records.text("100")[where],
            "since": np.broadcast_to(since, len(holds))[where].astype("datetime64[s]"),
            "due": np.broadcast_to(until, len(holds))[where].astype("datetime64[s]"),
            "detail": detail if isinstance(detail, str) else list(detail(where)),
        }
    )


def case_lines(
    cases: CaseTables,
    table: pd.DataFrame,
    since: str,
    due: pd.Series,
    records: pd.Series | None = None,
) -> pd.DataFrame:
    """One line for each row of a case table (customer, detail, and the date named by `since`).

    row is the record that the case belongs to: of records, where they are known, or `record_of`.
    """
    if table.empty:
        return nobody()
    rows = record_of(cases, table["customer"], table[since]) if records is None else records
    return pd.DataFrame(
        {
            "row": rows.to_numpy(),
            "customer": table["customer"].astype("str").to_numpy(),
            "since": table[since].to_numpy(dtype="datetime64[s]"),
            "due": due.to_numpy(dtype="datetime64[s]"),
            "detail": table["detail"].to_numpy(dtype="object"),
        }
    )


def record_of(cases: CaseTables, customers: pd.Series, days: pd.Series) -> pd.Series:
    """The record of each customer that was open on a day: the newest entered by then.

    Without one the customer's first record; missing for a customer without any.
    """
    known, first = _entries(cases)
    asked = pd.DataFrame(
        {
            "customer": customers.astype("str").reset_index(drop=True),
            "day": days.to_numpy(dtype="datetime64[s]"),
        }
    ).reset_index(names="place")
    found = pd.merge_asof(
        asked.sort_values("day"), known, left_on="day", right_on="entry", by="customer"
    ).sort_values("place", ignore_index=True)
    return found["row"].astype("Int64").fillna(found["customer"].map(first).astype("Int64"))


@kept
def _entries(cases: CaseTables) -> tuple[pd.DataFrame, pd.Series]:
    """The records that were entered, oldest first, and each customer's first record."""
    known = pd.DataFrame(
        {
            "customer": cases.rows["100"].astype("str"),
            "entry": cases.rows["900"].astype("datetime64[s]"),
            "row": cases.rows["row"].astype("Int64"),
        }
    ).sort_values("entry", kind="stable")
    first = known.drop_duplicates("customer").set_index("customer")["row"]
    return known.dropna(subset="entry"), first


def later(days: Any, more: int) -> Any:
    """So many days after each day."""
    return days + np.timedelta64(more, "D")


def nobody() -> pd.DataFrame:
    """No line at all."""
    return pd.DataFrame(columns=list(LINE))
