"""The frame `training`: outcomes of those who trained, by provider and by occupation."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import TOTAL, Membership
from ipats_lib.cohorts import PROGRAM_TITLES, Program, Records
from ipats_lib.disclosure import load_thresholds, withhold_groups
from ipats_lib.frames.figures import MEASURE_TITLES
from ipats_lib.frames.groups import by_members
from ipats_lib.frames.occupations import group_titles
from ipats_lib.frames.source import TRAINED, Source, keyed
from ipats_lib.indicators.rules import INDICATORS

PROVIDER, OCCUPATION, NOT_RECORDED = "Training provider", "Occupation of training", "Not recorded"
NO_TITLE = "title not available"
_NUMBERS = ("numerator", "denominator", "pending", "value", "lower95", "upper95")
_PROGRAMS: tuple[Program, ...] = ("title1",)
_PROVIDER, *_OCCUPATIONS = TRAINED


def training(source: Source) -> pd.DataFrame:
    """The frame `training` of every scope, with `owner`: its scope's place; none for planners."""
    window = source.period.reports[0]
    lines = by_members(source, window, _members(source.rows), _PROGRAMS)
    kinds = np.array([scope.kind for scope in source.scopes], dtype=object)
    areas = np.array([scope.area for scope in source.scopes], dtype=object)
    lines = lines.assign(
        period=source.period.name, area_type=kinds[lines["owner"]], area=areas[lines["owner"]]
    )
    mine = (lines["dimension"] != TOTAL) & (lines["area_type"] != "planner")
    lines = lines[mine].reset_index(drop=True)
    hidden = withhold_groups(lines, ("owner", "dimension"), "group_title", load_thresholds())
    order = {code: place for place, code in enumerate(INDICATORS)}
    lines = lines.assign(
        **{name: lines[name].mask(hidden) for name in _NUMBERS},
        suppressed=hidden,
        program_title=lines["program"].map(PROGRAM_TITLES),
        measure_title=lines["measure"].map(MEASURE_TITLES),
        measure_order=lines["measure"].map(order),
    )
    by = ["owner", "measure_order", "dimension", "group_title"]
    return keyed(lines.sort_values(by, ascending=[True, True, False, True], ignore_index=True))


def _members(rows: pd.DataFrame) -> Membership:
    """Which record is with which provider and for which group of occupations, everybody first.

    rows: with `row`, 1300 and `TRAINED`. A record without training is in none of them.
    """
    records = Records(rows)
    trained = records.code("1300") == 1
    providers = {PROVIDER: [_texts(records, _PROVIDER)]}
    occupations = {OCCUPATION: [_occupations(_texts(records, slot)) for slot in _OCCUPATIONS]}
    found = [
        (kind, title, holds)
        for kind, slots in {**providers, **occupations}.items()
        for title, holds in _groups(slots, trained).items()
    ]
    everybody = np.ones(len(rows), dtype=np.bool_)
    titles = ((TOTAL, TOTAL), *((kind, title) for kind, title, _ in found))
    holds = np.column_stack([everybody, *(holds for _, _, holds in found)])
    return Membership(pd.Index(rows["row"]), titles, holds, np.empty(0, dtype=np.intp), {})


def _texts(records: Records, element: str) -> NDArray[np.object_]:
    return np.array([text.strip() for text in records.text(element).astype("str")], dtype=object)


def _occupations(codes: NDArray[np.object_]) -> NDArray[np.object_]:
    """The group of occupations of each code; its first two digits where no title is known."""
    pairs = zip(codes, group_titles(codes), strict=True)
    return np.array(
        [title or (f"{code[:2]} ({NO_TITLE})" if code else "") for code, title in pairs],
        dtype=object,
    )


def _groups(
    slots: list[NDArray[np.object_]], trained: NDArray[np.bool_]
) -> Mapping[str, NDArray[np.bool_]]:
    """Each title of the slots, and who has it in one of them; then who trained and has none."""
    nothing = np.logical_and.reduce([texts == "" for texts in slots])
    names = sorted(set().union(*(texts[trained].tolist() for texts in slots)) - {""})
    found = {
        name: trained & np.logical_or.reduce([texts == name for texts in slots]) for name in names
    }
    unnamed = trained & nothing
    return {**found, NOT_RECORDED: found.get(NOT_RECORDED, unnamed) | unnamed}
