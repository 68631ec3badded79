"""The alert lines of a scope, for the older reports that count them."""

from functools import cache

import pandas as pd

from ipats_lib import caseload
from ipats_lib.caseload import load_alerts, planners
from ipats_lib.report import counted
from ipats_lib.report.report import Report

LATE = "\N{BLACK UP-POINTING TRIANGLE} overdue"
LEVELS = {
    "red": "\N{BLACK UP-POINTING TRIANGLE} red",
    "amber": "\N{BLACK DIAMOND} amber",
}


@cache
def programs(report: Report) -> pd.Series:
    """The program of each line of the caseload, by row."""
    return report.standing().set_index("row")["program"]


@cache
def queue(report: Report) -> pd.DataFrame:
    """Every alert of the scope's kind, the first due first.

    One row per alert and customer (`caseload.alerts`), and what (id and name), days (until due;
    negative when past, missing at any time), state (in words) and planner (the customer's, in an
    LWIA).
    """
    desk = report.desk
    found = caseload.alerts(desk, report.scope.kind)
    days = (pd.to_datetime(found["due"]) - pd.Timestamp(desk.as_of)).dt.days
    names = {code: f"{code} {alert.name}" for code, alert in load_alerts().items()}
    lwia = report.scope.kind == "lwia"
    return found.assign(
        what=found["alert"].map(names),
        days=days,
        state=states(days, found["level"]),
        planner=list(planners.planner_of_lines(desk, found)) if lwia else "",
    )


def states(days: pd.Series, levels: pd.Series) -> list[str]:
    """What a reader must know of each line's date, in words and shape."""
    return [
        "at any time" if pd.isna(left) else LATE if left < 0 else LEVELS.get(level, "")
        for left, level in zip(days.tolist(), levels.tolist(), strict=True)
    ]


@cache
def inner(report: Report) -> pd.DataFrame:
    """Where a line is one level further in (`counted.parts_of`)."""
    seats = report.data.frames.get("seats", pd.DataFrame({"row": [], "area": []}))
    return counted.parts_of(report.desk, report.scope.kind, seats)


def planner_names(report: Report, ids: list[str]) -> list[str]:
    """Each planner's name and id; words for `planners.UNASSIGNED` and `planners.ELSEWHERE`."""
    words = {planners.UNASSIGNED: "No planner", planners.ELSEWHERE: "Planner in another LWIA"}
    names = {}
    if (known := report.data.frames.get("planner")) is not None:
        names = dict(zip(known["planner_id"], known["name"], strict=True))
    return [words.get(p, f"{names.get(p, '')} ({p})") for p in ids]
