"""A page that moved leaves its old place behind for two publications.  Source: issue 18."""

import shutil
from pathlib import Path

import pytest

from ipats_lib.errors import ParamsError
from ipats_lib.periods import Period
from ipats_lib.publishing.redirects import redirects
from tests.conftest import ROOT

PAGES = ("performance/gap.html", "performance/summary.html")


@pytest.fixture
def rows(tmp_path, monkeypatch):
    params = Path(shutil.copytree(ROOT / "params", tmp_path / "params"))
    monkeypatch.setenv("IPATS_PARAMS", str(params))
    return lambda *lines: (params / "redirects.csv").write_text(
        "\n".join(["old,new,since", *lines])
    )


def at(period: str) -> dict[str, str]:
    return redirects(Period.parse(period), PAGES)


MOVED = "performance/outlook-gap.html,performance/gap.html#top,{since}"


@pytest.mark.parametrize(
    ("since", "there", "gone"),
    [
        ("PY2024Q4", ["PY2024Q4", "PY2025Q1"], ["PY2024Q3", "PY2025Q2", "PY2024", "PY2025"]),
        ("PY2024Q2", ["PY2024Q2", "PY2024Q3"], ["PY2024Q4", "PY2025Q2"]),
        ("PY2024", ["PY2024", "PY2025"], ["PY2024Q4", "PY2026"]),
    ],
)
def test_the_old_place_is_there_for_two_publications(rows, since, there, gone):
    rows(MOVED.format(since=since))
    moved = {"performance/outlook-gap.html": "performance/gap.html#top"}
    assert [at(period) for period in there] == [moved] * 2
    assert not any(at(period) for period in gone)


def test_a_page_that_the_scope_has_is_no_old_place(rows):
    rows("performance/summary.html,performance/gap.html,PY2024Q4")
    assert at("PY2024Q4") == {}


def test_no_redirect_leads_to_a_page_that_the_scope_lacks(rows):
    rows("performance/old.html,performance/other.html,PY2024Q4")
    assert at("PY2024Q4") == {}


@pytest.mark.parametrize(
    "row",
    [
        "../old.html,performance/gap.html,PY2024Q4",
        "performance/old.html,https://example.org/x.html,PY2024Q4",
        "performance/old.html,performance/gap.html#a'b,PY2024Q4",
        "performance/old.csv,performance/gap.html,PY2024Q4",
    ],
)
def test_a_row_that_is_no_redirect_is_named_with_its_line(rows, row):
    rows(row)
    with pytest.raises(ParamsError, match=r"redirects\.csv line 2: old and new are pages"):
        at("PY2024Q4")
