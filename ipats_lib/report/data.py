"""The data of one scope: all that a notebook may see, and nothing else.

The state is computed once (`StateData`); a scope's data are slices of it. A publisher writes each
slice to a folder of its own, so that a wrong notebook has no other scope's record to show.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import feather

from ipats_lib import indicators
from ipats_lib.caseload import Desk
from ipats_lib.caseload.distribution import distribution
from ipats_lib.cohorts import whole_from
from ipats_lib.disclosure import few_wages, load_thresholds, withhold
from ipats_lib.errors import SnapshotError, UsageError
from ipats_lib.frames.combined import CASE_TABLES, caseload_of, rows_of
from ipats_lib.indicators.aggregate import in_areas
from ipats_lib.params import load_areas
from ipats_lib.periods import Period, Report
from ipats_lib.report.counted import NOTHING
from ipats_lib.report.earlier import Counts, counts_of
from ipats_lib.report.history import history
from ipats_lib.scopes import STATE, STATE_AREA, AreaType, Scope
from ipats_lib.snapshot import Released, Snapshot

TREND_QUARTERS = 8
FRAMES = (
    *("rows", "outcome_rows", "aggregates", "earlier_figures", "released_areas", "standing"),
    *("backlog", "seats", "quality"),
    *CASE_TABLES,
)
AREA = ("area_type", "area")


@dataclass(frozen=True, slots=True)
class About:
    """What every page must say about its figures: whose, of which period, known when.

    whole_from: the first day of the oldest quarter whose exits the extract holds as a whole.
    """

    scope: str
    title: str
    period: str
    as_of: str
    as_of_source: str
    synthetic: bool
    missing_tables: tuple[str, ...]
    whole_from: str = ""


@dataclass(frozen=True)
class ScopeData:
    """One scope's records and figures. frames: see `FRAMES`; absent case tables are left out."""

    about: About
    frames: Mapping[str, pd.DataFrame]

    def frame(self, name: str) -> pd.DataFrame:
        """One frame; UsageError when the notebook did not declare that it reads it."""
        if name not in FRAMES:
            raise UsageError(f"There is no frame `{name}`: the frames are {', '.join(FRAMES)}.")
        if name not in self.frames:
            raise UsageError(f"The data hold no `{name}`: name it under `data` in the metadata.")
        return self.frames[name]

    @cached_property
    def files(self) -> dict[str, bytes]:
        """`about.json` and one Arrow file per frame, by name. Equal data, equal bytes."""
        about = json.dumps(asdict(self.about), indent=1, sort_keys=True)
        arrows = {f"{name}.arrow": _arrow(frame) for name, frame in self.frames.items()}
        return {"about.json": about.encode(), **arrows}

    @cached_property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of each file, by the name of its frame (`about` for `about.json`)."""
        return {
            name.split(".")[0]: hashlib.sha256(data).hexdigest()
            for name, data in self.files.items()
        }

    @classmethod
    def read(cls, folder: Path) -> "ScopeData":
        """Read what `write` wrote; SnapshotError when the folder is not such data."""
        try:
            raw = json.loads((folder / "about.json").read_text())
            about = About(**{**raw, "missing_tables": tuple(raw["missing_tables"])})
            frames = {
                name: feather.read_feather(folder / f"{name}.arrow", use_threads=False)
                for name in FRAMES
                if (folder / f"{name}.arrow").exists()
            }
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SnapshotError(f"{folder} does not hold the data of a scope.") from error
        return cls(about, frames)


def _arrow(frame: pd.DataFrame) -> bytes:
    """Arrow bytes that depend on the rows alone: unused categories would tell of other scopes."""
    categories = frame.columns[frame.dtypes == "category"]
    used = {column: frame[column].cat.remove_unused_categories() for column in categories}
    table = pa.Table.from_pandas(frame.assign(**used) if used else frame, preserve_index=False)
    buffer = io.BytesIO()
    feather.write_feather(table, buffer, compression="uncompressed")
    return buffer.getvalue()


def reports_of(period: Period) -> tuple[Report, ...]:
    """The reports whose outcomes a publication needs.

    Its windows, the quarters of its trend, and the program years before and after.
    """
    trend = [period.earlier(back).reports[1] for back in range(TREND_QUARTERS)]
    years = [Period(period.py + step).program_year for step in (-1, 1)]
    return tuple(dict.fromkeys((*period.windows, *trend, *years)))


@dataclass(frozen=True)
class StateData:
    """A whole snapshot for one period, computed once and sliced per scope.

    earlier: older snapshots, for quarters of the trend that this one no longer holds. counts: what
    `counts_of` tells of each, where somebody has been asked already. released: what publications
    of linked quarters showed across areas.
    """

    snapshot: Snapshot
    period: Period
    earlier: tuple[Snapshot, ...] = ()
    counts: Iterable[Counts] | None = None
    released: tuple[Released, ...] = ()

    @cached_property
    def rows(self) -> pd.DataFrame:
        return rows_of(self.snapshot)

    @cached_property
    def membership(self) -> pd.DataFrame:
        return self.snapshot.membership()

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """Outcomes in scope of every report of the period and of its trend."""
        reports = reports_of(self.period)
        table = indicators.outcome_table(self.rows, reports, self.snapshot.as_of)
        return table.sort_values("row", kind="stable", ignore_index=True)

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Every figure of every scope: `indicators.aggregate` by report, area and program.

        One computation for all: a scope's own would cost a hundred times as much in sum.
        """
        placed = in_areas(self.outcomes, self.membership, STATE_AREA)
        return indicators.aggregate(placed, ["report", *AREA, "program"])

    @cached_property
    def _lines_of_area(self) -> Mapping[tuple[str, ...], NDArray[np.intp]]:
        return dict(self.figures.groupby(list(AREA), observed=True).indices)

    def _figures_of(self, scope: Scope) -> pd.DataFrame:
        lines = self._lines_of_area.get((scope.kind, scope.area), np.empty(0, dtype="intp"))
        mine = self.figures.drop(columns=list(AREA)).take(lines)
        return _for_readers(mine.reset_index(drop=True), scope)

    @cached_property
    def history(self) -> pd.DataFrame:
        """The trend's quarters that only earlier snapshots hold (`history.history`)."""
        trend = [self.period.earlier(back).reports[1] for back in range(TREND_QUARTERS)]
        return history(self.snapshot, self._whole_from, self.earlier, trend)

    @cached_property
    def caseload(self) -> pd.DataFrame:
        return caseload_of(self.snapshot, self.rows)

    @cached_property
    def areas(self) -> pd.DataFrame:
        """Figures of the state and of every LWIA, small cells withheld: fit for any reader."""
        areas = [("state", STATE_AREA), *(("lwia", area.lwia) for area in load_areas())]
        figures = self.figures[self.figures["area_type"] != "planner"]
        long = indicators.long_form(figures, self.period.reports, areas)
        return withhold(long, load_thresholds(), released=(r.lines() for r in self.released))

    @cached_property
    def _rows_of_area(self) -> dict[tuple[str, str], NDArray[np.int64]]:
        grouped = self.membership.groupby(["area_type", "area"], observed=True)["row"]
        return {(str(kind), str(area)): np.sort(rows.to_numpy()) for (kind, area), rows in grouped}

    def slice(self, scope: Scope) -> ScopeData:
        """The data of one scope; UsageError for a scope that the snapshot does not have."""
        if scope not in self.snapshot.scopes():
            raise UsageError(f"Scope '{scope}' is not in snapshot {self.snapshot.id}.")
        frames = {
            "rows": self._only(self.rows, scope),
            "outcome_rows": self._only(self.outcomes, scope),
            "aggregates": self._figures_of(scope),
            "standing": self._only(self.caseload, scope),
            "released_areas": self.areas,
            "earlier_figures": self._history_of(scope),
            "backlog": self._backlog_of(scope),
            "seats": self._seats_of(scope),
            "quality": self._quality_of(scope),
        }
        for name in CASE_TABLES:
            table = self.snapshot.table(name, scope)
            if table is not None:
                frames[name] = table.reset_index(drop=True)
        return ScopeData(self._about(scope), frames)

    def common(self, scope: Scope) -> ScopeData:
        """What is fit for any reader of a scope: the areas, and nobody's records."""
        return ScopeData(self._about(scope), {"released_areas": self.areas})

    def _history_of(self, scope: Scope) -> pd.DataFrame:
        area = STATE_AREA if scope == STATE else scope.area
        known = self.history
        mine = (known["area_type"] == scope.kind) & (known["area"] == area)
        lines = known[mine].drop(columns=["area_type", "area"]).reset_index(drop=True)
        return _for_readers(lines, scope)

    def desk(self, scope: Scope) -> Desk:
        """What the alerts of a scope look at."""
        tables = {name: self.snapshot.table(name, scope) for name in CASE_TABLES}
        known = {name: table for name, table in tables.items() if table is not None}
        return Desk(self._only(self.rows, scope), self.snapshot.as_of, known, scope.planner)

    @cached_property
    def _before(self) -> tuple[tuple[Snapshot, Counts], ...]:
        count = partial(counts_of, self.period.name)
        told = map(count, (str(snapshot.path) for snapshot in self.earlier))
        return tuple(zip(self.earlier, self.counts or told, strict=True))

    def earlier_counts(self, kind: AreaType) -> pd.DataFrame:
        """What the earlier snapshots counted of a kind of scope: area, known_at and the columns
        of `counted.counted`."""
        parts = [
            mine.assign(area=area, known_at=snapshot.as_of.isoformat())
            for snapshot, counts in self._before
            for (area_type, area), mine in counts.items()
            if area_type == kind
        ]
        return pd.concat([NOTHING.assign(area=""), *parts], ignore_index=True)

    def _backlog_of(self, scope: Scope) -> pd.DataFrame:
        """What the earlier snapshots counted: known_at and the columns of `counted.counted`."""
        parts = [
            counts[key].assign(known_at=snapshot.as_of.isoformat())
            for snapshot, counts in self._before
            if scope in snapshot.scopes() and (key := (scope.kind, scope.area)) in counts
        ]
        found = pd.concat([NOTHING, *parts], ignore_index=True) if parts else NOTHING
        named = found["key"].str.replace(".* ", "", regex=True)
        figures = found.assign(
            indicator=named.where(found["kind"] == "official", ""), denominator=found["n"]
        )
        found = _for_readers(figures, scope)
        return found[list(NOTHING.columns)].astype(NOTHING.dtypes)

    @cached_property
    def _quality(self) -> pd.DataFrame:
        """The distribution checks of every LWIA (`caseload.distribution`)."""
        return distribution(self.desk(STATE), self._seats_of(STATE))

    def _quality_of(self, scope: Scope) -> pd.DataFrame:
        """The state's lines, or an LWIA's own; planners have too few records for any."""
        if scope == STATE:
            return self._quality
        mine = (self._quality["area"] == scope.lwia) & (scope.kind == "lwia")
        return self._quality[mine].reset_index(drop=True)

    def _seats_of(self, scope: Scope) -> pd.DataFrame:
        """Where a record stands one level further in: row, area.

        For the state every LWIA of the record; in an LWIA one planner whose pages show it.
        """
        level = {"state": "lwia", "lwia": "planner"}.get(scope.kind)
        parts = [
            pd.DataFrame({"row": self._rows_of_area[key], "area": inner.area})
            for inner in self.snapshot.scopes()
            if inner.kind == level and scope.contains(inner)
            if (key := (inner.kind, inner.area)) in self._rows_of_area
        ]
        none = pd.DataFrame({"row": pd.Series(dtype="int64"), "area": pd.Series(dtype="str")})
        seats = pd.concat([none, *parts], ignore_index=True)
        return seats if level == "lwia" else seats.drop_duplicates("row", ignore_index=True)

    def _only(self, frame: pd.DataFrame, scope: Scope) -> pd.DataFrame:
        if scope == STATE:
            return frame
        mine = self._rows_of_area.get((scope.kind, scope.area), np.empty(0, dtype="int64"))
        return _take(frame, mine)

    def _about(self, scope: Scope) -> About:
        return About(
            scope=scope.path,
            title=self.title(scope),
            period=self.period.name,
            as_of=self.snapshot.as_of.isoformat(),
            as_of_source=self.snapshot.provenance.as_of_source,
            synthetic=self.snapshot.synthetic,
            missing_tables=tuple(self.snapshot.missing_tables),
            whole_from=self._whole_from,
        )

    @cached_property
    def _whole_from(self) -> str:
        first = whole_from(self.rows["901"].to_numpy(dtype="datetime64[D]"))
        return first.isoformat() if first else ""

    @cached_property
    def _planner_names(self) -> dict[str, str]:
        planners = self.snapshot.planners()
        return dict(zip(planners["planner_id"], planners["name"], strict=True))

    def title(self, scope: Scope) -> str:
        """The scope's name as a reader knows it."""
        names = {area.lwia: area.name for area in load_areas()}
        if scope.kind == "planner":
            name = self._planner_names.get(scope.planner, "")
            return f"{name} ({scope.planner}), LWIA {scope.lwia}"
        return f"LWIA {scope.lwia}: {names[scope.lwia]}" if scope.lwia else "Illinois"


def _for_readers(figures: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """Figures (indicator, denominator, value) without medians that would tell a wage."""
    lines = figures.rename(columns={"indicator": "measure"})
    hidden = few_wages(lines, scope.kind, load_thresholds())
    amounts = [name for name in ("value", "lower", "upper") if name in figures]
    return figures.assign(**{name: figures[name].mask(hidden) for name in amounts})


def _take(frame: pd.DataFrame, rows: NDArray[np.int64]) -> pd.DataFrame:
    """The lines of a frame sorted by `row` that belong to the sorted rows."""
    lines = frame["row"].to_numpy()
    first, last = (np.searchsorted(lines, rows, side) for side in ("left", "right"))
    sizes = last - first
    before = np.concatenate([np.zeros(1, dtype=np.int64), sizes.cumsum()])[: len(rows)]
    return frame.take(np.repeat(first - before, sizes) + np.arange(sizes.sum())).reset_index(
        drop=True
    )


def as_of(about: About) -> date:
    """The as-of date as a date."""
    return date.fromisoformat(about.as_of)
