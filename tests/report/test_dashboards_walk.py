"""Every count of a dashboard is walked back to the rows it was counted from.

Source: issue "Dashboard tools": counts reconcile with the performance pages, and one label has one
number wherever it stands.
"""

import pandas as pd
import pytest

from ipats_lib.caseload import (
    load_alerts,
    load_counts,
    load_schedule,
    mix,
)
from ipats_lib.periods import Period
from tests.raw import Opened

TITLE_I = ("903", "904", "905")


def active_rows(report: Opened) -> pd.DataFrame:
    """Who is active in Title I, from the raw codes and dates."""
    rows, today = report.raw.rows, pd.Timestamp(report.as_of)
    mine = rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1)
    return rows[mine & (rows["900"] <= today) & rows["901"].isna()]


def test_a_skill_gain_is_due_where_the_annual_report_has_it_pending(report):
    """A-14 is the pending part of the program year's MSG cohort among the active.

    The frame lists nobody of the state: there its alerts are asked for.
    """
    alerts = report.raw.alerts if report.scope.kind == "state" else report.alerts
    named = set(alerts.loc[alerts["alert"] == "A-14", "row"])
    today = report.as_of
    year = today.year if today.month >= 7 else today.year - 1
    outcomes = report.raw.outcomes
    mine = outcomes[
        (outcomes["report"] == Period(year).program_year.label)
        & (outcomes["indicator"] == "MSG")
        & outcomes["program"].isin(["adult", "dw", "youth"])
    ]
    pending = set(mine.loc[mine["state"] == "pending", "row"]) & set(active_rows(report)["row"])
    assert named == pending
    assert named or report.scope.kind == "planner"


@pytest.mark.parametrize(
    ("alert", "measure", "states"),
    [
        ("A-16", "CR", {"pending"}),
        ("A-17", "CR", {"pending"}),
        ("A-18", "ERQ2", {"pending", "failure"}),
        ("A-19", "ERQ4", {"pending", "failure"}),
    ],
)
def test_an_outcome_to_record_is_one_that_the_reports_still_lack(area, alert, measure, states):
    """Whoever the alert names stands in the indicator's cohort of some report, and is no success.

    The other way round only what is due already is named: an exit of the last weeks waits for its
    quarter.
    """
    alerts = area.alerts
    named = set(alerts.loc[alerts["alert"] == alert, "row"])
    outcomes = area.raw.outcomes
    mine = outcomes[
        (outcomes["indicator"] == measure) & outcomes["program"].isin(["adult", "dw", "youth"])
    ]
    known = mine.groupby("row")["state"].agg(lambda found: set(found.astype("str")))
    reported = [row for row in named if row in known.index]
    assert all(known[row] & states for row in reported)
    assert reported
    # A diploma may be recorded of somebody who is in no credential cohort.
    assert alert == "A-17" or len(reported) == len(named)


def raw(report: Opened) -> pd.DataFrame:
    """The records with the days since exit, from the raw dates."""
    rows, today = report.raw.rows, pd.Timestamp(report.as_of)
    return rows.assign(since=(today - rows["901"]).dt.days)


def test_a_wage_that_waits_is_a_supplemental_one_whose_report_is_open(area):
    """A-20, from 1603 and 1704 and the due date of the annual report alone."""
    rows, today = raw(area), area.as_of
    named = set(area.alerts.query("alert == 'A-20'")["row"])
    mine = rows[rows[[*TITLE_I]].isin([1, 2, 3]).any(axis=1)]
    waits = mine[(mine["1603"] == 4) & (mine["1704"] > 0) & mine["901"].notna()]
    # Exits of one program year count in the next one's report, due on 1 October after it.
    exited = waits["901"].dt
    year = exited.year - (exited.month < 7) + 2
    locks = pd.to_datetime(pd.DataFrame({"year": year, "month": 10, "day": 1}))
    assert named == set(waits.loc[locks >= pd.Timestamp(today), "row"])
    assert named


@pytest.mark.parametrize(
    ("alert", "streams", "given"),
    [("A-21", ("905",), ("1412", "1503")), ("A-22", ("903", "904"), ("1503",))],
)
def test_a_follow_up_is_due_where_the_schedule_says_so_and_none_was_given(
    area, alert, streams, given
):
    """A-21 and A-22 line by line, from the days of the schedule and the raw dates."""
    rows = raw(area).set_index("row")
    lines = area.alerts.query(f"alert == '{alert}'").set_index("row")
    days, lead = load_schedule()[alert], load_alerts()[alert].days
    assert len(lines)
    exited = rows[
        rows[[*streams]].isin([1, 2, 3]).any(axis=1) & rows["since"].between(0, 365)
        & ~rows["923"].isin(range(1, 8))
    ]  # fmt: skip
    assert set(lines.index) <= set(exited.index)
    for row, line in lines.iterrows():
        left = rows.loc[row, "901"]
        due = (line["due"] - left).days
        assert due in days
        assert due <= rows.loc[row, "since"] + lead
        newest = rows.loc[row, [*given]].dropna()
        newest = newest[newest >= left]
        if len(newest):
            assert (line["due"] - newest.max()).days > lead
    if alert == "A-21":
        met = exited.drop(lines.index)
        first = met[(met["since"] + lead >= days[0])]
        last = first[[*given]].max(axis=1)
        assert (last >= first["901"]).all()


def test_every_text_of_the_catalogue_names_its_numbers_and_no_placeholder():
    texts = [
        f"{one.definition} {one.action}"
        for one in (*load_alerts().values(), *load_counts().values())
    ]
    assert not [text for text in texts if "{" in text or "}" in text]


def test_every_row_of_the_catalogue_is_data():
    named = {name[:4] for name in (*load_alerts(), *load_counts(), *mix.load_shares())}
    assert named == {f"A-{n:02}" for n in range(1, 36)}
