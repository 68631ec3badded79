"""Importing the levels of local boards from DOL's annual results by board, a CSV file.

The layout is assumed: `params/public/local_boards.csv` holds it. What does not fit it stops the
import in one sentence with file, line and column, and nothing is written.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from ipats_lib.durable import write_file
from ipats_lib.errors import UsageError
from ipats_lib.inputs import read_input, spelled
from ipats_lib.levels.files import COLUMNS, parsed, read_file
from ipats_lib.levels.level import Level, LevelKey
from ipats_lib.params import load_areas, one_of, read_each

STATE, FILE = "IL", "local_boards.csv"
LARGEST_FILE = 64 * 1024 * 1024


@cache
def load_layout() -> Mapping[str, Mapping[str, str]]:
    """What each column, program and indicator of the file means, by part; empty: not kept."""
    found: dict[str, dict[str, str]] = {"column": {}, "program": {}, "indicator": {}}

    def row(each: dict[str, str]) -> None:
        found[one_of(each["part"], found)][each["text"]] = each["means"]

    read_each("public/local_boards.csv", ("part", "text", "means", "source"), row)
    return found


def import_levels(path: Path, folder: Path) -> tuple[int, int]:
    """Add Illinois' levels of a file to `local_boards.csv` of a folder of levels.

    Returns how many lines were added, and how many levels were there already. Lines of other
    states, and those without a negotiated level, are left out. UsageError, and nothing written,
    for what does not fit the layout and for a level that the folder has otherwise.
    """
    data = read_input(path, UsageError, most=LARGEST_FILE)
    digest = hashlib.sha256(data).hexdigest()[:12]
    source = f"DOL, local board annual results {spelled(path.name)}, SHA-256 {digest}"
    known: dict[LevelKey, Level] = {}
    for file in sorted(folder.glob("*.csv")):
        if not file.name.startswith("synthetic"):
            read_file(file, known)
    rows = [(line, {**row, "source": source}) for line, row in _lines(path, data)]
    fresh: dict[LevelKey, Level] = {}
    added = []
    for line, row in rows:
        try:
            key, level = parsed(row)
        except ValueError as error:
            raise UsageError(f"{path} line {line}: {error}.") from None
        before = known.get(key) or fresh.get(key)
        if before is None:
            fresh[key] = level
            added.append(row)
        elif (before.negotiated, before.adjusted) != (level.negotiated, level.adjusted):
            raise UsageError(
                f"{spelled(path.name)} line {line}: the level of {', '.join(map(str, key))} is "
                f"another one in {folder}; expected the same, or correct it there first."
            )
    if added:
        write_file(folder / FILE, _text(folder / FILE, added))
    return len(added), len(rows) - len(added)


def _lines(path: Path, data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Illinois' lines with a level, in the columns of `params/levels`."""
    name = spelled(path.name)
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise UsageError(f"{name} is not a CSV file in UTF-8: download it again.") from None
    names = _header(name, [cell.strip() for cell in lines[0]] if lines else [])
    for line, cells in enumerate(lines[1:], start=2):
        if len(cells) != len(names):
            raise UsageError(
                f"{name} line {line}: expected {len(names)} cells, found {len(cells)}."
            )
        row = dict(zip(names, map(str.strip, cells), strict=True))
        if row["state"] == STATE and row["negotiated"]:
            yield line, _row(name, line, row)


def _header(name: str, cells: list[str]) -> list[str]:
    columns = load_layout()["column"]
    lacking = [text for text, means in columns.items() if means and text not in cells]
    wrong = next((cell for cell in cells if cell not in columns or cells.count(cell) > 1), None)
    if wrong is not None or lacking:
        what = f"column '{wrong}' is not known" if wrong is not None else f"no '{lacking[0]}'"
        raise UsageError(f"{name} line 1: {what}; expected {', '.join(columns)}, each once.")
    return [columns[cell] or cell for cell in cells]


def _row(name: str, line: int, row: Mapping[str, str]) -> dict[str, str]:
    layout = load_layout()
    boards = {area.board_code: area.lwia for area in load_areas()}
    means = {"board_code": boards, "program": layout["program"], "indicator": layout["indicator"]}
    found = {}
    for column, known in means.items():
        if row[column] not in known:
            raise UsageError(
                f"{name} line {line}: {column} is '{row[column]}'; expected one of "
                f"{', '.join(known)}."
            )
        found[column] = known[row[column]]
    plain = str.maketrans("", "", "$,%")
    amounts = {column: row[column].translate(plain) for column in ("negotiated", "adjusted")}
    area = {"area_type": "lwia", "area_code": found.pop("board_code")}
    return {"py": row["py"], **area, **found, **amounts, "assessed": "true"}


def _text(path: Path, added: list[dict[str, str]]) -> bytes:
    """The file with the added lines, in order."""
    before = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [row[name] for name in COLUMNS] for row in added
    )
    lines = sorted({*before, *text.getvalue().splitlines()})
    return "\n".join([",".join(COLUMNS), *lines, ""]).encode()
