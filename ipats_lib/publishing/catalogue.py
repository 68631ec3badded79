"""The notebooks that a publication is made of, as they describe themselves.

A notebook under `notebooks/<family>/` declares in its metadata, under `ipats`: `family`, `title`,
`order` and `scopes`, and may name under `data` the frames that it reads: then it is given no
others, and is not run again when others change. `pages` (name, title and perhaps the scopes that
have it, in order) splits what it shows into several pages, each from the markdown cell tagged
`page-<name>` on; `downloads` names the
files that it offers; `shared` means that a planner is shown what the LWIA is shown, so one run
serves both, which is allowed to what reads nothing but `areas`, the same for every reader. One
dropped into a family's folder is published at the next run.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from ipats_lib.errors import NotebookError
from ipats_lib.report.data import FRAMES
from ipats_lib.scopes import AreaType

FAMILIES = {
    "performance": "Performance",
    "comparison": "LWIA comparison",
    "dashboards": "Dashboards",
}
PARAMETERS = frozenset({"scope", "period", "snapshot"})
_DOWNLOAD = re.compile(r"[a-z0-9_-]{1,40}\.(?:csv|xlsx|ics|json)")
_OPTIONAL = frozenset({"data", "pages", "downloads", "shared"})
_FIT_FOR_ANY_READER = ("areas",)
_SCOPES: tuple[AreaType, ...] = ("state", "lwia", "planner")
_PART = re.compile(r"[a-z0-9]{1,20}")
_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_ASSIGNED = re.compile(r"^([A-Za-z_]\w*)\s*(?::[^=]+)?=", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the pages that a notebook is split into, for the scopes that have it."""

    name: str
    title: str
    scopes: tuple[AreaType, ...]


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook of the catalogue; `name` is its file name without the ending."""

    path: Path
    family: str
    name: str
    title: str
    order: int
    scopes: tuple[AreaType, ...]
    data: tuple[str, ...] = FRAMES
    parts: tuple[Part, ...] = ()
    downloads: tuple[str, ...] = ()
    shared: bool = False

    @property
    def key(self) -> str:
        return f"{self.family}/{self.name}"

    def pages(self, kind: AreaType) -> tuple[tuple[str, str], ...]:
        """Path inside the scope's folder and title of every page that a run of it gives."""
        if not self.parts:
            return ((f"{self.key}.html", self.title),)
        mine = (part for part in self.parts if kind in part.scopes)
        return tuple((f"{self.key}-{part.name}.html", part.title) for part in mine)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file name that any run of it may write."""
        pages = (f"{self.name}-{part.name}.html" for part in self.parts)
        return (*self.downloads, *(pages if self.parts else (f"{self.name}.html",)))


def read_catalogue(folder: Path) -> tuple[Notebook, ...]:
    """All notebooks under the family folders, in publication order.

    NotebookError names the file and what it breaks: its own declaration, the parameters cell
    (names are allow-listed: papermill would execute whatever stands in a name), or stored outputs.
    """
    found = [
        _read(path, family)
        for family in FAMILIES
        for path in sorted((folder / family).glob("*.ipynb"))
    ]
    if not found:
        raise NotebookError(f"{folder} holds no notebook in {', '.join(FAMILIES)}.")
    _check_names(found)
    families = list(FAMILIES)
    return tuple(sorted(found, key=lambda n: (families.index(n.family), n.order, n.name)))


def _read(path: Path, family: str) -> Notebook:
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises its own, JSON's and OS errors alike
        raise NotebookError(f"{path} is not a notebook that nbformat can read.") from error
    declared = dict(notebook.metadata.get("ipats", {}))
    _check_declaration(path, family, declared)
    _check_cells(path, notebook)
    return Notebook(
        path=path,
        family=family,
        name=path.stem,
        title=declared["title"],
        order=declared["order"],
        scopes=tuple(declared["scopes"]),
        data=tuple(sorted(declared.get("data", FRAMES))),
        parts=tuple(_part(page, declared["scopes"]) for page in declared.get("pages", [])),
        downloads=tuple(declared.get("downloads", [])),
        shared=declared.get("shared", False),
    )


def _part(declared: list[Any], scopes: list[AreaType]) -> Part:
    name, title, *only = declared
    return Part(str(name), str(title), tuple(only[0] if only else scopes))


def _check_names(found: list[Notebook]) -> None:
    """Two notebooks must not write the same file."""
    taken: dict[str, Path] = {}
    for notebook in found:
        for name in notebook.files:
            other = taken.setdefault(f"{notebook.family}/{name}", notebook.path)
            if other != notebook.path or notebook.files.count(name) > 1:
                raise NotebookError(f"{notebook.path}: {name} is a file of {other} already.")


def _check_declaration(path: Path, family: str, declared: dict[str, Any]) -> None:
    if set(declared) - _OPTIONAL != {"family", "title", "order", "scopes"}:
        raise NotebookError(
            f"{path}: its metadata needs `ipats` with family, title, order, scopes and "
            "perhaps data, pages, downloads and shared, no more."
        )
    if declared["family"] != family:
        raise NotebookError(f"{path}: it declares family {declared['family']} but is in {family}.")
    scopes = declared["scopes"]
    if not isinstance(scopes, list) or not scopes or not set(scopes) <= set(_SCOPES):
        raise NotebookError(f"{path}: `scopes` must list some of {', '.join(_SCOPES)}.")
    if not set(declared.get("data", FRAMES)) <= set(FRAMES):
        raise NotebookError(f"{path}: `data` may name {', '.join(FRAMES)} only.")
    if declared.get("shared", False) is not False and (
        declared["shared"] is not True or tuple(declared.get("data", FRAMES)) != _FIT_FOR_ANY_READER
    ):
        raise NotebookError(f"{path}: `shared` is true for a notebook whose data are areas alone.")
    if not all(_DOWNLOAD.fullmatch(str(name)) for name in declared.get("downloads", [])):
        raise NotebookError(f"{path}: a download is named like roster.csv, in a-z, 0-9, _ and -.")
    if not isinstance(declared["order"], int) or not str(declared["title"]).strip():
        raise NotebookError(f"{path}: `order` must be a whole number, `title` a text.")
    if not _NAME.fullmatch(path.stem):
        raise NotebookError(f"{path}: the file name may hold a-z, 0-9, _ and - only.")


def _check_cells(path: Path, notebook: Any) -> None:
    marked = [
        tag.removeprefix("page-")
        for cell in notebook.cells
        for tag in cell.metadata.get("tags", [])
        if tag.startswith("page-") and cell.cell_type == "markdown"
    ]
    pages = [page[0] for page in dict(notebook.metadata["ipats"]).get("pages", [])]
    if marked != pages or not all(_PART.fullmatch(name) for name in pages):
        raise NotebookError(
            f"{path}: `pages` names {', '.join(pages) or 'none'}, and the markdown cells tagged "
            f"page-<name> are {', '.join(marked) or 'none'}; names hold a-z and 0-9 only."
        )
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise NotebookError(f"{path}: exactly one cell must be tagged `parameters`.")
    names = set(_ASSIGNED.findall(tagged[0].source))
    if names != PARAMETERS:
        raise NotebookError(
            f"{path}: the parameters cell must assign {', '.join(sorted(PARAMETERS))}, no others."
        )
    if any(cell.get("outputs") for cell in notebook.cells):
        raise NotebookError(f"{path}: it is stored with outputs; clear them before publishing.")
