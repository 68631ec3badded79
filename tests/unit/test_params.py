"""Rows of parameter files as objects: the type of a field says how its text is read."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from ipats_lib.errors import ParamsError
from ipats_lib.params import among, read_table


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    days: int
    share: float
    most: float | None
    waits: bool
    unit: Literal["days", "records"]
    scopes: tuple[str, ...]
    programs: tuple[Annotated[str, among(("adult", "dw"))], ...]
    half: Annotated[float, lambda text: float(text) / 2]

    def __post_init__(self) -> None:
        if self.days > 100:
            raise ValueError("more than a hundred days")


COLUMNS = "id,days,share,most,waits,unit,scopes,programs,half,source\n"
RIGHT = "A,30,0.5,,true,days,lwia|planner,adult|dw,3,a rule\n"


@pytest.fixture
def lines_of(tmp_path, monkeypatch):
    def read(text: str) -> list[Line]:
        (tmp_path / "made.csv").write_text(COLUMNS + text)
        monkeypatch.setenv("IPATS_PARAMS", str(tmp_path))
        return read_table("made.csv", Line, more=("source",))

    return read


def test_each_cell_is_read_as_the_type_of_its_field(lines_of):
    lines = lines_of(RIGHT + RIGHT.replace(",0.5,,true", ",0.5,7,false").replace("adult|dw", ""))
    scopes = ("lwia", "planner")
    assert lines == [
        Line("A", 30, 0.5, None, True, "days", scopes, ("adult", "dw"), 1.5),
        Line("A", 30, 0.5, 7.0, False, "days", scopes, (), 1.5),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("A,30", "A,many", "expected a whole number, found 'many'"),
        ("A,30", "A,101", "more than a hundred days"),
        (",0.5,", ",half,", "could not convert string to float"),
        (",,true", ",most,true", "could not convert string to float"),
        ("true", "yes", "'yes' is not known here"),
        (",days,", ",weeks,", "'weeks' is not known here"),
        ("adult|dw", "adult|wp", "'wp' is not known here"),
        (",3,", ",three,", "could not convert string to float"),
    ],
)
def test_a_wrong_cell_is_named_by_file_and_line(lines_of, old, new, said):
    with pytest.raises(ParamsError, match=rf"made\.csv line 3: {said}"):
        lines_of(RIGHT + RIGHT.replace(old, new))


def test_other_columns_than_the_fields_are_refused(lines_of):
    with pytest.raises(ParamsError, match="expected 10 cells"):
        lines_of(RIGHT.replace(",a rule", ""))
