"""The frame `standings`: how each record counts in its reports, and until when that can change."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.after_exit import locked
from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.due_dates import due
from ipats_lib.frames.figures import MEASURE_TITLES
from ipats_lib.frames.record_outcomes import LISTED, last_days
from ipats_lib.frames.source import Source, lines_of_scopes
from ipats_lib.indicators.outcomes import plain_reason
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.periods import LAG, Period, Report

_KEYS = ["row", "program", "measure", "outcome", "reason", "counts_by", "locked"]
# What may still change first.
_ORDER = {"pending": 0, "awaiting": 1, "failure": 2, "success": 3, "excluded": 4}


def reports_of_standings(period: Period) -> tuple[Report, ...]:
    """The main report, and the annual reports of the program years before, now and next."""
    years = (Period(period.py + step).program_year for step in (-1, 0, 1))
    return tuple(dict.fromkeys((period.reports[0], *years)))


def standings(source: Source) -> pd.DataFrame:
    """The frame `standings` of every scope, with `owner`: its scope's place; no line of the state.

    Reports that agree on a record are one line.
    """
    lines = _lines(source)
    at, owner = lines_of_scopes(source, lines["row"].to_numpy())
    inside = np.array([scope.kind != "state" for scope in source.scopes])[owner]
    return lines.take(at[inside]).assign(owner=owner[inside]).reset_index(drop=True)


def _lines(source: Source) -> pd.DataFrame:
    """The lines of every record, by row, then what may still change first."""
    reports = reports_of_standings(source.period)
    labels = {report.label: n for n, report in enumerate(reports)}
    place = source.outcomes["report"].astype("object").map(labels)
    mine = (place.notna() & source.outcomes["program"].isin(LISTED)).to_numpy()
    table = source.outcomes[mine]
    number = place[mine].to_numpy(dtype=np.int64)
    names = ("program", "state", "reason")
    texts = {name: table[name].astype("object").to_numpy() for name in names}
    measure = table["indicator"].astype("object").to_numpy()
    record = np.searchsorted(source.rows["row"].to_numpy(), table["row"].to_numpy())
    open_ = texts["state"] == "pending"
    by, locks = _until(source, reports, measure, number, record, open_)
    every = pd.DataFrame(
        {
            "row": table["row"].to_numpy(),
            "program": texts["program"],
            "measure": measure,
            "outcome": texts["state"],
            "reason": texts["reason"],
            "counts_by": by.astype("datetime64[s]"),
            "locked": locks.astype("datetime64[s]"),
            "reports": 1 << number,
        }
    )
    found = every.groupby(_KEYS, sort=False, dropna=False)["reports"].sum().reset_index()
    found["order"] = found["outcome"].map(_ORDER)
    found["first"] = found["reports"] & -found["reports"]
    by_ = ["row", "order", "program", "measure", "first"]
    return _worded(source, found.sort_values(by_, kind="stable", ignore_index=True), reports)


def _worded(source: Source, lines: pd.DataFrame, reports: tuple[Report, ...]) -> pd.DataFrame:
    """With customers, titles, reasons and the names of the reports in words."""
    record = np.searchsorted(source.rows["row"].to_numpy(), lines["row"].to_numpy())
    words = {code: plain_reason(code) for code in lines["reason"].unique()}
    named = {
        flags: ", ".join(report.label for n, report in enumerate(reports) if flags & 1 << n)
        for flags in lines["reports"].unique()
    }
    return lines.assign(
        customer=source.records.text("100")[record].astype("str").astype("object"),
        program_title=lines["program"].map(PROGRAM_TITLES),
        measure_title=lines["measure"].map(MEASURE_TITLES),
        reason_title=lines["reason"].map(words),
        reports=lines["reports"].map(named),
    )


def _until(
    source: Source,
    reports: tuple[Report, ...],
    measure: NDArray[np.object_],
    number: NDArray[np.int64],
    record: NDArray[np.intp],
    open_: NDArray[np.bool_],
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Of each open line the last day on which it can happen, and the day that locks its report."""
    by = np.full(len(record), np.datetime64("NaT"), dtype="datetime64[D]")
    locks = by.copy()
    exits = source.records.day("901")
    for place, report in enumerate(reports):
        for code, rule in INDICATORS.items():
            mine = open_ & (number == place) & (measure == code)
            if not mine.any():
                continue
            by[mine] = last_days(source, report, code)[record[mine]]
            if rule.cohort == "MSG":
                locks[mine] = np.datetime64(due(Period(report.py)), "D")
            else:
                locks[mine] = locked(exits[record[mine]], LAG[rule.cohort])
    return by, locks
