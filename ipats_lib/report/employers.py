"""The sixth indicator: effectiveness in serving employers, for the state alone (domain 2.10)."""

import numpy as np
import pandas as pd

from ipats_lib.cohorts import View
from ipats_lib.frames.figures import IN_OTHER_TITLES_ALONE
from ipats_lib.indicators.outcomes import judge
from ipats_lib.indicators.rules import ESE
from ipats_lib.report import display, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.tables import Column

BASELINE = "baseline: no level is negotiated yet"
PART = (
    "Part of the value: this file holds Titles I and III alone, and the state's one value counts "
    "all six core programs."
)


def retention(report: Report) -> pd.DataFrame:
    """One row per window of the period: window, the counts success, failure, pending and excluded,
    denominator (records, each once whatever programs it is in), value, resolved and ceiling
    (shares 0..1), and partial: whether nobody counted is in Title II or IV alone, so that the
    figure is part of the state's value. Empty but for the state (domain 2.10)."""
    windows = report.period.windows if report.scope.kind == "state" else ()
    lines = []
    for window in windows:
        view = View(report.records, "title1", window.cohort(ESE.cohort), as_of(report.data.about))
        state, _ = judge(view, ESE)
        others = IN_OTHER_TITLES_ALONE(view) & (state != "not_in_scope")
        line = {"window": window.window_title.capitalize(), "partial": not others.any()}
        lines.append({**line, **_counted(state)})
    return pd.DataFrame(lines)


def _counted(state: np.ndarray) -> dict[str, float]:
    success, failure, pending, excluded = (
        int((state == name).sum()) for name in ("success", "failure", "pending", "excluded")
    )
    whole, known = success + failure + pending, success + failure
    return {
        "success": success,
        "failure": failure,
        "pending": pending,
        "excluded": excluded,
        "denominator": whole,
        "value": success / whole if whole else np.nan,
        "resolved": success / known if known else np.nan,
        "ceiling": (success + pending) / whole if whole else np.nan,
    }


def retention_table(report: Report) -> Html:
    """Retention by window, labelled a baseline, and partial where it is; a sentence outside the
    state's pages."""
    if report.scope.kind != "state":
        return display.paragraph("This figure exists for the state alone.", "empty")
    found = retention(report)
    caption = f"{ESE.title}: retention with the same employer ({BASELINE})"
    table = tables.table(found, caption, _COLUMNS, "nobody is in this cohort.")
    return display.together(table, display.paragraph(PART)) if found["partial"].any() else table


_COLUMNS = (
    Column("window", "Window"),
    Column("success", "Retained", display.count, number=True),
    Column("denominator", "Counted", display.count, number=True),
    Column("value", "Official figure", display.rate, number=True),
    Column("pending", "Still pending", display.count, number=True),
    Column("resolved", "Known outcomes only", display.rate, number=True),
    Column("ceiling", "If all pending succeed", display.rate, number=True),
)
