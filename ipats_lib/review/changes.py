"""What changed from one snapshot to a newer one, to the record and element (domain 8).

A period of participation is known again by its customer and entry date. Where a customer has one
period left in each snapshot, it is the same one with another entry. Customers whose identifier is
missing or withheld cannot be known again, so they are left out. Which change is of which kind is
data (`params/changes.csv`); wages are compared and not shown.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.whole_customer import begun_assignments, holding
from ipats_lib.errors import UsageError
from ipats_lib.frames.findings import elements_of
from ipats_lib.indicators.predicates import WAGE_NOT_YET_AVAILABLE
from ipats_lib.params import Element, load_layout, one_of, read_each
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import Snapshot
from ipats_lib.snapshot.areas import WITHHELD

COLUMNS = ("before_run", "after_run", "kind", "row", "id", "entry", "element", "name", "before",
           "after")  # fmt: skip
PERIOD, PLANNER = "period", "planner"
BLANK, FILLED, ANY = "blank", "filled", ""
HIDDEN, NOT_YET = "found", "not available yet"
WAGES = ("1703", "1704", "1705", "1706")
NUMBERED = ("OBS",)  # the place of a line in its file, no fact about the period


@dataclass(frozen=True, slots=True)
class Kind:
    """One line of `params/changes.csv`: of these elements (none: of any), from and to what."""

    name: str
    elements: frozenset[str]
    before: str
    after: str


@cache
def load_kinds() -> tuple[Kind, ...]:
    """The kinds in the order in which they are tried; ParamsError names file and line."""
    return tuple(read_each("changes.csv", ("kind", "elements", "before", "after", "source"), _kind))


def _kind(row: dict[str, str]) -> Kind:
    ends = (one_of(row[end], (BLANK, FILLED, ANY)) for end in ("before", "after"))
    listed = row["elements"]
    return Kind(row["kind"], frozenset(elements_of(listed) or filter(None, [listed])), *ends)


def changes(before: Snapshot, after: Snapshot, scope: Scope = STATE) -> pd.DataFrame:
    """Every change of a scope's records, in `COLUMNS`, by customer, entry and element.

    row: the line in the newer PIRL file, in the older one for a period that is gone. before, after:
    the values then and now, days as YYYY-MM-DD, empty where blank. UsageError when the newer
    snapshot is of an earlier day than the older one.
    """
    if after.as_of < before.as_of:
        raise UsageError(
            f"{after.id} is as of {after.as_of}, before {before.id} ({before.as_of}): name the "
            "older snapshot first."
        )
    old, new = (_periods(snapshot, scope) for snapshot in (before, after))
    pairs = _pairs(old, new)
    both = pairs.dropna()
    places = both["old"].to_numpy(dtype=np.intp), both["new"].to_numpy(dtype=np.intp)
    elements = [one for one in load_layout().elements if one.number not in NUMBERED]
    parts = [_of_element(one, old, new, *places) for one in elements]
    for side, frame, other, kind in (("new", new, "old", "added"), ("old", old, "new", "gone")):
        alone = pairs.loc[pairs[other].isna(), side].to_numpy(dtype=np.intp)
        parts.append(_lines(frame, alone, kind, PERIOD, "", ""))
    moved = _planners(before, after, scope)
    parts.append(moved[moved["id"].isin(old["100"]) & moved["id"].isin(new["100"])])
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    named = {element.number: element.name for element in elements}
    found = found.assign(
        before_run=before.id, after_run=after.id, name=found["element"].map(named).fillna("")
    )
    return found.sort_values(["id", "entry", "element"], kind="stable")[list(COLUMNS)]


def _periods(snapshot: Snapshot, scope: Scope) -> pd.DataFrame:
    """The scope's rows; `again` numbers the lines of one customer and entry. Customers whose
    identifier is missing or withheld are left out."""
    rows = snapshot.rows(scope)
    rows = rows[~rows["100"].fillna(WITHHELD).str.startswith(WITHHELD)].reset_index(drop=True)
    return rows.assign(again=rows.groupby(["100", "900"], dropna=False).cumcount())


def _pairs(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Positions of the same period in both frames; missing where only one has it."""
    keys = ["100", "900", "again"]
    sides = [
        frame[keys].assign(**{name: np.arange(len(frame))})
        for name, frame in (("old", old), ("new", new))
    ]
    joined = sides[0].merge(sides[1], on=keys, how="outer")
    alone = joined[joined["old"].isna() | joined["new"].isna()]
    left = alone.groupby("100").agg({"old": "max", "new": "max"})
    one = alone.groupby("100")[["old", "new"]].count().eq(1).all(axis=1)
    moved = left[one.reindex(left.index, fill_value=False)]
    settled = joined[
        ~joined["100"].isin(moved.index) | joined["old"].notna() & joined["new"].notna()
    ]
    return pd.concat([settled[["old", "new"]], moved[["old", "new"]]], ignore_index=True)


def _of_element(
    element: Element, old: pd.DataFrame, new: pd.DataFrame,
    was: NDArray[np.intp], now: NDArray[np.intp],
) -> pd.DataFrame:  # fmt: skip
    """Every change of one element, in the periods that both snapshots have."""
    number = element.number
    before, after = old[number].take(was), new[number].take(now)
    blank, gone = before.isna().to_numpy(), after.isna().to_numpy()
    if blank.all() and gone.all():
        return _lines(new, now[:0], "", number, "", "")
    equal = before.reset_index(drop=True) == after.reset_index(drop=True)
    at = np.flatnonzero(~(equal.fillna(False).to_numpy(dtype=bool) | (blank & gone)))
    had, has = _holds(before, number)[at], _holds(after, number)[at]
    kinds = [
        next(
            kind.name
            for kind in load_kinds()
            if (not kind.elements or number in kind.elements)
            and kind.before in (ANY, FILLED if was_there else BLANK)
            and kind.after in (ANY, FILLED if is_there else BLANK)
        )
        for was_there, is_there in zip(had, has, strict=True)
    ]
    texts = (_texts(values.iloc[at], number) for values in (before, after))
    return _lines(new, now[at], kinds, number, *texts)


def _holds(values: pd.Series, number: str) -> NDArray[np.bool_]:
    """Whether a cell says that something is there: not 0, and no placeholder of a wage."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return values.notna().to_numpy(dtype=bool)
    told = values.to_numpy(dtype=np.float64, na_value=0)
    real: NDArray[np.bool_] = (told != 0) & ~np.isnan(told)
    return real & (told < WAGE_NOT_YET_AVAILABLE) if number in WAGES else real


def _texts(values: pd.Series, number: str) -> list[str]:
    if number in WAGES:
        return [
            HIDDEN if there else _no_wage(v)
            for there, v in zip(_holds(values, number), values, strict=True)
        ]
    return ["" if pd.isna(value) else _text(value) for value in values.tolist()]


def _no_wage(value: float) -> str:
    return "" if pd.isna(value) else "0" if value == 0 else NOT_YET


def _text(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return str(value).removesuffix(".0")


def _lines(
    frame: pd.DataFrame, at: NDArray[np.intp], kind: str | list[str], element: str,
    before: str | list[str], after: str | list[str],
) -> pd.DataFrame:  # fmt: skip
    days = frame["900"].take(at)
    return pd.DataFrame(
        {
            "kind": kind,
            "row": frame["row"].to_numpy()[at],
            "id": frame["100"].to_numpy(dtype=object, na_value="")[at],
            "entry": days.dt.strftime("%Y-%m-%d").fillna("").to_numpy(dtype=object),
            "element": element,
            "before": before,
            "after": after,
        }
    ).astype({"row": "Int64"})


def _planners(before: Snapshot, after: Snapshot, scope: Scope) -> pd.DataFrame:
    """Customers whose planner is another one, or none, now."""
    was, now = (_standing(snapshot, scope) for snapshot in (before, after))
    both = pd.DataFrame({"before": was, "after": now}).fillna("")
    moved = both[both["before"] != both["after"]]
    return pd.DataFrame(
        {
            "kind": "planner moved", "row": pd.array([pd.NA] * len(moved), dtype="Int64"),
            "id": moved.index.to_numpy(dtype=object), "entry": "", "element": PLANNER,
            "before": moved["before"].to_numpy(), "after": moved["after"].to_numpy(),
        }
    )  # fmt: skip


def _standing(snapshot: Snapshot, scope: Scope) -> pd.Series:
    """The planner of each customer by the newest assignment that holds on the as-of date."""
    tables = {name: snapshot.table(name, scope) for name in ("assignment", "planner")}
    if any(table is None for table in tables.values()):
        return pd.Series(dtype=object)
    held = holding(begun_assignments(tables, snapshot.as_of), snapshot.as_of)
    newest: pd.Series = held.groupby("customer")["planner_id"].last().astype(object)
    return newest
