"""Reading and checking `params/plans/`: how many participants and exiters a year is planned for."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from ipats_lib.cohorts import Program
from ipats_lib.params import load_areas, one_of, params_folder, read_each, whole_number
from ipats_lib.scopes import STATE_AREA

COLUMNS = ("py", "area_type", "area_code", "program", "count", "planned", "source")
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth", "wp")
COUNTS = ("participants", "exiters")


class PlanKey(NamedTuple):
    """Program year, `state` or `lwia`, `IL` or the LWIA's number, program, and what is counted."""

    py: int
    area_type: str
    area: str
    program: str
    item: str


class Plan(NamedTuple):
    """A planned count of a whole program year, and where it is published."""

    planned: int
    source: str


@cache
def load_plans() -> Mapping[PlanKey, Plan]:
    """Every plan of `params/plans/*.csv`; none where no such file is.

    ParamsError names the file, the line, what is wrong and what is expected.
    """
    found: dict[PlanKey, Plan] = {}

    def add(row: dict[str, str]) -> None:
        key, plan = _parsed(row)
        if key in found:
            raise ValueError(f"the plan of {', '.join(map(str, key))} is there twice")
        found[key] = plan

    for path in sorted((params_folder() / "plans").glob("*.csv")):
        read_each(path, COLUMNS, add)
    return found


def _parsed(row: Mapping[str, str]) -> tuple[PlanKey, Plan]:
    area_type = one_of(row["area_type"], ("state", "lwia"))
    areas = (STATE_AREA,) if area_type == "state" else [area.lwia for area in load_areas()]
    key = PlanKey(
        whole_number(row["py"]),
        area_type,
        one_of(row["area_code"], areas),
        one_of(row["program"], PROGRAMS),
        one_of(row["count"], COUNTS),
    )
    if not row["source"].strip():
        raise ValueError("source is empty; expected where the plan is published")
    return key, Plan(whole_number(row["planned"]), row["source"])
