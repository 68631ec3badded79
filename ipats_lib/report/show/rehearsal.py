"""What every notebook does, done once with made-up rows before notebooks are forked: modules are
imported, expressions compiled and caches filled where all of them find it."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import altair as alt
import pandas as pd
from pyarrow import feather

from ipats_lib.report import show

WORDS = ("Fails", "Below", "Meets", "Exceeds, could be chance")
ROUNDS = 3  # Python makes code faster that has run before


def rehearse() -> None:
    """Read, select, arrange, draw and show rows of nobody."""
    with _in_publication(), pd.option_context("mode.string_storage", "python"):
        for _ in range(ROUNDS):
            rows = _read(_made_up())
            _verbs(rows, _arranged(rows))


@contextmanager
def _in_publication() -> Iterator[None]:
    before = dict(os.environ)
    os.environ["IPATS_CHARTS"] = "live"
    os.environ.pop("IPATS_DOWNLOADS", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _made_up() -> pd.DataFrame:
    places = range(40)
    return pd.DataFrame(
        {
            "name": [f"N{n}" for n in places],
            "measure": ["ERQ2", "ME"] * 20,
            "group": [WORDS[n % 4][:5] for n in places],
            "status": [WORDS[n % 4] for n in places],
            "value": [n / 40 for n in places],
            "low": [n / 80 for n in places],
            "high": [1 - n / 80 for n in places],
            "n": list(places),
            "few": [n % 3 == 0 for n in places],
            "day": pd.to_datetime([f"2025-01-{1 + n % 28:02}" for n in places]),
            "to": ["index.html"] * 40,
        }
    )


def _read(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows as a run reads its frames."""
    file = io.BytesIO()
    feather.write_feather(rows, file, compression="uncompressed")
    return feather.read_feather(file, use_threads=False)


def _arranged(rows: pd.DataFrame) -> pd.DataFrame:
    """A table with a column per measure, by the ways that notebooks have."""
    some = rows.query("measure in @WORDS or n >= 1 and group != ''")
    sizes = some.groupby(["group", "few"], sort=False).size().rename("all").reset_index()
    sums = some.groupby("group", sort=False, dropna=False).agg(
        words=("status", "; ".join), first=("day", "first"), most=("n", "max")
    )
    for title, mine in some.groupby("measure"):
        each = mine.groupby(["group", "few"]).size().rename(title).reset_index()
        sizes = sizes.merge(each, how="left").fillna({title: 0})
    wide = some.drop_duplicates(["group", "measure"]).pivot(
        index="group", columns="measure", values="value"
    )
    whole = pd.concat([wide.reset_index().merge(sums.reset_index(), on="group"), sizes])
    shown = some["value"].astype("object").mask(some["few"], "*")
    some = some.assign(shown=shown, place=some["group"].map({"Fails": 1}).fillna(0))
    pd.crosstab(some["group"], some["few"]).reindex(["Fails"], fill_value=0)
    pd.to_numeric(some["value"], errors="coerce").rank()
    some.sort_values(["place", "name"], key=lambda values: values, kind="stable").head(2)
    some.set_index("name").loc[["N2"], ["low", "high"]].reset_index().melt("name")
    ("LWIA " + some["name"].str.lower()).where(some["few"], "").isin(["x"])
    [each.name for each in some.replace({"group": {"Fails": "All"}}).itertuples()]
    return whole


def _verbs(rows: pd.DataFrame, wide: pd.DataFrame) -> None:
    """Each verb, and each format of a column."""
    columns = {
        "name": show.link("to", title="Name"),
        "group": "Group",
        "status": "status",
        "value": show.interval(title="Figure"),
        "n": show.bar(title="Counted"),
        "day": ("Day", "date"),
        "few": ("Few", "flag"),
    }
    pictured = rows.assign(lower95=rows["low"], upper95=rows["high"])
    one = show.table(pictured, "Rows", columns, by="group", cards=True, sort=True)
    show.records(pictured, "rows", columns, caption="Rows", filters=["group"], sort="-n")
    base = alt.Chart(rows[["name", "value", "low", "group"]]).encode(
        x=alt.X("value:Q", title=None, axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=False)),
        y=alt.Y("name:N", title=None, sort=list(rows["name"])),
        color=alt.Color("group:N", title=None, scale=alt.Scale(range=show.PALETTE)),
        tooltip=[alt.Tooltip("name:N", title="Name")],
    )
    drawn = base.mark_line(point=True) + base.mark_rule().encode(x2=alt.X2("low:Q"))
    chart = show.chart(drawn.properties(height=200), "Rows.", table=one)
    show.choose({"One": chart, "Other": show.table(wide, "Groups")}, "Choose")
    show.grid({"One": show.note("**Text**\n\n- a\n- b"), "Other": "text"})
    show.tiles([{"label": "Rows", "figure": 40, "picture": [1, 2, 3], "note": "a"}])
    show.finding("Rows.", "More.", figure=show.written("share", 0.5), note="Made up.")
    show.download(rows, "rows", "Rows", as_of=date(2025, 1, 1), facts={"Report": "Rows"})
    days = {"day": "day", "title": "name", "uid": "name", "what": "group", "why": "status"}
    show.calendar(rows, "days.ics", "Days", made=date(2025, 1, 1), **days)
