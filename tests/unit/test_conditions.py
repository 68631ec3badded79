"""Conditions written as text: what is understood, what it means, and what is refused."""

import shutil
from datetime import date

import pytest

from ipats_lib import params
from ipats_lib.caseload.checks import load_checks
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.vocabulary import condition
from ipats_lib.cohorts import Records
from ipats_lib.errors import ParamsError
from tests.tables import records

PEOPLE = records(
    {"100": "A", "900": "2024-01-10", "901": "2024-03-01", "1602": 1, "1800": 0, "1802": 4},
    {"100": "B", "900": "2024-01-10", "901": "", "1602": 9, "1800": 1, "1802": ""},
    {"100": "C", "900": "", "901": "", "1602": "", "1800": "", "1802": ""},
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("code(1602) == 1", "A"),
        ("code(1602) != 1", "BC"),
        ("code(1602) in (1, 9)", "AB"),
        ("code(1602) not in (1, blank)", "B"),
        ("not filled(901)", "BC"),
        ("filled(900) and not filled(901)", "B"),
        ("code(1602) == 1 or code(1602) == 9 and filled(901)", "A"),
        ("(code(1602) == 1 or code(1602) == 9) and filled(901)", "A"),
        ("day(901) > today - exit_days", "A"),
        ("day(900) + exit_days < today", ""),
        ("any(code(1800, 1802) > 0)", "AB"),
        ("any(code(1800, 1802) == 4 and not code(1800, 1802) == blank)", "A"),
    ],
)
def test_a_condition_holds_for(text, holds):
    found = condition(text)(view_of(Records(PEOPLE), date(2024, 4, 1)))
    assert "".join(PEOPLE["100"][found]) == holds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no condition"),
        ("code(1602) ==", "is no condition"),
        ("code(1602) == 1; today", "is no condition"),
        ("nobody", "'nobody' is not understood"),
        ("code(1602) == 'x'", "'x'"),
        ("code(1602) == 1.5", "not understood"),
        ("code(1602) / 2 == 1", "not understood"),
        ("1 < code(1602) < 3", "not understood"),
        ("code(9999) == 1", r"code\(9999\)"),
        ("code()", "not understood"),
        ("code(element=1602) == 1", "not understood"),
        ("any()", "not understood"),
        ("filled(901) if filled(900) else filled(1602)", "not understood"),
        ("day(900) > code(1602)", "cannot be compared"),
        # A file of parameters can ask of records, and do nothing.
        ("__import__('os').system('true')", "not understood"),
        ("today.__class__", "not understood"),
        ("code.__globals__", "not understood"),
        ("(lambda: today)()", "not understood"),
        ("[e for e in (1, 2)]", "not understood"),
        ("open(901)", "not understood"),
        ("(x := 1)", "not understood"),
    ],
)
def test_anything_else_is_refused(text, says):
    with pytest.raises(ValueError, match=says):
        condition(text)


def test_a_wrong_condition_is_named_by_file_and_line(tmp_path, monkeypatch):
    folder = shutil.copytree(params.params_folder(), tmp_path / "params")
    file = folder / "edit_checks.csv"
    file.write_text(file.read_text().replace("day(900) > today", "day(900) > tomorrow"))
    monkeypatch.setenv("IPATS_PARAMS", str(folder))
    load_checks.cache_clear()
    try:
        with pytest.raises(ParamsError, match=r"edit_checks.csv line 12: 'tomorrow' is not"):
            load_checks()
    finally:
        load_checks.cache_clear()
