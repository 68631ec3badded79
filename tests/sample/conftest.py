"""The sample state at three tenths of its size: large enough for every code to occur."""

from pathlib import Path

import pytest

from ipats_lib.sample import write_sample
from tests.conftest import once
from tests.independent import Row, read

SCALE = 0.3


@pytest.fixture(scope="session")
def larger(shared) -> Path:
    return once(shared, "larger-sample", lambda folder: write_sample(folder, scale=SCALE))


@pytest.fixture(scope="session")
def many(larger) -> list[Row]:
    """Its PIRL rows."""
    return read(larger)
