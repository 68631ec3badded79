"""Where a case table and the records of its customer contradict each other (X-01, X-05, X-06).

A customer's first entry and last day are those of all areas (`whole_customer.spans`), so a
service that another area's record explains is no finding here.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ipats_lib.caseload.case_tables import CaseTables, record_of
from ipats_lib.caseload.services import services_only
from ipats_lib.caseload.whole_customer import FIRST, LAST, spans

READ = {
    "service": ("customer", "service_code", "start"),
    "application": ("customer", "applied", "certified"),
}
COLUMNS = ("rule", "line", "customer", "row", "element", "there")


def contradictions(cases: CaseTables) -> pd.DataFrame:
    """One row per rule and line of a case table that breaks it, in `COLUMNS`.

    line: of the table; row: the record that the finding is shown with; element: table and column;
    there: what the line holds, in words.
    """
    parts = [part for part in _parts(cases) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def _parts(cases: CaseTables) -> Iterator[pd.DataFrame]:
    known = cases.rows.dropna(subset=["100"])
    if "service" in cases.tables and len(known):
        yield from _services(cases, services_only(cases.tables["service"]), known)
    if "application" in cases.tables and len(known):
        mine = known[["100", "900", "row"]].rename(columns={"100": "customer", "row": "record"})
        pairs = cases.tables["application"].merge(mine, on="customer")
        entered = (pairs["applied"] <= pairs["900"]) & (pairs["900"] < pairs["certified"])
        late = pairs[entered]
        yield _said("X-06", late, late["record"], "application certified", "Application certified")


def _services(
    cases: CaseTables, services: pd.DataFrame, known: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    brought = {FIRST, LAST} <= {*known}
    span = known.drop_duplicates("100").set_index("100") if brought else spans(known)
    customers, known_ones = (
        pa.array(one, pa.string(), from_pandas=True) for one in (services["customer"], span.index)
    )
    found = pc.index_in(customers, known_ones)  # of millions, in a third of what pandas takes
    start, place = services["start"], found.fill_null(-1).to_numpy()
    first, last = (span[name].array.take(place, allow_fill=True) for name in (FIRST, LAST))
    for rule, mine in (("X-01", services[start < first]), ("X-05", services[start > last])):
        records = record_of(cases, mine["customer"], mine["start"])
        yield _said(rule, mine, records, "service start", "Service started")


def _said(
    rule: str, lines: pd.DataFrame, records: pd.Series, element: str, word: str
) -> pd.DataFrame:
    table, column = element.split()
    return pd.DataFrame(
        {
            "rule": rule,
            "line": np.asarray(lines.get("row", lines.index)),
            "customer": lines["customer"].to_numpy(dtype="object"),
            "row": records.astype("Int64").array,
            "element": f"{table}.csv {column}",
            "there": [f"{word}: {day:%Y-%m-%d}" for day in lines[column]],
        }
    )
