"""Small PIRL tables for tests: the columns that matter are drawn, the rest is blank."""

from datetime import date
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd

from ipats_lib.frames.form_lines import FormLines
from ipats_lib.frames.source import Source
from ipats_lib.indicators import outcome_table
from ipats_lib.params import load_layout
from ipats_lib.periods import Period, Report
from ipats_lib.scopes import STATE, Scope

AFTER_EVERYTHING = date(2026, 12, 31)


def annual(py: int) -> Report:
    return Period(py).reports[0]


def pirl(table: str) -> pd.DataFrame:
    """A typed PIRL frame from a drawn table; the column `id` becomes element 100."""
    lines = [line.strip() for line in table.strip().splitlines()]
    header = [cell.strip() for cell in lines[0].split("|")]
    drawn = [[cell.strip() for cell in line.split("|")] for line in lines[1:]]
    text = pd.DataFrame(drawn, columns=["100" if name == "id" else name for name in header])
    return _frame(text)


def records(*rows: dict[str, object]) -> pd.DataFrame:
    """The same from one dictionary a record, by element number; dates as YYYY-MM-DD."""
    text = pd.DataFrame(rows).astype("object").fillna("").astype("str")
    return _frame(text.replace(r"^(\d{4})-(\d{2})-(\d{2})$", r"\1\2\3", regex=True))


def _frame(text: pd.DataFrame) -> pd.DataFrame:
    kinds = _kinds()
    typed = {name: _typed(text[name], kinds[name]) for name in text.columns if name in kinds}
    return _blank(len(text)).assign(**typed)


@cache
def _kinds() -> dict[str, str]:
    """The type of each element of a record, by its number."""
    return {e.number: e.type for e in load_layout().elements if not e.reserved}


@cache
def _blank(size: int) -> pd.DataFrame:
    """So many records without a value: some 500 columns, which cost more than those drawn."""
    blank = pd.Series([""] * size)
    typed = {name: _typed(blank, kind) for name, kind in _kinds().items()}
    return pd.DataFrame({"row": range(1, size + 1), **typed})


def form_lines(rows: pd.DataFrame, period: str = "PY2024Q4", scope: Scope = STATE) -> pd.DataFrame:
    """The frame `forms` of these records, as the state's or another scope's."""
    at = np.arange(len(rows))
    facts = SimpleNamespace(as_of=AFTER_EVERYTHING)
    source = Source(facts, Period.parse(period), (scope,), rows, at, np.zeros_like(at))
    return FormLines(source).of(scope).to_pandas()


def _typed(column: pd.Series, kind: str) -> pd.Series:
    values = column.where(column != "", None)
    if kind == "date":
        return pd.to_datetime(values, format="%Y%m%d").astype("datetime64[s]")
    if kind == "amount":
        return values.astype("float64")
    if kind in ("code", "integer"):
        return pd.to_numeric(values).astype("Int32")
    return values.astype("string")


def states(
    rows: pd.DataFrame,
    indicator: str,
    report: Report | None = None,
    as_of: date = AFTER_EVERYTHING,
) -> dict[tuple[str, str], str]:
    """(id, program) -> state, of every line in scope except the Title I total."""
    table = outcome_table(rows, [report or annual(2024)], as_of)
    table = table[(table["indicator"] == indicator) & (table["program"] != "title1")]
    ids = rows.set_index("row")["100"]
    return {(str(ids[line.row]), str(line.program)): str(line.state) for line in table.itertuples()}
