"""A snapshot as others read it: rows, case tables and findings of one scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ipats_lib.errors import SnapshotError, UsageError
from ipats_lib.extract.cells import Kind, kind_of
from ipats_lib.extract.folder import TABLES
from ipats_lib.extract.tables import load_schema
from ipats_lib.params import Layout, load_areas, load_layout
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot.areas import Numbers, area_bits, membership
from ipats_lib.snapshot.manifest import Manifest, Provenance, read_manifest, shape_of
from ipats_lib.snapshot.parts import HIDDEN, Held
from ipats_lib.snapshot.reading import (
    Choice,
    Files,
    Portion,
    portions,
    read_findings,
    read_portions,
)
from ipats_lib.snapshot.store import damaged_error, damaged_file
from ipats_lib.snapshot.whole import FISCAL_SCHEMA, PLANNER_SCHEMA

_SCOPED = ("assignment", "service", "case_note", "application")
NAMELESS = "Name unknown"
_PANDAS = {
    pa.string(): pd.StringDtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}

_NULLABLE = {pa.int64(): pd.Int64Dtype()}


@dataclass(frozen=True)
class Snapshot:
    """An immutable snapshot in its folder. Everything is read from there when asked for.

    Whatever reads a file raises SnapshotError when it is no longer the file that was kept.
    """

    path: Path
    manifest: Manifest

    @cached_property
    def id(self) -> str:
        return self.manifest.id

    @property
    def provenance(self) -> Provenance:
        return self.manifest.provenance

    @property
    def as_of(self) -> date:
        return self.provenance.as_of

    @property
    def synthetic(self) -> bool:
        return self.provenance.synthetic

    @property
    def missing_tables(self) -> tuple[str, ...]:
        """Case tables that the extract did not have."""
        return tuple(name for name in TABLES if name not in self.manifest.tables)

    def planners(self) -> pd.DataFrame:
        """One row per planner: planner_id, lwia, name, active; sorted by LWIA and id. Who has no
        name, or one that may be a Social Security number, is `NAMELESS`."""
        table = self._whole("planner")
        if table is None:
            table = PLANNER_SCHEMA.empty_table()
        found = _frame(table)
        return found.assign(name=found["name"].fillna(NAMELESS))

    def accounts(self) -> pd.DataFrame | None:
        """The account table, whole; None when the extract had none."""
        table = self._whole("account")
        return None if table is None else _frame(table)

    def fiscal(self) -> pd.DataFrame:
        """What areas spent, by program and program year (`whole.FISCAL_SCHEMA`); maybe nothing."""
        table = self._whole("fiscal")
        return _frame(FISCAL_SCHEMA.empty_table() if table is None else table)

    def scopes(self) -> tuple[Scope, ...]:
        """The state, every area of params/areas.csv, every planner, sorted."""
        return self._scopes

    @cached_property
    def _scopes(self) -> tuple[Scope, ...]:
        planners = self.planners()
        pairs = zip(planners["lwia"], planners["planner_id"], strict=True)
        areas = [Scope(area.lwia) for area in load_areas()]
        return tuple(sorted([STATE, *areas, *(Scope(lwia, planner) for lwia, planner in pairs)]))

    def rows(self, scope: Scope = STATE, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """PIRL rows of a scope, by line of the PIRL file.

        One row per period of participation: `row` (int64, its line) and the elements asked for
        (all of the layout by default), by number. Text is `string`, codes and integers `Int32`,
        dates `datetime64[s]`, amounts `float64`. UsageError for an unknown scope or element.
        """
        elements = {element.number: element for element in self._layout.elements}
        wanted = list(elements) if columns is None else [c for c in columns if c != "row"]
        for number in wanted:
            if number not in elements:
                raise UsageError(f"Layout {self._layout.name} has no element '{number}'.")
        kinds = {number: kind_of(elements[number], None) for number in wanted}
        return self._read("pirl", scope, kinds)

    def table(
        self, name: str, scope: Scope = STATE, columns: Sequence[str] | None = None
    ) -> pd.DataFrame | None:
        """Rows of a case table in a scope, by line (`row`); None when the extract had none.

        Columns as in params/tables/<name>.csv, or those asked for. UsageError for an unknown table
        or scope.
        """
        if name not in (*_SCOPED, "planner"):
            raise UsageError(f"There is no case table '{name}'.")
        self._check(scope)
        if name not in self.manifest.tables:
            return None
        if name == "planner":
            planners = self.planners()
            mine = [
                scope.contains(Scope(*key))
                for key in zip(planners["lwia"], planners["planner_id"], strict=True)
            ]
            return planners[mine].reset_index(drop=True)
        known = {c.name: c.kind(None) for c in load_schema(name)}
        return self._read(name, scope, {c: known[c] for c in columns or known})

    def findings(self, scope: Scope = STATE) -> pd.DataFrame:
        """What was found: file, row, element, value, rule, severity, message.

        Findings about a file as a whole (row missing) come with every scope, findings about a
        row with the scopes of its record.
        """
        table = read_findings(self._files, self._choice(scope))
        shown = _frame(table.drop_columns(["row"]))
        shown.insert(1, "row", table["row"].to_pandas(types_mapper=_NULLABLE.get))
        return shown

    def membership(self, name: str = "pirl") -> pd.DataFrame:
        """Which PIRL rows belong to which area: area_type (lwia, planner), area, row.

        name: a case table of the extract whose rows are meant instead, but for `planner`. The state
        holds every row and is not listed. One row per area and row of the table.
        """
        hidden = self._rows_of(name, STATE, [*HIDDEN])
        planners = self.planners()
        return membership(hidden, self._met(), list(planners["planner_id"]), list(planners["lwia"]))

    def _met(self) -> pa.Table:
        """planner_id and _customer of each contact."""
        return self._files.table("contacts.parquet", ["planner_id", "_customer"])

    def portions(self, name: str, scope: Scope) -> tuple[Portion, ...]:
        """Which row groups of a table hold rows of the scope (`pirl`, or a case table)."""
        return portions(self._files, name, self._choice(scope))

    @cached_property
    def _files(self) -> Files:
        return Files.of(self.path, self.manifest)

    @cached_property
    def _layout(self) -> Layout:
        return load_layout(self.provenance.layout)

    @cached_property
    def _known_scopes(self) -> frozenset[Scope]:
        return frozenset(self._scopes)

    def _check(self, scope: Scope) -> None:
        if scope not in self._known_scopes:
            raise UsageError(f"Scope '{scope}' is not in snapshot {self.id}.")

    def _choice(self, scope: Scope) -> Choice | None:
        self._check(scope)
        if scope == STATE:
            return None
        met = self._customers_met(scope.planner) if scope.planner else None
        return Choice(scope.lwia, area_bits()[scope.lwia], met)

    def _customers_met(self, planner: str) -> Numbers:
        contacts, places = self._contacts
        return contacts[places.get(planner, np.empty(0, dtype=np.intp))]

    @cached_property
    def _contacts(self) -> tuple[Numbers, Mapping[str, NDArray[np.intp]]]:
        """The customer of each contact, and where those of each planner stand."""
        table = self._met()
        planners = pd.Series(table["planner_id"].to_pylist(), dtype="object")
        return table["_customer"].to_numpy(), dict(planners.groupby(planners).indices)

    def _whole(self, name: str) -> pa.Table | None:
        if name not in self.manifest.tables:
            return None
        return self._files.table(f"{name}.parquet")

    def _read(self, name: str, scope: Scope, kinds: Mapping[str, Kind | None]) -> pd.DataFrame:
        table = self._rows_of(name, scope, ["row", *kinds])
        columns = {"row": table["row"]}
        for column, kind in kinds.items():
            if column in table.column_names:
                columns[column] = table[column]
            else:
                columns[column] = pa.nulls(len(table), kind.type if kind else pa.string())
        return _frame(pa.table(columns))

    def _rows_of(self, name: str, scope: Scope, columns: Sequence[str]) -> pa.Table:
        """Rows by line; of the columns, those that are not blank throughout."""
        return read_portions(self.portions(name, scope), columns)


@dataclass(frozen=True)
class Passing(Snapshot):
    """A snapshot that is not kept: its rows are in memory, of each table the columns that were
    asked for; all else is in a folder that goes with it. It knows no contacts of planners, and its
    rows are those of the state."""

    held: Mapping[str, Held]

    def _rows_of(self, name: str, scope: Scope, columns: Sequence[str]) -> pa.Table:
        assert scope == STATE, scope
        return self.held[name].table(columns)

    def _met(self) -> pa.Table:
        return pa.schema({"planner_id": pa.string(), "_customer": pa.int32()}).empty_table()


def _frame(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a frame with our types; days become datetime64[s]."""
    for place, field in enumerate(table.schema):
        if field.type == pa.date32():
            days = table[place].cast(pa.timestamp("s"))
            table = table.set_column(place, field.name, days)
    return table.to_pandas(types_mapper=_PANDAS.get)


def open_snapshot(path: Path, *, verify: bool = False) -> Snapshot:
    """Open a snapshot's folder; with `verify`, all its files' hashes are recomputed first.

    SnapshotError when the manifest has changed, a file is missing or has another size (verify:
    other bytes), or the snapshot was made with other areas or another layout than params/ has now.
    Without `verify` a changed file is refused when it is read.
    """
    manifest = read_manifest(Path(path))
    damaged = damaged_file(Path(path), manifest, verify=verify)
    if damaged is not None:
        raise damaged_error(path, damaged)
    if manifest.shape != shape_of(load_layout(manifest.provenance.layout)):
        raise SnapshotError(
            f"Snapshot {path} was made with other areas or another layout than params/ has now: "
            "make it again."
        )
    return Snapshot(Path(path), manifest)
