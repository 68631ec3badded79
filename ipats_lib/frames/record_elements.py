"""The frame `elements`: what decides each record of `outcomes`, and which groups it is in."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ipats_lib.breakdown import TOTAL
from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames.record_outcomes import LISTED
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.slices import typed
from ipats_lib.frames.source import Source
from ipats_lib.indicators.predicates import WAGE_NOT_YET_AVAILABLE
from ipats_lib.scopes import Scope

# What decides one of the five measures, and the groups, are columns of the schema by their names.
_SCHEMA = SCHEMAS["elements"]
_DECIDING = tuple(name for name in _SCHEMA.names if name.isdigit())
_WAGE = "1704"


class ElementLines:
    """The lines of `elements` of every record and program, once, and which of them each scope has.

    The state has none: its folder lists nobody.
    """

    def __init__(self, source: Source) -> None:
        table = source.outcomes
        wanted = {window.label for window in source.period.windows}
        mine = (table["report"].isin(wanted) & table["program"].isin(LISTED)).to_numpy()
        row = table["row"].to_numpy()
        program = np.array([LISTED.index(p) if p in LISTED else -1 for p in table["program"]])
        # A record and a program as one number, in the order of the lines: both are ascending.
        pair = row.astype(np.int64) * len(LISTED) + program
        pairs = np.unique(pair[mine]).astype(np.int64)  # of nobody, too
        at, owner = source.lines
        inside = np.array([scope.kind != "state" for scope in source.scopes])
        keep = mine[at] & inside[owner]
        held = np.unique(
            owner[keep].astype(np.int64) * len(pairs) + np.searchsorted(pairs, pair[at[keep]])
        )
        cuts = np.searchsorted(held, np.arange(len(source.scopes) + 1) * len(pairs))
        self._held, self._cuts, self._size = held, cuts, len(pairs)
        self._place = {scope: n for n, scope in enumerate(source.scopes)}
        lines = _lines(source, pairs // len(LISTED), pairs % len(LISTED))
        self._shown = typed(lines, _SCHEMA)
        self._hidden = typed(_without_wages(lines), _SCHEMA)

    def of(self, scope: Scope) -> pa.Table:
        """The frame `elements` of one scope, copied; wages in words where readers may not see
        them."""
        n = self._place[scope]
        mine = self._held[self._cuts[n] : self._cuts[n + 1]] - n * self._size
        shows = load_thresholds().shows_wages(scope.kind)
        return (self._shown if shows else self._hidden).take(pa.array(mine))


def _lines(source: Source, row: NDArray[np.int64], program: NDArray[np.int64]) -> pd.DataFrame:
    record = np.searchsorted(source.rows["row"].to_numpy(), row)
    deciding = {number: _written(source.rows[number], record) for number in _DECIDING}
    groups = _groups(source, record, program)
    codes = np.array(LISTED, dtype=object)[program]
    return pd.DataFrame({"row": row, "program": codes, **deciding, **groups})


def _written(values: pd.Series, record: NDArray[np.intp]) -> NDArray[np.object_]:
    """An element of these records as text: each of its values is written once."""
    codes, uniques = pd.factorize(values)
    texts = np.array([*map(_text, uniques), ""], dtype=object)
    return texts[codes[record]]


def _text(value: object) -> str:
    if isinstance(value, (pd.Timestamp, np.datetime64)):
        return f"{pd.Timestamp(value):%Y-%m-%d}"
    number = float(value)  # type: ignore[arg-type]
    return str(int(number)) if number.is_integer() else str(number)


def _groups(
    source: Source, record: NDArray[np.intp], program: NDArray[np.int64]
) -> dict[str, NDArray[np.object_]]:
    """The titles of the groups that each record is in, as a line of its program has them, by kind
    of group."""
    titles = source.members.titles
    places = {
        kind: [n for n, (name, _) in enumerate(titles) if name == kind]
        for kind in dict.fromkeys(name for name, _ in titles if name != TOTAL)
    }
    found = {kind: np.full(len(record), "", dtype=object) for kind in places}
    for number, code in enumerate(LISTED):
        at = np.flatnonzero(program == number)
        holds = source.members.of(code, record[at])
        for kind, mine in places.items():
            found[kind][at] = _joined([titles[n][1] for n in mine], holds[:, mine])
    return found


def _joined(titles: list[str], holds: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The titles that each line holds; lines that hold the same are written once."""
    if not len(holds):
        return np.empty(0, dtype=object)
    packed = np.packbits(holds, axis=1)
    _, first, back = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    texts = ["; ".join(np.array(titles, dtype=object)[holds[n]]) for n in first]
    return np.array(texts, dtype=object)[back.ravel()]


def _without_wages(lines: pd.DataFrame) -> pd.DataFrame:
    wage = pd.to_numeric(lines[_WAGE], errors="coerce").to_numpy(dtype=np.float64)
    said = np.where(wage >= WAGE_NOT_YET_AVAILABLE, "not yet", np.where(wage > 0, "found", ""))
    return lines.assign(**{_WAGE: said})
