"""A notebook's pages as one file that loads nothing else: nbconvert's exporter `ipats`.

The notebook is run as a publication runs it, for the scope, period and snapshot of its cell of
parameters: outputs that its file holds may be of another scope than the cell says by now.
"""

import base64
import hashlib
import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from nbconvert.exporters import Exporter
from nbformat import NotebookNode

from ipats_lib.errors import NotebookError
from ipats_lib.periods import Period
from ipats_lib.publishing.catalogue import read_notebook
from ipats_lib.publishing.declaration import opened_with
from ipats_lib.publishing.live import live
from ipats_lib.publishing.options import Options
from ipats_lib.report.source import sample_snapshot
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import open_snapshot

_REFERENCES = ("for", "aria-controls", "aria-labelledby", "aria-describedby")


class IpatsExporter(Exporter):  # type: ignore[misc]
    """Gives the pages as a standalone HTML file."""

    export_from_notebook = "IPATS page"
    output_mimetype = "text/html"

    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: Mapping[str, Any] | None = None, **_: Any
    ) -> tuple[str, dict[str, Any]]:
        """The file's text.  NotebookError names the cell that failed, and repeats no record."""
        _, made = super().from_notebook_node(nb, resources)
        about = made["metadata"]
        path = Path(about.get("path") or "", f"{about['name']}.ipynb").absolute()
        if not path.is_file():
            raise NotebookError("An IPATS page is made of a saved notebook: give its path.")
        return page_alone(path), made


def page_alone(path: Path) -> str:
    """The pages of a saved notebook, one after the other in one HTML file."""
    said = opened_with(read_notebook(path))
    # As in JupyterLab, whose kernel works in the notebook's folder.
    folder = sample_snapshot() if said["snapshot"] == "sample" else path.parent / said["snapshot"]
    scope, period = Scope.parse(said["scope"]), Period.parse(said["period"])
    snapshot = open_snapshot(folder, verify=True)
    with live(path, scope, Options(path.parents[1], Path(), period), snapshot) as made:
        if made.said:
            raise NotebookError(made.first_line)
        return alone([made.folder / page for page in made.pages])


def alone(pages: list[Path]) -> str:
    """Published pages of one scope in one file, with all that they load in it, under a policy that
    lets it load nothing else.  Links to what is not in it become text."""
    read = [BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in pages]
    for number, (page, path) in enumerate(zip(read, pages, strict=True)):
        for gone in page.select("header nav[aria-label=Main], [data-inside], footer p:last-child"):
            gone.decompose()
        if number:
            _name_apart(page, number)
        _keep_links(page, path, pages)
        _take_in(page, path.parent)
    first, *others = read
    scripts = max((page.select("head script") for page in read), key=len)  # with those of charts
    for script in first.select("head script"):
        script.extract()
    first.head.extend(scripts)
    for page in others:
        first.main.extend([*page.main.contents])
    first.meta.insert_after(_policy(first))
    return str(first)


def _name_apart(page: BeautifulSoup, number: int) -> None:
    """Ids that no other page of the file has: choices of several pages have the same."""
    page.main.insert(0, page.new_tag("span", id=""))  # where links to the page lead
    for each in page.main.select("[id]"):
        each["id"] = f"{_start(number)}{each['id']}"
    for name in _REFERENCES:
        for each in page.main.select(f"[{name}]"):
            each[name] = " ".join(f"{_start(number)}{one}" for one in each[name].split())
    for link in page.main.select('a[href^="#"]'):
        link["href"] = f"#{_start(number)}{link['href'][1:]}"


def _start(number: int) -> str:
    return f"p{number + 1}-" if number else ""


def _keep_links(page: BeautifulSoup, path: Path, pages: list[Path]) -> None:
    """Links inside the file, and files as their content; any other becomes its text."""
    for link in page.select("a[href]"):
        to, _, place = link["href"].partition("#")
        target = Path(os.path.normpath(path.parent / to)) if to else path
        if not to:
            continue
        if target in pages:
            link["href"] = f"#{_start(pages.index(target))}{place}"
        elif link.has_attr("download") and target.is_file():
            link["download"] = target.name
            link["href"] = _data(target)
        else:
            link.unwrap()


def _take_in(page: BeautifulSoup, folder: Path) -> None:
    """Put style sheets, scripts and pictures into the page."""
    for link in page.select("link[rel=stylesheet]"):
        style = page.new_tag("style")
        style.string = (folder / link["href"]).read_text(encoding="utf-8")
        link.replace_with(style)
    for script in page.select("script[src]"):
        if script["src"].startswith("/"):  # the preview's own, which waits for the next save
            script.decompose()
            continue
        source = (folder / script["src"]).read_text(encoding="utf-8")
        del script["src"], script["defer"]
        script.string = source.replace("</script", "<\\/script")
    for name, each in [("href", e) for e in page.select("link[rel=icon]")] + [
        ("src", e) for e in page.select("img[src]")
    ]:
        each[name] = _data(folder / each[name])


def _data(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _policy(page: BeautifulSoup) -> Tag:
    """What the file may load: its own scripts and styles, by their hashes, and pictures in it."""
    allowed = {
        name: " ".join({f"'{_hash(each.string)}'": None for each in page.select(name)})
        for name in ("script:not([type])", "style")
    }
    scripts, styles = allowed.values()
    content = (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; "
        "style-src-attr 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
    )
    return page.new_tag("meta", attrs={"http-equiv": "Content-Security-Policy", "content": content})


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
