"""What pages say of a scope that holds nobody: nothing of everybody, and why there is nothing."""

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from ipats_lib.report import Report, people


@pytest.fixture
def nobody(report) -> Report:
    """The same scope, with its levels and without a record."""
    frames = {name: frame.iloc[:0] for name, frame in report.data.frames.items()}
    return Report(replace(report.data, frames=frames))


def test_a_share_of_nobody_meets_no_threshold(nobody):
    shown = BeautifulSoup(people.shares(nobody, "A-34", "A-35").html, "html.parser")
    rows = shown.find("tbody").find_all("tr")
    assert [row.find_all("td")[-1].text for row in rows] == ["nobody is counted"] * len(rows)
    assert len(rows) == 2
