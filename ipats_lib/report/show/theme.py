"""How Altair charts look and reach a page: theme, renderer, data. Enabled by importing the report.

Colors are the style sheet's: a page replaces each by its variable, so a chart follows light and
dark, forced colors and paper (`20-show.css`). Every color holds 3:1 against white (WCAG 1.4.11).
"""

import json
import math
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import altair as alt
import pandas as pd

from ipats_lib.report.show.html import in_publication, wrong

MIME = "application/vnd.vegalite.v6+json"
MOST_ROWS = 5000
INK, SOFT, RULE, GRAY, ACCENT = "#1a1a1a", "#55585c", "#d5d3cc", "#7b7d80", "#ae2f12"
PALETTE = ("#12436d", "#1f8a80", "#8a5a00", "#801650", "#6b6e72")
_SANS = '-apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif'

# Verdicts on a figure, worst first: the accent is for what needs attention.
_BAD = ("Fails", "Below", "Much worse", "Worse")
_FINE = ("Meets", "Similar", "Exceeds", "Better", "Much better")
VERDICTS = alt.Scale(
    domain=[*_BAD, *_FINE], range=[*(ACCENT for _ in _BAD), GRAY, GRAY, INK, INK, INK]
)


def _theme() -> dict[str, Any]:
    """Ink on paper, thin rules, names on the marks instead of legends where a chart has text."""
    labels = {"labelColor": SOFT, "labelFontSize": 13, "titleColor": SOFT, "titleFontSize": 13}
    axis = {
        **labels, "titleFontWeight": "normal", "gridColor": RULE, "domainColor": INK,
        "tickColor": RULE, "labelLimit": 300,
    }  # fmt: skip
    return {
        "config": {
            "font": _SANS,
            "background": "transparent",
            "numberFormat": ",.12~r",
            "timeFormat": "%b %-d, %Y",
            "view": {"stroke": None, "continuousWidth": 600, "continuousHeight": 260},
            "title": {"anchor": "start", "color": INK, "fontSize": 15, "fontWeight": 600},
            "header": {**labels, "labelColor": INK},
            "axis": axis,
            "axisY": {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleY": -10},
            "axisQuantitative": {"domain": False, "ticks": False, "tickCount": 5},
            "axisX": {"labelOverlap": "greedy"},
            "axisBand": {"grid": False},
            "legend": {
                **labels,
                "orient": "top",
                "title": None,
                "symbolOpacity": 1,
                "columns": {"expr": "width < 420 ? 2 : 0"},
            },
            "range": {"category": list(PALETTE), "ordinal": {"scheme": "greys"}},
            "mark": {"color": PALETTE[0]},
            "text": {"color": INK, "fontSize": 13, "align": "left", "dx": 7},
            "rule": {"color": GRAY, "strokeWidth": 1.5},
            "line": {"strokeWidth": 2},
            "bar": {"color": GRAY, "discreteBandSize": {"band": 0.7}},
            "point": {"filled": True, "size": 60, "opacity": 1},
        }
    }


def reference(value: float, label: str, channel: str = "x") -> alt.LayerChart:
    """A labelled line at one value of a shared axis, such as the state's figure or a level."""
    data = alt.Data(values=[{"value": value, "label": label}])
    along = (alt.X if channel == "x" else alt.Y)("value", type="quantitative")
    rule = alt.Chart(data).mark_rule(color=INK, strokeWidth=1).encode(**{channel: along})
    place = {"y": alt.YValue(-6)} if channel == "x" else {"x": alt.XValue("width")}
    words = alt.Chart(data).mark_text(
        align="center" if channel == "x" else "right", dx=0, dy=0 if channel == "x" else -7,
        fontWeight=600,
    )  # fmt: skip
    named = words.encode(text=alt.Text("label", type="nominal"), **{channel: along}, **place)
    return alt.layer(rule, named)


def names(rows: alt.Chart, column: str) -> alt.LayerChart:
    """The name of each row above its marks, where it takes no width from them on a phone. rows: the
    chart whose y is a row; its axis shows no labels. Add it last: lines stay behind the names."""
    above = rows.encode(
        x=alt.XValue(0), text=alt.Text(column, type="nominal"), color=alt.ColorValue(INK)
    )
    place = {"dx": 0, "dy": -14}
    return alt.layer(
        above.mark_text(**place, stroke="white", strokeWidth=3), above.mark_text(**place)
    )


def inline(data: Any = None, **_: Any) -> Any:
    """Altair's data transformer: the rows as they are, in the chart."""
    if data is None:
        return inline
    if isinstance(data, pd.DataFrame) and len(data) > MOST_ROWS:
        raise wrong(
            f"A chart on a page holds at most {MOST_ROWS} rows; this frame has {len(data)}. "
            "Count or average them first (groupby), or list them with show.records."
        )
    if not isinstance(data, pd.DataFrame) or not all(map(_is_plain, data, data.dtypes)):
        return alt.to_values(data)
    columns = zip(*(_values(data[name]) for name in data), strict=True)
    return {"values": [dict(zip(data, row, strict=True)) for row in columns]}


def _is_plain(name: object, kind: object) -> bool:
    """Whether a column is of numbers, texts or flags."""
    plain = re.fullmatch(
        r"(u?int|float)\d+|bool(ean)?|str(ing)?|category", str(kind), re.IGNORECASE
    )
    return isinstance(name, str) and plain is not None


def _values(column: pd.Series) -> list[Any]:
    """The same values as `alt.to_values` has, which copies a frame for every column of it."""
    unknown = (math.inf, -math.inf)  # and NaN, which alone differs from itself
    gone = (v is pd.NA or v != v or v in unknown for v in column.tolist())  # noqa: PLR0124
    return [None if no else v for v, no in zip(column.tolist(), gone, strict=True)]


def spec_of(chart: Any, rows: pd.DataFrame | None = None) -> dict[str, Any]:
    """The Vega-Lite specification of a chart, data inline, as wide as its place.

    rows: its data, where several pictures differ in these alone: the rest is then made once.
    Checked against the schema in an analyst's session and in tests: a publication need not do it
    for every page again.
    """
    found: dict[str, Any] = _made(chart, rows)
    if rows is not None:
        sets = {n: v for n, v in found["datasets"].items() if n != found["data"]["name"]}
        sets["rows"] = inline(rows)["values"]
        found = found | {"data": {"name": "rows"}, "datasets": sets}
    check_fields(found)
    return fitted(found)


_rest: dict[int, tuple[Any, dict[str, Any]]] = {}  # of charts whose rows are given apart


def _made(chart: Any, rows: pd.DataFrame | None) -> dict[str, Any]:
    valid = not in_publication()
    if rows is None:
        return chart.to_dict(validate=valid)  # type: ignore[no-any-return]
    if id(chart) not in _rest:
        _rest.clear()  # one chart at a time
        first = chart.copy(deep=False)
        first.data = rows
        _rest[id(chart)] = chart, first.to_dict(validate=valid)
    return _rest[id(chart)][1]


def check_fields(spec: dict[str, Any]) -> None:
    """Raises NotebookError for a field that no row of its data has: Vega would draw nothing there,
    and say nothing."""
    for name, row in _unknown(spec, [], spec.get("datasets", {})):
        raise wrong(f"The chart's data have no column {name}. They have: {', '.join(row)}.")


def _unknown(
    spec: dict[str, Any], rows: Any, sets: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fields that are missing, each with a row of the data. Not where a transform makes others."""
    data = spec.get("data") or {}
    rows = data.get("values", sets.get(str(data.get("name")), [] if data else rows))
    if "transform" in spec:
        return
    facet = spec.get("facet", {})
    facets = [facet] if "field" in facet else facet.values()
    for channel in (*spec.get("encoding", {}).values(), *facets):
        for one in channel if isinstance(channel, list) else [channel]:
            name = one.get("field") if isinstance(one, dict) else None
            if not rows or not isinstance(name, str) or re.search(r"[.\[\\]", name):
                continue  # nothing to draw; no field, or one inside of another
            if all(isinstance(row, dict) and name not in row for row in rows):
                yield name, rows[0]
    parts = (spec.get(each, []) for each in ("layer", "hconcat", "vconcat", "concat"))
    for part in (*chain(*parts), *([spec["spec"]] if "spec" in spec else [])):
        yield from _unknown(part, rows, sets)


def fitted(spec: dict[str, Any]) -> dict[str, Any]:
    """As wide as its place, where the notebook gave no width; facets and concatenations, repeated
    charts too, keep their own."""
    facets = {"row", "column", "facet"} & set(spec.get("encoding", {}))
    single = ("mark" in spec or "layer" in spec) and not facets
    if single and "width" not in spec:
        fit = {"autosize": {"type": "fit-x", "contains": "padding"}}
        return fit | _drawable(spec) | _height(spec) | {"width": "container"}
    # A place has a width for one chart, and not for each of several.
    return spec if single else {n: v for n, v in spec.items() if (n, v) != ("width", "container")}


Rows = list[dict[str, Any]]


def _layers(
    spec: dict[str, Any], sets: dict[str, Rows], rows: Rows | None = None
) -> Iterator[tuple[dict[str, Any], Rows | None]]:
    """Each layer's channels and rows; None for rows that it has not, or that a transform makes."""
    data = spec.get("data") or {}
    rows = data.get("values", sets.get(str(data.get("name")))) if data else rows
    rows = None if "transform" in spec else rows
    for part in spec.get("layer", [{}]):
        mine = _layers(part, sets, rows) if part else [({}, rows)]
        yield from ((spec.get("encoding", {}) | channels, held) for channels, held in mine)


def _drawable(spec: dict[str, Any]) -> dict[str, Any]:
    """Without layers of which no row has a number for an axis: Vega would warn of them."""
    kept = []
    for part in spec.get("layer", []):
        channels, rows = next(_layers(spec | {"layer": [part]}, spec.get("datasets", {})))
        axes = (channels.get(axis, {}) for axis in ("x", "y"))
        fields = [one.get("field") for one in axes if one.get("type") == "quantitative"]
        blank = rows is not None and any(all(r.get(f) is None for r in rows) for f in fields if f)
        kept += [] if blank else [part]
    return spec | {"layer": kept} if kept else spec


def _height(spec: dict[str, Any]) -> dict[str, Any]:
    """A height in pixels where the chart has a step a row: Vega would warn of one that fits."""
    asked, found = spec.get("height", {"step": 20}), set()
    for channels, rows in _layers(spec, spec.get("datasets", {})):
        axis = channels.get("y", {})
        discrete = axis.get("type") in ("nominal", "ordinal") and "field" in axis
        unknown = discrete and (rows is None or "domain" in (axis.get("scale") or {}))
        if "yOffset" in channels or not isinstance(asked, dict) or unknown:
            return {}
        found |= {row.get(axis["field"]) for row in rows or []} if discrete else set()
    return {"height": asked["step"] * len(found)} if found else {}


def script_json(spec: dict[str, Any]) -> str:
    """A specification as JSON that cannot end the script element that holds it.

    Vega-Lite puts the names of a sort order into expressions, in which a line separator ends the
    line in the middle of a name: a space takes its place.
    """
    text = json.dumps(spec, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for sign in "&<>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.replace("\u2028", " ").replace("\u2029", " ")


def as_picture(spec: dict[str, Any]) -> str:
    """The chart as SVG: JupyterLab draws no Vega-Lite 6."""
    import vl_convert

    fixed = spec | ({"width": 600} if spec.get("width") == "container" else {})
    return vl_convert.vegalite_to_svg(script_json(fixed))


def bundle(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Altair's renderer: the same specification in a fork and in an ordinary kernel, with a
    picture for an analyst's session."""
    check_fields(spec)
    shown = fitted(spec)
    found: dict[str, Any] = {MIME: shown, "text/plain": described(shown)}
    return found if in_publication() else {**found, "image/svg+xml": as_picture(shown)}


def described(spec: dict[str, Any]) -> str:
    """A chart's text: its description, else its title."""
    title = spec.get("title", "")
    words = title.get("text", "") if isinstance(title, dict) else title
    return str(spec.get("description") or words or "A chart without a description")


def enable() -> None:
    """Make theme, renderer and data transformer Altair's own."""
    alt.theme.register("ipats", enable=True)(lambda: alt.theme.ThemeConfig(_theme()))  # type: ignore[typeddict-item]
    alt.renderers.register("ipats", bundle)
    alt.renderers.enable("ipats")
    alt.data_transformers.register("ipats", inline)
    alt.data_transformers.enable("ipats")


enable()
