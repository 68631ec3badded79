"""What pages say of a scope that holds nobody: nothing of everybody, and why there is nothing."""

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from ipats_lib.report import Report, charts, people, sentences, timelines


@pytest.fixture
def nobody(report) -> Report:
    """The same scope, with its levels and without a record."""
    frames = {name: frame.iloc[:0] for name, frame in report.data.frames.items()}
    return Report(replace(report.data, frames=frames))


def test_the_summary_says_that_nobody_is_counted(nobody):
    summary = nobody.indicators()
    assert summary["level"].notna().any()
    assert sentences.status(summary).plain == (
        "No figure of this scope is compared with its level: nobody is counted."
    )
    assert sentences.largest_gap(summary).plain == "No figure is judged."
    assert charts.against_levels(summary, "x").plain == "x: no figure has a verdict to draw."
    assert sentences.small_numbers(summary).plain == (
        "No figure here rests on any record: nobody is counted."
    )


def test_a_scope_without_levels_still_says_so(nobody):
    without = nobody.indicators().assign(level=float("nan"))
    assert sentences.status(without).plain == (
        "No figure of this scope has a level to compare with."
    )


def test_the_time_lines_say_that_nobody_is_here(nobody):
    expected = "" if nobody.scope.kind == "state" else "Customers: nobody is here."
    assert timelines.index(nobody).plain == expected


def test_a_share_of_nobody_meets_no_threshold(nobody):
    shown = BeautifulSoup(people.shares(nobody, "A-34", "A-35").html, "html.parser")
    rows = shown.find("tbody").find_all("tr")
    assert [row.find_all("td")[-1].text for row in rows] == ["nobody is counted"] * len(rows)
    assert len(rows) == 2
