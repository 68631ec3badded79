"""Ours against the Department of Labor's own result, row by row, on a public-use file.

What a result column says is assumed, not known (domain 8.3 names the columns and not their codes):
1 is a success, 0 counted and not a success, blank not counted; for the median, the wage. A record
in Title I is compared with its Title I line, any other with its Wagner-Peyser line.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ipats_lib.cohorts import PROGRAMS, STREAMS, Records, View
from ipats_lib.indicators.outcomes import judge
from ipats_lib.indicators.rules import INDICATORS, Indicator
from ipats_lib.periods import Report

CENT = 0.005
VERDICTS = ("both", "neither", "only_ours", "only_theirs", "not_counted_alike")


@dataclass(slots=True)
class Agreement:
    """Rows by indicator, program and verdict, and the first rows that disagree.

    counts: (indicator, program) -> verdict -> rows. first: line in the file, indicator, ours,
    theirs, our reason, and the elements that decided, so many of each indicator that one which
    fails throughout does not hide the others. No identifier is kept.
    """

    counts: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    first: list[tuple[int, str, str, str, str, str]] = field(default_factory=list)
    rows: int = 0

    @property
    def disagreeing(self) -> int:
        """How many comparisons of a record with a program's line disagree."""
        wrong = VERDICTS[2:]
        return sum(verdicts.get(name, 0) for verdicts in self.counts.values() for name in wrong)

    def table(self) -> pd.DataFrame:
        """One row per indicator and program: indicator, program, each verdict, agree (share)."""
        lines = [
            (code, program, *(verdicts.get(name, 0) for name in VERDICTS))
            for (code, program), verdicts in sorted(self.counts.items())
        ]
        frame = pd.DataFrame(lines, columns=["indicator", "program", *VERDICTS])
        counted = frame[list(VERDICTS)].sum(axis=1)
        return frame.assign(agree=(frame["both"] + frame["neither"]) / counted.where(counted > 0))


def compare(
    blocks: Iterable[tuple[pd.DataFrame, pd.DataFrame]], report: Report, keep: int
) -> Agreement:
    """Judge every row of a public file as of long after, and set it against DOL's results.

    blocks: elements (with `row`) and results by indicator, as `read_public` yields them. keep:
    how many disagreements of each indicator to keep.
    """
    agreement = Agreement()
    # In a certified file nothing is pending any more: what is not a success is counted as none.
    as_of = report.report_quarter.end.replace(year=report.report_quarter.end.year + 3)
    for rows, results in blocks:
        agreement.rows += len(rows)
        records = Records(rows)
        for code in results.columns:
            rule = INDICATORS[code]
            view = View(records, "title1", report.cohort(rule.cohort), as_of)
            _compare_block(view, rule, results[code], agreement, keep)
    return agreement


def _compare_block(
    view: View, rule: Indicator, result: pd.Series, agreement: Agreement, keep: int
) -> None:
    ours, reason = _ours(view, rule)
    theirs = _theirs(result, rule)
    verdict = _verdicts(ours, theirs, rule.is_median)
    for program in PROGRAMS[:-1]:
        if program in rule.programs:
            mine = verdict[STREAMS[program](view)]
            counted = agreement.counts.setdefault((rule.code, program), {})
            for name, number in zip(*np.unique(mine, return_counts=True), strict=True):
                if name:
                    counted[str(name)] = counted.get(str(name), 0) + int(number)
    in_any = np.logical_or.reduce([STREAMS[p](view) for p in PROGRAMS])
    left = keep - sum(code == rule.code for _, code, *_ in agreement.first)
    for at in np.flatnonzero(np.isin(verdict, VERDICTS[2:]) & in_any)[: max(left, 0)].tolist():
        agreement.first.append(_shown(view, rule, at, ours[at], theirs[at], str(reason[at])))


def _ours(view: View, rule: Indicator) -> tuple[np.ndarray, np.ndarray]:
    """1, 0 or NaN for each record (a wage for the median), and the reason."""
    state, reason = judge(view, rule)
    if "wp" in rule.programs:
        other = View(view.records, "wp", view.window, view.as_of)
        state_wp, reason_wp = judge(other, rule)
        outside = ~STREAMS["title1"](view)
        state = np.where(outside, state_wp, state)
        reason = np.where(outside, reason_wp, reason)
    counted = np.isin(state, ("success", "failure", "pending"))
    success = (state == "success").astype(np.float64)
    value = view.records.amount(rule.value) if rule.value else success
    return np.where(counted, value, np.nan), reason


def _theirs(result: pd.Series, rule: Indicator) -> np.ndarray:
    number = pd.to_numeric(result.str.strip(), errors="coerce").to_numpy(dtype=np.float64)
    if rule.is_median:
        return np.where((number > 0) & (number < 999999.99), number, np.nan)
    return np.where(np.isin(number, (0, 1)), number, np.nan)


def _verdicts(ours: np.ndarray, theirs: np.ndarray, is_median: bool) -> np.ndarray:
    """One of `VERDICTS` per row; empty where neither counts the record."""
    both, neither = ~np.isnan(ours) & ~np.isnan(theirs), np.isnan(ours) & np.isnan(theirs)
    same = np.abs(ours - theirs) < CENT
    if is_median:
        alike = np.where(same, "both", "not_counted_alike")
    else:
        different = np.where(ours > theirs, "only_ours", "only_theirs")
        alike = np.where(same, np.where(ours > 0, "both", "neither"), different)
    return np.where(neither, "", np.where(both, alike, "not_counted_alike"))


def _shown(
    view: View, rule: Indicator, at: int, ours: float, theirs: float, reason: str
) -> tuple[int, str, str, str, str, str]:
    frame = view.records.frame
    decided = ", ".join(f"{number}={_text(frame[number].iloc[at])}" for number in rule.decided_by)
    said = [_answer(value, rule.is_median) for value in (ours, theirs)]
    return int(frame["row"].iloc[at]), rule.code, *said, reason, decided  # type: ignore[return-value]


def _answer(value: float, is_median: bool) -> str:
    if np.isnan(value):
        return "not counted"
    if is_median:
        return f"wage {value:.2f}"
    return "success" if value else "no success"


def _text(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return "blank"
    return value.strftime("%Y%m%d") if hasattr(value, "strftime") else str(value)
