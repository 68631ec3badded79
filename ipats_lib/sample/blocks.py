"""The plan of the sample: planners of every area, and pieces small enough to hold in memory."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng

from ipats_lib.params import load_areas, params_folder, read_rows
from ipats_lib.sample import rates
from ipats_lib.sample.people import Block, Neighbour, Planner
from ipats_lib.sample.vocabulary import LARGE_COUNTIES

BLOCK_PARTICIPANTS = 5000
FIRST_PLANNER = 1001
PLAN_STREAM = 10**7
PROGRAMS = ("adult", "dw", "youth")
STATE_AREA = "90"


def plan_blocks(seed: int, scale: float) -> tuple[list[Block], list[Planner]]:
    """The blocks of all areas, and all planners. scale: 1 is the size of Illinois."""
    rng = default_rng(SeedSequence([seed, PLAN_STREAM]))
    counts = _targets()
    planners: list[Planner] = []
    for area in load_areas():
        planners += _staff(area.lwia, counts[area.lwia]["planners"], scale, len(planners))
    areas = {
        area.lwia: Neighbour(
            area.lwia, area.board_code, tuple(p for p in planners if p.lwia == area.lwia)
        )
        for area in load_areas()
    }
    counties = _counties()
    blocks: list[Block] = []
    for lwia in areas:
        size = {name: counts[lwia][name] * scale for name in PROGRAMS}
        scaled = {name: max(2, round(count)) for name, count in size.items() if count}
        blocks += _blocks(len(blocks), areas, lwia, scaled, counties[lwia], _effects(rng))
    return blocks, planners


def _targets() -> dict[str, dict[str, int]]:
    """Participants of PY2024 by program, and planners, for each area."""
    columns = ("lwia", *PROGRAMS, "planners")
    rows = read_rows(params_folder() / "sample" / "areas.csv", columns)
    found = {row["lwia"]: {name: int(row[name]) for name in columns[1:]} for row in rows}
    statewide = rates.STATEWIDE_PARTICIPANTS | {"planners": rates.STATEWIDE_PLANNERS}
    return found | {STATE_AREA: statewide}


def _staff(lwia: str, number: int, scale: float, before: int) -> list[Planner]:
    """An area's planners; every twenty-fifth of the state has left, never an area's only one."""
    size = max(1, round(number * scale))
    every = rates.FORMER_PLANNER_EVERY
    return [
        Planner(str(FIRST_PLANNER + place), lwia, size == 1 or place % every != every - 1)
        for place in range(before, before + size)
    ]


def _effects(rng: Generator) -> dict[str, float]:
    """An area's shift of each rate: half of it common to all rates."""
    common = rng.normal()
    names = rates.AREA_EFFECTS
    drawn = (common + rng.normal(size=len(names))) / np.sqrt(2)
    return dict(zip(names, np.clip(drawn, -2, 2).tolist(), strict=True))


def _blocks(
    before: int,
    areas: dict[str, Neighbour],
    lwia: str,
    counts: dict[str, int],
    counties: tuple[str, ...],
    effects: dict[str, float],
) -> Iterator[Block]:
    others = tuple(a for a in areas.values() if a.lwia not in (lwia, STATE_AREA))
    elsewhere = sum(len(other.planners) for other in others)
    openness = elsewhere / (elsewhere + len(areas[lwia].planners))
    pieces = max(1, -(-sum(counts.values()) // BLOCK_PARTICIPANTS))
    for piece in range(pieces):
        mine = _share(areas[lwia].planners, piece, pieces)
        yield Block(
            number=before + piece + 1,
            lwia=lwia,
            board_code=areas[lwia].board_code,
            counts={n: len(_share(range(count), piece, pieces)) for n, count in counts.items()},
            planners=tuple(mine or areas[lwia].planners[:1]),
            counties=counties,
            effects=effects,
            openness=openness,
            others=others,
            statewide=areas[STATE_AREA],
        )


def _share(items: Sequence[Any], piece: int, pieces: int) -> Sequence[Any]:
    return items[len(items) * piece // pieces : len(items) * (piece + 1) // pieces]


def _counties() -> dict[str, tuple[str, ...]]:
    """FIPS codes of each area, a populous county several times; area 90 has those of all."""
    rows = read_rows(params_folder() / "counties.csv", ("county", "fips", "lwia", "edr"))
    places: dict[str, tuple[str, ...]] = {}
    for row in rows:
        weight = LARGE_COUNTIES.get(row["county"], 1)
        for lwia in (row["lwia"], STATE_AREA):
            places[lwia] = places.get(lwia, ()) + (row["fips"],) * weight
    return places
