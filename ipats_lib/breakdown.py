"""Which record is in which group: every group's question, asked of every record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import Mask, Program, Records, View
from ipats_lib.groups import ASKS_AS, Group, load_groups
from ipats_lib.periods import Window

TOTAL = "All"
# With whom a barrier's group is compared by the 80 percent rule.
WITHOUT = "those without it"


@dataclass(frozen=True, eq=False)
class Membership:
    """Which record is in which group; the first group is everybody.

    rows: the records' `row`; titles: dimension and title of each group; holds: records x groups,
    as the Title I total has them; the answers that another program gives to the groups at
    `differing` (`Group.by_program`) are in by_program.
    """

    rows: pd.Index
    titles: tuple[tuple[str, str], ...]
    holds: NDArray[np.bool_]
    differing: NDArray[np.intp]
    by_program: Mapping[Program, NDArray[np.bool_]]

    def of(self, program: Program, places: NDArray[np.intp] | None = None) -> NDArray[np.bool_]:
        """The records (at these places, or all) x groups, as a line of the program has them."""
        chosen = slice(None) if places is None else places
        holds = self.holds[chosen]
        theirs = self.by_program.get(ASKS_AS[program])
        if theirs is None:
            return holds
        holds = holds.copy() if places is None else holds
        holds[:, self.differing] = theirs[chosen]
        return holds

    def with_groups(self, rows: pd.DataFrame, groups: Sequence[Group]) -> "Membership":
        """The same, and further groups at the end, whose answer no program changes.

        rows: the records of this membership, with the elements that the groups ask about.
        """
        more = _asked(Records(rows), "title1", groups)
        titles = ((group.dimension, group.title) for group in groups)
        return replace(
            self,
            titles=(*self.titles, *titles),
            holds=np.column_stack([self.holds, *more]),
        )


def membership_of(rows: pd.DataFrame) -> Membership:
    """Ask every group's question of every record.

    rows: one row per period of participation, with `row` and the elements of `groups.ELEMENTS`.
    """
    records, groups = Records(rows), load_groups()
    everybody = np.ones(len(rows), dtype=np.bool_)
    holds = np.column_stack([everybody, *_asked(records, "title1", groups)])
    differing = [group for group in groups if group.by_program]
    places = [place for place, group in enumerate(groups, start=1) if group.by_program]
    by_program: dict[Program, NDArray[np.bool_]] = {
        program: np.column_stack(_asked(records, program, differing))
        for program in dict.fromkeys(ASKS_AS.values())
        if program != "title1"
    }
    titles = ((TOTAL, TOTAL), *((group.dimension, group.title) for group in groups))
    return Membership(pd.Index(rows["row"]), titles, holds, np.array(places), by_program)


def _asked(records: Records, program: Program, groups: Iterable[Group]) -> list[Mask]:
    # Groups ask about entry alone: window and as-of date of the view do not matter.
    view = View(records, program, Window(date.min, date.max), date.max)
    return [group.holds(view) for group in groups]
