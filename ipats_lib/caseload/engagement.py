"""Customer engagement: how often, how soon and how long customers are contacted.

Each indicator is a list of events (a customer, a quarter, a value) that dates in the extract tell,
so that its trend needs no earlier extract. Names, definitions, units and bands are data
(`params/engagement.csv`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.after_exit import follow_ups
from ipats_lib.caseload.case_tables import CaseTables
from ipats_lib.caseload.catalogue import threshold
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.services import last_service, services_only
from ipats_lib.caseload.status import is_open
from ipats_lib.cohorts import EXCLUDED_FROM_EXIT_INDICATORS, IN_TITLE_I, Mask, Records
from ipats_lib.params import one_of, read_table
from ipats_lib.periods import Quarter

QUARTERS = 8
DAYS_PER_MONTH = 30.0


@dataclass(frozen=True, slots=True)
class Engagement:
    """One indicator. unit: days and per month have their median, a share its mean; bands:
    upper ends of its distribution, empty for a share; open_days: how long after a quarter its
    events may still change.
    """

    id: Annotated[str, lambda text: one_of(text, QUESTIONS)]
    name: str
    definition: str
    unit: Literal["days", "share", "per month"]
    bands: tuple[float, ...]
    open_days: int
    source: str


@cache
def load_engagement() -> dict[str, Engagement]:
    """`params/engagement.csv` by id; ParamsError names file and line."""
    return {one.id: one for one in read_table("engagement.csv", Engagement)}


def is_closed(indicator: Engagement, quarter: int, as_of: date) -> bool:
    """Whether a quarter's figure is final: the running one never, an exit's only later."""
    return Quarter(quarter).end + timedelta(days=indicator.open_days) < as_of


def closed_events(cases: CaseTables, indicator: Engagement) -> pd.DataFrame:
    """The events (`events`) of the quarters that were closed on the day of the tables."""
    found = events(cases, indicator.id)
    quarters = [int(quarter) for quarter in found["quarter"].unique()]
    closed = [quarter for quarter in quarters if is_closed(indicator, quarter, cases.as_of)]
    return found[found["quarter"].isin(closed)].reset_index(drop=True)


def newest(known: pd.DataFrame, indicator: Engagement) -> pd.DataFrame:
    """The figure of each area's newest quarter: area, n (events), value (`figures`).

    known: events, each with its area.
    """
    last = known.groupby("area")["quarter"].transform("max")
    return _summary(known[known["quarter"] == last], "area", indicator.unit)


def events(cases: CaseTables, indicator: str) -> pd.DataFrame:
    """The events of one indicator in the last `QUARTERS` calendar quarters, the running one too.

    One row per event: quarter (`Quarter.index`), value in the indicator's unit (a share's events
    are 0 or 1), customer and place (of the row; -1: of no record). Empty when the extract
    lacks the table that it needs.
    """
    newest = Quarter.of(cases.as_of).index
    found = QUESTIONS[indicator](cases)
    recent = found["quarter"].between(newest - QUARTERS + 1, newest)
    return found[recent].reset_index(drop=True)


def _summary(known: pd.DataFrame, by: str, unit: str) -> pd.DataFrame:
    grouped = known.groupby(by)["value"]
    value = grouped.mean() if unit == "share" else grouped.median()
    return pd.DataFrame({"n": grouped.size(), "value": value}).reset_index()


def bands_of(known: pd.DataFrame, bands: tuple[float, ...], unit: str) -> list[str]:
    """The band of each event; of a share yes or no. Days are whole: 15 to 30, not over 14."""
    if not bands:
        return ["yes" if value else "no" for value in known["value"]]
    above = [f"{edge + 1:g}" if unit == "days" else f"over {edge:g}" for edge in bands]
    lower = ["0", *above]
    names = [f"{low} to {up:g}" if up else "0" for low, up in zip(lower, bands, strict=False)]
    names.append(f"over {bands[-1]:g}")
    places = np.searchsorted(np.array(bands), known["value"].to_numpy(), side="left")
    return [names[place] for place in places]


def notes_now(cases: CaseTables) -> pd.DataFrame:
    """The events of E-01 on the day of the tables: days since the last note of everyone
    active."""
    found = events(cases, "E-01")
    now = found["quarter"] == Quarter.of(cases.as_of).index
    return found[now].reset_index(drop=True)


def bands_of_notes(known: pd.DataFrame) -> list[str]:
    """The band of each event of `notes_now`."""
    one = load_engagement()["E-01"]
    return bands_of(known, one.bands, one.unit)


def _events(
    days: NDArray[Any],
    values: NDArray[Any],
    customers: NDArray[np.object_],
    places: NDArray[np.intp] | None = None,
) -> pd.DataFrame:
    """Events dated by `days` (datetime64), those without a date or value left out. places: of the
    records, where there is not one event for each."""
    known = ~np.isnat(days) & ~np.isnan(values)
    months = days[known].astype("datetime64[M]").astype(np.int64) + 12 * 1970
    columns = {"quarter": months // 3, "value": values[known], "customer": customers[known]}
    return pd.DataFrame(
        {**columns, "place": np.flatnonzero(known) if places is None else places[known]}
    )


def _none() -> pd.DataFrame:
    kinds = {"quarter": "int64", "value": "float64", "customer": "object", "place": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _span(later: NDArray[Any], earlier: NDArray[Any]) -> NDArray[np.float64]:
    """Days between two dates; NaN where one is missing or the order is wrong."""
    days = (later - earlier).astype("timedelta64[D]").astype(np.float64)
    wrong = np.isnat(later) | np.isnat(earlier) | (later < earlier)
    return np.where(wrong, np.nan, days)


def _ends(cases: CaseTables) -> list[date]:
    """The last day of each quarter of the trend; of the running one, the as-of date."""
    running = Quarter.of(cases.as_of)
    return [*((running - back).end for back in range(QUARTERS - 1, 0, -1)), cases.as_of]


def _title1(cases: CaseTables) -> tuple[Records, Mask]:
    records = cases.records
    return records, IN_TITLE_I(view_of(records, cases.as_of))


def _by_customer(
    cases: CaseTables, table: pd.DataFrame, date_: str
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.datetime64]]:
    """The number of each record's customer, and the dated lines of a table by that number and day,
    oldest first; lines of nobody here, or without a date, are left out."""
    whose, known = pd.factorize(cases.records.text("100").astype("str"))
    numbers = pd.Index(known).get_indexer(table["customer"].astype("str"))
    days = table[date_].to_numpy(dtype="datetime64[D]")
    order = np.argsort(days, kind="stable")
    order = order[(numbers[order] >= 0) & ~np.isnat(days[order])]
    return whose, numbers[order], days[order]


def contact_recency(cases: CaseTables) -> pd.DataFrame:
    """Days since the last case note of everyone active, on the last day of each quarter."""
    if "case_note" not in cases.tables:
        return _none()
    records, mine = _title1(cases)
    view, customers = view_of(records, cases.as_of), records.text("100")
    whose, numbers, dates = _by_customer(cases, cases.tables["case_note"], "date")
    parts = []
    for day in _ends(cases):
        active = mine & is_open(view, day)
        past = dates <= np.datetime64(day)
        # The dates are sorted, so each customer keeps the newest.
        newest = np.full(len(records), _NEVER)
        newest[numbers[past]] = dates[past]
        since = np.fmax(newest[whose[active]], records.day("900")[active])
        today = np.full(len(since), np.datetime64(day))
        parts.append((today, _span(today, since), customers[active], np.flatnonzero(active)))
    return _events(*map(np.concatenate, zip(*parts, strict=True)))


def service_intensity(cases: CaseTables) -> pd.DataFrame:
    """Services begun per 30 days in each quarter, of everyone active for 30 days of it.

    A planned gap is no service.
    """
    if "service" not in cases.tables:
        return _none()
    records, mine = _title1(cases)
    service = services_only(cases.tables["service"])
    whose, numbers, starts = _by_customer(cases, service, "start")
    entry, exit_, customers = records.day("900"), records.day("901"), records.text("100")
    parts = []
    for day in _ends(cases):
        first, last = np.datetime64(Quarter.of(day).start), np.datetime64(day)
        left = np.where(np.isnat(exit_), last, np.minimum(exit_, last))
        present = _span(left, np.maximum(entry, first)) + 1
        here = mine & (present >= DAYS_PER_MONTH)
        begun = numbers[(starts >= first) & (starts <= last)]
        number = np.bincount(begun, minlength=len(records))[whose]
        rate = number[here] / present[here] * DAYS_PER_MONTH
        parts.append((np.full(len(rate), last), rate, customers[here], np.flatnonzero(here)))
    return _events(*map(np.concatenate, zip(*parts, strict=True)))


def to_first_service(cases: CaseTables) -> pd.DataFrame:
    """Days from an application to the first service begun on or after it, by its quarter."""
    if not {"application", "service"} <= set(cases.tables):
        return _none()
    first = first_services(cases.tables["application"], cases.tables["service"], cases.as_of)
    first = first.groupby(["customer", "applied"])["start"].min().reset_index()
    started = first["start"].to_numpy(dtype="datetime64[D]")
    waited = _span(started, first["applied"].to_numpy(dtype="datetime64[D]"))
    nowhere = np.full(len(first), -1, dtype=np.intp)
    return _events(started, waited, first["customer"].to_numpy(dtype="object"), nowhere)


def first_services(application: pd.DataFrame, service: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The first service begun on or after each application: customer, lwia, applied, start."""
    applied = application[["customer", "lwia", "applied"]].dropna(subset=["customer", "applied"])
    begun = services_only(service)[["customer", "start"]].dropna()
    both = applied.merge(begun, on="customer")
    both = both[(both["start"] >= both["applied"]) & (both["start"] <= pd.Timestamp(as_of))]
    keys = ["customer", "lwia", "applied"]
    return both.groupby(keys, dropna=False)["start"].min().reset_index()


def to_training(cases: CaseTables) -> pd.DataFrame:
    """Days from entry (900) to the first training (1302), by the quarter in which it began."""
    records, mine = _title1(cases)
    begun = np.where(mine, records.day("1302"), np.datetime64("NaT"))
    begun = np.where(begun <= np.datetime64(cases.as_of), begun, np.datetime64("NaT"))
    return _events(begun, _span(begun, records.day("900")), records.text("100"))


def follow_up_reach(cases: CaseTables) -> pd.DataFrame:
    """Whether a follow-up service (`after_exit.follow_ups`) is recorded within 12 months after
    exit, by exit quarter; exclusions left out. Of recent exits it may still come. The records
    hold the newest date alone: one after the year hides whether there was one in it, so who has
    no other date is left out."""
    records, mine = _title1(cases)
    view = view_of(records, cases.as_of)
    exits = np.where(mine & ~EXCLUDED_FROM_EXIT_INDICATORS(view), view.day("901"), _NEVER)
    reached = np.zeros(len(records), dtype=np.bool_)
    later = reached.copy()
    for day in follow_ups(view):
        since = _span(day, exits)
        reached |= since <= threshold("follow_up_days")
        later |= since > threshold("follow_up_days")
    exits = np.where(later & ~reached, _NEVER, exits)
    return _events(exits, reached.astype(np.float64), records.text("100"))


def re_entry(cases: CaseTables) -> pd.DataFrame:
    """Whether the same customer (100) entered again within 365 days, by exit quarter."""
    records, mine = _title1(cases)
    frame = pd.DataFrame({"customer": cases.rows["100"].astype("str").to_numpy()})
    entries = frame.assign(entry=records.day("900").astype("datetime64[s]"))
    exits = frame.assign(left=records.day("901").astype("datetime64[s]"))[mine]
    exits = exits[exits["left"].notna()].reset_index(names="place")
    both = exits.merge(entries, on="customer")
    after = (both["entry"] > both["left"]) & (
        both["entry"] <= both["left"] + pd.Timedelta(365, "D")
    )
    again = exits["place"].isin(set(both.loc[after, "place"])).to_numpy(dtype=np.float64)
    customers = exits["customer"].to_numpy(dtype="object")
    left = exits["left"].to_numpy(dtype="datetime64[D]")
    return _events(left, again, customers, exits["place"].to_numpy(dtype=np.intp))


def service_to_exit(cases: CaseTables) -> pd.DataFrame:
    """Days from the last qualifying service to the exit (901), by exit quarter."""
    records, mine = _title1(cases)
    exits = np.where(mine, records.day("901"), _NEVER)
    last = last_service(cases.view, exits)
    return _events(exits, _span(exits, last), records.text("100"))


_NEVER = np.datetime64("NaT", "D")
QUESTIONS: dict[str, Callable[[CaseTables], pd.DataFrame]] = {
    "E-01": contact_recency,
    "E-02": service_intensity,
    "E-03": to_first_service,
    "E-04": to_training,
    "E-05": follow_up_reach,
    "E-06": re_entry,
    "E-07": service_to_exit,
}
