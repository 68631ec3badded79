"""`params/` read once into frozen, validated objects. Staff change these files, not code."""

import csv
import io
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from ipats_lib.errors import ParamsError
from ipats_lib.inputs import read_input, spelled
from ipats_lib.project import project_folder

ElementType = Literal["text", "code", "integer", "date", "amount"]
_TYPES = ("text", "code", "integer", "date", "amount")
Made = TypeVar("Made")


def params_folder() -> Path:
    """`$IPATS_PARAMS`, or `params/` of the project."""
    return Path(os.environ.get("IPATS_PARAMS") or project_folder() / "params")


def read_rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of a parameter CSV; ParamsError when it is missing or its header differs."""
    advice = "restore it from the repository"
    data = read_input(path, ParamsError, named=spelled(path), advice=advice)
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise ParamsError(
            f"{spelled(path)} is not a CSV file in UTF-8: save it as one, or {advice}."
        ) from None
    if tuple(lines[0] if lines else ()) != columns:
        raise ParamsError(f"{spelled(path)}: expected the columns {', '.join(columns)}.")
    filled = [(number, cells) for number, cells in enumerate(lines, start=1) if cells]
    for number, cells in filled:
        if len(cells) != len(columns):
            raise ParamsError(
                f"{spelled(path)} line {number}: expected {len(columns)} cells, one per column, "
                f"found {len(cells)}."
            )
    return [dict(zip(columns, cells, strict=True)) for _, cells in filled[1:]]


def read_each(
    name: str, columns: tuple[str, ...], make: Callable[[dict[str, str]], Made]
) -> list[Made]:
    """What `make` makes of each row of `params/<name>`.

    A ValueError of `make` says what is wrong with the row; the ParamsError names file and line.
    """
    path, made = params_folder() / name, []
    for line, row in enumerate(read_rows(path, columns), start=2):
        try:
            made.append(make(row))
        except ValueError as error:
            raise ParamsError(f"{path} line {line}: {error}.") from error
    return made


def whole_number(text: str) -> int:
    """A whole number of a parameter file; ValueError for anything else."""
    if not text.isdigit():
        raise ValueError(f"expected a whole number, found {text!r}")
    return int(text)


def one_of(text: str, names: Collection[str]) -> str:
    """A name of a parameter file that must be one of `names`; ValueError when it is not."""
    if text not in names:
        raise ValueError(f"{text!r} is not known here")
    return text


def read_settings(name: str, made: type[Made], least: int = 0) -> Made:
    """The settings of `params/<name>` (setting, value, source) as one object.

    made: a data class, a setting a field: a text, or a whole number from `least` on. ParamsError
    for a setting that is missing, unknown or no such number.
    """
    path = params_folder() / name
    said = {row["setting"]: row["value"] for row in read_rows(path, ("setting", "value", "source"))}
    kinds = {field.name: field.type for field in fields(made)}  # type: ignore[arg-type]
    if said.keys() != kinds.keys():
        raise ParamsError(
            f"{spelled(path)}: a setting is missing or unknown; expected {', '.join(kinds)}."
        )
    for setting, value in said.items():
        number = value.isascii() and value.isdigit() and int(value) >= least
        if kinds[setting] is int and not number:
            raise ParamsError(f"{path}: {setting} must be a whole number, {least} or more.")
    return made(**{name: kinds[name](value) for name, value in said.items()})  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Agency:
    """Who runs the site, as its pages say. contact: empty until the agency has set one."""

    agency: str
    contact: str


@cache
def load_agency() -> Agency:
    """`params/site.csv`; ParamsError when a setting is missing or unknown."""
    return read_settings("site.csv", Agency)


@dataclass(frozen=True, slots=True)
class Element:
    """One column of a PIRL layout. `codes` is empty for elements without a code list."""

    position: int
    number: str
    name: str
    type: ElementType
    length: int
    codes: tuple[str, ...]
    required_for: tuple[str, ...]

    @property
    def reserved(self) -> bool:
        """A position of the layout whose element is not confirmed yet."""
        return self.number.startswith("R")


@dataclass(frozen=True, slots=True)
class Layout:
    """A version of the PIRL file: its elements in column order."""

    name: str
    elements: tuple[Element, ...]

    def __len__(self) -> int:
        return len(self.elements)


_LAYOUT_COLUMNS = ("position", "element", "name", "type", "length", "codes", "required_for")


@cache
def load_layout(name: str = "pirl_2021") -> Layout:
    """Layout `params/layouts/<name>.csv` (domain 8.1); ParamsError when it breaks its rules."""
    path = params_folder() / "layouts" / f"{name}.csv"
    elements = []
    for line, row in enumerate(read_rows(path, _LAYOUT_COLUMNS), start=2):
        if row["type"] not in _TYPES or row["position"] != str(line - 1):
            raise ParamsError(f"{path} line {line}: wrong type, or positions are not 1, 2, 3...")
        elements.append(_element(row))
    if len({element.number for element in elements}) != len(elements):
        raise ParamsError(f"{path}: an element stands twice.")
    return Layout(name, tuple(elements))


def _element(row: dict[str, str]) -> Element:
    return Element(
        position=int(row["position"]),
        number=row["element"],
        name=row["name"],
        type=row["type"],  # type: ignore[arg-type]  # checked against _TYPES by the caller
        length=int(row["length"]),
        codes=tuple(filter(None, row["codes"].split("|"))),
        required_for=tuple(filter(None, row["required_for"].split("|"))),
    )


@dataclass(frozen=True, slots=True)
class Area:
    """A Local Workforce Innovation Area, or the statewide-grants area 90."""

    lwia: str
    name: str
    board_code: str


@cache
def load_areas() -> tuple[Area, ...]:
    """All areas of `params/areas.csv`, in order of their number (domain 6.1)."""
    columns = ("lwia", "name", "board_code", "board_code_evidence")
    rows = read_rows(params_folder() / "areas.csv", columns)
    return tuple(Area(row["lwia"], row["name"], row["board_code"]) for row in rows)


@cache
def load_application_words() -> dict[str, bool]:
    """The words of an application's status, in lower case, and whether one of it still waits.

    `params/applications.csv`; ParamsError when an answer is neither true nor false.
    """

    def word(row: dict[str, str]) -> tuple[str, bool]:
        return row["status"].casefold(), one_of(row["waits"], ("true", "false")) == "true"

    return dict(read_each("applications.csv", ("status", "waits", "source"), word))
