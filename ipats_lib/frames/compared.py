"""What areas' lines say beside each other: verdicts, funnels, ranks and trends.

All of it is made from the lines as their readers have them, so that a withheld cell is in none of
it, and no number here holds more than the lines do (decision 0023).
"""

import numpy as np
import pandas as pd

from ipats_lib.comparison import (
    Z95,
    Z998,
    chances,
    dispersion,
    funnel_limits,
    funnel_place,
    limits,
    linear_trend,
    rank_ranges,
    scores,
    trend,
    verdicts,
)
from ipats_lib.frames.geography import load_regions
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.source import TREND_QUARTERS
from ipats_lib.indicators.differences import discoveries
from ipats_lib.params import load_areas
from ipats_lib.scopes import STATE_AREA

GRANTS = "90"  # statewide grants: no local area, so it is not ranked
CELL = ["back", "window", "program", "measure"]
SERIES = ["area_type", "area", "program", "measure"]
_STEPS = 40


def compared(lines: pd.DataFrame) -> pd.DataFrame:
    """Adds names, the state's value, verdicts, the place in the funnel, trend and range of ranks.

    lines: of the frame `areas`, what is withheld missing, with median_verdict.
    """
    lines = lines.assign(**_names(lines), state_value=_state_value(lines))
    local = lines["area_type"].ne("state") & lines["value"].notna()
    score = np.full(len(lines), np.nan)
    asked = np.flatnonzero(local & lines["numerator"].notna())
    columns = ("numerator", "denominator", "state_value")
    score[asked] = scores(*(lines[n].iloc[asked].to_numpy(dtype=np.float64) for n in columns))
    median = lines["median_verdict"].where(local, "").to_numpy(dtype=object)
    differs = np.zeros(len(lines), dtype=np.bool_)
    main = lines["back"].eq(0) & lines["area_type"].eq("lwia") & lines["program"].ne("title1")
    for mine in lines[main].groupby("window", observed=True).indices.values():
        at = np.flatnonzero(main)[mine]
        differs[at] = discoveries(chances(score[at]))
    low, high = _ranks(lines)
    return lines.assign(
        versus_state=np.where(median != "", median, verdicts(score)),
        clear=differs,
        funnel=funnel_place(score),
        trend=_trend_words(lines),
        rank_low=low,
        rank_high=high,
    )


def _names(lines: pd.DataFrame) -> dict[str, pd.Series]:
    regions = load_regions()
    areas = {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}
    by_number = {f"edr {r.edr}": f"{r.title} region" for r in regions.values()}
    named = {STATE_AREA: "Illinois", **areas}
    key = lines["area"].where(lines["area_type"] != "edr", "edr " + lines["area"].astype("str"))
    region = lines["area"].map({lwia: r.edr for lwia, r in regions.items()}).fillna("")
    return {
        "area_title": key.map({**named, **by_number}),
        "region": region.where(lines["area_type"] == "lwia", ""),
    }


def _state_value(lines: pd.DataFrame) -> pd.Series:
    state = lines[lines["area_type"] == "state"].drop_duplicates(CELL).set_index(CELL)["value"]
    keys = pd.MultiIndex.from_frame(lines[CELL])
    return pd.Series(state.reindex(keys).to_numpy(dtype=np.float64), index=lines.index)


def _ranks(lines: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    low, high = (pd.Series(pd.NA, index=lines.index, dtype="Int64") for _ in range(2))
    local = lines["area_type"].eq("lwia") & lines["area"].ne(GRANTS) & lines["back"].eq(0)
    known = lines[local & lines["numerator"].notna() & lines["value"].notna()]
    for mine in known.groupby(CELL, observed=True).groups.values():
        counts = (known.loc[mine, n].to_numpy(np.float64) for n in ("numerator", "denominator"))
        low[mine], high[mine] = rank_ranges(*counts)
    return low, high


def _series(lines: pd.DataFrame) -> pd.DataFrame:
    """One row a series of quarters of a share: successes and counted by `back`."""
    quarters = lines[(lines["window"] == "current") & lines["numerator"].notna()]
    found = quarters.pivot_table(
        index=SERIES, columns="back", values=["numerator", "denominator"], observed=True
    )
    names = pd.MultiIndex.from_product(
        [["numerator", "denominator"], range(TREND_QUARTERS - 1, -1, -1)]
    )
    return found.reindex(columns=names).fillna(0).astype("float64")


def _trend_words(lines: pd.DataFrame) -> pd.Series:
    series = _series(lines)
    words = {
        key: trend(row[:TREND_QUARTERS], row[TREND_QUARTERS:])
        for key, row in zip(series.index, series.to_numpy(), strict=True)
    }
    asked = lines["back"].eq(0) & lines["area_type"].ne("edr")
    asked &= lines["numerator"].notna() & lines["value"].notna()
    keys = zip(*(lines[name].tolist() for name in SERIES), strict=True)
    found = [words.get(key, "few") if a else "" for key, a in zip(keys, asked, strict=True)]
    return pd.Series(found, index=lines.index, dtype="object")


def trends(areas: pd.DataFrame) -> pd.DataFrame:
    """The frame `trends` of the frame `areas`: one row an area, program and measure."""
    quarters = areas[areas["window"] == "current"].assign(group="")
    value = quarters.pivot_table(index=SERIES, columns="back", values="value", observed=True)
    value = value.reindex(columns=range(TREND_QUARTERS)).dropna(how="all")
    series = _series(areas).reindex(value.index).to_numpy()
    tests = [linear_trend(row[:TREND_QUARTERS], row[TREND_QUARTERS:]) for row in series]
    words = [
        "" if np.isnan(row).all() else trend(row[:TREND_QUARTERS], row[TREND_QUARTERS:])
        for row in series
    ]
    runs = [limits(row[~np.isnan(row)]) for row in value.to_numpy()[:, ::-1]]
    titles = quarters.drop_duplicates(SERIES).set_index(SERIES)
    names = ["period", "area_title", "program_title", "measure_title", "region"]
    mean, low, high = np.array(runs, dtype=np.float64).reshape(-1, 3).T
    return (
        titles[names]
        .reindex(value.index)
        .assign(
            quarters=value.notna().sum(axis=1),
            value=value[0],
            change_quarter=value[0] - value[1],
            change_year=value[0] - value[4],
            trend=words,
            p_value=[chance for _, chance in tests],
            run_mean=mean,
            run_low=low,
            run_high=high,
        )
        .reset_index()
    )


def funnels(areas: pd.DataFrame) -> pd.DataFrame:
    """The frame `funnels` of the frame `areas`: the limits of each funnel by the number counted."""
    parts = []
    rates = areas[areas["back"].eq(0) & areas["numerator"].notna() & areas["value"].notna()]
    for _, mine in rates.groupby(CELL, observed=True, sort=False):
        local = mine[mine["area_type"] == "lwia"]
        target = float(mine["state_value"].iloc[0])
        if local.empty or not 0 < target < 1:
            continue
        success, size = (local[n].to_numpy(np.float64) for n in ("numerator", "denominator"))
        phi, tau = dispersion(success, size, target)
        ends = max(1, size.min() * 0.8), size.max() * 1.25
        size = np.unique(np.geomspace(*ends, _STEPS).round())
        kinds = {"95": (Z95, 0.0), "998": (Z998, 0.0), "wide95": (Z95, tau), "wide998": (Z998, tau)}
        edges: dict[str, object] = {}
        for name, (z, spread) in kinds.items():
            edges[f"lower_{name}"], edges[f"upper_{name}"] = funnel_limits(target, size, z, spread)
        key = mine.iloc[0][["period", "window", "program", "measure"]].to_dict()
        columns = {"denominator": size, "target": target, "dispersion": phi, "tau": tau, **edges}
        parts.append(pd.DataFrame({**columns, **key}))
    if not parts:
        return pd.DataFrame(columns=SCHEMAS["funnels"].names)
    return pd.concat(parts, ignore_index=True)
