"""`show.chart`, and plain Altair charts with our theme, renderer and data."""

import json
import re
from importlib.resources import files

import altair as alt
import pandas as pd
import pytest
from altair.utils.schemapi import SchemaValidationError

from ipats_lib.errors import NotebookError
from ipats_lib.report import show
from ipats_lib.report.show import theme
from tests.report.show.conftest import HOSTILE, soup
from tests.report.show.zoo import areas, dots, lines

FRAME = pd.DataFrame({"a": [1, 2], "day": pd.to_datetime(["2024-11-30", None]), "b": ["x", None]})


def bars(frame: pd.DataFrame = FRAME) -> alt.Chart:
    return alt.Chart(frame).mark_bar().encode(x="a:Q", y="b:N")


def embedded(shown) -> dict:
    return json.loads(soup(shown).find("script").string)


def test_a_chart_has_its_finding_its_specification_and_its_values():
    table = show.table(areas(), "Areas", ["area_title", "value"])
    shown = show.chart(dots(), "3 of 9 areas are worse.", title="Employed", table=table, note="n")
    page = soup(shown)
    assert page.select_one(".says").get_text() == "3 of 9 areas are worse."
    assert page.figure.div["aria-label"] == "3 of 9 areas are worse. Employed"
    assert page.figure.div["role"] == "img"
    assert page.details.caption.get_text() == "Areas"
    spec = embedded(shown)
    assert spec["description"] == "3 of 9 areas are worse. Employed"
    assert spec["width"] == "container"
    assert spec == shown.spec
    assert repr(shown) == "3 of 9 areas are worse. Employed"


def test_values_are_inline_as_they_are():
    spec = embedded(show.chart(bars(), "So."))
    (values,) = spec["datasets"].values()
    assert values == [
        {"a": 1, "day": "2024-11-30T00:00:00", "b": "x"},
        {"a": 2, "day": "", "b": None},  # Vega reads a blank date as none
    ]


WRONG = alt.Chart(FRAME).mark_bar().encode(x="a:Q", y="c:N")


@pytest.mark.parametrize(
    "chart",
    [
        WRONG, WRONG + bars(), bars() | WRONG, bars() & WRONG, alt.concat(bars(), WRONG),
        bars().encode(color="c:N"), bars().encode(tooltip=["a:Q", "c:N"]),
        bars().facet("c:N"), bars().facet(row="c:N"), WRONG.facet("b:N"),
        alt.layer(bars().transform_filter("datum.a > 0"), WRONG),
        alt.layer(alt.Chart().mark_bar().encode(y="c:N"), data=FRAME),
        alt.Chart(alt.Data(values=[{"a": 1}, {"b": 2}])).mark_bar().encode(x="c:Q"),
    ],
)  # fmt: skip
def test_a_column_that_the_data_do_not_have_is_named(chart):
    """Vega would draw nothing, without a word."""
    for ask in (show.chart, lambda chart: chart._repr_mimebundle_(None, None)):
        with pytest.raises(NotebookError, match="have no column c. They have: a"):
            ask(chart)


@pytest.mark.parametrize(
    "chart",
    [
        bars(FRAME.iloc[:0]).encode(color="c:N"),  # a window without rows
        bars().transform_calculate(c="datum.a * 2").encode(color="c:Q"),
        alt.layer(WRONG, bars()).transform_calculate(c="'x'"),
        bars().encode(color="count()"),
        alt.Chart(FRAME.rename(columns={"b": "b.c"})).mark_bar().encode(x=r"b\.c:N"),
        alt.Chart(FRAME).mark_bar().encode(x=alt.repeat("row")).repeat(row=["a"]),
        alt.Chart(alt.Data(values=[{"a": 1}, {"b": 2}])).mark_bar().encode(x="b:Q"),
        alt.Chart(alt.sequence(3, as_="c")).mark_bar().encode(x="c:Q"),
    ],
)  # fmt: skip
def test_a_column_that_a_chart_makes_or_may_have_is_not(chart):
    assert show.chart(chart).spec


def test_only_single_charts_take_the_width_of_their_place():
    assert "width" not in embedded(show.chart(bars() | bars()))
    assert "width" not in embedded(show.chart(bars().facet("b:N")))
    assert "width" not in embedded(show.chart(bars().encode(row="b:N")))
    assert embedded(show.chart(bars().properties(width=200)))["width"] == 200
    assert embedded(show.chart(bars() + bars()))["width"] == "container"


@pytest.mark.parametrize(
    ("chart", "height"),
    [
        (bars(), 40),
        (bars().properties(height=alt.Step(30)), 60),
        (alt.layer(bars(), show.names(bars(), "b")).properties(height=alt.Step(30)), 60),
        (bars() + show.reference(1, "one"), 40),
        (bars().properties(height=90), 90),
        (bars().encode(yOffset="a:N"), None),
        (bars().encode(y="a:Q"), None),
        (bars().transform_filter("datum.a > 1"), None),
        (bars().encode(y=alt.Y("b:N", scale=alt.Scale(domain=["x", "y", "z"]))), None),
    ],
)
def test_a_step_a_row_is_a_height(chart, height):
    """A fitted chart has no steps: Vega would warn of them in the browser's console."""
    assert show.chart(chart).spec.get("height") == height


def test_a_layer_without_a_number_is_left_out():
    """Vega warns of a scale without an extent. A chart of nothing else keeps its layers."""
    blank = FRAME.assign(level=None)
    marks = bars(blank) + bars(blank).mark_tick().encode(x="level:Q")
    assert [layer["mark"]["type"] for layer in show.chart(marks).spec["layer"]] == ["bar"]
    none = bars(blank.assign(a=None)) + bars(blank).mark_tick().encode(x="level:Q")
    assert len(show.chart(none).spec["layer"]) == 2


def test_nothing_in_a_specification_ends_its_element():
    shown = show.chart(bars(FRAME.assign(b=HOSTILE)), "</script><b>")
    page = soup(shown)
    assert len(page.find_all("script")) == 1
    assert HOSTILE in json.dumps(embedded(shown), ensure_ascii=False).replace('\\"', '"')


def test_more_rows_than_a_page_can_hold_stop_the_cell():
    many = pd.DataFrame({"a": range(5001), "b": "x"})
    with pytest.raises(NotebookError, match=r"at most 5000 rows; this frame has 5001.*groupby"):
        show.chart(bars(many), "So.")
    assert len(embedded(show.chart(bars(many.head(5000)), "So."))["datasets"]) == 1


def test_what_is_no_chart_stops_the_cell():
    with pytest.raises(NotebookError, match="DataFrame"):
        show.chart(FRAME)
    with pytest.raises(NotebookError, match=r"show\.table"):
        show.chart(bars(), table=FRAME)


def test_a_plain_chart_on_a_cells_last_line_is_published(monkeypatch):
    bundle = bars().properties(title="What is drawn")._repr_mimebundle_()
    assert set(bundle) == {theme.MIME, "text/plain"}
    assert bundle["text/plain"] == "What is drawn"
    assert bundle[theme.MIME]["config"]["axis"]["labelColor"] == theme.SOFT
    monkeypatch.delenv("IPATS_CHARTS")
    assert bars()._repr_mimebundle_()["image/svg+xml"].startswith("<svg")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"description": "d", "title": "t"}, "d"),
        ({"title": {"text": "t"}}, "t"),
        ({"title": "t"}, "t"),
        ({}, "A chart without a description"),
    ],
)
def test_a_chart_is_described_by_its_description_or_title(spec, words):
    assert theme.described(spec) == words


def test_publishing_checks_no_schema_and_an_analysts_session_does(monkeypatch):
    wrong = alt.Chart(FRAME).mark_bar().encode(x=alt.X("a:Q"))
    wrong.encoding.x.stack = object
    with pytest.raises(TypeError):
        json.dumps(theme.spec_of(wrong))
    monkeypatch.delenv("IPATS_CHARTS")
    with pytest.raises(SchemaValidationError):
        theme.spec_of(wrong)


def test_in_jupyterlab_a_shown_chart_is_a_picture(monkeypatch):
    monkeypatch.delenv("IPATS_CHARTS")
    page = soup(show.chart(lines(), "Adult rises."))
    assert page.figure.svg is not None
    assert page.find("script") is None


def test_a_reference_is_a_labelled_line():
    for channel in ("x", "y"):
        spec = show.reference(0.809, "Illinois 80.9%", channel).to_dict()
        rule, words = spec["layer"]
        assert spec["layer"][0]["encoding"][channel]["field"] == "value"
        assert (rule["mark"]["type"], words["mark"]["type"]) == ("rule", "text")


# -- colors --------------------------------------------------------------------------------------

CSS = (files("ipats_lib") / "publishing/static/20-show.css").read_text(encoding="utf-8")


def contrast(one: str, two: str) -> float:
    """WCAG 2.2, relative luminance."""

    def luminance(color: str) -> float:
        shares = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert round(contrast("#ffffff", "#000000"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_colors_hold_against_paper_in_light_and_dark():
    assert all(contrast(color, "#ffffff") >= 4 for color in theme.PALETTE)
    pairs = re.findall(r"--c\d: light-dark\((#\w{6}), (#\w{6})\)", CSS)
    assert tuple(light for light, _ in pairs) == theme.PALETTE
    assert all(contrast(dark, "#15171a") >= 4 for _, dark in pairs)
    for color in (theme.INK, theme.SOFT, theme.ACCENT):
        assert contrast(color, "#ffffff") >= 4.5
    assert contrast(theme.GRAY, "#ffffff") >= 3


@pytest.mark.parametrize(
    "color", [theme.INK, theme.SOFT, theme.RULE, theme.GRAY, theme.ACCENT, *theme.PALETTE]
)
def test_every_color_of_the_theme_follows_the_page(color):
    for property_ in ("fill", "stroke"):
        assert f'[{property_}="{color}" i] {{ {property_}: var(--' in CSS


@pytest.mark.parametrize("name", [HOSTILE, "\u2028x\u2029", 'O\'Brien \\"Q"', '{"signal":"width"}'])
def test_a_chart_is_drawn_whatever_its_names_hold(name):
    """A list to sort by becomes an expression, in which a line separator would end a name."""
    rows = pd.DataFrame({"name": [name, "b"], "n": [2, 1]})
    drawn = alt.Chart(rows).mark_bar().encode(x="n:Q", y=alt.Y("name:N", sort=[name, "b"]))
    assert "<svg" in theme.as_picture(theme.spec_of(drawn))
    assert not {"\u2028", "\u2029"} & set(theme.script_json(theme.spec_of(drawn)))


def test_rows_are_the_values_that_altair_makes_of_them():
    """Numbers, texts and flags of every kind, what is missing as null; other frames by Altair."""
    frame = pd.DataFrame(
        {
            "number": [1.5, float("nan"), float("inf")], "whole": [1, 2, 3],
            "flag": [True, False, True], "text": ["x", None, "y"],
            "kind": pd.Categorical(["a", None, "b"]),
            "count": pd.array([1, None, 3], dtype="Int64"), "known": pd.array([True, None, False]),
            "rate": pd.array([0.5, None, 1], dtype="Float64"),
        }
    )  # fmt: skip
    for one in (frame, frame.astype({"whole": "int32", "number": "float32"}), FRAME):
        made, asked = theme.inline(one), alt.to_values(one)
        assert made == asked
        assert json.dumps(made) == json.dumps(asked)


def test_pictures_that_differ_in_their_rows_alone_are_drawn_of_one_chart():
    bare = alt.layer(bars(alt.Undefined), show.reference(1, "One"))
    for frame in (FRAME, FRAME.iloc[:1]):
        shown = show.chart(bare, "Two rows.", rows=frame[["a", "b"]])
        assert shown.spec["data"] == {"name": "rows"}
        assert shown.spec["datasets"]["rows"] == theme.inline(frame[["a", "b"]])["values"]
    with pytest.raises(NotebookError, match="no column b"):
        show.chart(bare, "No b.", rows=FRAME[["a"]])
