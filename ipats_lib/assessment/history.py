"""What a failure leads to, counted in years of the same failure (WIOA s.116(f), (g))."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from itertools import chain, product

from ipats_lib.assessment.scores import KINDS, assessed_programs
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels.level import SYNTHETIC
from ipats_lib.params import (
    load_areas,
    one_of,
    read_each,
    whole_number,
    yes_or_no,
)
from ipats_lib.scopes import STATE_AREA


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed score of an earlier program year, as published."""

    py: int
    area: str
    kind: str
    name: str


@cache
def load_failures(synthetic: bool) -> frozenset[Failure]:
    """`params/assessments/`: failures of earlier years; ParamsError names file and line.

    Published ones always; those of `synthetic.csv`, invented, only beside synthetic data.
    """
    published = _read("published.csv")
    return published | _read(f"{SYNTHETIC}.csv") if synthetic else published


def _read(file: str) -> frozenset[Failure]:
    def failure(row: dict[str, str]) -> Failure | None:
        _check_source(row["source"], file)
        py, kind = whole_number(row["py"]), one_of(row["kind"], KINDS)
        found = Failure(py, row["area_code"], kind, one_of(row["name"], _names(kind)))
        return found if yes_or_no(row["failed"]) else None

    columns = ("py", "area_code", "kind", "name", "failed", "source")
    return frozenset(filter(None, read_each(f"assessments/{file}", columns, failure)))


def _check_source(source: str, file: str) -> None:
    """ValueError where a file of invented lines holds a real source, or another an invented one."""
    if not source or source.startswith(SYNTHETIC) != file.startswith(SYNTHETIC):
        raise ValueError(f"the source must say '{SYNTHETIC}' or be real")


CompleteYear = tuple[int, str, str, str]
"""Program year, area, program and indicator of which there are complete data."""


@cache
def load_complete_years(synthetic: bool) -> frozenset[CompleteYear]:
    """`params/assessments/`: of which years complete data are on file.

    Those of `complete_years.csv` always; those of `synthetic_complete_years.csv`, invented, only
    beside synthetic data. ParamsError names file and line. Source: 20 CFR 677.220(a)(1)(ii).
    """
    published = _complete("complete_years.csv")
    return published | _complete(f"{SYNTHETIC}_complete_years.csv") if synthetic else published


def _complete(name: str) -> frozenset[CompleteYear]:
    lwias = tuple(area.lwia for area in load_areas())
    kinds = {STATE_AREA: (STATE_AREA,), "LWIA": lwias, **{lwia: (lwia,) for lwia in lwias}}

    def known(row: dict[str, str]) -> list[CompleteYear]:
        _check_source(row["source"], name)
        areas = [area for one in row["areas"].split("|") for area in kinds[one_of(one, kinds)]]
        programs = [one_of(one, assessed_programs("")) for one in row["programs"].split("|")]
        measures = [one_of(one, INDICATORS) for one in row["indicators"].split("|")]
        py = whole_number(row["py"])
        return [(py, *of) for of in product(areas, programs, measures)]

    columns = ("py", "areas", "programs", "indicators", "source")
    return frozenset(chain(*read_each(f"assessments/{name}", columns, known)))


@cache
def _names(kind: str) -> frozenset[str]:
    programs, measures = assessed_programs(""), tuple(INDICATORS)
    every = {"program": programs, "indicator": measures}
    return frozenset(every.get(kind, [individual_name(p, m) for p in programs for m in measures]))


def individual_name(program: str, measure: str) -> str:
    """How an individual score is named among the failures: `adult ERQ2`."""
    return f"{program} {measure}"


def years_failed(failures: Collection[Failure], py: int, area: str, kind: str, name: str) -> int:
    """Consecutive years of this failure up to and with `py`, which has just failed."""
    years = 1
    while Failure(py - years, area, kind, name) in failures:
        years += 1
    return years


@cache
def _consequences() -> dict[tuple[str, str, int], str]:
    columns = ("area_type", "kinds", "years", "consequence", "source")

    def follows(row: dict[str, str]) -> dict[tuple[str, str, int], str]:
        years = whole_number(row["years"])
        kinds = [one_of(kind, KINDS) for kind in row["kinds"].split("|")]
        return {(row["area_type"], kind, years): row["consequence"] for kind in kinds}

    found: dict[tuple[str, str, int], str] = {}
    for row in read_each("consequences.csv", columns, follows):
        found |= row
    return found


def consequence(area_type: str, kind: str, years: int) -> str:
    """What the law has follow so many consecutive years of a failed score of one of `KINDS`.

    The last that the law names holds for longer. A reorganization plan follows from a third year of
    the same indicator of the same program alone, so never from an LWIA's overall scores. Empty for
    areas that it does not name, such as planners. Source: `params/consequences.csv`; 20 CFR
    677.220(b).
    """
    asked, every = (area_type, kind), _consequences().items()
    named = {number: text for (area, of, number), text in every if (area, of) == asked}
    return named.get(min(years, max(named, default=0)), "")
