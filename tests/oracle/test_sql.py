"""The library agrees with a second computation in plain SQL, record by record.

Source: issue "Performance tools", "Right to the record"; domain 2.1 to 2.12.
"""

from datetime import date
from functools import partial

import pandas as pd
import pytest

from ipats_lib.cohorts import Records, View
from ipats_lib.indicators import outcome_table
from ipats_lib.indicators.outcomes import judge
from ipats_lib.indicators.rules import ESE
from ipats_lib.periods import Period
from tests.oracle import sql
from tests.oracle.records import draw

KEYS = ["row", "program", "indicator"]
# Windows by hand, from the table of domain 2.2: ER Q2 and ME, ER Q4 and CR, MSG.
PY2024 = (("2023-07-01", "2024-06-30"), ("2023-01-01", "2023-12-31"), ("2024-07-01", "2025-06-30"))
PY2024Q4_CURRENT = (
    ("2024-04-01", "2024-06-30"), ("2023-10-01", "2023-12-31"), ("2025-04-01", "2025-06-30"),
)  # fmt: skip
PY2024Q3_ROLLING = (
    ("2023-04-01", "2024-03-31"), ("2022-10-01", "2023-09-30"), ("2024-04-01", "2025-03-31"),
)  # fmt: skip
REPORTS = {
    "annual": (Period.parse("PY2024").reports[0], PY2024),
    "current": (Period.parse("PY2024Q4").reports[1], PY2024Q4_CURRENT),
    "rolling": (Period.parse("PY2024Q3").reports[0], PY2024Q3_ROLLING),
}
# Before outcomes are known, on the last day on which they may be, and long after.
# 15 May 2024: a year after some exits of 2023 is over, their fourth quarter after exit is not.
DAYS = (
    date(2024, 5, 15),
    date(2024, 6, 30),
    date(2024, 12, 31),
    date(2025, 6, 30),
    date(2025, 7, 1),
    date(2027, 1, 1),
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return draw(3000, seed=20261123)


def windows(spans):
    second, fourth, gains = ([date.fromisoformat(day) for day in span] for span in spans)
    return {"ERQ2": second, "ME": second, "ERQ4": fourth, "CR": fourth, "MSG": gains}


def ours(rows, report, as_of) -> pd.DataFrame:
    table = outcome_table(rows, [report], as_of)
    plain = table.astype({"program": "str", "indicator": "str", "state": "str"})
    return plain.set_index(KEYS)[["state", "value"]].sort_index()


def theirs(rows, spans, as_of) -> pd.DataFrame:
    return sql.states(rows, windows(spans), as_of).set_index(KEYS)[["state", "value"]].sort_index()


def disagreements(rows, name, as_of) -> pd.DataFrame:
    report, spans = REPORTS[name]
    library = ours(rows, report, as_of)
    query = theirs(rows, spans, as_of).add_suffix("_sql")
    both = library.merge(query, how="outer", left_index=True, right_index=True)
    states = both["state"].fillna("none") != both["state_sql"].fillna("none")
    values = both["value"].fillna(-1) != both["value_sql"].fillna(-1)
    return both[states | values]


@pytest.mark.parametrize("as_of", DAYS, ids=str)
@pytest.mark.parametrize("name", REPORTS)
def test_every_record_ends_in_the_same_state(rows, name, as_of):
    differing = disagreements(rows, name, as_of)
    assert differing.empty, differing.head(5).to_string()


@pytest.mark.parametrize("as_of", DAYS, ids=str)
@pytest.mark.parametrize("name", REPORTS)
def test_retention_with_the_same_employer_agrees_too(rows, name, as_of):
    report, spans = REPORTS[name]
    view = View(Records(rows), "title1", report.cohort("ER_Q4"), as_of)
    library = pd.Series(judge(view, ESE)[0], index=rows["row"])
    query = sql.retention(rows, *windows(spans)["ERQ4"], as_of).set_index("row")["state"]
    assert library[library != "not_in_scope"].to_dict() == query.to_dict()
    assert set(query) >= {"excluded", "success", "pending"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("p1603 in (1, 2, 3, 4)", "p1603 in (1, 2, 3)"),
        ("p1602 in (1, 2, 3)", "p1602 in (1, 2, 3, 4)"),
        ("p910 = 1", "false"),
        ("p917 in (1, 2, 3)", "false"),
    ],
)
def test_the_records_reach_each_edge_of_retention(rows, right, wrong):
    """Another code list in the query counts other records, so agreement means something."""
    first, last = windows(REPORTS["annual"][1])["ERQ4"]
    query = partial(sql.retention, rows, first, last, DAYS[-1])
    assert len(query()) != len(query(lambda text: text.replace(right, wrong)))


def test_the_records_reach_every_state_of_every_line(rows):
    """A comparison of rows that are all alike would prove nothing."""
    seen = pd.concat([ours(rows, *REPORTS["annual"][:1], day) for day in DAYS]).reset_index()
    found = set(zip(seen["program"], seen["indicator"], seen["state"], strict=True))
    for program in sql.STREAM:
        for measure in ("ERQ2", "ERQ4", "CR", "MSG"):
            if program == "wp" and measure in ("CR", "MSG"):
                continue
            for state in ("success", "failure", "pending", "excluded"):
                assert (program, measure, state) in found


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("interval 1 year", "interval 365 day"),
        ("p1704 < 999999.99", "p1704 <= 999999.99"),
        ("p1704 > 0", "p1704 >= 0"),
        ("(2, 3, 4, 6, 7, 8, 9, 10)", "(2, 3, 4, 5, 6, 7, 8, 9, 10)"),
        ("p918 = 1", "p918 >= 0"),
        ("p903 in (1, 2, 3)", "p903 in (1, 2, 3, 4)"),
        ("p901 between", "p901 + interval 1 day between"),
        ("p1811 <= date", "p1811 < date"),
        ("p1813 >= date", "p1813 > date"),
        ("p1606 in (1, 2, 3)", "p1606 in (1, 2, 3, 4)"),
        ("p1900 in (1, 2, 3)", "p1900 in (1, 2)"),
        ("(0, 98, 99, 7)", "(0, 98, 99)"),
        ("p408 = 0", "p408 >= 0"),
        (">= p900)", "> p900)"),
        ("p1603 = 5", "p1603 = 4"),
        ("p1607 = 5", "false"),
        ("or not (", "or false and not ("),
    ],
)
def test_each_small_error_in_the_sql_would_be_seen(rows, right, wrong, monkeypatch):
    """The generated records reach the edge on which the right and the wrong rule differ."""
    changed = []
    connect = sql.duckdb.connect

    class Wrong:
        def __init__(self):
            self.inner = connect()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.inner.close()

        def execute(self, query):
            changed.append(right in query)
            return self.inner.execute(query.replace(right, wrong))

        def register(self, *arguments):
            return self.inner.register(*arguments)

    monkeypatch.setattr(sql.duckdb, "connect", Wrong)
    days = (DAYS[0], DAYS[1], date(2025, 6, 30), date(2027, 1, 1))
    seen = sum(len(disagreements(rows, "annual", day)) for day in days)
    assert any(changed)
    assert seen
