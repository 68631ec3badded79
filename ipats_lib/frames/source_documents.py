"""The frame `source_documents`: how often a document did not prove what a record holds."""

import re
from functools import cache

import pandas as pd

from ipats_lib.errors import ParamsError
from ipats_lib.frames.cases import Cases
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.indicators.intervals import wilson
from ipats_lib.inputs import spelled
from ipats_lib.params import params_folder, read_each, whole_number
from ipats_lib.scopes import STATE_AREA

# The columns of a file of results, as `documents results` writes it.
RATES = ("program", "element", "name", "checked", "failed", "rate", "lower95", "upper95",
         "not_applicable", "open")  # fmt: skip
ALL = "all"


def source_documents(cases: Cases) -> pd.DataFrame:
    """Each program and element of the newest results on file, for the state; no other scope has
    a row."""
    found = load_results()
    return (found if STATE_AREA in cases.scopes else found.head(0)).assign(scope=STATE_AREA)


@cache
def load_results() -> pd.DataFrame:
    """The newest results of `params/source_documents/`, in the columns of the frame; no row
    without a file.

    Rates and intervals (Wilson, 95 percent) are those of the file's counts. ParamsError for a file
    that is not named after a program year, and for a line that does not fit.
    """
    files = sorted((params_folder() / "source_documents").glob("*.csv"))
    for path in files:
        if not re.fullmatch(r"PY20\d\d", path.stem):
            raise ParamsError(f"{spelled(path)}: expected the program year as name, PY2024.csv.")
    lines = read_each(files[-1], RATES, _line) if files else []
    found = pd.DataFrame(lines, columns=[*SCHEMAS["source_documents"].names])
    return found.assign(program_year=files[-1].stem if files else "")


def _line(row: dict[str, str]) -> dict[str, object]:
    checked, failed = whole_number(row["checked"]), whole_number(row["failed"])
    if failed > checked:
        raise ValueError(f"{failed} failed of {checked} that were checked")
    low, high = wilson(failed, checked)
    return {
        "program_title": "All programs" if row["program"] == ALL else row["program"],
        "element": row["element"],
        "element_title": row["name"],
        "checked": checked,
        "failed": failed,
        "rate": failed / checked if checked else None,
        "rate_low": low,
        "rate_high": high,
        "not_applicable": whole_number(row["not_applicable"]),
        "without_result": whole_number(row["open"]),
    }
