"""What pages say of a scope that holds nobody: nothing of everybody, and why there is nothing."""

from dataclasses import replace

import pytest

from ipats_lib.report import Report


@pytest.fixture
def nobody(report) -> Report:
    """The same scope, with its levels and without a record."""
    frames = {name: frame.iloc[:0] for name, frame in report.data.frames.items()}
    return Report(replace(report.data, frames=frames))
