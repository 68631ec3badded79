"""Quarters, program years and reports: a pure calendar (domain 2.2).

A report looks back from its report quarter R. The annual report of a program year is the rolling
four-quarter report of its last quarter, so one table of lags serves both.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from ipats_lib.errors import UsageError

WindowName = Literal["annual", "current", "rolling4", "ytd"]
Cohort = Literal["served", "exited", "ER_Q2", "ER_Q4", "MSG"]

# Quarters from the report quarter back to the newest quarter of the cohort (domain 2.2; opdR).
LAG: dict[Cohort, int] = {"served": 0, "exited": 1, "ER_Q2": 4, "ER_Q4": 6, "MSG": 0}

_WINDOW_TITLES: dict[WindowName, str] = {
    "annual": "annual",
    "current": "current quarter",
    "rolling4": "rolling 4 quarters",
    "ytd": "program year to date",
}
_PERIOD = re.compile(r"PY(?P<py>20[0-9]{2})(?:Q(?P<quarter>[1-4]))?")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A calendar quarter, counted so that quarters can be added: 4 * year + (0..3)."""

    index: int

    @classmethod
    def of(cls, day: date) -> "Quarter":
        return cls(4 * day.year + (day.month - 1) // 3)

    @property
    def start(self) -> date:
        return date(self.index // 4, 3 * (self.index % 4) + 1, 1)

    @property
    def end(self) -> date:
        return (self + 1).start - timedelta(days=1)

    @property
    def label(self) -> str:
        """For example `2024 Q2` (calendar year and quarter)."""
        return f"{self.index // 4} Q{self.index % 4 + 1}"

    def __add__(self, quarters: int) -> "Quarter":
        return Quarter(self.index + quarters)

    def __sub__(self, quarters: int) -> "Quarter":
        return Quarter(self.index - quarters)


@lru_cache(maxsize=4096)
def written_day(day: date) -> str:
    """A day as pages write it: Mar 7, 2025."""
    return f"{day:%b} {day.day}, {day.year}"


def program_year(day: date) -> int:
    """The program year that `day` lies in: 1 July to 30 June, named by its first year."""
    return day.year if day.month >= 7 else day.year - 1


def program_year_end(day: date) -> date:
    """The 30 June that closes the program year of `day`."""
    return date(program_year(day) + 1, 6, 30)


@dataclass(frozen=True, slots=True)
class Window:
    """An inclusive span of days."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Report:
    """One window of one report: annual, or a part of a quarterly one.

    The parts are the current quarter, the rolling four quarters, and the program year to date:
    the quarters of the program year up to the report quarter.
    """

    kind: Literal["annual", "quarterly"]
    py: int
    quarter: str
    window: WindowName
    report_quarter: Quarter

    def cohort(self, cohort: Cohort) -> Window:
        """The days that select the cohort: exit dates, or days of participation (domain 2.2)."""
        last = self.report_quarter - LAG[cohort]
        first = last - (self.quarters - 1)
        return Window(first.start, last.end)

    @property
    def quarters(self) -> int:
        """How many quarters the window spans."""
        if self.window == "ytd":
            return int(self.quarter.removeprefix("Q"))
        return 1 if self.window == "current" else 4

    @property
    def label(self) -> str:
        return f"PY{self.py}{self.quarter} {self.window_title}"

    @property
    def window_title(self) -> str:
        """The window in words."""
        return _WINDOW_TITLES[self.window]


@dataclass(frozen=True, slots=True)
class Period:
    """What a publication is for: a program year (`PY2024`) or one of its quarters (`PY2024Q4`)."""

    py: int
    quarter: int = 0

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read `PY2024` or `PY2024Q4`; UsageError for anything else."""
        found = _PERIOD.fullmatch(text)
        if found is None:
            raise UsageError(f"Period '{text}' is not known: write PY2024 or PY2024Q4.")
        return cls(int(found["py"]), int(found["quarter"] or 0))

    @property
    def name(self) -> str:
        return f"PY{self.py}" + (f"Q{self.quarter}" if self.quarter else "")

    @property
    def dates(self) -> str:
        """The months that it spans: `April to June 2025`, or `July 2024 to June 2025`."""
        first = self.report_quarter.start if self.quarter else date(self.py, 7, 1)
        year = "" if self.quarter else f" {first.year}"
        return f"{first:%B}{year} to {self.report_quarter.end:%B %Y}"

    @property
    def title(self) -> str:
        """Its months, and the program year and quarter that they are."""
        quarter = f", quarter {self.quarter}" if self.quarter else ""
        return f"{self.dates} (PY {self.py}{quarter})"

    @property
    def report_quarter(self) -> Quarter:
        """The report quarter R; of an annual report, the last quarter of the program year."""
        return Quarter.of(date(self.py, 7, 1)) + (self.quarter or 4) - 1

    @property
    def reports(self) -> tuple[Report, ...]:
        """The windows this period publishes, the main one first."""
        end = self.report_quarter
        if not self.quarter:
            return (Report("annual", self.py, "", "annual", end),)
        quarter = f"Q{self.quarter}"
        return (
            Report("quarterly", self.py, quarter, "rolling4", end),
            Report("quarterly", self.py, quarter, "current", end),
        )

    @property
    def program_year(self) -> Report:
        """The annual report of the period's program year, however much of it is over."""
        return Report("annual", self.py, "", "annual", Period(self.py).report_quarter)

    @property
    def windows(self) -> tuple[Report, ...]:
        """Every window that a reader may switch to, the main one first.

        The rolling four quarters, and the year to date, of an annual report are the year itself.
        """
        if not self.quarter:
            return (*self.reports, self.earlier(0).reports[1])
        quarter = f"Q{self.quarter}"
        to_date = Report("quarterly", self.py, quarter, "ytd", self.report_quarter)
        return (*self.reports, to_date, self.program_year)

    def earlier(self, quarters: int) -> "Period":
        """The quarterly period `quarters` before this one's report quarter."""
        start = (self.report_quarter - quarters).start
        return Period(program_year(start), (start.month - 7) % 12 // 3 + 1)
