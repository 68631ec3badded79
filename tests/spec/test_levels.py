"""Levels and what a figure is compared with, by hand.  Source: domain 3.1 to 3.4."""

import math
import shutil
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ipats_lib.errors import ParamsError
from ipats_lib.frames import levels_of as judging
from ipats_lib.levels.files import load_levels
from ipats_lib.levels.level import (
    Level,
    band_of,
    key_of,
    national_level,
    percent_of_level,
    target,
    year_over,
)
from ipats_lib.params import params_folder

DURING, AFTER = date(2025, 6, 30), date(2025, 7, 1)


@pytest.mark.parametrize(
    ("adjusted", "over", "value", "which"),
    [
        (None, False, 0.80, "negotiated"),
        (None, True, 0.80, "negotiated"),
        (0.75, False, 0.80, "negotiated"),
        (0.75, True, 0.75, "adjusted"),
    ],
)
def test_the_adjusted_level_counts_once_the_year_is_over_and_it_is_published(
    adjusted, over, value, which
):
    assert target(Level(0.80, adjusted, "x"), over) == (value, which)


def test_where_there_is_no_level_there_is_no_target():
    value, which = target(None, True)
    assert np.isnan(value)
    assert not which


def test_a_program_year_is_over_on_the_first_of_july():
    assert not year_over(2024, date(2025, 6, 30))
    assert year_over(2024, date(2025, 7, 1))


@pytest.fixture
def compared(monkeypatch):
    """Sets one PY2024Q3 figure of Adult in LWIA 25 against a level, as the frames do."""

    def compare(
        level, *, value=0.60, counted=100, measure="ERQ2", window="annual", as_of=DURING,
        interval=(0.50, 0.70),
    ):  # fmt: skip
        figure = {"py": 2024, "quarter": "Q3", "window": window, "lwia": "25",
                  "program": "adult", "measure": measure, "denominator": counted,
                  "value": value, "lower95": interval[0], "upper95": interval[1],
                  "best": value}  # fmt: skip
        levels = {key_of(2024, "25", "adult", measure): level} if level else {}
        monkeypatch.setattr(judging, "load_levels", lambda _: levels)
        source = SimpleNamespace(snapshot=SimpleNamespace(synthetic=True, as_of=as_of))
        lines = judging.with_levels(pd.DataFrame([figure]), source)
        return judging.judged(lines, source).iloc[0]

    return compare


def test_a_figure_is_compared_with_the_adjusted_level_after_the_year(compared):
    """0.60 is 75 percent of 0.80 negotiated, and 80 percent of 0.75 adjusted."""
    level = Level(0.80, 0.75, "x")
    during, after = compared(level), compared(level, as_of=AFTER)
    assert (during["level_kind"], during["level"], during["percent"]) == ("negotiated", 0.80, 75)
    assert (after["level_kind"], after["level"], after["percent"]) == ("adjusted", 0.75, 80)


@pytest.mark.parametrize(
    ("level", "interval", "chance"),
    [
        (Level(0.65, None, "x"), (0.50, 0.70), True),
        (Level(0.50, None, "x"), (0.50, 0.70), True),
        (Level(0.71, None, "x"), (0.50, 0.70), False),
        (Level(0.49, None, "x"), (0.50, 0.70), False),
        (Level(0.65, None, "x"), (np.nan, np.nan), False),
        (Level(0.65, None, "x", assessed=False), (0.50, 0.70), False),
    ],
)
def test_a_status_could_be_chance_where_the_figures_interval_holds_the_level(
    compared, level, interval, chance
):
    """Domain 9.2; both ends belong to the interval, and no verdict is no chance either."""
    assert compared(level, interval=interval)["could_be_chance"] == chance


def test_a_baseline_indicator_keeps_its_level_and_gets_no_verdict(compared):
    line = compared(Level(0.80, None, "x", assessed=False))
    assert line["level"] == 0.80
    assert np.isnan(line["percent"])
    assert line["status"] == "No verdict: a baseline indicator in this program year"


@pytest.mark.parametrize(
    ("level", "counted", "why"),
    [(None, 5, "no level"), (Level(0.8, None, "x"), 0, "nobody is counted")],
)
def test_without_a_level_or_anybody_there_is_no_verdict(compared, level, counted, why):
    line = compared(level, counted=counted)
    assert np.isnan(line["percent"])
    assert line["status"] == f"No verdict: {why}"


@pytest.mark.parametrize(
    ("measure", "window", "why"),
    [
        ("MSG", "current", "one quarter of a yearly measure"),
        ("MSG", "ytd", "three quarters of a yearly measure"),
        ("MSG", "rolling4", ""),
        ("MSG", "annual", ""),
        ("ERQ2", "current", ""),
    ],
)
def test_a_part_of_a_year_of_skill_gains_is_not_compared(compared, measure, window, why):
    line = compared(Level(0.80, None, "x"), measure=measure, window=window)
    assert np.isnan(line["percent"]) == bool(why)
    assert line["status"] == (f"Not compared: {why}" if why else "Below")


@pytest.mark.parametrize(
    ("value", "counted", "status"),
    [
        (0.80, 10, "Exceeds"), (0.7999, 10, "Meets"), (0.72, 10, "Meets"),
        (0.7199, 10, "Below"), (0.40, 10, "Below"), (0.3999, 10, "Fails"),
        (0.90, 9, "No verdict: fewer than 10 counted"),
        (np.nan, 10, "No verdict: withheld"),
    ],
)  # fmt: skip
def test_the_words_of_status_are_of_unrounded_figures(compared, value, counted, status):
    """Decision 0017: 100, 90 and 50 percent of a level of 0.80; fewer than ten get no verdict."""
    assert compared(Level(0.80, None, "x"), value=value, counted=counted)["status"] == status


def test_exactly_ninety_percent_meets_the_level():
    """117 of 200 is 58.5 percent, and 58.5 of 65.0 is 0.9: binary arithmetic says less."""
    assert 117 / 200 / (65.0 / 100) * 100 < 90
    assert percent_of_level(117 / 200, 65.0 / 100) == 90
    assert band_of(percent_of_level(117 / 200, 65.0 / 100)).name == "Meets"
    assert band_of(percent_of_level(116 / 200, 65.0 / 100)).name == "Below"


HEAD = "py,area_type,area_code,program,indicator,negotiated,adjusted,assessed,source\n"


@pytest.fixture
def levels_of(tmp_path, monkeypatch):
    """Load levels from the shipped parameters and the files given by name."""

    def load(synthetic=False, **files):
        shutil.copytree(params_folder(), tmp_path / "params")
        for name, lines in files.items():
            (tmp_path / "params" / "levels" / f"{name}.csv").write_text(HEAD + lines)
        monkeypatch.setenv("IPATS_PARAMS", str(tmp_path / "params"))
        load_levels.cache_clear()
        return load_levels(synthetic)

    yield load
    monkeypatch.undo()
    load_levels.cache_clear()


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("24,lwia,07,adult,ERQ2,75.0,,true,a plan", "py is '24'", "a program year from 2016"),
        ("2204,lwia,07,adult,ERQ2,75.0,,true,a plan", "py is '2204'", "a program year from 2016"),
        ("2024,county,07,adult,ERQ2,75.0,,true,a plan", "area_type is 'county'", "one of state"),
        ("2024,lwia,99,adult,ERQ2,75.0,,true,a plan", "area_code is '99'", "one of 01"),
        ("2024,national,IL,adult,ERQ2,75.0,,true,a plan", "area_code is 'IL'", "one of US"),
        ("2024,state,07,adult,ERQ2,75.0,,true,a plan", "area_code is '07'", "one of IL"),
        ("2024,lwia,07,title1,ERQ2,75.0,,true,a plan", "program is 'title1'", "one of adult"),
        ("2024,state,IL,wp,MSG,75.0,,true,a plan", "indicator is 'MSG'", "ERQ2, ERQ4, ME"),
        ("2024,state,IL,wp,CR,75.0,,true,a plan", "indicator is 'CR'", "ERQ2, ERQ4, ME"),
        ("2024,lwia,07,adult,ME,nan,,true,a plan", "negotiated is 'nan'", "dollars from 100"),
        ("2024,lwia,07,adult,ME,-9500,,true,a plan", "negotiated is '-9500'", "dollars from 100"),
        ("2024,lwia,07,adult,ERQ2,0.75,,true,a plan", "negotiated is '0.75'", "percent from 1 to"),
        ("2024,lwia,07,adult,ERQ2,75,175,true,a plan", "adjusted is '175'", "nothing, or percent"),
        ("2024,lwia,07,adult,ERQ2,75,,yes,a plan", "assessed is 'yes'", "true or false"),
        ("2024,lwia,07,adult,ERQ2,75,,true,", "source is ''", "the source of a published level"),
        ("2024,lwia,07,adult,ERQ2,75,,true,synthetic: x", "source is 'synthetic", "published"),
        ("2024,lwia,07,adult,ERQ2,75,,true,a plan, p. 3", "expected 9 cells", ""),
        ("2024,lwia,07,adult,ERQ2", "expected 9 cells", ""),
    ],
)  # fmt: skip
def test_a_faulty_level_is_named_by_file_line_column_and_value(levels_of, line, column, expected):
    with pytest.raises(ParamsError) as refused:
        levels_of(more=line + "\n")
    message = str(refused.value)
    assert "more.csv line 2" in message
    assert column in message
    assert expected in message


def test_a_synthetic_file_holds_no_real_source(levels_of):
    with pytest.raises(ParamsError, match="synthetic_2.csv line 2: source is 'a plan'"):
        levels_of(synthetic_2="2024,lwia,07,adult,ERQ2,75.0,,true,a plan\n")


def test_a_level_stands_once_in_all_published_files(levels_of):
    line = "2024,lwia,07,adult,ERQ2,75.0,,true,a plan\n"
    with pytest.raises(ParamsError, match="2024, lwia, 07, adult, ERQ2 appears twice"):
        levels_of(one=line, two=line)


def test_every_file_is_read_and_a_national_level_is_not_the_states(levels_of):
    found = levels_of(
        one="2024,national,US,adult,ERQ2,74.1,,true,a table\n",
        two="2024,state,IL,adult,ERQ2,79.0,,true,a notice\n",
    )
    assert found[2024, "national", "US", "adult", "ERQ2"].negotiated == pytest.approx(0.741)
    assert found[key_of(2024, "", "adult", "ERQ2")].negotiated == pytest.approx(0.79)


def test_synthetic_levels_are_for_synthetic_data_and_never_over_a_published_one(levels_of):
    drawn = "2031,lwia,07,adult,ERQ2,60.0,,true,synthetic: x\n"
    real = "2031,lwia,07,adult,ERQ2,70.0,,true,a plan\n"
    key = key_of(2031, "07", "adult", "ERQ2")
    found = levels_of(synthetic_2=drawn + drawn.replace("lwia,07", "lwia,01"), more=real)
    assert found[key].negotiated == pytest.approx(0.70)
    assert key_of(2031, "01", "adult", "ERQ2") not in found
    load_levels.cache_clear()
    found = load_levels(True)
    assert found[key].negotiated == pytest.approx(0.70)
    assert found[key_of(2031, "01", "adult", "ERQ2")].synthetic


def test_a_national_level_is_found_by_year_program_and_measure_and_never_made_up():
    levels = {(2024, "national", "US", "adult", "ERQ2"): Level(0.71, None, "a source")}
    assert national_level(levels, 2024, "adult", "ERQ2") == 0.71
    assert math.isnan(national_level(levels, 2024, "youth", "ERQ2"))
    assert math.isnan(national_level(levels, 2023, "adult", "ERQ2"))
