"""When a report is due at the Department of Labor: from then on its figures are locked."""

from datetime import date
from functools import cache

from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_each, whole_number
from ipats_lib.periods import Period


@cache
def _days() -> dict[str, tuple[int, int]]:
    columns = ("report", "quarter", "month", "day", "source")

    def day(row: dict[str, str]) -> tuple[str, tuple[int, int]]:
        return row["quarter"], (whole_number(row["month"]), whole_number(row["day"]))

    return dict(read_each("due_dates.csv", columns, day))


def due(period: Period) -> date:
    """The federal due date of a period's report (domain 2.2): annual reports, the 1 October after.

    ParamsError when `params/due_dates.csv` lacks the quarter.
    """
    name = f"Q{period.quarter}" if period.quarter else ""
    if name not in _days():
        raise ParamsError(
            f"{params_folder() / 'due_dates.csv'}: no due date for {name or 'annual'}."
        )
    month, day = _days()[name]
    end = period.report_quarter.end
    year = end.year if (month, day) > (end.month, end.day) else end.year + 1
    return date(year, month, day)
