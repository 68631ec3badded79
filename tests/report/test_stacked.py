"""What an extract counts is asked once for all areas, and equals what each area's tables give."""

import gc
import weakref
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from ipats_lib.caseload import CaseTables
from ipats_lib.caseload.checks import load_checks
from ipats_lib.caseload.planners import current_planner
from ipats_lib.extract.folder import CASE_TABLES
from ipats_lib.frames.combined import Combined, apart, combine
from ipats_lib.frames.historical_counts import counted, counts_of
from ipats_lib.scopes import STATE
from tests.raw import Raw

KEYS = ["kind", "key", "part"]


def alone(state, scope) -> Combined:
    """A scope's records and tables, cut from the state's."""
    members = state.membership
    lwias = members[members["area_type"] == "lwia"]
    seats = pd.DataFrame({"row": lwias["row"], "area": lwias["area"].astype("str")})
    tables = Raw(state, scope).tables
    if scope == STATE:
        areas = np.full(len(state.rows), scope.area, dtype=object)
        case_tables = CaseTables(state.rows, state.snapshot.as_of, tables)
        return Combined(
            "state", case_tables, state.caseload, areas, seats, state.rows["row"].to_numpy()
        )
    here = (members["area_type"] == scope.kind) & (members["area"] == scope.area)
    mine = members.loc[here, "row"]
    rows = state.rows[state.rows["row"].isin(mine)].reset_index(drop=True)
    caseload = state.caseload[state.caseload["row"].isin(mine)].reset_index(drop=True)
    areas = np.full(len(rows), scope.area, dtype=object)
    placed = {
        name: apart(table, np.full(len(table), scope.area, dtype=object))
        for name, table in tables.items()
    }
    case_tables = CaseTables(apart(rows, areas), state.snapshot.as_of, placed, scope.planner)
    return Combined(scope.kind, case_tables, caseload, areas, seats.head(0), rows["row"].to_numpy())


def test_rules_broken_by_an_extracts_lines_are_counted_where_each_line_is(state):
    """One by one; of the state also those of whole files, and of tables that are nobody's."""
    every = counts_of(state.period.name, str(state.snapshot.path))
    found = state.snapshot.findings()
    found = found[~found["rule"].isin([*load_checks()])]
    assert len(found) > 5
    areas = {}
    for file in found["file"].unique():
        table = "pirl" if file.startswith("pirl") else file.partition(".")[0]
        if table in ("pirl", *CASE_TABLES):
            members = state.snapshot.membership(table)
            for row, *area in members[["row", "area_type", "area"]].itertuples(index=False):
                areas.setdefault((file, row), []).append(tuple(map(str, area)))
    told = Counter()
    for file, row, rule in found[["file", "row", "rule"]].itertuples(index=False):
        places = areas.get((file, row), []) if not pd.isna(row) else []
        told.update((*place, rule) for place in [("state", STATE.area), *places])
    ours = {
        (*place, key): n
        for place, lines in every.items()
        for key, n in lines.loc[lines["kind"] == "rule", ["key", "n"]].itertuples(index=False)
    }
    assert {place[0] for place in ours} == {"state", "lwia", "planner"}
    assert ours == told


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("kind", ["state", "lwia", "planner"])
def test_areas_counted_together_have_the_counts_of_their_own_desks(state, kind, step):
    every = counts_of(state.period.name, str(state.snapshot.path))
    mine = [scope for scope in state.snapshot.scopes() if scope.kind == kind][::step]
    assert len(mine) > 4 or kind == "state"
    for scope in mine:
        lines = counted(alone(state, scope), state.period)
        own = lines.groupby(KEYS)["n"].sum()
        figures = lines.set_index(KEYS)["value"].dropna()
        together = every[scope.kind, scope.area]
        together = together[~together["kind"].isin(["official", "open", "rule"])]
        told = together.set_index(KEYS)["value"].dropna()
        assert told.to_dict() == pytest.approx(figures.to_dict())
        assert together.set_index(KEYS)["n"].to_dict() == own.to_dict(), scope
        assert (together["n"] > 0).all()


def test_nothing_of_one_area_meets_anything_of_another(state):
    """A customer of two areas is two customers on the case_tables of all areas."""
    together = combine(state.snapshot, "lwia", state.rows, state.caseload, state.membership)
    customers = together.case_tables.rows["100"].astype("str")
    areas = customers.groupby(customers).agg(lambda found: set(together.areas[found.index]))
    assert (areas.map(len) == 1).all()
    assert len(together.case_tables.rows) == (state.membership["area_type"] == "lwia").sum()
    assert together.case_tables.rows["row"].is_unique
    for table in together.case_tables.tables.values():
        assert "customer" not in table or table["customer"].str.contains("|", regex=False).all()


def test_what_was_asked_of_a_desk_goes_when_the_desk_goes(state):
    case_tables = Raw(state, STATE).case_tables
    assert current_planner(case_tables) is current_planner(case_tables)
    gone = weakref.ref(case_tables)
    del case_tables
    gc.collect()
    assert gone() is None
