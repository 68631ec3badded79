"""Where a customer's time line is, for the older reports that lead to it.

In an LWIA a roster leads to the page of a planner who met the customer; only those without one are
on the LWIA's own.
"""

from functools import cache

import pandas as pd

from ipats_lib.report.report import Report

PAGE = "dashboards/worklist-customers.html"


@cache
def places(report: Report) -> dict[str, str]:
    """Where each customer's time line is, as a path inside the scope's folder."""
    rows = report.data.frame("rows")[["row", "100"]].sort_values("row")
    first = rows.drop_duplicates("100")
    here = {
        str(line.customer): f"{PAGE}#r{line.row}"
        for line in first.rename(columns={"100": "customer"}).itertuples()
    }
    seats = report.data.frames.get("seats")
    if report.scope.kind != "lwia" or seats is None:
        return here
    # The planner's page names the customer by the first of the rows that the planner sees.
    seated = rows.merge(seats, on="row").drop_duplicates("100")
    return here | {
        str(line.customer): f"planner/{line.area}/{PAGE}#r{line.row}"
        for line in seated.rename(columns={"100": "customer"}).itertuples()
    }


def links(report: Report, customers: pd.Series) -> list[str]:
    """The address of each customer's time line, from a page one folder below the scope's; blank
    for the state and for customers without a record."""
    if report.scope.kind == "state":
        return [""] * len(customers)
    known = places(report)
    return [f"../{known[c]}" if c in known else "" for c in customers.astype("str")]
