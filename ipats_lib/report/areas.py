"""The state's dashboards: every LWIA beside the others, and every county on a map."""

from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from bokeh_sampledata.us_counties import records as county_records

from ipats_lib.caseload import flow, mix, workload
from ipats_lib.caseload.status import FOLLOWED, is_active
from ipats_lib.caseload.thresholds import threshold
from ipats_lib.cohorts import Records
from ipats_lib.params import load_areas, params_folder, read_rows
from ipats_lib.report import (
    before,
    display,
    downloads,
    people,
    queue,
    tables,
    work,
)
from ipats_lib.report.charts import PALETTE, Figure
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.tables import Column

# Degrees: coarse enough for a small page, fine enough for a map of a state.
SIMPLER, PLACES, PARALLEL = 0.01, 3, 40.0


@cache
def by_area(report: Report) -> pd.DataFrame:
    """One row per LWIA: lwia, name, page, n (active on the as-of date) and n of earlier extracts,
    planners (active ones; missing without a planner table), each (active periods of participation
    per planner), load (weighted, `params/workload.csv`), load_each and follow_up_each (per
    planner), of_mean (load_each, over its mean), late (A-08), late_share, due (A-14), follow_up
    (exited, in follow-up), enrolled and exited (`flow.now`), long (A-27), long_share."""
    frame = _counts(report)
    frame = before.beside(report, frame, "active", [""] * len(frame), frame["lwia"].tolist())
    for name in ("late", "long"):
        frame[f"{name}_share"] = frame[name] / frame["n"].where(frame["n"] > 0)
    working = frame["planners"].where(frame["planners"] > 0).astype("float64")
    frame = frame.assign(
        each=frame["n"] / working,
        follow_up_each=frame["follow_up"] / working,
        load_each=frame["load"] / working,
    )
    return frame.assign(of_mean=frame["load_each"] / frame["load_each"].mean())


def _counts(report: Report) -> pd.DataFrame:
    rows, seats = report.data.frame("rows"), report.data.frame("seats")
    today = as_of(report.data.about)
    lines = queue.queue(report)[["alert", "row"]].merge(seats, on="row")
    named = lines.groupby(["area", "alert"]).size().to_dict()
    load, planners, found = _work(report), _planners(report), []
    for area in load_areas():
        mine = rows[rows["row"].isin(seats.loc[seats["area"] == area.lwia, "row"])]
        now = flow.now(Records(mine), today)
        late, due, long = (named.get((area.lwia, alert), 0) for alert in ("A-08", "A-14", "A-27"))
        found.append(
            {
                "lwia": area.lwia,
                "name": f"{area.lwia} {area.name}",
                "page": f"../../lwia/{area.lwia}/index.html",
                **load.get(area.lwia, {"n": 0, "follow_up": 0, "load": 0.0}),
                "planners": pd.NA if planners is None else planners.get(area.lwia, 0),
                "late": late,
                "due": due,
                "enrolled": int(now["enrolled"]),
                "exited": int(now["exited"]),
                "long": long,
            }
        )
    return pd.DataFrame(found).astype({"planners": "Int64"})


def _work(report: Report) -> dict[str, dict[str, float]]:
    """Active, in follow-up and weighted load of each LWIA, from the status of each record."""
    lines = report.title_i.merge(report.data.frame("seats"), on="row")
    status = lines["status"].astype("str")
    sums = pd.DataFrame(
        {
            "area": lines["area"],
            "n": is_active(status),
            "follow_up": status == FOLLOWED,
            "load": status.map(workload.load_weights()).fillna(0.0),
        }
    )
    found = sums.groupby("area").sum().astype({"n": "int64", "follow_up": "int64"})
    return {str(area): dict(line) for area, line in found.to_dict("index").items()}


def _planners(report: Report) -> dict[str, int] | None:
    """Active planners by LWIA; not known where the extract has no planner table."""
    planner = report.data.frames.get("planner")
    if planner is None:
        return None
    working = planner[planner["active"].fillna(False).astype("bool")]
    counts: dict[str, int] = working["lwia"].astype("str").value_counts().to_dict()
    return counts


def table(report: Report) -> Html:
    """Counts and rates of every LWIA."""
    day, known = report.data.about.as_of, flow.exits_known(as_of(report.data.about))
    days = threshold("flow_days")
    columns = (
        Column("name", "LWIA", href="page"),
        Column("n", "Active", display.count, number=True),
        Column("late", "A-08 Overdue soft exit", display.count, number=True),
        Column("late_share", "A-08, of the active", display.rate, number=True),
        Column("due", "A-14 Skill gain due", display.count, number=True),
        Column("follow_up", FOLLOWED, display.count, number=True),
        Column("enrolled", f"Enrolled in {days} days up to {day}", display.count, number=True),
        Column("exited", f"Exited in {days} days up to {known}", display.count, number=True),
        Column("long", "A-27 Long participation", display.count, number=True),
        Column("long_share", "A-27, of the active", display.rate, number=True),
    )
    caption = f"Every LWIA, Title I on {report.data.about.as_of}"
    frame = by_area(report)
    made = tables.as_roster(tables.table(frame, caption, columns, "none."), whole=True)
    if not before.days(report):
        return made
    then = (*columns[:2], *before.columns(report))
    return display.together(made, tables.table(frame, "Active by LWIA, by extract", then, "none."))


def balance(report: Report) -> Html:
    """The work of an LWIA's planners beside that of the others' (A-25)."""
    frame = by_area(report)
    shown = frame.assign(status=[work.balanced(share) for share in frame["of_mean"]])
    columns = (
        Column("name", "LWIA", href="page"),
        Column("planners", "Career planners", display.count, number=True),
        Column("n", "Active", display.count, number=True),
        Column("each", "Active per planner", display.one_place, number=True),
        Column("follow_up", FOLLOWED, display.count, number=True),
        Column("follow_up_each", "In follow-up per planner", display.one_place, number=True),
        Column("load", "Weighted load", display.one_place, number=True),
        Column("load_each", "Load per planner", display.one_place, number=True),
        Column("of_mean", "Of the mean", display.rate, number=True),
        Column("status", "Balance"),
    )
    return tables.table(shown, "Work per career planner", columns, "none.")


def offers(report: Report) -> Html:
    """The tables of the LWIAs and counties as CSV and as a workbook."""
    sheets = {"LWIAs": by_area(report).drop(columns="page"), "Counties": by_county(report)}
    book = downloads.book(report, "Every LWIA", sheets)
    return display.together(
        downloads.offer("areas.csv", downloads.csv(sheets["LWIAs"]), "every LWIA"),
        downloads.offer("counties.csv", downloads.csv(sheets["Counties"]), "every county"),
        downloads.offer("areas.xlsx", book, "both as a workbook"),
    )


def menu() -> Html:
    """The way to any LWIA's own pages."""
    listed = "".join(
        f"<li><a href='../../lwia/{area.lwia}/index.html'>{area.lwia} {area.name}</a></li>"
        for area in load_areas()
    )
    return Html(
        f"<details class='menu'><summary>Go to an LWIA</summary><ul>{listed}</ul></details>"
    )


def by_county(report: Report) -> pd.DataFrame:
    """Active participants by county of residence: fips, county, lwia, n; every county is there."""
    columns = ("county", "fips", "lwia", "edr")
    known = read_rows(params_folder() / "counties.csv", columns)
    groups = people.active_by_group(report)
    counties = groups[groups["dimension"] == "County of residence"]
    counts = dict(zip(counties["group"], counties["n"], strict=True))
    frame = pd.DataFrame(known)[["fips", "county", "lwia"]]
    return frame.assign(n=frame["county"].map(counts).fillna(0).astype("int64"))


def county_table(report: Report) -> Html:
    columns = (
        Column("county", "County of residence"),
        Column("lwia", "LWIA"),
        Column("n", "Active", display.count, number=True),
    )
    return tables.as_roster(tables.table(by_county(report), "Active by county", columns, "none."))


def elsewhere(report: Report) -> Html:
    """How many active participants the map does not show."""
    active_now = int(mix.active_records(report.records, as_of(report.data.about)).sum())
    shown = int(by_county(report)["n"].sum())
    return display.paragraph(
        f"{shown:,} of {active_now:,} active participants live in a county of Illinois that the "
        f"records name; {active_now - shown:,} do not, or their county is not recorded."
    )


def county_map(report: Report) -> Figure:
    """Active participants by county; the table beside it carries the numbers."""
    frame = by_county(report)
    counts = dict(zip(frame["fips"], frame.itertuples(index=False), strict=True))
    features = [
        {
            "type": "Feature",
            "geometry": shape,
            "properties": {"county": counts[fips].county, "n": int(counts[fips].n)},
        }
        for fips, shape in boundaries().items()
        if fips in counts
    ]
    title = "Active participants by county of residence"
    scale = alt.Scale(type="symlog", range=["#eef3f8", PALETTE[0]])
    chart = (
        alt.Chart(alt.Data(values=features))
        .mark_geoshape(stroke="#6b7280", strokeWidth=0.5)
        .encode(
            color=alt.Color("properties.n", type="quantitative", title="Active", scale=scale),
            tooltip=[
                alt.Tooltip("properties.county", type="nominal", title="County"),
                alt.Tooltip("properties.n", type="quantitative", title="Active"),
            ],
        )
        .project(type="identity", reflectY=True)
        .properties(height=620)
    )
    most = frame.sort_values(["n", "county"], ascending=[False, True]).head(3)
    listed = ", ".join(f"{line.county} {line.n:,}" for line in most.itertuples())
    return Figure(chart, title, f"{title}. {len(features)} counties; most: {listed}.")


@cache
def boundaries() -> dict[str, dict[str, Any]]:
    """Illinois' counties by three-digit FIPS code, as plane shapes (Census TIGER/Line geometry).

    Longitudes are drawn together as they are at the 40th parallel, so that the state has its form.
    """
    narrow = float(np.cos(np.radians(PARALLEL)))
    found = {}
    for county in county_records(state="IL"):
        shape = county["geometry"].simplify(SIMPLER, preserve_topology=True)
        parts = getattr(shape, "geoms", [shape])
        rings = [
            [
                [[round(x * narrow, PLACES), round(y, PLACES)] for x, y in ring.coords]
                for ring in (part.exterior, *part.interiors)
            ]
            for part in parts
        ]
        found[county["county_fips"]] = {"type": "MultiPolygon", "coordinates": rings}
    return found
