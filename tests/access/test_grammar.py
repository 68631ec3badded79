"""The grammar of published paths: the forms that exist, and near misses."""

import pytest

from ipats_lib.access.grammar import Target, read_path
from ipats_lib.scopes import STATE, Scope


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/PY2024Q4/state/run.html", Target("PY2024Q4", STATE, "run.html")),
        ("/PY2024/lwia/07/figures.csv", Target("PY2024", Scope("07"), "figures.csv")),
        (
            "/PY2024Q1/lwia/07/planner/1042/performance/summary.html",
            Target("PY2024Q1", Scope("07", "1042"), "performance/summary.html"),
        ),
        ("/_static/vega.c326c6ff5e09.js", Target("", None, "vega.c326c6ff5e09.js")),
    ],
)
def test_published_paths_are_read(path, target):
    assert read_path(path.encode()) == target
    assert f"/{target.path}" == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "PY2024/state/index.html",
        "/PY2024",
        "/PY2024/",
        "/PY2024/state",
        "/PY2024/state/",
        "/PY2024/state/index",
        "/PY2024/state/index.html/",
        "/PY2024/state/index.html?",
        "//PY2024/state/i.html",
        "/PY2024/state/../lwia/07/index.html",
        "/PY2024/state/./index.html",
        "/PY2024/state//index.html",
        "/PY2024/state/%69ndex.html",
        "/PY2024/state\\index.html",
        "/PY2024/state/index.html\0",
        "/PY2024/state/index.html\n",
        "/PY2024/STATE/index.html",
        "/py2024/state/index.html",
        "/PY2024Q5/state/index.html",
        "/PY2024Q/state/index.html",
        "/PY1999/state/index.html",
        "/PY2024/state/Index.html",
        "/PY2024/state/.index.html",
        "/PY2024/state/index..html",
        "/PY2024/state/index.html.",
        "/PY2024/state/a.b/index.html",
        "/PY2024/lwia/7/index.html",
        "/PY2024/lwia/007/index.html",
        "/PY2024/lwia/٠٧/index.html",
        "/PY2024/lwia/index.html",
        "/PY2024/lwia/07/planner/index.html",
        "/PY2024/lwia/07/planner//index.html",
        "/PY2024/lwia/07/planner/a.b/index.html",
        "/PY2024/state/lwia/07/index.html",
        "/PY2024/lwia/07/planner/1/planner/2/index.html",
        "/PY2024/lwia/07/lwia/08/index.html",
        "/PY2024/lwia/07/state/index.html",
        "/.ipats/releases/x/state/index.html",
        "/_static/",
        "/_static/style.css",
        "/_static/../PY2024/state/index.html",
        "/_static/x.6bfff7ed2625.css/y",
        "/PY2024/state/a/b/c/d/index.html",
        "/PY2024/lwia/07/planner/" + "1" * 33 + "/index.html",
        "/PY2024/state/" + "a" * 400 + ".html",
        "/PY2024Q4/lwia/07/planner/" + "/".join(["1" * 32, *["a" * 64] * 4]) + ".html",
        "/PY2024/state/ındex.html",
        "http://x/PY2024/state/index.html",
    ],
)
def test_near_misses_are_refused(path):
    assert read_path(path.encode()) is None
