"""What an extract counts: kept beside a later one, so that every row of a dashboard has a trend.

The dashboards count the present; this counts an earlier snapshot by the same functions.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.breakdown import membership_of
from ipats_lib.caseload import CaseTables, engagement, flow, mix, questions, trainings
from ipats_lib.caseload.distribution import distribution
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.status import FOLLOWED, STATUSES, is_active
from ipats_lib.cohorts import IN_TITLE_I, IN_WAGNER_PEYSER
from ipats_lib.frames import upcoming
from ipats_lib.frames.calendar import held, windows_ahead
from ipats_lib.frames.cases import Cases
from ipats_lib.frames.combined import Combined, caseload_of, combine, rows_of
from ipats_lib.frames.past import years_of
from ipats_lib.frames.rule_book import intake_counts
from ipats_lib.groups import TRAINING_TYPES
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.periods import Period
from ipats_lib.scopes import AreaType
from ipats_lib.snapshot import open_snapshot

COLUMNS = ("known_at", "kind", "key", "part", "n", "value")
NOT_ENROLLED = STATUSES[:3]
_STREAMS = (IN_TITLE_I, IN_WAGNER_PEYSER)
NOTHING = pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).astype(
    {"n": "int64", "value": "float64"}
)

Names: TypeAlias = str | pd.Series | Sequence[str] | NDArray[Any]
"""One name for all lines, or the name of each."""
Counts = Mapping[tuple[str, str], pd.DataFrame]
"""The counts of each area, by kind of area and area."""


def counts_of(period: str, folder: str) -> Counts:
    """All counts of the snapshot in a folder, for the pages of a period: `counted`,
    `upcoming.forecasts` and `rule_book.intake_counts` (kind `rule`). A function of two texts, for
    any process."""
    snapshot = open_snapshot(Path(folder))
    rows, members = rows_of(snapshot), snapshot.membership()
    caseload = caseload_of(snapshot, rows)
    asked = Period.parse(period)
    found = intake_counts(snapshot).rename(columns={"rule": "key", "records": "n"})
    parts = [
        upcoming.forecasts(snapshot, rows, years_of(asked)),
        found.assign(kind="rule", part=""),
    ]
    for kind in get_args(AreaType):
        every = counted(combine(snapshot, kind, rows, caseload, members), asked)
        parts.append(every.assign(area_type=kind))
    whole = pd.concat(parts, ignore_index=True).sort_values(["area", "kind", "key", "part"])
    by_area = whole.groupby(["area_type", "area"])
    return {
        (str(kind), str(area)): mine.drop(columns=["area_type", "area"])
        for (kind, area), mine in by_area
    }


def counted(combined: Combined, period: Period) -> pd.DataFrame:
    """Every count of the dashboards of each area: area, kind, key, part, n (above 0), value.

    kind: `alert`, `status`, `band` and `note band` (key: their name), `compared` (`flow.compared`,
    spans of fixed length), `reason` (of exit), `check` (edit check), `training` (type),
    `occupation`, `provider` (part: type), `cohort` (`upcoming.key` of a report quarter of the
    period and those to come), `share` and `whole` (id of the share), `group` (dimension: group),
    `distribution` (id; part: program of an LWIA; value: its figure), `engagement` (id; value: its
    newest closed figure); and by part `part alert`, `active` and `follow_up` (no key). part: an
    LWIA of the state, or a planner of an LWIA (`UNASSIGNED` for none); blank for what is counted
    as a whole. value is missing for all others.
    """
    case_tables, cases = combined.case_tables, cases_of(combined)
    alerts, mine = cases.alerts, cases.caseload[cases.caseload["title1"]]
    status = statuses(case_tables, combined.caseload)
    mended = questions.found_to_fix(case_tables)
    trained = trainings.open_trainings(case_tables, TRAINING_TYPES)
    parts = [
        _sizes("alert", alerts["area"], alerts["alert"]),
        _sizes("status", combined.of(status), status["status"]),
        _sizes("band", mine["area"], mine["band"]),
        *_flow(combined),
        *_engagement(combined),
        *_distribution(combined),
        _sizes("check", combined.of(mended), mended["rule"]),
        _sizes("training", combined.of(trained), trained["type"]),
        _sizes("occupation", combined.of(trained), trained["occupation"]),
        _sizes("provider", combined.of(trained), trained["provider"], trained["type"]),
        *_cohorts(combined, period),
        *_shares(combined),
        _groups(combined),
        _by_part("part alert", cases, alerts.assign(key=alerts["alert"])),
        *(
            _by_part(name, cases, mine[held].assign(key=""))
            for name, held in (
                ("active", is_active(mine["status"])),
                ("follow_up", mine["status"] == FOLLOWED),
            )
        ),
    ]
    return pd.concat(parts, ignore_index=True)


def cases_of(combined: Combined) -> Cases:
    """The areas of a kind as the frames ask them, without anything that was counted before."""
    return Cases(combined, (), {}, np.datetime64("NaT"), NOTHING, NOTHING, _nothing, _nothing)


def _nothing(*_: object) -> Any:
    raise AssertionError("Earlier extracts are counted by themselves.")


def statuses(case_tables: CaseTables, caseload: pd.DataFrame) -> pd.DataFrame:
    """Everybody whom the dashboards count: Title I participants, and those who are not enrolled in
    anything, also applicants without a record. Returns row, customer (of those), status.
    """
    status = caseload["status"].astype("str")
    rows = case_tables.rows["row"].to_numpy()
    title1, wp = (
        rows[stream(view_of(case_tables.records, case_tables.as_of))] for stream in _STREAMS
    )
    alone = status.isin(NOT_ENROLLED) & ~caseload["row"].isin(wp)
    mine = caseload["row"].isin(title1) | alone
    known = pd.DataFrame({"row": caseload["row"].astype("Int64"), "status": status})[mine]
    return pd.concat([known, applicants(case_tables)], ignore_index=True)[
        ["row", "customer", "status"]
    ]


def applicants(case_tables: CaseTables) -> pd.DataFrame:
    """Who waits for enrollment without a record (`applications.waiting`)."""
    if "application" not in case_tables.tables:
        none = pd.Series(dtype="object")
        return pd.DataFrame({"row": none.astype("Int64"), "customer": none, "status": none})
    waiting = questions.waiting_of(case_tables)
    return waiting[waiting["row"].isna()]


def _sizes(kind: str, areas: Names, names: Names, parts: Names = "") -> pd.DataFrame:
    """How often each name (and part) stands in each area; lines without a name do not count."""
    columns = {"area": areas, "key": names, "part": parts}
    same = {name: values for name, values in columns.items() if isinstance(values, str)}
    plain = {n: np.asarray(v, dtype=object) for n, v in columns.items() if n not in same}
    sizes = pd.DataFrame(plain).groupby([*plain]).size().rename("n").reset_index()
    return sizes.assign(kind=kind, **same).astype(dict.fromkeys(columns, "str"))


def _by_part(kind: str, cases: Cases, lines: pd.DataFrame) -> pd.DataFrame:
    """Lines (area, place, planner, key) by the areas inside theirs (`Cases.inside`)."""
    placed = cases.inside(lines[["area", "place", "planner", "key"]])
    placed = placed[placed["area_type"] == cases.inner]
    return _sizes(kind, placed["area"], placed["key"], placed["inner"])


def _flow(combined: Combined) -> list[pd.DataFrame]:
    records, today = combined.case_tables.records, combined.case_tables.as_of
    left, reasons = flow.exits_of_known_months(records, today)
    return [
        _sizes("reason", combined.areas[left], reasons),
        *(
            _sizes("compared", combined.areas[mine], name)
            for name, mine in flow.within_fixed_spans(records, today).items()
        ),
    ]


def _distribution(combined: Combined) -> list[pd.DataFrame]:
    if combined.kind != "lwia":
        return []
    case_tables = combined.case_tables
    found = distribution(
        case_tables, pd.DataFrame({"row": case_tables.rows["row"], "area": combined.areas})
    )
    named = found.rename(columns={"id": "key", "program": "part"}).assign(kind="distribution")
    return [named.loc[named["n"] > 0, ["area", "kind", "key", "part", "n", "value"]]]


def _cohorts(combined: Combined, period: Period) -> list[pd.DataFrame]:
    """Whom each report quarter holds so far, Title I as a whole."""
    parts = []
    for one, window in windows_ahead(period):
        for code in INDICATORS:
            mine = held(
                combined.case_tables.records, combined.case_tables.as_of, code, window, "title1"
            )
            name = upcoming.key(one.name, "title1", code)
            parts.append(_sizes("cohort", combined.areas[mine], name))
    return parts


def _engagement(combined: Combined) -> list[pd.DataFrame]:
    parts = []
    for one in engagement.load_engagement().values():
        found = engagement.closed_events(combined.case_tables, one)
        figures = engagement.newest(found.assign(area=combined.of_customers(found)), one)
        parts.append(figures.assign(kind="engagement", key=one.id, part=""))
    notes = engagement.notes_now(combined.case_tables)
    bands = engagement.bands_of_notes(notes)
    return [*parts, _sizes("note band", combined.of_customers(notes), bands)]


def _shares(combined: Combined) -> list[pd.DataFrame]:
    return [
        _sizes(kind, combined.areas[mask], share.id)
        for share, whole, part in mix.asked(
            combined.case_tables.records, combined.case_tables.as_of
        )
        for kind, mask in (("share", part), ("whole", whole))
    ]


def _groups(combined: Combined) -> pd.DataFrame:
    members = membership_of(combined.case_tables.rows)
    active = mix.active_records(combined.case_tables.records, combined.case_tables.as_of)
    record, group = np.nonzero(members.holds[active])
    titles = np.array(
        [f"{dimension}: {title}" for dimension, title in members.titles], dtype=object
    )
    return _sizes("group", combined.areas[active][record], titles[group])
