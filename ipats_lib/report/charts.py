"""Altair charts with a stated finding. Each stands beside a table that carries its values."""

import os
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from ipats_lib.report.show import theme

# Holds 3:1 on white and between neighbours (WCAG 1.4.11).
PALETTE = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D")
MIME = theme.MIME


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart, its title (what is measured) and a description for those who do not see it."""

    chart: Any
    title: str
    description: str

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification, its data inline; no expression in it comes from data."""
        whole = self.chart.properties(
            title=self.title, description=self.description, width="container"
        )
        # The charts are this module's: an analyst's session and the tests check them against the
        # schema, so a publication need not do it for every page again.
        found: dict[str, Any] = whole.to_dict(validate=not _published())
        return found

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {MIME: self.spec(), "text/plain": self.description}
        # JupyterLab draws no Vega-Lite 6 by itself: an analyst gets a picture of the same chart.
        if not _published():
            import vl_convert

            bundle["image/svg+xml"] = vl_convert.vegalite_to_svg(self._fixed_width())
        return bundle

    def _fixed_width(self) -> dict[str, Any]:
        return self.spec() | {"width": 600}


def _published() -> bool:
    return os.environ.get("IPATS_CHARTS") == "live"


def rehearse() -> None:
    """Draw a chart of nothing, so that a process forked later need not be the first to draw."""
    shown = pd.DataFrame({"name": ["a"], "n": [1]})
    bars(shown, "Nothing", "n").spec()


def _inline(data: pd.DataFrame) -> alt.InlineData:
    """The values as they are: the charts say themselves what each column is, so altair need not
    look through a frame to find out."""
    columns = (
        [None if missing else value for value, missing in zip(column, gaps, strict=True)]
        for column, gaps in ((data[n].tolist(), data[n].isna().tolist()) for n in data)
    )
    rows = zip(*columns, strict=True)
    return alt.InlineData(values=[dict(zip(data.columns, row, strict=True)) for row in rows])


def bars(frame: pd.DataFrame, title: str, axis: str) -> Figure:
    """Counts per category: the first column names the bars, the second counts."""
    name, number = (str(column) for column in frame.columns[:2])
    data = pd.DataFrame({"name": frame[name].astype("str"), "n": frame[number]})
    chart = (
        alt.Chart(_inline(data))
        .mark_bar(color=PALETTE[0])
        .encode(
            x=alt.X("n", type="quantitative", title=axis).axis(tickMinStep=1),
            y=alt.Y("name", type="nominal", title=None, sort=None).axis(labelLimit=260),
            tooltip=[
                alt.Tooltip("name", type="nominal", title=" "),
                alt.Tooltip("n", type="quantitative", title=axis),
            ],
        )
    )
    listed = (f"{line.name}: {line.n}" for line in data.itertuples(index=False))
    text = f"{title}. " + "; ".join(listed)
    return Figure(chart, title, text)
