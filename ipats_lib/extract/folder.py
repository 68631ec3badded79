"""What an extract's folder holds: a PIRL file, maybe case tables, maybe `extract.json`."""

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ipats_lib.errors import ExtractError

TABLES = ("planner", "assignment", "service", "case_note", "application", "account")
_TIMESTAMP = re.compile(r"(?<![0-9])([0-9]{8})(?:[0-9]{4}|[0-9]{6})?$")


@dataclass(frozen=True, slots=True)
class Folder:
    """Files of an extract. `as_of` and its source are None when the folder does not say."""

    pirl: Path
    tables: dict[str, Path]
    as_of: date | None
    as_of_source: str | None
    synthetic: bool


def open_folder(path: Path) -> Folder:
    """Find the files of an extract (domain 8.1, 8.2); ExtractError when there is no PIRL file."""
    if not path.exists():
        raise ExtractError(
            f"The extract {path} does not exist: name the folder that IWDS exported."
        )
    if not path.is_dir():
        raise ExtractError(f"The extract {path} is a file: name the folder that holds it.")
    files = sorted(file for file in path.iterdir() if not file.name.startswith("."))
    pirl = _pirl_file(path, [file for file in files if file.is_file()])
    tables = {name: _table_file(path, name, files) for name in TABLES}
    said, synthetic = _extract_json(path / "extract.json")
    source = "extract.json"
    if said is None and (said := _stamped(pirl)) is not None:
        source = "the name of the PIRL file"
    found = {name: file for name, file in tables.items() if file is not None}
    return Folder(pirl, found, said, source if said else None, synthetic)


def _pirl_file(folder: Path, files: list[Path]) -> Path:
    plain = [file for file in files if file.name.casefold() == "pirl.csv"]
    named = [file for file in files if "pirl" in file.name.casefold()]
    texts = [file for file in named if file.suffix.casefold() == ".csv"]
    candidates = plain or texts or named
    if not candidates:
        raise ExtractError(
            f"The extract {folder} holds no PIRL file: put pirl.csv, or a file with PIRL in its "
            "name, into it."
        )
    if len(candidates) > 1:
        names = ", ".join(file.name for file in candidates)
        raise ExtractError(
            f"The extract {folder} holds {len(candidates)} PIRL files ({names}): leave one."
        )
    return candidates[0]


def _table_file(folder: Path, table: str, files: list[Path]) -> Path | None:
    found = [file for file in files if file.name.casefold() == f"{table}.csv"]
    if len(found) > 1:
        raise ExtractError(f"The extract {folder} holds {table}.csv twice: leave one.")
    return found[0] if found else None


def _extract_json(path: Path) -> tuple[date | None, bool]:
    if not path.exists():
        return None, False
    advice = 'write {"as_of": "YYYY-MM-DD", "synthetic": false} or remove it'
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ExtractError(f"extract.json is not readable JSON: {advice}.") from None
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
