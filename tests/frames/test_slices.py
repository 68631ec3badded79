"""Frames as Arrow files: equal rows are equal bytes, whatever their process has chosen."""

import pandas as pd
import pytest

from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.slices import arrow_bytes, typed

TERMS = pd.DataFrame({column.name: ["1", "2"] for column in SCHEMAS["terms"].columns})


@pytest.mark.parametrize("storage", ["python", "pyarrow"])
def test_equal_rows_are_equal_bytes_however_pandas_keeps_texts(storage):
    """JupyterLab's reports keep texts in Python; a page's key and a share name frames by bytes."""
    usual = arrow_bytes(typed(TERMS, SCHEMAS["terms"]))
    with pd.option_context("mode.string_storage", storage):
        assert arrow_bytes(typed(TERMS, SCHEMAS["terms"])) == usual
