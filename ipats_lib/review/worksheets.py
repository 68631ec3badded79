"""The worksheets of a sample of records: a workbook to fill in, pages to print, and back again."""

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from ipats_lib.durable import write_file
from ipats_lib.errors import UsageError
from ipats_lib.indicators.intervals import wilson
from ipats_lib.inputs import read_json, spelled
from ipats_lib.modes import open_private, private_folder
from ipats_lib.review.drawing import LINES, STRATUM, Drawn
from ipats_lib.sources.workbooks import read_sheet

SHEET, PAGES, SAMPLE = "worksheet.xlsx", "worksheets.html", "sample.json"
RESULT, SEEN = "result", "document seen"
PASS, FAIL, NOT_APPLICABLE = RESULTS = ("pass", "fail", "n/a")
RATES = ("program", "element", "name", "checked", "failed", "rate", "lower95", "upper95",
         "not_applicable", "open")  # fmt: skip
ALL = "all"


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
    write_file(folder / SAMPLE, _told(drawn), open_private)  # last: the folder is whole


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


def _told(drawn: Drawn) -> bytes:
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
