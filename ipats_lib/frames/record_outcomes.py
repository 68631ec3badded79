"""The frame `outcomes`: the records behind each number, and what each of them counts as."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ipats_lib.cohorts import PROGRAM_TITLES, View
from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames.figures import MEASURE_TITLES
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.slices import typed
from ipats_lib.frames.source import Source
from ipats_lib.indicators.outcomes import plain_reason
from ipats_lib.periods import Report, program_year_end
from ipats_lib.projection import last_day
from ipats_lib.scopes import Scope

# The Title I total would list every record a second time.
LISTED = tuple(program for program in PROGRAM_TITLES if program != "title1")
_OPEN = ("pending", "awaiting")
# The element that says how employment was found, by measure.
_MATCHED = {"ERQ2": "1603", "ME": "1603", "ERQ4": "1607"}


class OutcomeLines:
    """The lines of `outcomes` of every record, once, and which of them each scope has."""

    def __init__(self, source: Source) -> None:
        table = source.outcomes
        labels = {window.label: place for place, window in enumerate(source.period.windows)}
        place = table["report"].astype("object").map(labels)
        mine = (place.notna() & table["program"].isin(LISTED)).to_numpy()
        number = np.cumsum(mine) - 1
        at, owner = source.lines
        keep = mine[at]
        self._at, owner = number[at[keep]], owner[keep]
        self._cuts = np.searchsorted(owner, np.arange(len(source.scopes) + 1))
        self._place = {scope: n for n, scope in enumerate(source.scopes)}
        chosen = table[mine].reset_index(drop=True)
        self._lines = _lines(source, chosen, place[mine].to_numpy(dtype=np.intp))

    def of(self, scope: Scope) -> pa.Table:
        """The frame `outcomes` of one scope: of the state without customers, of those who may not
        see wages without them."""
        n = self._place[scope]
        mine = self._lines.take(self._at[self._cuts[n] : self._cuts[n + 1]])
        owner_columns = {"customer": None} if scope.kind == "state" else {"area": scope.lwia}
        mine = mine.assign(**owner_columns)
        if not load_thresholds().shows_wages(scope.kind):
            mine = mine.assign(wage=np.nan)
        return typed(mine, SCHEMAS["outcomes"])


def _lines(source: Source, table: pd.DataFrame, place: NDArray[np.intp]) -> pd.DataFrame:
    record = np.searchsorted(source.rows["row"].to_numpy(), table["row"].to_numpy())
    windows = source.period.windows
    measure = table["indicator"].astype("object").to_numpy()
    state = table["state"].astype("object").to_numpy()
    reasons = table["reason"].astype("object")
    words = {code: plain_reason(code) for code in reasons.unique()}
    by = _counts_by(source, record, measure, place, np.isin(state, _OPEN))
    today = np.datetime64(source.snapshot.as_of, "D")
    days = pd.array((by - today).astype("int64"), dtype="Int64")
    days[np.isnat(by)] = pd.NA
    window = np.array([one.window for one in windows], dtype=object)
    titles = np.array([one.window_title.capitalize() for one in windows], dtype=object)
    program = table["program"].astype("object")
    return pd.DataFrame(
        {
            "row": table["row"].to_numpy(),
            "customer": source.records.text("100")[record].astype("str").astype("object"),
            "area": areas_of_records(source)[record],
            "period": source.period.name,
            "window": window[place],
            "window_title": titles[place],
            "program": program,
            "program_title": program.map(PROGRAM_TITLES),
            "measure": measure,
            "measure_title": pd.Series(measure).map(MEASURE_TITLES),
            "outcome": state,
            "reason": reasons,
            "reason_title": reasons.map(words),
            "exit_date": source.records.day("901")[record].astype("datetime64[s]"),
            "counts_by": by.astype("datetime64[s]"),
            "days_left": days,
            "wage": table["value"].to_numpy(dtype=np.float64),
            "match_type": _matches(source, record, measure),
        }
    )


def areas_of_records(source: Source) -> NDArray[np.object_]:
    """The LWIAs of each record, for the state's frame alone; elsewhere nothing."""
    found = np.repeat(np.array([""], dtype=object), len(source.rows))
    if not any(scope.kind == "state" for scope in source.scopes):
        return found
    members = source.snapshot.membership()
    mine = members[members["area_type"] == "lwia"].sort_values(["row", "area"])
    named = mine.astype({"area": "str"}).groupby("row")["area"].agg(", ".join)
    at = np.searchsorted(source.rows["row"].to_numpy(), named.index.to_numpy())
    found[at] = named.to_numpy(dtype=object)
    return found


def _counts_by(
    source: Source,
    record: NDArray[np.intp],
    measure: NDArray[np.object_],
    place: NDArray[np.intp],
    open_: NDArray[np.bool_],
) -> NDArray[np.datetime64]:
    """The last day on which each open outcome can still happen; NaT for a settled one."""
    found = np.full(len(record), np.datetime64("NaT"), dtype="datetime64[D]")
    for number, window in enumerate(source.period.windows):
        for code in set(measure.tolist()):
            mine = open_ & (place == number) & (measure == code)
            found[mine] = last_days(source, window, code)[record[mine]]
    return found


def last_days(source: Source, window: Report, measure: str) -> NDArray[np.datetime64]:
    """The last day on which the outcome of each record can happen in a report."""
    span = window.cohort("MSG")
    view = View(source.records, "title1", span, source.snapshot.as_of)
    days = last_day(view, measure, program_year_end(span.end))  # type: ignore[arg-type]
    return days.astype("datetime64[D]")


def _matches(
    source: Source, record: NDArray[np.intp], measure: NDArray[np.object_]
) -> NDArray[np.object_]:
    found = np.full(len(record), None, dtype=object)
    for code, element in _MATCHED.items():
        mine = measure == code
        values = source.records.code(element)[record[mine]]
        found[mine] = np.where(values >= 0, values.astype("str"), None)
    return found
