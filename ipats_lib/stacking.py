"""One frame of many small parts: a frame of each part would take longer than what it holds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd


def stacked(parts: Sequence[Mapping[str, Any]], by: str) -> pd.DataFrame:
    """The rows of all parts, in their order; at least one part.

    parts: the same columns by name, each an array as long as that of `by`, or one value for every
    row of its part.
    """
    sizes = [np.size(part[by]) for part in parts]
    columns = {name: [part[name] for part in parts] for name in parts[0]}
    return pd.DataFrame({name: _joined(values, sizes) for name, values in columns.items()})


def _joined(values: list[Any], sizes: list[int]) -> np.ndarray:
    if isinstance(values[0], np.ndarray):
        return np.concatenate(values)
    return np.repeat(np.array(values, dtype=object if isinstance(values[0], str) else None), sizes)
