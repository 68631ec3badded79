"""The figures of one scope computed a second way: scope by scope and row by row.

The library counts all scopes at once (`ipats_lib/frames`). What follows counts each scope's
own records (`tests/raw.py`); tests compare the two to the bit.
"""

from datetime import date

import numpy as np
import pandas as pd

from ipats_lib import indicators as counting
from ipats_lib.breakdown import membership_of
from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.disclosure import few_wages, load_thresholds, small_cells
from ipats_lib.frames.earlier_quarters import holds_whole
from ipats_lib.frames.source import TREND_QUARTERS
from ipats_lib.indicators.intervals import could_be_chance
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels.files import load_levels
from ipats_lib.levels.level import find_level, percent_of_level, target, year_over
from ipats_lib.report.scope_data import as_of
from tests import grouped
from tests.raw import Opened

BANDS = ((100, "Exceeds"), (90, "Meets"), (50, "Below"), (0, "Fails"))


def indicators(report: Opened, window=None) -> pd.DataFrame:
    """One row per program and measure of a window (the main report's), with its level.

    Columns of the long form, and pending, excluded, resolved, ceiling, lower, upper, level, which,
    level_synthetic, percent, chance, status, program_title and title.
    """
    window = window or report.period.reports[0]
    every = report.raw.figures
    here = (report.scope.kind, report.scope.area)
    lines = counting.long_form(
        every[every["report"] == window.label].assign(area_type=here[0], area=here[1]),
        [window],
        [here],
        more=("pending", "excluded", "resolved", "ceiling", "lower", "upper"),
    ).fillna({"pending": 0, "excluded": 0})
    return judged(lines, report.data.about.synthetic, report.lwia, as_of(report.data.about))


def judged(lines: pd.DataFrame, synthetic: bool, lwia: str, today: date) -> pd.DataFrame:
    """Figures of one area with level, which, level_synthetic, percent, chance and status."""
    levels = load_levels(synthetic)
    told = [_judge(line, levels, lwia, today) for line in lines.itertuples()]
    return lines.assign(
        **{name: [one[name] for one in told] for name in told[0]},
        program_title=lines["program"].map(PROGRAM_TITLES),
        title=lines["measure"].map({code: rule.title for code, rule in INDICATORS.items()}),
    )


def _judge(line, levels, lwia: str, today: date) -> dict[str, object]:
    level = find_level(levels, int(line.py), lwia, line.program, line.measure)
    asked, which = target(level, year_over(int(line.py), today))
    percent, status = float("nan"), _reason(line, level)
    if not status:
        percent = percent_of_level(line.value, asked)
        if line.denominator < 10:
            status = "No verdict: fewer than 10 counted"
        elif np.isnan(percent):
            status = "No verdict: withheld"
    verdict = not status
    status = status or next(word for least, word in BANDS if percent >= least)
    chance = verdict and could_be_chance(float(line.lower), float(line.upper), asked)
    return {"level": asked, "which": which, "level_synthetic": bool(level and level.synthetic),
            "percent": percent, "chance": chance, "status": status}  # fmt: skip


def _reason(line, level) -> str:
    if level is None:
        return "No verdict: no level"
    if not line.denominator:
        return "No verdict: nobody is counted"
    if not level.assessed:
        return "No verdict: a baseline indicator in this program year"
    quarters = {"current": 1, "ytd": int(str(line.quarter).removeprefix("Q") or 4)}
    number = quarters.get(line.window, 4)
    if line.measure == "MSG" and number < 4:
        words = {1: "one quarter", 2: "two quarters", 3: "three quarters"}
        return f"Not compared: {words[number]} of a yearly measure"
    return ""


def breakdown(report: Opened) -> pd.DataFrame:
    """The main report by group, with few, unjudged and withheld (a median of few wages)."""
    outcomes = report.raw.outcomes
    mine = outcomes[outcomes["report"] == report.period.reports[0].label].reset_index(drop=True)
    members = membership_of(report.raw.rows)
    table, limits = grouped.breakdown(mine, members), load_thresholds()
    cells = table.rename(columns={"indicator": "measure", "successes": "numerator"})
    hidden = few_wages(cells, report.scope.kind, limits)
    return table.assign(
        **{name: table[name].mask(hidden) for name in ("value", "lower", "upper")},
        withheld=hidden,
        few=small_cells(cells, limits),
        unjudged=table["denominator"] < limits.minimum_denominator,
    )


def quarters(report: Opened) -> pd.DataFrame:
    """Every figure of each whole report quarter of the trend alone, with quarter_label, back and
    known_at; those of earlier snapshots too."""
    periods = {report.period.earlier(back): back for back in range(TREND_QUARTERS)}
    labels = {period.reports[1].label: period for period in periods}
    about, every = report.data.about, report.raw.figures
    whole = {
        (period.reports[1].label, code)
        for period in periods
        for code in INDICATORS
        if holds_whole(period.reports[1], code, about.whole_from, as_of(about))
    }
    lines = zip(every["report"].tolist(), every["indicator"].tolist(), strict=True)
    figures = every[[line in whole for line in lines]].assign(known_at=about.as_of)
    older = report.raw.earlier
    if not older.empty:
        figures = figures.astype({"report": "str", "program": "str", "indicator": "str"})
        figures = pd.concat([older[figures.columns].astype(figures.dtypes), figures])
    quarter = figures["report"].astype("str").map(labels)
    return figures.assign(
        quarter_label=[period.name for period in quarter],
        back=[periods[period] for period in quarter],
    ).sort_values(["quarter_label", "program"], ignore_index=True)
