"""Arrays to CSV bytes: codes with their zeros, days, amounts; quotes only where needed."""

import math
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ipats_lib.params import load_layout
from ipats_lib.sample.enrolments import text_of
from ipats_lib.sample.people import People

_WIDTHS = {"923": 2, "1303": 2, "1310": 2, "1315": 2, "407": 2}
_LARGEST_CODE = 999
_PLAIN = np.array([*map(str, range(_LARGEST_CODE + 1)), ""], dtype=object)
_PADDED = np.array([*(f"{n:02d}" for n in range(_LARGEST_CODE + 1)), ""], dtype=object)
_SPECIAL = '[",\r\n]'


def pirl_text(people: People) -> dict[str, NDArray[Any]]:
    """The block's elements as the file writes them, but for the observation number."""
    text: dict[str, NDArray[Any]] = {}
    for element, codes in people.codes.items():
        text[element] = (_PADDED if _WIDTHS.get(element) else _PLAIN)[codes]
    for element, days in people.days.items():
        text[element] = text_of(days)
    for element, amounts in people.amounts.items():
        written = ["" if math.isnan(amount) else f"{amount:.2f}" for amount in amounts.tolist()]
        text[element] = np.array(written, dtype=object)
    for element, strings in people.strings.items():
        text[element] = strings.astype(object)
    return text


def append_pirl(file: IO[bytes], text: dict[str, NDArray[Any]], first: int) -> int:
    """Add the rows, numbered from `first` on, in the layout's order; returns the next number."""
    after = first + len(text["100"])
    numbers = np.array([str(number) for number in range(first, after)], dtype=object)
    numbered = {"OBS": numbers, **text}
    columns = [numbered.get(element.number) for element in load_layout().elements]
    append_rows(file, columns, len(numbers))
    return after


def append_rows(file: IO[bytes], columns: Sequence[NDArray[Any] | None], size: int) -> None:
    """Add CSV lines made of columns of text, `None` for an empty one, to a file."""
    if size:
        last = max(place for place, column in enumerate(columns) if column is not None)
        empty = pa.scalar("", pa.string())
        parts = [empty if c is None else _quoted(c) for c in columns[: last + 1]]
        parts[-1] = pc.binary_join_element_wise(parts[-1], "," * (len(columns) - last - 1), "")
        lines = pc.binary_join_element_wise(*parts, ",")
        file.write(pc.binary_join_element_wise(lines, "\n", "").buffers()[2])


def _quoted(column: NDArray[Any]) -> pa.Array:
    """The texts, those with a comma, quote or line end in quotes (RFC 4180)."""
    texts = pa.array(column, type=pa.string())
    special = pc.match_substring_regex(texts, _SPECIAL)
    if not pc.any(special).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), texts)
