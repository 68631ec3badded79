"""A run reads its frames as pyarrow and pandas would, a long one by each text once."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ipats_lib.report.scope_data import LONG, frame_of

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)


def rows(size):
    """A column of each type that a frame has, some with gaps."""
    places = range(size)
    every = pd.DataFrame(
        {
            "text": pd.Series([f"W{n % 7}" for n in places], dtype=TEXT),
            "gaps": pd.Series([None if n % 3 else "x" for n in places], dtype=TEXT),
            "none": pd.Series([None] * size, dtype=TEXT),
            "n": pd.Series([None if n % 5 else n for n in places], dtype="Int64"),
            "count": list(places),
            "share": [np.nan if n % 2 else n / size for n in places],
            "flag": [n % 2 == 0 for n in places],
            "day": pd.Series(pd.Timestamp("2025-06-30"), index=places).astype("datetime64[s]"),
        }
    )
    return every, every[["count", "day"]], every[["text", "none"]]


@pytest.mark.parametrize("size", [LONG - 1, LONG, 3 * LONG])
def test_a_frame_is_read_as_pyarrow_reads_it(size):
    with pd.option_context("mode.string_storage", "python"):
        for frame in rows(size):
            table = pa.Table.from_pandas(frame, preserve_index=False)
            for given in (table, pa.concat_tables([table[:400], table[400:]])):
                pd.testing.assert_frame_equal(frame_of(given), given.to_pandas())


def test_equal_texts_of_a_long_frame_are_one_object():
    with pd.option_context("mode.string_storage", "python"):
        read = frame_of(pa.Table.from_pandas(rows(LONG)[0], preserve_index=False))
    assert len({id(text) for text in read["text"].to_numpy()}) == 7
