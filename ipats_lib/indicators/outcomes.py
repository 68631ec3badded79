"""The row-level outcome table: what every number on every page is an aggregate of (domain 2.12)."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import PROGRAMS, STREAMS, Mask, Predicate, Records, View
from ipats_lib.indicators.rules import INDICATORS, Indicator
from ipats_lib.params import params_folder, read_rows
from ipats_lib.periods import Report
from ipats_lib.stacking import stacked

State = Literal["not_in_scope", "excluded", "success", "failure", "pending", "awaiting"]
STATES: tuple[State, ...] = get_args(State)

Reasons = NDArray[np.object_]


def outcome_table(
    rows: pd.DataFrame, reports: Iterable[Report], as_of: date, *, everyone: bool = False
) -> pd.DataFrame:
    """State and reason of every period of participation in every line of the reports.

    rows: one row per period of participation (PIRL), with `row` and the elements the rules read.
    Returns one row per participation period x program x indicator x report: row, report, program,
    indicator, state, reason, value. `report` is the report's label, `value` the wage in dollars
    where the indicator is a median and the state is success. Records that are not in scope are
    left out unless `everyone` asks for them. `awaiting` stands outside the denominator: not
    counted, but it may be once more is known. Source: domain 2.12.
    """
    records = Records(rows)
    parts = [
        {"report": report.label, "program": program, "indicator": rule.code}
        | _lines(records, rule, View(records, program, report.cohort(rule.cohort), as_of), everyone)
        for report in reports
        for rule in INDICATORS.values()
        for program in PROGRAMS
        if program in rule.programs
    ]
    return _categorical(stacked(parts, "row"))


def _lines(records: Records, rule: Indicator, view: View, everyone: bool) -> dict[str, Any]:
    state, reason = judge(view, rule)
    keep = np.ones(len(records), np.bool_) if everyone else state != "not_in_scope"
    value = np.full(len(records), np.nan)
    if rule.value:
        counted = state == "success"
        value[counted] = records.amount(rule.value)[counted]
    return {
        "row": records.frame["row"].to_numpy()[keep],
        "state": state[keep],
        "reason": reason[keep],
        "value": value[keep],
    }


def judge(view: View, rule: Indicator) -> tuple[Reasons, Reasons]:
    """State and reason code of every record of the view under one rule."""
    # One text for all: `np.full` makes a new one for each record, which takes twenty times as long.
    state, reason = (np.empty(len(view.records), dtype=object) for _ in range(2))
    state[:], reason[:] = "not_in_scope", "not_in_stream"
    in_stream = (rule.stream or STREAMS[view.program])(view)
    in_cohort = in_stream & rule.in_cohort(view)
    reason[in_stream & ~in_cohort] = "outside_window"
    active = in_cohort if rule.activity is None else in_cohort & rule.activity(view)
    reason[in_cohort & ~active] = rule.outside_reason
    left_out = rule.excluded(view)
    excluded = active & left_out
    state[excluded] = "excluded"
    reason[excluded] = [f"exit_reason_{code:02d}" for code in view.code("923")[excluded]]
    _settle(view, rule, active & ~excluded, state, reason)
    waiting = in_cohort & ~active & ~left_out
    _first_that_holds(view, "awaiting", rule.awaiting, waiting, state, reason)
    return state, reason


def _settle(view: View, rule: Indicator, open_: Mask, state: Reasons, reason: Reasons) -> None:
    """Give each record of the denominator the first state that holds: success, pending, failure."""
    for name, alternatives in (("success", rule.success), ("pending", rule.pending)):
        open_ = _first_that_holds(view, name, alternatives, open_, state, reason)
    state[open_], reason[open_] = "failure", rule.failure_reason


def _first_that_holds(
    view: View,
    name: str,
    alternatives: Iterable[Predicate],
    open_: Mask,
    state: Reasons,
    reason: Reasons,
) -> Mask:
    """Write the state and the first reason that holds; the records for which none did."""
    for predicate in alternatives:
        holds = open_ & predicate(view)
        state[holds], reason[holds] = name, predicate.code
        open_ = open_ & ~holds
    return open_


def _categorical(table: pd.DataFrame) -> pd.DataFrame:
    kinds = {"program": list(PROGRAMS), "indicator": list(INDICATORS), "state": list(STATES)}
    for column, categories in kinds.items():
        table[column] = pd.Categorical(table[column], categories=categories)
    for column in ("report", "reason"):
        table[column] = table[column].astype("category")
    return table


@cache
def load_reasons() -> dict[str, str]:
    """`params/reasons.csv`: reason code to plain words; ParamsError when it cannot be read."""
    rows = read_rows(params_folder() / "reasons.csv", ("reason", "plain"))
    return {row["reason"]: row["plain"] for row in rows}


def plain_reason(code: str) -> str:
    """The words for a reason code; an unlisted exit reason is named by its code (923)."""
    known = load_reasons().get(code)
    return known or f"Left out: exit reason {code.removeprefix('exit_reason_')}"
