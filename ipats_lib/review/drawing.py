"""A stratified random sample of records whose source documents are to be looked at (domain 4.5).

The strata are program, LWIA and whether the record has exited. Which records are drawn follows from
the seed and the records alone: they are ordered by a hash of both, so anybody can draw them again.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.extending import SERVICES
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.vocabulary import ELEMENTS, condition, took_part
from ipats_lib.cohorts import PROGRAM_TITLES, STREAMS, Program, Records
from ipats_lib.conditions import Condition
from ipats_lib.errors import UsageError
from ipats_lib.frames.element_names import element_names
from ipats_lib.frames.findings import texts_of
from ipats_lib.params import read_table
from ipats_lib.snapshot import Snapshot

STRATUM = ("program", "lwia", "status")
LINES = ("line", "id", "entry", *STRATUM, "element", "name", "value", "documents")
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth")  # the first that a record is in
YEARS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of `params/documents.csv`: an element, what proves it, and of which records."""

    element: str
    documents: str
    asked: Annotated[Condition, condition]


@cache
def load_documents() -> tuple[Asked, ...]:
    """The elements to prove; ParamsError names file and line."""
    return tuple(read_table("documents.csv", Asked, more=("source",)))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample. strata: `STRATUM`, records, drawn. lines: `LINES`, one an element to prove."""

    snapshot: str
    as_of: date
    py: int
    seed: int
    strata: pd.DataFrame
    lines: pd.DataFrame

    @property
    def keep_until(self) -> date:
        """Three years after the program year: so long the results are kept (domain 4.5)."""
        return date(self.py + 1 + YEARS_KEPT, 6, 30)


def draw(snapshot: Snapshot, py: int, size: int, seed: int) -> Drawn:
    """Draw `size` records of Title I that took part in a program year.

    Each stratum gives one record at least, the others by its share. UsageError when that needs more
    records than `size`, or when nobody took part.
    """
    rows = snapshot.rows(columns=[*dict.fromkeys([*ELEMENTS, *SERVICES])])
    frame = _frame(snapshot, rows, py)
    if frame.empty:
        raise UsageError(f"Nobody in this snapshot took part in the program year {py}.")
    strata = frame.groupby(list(STRATUM)).size().rename("records").reset_index()
    if size < len(strata):
        raise UsageError(
            f"There are {len(strata)} strata of program, LWIA and status: draw {len(strata)} "
            "records or more."
        )
    strata["drawn"] = shares(strata["records"].to_numpy(), size)
    order = [
        _place(seed, *key) for key in zip(frame["id"], frame["entry"], frame["row"], strict=True)
    ]
    ranked = frame.assign(order=order).sort_values([*STRATUM, "order"])
    number = ranked.groupby(list(STRATUM)).cumcount()
    wanted = ranked.merge(strata[[*STRATUM, "drawn"]], on=list(STRATUM), how="left")["drawn"]
    chosen = ranked[number.to_numpy() < wanted.to_numpy()]
    lines = _lines(snapshot, rows, chosen)
    return Drawn(snapshot.id, snapshot.as_of, py, seed, strata, lines)


def _frame(snapshot: Snapshot, rows: pd.DataFrame, py: int) -> pd.DataFrame:
    """The records to draw from: place among the rows, row, id, entry and `STRATUM`."""
    view, member = view_of(Records(rows), snapshot.as_of), snapshot.membership()
    gone = view.day("901") <= np.datetime64(snapshot.as_of)
    areas = member[member["area_type"] == "lwia"].drop_duplicates("row")
    program = np.select(
        [STREAMS[name](view) for name in PROGRAMS], [PROGRAM_TITLES[p] for p in PROGRAMS], ""
    )
    frame = pd.DataFrame(
        {
            "place": np.arange(len(rows)),
            "row": rows["row"].to_numpy(),
            "id": rows["100"].to_numpy(dtype=object, na_value=""),
            "entry": rows["900"].dt.strftime("%Y-%m-%d"),
            "program": program,
            "lwia": rows["row"].map(areas.set_index("row")["area"].astype(str)),
            "status": np.where(gone, "exited", "active"),
        }
    )
    last = min(date(py + 1, 6, 30), snapshot.as_of)
    return frame[took_part(view, py, last)].dropna(subset=["lwia"])


def shares(records: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """How many each stratum gives: one, and the rest by its records (largest remainder), never more
    than it has."""
    size = min(size, int(records.sum()))
    given = np.ones(len(records), dtype=np.int64)
    while (rest := size - int(given.sum())) > 0:
        room = records - given
        quota = rest * np.where(room > 0, records, 0) / records[room > 0].sum()
        more = np.minimum(np.floor(quota).astype(np.int64), room)
        if not more.any():
            best = np.lexsort((-records, -(quota - np.floor(quota)) * (room > 0)))
            more[[place for place in best if room[place] > 0][:rest]] = 1
        given += more
    return given


def _place(seed: int, *key: object) -> str:
    return hashlib.sha256("|".join(map(str, (seed, *key))).encode()).hexdigest()


def _lines(snapshot: Snapshot, rows: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """A line for each element of each record that is asked for."""
    mine = rows.iloc[chosen["place"]].reset_index(drop=True)
    view, parts = view_of(Records(mine), snapshot.as_of), []
    facts = chosen.reset_index(drop=True)
    for number, one in enumerate(load_documents()):
        at = np.flatnonzero(one.asked(view))
        part = facts.iloc[at].assign(
            place=at,
            number=number,
            element=one.element,
            name=element_names(one.element).removeprefix(f"{one.element} "),
            value=texts_of(mine, one.element, at),
            documents=one.documents,
        )
        parts.append(part)
    lines = pd.concat(parts).sort_values(["place", "number"], ignore_index=True)
    return lines.assign(line=np.arange(1, len(lines) + 1))[list(LINES)]
