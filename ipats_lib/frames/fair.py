"""Whom each area serves, its figures as if it served whom Illinois serves, and areas alike.

In the released edition only areas whose figure is shown have a line with numbers, and these are
rounded, so that no group's count follows from them (decision 0023); a fact of few people has no
coefficient.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import Mask, Program, View
from ipats_lib.comparison import MANY, Fit, direct, logistic, nearest_by_mix, nearest_by_size
from ipats_lib.disclosure import load_thresholds, withhold_counts
from ipats_lib.frames.geography import load_regions
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.source import Source
from ipats_lib.groups import Group, condition
from ipats_lib.indicators.intervals import wilson
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.params import load_areas, one_of, read_each

PLACES = 3  # of a published share: no count of a group follows from it
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth")
_RATES = [code for code, rule in INDICATORS.items() if not rule.is_median]
_COUNTED = ("success", "failure", "pending")
_AMOUNTS = ("standardized", "standard_low", "standard_high", "expected", "adjusted")
Numbers = NDArray[np.float64]


@cache
def load_groups_of(use: str) -> tuple[Group, ...]:
    """The groups of `params/standard.csv` for one use: `standard` or `regression`."""

    def row(each: dict[str, str]) -> Group:
        one_of(each["use"], ("standard", "regression"))
        return Group(each["use"], each["title"], condition(each["holds"]))

    found = read_each("standard.csv", ("use", "title", "holds", "source"), row)
    return tuple(group for group in found if group.dimension == use)


class Lines:
    """The records that a program's measure counts in the main window: each area's, and all once.

    at: places in the records; success: of each. own: places among these, of each area's records,
    with area, the place of the area in `source.scopes`.
    """

    def __init__(self, source: Source, program: Program, measure: Measure) -> None:
        table = source.outcomes
        label = source.period.reports[0].label
        mine = (table["report"] == label) & (table["program"] == program)
        mine &= (table["indicator"] == measure) & table["state"].isin(_COUNTED)
        chosen = np.flatnonzero(mine)
        place = np.full(len(table), -1)
        place[chosen] = np.arange(len(chosen))
        self.at = np.searchsorted(source.rows["row"].to_numpy(), table["row"].to_numpy()[chosen])
        self.success = (table["state"].to_numpy(dtype=object)[chosen] == "success").astype(bool)
        lines, owner = source.lines
        inside = place[lines] >= 0
        self.own, self.area = place[lines][inside], owner[inside]


def facts_of(source: Source, program: Program, groups: Sequence[Group]) -> Mask:
    """Records by groups, as a line of the program has them."""
    span = source.period.reports[0].cohort("ER_Q2")
    view = View(source.records, program, span, source.snapshot.as_of)
    return np.column_stack([group.holds(view) for group in groups])


def fair(source: Source, areas: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frames `adjusted` and `coefficients`. areas: the frame of the edition; source: across.

    There is no coefficient where Illinois' figure is withheld: of few facts, they and their errors
    give away how many are counted and how many of these succeed.
    """
    parts, fits = [], []
    main = areas[areas["back"].eq(0) & areas["window"].eq(source.period.reports[0].window)]
    for program in PROGRAMS:
        strata = facts_of(source, program, load_groups_of("standard"))
        facts = facts_of(source, program, load_groups_of("regression")).astype(np.float64)
        for measure in _RATES:
            lines = Lines(source, program, measure)
            shown = main[(main["program"] == program) & (main["measure"] == measure)]
            if not len(lines.at) or lines.success.all() or not lines.success.any():
                continue
            kept = publishable_facts(source, facts[lines.at], lines)
            used = facts[lines.at][:, kept]
            fit = logistic(used, lines.success)
            parts.append(_adjusted(source, lines, strata[lines.at], fit, used, shown))
            if shown["state_value"].isna().all():
                continue
            titles = [group.title for group in load_groups_of("regression")]
            names = ["All others", *(titles[n] for n in np.flatnonzero(kept))]
            key = {"period": source.period.name, "program": program, "measure": measure}
            fits.append(pd.DataFrame({**key, "fact": names, "coefficient": fit.coefficients,
                                      "standard_error": fit.errors}))  # fmt: skip
    return (_framed(parts, "adjusted"), _framed(fits, "coefficients").round(PLACES))


def publishable_facts(source: Source, facts: Numbers, lines: Lines) -> Mask:
    """Which facts may have a coefficient. It and its error give away how many have the fact and how
    many of these succeed: neither they nor the others may be a small cell, nor what is left of
    either for the readers of an area, who know their own."""
    limits = load_thresholds()
    either = np.column_stack([facts, 1 - facts])
    won = either * lines.success[:, None]
    fine = np.ones(either.shape[1], dtype=np.bool_)
    local = [n for n, scope in enumerate(source.scopes) if scope.kind == "lwia"]
    for mine in (np.empty(0, dtype=np.intp), *(lines.own[lines.area == n] for n in local)):
        size, held = (one.sum(axis=0) - one[mine].sum(axis=0) for one in (either, won))
        few = np.minimum(held, size - held) < limits.minimum_numerator
        fine &= (size == 0) | ~(few | (size < limits.minimum_denominator))
    with_, without = np.split(fine, 2)
    return np.asarray(with_ & without, dtype=np.bool_)


def _framed(parts: list[pd.DataFrame], name: str) -> pd.DataFrame:
    empty = pd.DataFrame(columns=SCHEMAS[name].names)
    return pd.concat(parts, ignore_index=True) if parts else empty


def _adjusted(
    source: Source, lines: Lines, strata: Mask, fit: Fit, facts: Numbers, shown: pd.DataFrame
) -> pd.DataFrame:
    """One line an LWIA: its standardized share, and its share set against the expected one."""
    weights = strata.sum(axis=0) / max(1, strata.sum())
    local = shown[shown["area_type"] == "lwia"].reset_index(drop=True)
    chance, state = fit.expected(facts), float(local["state_value"].max())
    places = {scope.lwia: n for n, scope in enumerate(source.scopes) if scope.kind == "lwia"}
    least, found = load_thresholds().minimum_denominator, []
    for area, value in zip(local["area"], local["value"], strict=True):
        mine = lines.own[lines.area == places[area]]
        many, size = len(mine), strata[mine].sum(axis=0).astype(np.float64)
        if pd.isna(value) or many < least or np.isnan(state):  # the factor gives the share
            few = many < least and not pd.isna(value)
            found.append((*(np.nan,) * 7, "too few people" if few else "withheld"))
            continue
        won = int(lines.success[mine].sum())
        expected = float(chance[mine].mean())
        low, high = wilson(won, many)
        factor = state / expected
        rates = (expected, won / many * factor, low * factor, high * factor)
        gained = (strata[mine] & lines.success[mine][:, None]).sum(axis=0).astype(np.float64)
        if few_of_a_group(size[weights > 0], gained[weights > 0]):
            found.append((*(np.nan,) * 3, *rates, "a group has too few people to standardize"))
            continue
        found.append((*direct(gained, size, weights), *rates, ""))
    names = [*_AMOUNTS, "adjusted_low", "adjusted_high", "without"]
    computed = pd.DataFrame(found, columns=names)
    kept = ["period", "window", "area_type", "area", "area_title", "program", "program_title",
            "measure", "measure_title", "value", "denominator", "state_value"]  # fmt: skip
    amounts = computed[names[:-1]].round(PLACES).clip(0, 1)
    return pd.concat([local[kept], amounts, computed["without"]], axis=1)


def few_of_a_group(size: Numbers, gained: Numbers) -> bool:
    """Whether a group of an area is a small cell. size, gained: people and successes by group.

    The standardized share and its interval, to three places, are two equations: of two groups, as
    youth have, the counts of both follow exactly.
    """
    limits = load_thresholds()
    few = np.minimum(gained, size - gained) < limits.minimum_numerator
    return bool((few | (size < limits.minimum_denominator)).any())


def mix(source: Source, areas: pd.DataFrame, *, full: bool) -> pd.DataFrame:
    """The frame `mix`: the share of each declared group among those whose employment is counted.

    full: for the state's folder; otherwise shares of a withheld cell are withheld, and those that
    tell of a small group, alone or by the sum of areas (`disclosure.withhold_counts`).
    """
    groups = load_groups_of("regression")
    lines = Lines(source, "title1", "ERQ2")
    holds = facts_of(source, "title1", groups)[lines.at]
    main = areas[areas["back"].eq(0) & areas["window"].eq(source.period.reports[0].window)]
    main = main[(main["program"] == "title1") & (main["measure"] == "ERQ2")]
    main = main[main["area_type"] != "edr"].rename(columns={"suppressed": "unknown"})
    places = {scope.lwia: n for n, scope in enumerate(source.scopes) if scope.kind == "lwia"}
    rows = []
    for kind, area in zip(main["area_type"], main["area"], strict=True):
        mine = lines.own[lines.area == places[area]] if kind == "lwia" else slice(None)
        counts = holds[mine].sum(axis=0).tolist()
        for group, count in zip(groups, counts, strict=True):
            rows.append((kind, area, group.title, count, len(holds[mine])))
    names = ["area_type", "area", "measure", "numerator", "denominator"]
    keys = ["area_type", "area", "program", "period", "area_title", "unknown"]
    cells = pd.DataFrame(rows, columns=names).merge(main[keys].astype({"area": str}), how="left")
    share = (cells["numerator"] / cells["denominator"].where(cells["denominator"] > 0)).round(2)
    hidden = pd.Series(False, index=cells.index)
    if not full:
        hidden = withhold_counts(cells, load_thresholds(), cells["unknown"])
    shares = cells.assign(share=share.mask(hidden), suppressed=hidden, group_title=cells["measure"])
    return shares.drop(columns=["measure", "numerator", "denominator", "program", "unknown"])


def peers(areas: pd.DataFrame, mixes: pd.DataFrame) -> pd.DataFrame:
    """The frame `peers`: the areas that each area is like, by region, size, mix or choice."""
    names = {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}
    regions = load_regions()
    found = [
        ("region", one, n, other)
        for one, region in regions.items()
        for n, other in enumerate(
            [o for o, r in regions.items() if r.edr == region.edr and o != one], start=1
        )
    ]
    size = areas[areas["back"].eq(0) & areas["area_type"].eq("lwia")]
    size = size[size["area"].isin(list(regions))]
    size = size[(size["program"] == "title1") & (size["measure"] == "ERQ2")]
    size = size.drop_duplicates("area").dropna(subset="denominator")
    sizes = dict(zip(size["area"], size["denominator"].astype("float64"), strict=True))
    found += [
        ("size", one, n, other)
        for one, others in nearest_by_size(sizes, MANY).items()
        for n, other in enumerate(others, start=1)
    ]
    local = mixes[mixes["area_type"].eq("lwia") & mixes["area"].isin(list(regions))]
    wide = local.pivot(index="area", columns="group_title", values="share")
    order = list(wide.index)
    found += [
        ("mix", order[one], n, order[other])
        for one, others in enumerate(nearest_by_mix(wide.to_numpy(dtype=np.float64)))
        for n, other in enumerate(others, start=1)
    ]
    known = list(names)

    def chosen(row: dict[str, str]) -> tuple[str, str]:
        return one_of(row["lwia"], known), one_of(row["peer"], known)

    pairs = read_each("peers.csv", ("lwia", "peer", "source"), chosen)
    found += [("chosen", one, n, other) for n, (one, other) in enumerate(pairs, start=1)]
    lines = pd.DataFrame(found, columns=["alike", "area", "order", "peer"])
    return lines.assign(peer_title=lines["peer"].map(names))
