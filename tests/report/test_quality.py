"""Distribution checks on the pages: an area sees its own, the state the flagged of all.

Source: domain 4.3, Q-01 to Q-15.
"""

import pandas as pd
from bs4 import BeautifulSoup

from ipats_lib.caseload.distribution import distribution, load_distribution
from ipats_lib.report import quality
from ipats_lib.scopes import STATE, Scope


def test_an_areas_lines_are_the_states_lines_of_that_area(state, area):
    whole = state.slice(STATE).frame("quality")
    mine = whole[whole["area"] == area.lwia].reset_index(drop=True)
    pd.testing.assert_frame_equal(quality.lines(area), mine)
    assert len(mine) > 20
    again = distribution(state.desk(STATE), state._seats_of(STATE))
    pd.testing.assert_frame_equal(whole, again)


def test_a_planner_has_none(state):
    planner = next(s for s in state.snapshot.scopes() if s.kind == "planner")
    assert state.slice(planner).frame("quality").empty
    assert state.slice(Scope(planner.lwia)).frame("quality")["area"].unique() == [planner.lwia]


def test_the_page_of_an_area_lists_every_figure_the_flagged_first(area):
    page = BeautifulSoup(quality.table(area).html, "html.parser")
    verdicts = [row.find_all("td")[-1].text for row in page.select("tbody tr")]
    known = quality.lines(area)
    assert len(verdicts) == (known["n"] > 0).sum()
    flagged = int(known["flag"].sum())
    assert all("look" in one for one in verdicts[:flagged])
    assert set(verdicts[flagged:]) == {"within"}


def test_every_check_is_defined_on_the_page():
    page = quality.definitions().html
    assert all(f"{name} " in page for name in load_distribution())
