"""The tables of an extract from a relational database that stands for IWDS.

A source is a TOML file: where the address is found, and which table or view is which table of an
extract. Addresses hold passwords, so they are in the environment or in a file of their own, never
in `params/`, and no message repeats them.
"""

import csv
import os
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipats_lib.errors import ExtractError, ParamsError, UsageError
from ipats_lib.inputs import read_input, spelled
from ipats_lib.sources.sheet import text_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

ROWS_AT_ONCE = 10_000
EXPECTED = (
    'write url_env = "NAME" or url_file = "PATH", and [tables] with pirl = "schema.view" and the '
    "other tables"
)


@dataclass(frozen=True, slots=True)
class Database:
    """A source's file. url_env, url_file: where the address is; one of them. tables: names in the
    database by table of the extract."""

    file: Path
    url_env: str
    url_file: str
    tables: Mapping[str, str]

    def address(self) -> str:
        """The address; UsageError where it is not set, or others may read its file."""
        if self.url_env:
            if address := os.environ.get(self.url_env):
                return address
            raise UsageError(f"{self.file} needs the database's address in {self.url_env}.")
        place = Path(self.url_file)
        said = read_input(place, UsageError, advice=f"{self.file} names it")
        address = said.decode(errors="replace").strip()
        if place.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError(f"Others may read {spelled(place)}: give it the mode 0600.")
        return address


def read_database(file: Path, names: Sequence[str]) -> Database:
    """A source's file; ParamsError when it does not say what is expected."""
    wrong = ParamsError(f"{spelled(file)}: {EXPECTED}.")
    try:
        said = tomllib.loads(read_input(file, UsageError).decode())
    except (ValueError, RecursionError):
        raise wrong from None
    tables = said.pop("tables", None)
    found = {name: said.pop(name, "") for name in ("url_env", "url_file")}
    if said or not isinstance(tables, dict) or "pirl" not in tables:
        raise wrong
    texts = [*found.values(), *tables.values()]
    if not all(isinstance(text, str) for text in texts) or not all(tables.values()):
        raise wrong
    if bool(found["url_env"]) == bool(found["url_file"]) or not {*tables} <= {*names}:
        raise wrong
    return Database(file, found["url_env"], found["url_file"], tables)


def _engine(source: Database) -> "Engine":
    import sqlalchemy as sql

    try:
        return sql.create_engine(source.address(), poolclass=sql.NullPool)
    except ValueError:  # a port that is no number
        raise sql.exc.ArgumentError from None


def _take_any_cell(connection: "Connection") -> None:
    """A day that Python has none for (infinity, before year 1, after 9999) and a text that is no
    UTF-8 end a table otherwise: as texts they are findings of one cell."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.driver == "pysqlite":
        driver.text_factory = lambda data: data.decode(errors="replace")
    if connection.dialect.driver == "psycopg":
        from psycopg import DataError
        from psycopg.types import datetime as types

        for name in ("date", "timestamp", "timestamptz"):
            known: Any = getattr(types, f"{name.title()}Loader")

            def load(self: Any, data: Any, known: Any = known) -> object:
                try:
                    return known.load(self, data)
                except DataError:
                    return bytes(data).decode(errors="replace")

            driver.adapters.register_loader(name, type("Day", (known,), {"load": load}))


def export(file: Path, work: Path, names: Sequence[str], only: str = "") -> Path:
    """A folder with a CSV file of each table, or of one alone, all of one moment, read as a stream.

    ExtractError names the table that cannot be read, and the kind of error alone.
    """
    import sqlalchemy as sql

    source, target = read_database(file, names), work / "exported"
    target.mkdir()
    asked = "the database"
    if only and only not in source.tables:
        raise UsageError(f"{spelled(file)} names no table {only}.")
    try:
        with _engine(source).connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            _take_any_cell(connection)
            for name, table in source.tables.items():
                if only not in ("", name):
                    continue
                asked = f"the table {name} ({table})"
                schema, _, plain = table.rpartition(".")
                wanted = sql.select(sql.text("*")).select_from(
                    sql.table(plain, schema=schema or None)
                )
                streamed = connection.execution_options(
                    stream_results=True, max_row_buffer=ROWS_AT_ONCE
                )
                with (target / f"{name}.csv").open("x", encoding="utf-8", newline="") as out:
                    rows = streamed.execute(wanted)
                    lines = csv.writer(out, lineterminator="\n")
                    lines.writerow(rows.keys())
                    for part in rows.partitions(ROWS_AT_ONCE):
                        lines.writerows([text_of(cell) for cell in row] for row in part)
    except (sql.exc.SQLAlchemyError, ImportError) as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise ExtractError(
            f"{spelled(file)}: {asked} cannot be read ({kind}). Check the address and the name."
        ) from None
    return target
