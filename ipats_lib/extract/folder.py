"""What an extract's folder holds: a PIRL file, maybe case tables, maybe `extract.json`."""

import os
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from ipats_lib.errors import ExtractError
from ipats_lib.inputs import is_utf8, read_json, spelled
from ipats_lib.params import read_settings

CASE_TABLES = ("assignment", "service", "case_note", "application")
TABLES = ("planner", *CASE_TABLES, "account")
OPTIONAL = ("fiscal",)  # what depends on it is absent without it, and no page says so
MOST_JSON = 1 << 20
_TIMESTAMP = re.compile(r"(?<![0-9])([0-9]{8})(?:[0-9]{4}|[0-9]{6})?$")


@dataclass(frozen=True, slots=True)
class Settings:
    """What is taken for a mistake in an extract as a whole, from `params/extract.csv`.

    Whole numbers, in the unit that each name ends in.
    """

    as_of_first_year: int
    as_of_days_after_newest: int
    as_of_days_before_newest: int
    equal_lines_percent: int
    unreadable_lines_percent: int
    unknown_customers_percent: int


@cache
def load_settings() -> Settings:
    """Read them; ParamsError when one is missing, unknown or no whole number."""
    return read_settings("extract.csv", Settings)


@dataclass(frozen=True, slots=True)
class Folder:
    """Files of an extract. `as_of` and its source are None when the folder does not say.

    unread: names of everything else in the folder, as a sentence spells them.
    """

    pirl: Path
    tables: dict[str, Path]
    as_of: date | None
    as_of_source: str | None
    synthetic: bool
    unread: tuple[str, ...]


def open_folder(path: Path) -> Folder:
    """Find the files of an extract (domain 8.1, 8.2); ExtractError when there is no PIRL file."""
    names = _names(path)
    files = [path / name for name in names if not name.startswith(".")]
    pirl = _pirl_file(path, files)
    tables = {name: _named(path, f"{name}.csv", files) for name in (*TABLES, *OPTIONAL)}
    found = {name: file for name, file in tables.items() if file is not None}
    facts = _named(path, "extract.json", files)
    said, synthetic = _extract_json(facts) if facts else (None, False)
    source = "extract.json"
    if said is None and (said := _stamped(pirl)) is not None:
        source = "the name of the PIRL file"
    read = {file.name for file in (pirl, facts, *found.values()) if file}
    unread = tuple(spelled(name) for name in names if name not in read)
    return Folder(pirl, found, said, source if said else None, synthetic, unread)


def _names(folder: Path) -> list[str]:
    if not os.path.lexists(folder):
        raise ExtractError(
            f"The extract {spelled(folder)} does not exist: name the folder that IWDS exported."
        )
    try:
        return sorted(os.listdir(folder))
    except NotADirectoryError:
        raise ExtractError(
            f"The extract {spelled(folder)} is a file: name the folder that holds it."
        ) from None
    except OSError as error:
        raise ExtractError(
            f"The extract {spelled(folder)} cannot be read ({error.strerror})."
        ) from None


def _pirl_file(folder: Path, entries: list[Path]) -> Path:
    """The PIRL file. A pipe or a broken link is taken when nothing else is, and then refused."""
    regular = [file for file in entries if os.path.isfile(file)]
    files = regular if any("pirl" in file.name.casefold() for file in regular) else entries
    files = [file for file in files if not os.path.isdir(file)]
    plain = [file for file in files if file.name.casefold() == "pirl.csv"]
    named = [file for file in files if "pirl" in file.name.casefold()]
    texts = [file for file in named if file.suffix.casefold() == ".csv"]
    candidates = plain or texts or named
    if not candidates:
        raise ExtractError(
            f"The extract {spelled(folder)} holds no PIRL file: put pirl.csv, or a file with PIRL "
            "in its name, into it."
        )
    if len(candidates) > 1:
        shown = ", ".join(spelled(file.name) for file in candidates[:5])
        raise ExtractError(
            f"The extract {spelled(folder)} holds {len(candidates)} PIRL files ({shown}): leave "
            "one."
        )
    if not is_utf8(candidates[0].name):
        raise ExtractError(
            f"The name of {spelled(candidates[0].name)} is not UTF-8: give it another name."
        )
    return candidates[0]


def _named(folder: Path, name: str, files: list[Path]) -> Path | None:
    """The file with this name in large or small letters."""
    found = [file for file in files if file.name.casefold() == name]
    if len(found) > 1:
        raise ExtractError(f"The extract {spelled(folder)} holds {name} twice: leave one.")
    return found[0] if found else None


def _extract_json(path: Path) -> tuple[date | None, bool]:
    advice = 'write {"as_of": "YYYY-MM-DD", "synthetic": false} or remove it'
    malformed = f"extract.json is not readable JSON: {advice}."
    said = read_json(path, ExtractError, malformed, most=MOST_JSON)
    if not isinstance(said, dict) or not isinstance(said.get("synthetic", False), bool):
        raise ExtractError(f"extract.json does not say what is expected: {advice}.")
    if "as_of" not in said:
        return None, bool(said.get("synthetic", False))
    try:
        return date.fromisoformat(said["as_of"]), bool(said.get("synthetic", False))
    except (TypeError, ValueError):
        raise ExtractError(f"extract.json: as_of is not a date: {advice}.") from None


def _stamped(pirl: Path) -> date | None:
    """The date at the end of `17_FULL_PIRL_COMBINED_SCHEMA2021__20244_20250815.csv`."""
    found = _TIMESTAMP.search(pirl.stem)
    if found is None:
        return None
    digits = found[1]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
