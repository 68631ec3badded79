"""The verbs that arrange: finding, tiles, note, choose, grid, and what all of them return."""

import subprocess
import sys

import altair as alt
import pandas as pd
import pytest

from ipats_lib.errors import NotebookError
from ipats_lib.report import show
from tests.report.show.conftest import HOSTILE, soup
from tests.report.show.zoo import pieces

CHART = alt.Chart(pd.DataFrame({"a": [1, 2]})).mark_bar().encode(x="a:Q")


def test_a_finding_is_a_sentence_and_a_large_figure():
    shown = show.finding("14 of 15 met.", "Youth falls short.", figure="64.4%", note="PY 2024")
    page = soup(shown)
    assert page.b.get_text() == "14 of 15 met."
    assert page.select_one(".big-figure").get_text() == "64.4%"
    assert page.select_one(".alert") is None
    assert page.select_one(".small").get_text() == "PY 2024"
    assert repr(shown) == "14 of 15 met. Youth falls short. PY 2024"
    assert soup(show.finding("So.", figure="1", attention=True)).select_one(".big-figure.alert")
    assert soup(show.finding("So.")).select(".big-figure, .small, span") == []


def test_tiles_have_label_figure_picture_note_and_link():
    page = soup(
        show.tiles(
            [
                {"label": "Levels", "figure": 14, "unit": "met", "link": "summary.html#levels",
                 "picture": {"Below": 1, "Meets": 14}, "note": "Below: under 90%"},
                {"label": "Gains", "figure": 0.404, "kind": "share", "picture": [0.221, 0.404],
                 "attention": True},
                {"label": "Earnings", "figure": 5219, "kind": "figure", "measure": "ME"},
            ]
        )
    )  # fmt: skip
    first, second, third = page.dl.find_all("div", recursive=False)
    assert first.dt.a["href"] == "summary.html#levels"
    assert [dd.get_text() for dd in first.find_all("dd")] == ["14 met", "", "Below: under 90%"]
    assert first.svg["aria-label"] == "Below: 1, Meets: 14"
    assert second.dd["class"] == ["f", "alert"]
    assert second.svg["aria-label"] == "Gains: from 22.1% to 40.4% in 2 points"
    assert [dd.get_text() for dd in third.find_all("dd")] == ["$5,219"]
    assert page.dl["class"] == ["show", "show-tiles", "of3"]


def test_a_frame_gives_a_tile_for_each_row_and_what_it_leaves_empty_is_left_out():
    frame = pd.DataFrame({"label": ["A", "B"], "figure": [1, 2], "note": ["n", None]})
    first, second = soup(show.tiles(frame)).dl.find_all("div", recursive=False)
    assert len(first.find_all("dd")) == 2
    assert len(second.find_all("dd")) == 1


@pytest.mark.parametrize(
    "tiles",
    [
        [],
        [{"label": str(n), "figure": n} for n in range(7)],
        [{"label": "A"}],
        [{"label": "A", "figure": 1, "color": "red"}],
        [{"label": "A", "figure": 1, "link": "https://elsewhere"}],
    ],
)
def test_wrong_tiles_stop_the_cell(tiles):
    with pytest.raises(NotebookError):
        show.tiles(tiles)


def test_a_note_is_folded_markdown_and_no_html():
    page = soup(show.note("*Below* is\n\n- one\n- two\n\n<b>x</b>", title="How it is counted"))
    assert page.details.summary.get_text() == "How it is counted"
    assert page.em.get_text() == "Below"
    assert len(page.find_all("li")) == 2
    assert page.find("b") is None
    assert "<b>x</b>" in page.get_text()
    assert soup(show.note("plain", fold=False)).details is None


def test_a_link_of_a_note_runs_no_script():
    assert "javascript" not in soup(show.note("[x](javascript:alert(1))"))._all_strings().__str__()
    assert not soup(show.note("[x](javascript:alert(1))")).a["href"].startswith("javascript")


def test_choices_have_names_of_their_own_and_all_of_them_are_on_the_page():
    shown = show.choose({"This quarter": "one", "Rolling four": CHART}, "Window")
    page = soup(shown)
    sections = page.find_all("section")
    assert [part["id"] for part in sections] == ["window-this-quarter", "window-rolling-four"]
    assert [part.h3.get_text() for part in sections] == ["This quarter", "Rolling four"]
    assert sections[0].p.get_text() == "one"
    assert sections[1].figure["class"] == ["chart"]
    assert page.div["data-label"] == "Window"


def test_two_choices_of_one_name_stop_the_cell():
    with pytest.raises(NotebookError, match="differ in punctuation"):
        show.choose({"a b": "x", "a-b": "y"})


def test_a_grid_lays_pieces_side_by_side():
    page = soup(show.grid({"One": CHART, "Two": show.finding("x")}, columns=2))
    assert page.div["class"] == ["show", "show-grid", "of2"]
    assert [h.get_text() for h in page.find_all("h3")] == ["One", "Two"]
    assert soup(show.grid([CHART, pd.DataFrame({"a": [1]})])).select("table.dataframe")
    with pytest.raises(NotebookError, match="2 to 5"):
        show.grid([CHART], columns=9)
    with pytest.raises(NotebookError, match="int"):
        show.grid([3])


def test_hostile_text_stays_text_in_every_piece():
    found = [
        show.finding(HOSTILE, HOSTILE, figure=HOSTILE, note=HOSTILE),
        show.tiles([{"label": HOSTILE, "figure": HOSTILE, "unit": HOSTILE, "note": HOSTILE,
                     "picture": {HOSTILE: 1, "x": 2}}]),
        show.note(HOSTILE, title=HOSTILE),
        show.choose({HOSTILE: HOSTILE}, HOSTILE),
        show.grid({HOSTILE: HOSTILE}),
        show.chart(CHART, HOSTILE, title=HOSTILE, note=HOSTILE),
    ]  # fmt: skip
    for shown in found:
        scripts = soup(shown).find_all("script")
        assert all(script["type"] == "application/json" for script in scripts)
        assert HOSTILE in soup(shown).get_text() or "alert(1)" in soup(shown).get_text()
        assert soup(shown).find(["td", "img"]) is None


def test_every_result_is_html_and_text_and_brings_its_style_to_jupyterlab_alone(monkeypatch):
    for shown in pieces():
        bundle = shown._repr_mimebundle_(include=None, exclude=None)
        assert set(bundle) == {"text/html", "text/plain"}
        assert bundle["text/plain"] == repr(shown) != ""
        assert "<style" not in bundle["text/html"]
    monkeypatch.delenv("IPATS_CHARTS")
    html = show.finding("So.")._repr_mimebundle_()["text/html"]
    assert html.startswith("<style>/* What the verbs of `show` put on a page")


def test_there_are_at_most_ten_verbs_each_in_a_module_of_its_own():
    assert len(show.VERBS) <= 10
    modules = [show.module_of(name) for name in show.VERBS]
    assert len(set(modules)) == len(modules)
    assert all(callable(getattr(show, name)) for name in show.VERBS)
    assert show.module_of("bullet") == "ipats_lib.report.show.pictures"
    assert set(show.VERBS) < set(dir(show))
    with pytest.raises(AttributeError, match="it has finding, tiles"):
        show.nothing  # noqa: B018


def test_a_verb_is_loaded_when_it_is_first_used_and_stays_a_function():
    code = (
        "import sys; from ipats_lib.report import show;"
        "loaded = lambda: sorted(m.rpartition('.')[2] for m in sys.modules"
        " if m.startswith('ipats_lib.report.show.verbs.'));"
        "assert loaded() == [], loaded();"
        "show.note('x'); show.note('x'); assert loaded() == ['note'], loaded();"
        "import ipats_lib.report.show.verbs.table; assert callable(show.table)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
