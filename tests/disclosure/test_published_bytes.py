"""No reader works a withheld count out of the bytes of two publications.  Source: issue 19.

Small random states are published for two quarters in a row. The attacker (`reading.py`,
`solving.py`, `system.py`, `participants.py`) reads the comparison of an LWIA's folder, knows the
thresholds, how far areas and
programs overlap and, as an LWIA, its own figures, and shares no code with what withholds. The
state's folder, which has every number, is read to judge alone.
"""

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT, once
from tests.disclosure.participants import Reach
from tests.disclosure.reading import NUMBERS, Key, Line, Prints, carried, read, shown_on_pages
from tests.disclosure.states import DAYS, publish_state, write_state
from tests.disclosure.system import TITLE_I, Figures, regions

SEEDS = [2, *(pytest.param(n, marks=pytest.mark.soak) for n in range(50) if n != 2)]
pytestmark = pytest.mark.xdist_group("published bytes")


def make(seed):
    """Writes a state, publishes it and keeps the comparison of one area and of the state."""

    def into(folder: Path) -> None:
        notebooks = folder / "notebooks"
        (notebooks / "comparison").mkdir(parents=True)
        shutil.copy(ROOT / "notebooks" / "comparison" / "areas.ipynb", notebooks / "comparison")
        areas = write_state(folder, seed)
        scopes = ("state", f"lwia/{areas[seed % len(areas)]}")
        site = publish_state(folder, scopes, "--notebooks", notebooks)
        for period, place in site.items():
            for scope, name in zip(scopes, ("full", "released"), strict=True):
                shutil.copytree(place / scope / "comparison", folder / "kept" / period / name)
        for path in folder.iterdir():
            if path.name != "kept":
                shutil.rmtree(path)

    return into


@pytest.fixture
def folder(request, shared, seed):
    return once(shared, f"published-bytes-{seed}", make(seed)) / "kept"


@cache
def prints(folder: Path, name: str) -> list[Prints]:
    return [read(folder / period / name) for period in DAYS]


def areas_of(folder: Path) -> list[str]:
    """The LWIAs that count anybody."""
    lines = prints(folder, "full")[-1].lines
    return sorted(
        {k[2] for k, one in lines.items() if k[1] == "lwia" and one.numbers["denominator"]}
    )


def given_away(folder: Path, released: list[Prints], own: str = "") -> dict:
    return Figures(released, prints(folder, "full"), own).narrow()


def narrow_for(folder: Path, own: str) -> dict:
    """What a reader works out of figures, participants and groups."""
    released, full = prints(folder, "released"), prints(folder, "full")
    figures = Figures(released, full, own)
    assert figures.sought
    found = figures.narrow()
    for one, every in zip(released, full, strict=True):
        found |= Reach(one, every, own).narrow()
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_withheld_count_ranges_over_three_for_strangers_and_two_areas_readers(folder):
    for own in ("", *areas_of(folder)[:2]):
        assert narrow_for(folder, own) == {}, own


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(50))
def test_every_withheld_count_ranges_over_three_for_readers_of_every_area(folder):
    for own in areas_of(folder)[2:]:
        assert narrow_for(folder, own) == {}, own


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_stands_at_a_withheld_line_in_files_tables_or_charts(folder):
    for period, released in zip(DAYS, prints(folder, "released"), strict=True):
        assert any(line.hidden for line in released.lines.values())
        assert [*carried(released)] == []
        assert [*shown_on_pages(folder / period / "released", released)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_states_own_pages_would_be_noticed_in_an_areas_folder(folder):
    """Planted: pages and files of the full edition. Each page with figures is among those found."""
    released, full = (prints(folder, name)[-1] for name in ("released", "full"))
    pages = {page for page, *_ in shown_on_pages(folder / [*DAYS][-1] / "full", released)}
    assert {f"areas-{n}.html" for n in ("erq2", "erq4", "me", "msg", "profile", "scoreboard",
                                        "peers", "map")} <= pages  # fmt: skip
    lines = {key: replace(line, hidden=released.lines[key].hidden)
             for key, line in full.lines.items() if key in released.lines}  # fmt: skip
    columns = {name for _, _, name in carried(replace(full, lines=lines))}
    assert {*NUMBERS, "status", "versus_state", "funnel", "rank_low"} <= columns


def opened(released: Prints, full: Prints, *keys: Key, only: tuple[str, ...] = ()) -> Prints:
    """The publication with some withheld lines shown, or with these columns of them alone."""
    lines = dict(released.lines)
    for key in keys:
        numbers = full.lines[key].numbers
        if only:
            kept = {name: numbers[name] if name in only else None for name in numbers}
            lines[key] = Line(True, {**kept, "level": numbers.get("level")})
        else:
            lines[key] = Line(False, numbers, full.lines[key].words)
    return replace(released, lines=lines)


def sums(released: Prints) -> list[tuple[Key, list[Key]]]:
    """Printed wholes with their parts that are withheld, areas of Illinois and programs."""
    found = []
    local = sorted({key[2] for key in released.lines if key[1] == "lwia"})
    for key, line in released.lines.items():
        if line.hidden or key[0] not in ("rolling4", "current"):
            continue
        if key[1] == "state":
            parts = [(key[0], "lwia", area, *key[3:]) for area in local]
            found.append((key, [one for one in parts if released.lines[one].hidden]))
        if key[1] == "lwia" and key[3] == "title1":
            parts = [(*key[:3], program, key[4]) for program in TITLE_I]
            found.append((key, [one for one in parts if released.lines[one].hidden]))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_one_complementary_cell_shown_is_noticed(folder):
    """Planted: of the withheld parts of a sum all are the reader's, or shown, but one."""
    released, full = (prints(folder, name) for name in ("released", "full"))
    tried = 0
    for whole, parts in sums(released[-1]):
        filled = [one for one in parts if full[-1].lines[one].numbers["denominator"]]
        areas = whole[1] == "state"
        if whole[4] == "ME" or len(filled) != (3 if areas else 2):
            continue
        own = filled[0][2] if areas else ""
        weak = [*released[:-1], opened(released[-1], full[-1], filled[1 if areas else 0])]
        found = given_away(folder, weak, own)
        assert any(key[1] == filled[-1] for key in found), (whole, found)
        tried += 1
        break
    assert tried


@pytest.mark.parametrize("columns", [("value",), ("percent",), ("lower95", "upper95")])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_share_a_percent_or_an_interval_of_a_withheld_cell_is_noticed(folder, columns):
    """Planted. An interval gives both counts exactly; a share or a percent of the level is found as
    a number where none may stand: alone it is that of many counts."""
    released, full = (prints(folder, name) for name in ("released", "full"))
    secret = [
        key for key, line in released[-1].lines.items()
        if line.hidden and key[0] == "rolling4" and key[1] == "lwia" and key[4] != "ME"
        and all(full[-1].lines[key].numbers[name] is not None for name in columns)
        and (full[-1].lines[key].numbers["denominator"] or 0) > 3
        and key[2] != "90"
    ]  # fmt: skip
    assert secret
    weak = opened(released[-1], full[-1], secret[0], only=columns)
    assert {(key, name) for _, key, name in carried(weak)} == {(secret[0], n) for n in columns}
    if len(columns) == 2:
        of = Figures([*released[:-1], weak], full)
        assert {of.at[weak.period, secret[0], kind] for kind in "nx"} <= of.known


@pytest.mark.parametrize("column", ["standardized", "adjusted", "expected"])
@pytest.mark.parametrize("seed", SEEDS)
def test_an_adjusted_share_of_a_withheld_cell_is_noticed(folder, column):
    """Planted: it is printed where nothing may be."""
    released = prints(folder, "released")[-1]
    secret = next(key for key, line in released.adjusted.items() if line.hidden)
    line = released.adjusted[secret]
    weak = {**released.adjusted, secret: replace(line, numbers={**line.numbers, column: 0.5})}
    assert [*carried(replace(released, adjusted=weak))] == [("adjusted", secret, column)]


@pytest.mark.parametrize("column", ["rank_low", "funnel", "trend", "versus_state", "status"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_rank_or_a_word_of_a_withheld_cell_is_noticed(folder, column):
    """Planted: it is printed where nothing may be."""
    released = prints(folder, "released")[-1]
    secret = next(key for key, line in released.lines.items() if line.hidden and line.words)
    line = released.lines[secret]
    weak = {**released.lines, secret: replace(line, words={**line.words, column: "1"})}
    assert [*carried(replace(released, lines=weak))] == [("lines", secret, column)]


def test_regions_are_read():
    assert len({*regions().values()}) == 10
