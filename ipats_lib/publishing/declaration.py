"""What a notebook may declare of itself: the rules of `catalogue`, each with its sentence."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ipats_lib.errors import NotebookError
from ipats_lib.report.scope_data import FRAMES
from ipats_lib.scopes import AreaType

LANDING = "index"
_DOWNLOAD = re.compile(r"[a-z0-9_-]{1,40}\.(?:csv|xlsx|ics|json)")
_OPTIONAL = frozenset({"data", "pages", "downloads", "records", "index"})
_SCOPES: tuple[AreaType, ...] = ("state", "lwia", "planner")
_PART = re.compile(r"[a-z0-9]{1,20}")
_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_LIST = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def check_declaration(path: Path, family: str, declared: Any) -> None:
    """The `ipats` of a notebook's metadata.  NotebookError says what it breaks."""
    needed = {"family", "title", "order", "scopes"}
    if not isinstance(declared, dict) or set(declared) - _OPTIONAL != needed:
        raise NotebookError(
            f"{path}: its metadata needs `ipats` with family, title, order, scopes and "
            f"perhaps {', '.join(sorted(_OPTIONAL))}, no more."
        )
    if declared["family"] != family:
        raise NotebookError(f"{path}: it declares family {declared['family']} but is in {family}.")
    if not _are_some_of(declared["scopes"], _SCOPES):
        raise NotebookError(f"{path}: `scopes` must list some of {', '.join(_SCOPES)}.")
    data = declared.get("data", [])
    if not _are_texts(data) or not set(data) <= set(FRAMES):
        raise NotebookError(f"{path}: `data` may list {', '.join(FRAMES)} only.")
    downloads = declared.get("downloads", [])
    if not isinstance(downloads, list) or not all(
        _DOWNLOAD.fullmatch(download_of(one)[0]) for one in downloads
    ):
        raise NotebookError(
            f"{path}: `downloads` lists names like roster.csv, in a-z, 0-9, _ and -, or such a "
            "name and the scopes that have it."
        )
    records = declared.get("records", [])
    if not _are_texts(records) or not all(_LIST.fullmatch(name) for name in records):
        raise NotebookError(f"{path}: `records` lists names like worklist, in a-z, 0-9 and -.")
    if not isinstance(declared.get("index", False), bool) or (
        declared.get("index") and declared.get("pages")
    ):
        raise NotebookError(f"{path}: `index` is true for a landing page, which is one page.")
    if not isinstance(declared["order"], int) or not _is_said(declared["title"]):
        raise NotebookError(f"{path}: `order` must be a whole number, `title` a text.")
    pages = declared.get("pages", [])
    if not isinstance(pages, list) or not all(_is_page(p, declared["scopes"]) for p in pages):
        raise NotebookError(
            f"{path}: `pages` lists a name (a-z and 0-9 only), a title and perhaps some of the "
            "notebook's own scopes for each page."
        )
    if LANDING in [page[0] for page in pages[1:]]:
        raise NotebookError(f"{path}: the page named {LANDING}, a landing page, is the first one.")
    if not _NAME.fullmatch(path.stem):
        raise NotebookError(f"{path}: the file name may hold a-z, 0-9, _ and - only.")


def download_of(declared: Any) -> tuple[str, tuple[AreaType, ...]]:
    """The name of a download, and the scopes that alone have it; none for all."""
    match declared:
        case [str(name), list(only)] if _are_some_of(only, _SCOPES):
            return name, tuple(only)
        case str(name):
            return name, ()
    return "", ()


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _are_some_of(value: Any, known: Collection[str]) -> bool:
    return bool(value) and _are_texts(value) and set(value) <= set(known)


def _is_said(title: Any) -> bool:
    return isinstance(title, str) and bool(title.strip())


def _is_page(declared: Any, scopes: list[str]) -> bool:
    match declared:
        case [str(name), title]:
            only = scopes
        case [str(name), title, only]:
            pass
        case _:
            return False
    return bool(_PART.fullmatch(name)) and _is_said(title) and _are_some_of(only, scopes)


def check_page_marks(path: Path, notebook: Any, tags: list[list[str]]) -> None:
    """A page begins with its title, so at a markdown cell: from any other, what follows is lost."""
    marks = [
        (tag.removeprefix("page-"), cell.cell_type)
        for cell, own in zip(notebook.cells, tags, strict=True)
        for tag in own
        if tag.startswith("page-")
    ]
    for name, kind in marks:
        if kind != "markdown":
            raise NotebookError(
                f"{path}: a {kind} cell is tagged page-{name}; tag the markdown cell that holds "
                "the page's title."
            )
    marked = [name for name, _ in marks]
    pages = [page[0] for page in notebook.metadata["ipats"].get("pages", [])]
    if marked != pages:
        raise NotebookError(
            f"{path}: `pages` names {', '.join(pages) or 'none'}, and the markdown cells tagged "
            f"page-<name> are {', '.join(marked) or 'none'}."
        )
