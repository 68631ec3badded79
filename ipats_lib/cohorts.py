"""Who is reported in which program, and which exit reasons take a record out (domain 2.1, 2.3).

A predicate asks one question of every record of a `View`. It is named once, with the elements and
codes it reads and its source; `&`, `|` and `~` combine predicates as the federal text combines
conditions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, reduce
from operator import or_
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.periods import Window

Program = Literal["adult", "dw", "youth", "wp", "title1"]
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth", "wp", "title1")
PROGRAM_TITLES: dict[Program, str] = {
    "adult": "Adult",
    "dw": "Dislocated Worker",
    "youth": "Youth",
    "wp": "Wagner-Peyser",
    "title1": "Title I total",
}

Mask = NDArray[np.bool_]
MISSING = -1


@dataclass(frozen=True)
class Records:
    """PIRL rows as plain arrays, each element converted once however many rules read it.

    frame: one row per period of participation, columns named by element number; codes are
    nullable integers, dates datetime64, amounts float.
    """

    frame: pd.DataFrame
    _arrays: dict[str, NDArray[Any]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.frame)

    def code(self, element: str) -> NDArray[np.int32]:
        """Codes as integers; MISSING where blank."""
        return self.kept(
            element, lambda: self.frame[element].to_numpy(dtype=np.int32, na_value=MISSING)
        )

    def day(self, element: str) -> NDArray[np.datetime64]:
        """Dates as datetime64[D]; NaT where blank, which no comparison holds for."""
        return self.kept(element, lambda: self.frame[element].to_numpy(dtype="datetime64[D]"))

    def text(self, element: str) -> NDArray[np.object_]:
        """Texts; empty where blank."""
        return self.kept(
            element, lambda: self.frame[element].astype("object").fillna("").to_numpy()
        )

    def amount(self, element: str) -> NDArray[np.float64]:
        """Dollars; NaN where blank, which no comparison holds for."""
        return self.kept(element, lambda: self.frame[element].to_numpy(dtype=np.float64))

    def kept(self, name: str, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """An array made of several elements, once however many questions ask for it."""
        if name not in self._arrays:
            self._arrays[name] = make()
        return self._arrays[name]

    @cached_property
    def one_year_after_exit(self) -> NDArray[np.datetime64]:
        """The same calendar day one year after exit (901); 29 February becomes 28 February."""
        exits = self.day("901")
        months = exits.astype("datetime64[M]")
        day = (exits - months.astype("datetime64[D]")).astype(np.int64)
        last = (months + 13).astype("datetime64[D]") - np.timedelta64(1, "D")
        return np.minimum((months + 12).astype("datetime64[D]") + day, last)

    def quarter_end_after_exit(self, quarters: int) -> NDArray[np.datetime64]:
        """Last day of the n-th calendar quarter after the exit quarter (domain 2.2, q_after)."""
        return self.kept(f"quarter {quarters} after exit", lambda: self._quarter_end(quarters))

    def _quarter_end(self, quarters: int) -> NDArray[np.datetime64]:
        exits = self.day("901")
        months = exits.astype("datetime64[M]").astype(np.int64)
        following = (months // 3 + quarters + 1) * 3
        last = following.astype("datetime64[M]").astype("datetime64[D]") - np.timedelta64(1, "D")
        return np.where(np.isnat(exits), np.datetime64("NaT", "D"), last)


@dataclass(frozen=True, slots=True)
class View:
    """The records as one line of a report sees them: which program, which window, known when."""

    records: Records
    program: Program
    window: Window
    as_of: date

    def day(self, element: str) -> NDArray[np.datetime64]:
        return self.records.day(element)

    def code(self, element: str) -> NDArray[np.int32]:
        return self.records.code(element)

    def has_code(self, element: str, codes: frozenset[int]) -> Mask:
        found = self.records.code(element)
        return np.logical_or.reduce([found == code for code in codes])

    def falls_in_window(self, element: str) -> Mask:
        days = self.day(element)
        return (days >= np.datetime64(self.window.start)) & (days <= np.datetime64(self.window.end))


@dataclass(frozen=True, slots=True)
class Predicate:
    """A named question with a yes or no for every record of a view."""

    code: str
    text: str
    test: Callable[[View], Mask]

    def __call__(self, view: View) -> Mask:
        return self.test(view)

    def __and__(self, other: "Predicate") -> "Predicate":
        text = f"({self.text}) and ({other.text})"
        return Predicate(
            f"{self.code}_and_{other.code}", text, lambda view: self(view) & other(view)
        )

    def __or__(self, other: "Predicate") -> "Predicate":
        text = f"({self.text}) or ({other.text})"
        return Predicate(
            f"{self.code}_or_{other.code}", text, lambda view: self(view) | other(view)
        )

    def named(self, code: str) -> "Predicate":
        """The same question under a name of its own, for a combination that gives a reason."""
        return Predicate(code, self.text, self.test)

    def __invert__(self) -> "Predicate":
        return Predicate(f"not_{self.code}", f"not ({self.text})", lambda view: ~self(view))


def has_code(code: str, element: str, *codes: int) -> Predicate:
    """A predicate on the code list of one element."""
    listed = ", ".join(map(str, codes))
    wanted = frozenset(codes)
    return Predicate(
        code, f"{element} in {{{listed}}}", lambda view: view.has_code(element, wanted)
    )


def whole_from(exits: NDArray[np.datetime64]) -> date | None:
    """The first day of the oldest quarter whose exits the extract holds as a whole.

    exits: element 901 of every record of the extract. An extract reaches back some ten quarters
    (domain 8.1); a few older exits come along with records that are kept for another reason, and
    would pass for a whole quarter. So: the oldest quarter with at least a tenth of the usual
    (median) number of exits. None where nobody has exited.
    """
    months = exits[~np.isnat(exits)].astype("datetime64[M]").astype(np.int64)
    quarters, counts = np.unique(months // 3, return_counts=True)
    if not len(quarters):
        return None
    usual = float(np.median(counts[counts > 0.1 * counts.max()]))
    first = quarters[counts >= 0.1 * usual][0]
    return (first * 3).astype("datetime64[M]").astype("datetime64[D]").item()


# Codes 1 local formula, 2 statewide, 3 both; 4 marks a reportable individual (domain 2.1; opdR).
IN_ADULT = has_code("in_adult", "903", 1, 2, 3)
IN_DISLOCATED_WORKER = has_code("in_dw", "904", 1, 2, 3)
IN_YOUTH = has_code("in_youth", "905", 1, 2, 3)
IN_WAGNER_PEYSER = has_code("in_wp", "918", 1)
IN_TITLE_I = IN_ADULT | IN_DISLOCATED_WORKER | IN_YOUTH
# Title II and Title IV, whose own records are in other files: the elements tell who is in them too.
IN_ADULT_EDUCATION = has_code("in_adult_education", "910", 1)
IN_VOCATIONAL_REHABILITATION = has_code("in_vocational_rehabilitation", "917", 1, 2, 3)
# The six core programs (WIOA s.3(12)).
CORE_PROGRAMS = (
    *(IN_ADULT, IN_DISLOCATED_WORKER, IN_YOUTH, IN_WAGNER_PEYSER),
    *(IN_ADULT_EDUCATION, IN_VOCATIONAL_REHABILITATION),
)
IN_CORE_PROGRAM = reduce(or_, CORE_PROGRAMS)
IN_SEVERAL_CORE_PROGRAMS = Predicate(
    "in_several_core_programs",
    "more than one of 903, 904, 905 in {1, 2, 3}, 918 = 1, 910 = 1, 917 in {1, 2, 3}",
    lambda view: np.sum([program(view) for program in CORE_PROGRAMS], axis=0) > 1,
)

STREAMS: dict[Program, Predicate] = {
    "adult": IN_ADULT,
    "dw": IN_DISLOCATED_WORKER,
    "youth": IN_YOUTH,
    "wp": IN_WAGNER_PEYSER,
    "title1": IN_TITLE_I,
}

# Asks which program the line is reported in, not who the person is: a co-enrolled customer's
# Adult line must not borrow a youth placement. The Title I line succeeds where any stream does.
IN_YOUTH_STREAM = Predicate(
    "in_youth_stream",
    "the line is reported in Youth",
    lambda view: (
        IN_YOUTH(view)
        if view.program in ("youth", "title1")
        else np.zeros(len(view.records), dtype=np.bool_)
    ),
)

# 923 blank or 00 is no exclusion; 98 and 99 are legacy codes read as 00 (domain 2.3).
EXCLUDED_FROM_EXIT_INDICATORS = replace(
    ~has_code("no_exclusion", "923", MISSING, 0, 98, 99),
    text="923 is neither blank nor 00 (nor the legacy codes 98, 99)",
)
# A criminal offender in a correctional institution (07) stays in measurable skill gains.
EXCLUDED_FROM_MSG = replace(
    ~has_code("no_exclusion", "923", MISSING, 0, 7, 98, 99),
    text="923 is neither blank nor 00 or 07 (nor the legacy codes 98, 99)",
)

EXITED_IN_WINDOW = Predicate(
    "exited_in_window", "901 in the window", lambda view: view.falls_in_window("901")
)


def _participated(view: View) -> Mask:
    start, end = np.datetime64(view.window.start), np.datetime64(view.window.end)
    exits = view.day("901")
    return (view.day("900") <= end) & (np.isnat(exits) | (exits >= start))


PARTICIPATED_IN_WINDOW = Predicate(
    "participated_in_window", "900 <= end and (901 blank or 901 >= start)", _participated
)
