"""The state's dashboards: every LWIA beside the others, and every county on a map."""

from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from bokeh_sampledata.us_counties import records as county_records

from ipats_lib.caseload import flow
from ipats_lib.caseload.desk import active
from ipats_lib.cohorts import Records
from ipats_lib.params import load_areas, params_folder, read_rows
from ipats_lib.report import dashboards, display, downloads, queue, tables
from ipats_lib.report.charts import PALETTE, Figure
from ipats_lib.report.data import as_of
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.tables import Column

# Degrees: coarse enough for a small page, fine enough for a map of a state.
SIMPLER, PLACES, PARALLEL = 0.01, 3, 40.0


@cache
def by_area(report: Report) -> pd.DataFrame:
    """One row per LWIA: lwia, name, page, active, planners (active ones), each (active periods of
    participation per planner), of_mean (each, over its mean), late (past 90 days without service),
    late_share, due (skill gains due), follow_up, enrolled and exited (90 days), long,
    long_share."""
    rows, seats = report.data.frame("rows"), report.data.frame("seats")
    today = as_of(report.data.about)
    lines = queue.queue(report)[["alert", "row"]].merge(seats, on="row")
    named = lines.groupby(["area", "alert"]).size().to_dict()
    planners = _planners(report)
    found = []
    for area in load_areas():
        mine = rows[rows["row"].isin(seats.loc[seats["area"] == area.lwia, "row"])]
        records = Records(mine)
        here = int(active(flow.view_of(records, today)).sum())
        now = flow.standing(records, today).iloc[0]
        late, due, long = (named.get((area.lwia, alert), 0) for alert in ("A-08", "A-14", "A-27"))
        found.append(
            {
                "lwia": area.lwia,
                "name": f"{area.lwia} {area.name}",
                "page": f"../../lwia/{area.lwia}/index.html",
                "active": here,
                "planners": (working := planners.get(area.lwia, 0)),
                "each": here / working if working else float("nan"),
                "late": late,
                "late_share": late / here if here else float("nan"),
                "due": due,
                "follow_up": int(now["follow_up"]),
                "enrolled": int(now["enrolled"]),
                "exited": int(now["exited"]),
                "long": long,
                "long_share": long / here if here else float("nan"),
            }
        )
    frame = pd.DataFrame(found)
    return frame.assign(of_mean=frame["each"] / frame["each"].mean())


def _planners(report: Report) -> dict[str, int]:
    """Active planners by LWIA; none where the extract has no planner table."""
    planner = report.data.frames.get("planner")
    if planner is None:
        return {}
    working = planner[planner["active"].fillna(False).astype("bool")]
    counts: dict[str, int] = working["lwia"].astype("str").value_counts().to_dict()
    return counts


def table(report: Report) -> Html:
    """Counts and rates of every LWIA."""
    columns = (
        Column("name", "LWIA", href="page"),
        Column("active", "Active", display.count, number=True),
        Column("late", "Over 90 days without service", display.count, number=True),
        Column("late_share", "Share", display.rate, number=True),
        Column("due", "Skill gains due", display.count, number=True),
        Column("follow_up", "In follow-up", display.count, number=True),
        Column("enrolled", "Enrolled in 90 days", display.count, number=True),
        Column("exited", "Exited in 90 days", display.count, number=True),
        Column("long", "Active over 730 days", display.count, number=True),
        Column("long_share", "Share", display.rate, number=True),
    )
    made = tables.table(by_area(report), "Every LWIA", columns, "none.")
    return tables.as_roster(made, whole=True)


def balance(report: Report) -> Html:
    """The work of an LWIA's planners beside that of the others' (A-25)."""
    frame = by_area(report)
    shown = frame.assign(status=[dashboards.balanced(share) for share in frame["of_mean"]])
    columns = (
        Column("name", "LWIA", href="page"),
        Column("planners", "Career planners", display.count, number=True),
        Column("active", "Active", display.count, number=True),
        Column("each", "Active per planner", display.one_place, number=True),
        Column("of_mean", "Of the mean", display.rate, number=True),
        Column("status", "Balance"),
    )
    return tables.table(shown, "Work per career planner", columns, "none.")


def offers(report: Report) -> Html:
    """The tables of the LWIAs and counties as CSV and as a workbook."""
    today, about = as_of(report.data.about), report.data.about
    sheets = {"LWIAs": by_area(report).drop(columns="page"), "Counties": by_county(report)}
    facts = {"Report": "Every LWIA", "Area": about.title, "Data as of": about.as_of}
    parts = [
        downloads.offer("areas.csv", downloads.csv(sheets["LWIAs"]), "every LWIA"),
        downloads.offer("counties.csv", downloads.csv(sheets["Counties"]), "every county"),
        downloads.offer(
            "areas.xlsx", downloads.workbook(sheets, facts, today), "both as a workbook"
        ),
    ]
    return Html("".join(part.html for part in parts), "; ".join(part.plain for part in parts))


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
    groups = dashboards.active_by_group(report)
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
    active_now = int((active(flow.view_of(report.records, as_of(report.data.about)))).sum())
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
