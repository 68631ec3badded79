"""The nation's figures: read from a file, shown where there is one, never made up."""

import math
import shutil

import pandas as pd
import pytest

from ipats_lib.errors import ParamsError
from ipats_lib.frames.levels_of import national_values
from ipats_lib.levels.national import load_national
from ipats_lib.params import params_folder

HEAD = "period,window,program,indicator,value,source\n"
ADULT = "PY2024,annual,adult,ERQ2,72.4,a table of the Department\n"


@pytest.fixture
def on_file(tmp_path, monkeypatch):
    """Puts lines into `params/national.csv` and reads it."""
    folder = tmp_path / "params"
    shutil.copytree(params_folder(), folder)
    monkeypatch.setattr("ipats_lib.params.params_folder", lambda: folder)
    load_national.cache_clear()

    def read(*lines):
        (folder / "national.csv").write_text(HEAD + "".join(lines), encoding="utf-8")
        load_national.cache_clear()
        return load_national()

    yield read
    load_national.cache_clear()


def test_none_is_in_the_repository():
    """No published figure was at hand, so every page and file is without one."""
    assert load_national() == {}


def test_a_figure_is_found_by_period_window_program_and_measure(on_file):
    found = on_file(ADULT, "PY2024Q4,rolling4,youth,ME,5150,a table of the Department\n")
    assert found == {
        ("PY2024", "annual", "adult", "ERQ2"): pytest.approx(0.724),
        ("PY2024Q4", "rolling4", "youth", "ME"): 5150.0,
    }
    lines = pd.DataFrame(
        [("PY2024", "annual", "adult", "ERQ2"), ("PY2023", "annual", "adult", "ERQ2")],
        columns=["period", "window", "program", "measure"],
    )
    first, other = national_values(lines)
    assert first == pytest.approx(0.724)
    assert math.isnan(other)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (ADULT.replace("PY2024", "2024"), "Period '2024' is not known"),
        (ADULT.replace("annual", "current"), "'current' is not known here"),
        (ADULT.replace("adult", "wp").replace("ERQ2", "CR"), "'wp' is not known here"),
        (ADULT.replace("72.4", "0.724"), "expected percent, or whole dollars of ME, found '0.724'"),
        (ADULT.replace("72.4", "much"), "found 'much'"),
        (ADULT.replace("a table of the Department", " "), "found no source"),
    ],
)
def test_a_line_that_is_wrong_is_named(on_file, line, said):
    with pytest.raises(ParamsError, match=rf"national\.csv line 2: .*{said}"):
        on_file(line)


def test_a_figure_stands_once(on_file):
    with pytest.raises(ParamsError, match="line 3: the figure of PY2024, annual, adult, ERQ2"):
        on_file(ADULT, ADULT)
