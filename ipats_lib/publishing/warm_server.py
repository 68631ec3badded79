"""Imported once, by the server process that notebooks and local workers are forked from.

It imports what they import, with pools of one thread, compiles the templates and shows made-up
rows, as every notebook would do again. It never holds a scope's data.
"""

import builtins
import gc
import io
import os
import sys
import warnings
from datetime import date
from importlib import import_module
from types import SimpleNamespace

USED = ("altair", "pandas", "pyarrow.feather", "icalendar", "ipats_lib.report.show")
for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
    os.environ.setdefault(f"{name}_NUM_THREADS", "1")
# pandas chooses the width of its tables when first imported, by asking where it is.
builtins.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
# What notebooks import, and what a table and a shell import when first used.
for name in (
    *("pandas", "pandas.io.formats.html", "pyarrow.pandas_compat", "altair", "bdb"),
    *("IPython.core.completerlib", "IPython.core.logger", "IPython.core.oinspect"),
    *("IPython.utils.wildcard", "ipats_lib.report.report"),
):
    import_module(name)
del builtins.get_ipython  # type: ignore[attr-defined]
sys.modules["pyarrow"].set_cpu_count(1)

with warnings.catch_warnings():  # nbconvert's filters are no notebook's
    from ipats_lib.publishing import execute

execute.render_nothing()


def rehearse() -> None:
    """Read, arrange and show 40 made-up rows, as notebooks do: Python makes code faster that has
    run, and writes that into memory which forks then share."""
    alt, pd, feather, icalendar, show = map(import_module, USED)
    columns = {
        **{"to": show.link("to"), "status": "status", "value": show.interval(), "few": "flag"},
        **{"n": show.bar(title="Counted"), "day": ("Day", "date")},
    }
    word, n = ["Fails", "Meets"] * 20, range(40)
    made = pd.DataFrame({"status": word, "measure": word, "n": n, "few": False, "value": 0.5})
    made = made.assign(to="index.html", day=pd.Timestamp(0), lower95=0.4, upper95=0.6)
    feather.write_feather(made, file := io.BytesIO(), compression="uncompressed")
    rows = feather.read_feather(file, use_threads=False)
    some = rows.query("measure in @columns or n >= 1 and status != ''").drop_duplicates()
    sums = some.groupby("status", sort=False).agg(words=("measure", "; ".join), most=("n", "max"))
    sizes = some.groupby(["status", "few"]).size().rename("all").reset_index()
    wide = some.pivot_table(index="status", columns="measure", values="value").reset_index()
    pd.concat([wide.merge(sums.reset_index(), on="status"), sizes]).melt("status").fillna(0)
    some["n"].astype("object").mask(some["few"], "*").map({1: "One"})
    some.sort_values(["status", "n"], key=lambda values: values).set_index("n").loc[[2]]
    base = alt.Chart(rows).encode(x=alt.X("value:Q", title=None), y=alt.Y("status:N"))
    both = base.mark_line().encode(tooltip=[alt.Tooltip("n:Q", title="N")]) + show.reference(1, "N")
    one = show.table(rows, "Rows", columns, by="status", cards=True, sort=True)
    show.records(rows, "rows", columns, caption="Rows", filters=["status"], sort="-n")
    show.choose({"a": show.chart(both, "Rows.", table=one), "b": show.note("**a**\n\n- b")}, "Rows")
    show.tiles([{"label": "Rows", "figure": 40, "picture": [1, 2], "note": "a"}])
    show.finding("Rows.", "More.", figure=show.written("share", 0.5))
    icalendar.Calendar().to_ical()
    show.download(rows, "rows", "Rows", as_of=date(2025, 1, 1), facts={"Report": "Rows"})


os.environ["IPATS_CHARTS"] = "live"  # as pages are made, and no file is written
os.environ.pop("IPATS_DOWNLOADS", None)
with sys.modules["pandas"].option_context("mode.string_storage", "python"):
    for _ in range(3):
        rehearse()
gc.collect()
gc.freeze()  # no worker looks through these again, or copies their pages by doing so
