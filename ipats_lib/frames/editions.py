"""The frame `areas`: the state beside every LWIA, in two editions (decision 0016)."""

from typing import Literal

import numpy as np
import pandas as pd

from ipats_lib import indicators
from ipats_lib.disclosure import load_thresholds, withhold
from ipats_lib.frames.figures import TITLES, history, lines_of
from ipats_lib.frames.levels_of import judged, with_levels
from ipats_lib.frames.source import Source, keyed, quarters_of
from ipats_lib.indicators.intervals import wilson
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import load_areas
from ipats_lib.scopes import STATE, STATE_AREA, Scope

Edition = Literal["full", "released"]
WITHHELD = "Withheld"
_CELL = ("py", "quarter", "window", "area_type", "area", "program", "measure")
_NUMBERS = ("numerator", "denominator", "value", "lower95", "upper95", "percent")


def edition_of(scope: Scope) -> Edition:
    """*Full* in the state's folder, whose readers may open every area; *released* elsewhere."""
    return "full" if scope == STATE else "released"


def withheld(source: Source) -> pd.DataFrame:
    """The main report of the state and of every LWIA (long form), small cells withheld."""
    areas = [("state", STATE_AREA), *(("lwia", area.lwia) for area in load_areas())]
    figures = source.counts[source.counts["area_type"] != "planner"]
    long = indicators.long_form(figures, source.period.reports, areas)
    return withhold(long, load_thresholds(), released=(one.lines() for one in source.released))


def areas(source: Source, hidden: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """The frame `areas`. source: `Source.across`. hidden: `withheld` of it."""
    main = _main(source, hidden)
    if edition == "full":
        lines = pd.concat([main.assign(suppressed=False), _quarters(source)], ignore_index=True)
    else:
        lines = pd.concat([_protected(main), _on_record(source)], ignore_index=True)
    names = {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}
    return keyed(
        lines.assign(
            area_title=lines["area"].map({STATE_AREA: "Illinois", **names}),
            program_title=lines["program"].map(TITLES),
            measure_title=lines["measure"].map({c: r.title for c, r in INDICATORS.items()}),
            window_title=lines["window"].map(_titles(source)),
            group="",
        )
    )


def _titles(source: Source) -> dict[str, str]:
    windows = (*source.period.windows, *quarters_of(source.period))
    return {window.window: window.window_title.capitalize() for window in windows}


def _main(source: Source, hidden: pd.DataFrame) -> pd.DataFrame:
    """The windows of the main report, with whether each cell may leave the state's folder."""
    lines = lines_of(source, source.counts, source.period.reports)
    lines = lines[lines["area_type"] != "planner"].reset_index(drop=True)
    keys = zip(*(hidden[name].tolist() for name in _CELL), strict=True)
    kept = dict(zip(keys, (~hidden["suppressed"]).tolist(), strict=True))
    mine = zip(*(lines[name].tolist() for name in _CELL), strict=True)
    lines = lines.assign(period=source.period.name, back=0, release=[kept[key] for key in mine])
    return judged(with_levels(lines, source), source)


def _protected(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines as every reader may have them: of a withheld one its keys and its level alone.

    The interval of a median is two wages of the area, and stays in the state's folder.
    """
    hidden = ~lines["release"]
    median = lines["measure"].map({code: rule.is_median for code, rule in INDICATORS.items()})
    bounds = hidden | median.astype("bool")
    shown = lines.astype({"denominator": "Int64"})
    masks = dict.fromkeys(_NUMBERS, hidden) | dict.fromkeys(("lower95", "upper95"), bounds)
    return shown.assign(
        **{name: shown[name].mask(mask) for name, mask in masks.items()},
        could_be_chance=lines["could_be_chance"] & ~bounds,
        status=lines["status"].mask(hidden, WITHHELD),
        suppressed=hidden,
    )


def _quarters(source: Source) -> pd.DataFrame:
    """The report quarters that the main report does not hold, of every area, for the state."""
    lines = history(source)
    lines = lines[lines["area_type"] != "planner"]
    known = any(window.window == "current" for window in source.period.reports)
    in_main = lines["back"].eq(0) & known
    lines = lines[~in_main].reset_index(drop=True)
    lines = lines.assign(quarter="", suppressed=False, release=False)
    return judged(lines, source)


def _on_record(source: Source) -> pd.DataFrame:
    """Earlier quarters as linked publications printed them: nothing that is not public already.

    A quarter of which several records exist is left out: none says of which extract it is.
    """
    parts = []
    quarters = quarters_of(source.period)[1:]
    for back, window in enumerate(quarters, start=1):
        name = f"PY{window.py}{window.quarter}"
        records = [one for one in source.released if one.name.startswith(f"{name}-")]
        if len(records) != 1:
            continue
        lines = records[0].lines()
        mine = lines[(lines["window"] == "current") & (lines["area_type"] != "planner")]
        parts.append(mine.assign(period=name, back=back))
    if not parts:
        return pd.DataFrame()
    lines = pd.concat(parts, ignore_index=True)
    hidden = lines["suppressed"].astype("bool")
    number = {
        "numerator": pd.to_numeric(lines["numerator"].mask(hidden).replace("", None)),
        "value": pd.to_numeric(lines["value"].mask(hidden).replace("", None)),
    }
    numerator = number["numerator"].astype("Int64")
    lines = lines.assign(
        numerator=numerator,
        value=number["value"].astype("float64"),
        denominator=lines["denominator"].astype("Int64"),
        lwia=lines["area"].where(lines["area_type"] == "lwia", ""),
        best=np.nan,
        **_intervals(numerator, lines["denominator"].astype("Int64")),
    )
    counted = lines.assign(denominator=lines["denominator"].fillna(0).astype("int64"))
    told = judged(with_levels(counted, source), source)
    return told.assign(
        denominator=lines["denominator"],
        status=told["status"].mask(hidden, WITHHELD),
        suppressed=hidden,
        release=~hidden,
    )


def _intervals(numerator: pd.Series, denominator: pd.Series) -> dict[str, list[float]]:
    pairs = zip(numerator.fillna(-1).tolist(), denominator.fillna(0).tolist(), strict=True)
    found = [wilson(n, d) if n >= 0 and d else (np.nan, np.nan) for n, d in pairs]
    return {"lower95": [one[0] for one in found], "upper95": [one[1] for one in found]}
