"""The PIRL file as a stream of text batches, columns named by element (domain 8.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from ipats_lib.errors import ExtractError
from ipats_lib.extract.cells import EPOCH, date_kind, type_column
from ipats_lib.extract.headers import Columns, looks_like_header, match_header
from ipats_lib.extract.lines import Batch, first_cells, read_lines, refuse_column_count
from ipats_lib.extract.scan import EXPORT, FileFacts
from ipats_lib.params import Layout

# A date counts as reached when this share of the rows reaches it: single typos do not.
REACHED_BY = 0.001
ESTIMATED = "estimated: the latest day that entries and exits reach"


@dataclass(frozen=True, slots=True)
class PirlFile:
    """A PIRL file whose columns are known."""

    facts: FileFacts
    layout: Layout
    columns: Columns

    @property
    def rows(self) -> int:
        """How many records it holds, equal lines counted once."""
        return self.facts.lines - int(self.columns.header) - len(self.facts.left_out)

    def batches(self, only: tuple[str, ...] = ()) -> Iterator[Batch]:
        """Its rows as texts, columns named by element number; `only` restricts the columns."""
        names = [
            element if element and (not only or element in only) else ""
            for element in (self.columns.elements)
        ]
        return read_lines(self.facts, names, skip=int(self.columns.header))


def open_pirl(facts: FileFacts, layout: Layout) -> PirlFile:
    """Tell from the first line what the columns are; ExtractError when it is no PIRL file."""
    cells = first_cells(facts)
    if looks_like_header(cells, layout):
        columns = match_header(cells, layout, facts.name)
    else:
        if len(cells) != len(layout):
            refuse_column_count(facts, len(layout))
        if not any(cell.strip().isdecimal() for cell in cells):
            raise ExtractError(
                f"{facts.name} line 1 is neither a PIRL record nor a header with PIRL element "
                f"numbers: {EXPORT}."
            )
        columns = Columns(tuple(element.number for element in layout.elements), False)
    file = PirlFile(facts, layout, columns)
    if not file.rows:
        raise ExtractError(f"{facts.name} holds a header and no rows: {EXPORT}.")
    return file


def estimate_as_of(file: PirlFile) -> date:
    """The latest day that at least 0.1 % of the rows (one row at least) reach by entry or exit.

    ExtractError when no row has a readable date in 900 or 901.
    """
    reach = Reach()
    for batch in file.batches(("900", "901")):
        reach.take(batch.texts)
    if (newest := reach.newest()) is None:
        raise ExtractError(
            f"{file.facts.name} has too few readable dates in elements 900 and 901 to tell its "
            'as-of date: add extract.json with {"as_of": "YYYY-MM-DD"}.'
        )
    return newest


class Reach:
    """Up to which day the entries and exits of a file reach."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._rows = 0

    def take(self, texts: pa.RecordBatch) -> None:
        """Some rows, with the columns 900 and 901."""
        self._rows += texts.num_rows
        days, times = np.unique(_latest(texts), return_counts=True)
        for day, count in zip(days.tolist(), times.tolist(), strict=True):
            self._counts[day] = self._counts.get(day, 0) + count

    def newest(self) -> date | None:
        """The latest day that at least 0.1 % of the rows reach; None when none is readable."""
        needed, reached = max(1, int(np.ceil(self._rows * REACHED_BY))), 0
        for day in sorted(self._counts.keys() - {_NEVER}, reverse=True):
            reached += self._counts[day]
            if reached >= needed:
                return date.fromordinal(EPOCH.toordinal() + day)
        return None


_NEVER = -(10**6)


def _latest(texts: pa.RecordBatch) -> np.ndarray:
    kind = date_kind(None)
    days = [
        type_column(texts[name], kind).values.cast(pa.int32()).fill_null(_NEVER).to_numpy()
        for name in ("900", "901")
    ]
    return np.maximum(*days)
