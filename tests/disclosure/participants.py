"""Participants and groups of them that a reader of one publication solves."""

from collections.abc import Iterable

import numpy as np

from tests.disclosure.reading import Prints
from tests.disclosure.solving import Unknowns
from tests.disclosure.system import TITLE_I


class Reach(Unknowns):
    """Participants, the shares of these, and the groups among those whose employment is counted.

    A share is printed in whole percents. The full edition has no more: the counts behind it are
    taken to be the nearest to it, which a reader cannot tell from the true ones.
    """

    SHARES = ("several", "trained")

    def __init__(self, printed: Prints, every: Prints, own: str = "") -> None:
        super().__init__()
        self._own = own
        areas = sorted({key[0] for key in every.reach})
        for (area, program, item), (_, size) in every.reach.items():
            if item == "participants" and size is not None:
                self._count(printed, area, program, size)
                for share in self.SHARES:
                    self._share_of(printed, every, (area, program, share))
        self._add_up(areas, ("title1", *TITLE_I), ("participants", *self.SHARES))
        lines = {
            key[2]: line
            for key, line in printed.lines.items()
            if key[0] == "rolling4" and key[1] != "edr" and key[3:] == ("title1", "ERQ2")
        }
        full = {
            key[2]: line
            for key, line in every.lines.items()
            if key[0] == "rolling4" and key[1] != "edr" and key[3:] == ("title1", "ERQ2")
        }
        for (area, group), (_, share) in every.mix.items():
            size = full[area].numbers["denominator"]
            place = self.at.get((area, "title1", "counted"))
            if place is None:
                place = self.new((area, "title1", "counted"), size)
                self._maybe(place, area, lines[area].hidden)
            hidden, number = printed.mix.get((area, group), (True, None))
            self._part((area, "title1", group), place, share, hidden, number)
        groups = {group for _, group in every.mix}
        self._add_up(areas, ("title1",), ("counted", *groups))

    def _maybe(self, place: int, area: str, hidden: bool) -> None:
        if not hidden or area == self._own:
            self.known.add(place)

    def _count(self, printed: Prints, area: str, program: str, size: float) -> None:
        hidden, number = printed.reach[area, program, "participants"]
        place = self.new((area, program, "participants"), size)
        self._maybe(place, area, hidden and number is None)
        cost = printed.reach.get((area, program, "cost"), (True, None))[1]
        if hidden and cost is not None:  # what is spent is public
            self.known.add(place)
        if hidden and size:
            self.between({place: 1}, 1, np.inf)
            if area != self._own:
                self.sought[area, program, "participants"] = {place: 1}

    def _share_of(self, printed: Prints, every: Prints, key: tuple[str, str, str]) -> None:
        place = self.at[(*key[:2], "participants")]
        self._part(key, place, every.reach[key][1], *printed.reach[key])

    def _part(
        self, key: tuple[str, str, str], whole: int, share: float | None, hidden: bool,
        number: float | None,
    ) -> None:  # fmt: skip
        size = self.truth[whole]
        place = self.new(key, round((share or 0) * size))
        self.between({whole: 1, place: -1}, 0, np.inf)
        if key[0] == self._own:
            self.known.add(place)
        elif number is not None:
            self.between({place: 1, whole: -(number - 0.005001)}, 0, np.inf)
            self.between({place: -1, whole: number + 0.005001}, 0, np.inf)
        if hidden and key[0] != self._own:
            for kind, term in (("held", {place: 1}), ("not", {whole: 1, place: -1})):
                own = 0
                if key[0] == "IL" and self._own:
                    mine = [self.at.get((self._own, *name)) for name in
                            (key[1:], (key[1], "participants"))]  # fmt: skip
                    held, people = (self.truth[m] if m is not None else 0 for m in mine)
                    own = held if kind == "held" else people - held
                if self.value(term) - own > 0:
                    self.sought[(*key, kind)] = term

    def _add_up(self, areas: Iterable[str], programs: Iterable[str], items: Iterable[str]) -> None:
        for item in items:
            for program in programs:
                self._told_sum(("IL", program, item), [(a, program, item) for a in areas
                                                       if a != "IL"])  # fmt: skip
            for area in areas if len([*programs]) > 1 else ():
                self._told_sum((area, "title1", item), [(area, p, item) for p in TITLE_I])

    def _told_sum(self, whole: object, parts: Iterable[object]) -> None:
        term = {self.at[part]: 1 for part in parts if part in self.at}
        if term and whole in self.at:
            self.is_(term | {self.at[whole]: -1})
