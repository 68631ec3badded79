"""An Altair chart with what it shows in a sentence, and its values as a table."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from ipats_lib.report.show.html import Shown, escape, in_publication, wrong
from ipats_lib.report.show.theme import as_picture, described, script_json, spec_of


@dataclass(frozen=True, slots=True, repr=False)
class Drawn(Shown):
    """A shown chart. spec: its Vega-Lite specification."""

    spec: dict[str, Any]


def chart(
    chart: alt.TopLevelMixin,
    finding: str = "",
    *,
    title: str = "",
    table: Shown | None = None,
    note: str = "",
    rows: pd.DataFrame | None = None,
) -> Drawn:
    """Any Altair chart. finding: what it shows, in a sentence that is its alternative text too.

    title: what is drawn, of whom, when. table: `show.table` of its values, folded below it.
    rows: the chart's data, where it has none of its own and is drawn of several frames.
    """
    if not isinstance(chart, alt.TopLevelMixin):
        raise wrong(f"show.chart draws an Altair chart, not a {type(chart).__name__}.")
    if table is not None and not isinstance(table, Shown):
        raise wrong("Give the values as show.table(frame, caption, columns).")
    spec = spec_of(chart, rows)
    words = " ".join(filter(None, (finding, title))) or described(spec)
    spec = spec | {"description": words}
    head = f"<p class='says'>{escape(finding)}</p>" if finding else ""
    head += f"<p class='small'>{escape(title)}</p>" if title else ""
    foot = f"<p class='small'>{escape(note)}</p>" if note else ""
    if table is not None:
        foot += f"<details><summary>Values as a table</summary>{table.html}</details>"
    html = f"<div class='show show-chart'>{head}{_figure(spec, words)}{foot}</div>"
    return Drawn(html, words, spec)


def _figure(spec: dict[str, Any], words: str) -> str:
    """The chart's place. A page's script draws it from the specification beside it."""
    label = f'role="img" aria-label="{escape(words)}"'
    if not in_publication():
        canvas = f'<div class="canvas" {label}>{as_picture(spec)}</div>'
        return f'<figure class="chart">{canvas}</figure>'
    return (
        f'<figure class="chart"><div class="canvas" {label}></div>'
        f'<script type="application/json">{script_json(spec)}</script></figure>'
    )
