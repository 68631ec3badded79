"""What a failure leads to, counted in years of the same failure (WIOA s.116(f), (g))."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_rows


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed score of an earlier program year, as published."""

    py: int
    area: str
    kind: str
    name: str


@cache
def load_failures() -> frozenset[Failure]:
    """`params/assessments/published.csv`: earlier failures; ParamsError names file and line."""
    path = params_folder() / "assessments" / "published.csv"
    found = set()
    for line, row in enumerate(
        read_rows(path, ("py", "area_code", "kind", "name", "failed", "source")), start=2
    ):
        if not row["py"].isdigit() or row["failed"] not in ("true", "false") or not row["source"]:
            raise ParamsError(
                f"{path} line {line}: expected a program year, true or false, and a source."
            )
        if row["failed"] == "true":
            found.add(Failure(int(row["py"]), row["area_code"], row["kind"], row["name"]))
    return frozenset(found)


def years_failed(failures: Collection[Failure], py: int, area: str, kind: str, name: str) -> int:
    """Consecutive years of this failure up to and with `py`, which has just failed."""
    years = 1
    while Failure(py - years, area, kind, name) in failures:
        years += 1
    return years


@cache
def _consequences() -> dict[tuple[str, int], str]:
    path = params_folder() / "consequences.csv"
    rows = read_rows(path, ("area_type", "years", "consequence", "source"))
    try:
        return {(row["area_type"], int(row["years"])): row["consequence"] for row in rows}
    except ValueError as error:
        raise ParamsError(f"{path}: years must be whole numbers.") from error


def consequence(area_type: str, years: int) -> str:
    """What the law has follow so many consecutive years of a failure of the state or an LWIA."""
    known = {number for kind, number in _consequences() if kind == area_type}
    return _consequences()[area_type, min(years, max(known))]
