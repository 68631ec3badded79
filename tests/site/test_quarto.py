"""A publication as Quarto websites: the projects that Quarto gets, how it is called, what is made
of what it gives. What a real Quarto makes of them: `make quarto-check`.
"""

import json
import os
import re
import shutil
import stat
from collections import Counter
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ipats_lib.access.grammar import read_path
from ipats_lib.errors import PublicationError, UsageError
from ipats_lib.publishing.build import build
from ipats_lib.publishing.cache import Content
from ipats_lib.publishing.execute import Made
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.quarto.project import Rendered, inert, page_source, parts_of
from ipats_lib.publishing.quarto.renderer import Quarto, find_quarto
from ipats_lib.publishing.render import Frame, Known
from ipats_lib.publishing.site import Site
from ipats_lib.publishing.workers import Workers
from ipats_lib.snapshot import make_snapshot
from tests.conftest import publish
from tests.site.whole_builds import ONLY, PERIOD
from tests.waiting import wait_until

CHART = '<figure class="chart"><script type="application/json">{"a":"\\u003c"}</script></figure>'
BODY = f"""<section class="prose"><h1 id="One">One<a class="anchor-link" \
href="#One">&#182;</a></h1><p>Why?</p></section>
<p>First</p>
<section class="prose"><p>Before</p><h2 id="Two_things">Two *things* &amp; {{{{&lt; x<a \
class="anchor-link" href="#Two_things">&#182;</a></h2><p>After</p></section>
<table><tr><td>{{{{<b>include</b> x.md >}}}} ````</td></tr></table>
{CHART}"""
FRAME = Frame(
    title="List of `Ann` {{< include x >}}",
    root="../../../",
    style="style.css",
    icon="icon.svg",
    scripts=(),
    agency="Agency",
    contact="",
    guide="guide.html",
    scope="lwia/07",
    scope_title="LWIA 07: Peoria & <b>",
    dates="April to June 2025",
    known=(Known("Data", "2025-08-15", "August 15, 2025", "0" * 16),),
    synthetic=True,
    home="../",
    current="performance/one.html",
)


class Bodies(Workers):
    """Gives each job the same body, of two pages where these are asked for."""

    def submit(self, function, job):
        future: Future[Made] = Future()
        future.set_result(Made(Content(f"<!--page list-->{BODY}<!--page count-->{BODY}"), 0.0, 0.0))
        return future


@contextmanager
def bodies(workers: int):
    yield Bodies()


class Recorder(Quarto):
    """Keeps each project, and gives up; on the state's when it has all, since those that have not
    begun when one fails never do."""

    def render(self, project: Path, pages: int) -> str:
        files = [path for path in project.rglob("*") if path.is_file()]
        kept[project.name] = {str(f.relative_to(project)): f.read_text() for f in files}
        if project.name == "state":
            every = {path.name for path in project.parent.iterdir()}
            wait_until(lambda: {name for name in every if not name.endswith("-tmp")} <= kept.keys())
        return "Exit code 1.\nA customer's name"


kept: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="module")
def projects(extract, store, few, few_site, tmp_path_factory) -> dict[str, dict[str, str]]:
    """The files of the project of each scope, by its folder; no site shows another publication."""
    snapshot, place = make_snapshot(extract, store), tmp_path_factory.mktemp("quarto")
    shutil.copytree(few_site, place / "site", symlinks=True)
    site, failed = Site(place / "site"), place / "failed"
    before = site.current(PERIOD.name)
    assert site.current_manifest(PERIOD.name).facts["renderer"] == "ipats"
    quarto = Recorder("quarto", "1.9.0")
    more = {"pool": bodies, "workers": 4, "failures": failed, "quarto": quarto}
    options = Options(few, site.root, PERIOD, **more)
    with pytest.raises(PublicationError, match="Quarto failed on state. What it wrote is in") as no:
        build(snapshot, replace(options, only=ONLY, site=place / "new"), lambda *_: None)
    assert "customer" not in str(no.value)
    said = {path.read_text() for path in failed.glob("*/output.txt")}
    assert said == {"Exit code 1.\nA customer's name"}
    assert Site(place / "new").current(PERIOD.name) is None, "a failed one is shown"
    with pytest.raises(UsageError, match="renderer changed"):
        build(snapshot, replace(options, only=("lwia/90",)), lambda *_: None)
    with pytest.raises(UsageError, match="leave --renderer out"):
        build(snapshot, replace(options, family="dashboards"), lambda *_: None)
    assert site.current(PERIOD.name) == before
    return dict(kept)


def configuration(project: dict[str, str]) -> dict:
    return yaml.safe_load(project["_quarto.yml"])


def test_each_scope_has_a_project_of_its_own_pages(projects):
    # A scope's pages are collected as its runs end, in any order.
    assert {name for name in projects if "planner" not in name} == {"state", "lwia-90"}
    assert [name for name in projects if name.startswith("lwia-90-planner-")]
    for name, project in projects.items():
        listed = configuration(project)["project"]["render"]
        assert sorted(listed) == sorted(f for f in project if f.endswith(".qmd"))
        people = "dashboards/people-list.qmd" in listed
        assert people == (name != "state"), "a page of another kind of scope"
        assert "index.qmd" in listed


def test_the_menus_lead_to_the_pages_of_the_project(projects):
    for project in projects.values():
        home, *menus = configuration(project)["website"]["navbar"]["left"]
        links = [home["href"], *(item["href"] for menu in menus for item in menu["menu"])]
        assert sorted(links) == sorted(configuration(project)["project"]["render"])


def keys(value: object, path: str = "") -> set[str]:
    if isinstance(value, list):
        return {key for one in value for key in keys(one, path)}
    if isinstance(value, dict):
        return {key for name, one in value.items() for key in keys(one, f"{path}.{name}")}
    return {path[1:]}


def test_a_configuration_says_these_things_and_no_others(projects):
    """Each is a key of Quarto's schema: what it does not know it refuses, or passes over."""
    html = """theme lang toc toc-depth page-layout html-math-method html-table-processing
        anchor-sections code-copy smooth-scroll citations-hover crossrefs-hover footnotes-hover"""
    website = """title search.location search.type navbar.left.text navbar.left.href
        navbar.left.menu.text navbar.left.menu.href page-footer.left page-footer.right"""
    project = "type output-dir lib-dir render"
    expected = {"engine", "execute.enabled"}
    expected |= {f"format.html.{name}" for name in html.split()}
    expected |= {f"website.{name}" for name in website.split()}
    expected |= {f"project.{name}" for name in project.split()}
    for made in projects.values():
        said = configuration(made)
        assert keys(said) == expected
        assert said["execute"] == {"enabled": False}
        assert said["engine"] == "markdown"


SCHEMA = "editor/tools/yaml/all-schema-definitions.json"


def schema_file() -> Path:
    """Quarto's schema: named by QUARTO_SCHEMA, or of an installed Quarto."""
    if named := os.environ.get("QUARTO_SCHEMA"):
        return Path(named)
    try:
        found = find_quarto()
    except UsageError:
        pytest.skip("no Quarto is here, and QUARTO_SCHEMA names no all-schema-definitions.json")
    return Path(found.path).resolve().parents[1] / "share" / SCHEMA


def fits(value: object, schema: dict, known: dict) -> bool:
    """Whether a value is as Quarto's own kind of schema has it."""
    kind = schema.get("type", "any")
    if kind in ("ref", "anyOf", "allOf"):
        inner = [known[schema["$ref"]]] if kind == "ref" else schema[kind]
        return (all if kind == "allOf" else any)(fits(value, one, known) for one in inner)
    if kind == "object":
        if not isinstance(value, dict):
            return False
        named = schema.get("properties", {})
        closed = schema.get("closed") and set(value) - set(named)
        return not closed and all(
            fits(one, named[name], known) for name, one in value.items() if name in named
        )
    if kind == "array":
        items = schema.get("items", {"type": "any"})
        return isinstance(value, list) and all(fits(one, items, known) for one in value)
    if kind == "enum":
        return value in schema["enum"]
    types = {"string": str, "boolean": bool, "number": (int, float), "null": type(None)}
    return isinstance(value, types.get(kind, object))


def test_a_configuration_fits_quartos_schema(projects):
    known = {one["$id"]: one for one in json.loads(schema_file().read_text()).values()}
    website = known["base-website"]
    for made in projects.values():
        said = configuration(made)
        assert not set(said["website"]) - set(website["properties"])
        assert fits(said["website"], website, known)
        for name, value in said["format"]["html"].items():
            found = [one for one in known.values() if one["$id"].endswith(f"-{name}")]
            assert any(fits(value, one, known) for one in found), name
    broken = {**said["website"], "navbar": {"left": [{"text": 3, "menu": "none"}]}}
    assert not fits(broken, website, known)


def test_a_page_passes_unread_but_for_the_headings_of_its_text():
    source = page_source(BODY, FRAME)
    front, _, rest = source.removeprefix("---\n").partition("---\n")
    assert json.loads(front) == {"title": inert(FRAME.title)}
    assert r"\{\{\< include x \>\}\}" in json.loads(front)["title"]
    raw = re.findall(r"^(`{3,})\{=html\}\n(.*?)\n\1$", rest, re.MULTILINE | re.DOTALL)
    html = "".join(text for _, text in raw)
    assert [len(fence) for fence, _ in raw] == [3, 5], "a fence that the text can close"
    assert "{{<" not in source.replace("{{\\<", ""), "a shortcode of the data"
    assert "&#123;&#123;<b>include" in html
    assert r"## Two \*things\* \& \{\{\< x {#Two_things}" in rest
    assert parts_of(html) == parts_of(BODY) == Counter(h1=1, table=1, figure=1, script=1)
    assert "anchor-link" not in rest
    assert html.index("quarto-include-in-search-index") < html.index("Before") < html.index("After")


HEAD = '<link rel="stylesheet" href="s.css">\n'
PAGE = f"""<!DOCTYPE html><html><head>
<script src="https://cdn.example/mathjax.js" async=""></script>
<link rel="stylesheet" href="//fonts.example/a.css">
<script src="../site_libs/a-b/Nav.min.js?v=1"></script>
<script src="../site_libs/quarto.js" type="module"></script>
<link href="../site_libs/icons.css" rel="stylesheet">
<script id="search" type="application/json">{{"a": 1}}</script>
<style>p {{ color: red }}</style>
<script type="text/javascript">window.a = "<p>";</script>
</head><body><button onclick="toggle()" class="b">Menu</button>
<main class="content" id="c">
<header id="title-block-header"><h1 class="title">Again</h1></header>
{BODY}
</main></body></html>"""


@pytest.fixture
def project(tmp_path) -> Path:
    libraries = tmp_path / "_site" / "site_libs"
    (libraries / "a-b").mkdir(parents=True)
    (libraries / "a-b" / "Nav.min.js").write_text("nav()")
    (libraries / "quarto.js").write_text('import * as t from "./tabs/tabs.js";')
    (libraries / "tabs").mkdir()
    (libraries / "tabs" / "tabs.js").write_text("export {}")
    (libraries / "icons.css").write_text(
        "@font-face { src: url('./i.woff?3f') } a { b: url(data:x) }"
    )
    (libraries / "i.woff").write_bytes(b"\x00font")
    (tmp_path / "_site" / "performance").mkdir()
    (tmp_path / "_site" / "performance" / "one.html").write_text(PAGE)
    (tmp_path / "_site" / "search.json").write_text("[]")
    return tmp_path


def made_page(project: Path) -> tuple[Rendered, str]:
    made = Rendered(project, "lwia/07")
    made.open({"performance/one.html": FRAME})
    return made, made.page("performance/one.html", FRAME, parts_of(BODY), HEAD)


def test_a_page_loads_nothing_from_outside_and_runs_nothing_inline(project):
    made, text = made_page(project)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert not re.search(r"<script(?![^>]*(?: src=| type=\"application/json\"))", text)
    assert "<style" not in text
    assert "onclick" not in text
    assert "site_libs" not in text
    assert HEAD in text
    assert made.beside.keys() - {"search.json"} == set(re.findall(r"\.\./(quarto-\w+\.\w+)", text))
    for name in made.beside:
        assert read_path(f"/PY2024Q4/lwia/07/{name}".encode()), name


def test_libraries_are_shared_under_names_that_the_site_allows(project):
    made, text = made_page(project)
    named = re.findall(r'"\.\./\.\./\.\./_static/([^"#]+)"', text)
    assert len(made.shared) == 5
    for name in made.shared:
        assert read_path(f"/_static/{name}".encode()), name
    nav, module, icons = (name for name in named if name in made.shared)
    assert nav.startswith("nav-min.")
    assert [made.shared[n] for n in made.shared if n.encode() in made.shared[module]] == [
        b"export {}"
    ]
    assert made.shared[icons].count(b"url(data:x)") == 1
    assert next(n for n in made.shared if n.encode() in made.shared[icons]).startswith("i.")


def test_a_page_says_whose_it_is_and_has_one_heading(project):
    _, text = made_page(project)
    assert "LWIA 07: Peoria &amp; &lt;b&gt; · April to June 2025" in text
    assert "Data as of August 15, 2025 · Synthetic sample data" in text
    assert text.count("<h1") == 1
    assert CHART in text


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("other.html", "x", "Quarto made other.html for lwia/07"),
        ("performance/one.html", PAGE.replace("<table>", "<div>"), "left out a part of lwia/07/"),
        ("performance/one.html", PAGE.replace("<main", "<div"), "left out a part of lwia/07/"),
        ("site_libs/tabs/tabs.js", None, "load tabs/tabs.js, which it did not make"),
        ("site_libs/icons.css", "@import url(https://x.example/y.css);", "load https:/x.example"),
        ("site_libs/icons.css", "a { b: url(../../performance/one.html) }", "did not make"),
        ("search.json", None, "did not make search.json for lwia/07"),
        ("performance/one.html", None, "did not make performance/one.html"),
    ],
)
def test_what_is_not_the_pages_that_were_asked_for_is_refused(project, file, text, said):
    path = project / "_site" / file
    path.write_text(text) if text else path.unlink()
    with pytest.raises(PublicationError, match=re.escape(said)):
        made_page(project)


def stand_in(folder: Path, script: str) -> str:
    path = folder / "quarto"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_quarto_renders_one_project_and_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("QUARTO_PROFILE", "other")
    told = tmp_path / "told"
    path = stand_in(tmp_path, f'echo "$@ $TMPDIR [$QUARTO_PROFILE] $(pwd)" > {told}')
    (project := tmp_path / "project").mkdir()
    assert Quarto(path, "1.9.0").render(project, 1) == ""
    expected = f"render {project} --no-execute --to html {project}-tmp [] {project}\n"
    assert told.read_text() == expected


def test_quarto_that_fails_says_why_to_the_operator_alone(tmp_path):
    (project := tmp_path / "project").mkdir()
    path = stand_in(tmp_path, "echo 'ERROR: a row'; exit 3")
    assert Quarto(path, "1.9.0").render(project, 1) == "Exit code 3.\nERROR: a row\n"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 1.5.57", "is 1.5.57"),
        ("exit 4", "does not say which version it is"),
        ("echo hello", "does not say which version it is"),
    ],
)
def test_a_quarto_that_will_not_do_is_refused_in_one_sentence(tmp_path, monkeypatch, script, said):
    monkeypatch.setenv("QUARTO_PATH", stand_in(tmp_path, script))
    with pytest.raises(UsageError, match=said) as no:
        find_quarto()
    assert "without --renderer a site needs none" in str(no.value)


def test_quarto_is_found_by_its_variable_then_on_the_path(tmp_path, monkeypatch):
    for name, version in (("named", "1.9.1"), ("path", "1.6.0")):
        (tmp_path / name).mkdir()
        stand_in(tmp_path / name, f"echo {version}")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert find_quarto().version == "1.6.0"
    monkeypatch.setenv("QUARTO_PATH", str(tmp_path / "named" / "quarto"))
    assert find_quarto().version == "1.9.1"
    monkeypatch.setenv("QUARTO_PATH", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="QUARTO_PATH names .*none, which is no program"):
        find_quarto()


def test_without_quarto_a_build_ends_before_it_begins(tmp_path, monkeypatch):
    monkeypatch.delenv("QUARTO_PATH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    words = ("--extract", tmp_path / "none", "--period", PERIOD.name, "--site", tmp_path / "site")
    done = publish("build", *words, "--renderer", "quarto")
    assert done.returncode == 2
    assert "None is on PATH" in done.stderr.replace("\n", " ")
    assert not (tmp_path / "site").exists()
