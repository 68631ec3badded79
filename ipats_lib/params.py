"""`params/` read once into frozen, validated objects. Staff change these files, not code."""

import csv
import io
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

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
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
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
    name: str | Path, columns: tuple[str, ...], make: Callable[[dict[str, str]], Made]
) -> list[Made]:
    """What `make` makes of each row of `params/<name>`, or of the file at a whole path.

    A ValueError of `make` says what is wrong with the row; the ParamsError names file and line.
    """
    path, made = params_folder() / name, []
    for line, row in enumerate(read_rows(path, columns), start=2):
        try:
            made.append(make(row))
        except ValueError as error:
            raise ParamsError(f"{path} line {line}: {error}.") from error
    return made


def read_table(name: str, made: type[Made], more: tuple[str, ...] = ()) -> list[Made]:
    """The rows of `params/<name>` as objects of a data class, one field a column.

    A field's type says how its text is read: a text, a whole number, a number, `true` or `false`,
    one of several (`Literal`), nothing where it is blank (`| None`), several parted by `|`
    (`tuple`); else the function that it is annotated with reads it. more: the columns behind these,
    which are not kept. A ValueError of any of them, or of the object itself, names file and line.
    """
    readers = {field.name: _reader(field.type) for field in fields(made)}  # type: ignore[arg-type]

    def make(row: dict[str, str]) -> Made:
        return made(**{column: read(row[column]) for column, read in readers.items()})

    return read_each(name, (*readers, *more), make)


def _reader(kind: Any) -> Callable[[str], Any]:
    """How a text becomes a value of a type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return kind.__metadata__[0]
    if origin is Literal:
        return among(inner)
    if origin is tuple:
        each = _reader(inner[0])
        return lambda text: tuple(each(part) for part in text.split("|") if part)
    if NoneType in inner:
        some = _reader(inner[0])
        return lambda text: some(text) if text else None
    return {int: whole_number, bool: yes_or_no}.get(kind, kind)


def yes_or_no(text: str) -> bool:
    """Whether a parameter file says `true`; ValueError for anything but this and `false`."""
    return one_of(text, ("true", "false")) == "true"


def among(names: Collection[str]) -> Callable[[str], str]:
    """What reads a name that must be one of `names`."""
    return lambda text: one_of(text, names)


def whole_number(text: str) -> int:
    """A whole number of a parameter file; ValueError for anything else."""
    if not text.isdigit():
        raise ValueError(f"expected a whole number, found {text!r}")
    return int(text)


def number_or_nan(text: str) -> float:
    """The number; NaN, which lies in no range and equals nothing, for anything that is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def one_of(text: str, names: Collection[str]) -> str:
    """A name of a parameter file that must be one of `names`; ValueError when it is not."""
    if text not in names:
        raise ValueError(f"{text!r} is not known here")
    return text


def read_settings(name: str, made: type[Made], least: int = 0) -> Made:
    """The settings of `params/<name>` (setting, value, source) as one object.

    made: a data class, a setting a field: a text, one of several, or a whole number from `least`
    on. ParamsError for a setting that is missing, unknown or something else.
    """
    path = params_folder() / name
    said = {row["setting"]: row["value"] for row in read_rows(path, ("setting", "value", "source"))}
    kinds = {field.name: field.type for field in fields(made)}  # type: ignore[arg-type]
    if said.keys() != kinds.keys():
        raise ParamsError(
            f"{spelled(path)}: a setting is missing or unknown; expected {', '.join(kinds)}."
        )
    found: dict[str, Any] = {}
    for setting, value in said.items():
        choices = get_args(kinds[setting])
        number = value.isascii() and value.isdigit() and int(value) >= least
        if (kinds[setting] is int and not number) or (choices and value not in choices):
            expected = " or ".join(choices) or f"a whole number, {least} or more"
            raise ParamsError(f"{path}: {setting} must be {expected}.")
        found[setting] = int(value) if kinds[setting] is int else value
    return made(**found)


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
        raise ParamsError(f"{path}: an element appears twice.")
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
    return tuple(read_table("areas.csv", Area, more=("board_code_evidence",)))


@dataclass(frozen=True, slots=True)
class County:
    """A county of the state: its FIPS code, its LWIA and its economic development region."""

    county: str
    fips: str
    lwia: str
    edr: str


@cache
def load_counties() -> tuple[County, ...]:
    """All counties of `params/counties.csv`."""
    return tuple(read_table("counties.csv", County))


@cache
def load_application_words() -> dict[str, bool]:
    """The words of an application's status, in lower case, and whether one of it still waits.

    `params/applications.csv`; ParamsError when an answer is neither true nor false.
    """
    columns = ("status", "waits", "source")
    return dict(
        read_each(
            "applications.csv",
            columns,
            lambda row: (row["status"].casefold(), yes_or_no(row["waits"])),
        )
    )
