"""What a frame is: one row's meaning, and each column's type, unit, meaning and source."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text",  # words for readers
    "code",  # a short fixed word or number, such as `ERQ2` or `lwia`
    "customer",  # a customer's id: never in the state's own pages
    "count",  # whole number of persons, periods or services
    "share",  # 0..1, shown as a percentage
    "percent",  # of a level or a plan: 100 means equal
    "points",  # difference of two figures, in the unit of the row's measure
    "dollars",
    "figure",  # a share, or dollars where the row's `measure` is ME
    "number",  # any other number
    "change",  # difference of two numbers, with its sign
    "date",
    "month",  # by its first day
    "flag",  # True or False
    "status",  # a verdict in words, shown with its shape and color
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. A name has one kind in every frame (a test compares them).

    unit: persons, periods of participation, dollars, days, 0..1, and so on; empty for words.
    source: the PIRL element, rule or parameter file that it comes from. missing: whether a row may
    have no value.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    source: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """One frame. row: what one row is. key: the columns that name a row.

    protected: what never reaches this frame unprotected, in one sentence; empty where it holds the
    scope's own records.
    """

    name: str
    title: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    protected: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


class SchemaError(AssertionError):
    """A schema breaks its rules, or a frame its schema: a fault of the library, found by tests."""


def kinds(schemas: Sequence[Schema]) -> dict[str, Kind]:
    """The kind of each column name; SchemaError where two frames differ about one."""
    found: dict[str, Kind] = {}
    for schema in schemas:
        for column in schema.columns:
            if found.setdefault(column.name, column.kind) != column.kind:
                raise SchemaError(f"{schema.name}.{column.name} is {column.kind} here alone.")
    return found
