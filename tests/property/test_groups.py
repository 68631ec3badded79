"""Groups, areas and planners are sets of the same rows, so their figures reconcile.

Source: issue "Performance tools", "Right to the record"; domain 7.1, 7.2, 2.12.
"""

from datetime import date

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ipats_lib.breakdown import TOTAL, membership_of
from ipats_lib.indicators import aggregate, outcome_table
from ipats_lib.indicators.aggregate import in_areas
from tests.grouped import breakdown
from tests.tables import annual, records

REPORT, TODAY = annual(2024), date(2024, 8, 1)
BY = ["program"]
COUNTS = ["success", "failure", "pending", "excluded"]
# Everyone is of one sex, age, tier and county here, so these four split the whole.
DISJOINT = ("Sex", "Age", "Service tier", "County of residence")
# The eleven barriers, by element and codes (domain 7.2).
BARRIERS = {
    "807": (1,), "803": (1,), "804": (1,), "805": (1,), "601": (1,), "801": (1,), "800": (1,),
    "402": (1,), "802": (1,), "808": (1, 2, 3, 4, 5), "202": (1,), "806": (1,), "704": (1,),
}  # fmt: skip
RACES = ("210", "211", "212", "213", "214", "215")
CHOICES = {
    "903": [0, 1], "904": [0, 1], "905": [0, 2], "918": [0, 1],
    "900": ["2022-03-01", "2023-06-30"], "906": ["2022-03-01"], "1001": ["2022-03-02"],
    "901": ["", "2023-02-10", "2023-12-31", "2024-05-05"], "923": ["", 0, 3],
    "1602": ["", 0, 1, 9], "1606": [0, 1, 9], "1704": ["", 999999.99, 4000.0, 5000.0, 8000.0],
    "1303": ["", 1, 6], "1800": ["", 6], "1801": ["2023-03-03"], "1811": ["", "2023-07-01"],
    "1810": ["", "2024-07-15"], "200": ["1960-01-01", "1985-05-05", "2004-02-29"],
    "201": [1, 2], "1300": [0, 1], "1200": ["", "2022-03-03"], "101": ["IL"],
    "102": ["031", "043"], **{race: ["", 0, 1] for race in RACES},
    **{element: ["", 0, 1] for element in BARRIERS},
}  # fmt: skip
record = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CHOICES.items()})
many = st.lists(record, min_size=1, max_size=25).map(
    lambda drawn: records(*({"100": f"P{n}", **one} for n, one in enumerate(drawn)))
)


def by_group(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The breakdown, and its lines of everybody by program and indicator."""
    lines = breakdown(outcome_table(rows, [REPORT], TODAY), membership_of(rows))
    lines = lines.astype({"program": "str", "indicator": "str"})
    whole = lines[lines["dimension"] == TOTAL].set_index(["program", "indicator"])
    return lines, whole


@settings(max_examples=40, deadline=None)
@given(many)
def test_groups_that_split_the_records_add_up_to_the_whole(rows):
    lines, whole = by_group(rows)
    for dimension in DISJOINT:
        parts = lines[lines["dimension"] == dimension].groupby(["program", "indicator"])
        summed = parts[["successes", "denominator", "pending"]].sum()
        for key, line in whole.iterrows():
            assert summed.loc[key, "denominator"] == line["denominator"], dimension
            if key[1] != "ME":  # the wages of a median are counted by the denominator
                assert summed.loc[key, "successes"] == line["successes"], dimension
                assert summed.loc[key, "pending"] == line["pending"], dimension


@settings(max_examples=25, deadline=None)
@given(many)
def test_groups_of_which_one_may_be_in_several_are_bounded_by_the_whole(rows):
    """No group exceeds the whole; together they hold everyone who is in any, some twice."""
    lines, whole = by_group(rows)
    held = {
        "Barriers": rows[list(BARRIERS)].isin([1, 2, 3, 4, 5]).any(axis=1),
        "Race and ethnicity": (rows[list(RACES)] == 1).any(axis=1),
    }
    outcomes = outcome_table(rows, [REPORT], TODAY)
    counted = outcomes[outcomes["state"].isin(["success", "failure", "pending"])]
    for dimension, any_of in held.items():
        mine = counted[counted["row"].isin(rows.loc[any_of, "row"])]
        sizes = mine.groupby(["program", "indicator"], observed=True).size()
        groups = lines[lines["dimension"] == dimension].groupby(["program", "indicator"])
        for key, group in groups["denominator"]:
            assert group.max() <= sizes[key] <= group.sum()
            assert sizes[key] <= whole.loc[key, "denominator"]


def counts(figures: pd.DataFrame) -> pd.DataFrame:
    return figures.astype({"program": "str", "indicator": "str"}).set_index(
        ["program", "indicator"]
    )[COUNTS]


@settings(max_examples=40, deadline=None)
@given(many, st.data())
def test_a_scope_is_its_rows_and_nothing_else(rows, data):
    """A planner's figures from the state's outcomes are those computed from its rows alone."""
    mine = set(data.draw(st.lists(st.sampled_from(rows["row"].tolist()), unique=True)))
    of_state = outcome_table(rows, [REPORT], TODAY)
    sliced = of_state[of_state["row"].isin(mine)]
    alone = rows[rows["row"].isin(mine)].reset_index(drop=True)
    if alone.empty:
        assert sliced.empty
        return
    own = outcome_table(alone, [REPORT], TODAY)
    pd.testing.assert_frame_equal(
        sliced.sort_values(["row", "program", "indicator"], ignore_index=True).astype("str"),
        own.sort_values(["row", "program", "indicator"], ignore_index=True).astype("str"),
    )
    pd.testing.assert_frame_equal(aggregate(sliced, BY)[COUNTS], aggregate(own, BY)[COUNTS])


@settings(max_examples=40, deadline=None)
@given(many, st.data())
def test_two_planners_count_their_common_customers_once_each(rows, data):
    """n(A) + n(B) = n(A or B) + n(A and B), in every state of every line."""
    everyone = rows["row"].tolist()
    first, second = (
        set(data.draw(st.lists(st.sampled_from(everyone), unique=True))) for _ in range(2)
    )
    sets = {"A": first, "B": second, "either": first | second, "both": first & second}
    members = pd.DataFrame(
        [("planner", name, row) for name, of in sets.items() for row in of],
        columns=["area_type", "area", "row"],
    ).astype({"row": "int64"})
    placed = in_areas(outcome_table(rows, [REPORT], TODAY), members, "IL")
    figures = aggregate(placed, ["area", *BY])
    found = {str(area): counts(mine) for area, mine in figures.groupby("area", observed=True)}
    if not found:
        return  # nobody is in any cohort
    whole = found["IL"]
    a, b, either, both = (
        found.get(name, whole * 0).reindex(whole.index, fill_value=0) for name in sets
    )
    pd.testing.assert_frame_equal(a + b, either + both)
    assert (either <= whole).all(axis=None)
