"""What a failure leads to, counted in years of the same failure (WIOA s.116(f), (g))."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ipats_lib.assessment.scores import KINDS, assessed_programs
from ipats_lib.errors import ParamsError
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels import SYNTHETIC
from ipats_lib.params import one_of, params_folder, read_each, read_rows, whole_number


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed score of an earlier program year, as published."""

    py: int
    area: str
    kind: str
    name: str


_FAILURES = ("py", "area_code", "kind", "name", "failed", "source")


@cache
def load_failures(synthetic: bool) -> frozenset[Failure]:
    """`params/assessments/`: failures of earlier years; ParamsError names file and line.

    Published ones always; those of `synthetic.csv`, invented, only beside synthetic data.
    """
    folder = params_folder() / "assessments"
    invented, published = _read(folder / "synthetic.csv"), _read(folder / "published.csv")
    return published | invented if synthetic else published


def _read(path: Path) -> frozenset[Failure]:
    found, of_invention = set(), path.name.startswith(SYNTHETIC)
    for line, row in enumerate(read_rows(path, _FAILURES), start=2):
        known = row["kind"] in KINDS and row["failed"] in ("true", "false") and row["source"]
        if not row["py"].isdecimal() or not known or row["name"] not in _names(row["kind"]):
            raise ParamsError(
                f"{path} line {line}: expected a program year, a kind ({', '.join(KINDS)}), the "
                "program, indicator or both (adult ERQ2), true or false, and a source."
            )
        if row["source"].startswith(SYNTHETIC) != of_invention:
            raise ParamsError(f"{path} line {line}: the source must say '{SYNTHETIC}' or be real.")
        if row["failed"] == "true":
            found.add(Failure(int(row["py"]), row["area_code"], row["kind"], row["name"]))
    return frozenset(found)


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

    def told(row: dict[str, str]) -> dict[tuple[str, str, int], str]:
        years = whole_number(row["years"])
        kinds = [one_of(kind, KINDS) for kind in row["kinds"].split("|")]
        return {(row["area_type"], kind, years): row["consequence"] for kind in kinds}

    found: dict[tuple[str, str, int], str] = {}
    for row in read_each("consequences.csv", columns, told):
        found |= row
    return found


def consequence(area_type: str, kind: str, years: int) -> str:
    """What the law has follow so many consecutive years of a failed score of one of `KINDS`.

    The last that the law names holds for longer; a plan is for one program, so none follows from
    an LWIA's overall indicator score. Empty for areas that it does not name, such as planners.
    """
    asked, every = (area_type, kind), _consequences().items()
    named = {number: text for (area, of, number), text in every if (area, of) == asked}
    return named.get(min(years, max(named, default=0)), "")
