"""Small extracts for tests: the columns that matter are drawn, the rest is blank."""

from collections.abc import Mapping
from pathlib import Path

from ipats_lib.params import load_layout

NUMBERS = tuple(element.number for element in load_layout().elements)
BLANK_PIRL = "100 | 900 | 901 | 903 | 923"


def cells(table: str) -> tuple[list[str], list[list[str]]]:
    """Header and lines of a drawn table; cells are stripped of the spaces around them."""
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return lines[0], lines[1:]


def pirl_lines(table: str) -> list[str]:
    """Headerless lines of 495 columns; `OBS` is numbered unless drawn."""
    header, rows = cells(table)
    lines = []
    for number, row in enumerate(rows, start=1):
        drawn = {"OBS": str(number)} | dict(zip(header, row, strict=True))
        lines.append(",".join(drawn.get(element, "") for element in NUMBERS))
    return lines


def csv_text(table: str) -> str:
    header, rows = cells(table)
    return "".join(",".join(row) + "\n" for row in (header, *rows))


def write_extract(
    folder: Path,
    pirl: str,
    tables: Mapping[str, str] | None = None,
    *,
    as_of: str | None = "2025-08-15",
) -> Path:
    """An extract's folder with a headerless PIRL file and case tables, from drawn tables."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(line + "\n" for line in pirl_lines(pirl))
    (folder / "pirl.csv").write_text(text, encoding="utf-8")
    for name, table in (tables or {}).items():
        (folder / f"{name}.csv").write_text(csv_text(table), encoding="utf-8")
    if as_of:
        (folder / "extract.json").write_text(f'{{"as_of": "{as_of}", "synthetic": true}}')
    return folder
