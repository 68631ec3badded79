"""What changed from one snapshot to a newer one, to the record and element (domain 8).

A period of participation is known again by its customer and entry date. Where a customer has one
period left in each snapshot, it is the same one with another entry. Customers whose identifier is
missing or withheld cannot be known again, so they are left out. Which change is of which kind is
data (`params/changes.csv`); wages are compared and not shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.whole_customer import begun_assignments, holding
from ipats_lib.cohorts import whole_from
from ipats_lib.errors import UsageError
from ipats_lib.frames.element_names import elements_of, names
from ipats_lib.indicators.predicates import WAGE_NOT_YET_AVAILABLE
from ipats_lib.params import load_layout, one_of, read_each
from ipats_lib.scopes import STATE_AREA, AreaType, Scope
from ipats_lib.snapshot import Snapshot
from ipats_lib.snapshot.areas import WITHHELD

COLUMNS = ("before_run", "after_run", "kind", "row", "id", "entry", "element", "name", "before",
           "after")  # fmt: skip
PERIOD, PLANNER = "period", "planner"
BLANK, FILLED, ANY = "blank", "filled", ""
HIDDEN, NOT_YET = "found", "not available yet"
WAGES = ("1703", "1704", "1705", "1706")
AT_ONCE = 250  # elements that are read together
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


@dataclass(frozen=True, eq=False)
class Changes:
    """Every change from one snapshot to a newer one, counted once and sliced by scope.

    pairs: id, entry, old_row and new_row of every period, missing where one snapshot alone has it;
    aged: whether it exited before the quarters that the newer snapshot holds as a whole.
    lines: one a change of an element of a period that both have: the same with kind, element,
    value_before and value_now.
    """

    before: Snapshot
    after: Snapshot
    pairs: pd.DataFrame
    lines: pd.DataFrame

    def of(self, scope: Scope) -> pd.DataFrame:
        """A scope's changes, in `COLUMNS`, by customer, entry and element.

        row: the line in the newer PIRL file, in the older one for a period that is gone. before,
        after: the values then and now, days as YYYY-MM-DD, empty where blank.
        """
        mine = self.of_kind(scope.kind)
        mine = mine[mine["area"] == (scope.area or STATE_AREA)]
        facts = {"before_run": self.before.id, "after_run": self.after.id}
        return mine.assign(**facts).rename(
            columns={"value_before": "before", "value_now": "after"}
        )[list(COLUMNS)]

    def of_kind(self, kind: AreaType) -> pd.DataFrame:
        """The changes of every area of a kind: area, kind, row, id, entry, element, name,
        value_before and value_now, by area, id, entry and element.

        An area has a period's changes where it had the period then and has it now. Of a period that
        it had and another area has now it learns that alone: `left`, without customer or line.
        """
        placed = self._placed(kind)
        was, now = placed["_was"], placed["_now"]
        both = placed.loc[was & now, ["area", "old_row", "new_row"]]
        found = both.merge(self.lines, on=["old_row", "new_row"])
        gone, new = placed["new_row"].isna(), placed["old_row"].isna()
        left = placed[was & ~now & ~gone].assign(id="", entry="", new_row=pd.NA, old_row=pd.NA)
        whole = [
            rows.assign(kind=name, element=PERIOD, value_before="", value_now="")
            for name, rows in (
                ("added", placed[now & new]),
                ("came", placed[now & ~was & ~new]),
                ("gone", placed[was & gone & ~placed["aged"]]),
                ("aged out", placed[was & gone & placed["aged"]]),
                ("left", left),
            )
        ]
        then, today = (placed[held].groupby("area")["id"].agg(set) for held in (was, now))
        known = {area: ids & today.get(area, set()) for area, ids in then.items()}
        moved = self._moved(kind, known)
        found = pd.concat([found, *whole, moved], ignore_index=True)
        found = found.assign(
            row=found["new_row"].fillna(found["old_row"]).astype("Int64"),
            name=found["element"].map(names()).fillna(""),
        )
        return found.sort_values(["area", "id", "entry", "element"], kind="stable")

    def _placed(self, kind: AreaType) -> pd.DataFrame:
        """The periods of each area, and whether it had them then (`_was`) and has them now."""
        if kind == "state":
            was, now = (self.pairs[name].notna() for name in ("old_row", "new_row"))
            return self.pairs.assign(area=STATE_AREA, _was=was, _now=now)
        sides = []
        for snapshot, row in ((self.before, "old_row"), (self.after, "new_row")):
            member = snapshot.membership()
            mine = member.loc[member["area_type"] == kind, ["area", "row"]]
            mine = mine.astype({"area": "str", "row": "Int64"}).rename(columns={"row": row})
            sides.append(mine.merge(self.pairs, on=row))
        keys = ["area", "id", "entry", "old_row", "new_row", "aged"]
        placed = sides[0].merge(sides[1], on=keys, how="outer", indicator=True)
        side = placed["_merge"]
        return placed.assign(_was=side != "right_only", _now=side != "left_only")

    def _moved(self, kind: AreaType, known: Mapping[str, set[str]]) -> pd.DataFrame:
        """Customers of an area whose planner there is another one, or none, now."""
        was, now = (_standing(snapshot, kind) for snapshot in (self.before, self.after))
        both = pd.DataFrame({"value_before": was, "value_now": now}).fillna("")
        both = (
            both[both["value_before"] != both["value_now"]]
            .rename_axis(["area", "id"])
            .reset_index()
        )
        here = [
            id in known.get(area, ()) for area, id in zip(both["area"], both["id"], strict=True)
        ]
        nothing = {"old_row": pd.NA, "new_row": pd.NA, "entry": ""}
        return both[here].assign(kind="planner moved", element=PLANNER, **nothing)


def changes_between(before: Snapshot, after: Snapshot) -> Changes:
    """Count every change; UsageError when the newer snapshot is of an earlier day."""
    if after.as_of < before.as_of:
        raise UsageError(
            f"{after.id} is as of {after.as_of}, before {before.id} ({before.as_of}): name the "
            "older snapshot first."
        )
    old, new = (_periods(snapshot) for snapshot in (before, after))
    pairs = _pairs(old, new)
    both = pairs[["old", "new"]].dropna().to_numpy(dtype=np.intp)
    facts = _pair_facts(old, new, pairs)
    here = facts.loc[pairs["old"].notna() & pairs["new"].notna()].reset_index(drop=True)
    elements = [one for one in load_layout().elements if one.number not in NUMBERED]
    parts = [here.head(0)]
    for first in range(0, len(elements), AT_ONCE):
        some = elements[first : first + AT_ONCE]
        numbers = [one.number for one in some]
        then, today = (
            snapshot.rows(columns=numbers).take(periods["at"].to_numpy()[both[:, side]])
            for side, (snapshot, periods) in enumerate(((before, old), (after, new)))
        )
        parts += [_of_element(one.number, then, today, here) for one in some]
    lines = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return Changes(before, after, facts, lines)


def _periods(snapshot: Snapshot) -> pd.DataFrame:
    """The state's rows: 100, 900, 901, row, at (its place); `again` numbers the lines of one
    customer and entry. Customers whose identifier is missing or withheld are left out."""
    rows = snapshot.rows(columns=["100", "900", "901"])
    rows = rows.assign(at=np.arange(len(rows)))
    rows = rows[~rows["100"].fillna(WITHHELD).str.startswith(WITHHELD)].reset_index(drop=True)
    return rows.assign(again=rows.groupby(["100", "900"], dropna=False).cumcount())


def _pair_facts(old: pd.DataFrame, new: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Customer, entry (the newer one) and lines of each pair."""
    then, now = (
        frame[["100", "900", "901", "row"]]
        .reindex(pairs[side].astype("float64"))
        .reset_index(drop=True)
        for side, frame in (("old", old), ("new", new))
    )
    newest = now["row"].notna()
    oldest = whole_from(new["901"].to_numpy(dtype="datetime64[D]"))
    days = now["900"].where(newest, then["900"])
    return pd.DataFrame(
        {
            "id": now["100"].where(newest, then["100"]).astype(object),
            "entry": days.dt.strftime("%Y-%m-%d").fillna("").astype(object),
            "old_row": then["row"].astype("Int64"),
            "new_row": now["row"].astype("Int64"),
            "aged": then["901"] < np.datetime64(oldest or "NaT", "s"),
        }
    )


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
    number: str, then: pd.DataFrame, today: pd.DataFrame, here: pd.DataFrame
) -> pd.DataFrame:
    """Every change of one element, in the periods that both snapshots have (`here`)."""
    before, after = (frame[number].reset_index(drop=True) for frame in (then, today))
    blank, gone = before.isna().to_numpy(), after.isna().to_numpy()
    equal = (before == after).fillna(False).to_numpy(dtype=bool)
    at = np.flatnonzero(~(equal | (blank & gone)))
    if not len(at):
        return here.head(0)
    had, has = (_holds(values, number)[at].tolist() for values in (before, after))
    there = list(zip(had, has, strict=True))
    named = {pair: _named(number, *pair) for pair in set(there)}
    kinds = [named[pair] for pair in there]
    held, holds = (_texts(values.iloc[at], number) for values in (before, after))
    return here.iloc[at].assign(kind=kinds, element=number, value_before=held, value_now=holds)


def _named(number: str, was_there: bool, is_there: bool) -> str:
    """The name of a change of an element."""
    return next(
        kind.name
        for kind in load_kinds()
        if (not kind.elements or number in kind.elements)
        and kind.before in (ANY, FILLED if was_there else BLANK)
        and kind.after in (ANY, FILLED if is_there else BLANK)
    )


def _holds(values: pd.Series, number: str) -> NDArray[np.bool_]:
    """Whether a cell says that something is there: not 0, and no placeholder of a wage."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return values.notna().to_numpy(dtype=bool)
    numbers_there = values.to_numpy(dtype=np.float64, na_value=0)
    real: NDArray[np.bool_] = (numbers_there != 0) & ~np.isnan(numbers_there)
    return real & (numbers_there < WAGE_NOT_YET_AVAILABLE) if number in WAGES else real


def _texts(values: pd.Series, number: str) -> list[str]:
    if number in WAGES:
        return [
            HIDDEN if there else _no_wage(v)
            for there, v in zip(_holds(values, number), values, strict=True)
        ]
    cells = values.tolist()
    said = {cell: "" if pd.isna(cell) else _text(cell) for cell in set(cells)}
    return [said[cell] for cell in cells]


def _no_wage(value: float) -> str:
    return "" if pd.isna(value) else "0" if value == 0 else NOT_YET


def _text(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return str(value).removesuffix(".0")


def _standing(snapshot: Snapshot, kind: AreaType) -> pd.Series:
    """The planner of each area's customer, by the newest assignment there that holds on the as-of
    date; by area and customer. An area knows its own planners alone."""
    found = {name: snapshot.table(name) for name in ("assignment", "planner")}
    tables = {name: table for name, table in found.items() if table is not None}
    if len(tables) < len(found):
        return pd.Series(dtype=object, index=pd.MultiIndex.from_arrays([[], []]))
    held = holding(begun_assignments(tables, snapshot.as_of), snapshot.as_of)
    if kind == "state":
        placed = held.assign(area=STATE_AREA)
    else:
        member = snapshot.membership("assignment")
        mine = member.loc[member["area_type"] == kind, ["area", "row"]].astype({"area": "str"})
        home = dict(zip(tables["planner"]["planner_id"], tables["planner"]["lwia"], strict=True))
        placed = held.merge(mine, on="row")
        own = placed["planner_id"] if kind == "planner" else placed["planner_id"].map(home)
        placed = placed[own == placed["area"]]
    newest: pd.Series = placed.groupby(["area", "customer"])["planner_id"].last().astype(object)
    return newest
