"""What holds for any records: states partition, areas reconcile, the total counts once."""

from datetime import date

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ipats_lib.cohorts import PROGRAMS
from ipats_lib.indicators import INDICATORS, aggregate, outcome_table
from ipats_lib.indicators.aggregate import in_areas
from tests.tables import annual, pirl

REPORT = annual(2024)
DAYS = ["", "20230101", "20230701", "20231231", "20240229", "20240630", "20240701", "20250630"]
CHOICES = {
    "903": "01234", "904": "01234", "905": "0123", "918": "01", "900": DAYS, "901": DAYS,
    "923": ["", "00", "01", "05", "07", "98"], "408": "014", "1303": ["", "01", "06", "10"],
    "1332": "01", "1401": "01", "1406": DAYS, "1600": "0129", "1602": "01239", "1604": "09",
    "1603": "0145", "1606": "01239", "1607": "0145", "1800": "0128",
    "1704": ["", "0.00", "4000.00", "9999.99", "999999.99"],
    "1801": DAYS, "1806": DAYS, "1809": DAYS, "1811": DAYS, "1813": DAYS, "1900": "012",
    "1901": "012",
}  # fmt: skip
record = st.tuples(*(st.sampled_from(list(values)) for values in CHOICES.values()))


def frame(records: list[tuple[str, ...]]) -> pd.DataFrame:
    lines = [" | ".join(["id", *CHOICES])]
    lines += [" | ".join([f"P{n}", *values]) for n, values in enumerate(records)]
    return pirl("\n".join(lines))


# A count costs as much for one record as for many, so few draws have many records each.
FEW = st.lists(record, min_size=1, max_size=5)
many = st.one_of(FEW, st.lists(record, min_size=20, max_size=60)).map(frame)


@settings(max_examples=24, deadline=None)
@given(many)
def test_every_record_has_exactly_one_state_per_line(rows):
    table = outcome_table(rows, [REPORT], date(2024, 8, 1), everyone=True)
    lines = sum(len(rule.programs) for rule in INDICATORS.values())
    assert len(table) == len(rows) * lines
    assert not table.duplicated(["row", "program", "indicator", "report"]).any()
    assert (table["reason"].astype("str") != "").all()


@settings(max_examples=24, deadline=None)
@given(many)
def test_success_failure_and_pending_make_the_denominator(rows):
    outcomes = outcome_table(rows, [REPORT], date(2024, 8, 1))
    figures = aggregate(outcomes, ["program"])
    # An awaited wage is no part of the denominator: it stands beside it (domain 2.7).
    counted = outcomes[~outcomes["state"].isin(["excluded", "awaiting"])]
    assert set(outcomes.loc[outcomes["state"] == "awaiting", "indicator"]) <= {"ME"}
    sizes = counted.groupby(["program", "indicator"], observed=True).size()
    for line in figures.itertuples():
        assert line.denominator == sizes.get((line.program, line.indicator), 0)


@settings(max_examples=24, deadline=None)
@given(many, st.data())
def test_areas_that_partition_the_records_add_up_to_the_state(rows, data):
    area = data.draw(st.lists(st.sampled_from("ABC"), min_size=len(rows), max_size=len(rows)))
    members = pd.DataFrame({"area_type": "lwia", "area": area, "row": rows["row"]})
    placed = in_areas(outcome_table(rows, [REPORT], date(2026, 1, 1)), members, "IL")
    figures = aggregate(placed, ["area_type", "area", "program"])
    totals = figures.groupby(["area_type", "program", "indicator"], observed=True)[
        "denominator"
    ].sum()
    for (kind, program, indicator), total in totals.items():
        other = "state" if kind == "lwia" else "lwia"
        assert totals[(other, program, indicator)] == total


@settings(max_examples=24, deadline=None)
@given(many)
def test_the_title_one_line_succeeds_where_any_stream_does(rows):
    table = outcome_table(rows, [REPORT], date(2024, 8, 1))
    table = table[table["program"] != "wp"].astype({"program": "str", "state": "str"})
    for (_, _), lines in table.groupby(["row", "indicator"], observed=True):
        streams = set(lines.loc[lines["program"] != "title1", "state"])
        (total,) = lines.loc[lines["program"] == "title1", "state"]
        order = ["success", "pending", "awaiting", "failure", "excluded"]
        assert total == next(state for state in order if state in streams)


@settings(max_examples=20, deadline=None)
@given(many)
def test_an_excluded_record_is_excluded_from_every_exit_based_indicator(rows):
    table = outcome_table(rows, [REPORT], date(2026, 1, 1))
    excluded = rows.loc[rows["923"].isin([1, 5, 7]), "row"]
    exit_based = table[table["row"].isin(excluded) & (table["indicator"] != "MSG")]
    assert set(exit_based["state"].astype("str")) <= {"excluded"}
    assert set(PROGRAMS) >= set(table["program"].astype("str"))
