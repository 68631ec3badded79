"""Formats of columns: words, shapes, and pictures by hand."""

import re

import pandas as pd
import pytest

from ipats_lib.errors import NotebookError
from ipats_lib.report import show
from ipats_lib.report.show.drawing import parts, ticks
from ipats_lib.report.show.formats import Rows, Written, sort_key
from ipats_lib.report.show.statuses import status_word
from tests.report.show.conftest import HOSTILE, soup


def cells(form, name="value", **columns):
    """The column's cells, each as HTML that was read."""
    shown = show.table(pd.DataFrame({"row": range(len(columns[name])), **columns}), "c",
                       {"row": "Row", name: form})  # fmt: skip
    return soup(shown).select("tbody td")


@pytest.mark.parametrize(
    ("status", "shape", "attention"),
    [
        ("Below", "M0 1H10L5 9.5Z", True),
        ("Below, could be chance", "M0 1H10L5 9.5Z", True),
        ("Fails", "M0 1H10L5 9.5Z", True),
        ("Worse", "M0 1H10L5 9.5Z", True),
        ("Overdue", "M0 1H10L5 9.5Z", True),
        ("Exceeds", "M0 9H10L5 .5Z", False),
        ("Better", "M0 9H10L5 .5Z", False),
    ],
)
def test_a_status_has_a_word_a_shape_and_the_accent_only_where_it_needs_attention(
    status, shape, attention
):
    cell = cells(show.status, value=[status])[0]
    assert cell.get_text() == status
    assert cell.svg.path["d"] == shape
    assert cell.svg["aria-hidden"] == "true"
    assert ("alert" in cell.span["class"]) == attention


def test_a_word_that_is_no_status_has_no_shape():
    assert status_word("Somewhere") == "Somewhere"
    assert "<circle" in status_word("Meets")
    assert 'fill="none"' in status_word("Similar")


def test_a_change_has_a_sign_in_words():
    values = [0.182, -0.068, 0.0004, None, "*", -44.0]
    measures = ["MSG", "CR", "CR", "CR", "CR", "ME"]
    shown = cells(show.change, value=values, measure=measures)
    assert [cell.get_text() for cell in shown] == [
        "▲ up 18.2 points", "▼ down 6.8 points", "no change", "–", "* withheld", "▼ down $44",
    ]  # fmt: skip


def test_beside_a_heading_stands_a_kind_or_a_format():
    """Another word is no heading in place of the heading."""
    with pytest.raises(NotebookError, match="There is no kind percnt; kinds are .*percent"):
        cells(("Rate", "percnt"), value=[0.5])


def test_a_figure_may_be_large_and_need_attention():
    flags = pd.Series([True, False])
    rows = {"value": [0.5, 0.6], "low": flags, "measure": ["CR", "CR"]}
    shown = cells(show.figure(large=True, attention="low"), **rows)
    assert [bool(cell.select(".alert .big")) for cell in shown] == [True, False]
    assert [cell.get_text() for cell in shown] == ["50.0%", "60.0%"]


def test_a_link_leads_inside_the_site_or_nowhere():
    pages = ["detail-erq2.html#list", "", None, "../dashboards/x.html"]
    shown = cells(show.link("page", "count"), value=[1, 2, 3, 4000], page=pages)
    assert [cell.a and cell.a["href"] for cell in shown] == [pages[0], None, None, pages[3]]
    assert [cell.get_text() for cell in shown] == ["1", "2", "3", "4,000"]
    assert shown[0]["class"] == ["n"]


@pytest.mark.parametrize(
    "address",
    ["https://a.b/", "//a.b/", "/x.html", "javascript:alert(1)", "data:x", HOSTILE, "a b"],
)
def test_an_address_outside_stops_the_cell(address):
    with pytest.raises(NotebookError, match="another page of the site"):
        cells(show.link("page"), value=[1], page=[address])


def test_a_bullet_is_drawn_to_scale():
    """The scale is 70 to 125; 89.96 is 19.96 of 55 from its left: 36.29 percent."""
    cell = cells(show.bullet(to="best"), value=[89.96], best=[92.0])[0]
    assert cell.get_text() == "89.96%"
    assert cell.svg["aria-label"] == "89.96% of the level, below 90; best case 92.0%"
    bar = cell.svg.rect
    assert (bar["class"], bar["x"], bar["width"]) == (["a"], "36.29%", "18.26%")
    dashed, level, *best = cell.svg.select("line.kd, line.k")
    assert (dashed["x1"], level["x1"]) == ("36.36%", "54.55%")
    assert [line["x2"] for line in best] == ["40.00%", "40.00%"]


@pytest.mark.parametrize(
    ("percent", "css", "words"),
    [
        (89.99, "a", "89.99% of the level, below 90"),
        (90.0, "g", "90.0% of the level, below 100"),
        (99.99, "g", "99.99% of the level, below 100"),
        (100.0, "l", "100.0% of the level"),
        (300.0, "l", "300.0% of the level"),
    ],
)
def test_a_bullet_says_where_it_lies(percent, css, words):
    svg = cells(show.bullet(), value=[percent])[0].svg
    assert svg.rect["class"] == [css]
    assert svg["aria-label"] == words


@pytest.mark.parametrize(
    ("status", "css"),
    [
        ("Below", "a"),
        ("Fails, could be chance", "a"),
        ("No verdict: fewer than 10 counted", "g"),
        ("Not judged", "g"),
        (None, "g"),
    ],
)
def test_a_bullet_without_a_verdict_needs_no_attention(status, css):
    assert cells(show.bullet(), value=[60.0], status=[status])[0].svg.rect["class"] == [css]


def test_a_bullet_without_a_figure_has_no_picture():
    first, second = cells(show.bullet(to="best"), value=[None, "*"], best=[None, 120.0])
    assert (first.get_text(), first.svg) == ("–", None)
    assert (second.get_text(), second.svg) == ("* withheld", None)


def test_values_far_out_stay_inside_the_picture():
    near, far = cells(show.bullet(), value=[10.0, 400.0])
    assert [near.svg.rect["x"], far.svg.rect["x"]] == ["0.00%", "50.00%"]
    assert far.svg.rect["width"] == "50.00%"


def test_a_bar_is_as_long_as_its_number():
    shown = cells(show.bar(), value=[50, 200, None, 0])
    widths = [cell.rect["width"] if cell.rect else None for cell in shown]
    assert widths == ["25.00%", "100.00%", None, "0.00%"]
    assert [cell.get_text() for cell in shown] == ["50", "200", "–", "0"]
    assert cells(show.bar(of=1, kind="share"), value=[0.25])[0].rect["width"] == "25.00%"


def test_an_interval_is_a_dot_a_line_and_its_words():
    """The scale runs 4 percent past 0.5 and 1.0: 0.48 to 1.02."""
    cell, none = cells(
        show.interval(reference=0.75, versus="versus"),
        value=[0.6, None], lower95=[0.5, None], upper95=[1.0, None], versus=["Worse", None],
        measure=["CR", "CR"],
    )  # fmt: skip
    assert cell.get_text() == "60.0%"
    assert cell.svg["aria-label"] == "interval 50.0% to 100.0%; Worse"
    line = cell.svg.select_one("line.tha")
    assert (line["x1"], line["x2"]) == ("3.70%", "96.30%")
    assert cell.svg.select_one("line.k")["x1"] == "50.00%"
    assert cell.svg.svg["x"] == "22.22%"
    assert none.svg is None


def test_an_interval_of_nothing_has_no_axis_and_one_of_a_single_figure_no_tick_twice():
    """An area whose figures are all withheld had `$4,673` three times above its column."""

    def axis(*values):
        rows = pd.DataFrame({"value": values, "lower95": None, "upper95": None, "measure": "ME"})
        found = show.interval(reference=4673.0).above(Rows(rows), "value")
        return re.findall(r">([^<]+)</text>", found)

    assert axis("*", "*") == []
    ticks = axis(4673.0)
    assert len(ticks) == len(set(ticks)) > 1


def test_a_spark_draws_gaps_and_says_first_and_last():
    lists = [[0.5, None, 0.7, 0.644], [0.5], None, [5000.0, 5219.0]]
    shown = cells(
        show.spark(level="level"), value=lists, level=[0.6, 0.6, 0.6, 5100.0],
        measure=["MSG", "MSG", "MSG", "ME"],
    )  # fmt: skip
    assert [cell.get_text() for cell in shown] == ["64.4%", "50.0%", "–", "$5,219"]
    assert shown[0].svg["aria-label"] == "from 50.0% to 64.4% in 3 points"
    assert len(shown[0].select("line.ln")) == 1
    assert len(shown[0].select("circle")) == 3
    assert len(shown[0].select("line.kd")) == 1
    assert [cell.svg is None for cell in shown] == [False, True, True, False]
    assert shown[3].svg["aria-label"] == "from $5,000 to $5,219 in 2 points"


def test_parts_of_a_whole_take_the_accent_where_they_need_attention():
    svg = parts({"Below": 1, "Meets": 1, "Exceeds": 2})
    assert 'aria-label="Below: 1, Meets: 1, Exceeds: 2"' in svg
    assert '<rect class="a" x="0.00%" y="0" width="24.40%" height="10"/>' in svg
    assert svg.count("<rect") == 3


def test_ticks_are_round_numbers():
    assert ticks(0.48, 1.02) == [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert ticks(4100, 9900, 3) == [6000.0, 8000.0]
    assert ticks(1, 1) == [1]


def test_keys_order_as_readers_expect():
    assert sort_key(pd.Timestamp("2024-11-30")) == "2024-11-30"
    assert [sort_key(v) for v in ("*", None, True, 3.0, 0.1 + 0.2)] == [None, None, 1, 3, 0.3]


def test_a_frame_of_any_type_is_read_once():
    rows = Rows(pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}))
    assert len(rows) == 2
    assert rows["a"][0] == 1
    assert rows["a"] is rows["a"]


def test_a_row_without_its_measure_is_written_by_the_measures_title():
    """Else a table without the column `measure` showed median earnings as a percent."""
    titles = ["Employment rate, 2nd quarter after exit", "Median earnings, 2nd quarter after exit"]
    shown = cells(Written(kind="figure"), measure_title=titles, value=[0.817, 10178.63])
    assert [cell.get_text() for cell in shown] == ["81.7%", "$10,179"]


@pytest.mark.parametrize(
    "shape",
    [show.figure, Written(kind="figure"), show.interval(), show.bar(kind="figure"), show.spark()],
)
def test_a_figure_without_its_measure_is_no_percent_and_stops(shape):
    """It would be written as a share, also where it is dollars."""
    values = [[8000.0, 9500.0]] if type(shape).__name__ == "Spark" else [9500.0]
    more = {"lower95": [9000.0], "upper95": [9900.0]}
    with pytest.raises(NotebookError, match="Column value holds figures"):
        cells(shape, value=values, **more)
    assert "$9,500" in cells(shape, value=values, measure=["ME"], **more)[0].get_text()


def test_somebodys_own_column_of_numbers_is_written_as_numbers():
    """Only a column that is asked for as figures needs its measure."""
    assert ">12.5<" in show.table(pd.DataFrame({"name": ["a"], "value": [12.5]}), "Own").html
