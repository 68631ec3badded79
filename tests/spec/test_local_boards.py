"""Levels of local boards from DOL's annual results, in a layout that is assumed.

Source: params/public/local_boards.csv; domain 3.4.
"""

import pytest

from ipats_lib.errors import UsageError
from ipats_lib.levels.files import read_file
from ipats_lib.levels.local_boards import import_levels
from tests.conftest import publish

HEAD = (
    "Program Year,State,Local Board Code,Local Board Name,Program,Indicator,Negotiated Level,"
    "Adjusted Level,Actual Result"
)
LINES = (
    "2024,IL,17005,Lake County,Adult,Employment Rate (Q2),75.5%,,70.0%",
    '2024,IL,17005,Lake County,Youth,Median Earnings,"$4,500","$4,321",$4000',
    "2024,IN,18005,Lake,Adult,Employment Rate (Q2),1,,",
    "2024,IL,17005,Lake County,Youth,Credential Rate,,,",
)


@pytest.fixture
def brought(tmp_path):
    def make(*lines, head=HEAD):
        path, folder = tmp_path / "results.csv", tmp_path / "levels"
        folder.mkdir(exist_ok=True)
        path.write_text("\n".join([head, *lines, ""]))
        return import_levels(path, folder), folder

    return make


def test_levels_of_our_boards_are_added_as_the_folder_has_them(brought):
    counts, folder = brought(*LINES)
    assert counts == (2, 0)
    levels = {}
    read_file(folder / "local_boards.csv", levels)
    found = {key: (level.negotiated, level.adjusted) for key, level in levels.items()}
    assert found == {
        (2024, "lwia", "01", "adult", "ERQ2"): (0.755, None),
        (2024, "lwia", "01", "youth", "ME"): (4500.0, 4321.0),
    }
    assert all("results.csv, SHA-256" in level.source for level in levels.values())


def test_the_same_file_again_adds_nothing_and_changes_no_byte(brought):
    _, folder = brought(*LINES)
    before = (folder / "local_boards.csv").read_bytes()
    assert brought(*LINES)[0] == (0, 2)
    assert (folder / "local_boards.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2024,IL,99999,X,Adult,Employment Rate (Q2),75,,", "line 2: board_code is '99999'"),
        ("2024,IL,17005,X,Adults,Employment Rate (Q2),75,,", "line 2: program is 'Adults'"),
        ("2024,IL,17005,X,Adult,Employment,75,,", "line 2: indicator is 'Employment'"),
        ("2024,IL,17005,X,Adult,Employment Rate (Q2),0.75,,", "line 2: negotiated is '0.75'"),
        ("2024,IL,17005,X,Adult,Employment Rate (Q2),75,much,", "line 2: adjusted is 'much'"),
        ("24,IL,17005,X,Adult,Employment Rate (Q2),75,,", "line 2: py is '24'"),
        ("2024,IL,17005,X", "line 2: expected 9 cells, found 4"),
    ],
)
def test_what_does_not_fit_stops_with_file_line_and_column_and_writes_nothing(
    brought, tmp_path, line, said
):
    with pytest.raises(UsageError, match="results.csv " + said):
        brought(line)
    assert list((tmp_path / "levels").iterdir()) == []


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (HEAD.replace("Program Year", "PY"), "line 1: column 'PY' is not known"),
        (HEAD.replace(",Adjusted Level", ""), "line 1: no 'Adjusted Level'"),
        (HEAD.replace("Local Board Name", "State"), "line 1: column 'State' is not known"),
    ],
)
def test_another_header_stops(brought, head, said):
    with pytest.raises(UsageError, match=said):
        brought(LINES[0], head=head)


def test_a_level_that_is_another_one_on_file_stops(brought):
    brought(LINES[0])
    with pytest.raises(UsageError, match="line 2: the level of 2024, lwia, 01, adult, ERQ2 is"):
        brought(LINES[0].replace("75.5%", "76.5%"))


def test_the_command_says_what_it_did_and_stops_in_a_sentence(tmp_path):
    path, bad = tmp_path / "results.csv", tmp_path / "bad.csv"
    path.write_text("\n".join([HEAD, *LINES, ""]))
    bad.write_text("A,B\n1,2\n")
    folder = tmp_path / "levels"
    folder.mkdir()
    done = publish("levels", "import", path, "--out", folder)
    assert done.returncode == 0, done.stderr
    assert "Imported 2 levels; 0 more were there already." in done.stderr
    done = publish("levels", "import", bad, "--out", folder)
    assert done.returncode != 0
    assert "bad.csv line 1: column 'A' is not known" in done.stderr
    assert "Traceback" not in done.stderr
