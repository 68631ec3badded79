"""A stratified random sample of records whose source documents are to be looked at (domain 4.5).

The strata are program, LWIA and whether the record has exited. Which records are drawn follows from
the seed and the records alone: they are ordered by a hash of both, so anybody can draw them again.
A sample is a folder: a workbook to fill in, pages to print, and what was drawn.
"""

import hashlib
import io
import json
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import jinja2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.services import SERVICES
from ipats_lib.caseload.vocabulary import ELEMENTS, condition, took_part
from ipats_lib.cohorts import PROGRAM_TITLES, STREAMS, Program, Records
from ipats_lib.conditions import Condition
from ipats_lib.durable import write_file
from ipats_lib.errors import UsageError
from ipats_lib.frames.element_names import element_names
from ipats_lib.frames.findings import texts_of
from ipats_lib.frames.source_documents import ALL, RATES
from ipats_lib.indicators.intervals import wilson
from ipats_lib.inputs import read_json, spelled
from ipats_lib.modes import open_private, private_folder
from ipats_lib.params import read_table
from ipats_lib.snapshot import Snapshot
from ipats_lib.sources.workbooks import read_sheet

STRATUM = ("program", "lwia", "status")
LINES = ("line", "id", "entry", *STRATUM, "element", "name", "value", "documents")
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth")  # the first that a record is in
YEARS_KEPT = 3
SHEET, PAGES, SAMPLE = "worksheet.xlsx", "worksheets.html", "sample.json"
RESULT, SEEN = "result", "document seen"
PASS, FAIL, NOT_APPLICABLE = RESULTS = ("pass", "fail", "n/a")


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


def write_worksheets(drawn: Drawn, folder: Path, *, synthetic: bool) -> None:
    """Write the sample, its workbook and its pages; UsageError where a sample is there already."""
    private_folder(folder)
    if (folder / SAMPLE).exists():
        raise UsageError(f"{spelled(folder)} holds a sample already: name another folder.")
    records = [
        {
            **dict(zip(("id", "entry", *STRATUM), key, strict=True)),
            "lines": lines.to_dict("records"),
        }
        for key, lines in drawn.lines.groupby(["id", "entry", *STRATUM], sort=False)
    ]
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    page = jinja2.Environment(loader=loader, autoescape=True).get_template(f"{PAGES}.j2")
    text = page.render(drawn=drawn, records=records, synthetic=synthetic)
    write_file(folder / PAGES, text.encode(), open_private)
    write_file(folder / SHEET, _workbook(drawn), open_private)
    write_file(folder / SAMPLE, _sample_bytes(drawn), open_private)  # last: the folder is whole


def _workbook(drawn: Drawn) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    sheet, bold = book.add_worksheet("Worksheet"), book.add_format({"bold": True})
    for place, name in enumerate((*LINES, RESULT, SEEN)):
        sheet.write_string(0, place, name, bold)
        sheet.set_column(place, place, 30 if name in ("name", "documents", SEEN) else 12)
    for line, row in enumerate(drawn.lines.itertuples(index=False), start=1):
        for place, cell in enumerate(row):
            sheet.write_string(line, place, str(cell))
    last, place = len(drawn.lines), len(LINES)
    rule = {"validate": "list", "source": list(RESULTS), "error_message": "pass, fail or n/a"}
    sheet.data_validation(1, place, max(last, 1), place, rule)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, place + 1)
    book.close()
    return buffer.getvalue()


def _sample_bytes(drawn: Drawn) -> bytes:
    said = {
        "snapshot": drawn.snapshot, "as_of": drawn.as_of.isoformat(), "py": drawn.py,
        "seed": drawn.seed, "keep_until": drawn.keep_until.isoformat(),
        "strata": drawn.strata.to_dict("records"), "lines": drawn.lines.to_dict("records"),
    }  # fmt: skip
    return json.dumps(said, indent=1, ensure_ascii=False).encode()


def read_sample(folder: Path) -> Drawn:
    """The sample that a folder holds; UsageError when it is none of ours."""
    wrong = f"{spelled(folder / SAMPLE)} is not a sample of `documents draw`."
    said: Any = read_json(folder / SAMPLE, UsageError, wrong)
    try:
        strata, lines = (pd.DataFrame(said[name]) for name in ("strata", "lines"))
        facts = str(said["snapshot"]), date.fromisoformat(said["as_of"]), said["py"], said["seed"]
        return Drawn(*facts, strata, lines[list(LINES)])
    except (KeyError, TypeError, ValueError):
        raise UsageError(wrong) from None


def read_results(folder: Path, sheet: Path | None = None) -> Drawn:
    """The sample with the results of its workbook: its lines have a column `result`, blank where
    none was entered. UsageError names the workbook's row that does not fit."""
    drawn, file = read_sample(folder), sheet or folder / SHEET
    cells = read_sheet(file, UsageError)
    head = [*LINES, RESULT]
    if not cells or cells[0][: len(head)] != head:
        raise UsageError(f"{spelled(file)}: row 1 must hold the headings {', '.join(head)}.")
    known = {str(line): (str(one), element) for line, one, element in zip(
        drawn.lines["line"], drawn.lines["id"], drawn.lines["element"], strict=True)}  # fmt: skip
    found: dict[str, str] = {}
    for number, row in enumerate(cells[1:], start=2):
        named = dict(zip(head, row, strict=False))
        line, where = named["line"], f"{spelled(file)} row {number}"
        if known.get(line) != (named["id"], named["element"]) or line in found:
            raise UsageError(
                f"{where} is not a line of the sample, or appears twice: leave lines as they are."
            )
        if named[RESULT] not in ("", *RESULTS):
            raise UsageError(f"{where}: the result must be {', '.join(RESULTS)} or empty.")
        found[line] = named[RESULT]
    if lost := len(known) - len(found):
        raise UsageError(f"{spelled(file)} lacks {lost} lines of the sample: put them back.")
    lines = drawn.lines.assign(result=drawn.lines["line"].astype(str).map(found))
    return replace(drawn, lines=lines)


def rates(drawn: Drawn) -> pd.DataFrame:
    """The share of failed elements among those checked, by program and element, and over all.

    Columns `RATES`; rate and interval (Wilson, 95 percent) as 0..1, missing where nothing was
    checked. n/a and lines without a result are counted apart. Lines are not weighted: a stratum
    gives about its share of the records.
    """
    lines = drawn.lines
    everyone = pd.concat([lines.assign(program=ALL), lines])
    whole = everyone.assign(element=ALL, name="All elements")
    keys = ["program", "element", "name"]
    found = []
    for key, part in pd.concat([whole, everyone]).groupby(keys, sort=False):
        passed, failed, without = ((part["result"] == each).sum() for each in RESULTS)
        checked = int(passed + failed)
        rate = failed / checked if checked else float("nan")
        sizes = (checked, int(failed), rate, *wilson(int(failed), checked))
        found.append((*key, *sizes, int(without), int((part["result"] == "").sum())))
    return pd.DataFrame(found, columns=list(RATES))
