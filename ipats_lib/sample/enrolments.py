"""Enrolments: a period of participation in one LWIA, with the planner who works with it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.people import Block, Days, People, Planner, chance

# Columns of a case table; days are days until they are written. row: the line's place in `People`,
# -1 for none; it is not written.
Table = dict[str, NDArray[Any]]
FIRST_DAY, LAST_DAY = np.datetime64("1930-01-01"), np.datetime64("2035-01-01")
_DAYS = np.datetime_as_string(np.arange(FIRST_DAY, LAST_DAY + 1))
_WRITTEN = np.append(np.char.replace(_DAYS, "-", ""), "").astype(object)
OTHER_PLANNER_SHARE = 0.06


def text_of(days: Days) -> NDArray[Any]:
    """YYYYMMDD, or nothing for a missing day."""
    steps = (days - FIRST_DAY).astype("int64")
    return np.asarray(_WRITTEN[np.where(np.isnat(days), len(_WRITTEN) - 1, steps)])


@dataclass(frozen=True, slots=True)
class Enrolments:
    """Arrays of one entry for each enrolment of a block's Title I participants.

    row: place in `people`. lwia, planner: who serves it. number: customer, hyphen, running
    number. active: whether that planner still works there.
    """

    people: People
    row: NDArray[np.int64]
    lwia: NDArray[Any]
    number: NDArray[Any]
    planner: NDArray[Any]
    active: NDArray[np.bool_]

    @property
    def size(self) -> int:
        return len(self.row)

    @property
    def customer(self) -> NDArray[Any]:
        return np.asarray(self.people.customer[self.row])

    def days(self, element: str) -> Days:
        return np.asarray(self.people.days[element][self.row])

    @property
    def exited(self) -> NDArray[np.bool_]:
        return np.asarray(self.people.exited[self.row])

    def somebody(self, rng: Generator, share: float = OTHER_PLANNER_SHARE) -> NDArray[Any]:
        """Each enrolment's planner, in some cases another one of the LWIA."""
        other, _ = _draw(rng, self.people.block, self.lwia)
        return np.where(chance(rng, self.size, share), other, self.planner)

    def successor(self, rng: Generator) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Another planner of the LWIA for each enrolment, and whether that one is active."""
        return _draw(rng, self.people.block, self.lwia)


def enrol(rng: Generator, people: People) -> Enrolments:
    """One enrolment where a period began, and one more where a second LWIA serves it."""
    first = np.flatnonzero(people.title_one)
    second = np.flatnonzero(people.title_one & (people.second != ""))
    row = np.concatenate([first, second])
    lwia = np.concatenate([people.home[first], people.second[second]])
    order = np.lexsort((np.arange(len(row)) >= len(first), people.days["900"][row],
                        people.person[row]))  # fmt: skip
    row, lwia = row[order], lwia[order]
    running = _running(people.person[row])
    number = [f"{c}-{n}" for c, n in zip(people.customer[row], running, strict=True)]
    planner, active = _draw(rng, people.block, lwia)
    return Enrolments(people, row, lwia, np.array(number, dtype=object), planner, active)


def _running(person: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 for the first entry of each run of equal numbers, 2 for the next."""
    place = np.arange(len(person))
    starts = np.append(True, person[1:] != person[:-1])[: len(person)]
    return np.asarray(place - np.maximum.accumulate(np.where(starts, place, 0)) + 1)


def _planners(block: Block) -> dict[str, tuple[Planner, ...]]:
    others = {other.lwia: other.planners for other in (*block.others, block.statewide)}
    return others | {block.lwia: block.planners}


def _draw(
    rng: Generator, block: Block, lwia: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """A planner of each LWIA; one who has left less often than one who has not."""
    number, active = np.full(len(lwia), "", dtype="U6"), np.zeros(len(lwia), dtype=bool)
    planners = _planners(block)
    for area in np.unique(lwia):
        mine, staff = np.flatnonzero(lwia == area), planners[str(area)]
        weights = np.array([1.0 if p.active else rates.FORMER_PLANNER_WEIGHT for p in staff])
        drawn = rng.choice(len(staff), len(mine), p=weights / weights.sum())
        number[mine] = np.array([p.number for p in staff])[drawn]
        active[mine] = np.array([p.active for p in staff])[drawn]
    return number.astype(object), active
