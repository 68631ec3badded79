"""Every frame can be read, whatever an extract may lack."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from ipats_lib.params import load_layout
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.report.scope_data import FRAMES
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot

NUMBERS = [element.number for element in load_layout().elements]
CASES = ("assignment", "service", "case_note", "application", "fiscal")
PIRL = "pirl"
Lines = list[list[str]]


def rewrite(folder: Path, table: str, change: Callable[[Lines], Lines]) -> None:
    path = folder / f"{table}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(change(lines))


def without(*elements: str) -> Callable[[Path], None]:
    """No record holds these elements."""
    gone = {NUMBERS.index(element) for element in elements}

    def change(lines: Lines) -> Lines:
        return [["" if at in gone else cell for at, cell in enumerate(line)] for line in lines]

    return lambda folder: rewrite(folder, PIRL, change)


def no_lines(folder: Path) -> None:
    for table in CASES:
        rewrite(folder, table, lambda lines: lines[:1])


def no_tables(folder: Path) -> None:
    for table in (*CASES, "planner", "account"):
        (folder / f"{table}.csv").unlink()


def nameless(folder: Path) -> None:
    rewrite(folder, "planner", lambda lines: [lines[0], *([*x[:2], "", *x[3:]] for x in lines[1:])])


ODD: dict[str, Callable[[Path], None]] = {
    "case tables of a header alone": no_lines,
    "no other table": no_tables,
    "no identifier": without("100"),
    "no exit": without("901", "923"),
    "no program": without("903", "904", "905", "918"),
    "no area": without("108-A", "108-B", "108-C"),
    "no birth date": without("200"),
    "one record": lambda folder: rewrite(folder, PIRL, lambda lines: lines[-1:]),
    "planners without a name": nameless,
}


SHORT = ("case tables of a header alone", "no identifier", "planners without a name")


@pytest.mark.parametrize(
    "odd", [name if name in SHORT else pytest.param(name, marks=pytest.mark.soak) for name in ODD]
)
def test_every_frame_of_an_odd_extract_can_be_read(small, tmp_path, odd):
    folder = tmp_path / "extract"
    folder.mkdir()
    for file in small.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    ODD[odd](folder)
    snapshot = make_snapshot(folder, tmp_path / "store")
    planner = next((scope for scope in snapshot.scopes() if scope.kind == "planner"), None)
    scopes = tuple(scope for scope in (Scope(), Scope("07"), planner) if scope is not None)
    data = StateData(snapshot, Period.parse("PY2024Q4"), asked=scopes)
    for scope in scopes:
        sliced = data.slice(scope)
        assert "<NA>" not in sliced.about.title
        assert scope.kind != "planner" or f"({scope.planner})" in sliced.about.title
        for name in FRAMES:
            assert sliced.frame(name).shape[1] > 0


@pytest.fixture(scope="module")
def small(tmp_path_factory, extract) -> Path:
    """A few records of the sample, with all that its tables say of them."""
    folder = tmp_path_factory.mktemp("small")
    for file in extract.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    rewrite(folder, PIRL, lambda lines: lines[::25])
    return folder
