"""Importing the Department of Labor's published adjustment models (domain 9.2, 3.5).

DOL publishes a summary of its model for each state as a page of HTML, with one table per program
and indicator: variable, coefficient, value before the year and their product. The layout is
assumed, from the text of the PY2020-2021 summaries; `params/adjustment/layout.csv` holds it. What
does not fit it stops the import in one sentence, and nothing is written. The estimate before the
year is taken as printed: the parts are rounded, and their sum is not it.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from ipats_lib.assessment.adjustment import BEFORE, COEFFICIENTS, PREDICTIONS
from ipats_lib.assessment.pages import Row, Table, tables_of
from ipats_lib.cohorts import PROGRAMS
from ipats_lib.durable import write_file
from ipats_lib.errors import UsageError
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.inputs import read_input
from ipats_lib.params import load_areas, number_or_nan, one_of, read_each, read_rows
from ipats_lib.scopes import STATE_AREA

STATE_NAME = "Illinois"
LARGEST_FILE = 64 * 1024 * 1024
_COLUMNS = ("type", "variable", "coefficient", "before", "product")
_NEEDED = _COLUMNS[1:]
_PARTS: Mapping[str, tuple[str, ...]] = {
    "column": _COLUMNS,
    "program": tuple(PROGRAMS),
    "indicator": tuple(INDICATORS),
}
_NUMBER = re.compile(r"(-?)(\$?)(-?)([0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+)(%?)")
_NAME = re.compile(r"[A-Za-z0-9][^\x00-\x1f\x7f]{0,79}")
_PREDICTION = re.compile(
    r"PY\s*(20[0-9]{2}) prediction of (\S{1,20}) for ([A-Z][A-Za-z. ]{1,40}?) for this"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One variable of a model as printed; product is checked and not kept."""

    variable: str
    coefficient: Decimal
    before: Decimal


@dataclass(frozen=True, slots=True)
class Model:
    """One table of a summary.

    prediction: DOL's estimate before the year as printed (a share, or dollars for ME); None where
    the text before the table gives none. py, state: which year and state that text names.
    """

    program: str
    indicator: str
    lines: tuple[Line, ...]
    prediction: Decimal | None
    py: int | None
    state: str


@cache
def load_layout() -> Mapping[str, Mapping[str, str]]:
    """`params/adjustment/layout.csv`: what each printed word means, by part.

    Parts: column, program, indicator, variable. Words are compared without regard to case and
    spaces. ParamsError names file and line.
    """
    found: dict[str, dict[str, str]] = {part: {} for part in (*_PARTS, "variable")}

    def line(row: dict[str, str]) -> None:
        part, printed = one_of(row["part"], found), _plain(row["printed"])
        if not (printed and row["means"] and row["source"]) or printed in found[part]:
            raise ValueError("expected a word that is new in its part, what it means, and a source")
        found[part][printed] = one_of(row["means"], _PARTS.get(part, (row["means"],)))

    read_each("adjustment/layout.csv", ("part", "printed", "means", "source"), line)
    return found


def read_summary(path: Path, program: str = "", indicator: str = "") -> tuple[Model, ...]:
    """The models of a summary, one per table with a column of coefficients.

    program, indicator: what the only model of the file is of, where its headings do not name it.
    UsageError, in one sentence with file, table and row, for anything that is not as
    `params/adjustment/layout.csv` says: an unknown column, a number that is none, a product that
    is not that of its parts.
    """
    text = _text(path)
    tables = [table for table in tables_of(text, str(path)) if _is_model(table)]
    if not tables:
        raise UsageError(
            f"{path}: no table has a column Coefficient; expected a summary of the statistical "
            "adjustment model as DOL publishes it for a state."
        )
    if (program or indicator) and len(tables) > 1:
        raise UsageError(
            f"{path}: it holds {len(tables)} models; leave out --program and --indicator, which "
            "name the only one of a file."
        )
    models = [_model(table, program, indicator) for table in tables]
    seen: set[tuple[str, str]] = set()
    for place, model in enumerate(models):
        if (model.program, model.indicator) in seen:
            raise UsageError(
                f"{tables[place].where}: {model.program} {model.indicator} has a table already; "
                "expected one table for each program and indicator."
            )
        seen.add((model.program, model.indicator))
    return tuple(models)


def _text(path: Path) -> str:
    advice = "name the HTML file of a summary"
    try:
        text = read_input(path, UsageError, most=LARGEST_FILE, advice=advice).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: it is not UTF-8; save the page as UTF-8 HTML.") from error
    if "\0" in text:
        raise UsageError(f"{path}: it holds NUL bytes; is it the HTML file of a summary?")
    return text


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _words(text: str) -> str:
    return f" {_plain(re.sub(r'[^A-Za-z0-9-]', ' ', text))} "


def _is_model(table: Table) -> bool:
    meant = load_layout()["column"]
    return "coefficient" in {meant.get(_plain(cell)) for cell in table.rows[0]}


def _model(table: Table, program: str, indicator: str) -> Model:
    columns = _columns(table)
    known = [_line(table, number, row, columns) for number, row in enumerate(table.rows[1:], 2)]
    if not known:
        raise UsageError(f"{table.where}: it has no row; expected one for each variable.")
    seen: set[str] = set()
    for number, line in enumerate(known, start=2):
        if line.variable in seen:
            raise UsageError(f"{table.where} row {number}: {line.variable} is there twice.")
        seen.add(line.variable)
    program = program or _named(table, "program")
    indicator = indicator or _named(table, "indicator")
    if indicator not in INDICATORS or program not in INDICATORS[indicator].programs:  # type: ignore[index]
        raise UsageError(f"{table.where}: {program} has no indicator {indicator}.")
    return Model(program, indicator, tuple(known), *_prediction(table))


def _columns(table: Table) -> dict[str, int]:
    meant, found = load_layout()["column"], dict[str, int]()
    for place, heading in enumerate(table.rows[0]):
        means = meant.get(_plain(heading))
        if means is None:
            raise UsageError(
                f"{table.where}: its column '{_short(heading)}' is not known; expected those of "
                "params/adjustment/layout.csv: add it there when its meaning is sure."
            )
        if means in found:
            raise UsageError(f"{table.where}: two of its columns mean {means}; expected one.")
        found[means] = place
    lacking = [name for name in _NEEDED if name not in found]
    if lacking:
        raise UsageError(f"{table.where}: it has no column for {', '.join(lacking)}.")
    return found


def _line(table: Table, number: int, row: Row, columns: Mapping[str, int]) -> Line:
    where = f"{table.where} row {number}"
    if len(row) != len(table.rows[0]):
        raise UsageError(f"{where}: it has {len(row)} cells; expected {len(table.rows[0])}.")
    printed = " ".join(row[columns["variable"]].split())
    if not _NAME.fullmatch(printed):
        raise UsageError(
            f"{where}: '{_short(printed)}' is no variable's name; expected at most 80 characters "
            "from a letter or digit on."
        )
    numbers = {name: _number(row[columns[name]], f"{where}, {name}") for name in _NEEDED[1:]}
    (one, half_one), (other, half_other) = numbers["coefficient"], numbers["before"]
    product, half = numbers["product"]
    allowed = abs(one) * half_other + abs(other) * half_one + half_one * half_other
    # A product in percent may be printed without its sign.
    if not any(
        abs(one * other - product * scale) <= allowed + half * scale
        for scale in (Decimal(1), Decimal("0.01"))
    ):
        raise UsageError(
            f"{where}: the product of {printed} is not that of its coefficient and its value, as "
            "far as they are printed; is a column another one?"
        )
    return Line(load_layout()["variable"].get(_plain(printed), printed), one, other)


def _number(text: str, where: str) -> tuple[Decimal, Decimal]:
    """A printed number, and half a unit of its last digit; both divided by 100 for percent."""
    found = _NUMBER.fullmatch(text.strip().replace("\N{MINUS SIGN}", "-"))
    if found is None or (found[1] and found[3]) or len(found[4]) > 20:
        raise UsageError(f"{where}: '{_short(text)}' is no number; expected one such as -0.0308.")
    digits = found[4].replace(",", "")
    places = len(digits.partition(".")[2])
    scale = Decimal("0.01") if found[5] else Decimal(1)
    value = Decimal(digits) * scale
    half = Decimal(1).scaleb(-places) / 2 * scale
    return (-value if found[1] or found[3] else value), half


def _short(text: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return shown if len(shown) <= 40 else f"{shown[:40]}..."


def _named(table: Table, part: str) -> str:
    """The program or indicator that the nearest heading or the caption before a table names."""
    names = load_layout()[part]
    for heading in table.headings:
        words = _words(heading)
        found = {means for printed, means in names.items() if _words(printed) in words}
        if len(found) == 1:
            return found.pop()
        if found:
            break
    raise UsageError(
        f"{table.where}: no heading before it names its {part}; add the words to "
        "params/adjustment/layout.csv, or name both by --program and --indicator."
    )


def _prediction(table: Table) -> tuple[Decimal | None, int | None, str]:
    found = _PREDICTION.search(" ".join(table.said.split()))
    if found is None:
        return None, None, ""
    level, _ = _number(found[2], f"{table.where}, prediction")
    return level, int(found[1]), found[3]


def import_models(
    models: Sequence[Model], path: Path, py: int, area: str, folder: Path
) -> dict[str, int]:
    """Add the models of a summary to `coefficients.csv`, `before.csv` and `predictions.csv`.

    area: IL or an LWIA's number; folder: `params/adjustment` or another of its kind, whose missing
    files are made. Lines that are there already stay; UsageError, and nothing written, where one
    has another number, or where the summary is of another year or state. Returns how many lines
    each file gained. A summary is good for its year and the next (levels are agreed for two).
    """
    for model in models:
        if model.py not in (None, py, py - 1):
            raise UsageError(f"{path}: it is of PY{model.py}, not of PY{py}; check --py.")
        if model.state not in ("", STATE_NAME):
            raise UsageError(f"{path}: it is the summary of another state, not of {STATE_NAME}.")
        if model.state and area != STATE_AREA:
            raise UsageError(
                f"{path}: its values are the state's, and an LWIA is measured by its own; leave "
                "out --area."
            )
    name = path.name.encode("utf-8", "replace").decode("ascii", "replace")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    source = f"DOL, state model summary {_short(name)}, SHA-256 {digest}"
    each = [(model, line) for model in models for line in model.lines]
    files: dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]] = {
        "coefficients.csv": (COEFFICIENTS, [
            (str(py), m.program, m.indicator, line.variable, f"{line.coefficient:f}", source)
            for m, line in each]),
        "before.csv": (BEFORE, [
            (str(py), area, m.program, m.indicator, line.variable, f"{line.before:f}", source)
            for m, line in each]),
        "predictions.csv": (PREDICTIONS, [
            (str(py), area, m.program, m.indicator, f"{m.prediction:f}", source)
            for m in models if m.prediction is not None]),
    }  # fmt: skip
    merged = {name: _merged(folder / name, *lines) for name, lines in files.items()}
    for name, (lines, _) in merged.items():
        _write(folder / name, files[name][0], lines)
    return {name: added for name, (_, added) in merged.items()}


def _merged(
    path: Path, columns: tuple[str, ...], new: Iterable[tuple[str, ...]]
) -> tuple[list[tuple[str, ...]], int]:
    """A file's lines and those that it lacks, and how many these are."""
    rows = read_rows(path, columns) if path.exists() else []
    lines = [tuple(row[column] or "" for column in columns) for row in rows]
    places = {line[:-2]: place for place, line in enumerate(lines)}
    old = len(lines)
    for line in new:
        place = places.setdefault(line[:-2], len(lines))
        if place == len(lines):
            lines.append(line)
        elif number_or_nan(lines[place][-2]) != number_or_nan(line[-2]):
            raise UsageError(
                f"{path} line {place + 2}: {', '.join(line[:-2])} has another number than the "
                "summary; take out the line that is wrong, then import again."
            )
    return lines, len(lines) - old


def _write(path: Path, columns: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    write_file(path, buffer.getvalue().encode())


def unmapped(models: Iterable[Model], groups: Iterable[str]) -> list[str]:
    """The variables that are no groups of the records: their actual values must be supplied.

    groups: `dimension: title` of each (`groups.load_groups`).
    """
    known = set(groups)
    every = dict.fromkeys(line.variable for model in models for line in model.lines)
    return [name for name in every if name not in known]


def check_area(area: str) -> None:
    """UsageError unless it is IL or the number of an LWIA."""
    if area not in (STATE_AREA, *(one.lwia for one in load_areas())):
        raise UsageError(f"--area '{_short(area)}' is not known: write {STATE_AREA} or 07.")
