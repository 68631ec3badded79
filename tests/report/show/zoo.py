"""One page with every verb, from frames made by hand."""

from pathlib import Path

import altair as alt
import pandas as pd

from ipats_lib.publishing.assets import build_assets
from ipats_lib.report import show

TITLES = {
    "ERQ2": "Employment, 2nd quarter after exit",
    "ERQ4": "Employment, 4th quarter after exit",
    "ME": "Median earnings, 2nd quarter after exit",
    "CR": "Credential attainment",
    "MSG": "Measurable skill gains",
}
_LINES = (
    ("Youth", "MSG", 0.644, 0.75, 85.9, 85.9, "Below", 1541, 0),
    ("Youth", "ME", 5219.0, 5000.0, 104.4, 104.4, "Exceeds", 1004, 0),
    ("Youth", "ERQ4", 0.793, 0.70, 113.3, 114.0, "Exceeds", 1414, 1),
    ("Adult", "CR", 0.697, 0.745, 93.5, 97.2, "Meets", 1125, 41),
    ("Adult", "MSG", 0.6796, 0.755, 89.96, 91.0, "Below, could be chance", 1864, 30),
    ("Adult", "ERQ2", None, 0.75, None, None, "Not judged", 3, 0),
)
_NAMES = (
    "program_title", "measure", "value", "level", "percent", "percent_best", "status", "counted",
    "pending",
)  # fmt: skip


def figures() -> pd.DataFrame:
    frame = pd.DataFrame(_LINES, columns=_NAMES)
    trend = [[0.557, 0.544, 0.535, 0.528, 0.532, 0.545, 0.562, 0.644]] * len(frame)
    trend[1] = [5501.0, 5526, 5102, 5367, 5424, 5142, 5026, 5219]
    trend[5] = [None, None]
    return frame.assign(
        measure_title=frame["measure"].map(TITLES),
        page="detail.html",
        trend=trend,
        below=frame["percent"] < 90,
    )


def areas() -> pd.DataFrame:
    shares = [0.633, 0.712, 0.75, 0.763, 0.783, 0.81, 0.844, 0.869, 0.911]
    titles = [
        "East Central", "Grundy Livingston Kankakee", "Rock Island Tri-County",
        "West Central Development Council", "Chicago Cook Workforce Partnership",
        "Will County Workforce Services", "Lake County Workforce Development",
        "Kane-Kendall-DeKalb", "The Workforce Connection",
    ]  # fmt: skip
    versus = [
        "Much worse",
        "Worse",
        *["Similar"] * 2,
        "Worse",
        *["Similar"] * 2,
        "Better",
        "Better",
    ]
    wide = [0.12, 0.11, 0.12, 0.12, 0.025, 0.06, 0.055, 0.05, 0.06]
    return pd.DataFrame(
        {
            "area_title": titles,
            "measure": "ERQ4",
            "value": shares,
            "lower95": [s - w for s, w in zip(shares, wide, strict=True)],
            "upper95": [min(s + w, 1.0) for s, w in zip(shares, wide, strict=True)],
            "versus_state": versus,
            "counted": [49, 66, 52, 38, 1003, 189, 167, 175, 90],
        }
    )


def work(rows: int = 164) -> pd.DataFrame:
    numbers = range(rows)
    due = pd.Timestamp("2024-11-30")
    return pd.DataFrame(
        {
            "customer": [f"IL{7003400 + 37 * n:010}" for n in numbers],
            "due": [due + pd.Timedelta(days=5 * (n * 7 % rows)) for n in numbers],
            "late": [max(0, 258 - 5 * (n * 7 % rows)) for n in numbers],
            "state": ["Overdue" if 5 * (n * 7 % rows) < 258 else "Later" for n in numbers],
            "program_title": [("Adult", "Youth", "Dislocated Worker")[n % 3] for n in numbers],
            "why": [f"No contact <recorded> for {30 + n} days & more" for n in numbers],
            "page": ["detail.html" if n % 2 else "" for n in numbers],
        }
    )


def dots() -> alt.LayerChart:
    frame = areas()
    points = (
        alt.Chart(frame)
        .mark_point()
        .encode(
            x=alt.X("value:Q", title="Share employed").axis(format="%").scale(zero=False),
            y=alt.Y("area_title:N", title=None, sort=list(frame["area_title"])),
            color=alt.Color("versus_state:N", scale=show.VERDICTS, legend=None),
        )
    )
    spread = points.mark_rule().encode(x="lower95:Q", x2="upper95:Q")
    return spread + points + show.reference(0.809, "Illinois 80.9%")


def lines() -> alt.Chart:
    quarters = pd.DataFrame(
        [
            {"quarter": f"Q{q}", "program": program, "share": start + q * step}
            for program, start, step in (
                ("Adult", 0.5, 0.02),
                ("Youth", 0.6, -0.01),
                ("Dislocated Worker", 0.55, 0.01),
                ("Wagner-Peyser", 0.65, 0),
            )
            for q in range(1, 9)
        ]
    )
    line = alt.Chart(quarters).mark_line(point=True)
    return line.encode(
        x=alt.X("quarter:O", title=None).axis(labelAngle=0),
        y=alt.Y("share:Q", title=None).axis(format="%").scale(zero=False),
        color="program:N",
    )


def pieces() -> list[object]:
    """Every verb, in the order of a page."""
    found = figures()
    known = areas()
    columns = {
        "measure_title": show.link("page", title="Measure"),
        "value": show.figure("Figure", large=True, attention="below"),
        "level": show.figure,
        "percent": show.bullet(to="percent_best", title="Percent of level"),
        "status": show.status,
        "counted": "Counted",
        "pending": show.bar(title="Still open"),
    }
    by_area = {
        "area_title": "Area",
        "value": show.interval(reference=0.809, versus="versus_state", title="Employed"),
        "versus_state": ("Against Illinois", "status"),
        "counted": show.bar(title="People"),
    }
    level_table = show.table(found, "Figures against their levels", columns, by="program_title")
    dots_table = show.table(known, "Areas", ["area_title", "value", "counted"], sort=True)
    return [
        show.finding(
            "LWIA 07 meets or exceeds 14 of its 15 levels.",
            "Youth skill gains falls short.",
            figure="64.4%",
            note="Rolling four quarters, July 2024 to June 2025",
            attention=True,
        ),
        show.tiles(
            [
                {"label": "Fifteen levels", "figure": 14, "unit": "met", "link": "detail.html",
                 "picture": {"Below": 1, "Meets": 6, "Exceeds": 8}, "note": "Below: under 90%"},
                {"label": "To bring Youth skill gains to 90 percent", "figure": 48,
                 "unit": "more gains", "attention": True, "note": "993 of 1,541 have a gain"},
                {"label": "Adult skill gains", "figure": 0.404, "kind": "share",
                 "picture": [0.221, 0.25, 0.31, 0.404], "note": "22.1% to 40.4%"},
                {"label": "Largest fall", "figure": -0.068, "kind": "points",
                 "note": "Adult credentials, within chance"},
            ]
        ),
        level_table,
        show.table(
            found.assign(change=[0.018, -44.0, 0.0, None, -0.0004, "*"]),
            "What moved",
            {"measure_title": "Measure", "trend": show.spark(level="level", title="Eight quarters"),
             "change": show.change},
            cards=True,
        ),
        show.table(known, "Areas against Illinois", by_area, sort=True),
        matrix(),
        show.chart(
            dots(),
            "3 of 9 areas are worse than Illinois.",
            title="Dislocated Worker, employment in the 4th quarter after exit",
            table=dots_table,
        ),
        show.records(
            work(),
            "worklist",
            {"due": "date", "customer": show.link("page"), "why": "Why",
             "late": ("Days late", "count"), "state": "status"},
            caption="Work by due date",
            filters=["state", "program_title"],
            sort="due",
            noun="items",
        ),
        show.choose(
            {"Current quarter": show.table(found, "Current", ["measure_title", "value"]),
             "Rolling four quarters": lines()},
            "Window",
        ),
        show.grid({title: lines() for title in ("Employment", "Credentials", "Skill gains")}),
        show.download(found.drop(columns="trend"), "figures", "Every figure"),
        show.note("*Below* is 50 to under 90 percent.\n\n- open outcomes count as not yet\n"),
    ]  # fmt: skip


def matrix():
    """Two groups of two columns, to search and to sort."""
    measured = pd.DataFrame(
        {"missed": [0, 2, 1], "adult_CR": [104.0, 77.0, None], "adult_MSG": [98.0, 89.6, 95.0],
         "dw_CR": [101.0, 93.0, 86.0], "dw_MSG": [120.0, None, 91.0]}
    )  # fmt: skip
    names = ["01 Lake", "06 workNet DuPage", "17 East Central", *map("{} Other".format, range(12))]
    rows = measured.reindex(range(len(names)), fill_value=0)
    rows.insert(0, "area", names)
    scored = {
        name: show.score(f"{name} said", title=name.split("_")[1]) for name in rows.columns[2:]
    }
    for name in scored:
        rows[f"{name} said"] = [
            "No verdict" if pd.isna(v) else "Below" if v < 80 else
            "Below, could be chance" if v < 90 else "Meets" if v < 100 else "Exceeds"
            for v in rows[name]
        ]  # fmt: skip
    return show.table(
        rows,
        "Percent of each level",
        {"area": "Area", "missed": ("Missed", "count"), **scored},
        groups={"adult_CR": "Adult", "dw_CR": "Dislocated Worker"},
        sort=True,
        search="area",
    )


def write_page(folder: Path) -> Path:
    """The page and everything beside it, as the publisher lays them out."""
    assets = build_assets()
    assets.write(folder)
    body = "".join(piece._repr_mimebundle_()["text/html"] for piece in pieces())
    scripts = "".join(f"<script src='{name}' defer></script>" for name in assets.scripts_of(body))
    page = folder / "zoo.html"
    page.write_text(
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Zoo</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<link rel='icon' href='data:,'>"
        f"<link rel='stylesheet' href='{assets.style}'>{scripts}</head>"
        f"<body><main id='content'><h1>Every verb</h1><h2>One page</h2>{body}</main></body></html>",
        encoding="utf-8",
    )
    (folder / "me.json").write_text('{"scopes": []}', encoding="utf-8")  # as the gateway answers
    (folder / "detail.html").write_text("<!DOCTYPE html><title>Detail</title>", encoding="utf-8")
    return page
