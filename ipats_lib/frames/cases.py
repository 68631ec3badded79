"""What the frames of customers, services and work share: each question asked once for a kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib import caseload as caseloads
from ipats_lib.caseload import engagement, planners
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.status import STATUSES
from ipats_lib.caseload.whole_customer import NAMED
from ipats_lib.cohorts import IN_TITLE_I, PROGRAM_TITLES, STREAMS, Mask, View
from ipats_lib.frames.changes import Changes
from ipats_lib.frames.combined import Combined
from ipats_lib.params import load_areas
from ipats_lib.periods import Report
from ipats_lib.scopes import STATE_AREA, AreaType

SEVERAL, NOT_ENROLLED, NO_PROGRAM, ALL = "several", "not_enrolled", "none", "all"
PROGRAMS: Mapping[str, str] = {
    **{code: PROGRAM_TITLES[code] for code in ("adult", "dw", "youth")},
    SEVERAL: "Several Title I programs",
    "wp": PROGRAM_TITLES["wp"],
    NOT_ENROLLED: "Not enrolled",
    NO_PROGRAM: "In no program",
    ALL: "All programs",
}
# Where a line is one level further in; a planner has nothing inside.
INNER: Mapping[AreaType, str] = {"state": "lwia", "lwia": "planner", "planner": ""}
_WAITS = STATUSES[:3]
_WORDS = {
    planners.UNASSIGNED: "No planner",
    planners.ELSEWHERE: "Planner in another LWIA",
    STATE_AREA: "Illinois",
}


@dataclass(frozen=True, eq=False)
class Cases:
    """All scopes of one kind, or one scope alone: what their frames are made from.

    scopes: the areas. names: each planner's name by id. whole_from: the first day of the oldest
    quarter whose exits the extract holds as a whole (NaT: unknown). shown_by: row (of the PIRL
    file), lwia and the planner whose pages show it, for an LWIA; empty elsewhere. earlier: what
    earlier extracts counted (`historical_counts.counted`), with known_at and area. other: the
    scopes of another kind, where a frame needs what their own pages show. places_before: where
    pages that stay lead to a customer (`places_of`); None where all pages are of this snapshot.
    changes: gives what changed since the last extract; None where no earlier one is named. reports:
    the main one alone, whose figures corrections would move. intake: gives what was found while the
    snapshot was made (`rule_book.intake_counts`).
    """

    combined: Combined
    scopes: tuple[str, ...]
    names: Mapping[str, str]
    whole_from: np.datetime64
    shown_by: pd.DataFrame
    earlier: pd.DataFrame
    other: "Callable[[AreaType], Cases]"
    effects: Callable[[], pd.DataFrame]
    places_before: pd.Series | None = None
    changes: Callable[[], Changes | None] = lambda: None
    reports: tuple[Report, ...] = ()
    intake: Callable[[], pd.DataFrame] = pd.DataFrame

    @property
    def kind(self) -> AreaType:
        return self.combined.kind

    @property
    def inner(self) -> str:
        return INNER[self.kind]

    @cached_property
    def view(self) -> View:
        return view_of(self.combined.case_tables.records, self.combined.case_tables.as_of)

    @cached_property
    def title1(self) -> Mask:
        return IN_TITLE_I(self.view)

    @cached_property
    def customer(self) -> NDArray[np.object_]:
        """The customer of each record, by the state's own id."""
        return plain(self.combined.case_tables.records.text("100"))

    @cached_property
    def program(self) -> NDArray[np.object_]:
        """The program of each record (`PROGRAMS`), its status not asked."""
        streams = {name: STREAMS[name](self.view) for name in ("adult", "dw", "youth", "wp")}
        found = np.repeat(np.array([NO_PROGRAM], dtype=object), len(self.title1))
        for name in ("wp", "adult", "dw", "youth"):
            found[streams[name]] = name
        title1 = sum(streams[name].astype("int8") for name in ("adult", "dw", "youth"))
        found[self.title1 & (title1 > 1)] = SEVERAL
        return found

    @cached_property
    def planner(self) -> NDArray[np.object_]:
        """The planner of each record, by id, or one of `planners.NOT_HERE`."""
        return self.shown(planners.current_planner(self.combined.case_tables))

    @cached_property
    def effect(self) -> dict[str, NDArray[np.float64]]:
        """By measure, what one more success of each record adds to the percent of its level that
        the record's LWIA has reached: in the program where that is most; missing without one."""
        known = self.effects().set_index(["area", "program", "measure"])["one_more"]
        found = {}
        for measure in ("ERQ2", "ERQ4", "CR", "MSG"):
            best = np.full(len(self.title1), np.nan)
            for program in ("adult", "dw", "youth"):
                areas = pd.Series(self.combined.areas, dtype="object")
                mine = {a: known.get((a, program, measure), np.nan) for a in areas.unique()}
                here = areas.map(mine).to_numpy(dtype=np.float64)
                best = np.fmax(best, np.where(STREAMS[program](self.view), here, np.nan))
            found[measure] = best
        return found

    def shown(self, found: pd.Series) -> NDArray[np.object_]:
        """The planners that a scope's tables name (`planners.current_planner`), by id."""
        ids = plain(found.to_numpy(dtype="object"))
        if self.kind != "planner":
            return ids
        # A planner's tables hold no other planner, so nothing here shows where another one works.
        return np.where(np.isin(ids.astype("str"), planners.NOT_HERE), "", ids).astype(object)

    def lines(self, places: NDArray[np.intp]) -> pd.Series:
        """The line of the PIRL file of each record; missing where its position is -1."""
        found = pd.array(self.combined.originals, dtype="Int64")
        return pd.Series(found.take(places, allow_fill=True))

    def places(self, rows: pd.Series) -> NDArray[np.intp]:
        """The position of each row of the combined tables; -1 for a missing one."""
        wanted = rows.astype("Int64").to_numpy(dtype=np.int64, na_value=-1)
        return pd.Index(self.combined.case_tables.rows["row"]).get_indexer(wanted)

    @cached_property
    def alerts(self) -> pd.DataFrame:
        """Every alert line (`caseload.alerts`) of the kind, by area and then the first due first:
        with area, place (of the record, -1 without), planner (in an LWIA: whose customer it is)
        and days (until due; missing at any time)."""
        case_tables = self.combined.case_tables
        found = caseloads.alerts(case_tables, self.kind)
        due = pd.to_datetime(found["due"])
        found = found.assign(
            area=self.combined.of(found),
            place=self.places(found["row"]),
            planner=self.shown(planners.planner_of_lines(case_tables, found)),
            due=due,
            since=pd.to_datetime(found["since"]),
            days=(due - pd.Timestamp(case_tables.as_of)).dt.days,
            customer=plain(found["customer"].to_numpy(dtype="object")),
        )
        return found.sort_values("area", kind="stable", ignore_index=True)

    @cached_property
    def events(self) -> Mapping[str, pd.DataFrame]:
        """The events of every engagement indicator (`engagement.events`)."""
        case_tables = self.combined.case_tables
        return {name: engagement.events(case_tables, name) for name in engagement.load_engagement()}

    @cached_property
    def caseload(self) -> pd.DataFrame:
        """The caseload's lines: place, status, last_service, days, band, area and program."""
        found = self.combined.caseload
        place, status = self.places(found["row"]), found["status"].astype("object")
        return pd.DataFrame(
            {
                "area": self.combined.areas[place],
                "place": place,
                "status": status,
                "last_service": found["last_service"],
                "days": found["days"],
                "band": found["band"].astype("object"),
                "program": program_there(self.program[place], status.to_numpy()),
                "title1": self.title1[place],
                "planner": self.planner[place],
            }
        ).sort_values("place", ignore_index=True)

    def inside(self, lines: pd.DataFrame) -> pd.DataFrame:
        """Lines (area, place, planner) once for the scope itself and once for each area inside it
        (`INNER`): with area_type and inner. A record of several LWIAs is in each of them."""
        own = lines.assign(area_type=self.kind, inner=lines["area"])
        if self.kind == "planner":
            return own
        if self.kind == "lwia":
            parts = lines.assign(area_type="planner", inner=lines["planner"])
        else:
            parts = self._in_lwias(lines)
        return pd.concat([own, parts], ignore_index=True)

    def _in_lwias(self, lines: pd.DataFrame) -> pd.DataFrame:
        inner_scopes = pd.DataFrame(
            {
                "place": self.places(self.combined.inner_scopes["row"]),
                "inner": self.combined.inner_scopes["area"].astype("object"),
            }
        )
        return lines.assign(area_type="lwia").merge(inner_scopes, on="place")

    @cached_property
    def _areas(self) -> Mapping[str, str]:
        return {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}

    def titles(self, kinds: pd.Series, areas: pd.Series) -> list[str]:
        """The title of each area of a kind, as a reader knows it."""
        pairs = zip(kinds.tolist(), areas.tolist(), strict=True)
        return [self._title(kind, area) for kind, area in pairs]

    def _title(self, kind: str, area: str) -> str:
        if area in _WORDS:
            return _WORDS[area]
        return self._areas[area] if kind == "lwia" else f"{self.names.get(area, '')} ({area})"

    def planner_names(self, ids: NDArray[np.object_]) -> list[str]:
        """The name of each planner; blank for nobody on a planner's own pages."""
        if self.kind == "planner":
            return [self.names.get(name, "") for name in ids]
        return [_WORDS.get(name) or self.names.get(name, "") for name in ids]


def plain(names: NDArray[np.object_]) -> NDArray[np.object_]:
    """Customers and planners without the area under which `combined.apart` put them; blank where
    there is no name."""
    texts = ("" if pd.isna(name) else name for name in names)
    return np.array([text[text.find(NAMED) + 1 :] for text in texts], dtype=object)


def program_there(program: NDArray[np.object_], status: NDArray[np.object_]) -> NDArray[np.object_]:
    """The program of each line of the caseload: who has only applied is `NOT_ENROLLED`."""
    waits = (program == NO_PROGRAM) & np.isin(status.astype("str"), _WAITS)
    return np.where(waits, NOT_ENROLLED, program).astype(object)


def program_titles(codes: NDArray[np.object_]) -> list[str]:
    """What each program is called; blank for a line without a record."""
    return [PROGRAMS.get(code, "") for code in codes]
