"""Customer engagement as pages show it: newest figures, trend, distribution and roster."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from ipats_lib.caseload import engagement
from ipats_lib.caseload.engagement import Engagement, load_engagement
from ipats_lib.periods import Quarter
from ipats_lib.report import before, catalogue, display, tables
from ipats_lib.report.charts import PALETTE, Figure
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.tables import Column

_SHAPES = ("circle", "square", "triangle-up", "diamond")


@cache
def events(report: Report, indicator: str) -> pd.DataFrame:
    """The events of one indicator (`engagement.events`)."""
    return engagement.events(report.desk, indicator)


@cache
def by_quarter(report: Report, indicator: str) -> pd.DataFrame:
    """`engagement.figures` of one indicator, with label (the quarter's name) and closed (whether
    nothing can still be added)."""
    known, today = load_engagement()[indicator], as_of(report.data.about)
    frame = engagement.figures(events(report, indicator), known.unit)
    return frame.assign(
        label=[Quarter(int(index)).label for index in frame["quarter"]],
        closed=np.array(
            [engagement.is_closed(known, int(index), today) for index in frame["quarter"]],
            dtype=np.bool_,
        ),
    )


def _value(value: float | None, indicator: Engagement) -> str:
    if value is None or pd.isna(value):
        return display.NONE
    return display.rate(value) if indicator.unit == "share" else display.one_place(value)


@cache
def summary_frame(report: Report) -> pd.DataFrame:
    """One row per indicator: name, quarter (the newest closed one), now, before (the quarter
    before), change, year (a year before), year_change, open (the quarter that is still running, or
    for a share the newest that is not closed), n (events in two years), unit; and what
    each earlier extract gave as its newest closed figure, with since (the change)."""
    return pd.DataFrame([_summary(report, one) for one in load_engagement().values()])


def _summary(report: Report, indicator: Engagement) -> dict[str, object]:
    known = by_quarter(report, indicator.id)
    values = dict(zip(known["quarter"], known["value"], strict=True))
    final, open_ = known[known["closed"]], known[~known["closed"]]
    newest = int(final["quarter"].iloc[-1]) if len(final) else 0
    now, quarter, year = (values.get(newest - back) for back in (0, 1, 4))
    so_far = display.NONE
    if len(open_):
        line = open_.iloc[-1]
        so_far = f"{_value(line['value'], indicator)} ({line['label']} so far)"
    return {
        "name": f"{indicator.id} {indicator.name}",
        "quarter": Quarter(newest).label if newest else display.NONE,
        "now": _value(now, indicator),
        "before": _value(quarter, indicator),
        "change": _change(now, quarter, indicator),
        "year": _value(year, indicator),
        "year_change": _change(now, year, indicator),
        "open": so_far,
        "n": int(known["n"].sum()),
        "unit": indicator.unit,
        **_then(report, now, indicator),
    }


def _then(report: Report, now: float | None, indicator: Engagement) -> dict[str, str]:
    """What each earlier extract gave, and the change since."""
    found = {}
    for day in before.days(report):
        old = before.value(report, day, "engagement", indicator.id)
        found[day] = _value(old, indicator)
        found[before.since_of(report, day)] = _change(now, old, indicator)
    return found


def _change(now: float | None, old: float | None, indicator: Engagement) -> str:
    if now is None or old is None or pd.isna(now) or pd.isna(old):
        return display.NONE
    if indicator.unit == "share":
        return before.points(now, old)
    size = display.one_place(abs(now - old))
    if size == "0.0":
        return "no change"
    return f"{before.UP} {size} more" if now > old else f"{before.DOWN} {size} fewer"


def summary(report: Report) -> Html:
    """Every engagement indicator: newest closed figure, change, and how many events it rests on."""
    columns = (
        Column("name", "Indicator"),
        Column("quarter", "Newest closed quarter"),
        Column("now", "Figure", number=True),
        Column("before", "Quarter before", number=True),
        Column("change", "Change"),
        Column("year", "A year before", number=True),
        Column("year_change", "Change in the year"),
        Column("open", "Still open"),
        Column("n", "Events in two years", display.count, number=True),
        Column("unit", "Unit"),
    )
    frame = summary_frame(report)
    made = tables.table(frame, "Customer engagement", columns, "none.")
    if not before.days(report):
        return made
    then = (columns[0], columns[2], *before.columns(report, display.text))
    caption = "The newest closed figure, by extract"
    return display.together(made, tables.table(frame, caption, then, "none."))


def definitions() -> Html:
    """What each indicator is (`params/engagement.csv`)."""
    known = {f"{one.id} {one.name}": one for one in load_engagement().values()}
    return catalogue.described(known, "The indicators", "Indicator")


def trends(report: Report) -> Html:
    """Each indicator by quarter and its distribution; the reader chooses the indicator."""
    parts = {
        f"{one.id} {one.name}": Html(_by_quarter_table(report, one) + _distribution(report, one))
        for one in load_engagement().values()
    }
    return display.switch(parts, "Indicator")


def _by_quarter_table(report: Report, indicator: Engagement) -> str:
    known = by_quarter(report, indicator.id)
    shown = known.assign(
        shown=[
            _value(value, indicator) if final else f"{_value(value, indicator)} so far"
            for value, final in zip(known["value"], known["closed"], strict=True)
        ]
    )
    told = "Share" if indicator.unit == "share" else f"Median, {indicator.unit}"
    columns = (
        Column("label", "Calendar quarter"),
        Column("n", "Events", display.count, number=True),
        Column("shown", told, number=True),
    )
    title = f"{indicator.id} {indicator.name}, by quarter"
    return tables.table(shown, title, columns, "no event is known.").html


@cache
def distribution_frame(report: Report, indicator: str) -> pd.DataFrame:
    """How the events of the closed quarters (of days: of all) lie: band, n, period."""
    known, found = load_engagement()[indicator], events(report, indicator)
    quarters = by_quarter(report, indicator)
    if known.unit == "share":
        quarters = quarters[quarters["closed"]]
        found = found[found["quarter"].isin(quarters["quarter"])]
    if found.empty or quarters.empty:
        return pd.DataFrame(columns=["band", "n", "period"])
    period = f"{quarters['label'].iloc[0]} to {quarters['label'].iloc[-1]}"
    if known.unit == "share":
        sizes = [int((found["value"] == 1).sum()), int((found["value"] == 0).sum())]
        return pd.DataFrame({"band": ["yes", "no"], "n": sizes, "period": period})
    bands = engagement.distribution(found, known.bands).astype({"band": "str"})
    return bands.assign(period=period)


def _distribution(report: Report, indicator: Engagement) -> str:
    frame = distribution_frame(report, indicator.id)
    title = f"{indicator.id} {indicator.name}, distribution"
    if frame.empty:
        return display.paragraph(f"{title}: no quarter is closed yet.", "empty").html
    heading = "Reached" if indicator.unit == "share" else indicator.unit
    named = frame[["band", "n"]].rename(columns={"band": heading, "n": "Events"})
    return tables.counts(named, f"{title}, {frame['period'].iloc[0]}", "none.").html


@dataclass(frozen=True, slots=True)
class Spec:
    """A Vega-Lite specification written as data: Altair takes milliseconds for each chart."""

    body: dict[str, Any]

    def properties(self, **more: Any) -> "Spec":
        return Spec(self.body | more)

    def to_dict(self, validate: bool = True) -> dict[str, Any]:
        if validate:
            alt.Chart.from_dict(self.body)
        return self.body


def chart(report: Report, unit: str) -> Figure:
    """The indicators of one unit by quarter, a line each; what is still open is left out."""
    mine = [one for one in load_engagement().values() if one.unit == unit]
    factor = 100 if unit == "share" else 1
    values = [
        {"what": f"{one.id} {one.name}", "quarter": label, "value": round(value * factor, 1)}
        for one in mine
        for label, value, final in _points(report, one.id)
        if final and not pd.isna(value)
    ]
    axis = {"share": "Percent of exits", "days": "Days, median"}.get(unit, f"Services {unit}")
    title = f"Customer engagement by quarter: {axis.lower()}"
    names = [f"{one.id} {one.name}" for one in mine]
    return Figure(Spec(_lines(values, names, axis)), title, f"{title}. {len(values)} points.")


def _points(report: Report, indicator: str) -> list[tuple[str, float, bool]]:
    known = by_quarter(report, indicator)
    return list(zip(known["label"], known["value"], known["closed"], strict=True))


def _lines(values: list[dict[str, Any]], names: list[str], axis: str) -> dict[str, Any]:
    color = {"domain": names, "range": list(PALETTE[: len(names)])}
    shape = {"domain": names, "range": list(_SHAPES[: len(names)])}
    fields = (("what", "nominal", " "), ("quarter", "ordinal", "Quarter"))
    return {
        "$schema": alt.SCHEMA_URL,
        "data": {"values": values},
        "mark": {"type": "line", "point": {"size": 50}},
        "height": 200,
        "encoding": {
            "x": {"field": "quarter", "type": "ordinal", "title": "Calendar quarter"},
            "y": {"field": "value", "type": "quantitative", "title": axis},
            "color": {"field": "what", "type": "nominal", "title": None, "scale": color},
            "shape": {"field": "what", "type": "nominal", "title": None, "scale": shape},
            "tooltip": [
                *({"field": f, "type": t, "title": n} for f, t, n in fields),
                {"field": "value", "type": "quantitative", "title": axis},
            ],
        },
    }


@cache
def figures(report: Report) -> pd.DataFrame:
    """Every indicator by quarter: indicator, quarter (its name), n, value, unit, closed."""
    parts = [
        by_quarter(report, one.id).assign(indicator=one.id, unit=one.unit)
        for one in load_engagement().values()
    ]
    every = pd.concat(parts, ignore_index=True)
    named = every[["indicator", "label", "n", "value", "unit", "closed"]]
    return named.rename(columns={"label": "quarter"}).replace(
        {"closed": {True: "yes", False: "no"}}
    )


def roster(report: Report) -> pd.DataFrame:
    """Whom each indicator counts: indicator, quarter, customer, value; nobody for the state."""
    parts = [events(report, one.id).assign(indicator=one.id) for one in load_engagement().values()]
    every = pd.concat(parts, ignore_index=True)
    if report.scope.kind == "state":
        every = every.head(0)
    quarter = [Quarter(int(index)).label for index in every["quarter"]]
    named = every.assign(quarter=quarter)
    return named[["indicator", "quarter", "customer", "value"]]
