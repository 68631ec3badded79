"""An extract without the lines that cannot be read, for a validation that reports them one by one.

A snapshot that is kept is never made so: its figures would lack customers. Source: domain 4.1,
4.3 F-01 and F-02; issue 22 (all stages run and report).
"""

from collections.abc import Iterator
from pathlib import Path

from ipats_lib.errors import ExtractError
from ipats_lib.extract.folder import load_settings, open_folder
from ipats_lib.extract.lines import columns_of
from ipats_lib.extract.scan import (
    BOM,
    Unreadable,
    UnreadableLineError,
    check_line,
    refuse_length,
)
from ipats_lib.inputs import LONGEST_LINE, open_input, spelled


def leave_out_unreadable(extract: Path, target: Path) -> dict[str, Unreadable]:
    """Fill the new folder `target` with an extract's files; lines that cannot be read are blank.

    Returns those lines by table (`pirl` and the case tables); none when each line fits the first
    one, or when so many do not that the file is another one than it seems (`params/extract.csv`).
    """
    folder, found = open_folder(extract), dict[str, Unreadable]()
    target.mkdir()
    for file in extract.iterdir():
        (target / file.name).symlink_to(file.absolute())
    for name, file in {"pirl": folder.pirl, **folder.tables}.items():
        (place := target / file.name).unlink()
        lines: list[tuple[int, str, str]] = []
        count = 0
        with place.open("xb") as out:
            for count, (line, wrong) in enumerate(_lines(file), start=1):
                lines += [(count, *wrong)] if wrong else []
                out.write(line)
        if 100 * len(lines) > load_settings().unreadable_lines_percent * count:
            return {}
        if lines:
            found[name] = tuple(lines)
    return found


def _lines(file: Path) -> Iterator[tuple[bytes, tuple[str, str] | None]]:
    """Each line, and of one that cannot be read a blank one, its rule and number of columns.

    UnreadableLineError for the first line: it says how many columns there are.
    """
    name, number, expected = spelled(file.name), 0, 0
    with open_input(file, ExtractError) as source:
        while line := source.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                refuse_length(name, number)
            text = line.removesuffix(b"\n")
            text = text.removeprefix(BOM) if number == 1 else text
            try:
                check_line(name, text, number)
            except UnreadableLineError:
                if number == 1:
                    raise
                yield _blank(number, expected), ("F-02", "")
                continue
            columns = columns_of(text.decode())
            expected = expected or columns
            if columns == expected:
                yield line, None
            else:
                yield _blank(number, expected), ("F-01", str(columns))


def _blank(number: int, columns: int) -> bytes:
    """A line of the file's own columns that no other line equals."""
    return b"," * (columns - 1) + f"unreadable {number}\n".encode()
