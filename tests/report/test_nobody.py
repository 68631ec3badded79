"""What pages say of a scope that holds nobody: nothing of everybody, and why there is nothing."""

from dataclasses import replace

import pytest

from ipats_lib.report import Report, timelines


@pytest.fixture
def nobody(report) -> Report:
    """The same scope, with its levels and without a record."""
    frames = {name: frame.iloc[:0] for name, frame in report.data.frames.items()}
    return Report(replace(report.data, frames=frames))


def test_the_time_lines_say_that_nobody_is_here(nobody):
    expected = "" if nobody.scope.kind == "state" else "Customers: nobody is here."
    assert timelines.index(nobody).plain == expected
