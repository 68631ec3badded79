"""Case-management tables: their schemas, and their rows as batches of texts (domain 8.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from ipats_lib.errors import ExtractError
from ipats_lib.extract.cells import DOLLARS, SWITCH, Kind, code_kind, date_kind
from ipats_lib.extract.headers import is_ssn, normalized
from ipats_lib.extract.lines import Batch, first_cells, read_lines
from ipats_lib.extract.scan import FileFacts
from ipats_lib.params import one_of, read_each

# text: as it stands. customer: as PIRL 100. planner, lwia: ids. switch: yes or no. dollars: of any
# size, at least 0.
TYPES = ("text", "customer", "planner", "lwia", "date", "switch", "integer", "dollars")
_KINDS = {"switch": SWITCH, "integer": code_kind(()), "dollars": DOLLARS}


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a case table; required: the file must have it."""

    name: str
    type: str
    required: bool

    def kind(self, as_of: date | None) -> Kind | None:
        if self.type == "date":
            return date_kind(as_of, hyphens=True)
        return _KINDS.get(self.type)


@cache
def load_schema(table: str) -> tuple[TableColumn, ...]:
    """`params/tables/<table>.csv`; ParamsError when it breaks its rules."""

    def column(row: dict[str, str]) -> TableColumn:
        required = one_of(row["required"], ("yes", "no")) == "yes"
        return TableColumn(row["column"], one_of(row["type"], TYPES), required)

    return tuple(read_each(f"tables/{table}.csv", ("column", "type", "required"), column))


@dataclass(frozen=True, slots=True)
class TableFile:
    """A case table whose columns are known.

    columns: those of the schema that the file has. names: the column in each place of a line, ""
    for one that is left out.
    """

    table: str
    facts: FileFacts
    columns: tuple[TableColumn, ...]
    names: tuple[str, ...]
    extra: tuple[str, ...]
    ssn: int

    def batches(self) -> Iterator[Batch]:
        """Its rows as texts, columns named as in the schema."""
        return read_lines(self.facts, self.names, skip=1)


def open_table(table: str, facts: FileFacts) -> TableFile:
    """Match the header by name, any order and case; ExtractError when a column is lacking."""
    cells = [cell.strip() for cell in first_cells(facts)]
    ssn = [is_ssn(cell) for cell in cells]
    schema = load_schema(table)
    wanted = {normalized(column.name): column.name for column in schema}
    names = [
        wanted.get(normalized(c), "") if not s else "" for c, s in zip(cells, ssn, strict=True)
    ]
    _refuse_header(facts.name, schema, names)
    extra = [c for c, name, s in zip(cells, names, ssn, strict=True) if not name and not s]
    columns = tuple(column for column in schema if column.name in names)
    return TableFile(table, facts, columns, tuple(names), tuple(extra), sum(ssn))


def _refuse_header(file: str, schema: tuple[TableColumn, ...], names: list[str]) -> None:
    lacking = [column.name for column in schema if column.required and column.name not in names]
    if lacking:
        raise ExtractError(
            f"{file} line 1: the header lacks {', '.join(lacking)}; write the columns "
            f"{', '.join(column.name for column in schema)}."
        )
    for column in schema:
        if names.count(column.name) > 1:
            raise ExtractError(
                f"{file} line 1: the header names {column.name} more than once; keep one."
            )
