"""The notebooks that a publication is made of, as they describe themselves.

A notebook under `notebooks/<family>/` declares in its metadata, under `ipats`: `family`, `title`,
`order` and `scopes`, and names under `data` the frames that it reads: it is given no others, and is
not run again when others change. One that reads nothing but frames of several areas
is run once for an LWIA and all its planners, who see the same. `pages` (name, title and perhaps the
scopes that have it, in order) splits what it shows into several pages, each from the markdown cell
tagged `page-<name>` on; a cell with several such tags begins pages that are alike. `downloads`
names the files that it offers, each alone or with the scopes that have it, `records` its long lists
(decision 0018). `index` is true for the landing page of its scopes; a page named `index` is one,
too, beside the other pages of its notebook. The question that a page answers is the first sentence
below its heading. Further parameters stand in the cell tagged `parameters`
(`publishing.declaration`). One dropped into a family's folder is published at the next run.
"""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat

from ipats_lib.console import say
from ipats_lib.errors import NotebookError
from ipats_lib.publishing.declaration import (
    FAMILIES,
    Declaration,
    Fault,
    Value,
    read_declaration,
    read_defaults,
    set_values,
)
from ipats_lib.publishing.files import INDEX, LANDING, notebook_files
from ipats_lib.report.scope_data import ACROSS_AREAS
from ipats_lib.scopes import AreaType

PYTHON = "python"
KERNELSPEC = {"name": "python3", "display_name": "Python 3", "language": PYTHON}
# What every scope's folder holds beside its landing page.
OF_EVERY_SCOPE = frozenset({"figures.csv", "run.html", "scopes.json"})
_SENTENCE = re.compile(r".+?[.?!](?=\s|$)|.+", re.DOTALL)
_FILE_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_LINKED = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the pages that a notebook is split into, for the scopes that have it.

    question: what it answers, in a sentence; empty where it does not say so.
    """

    name: str
    title: str
    scopes: tuple[AreaType, ...]
    question: str = ""


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook of the catalogue; `name` is its file name without the ending.

    kept: downloads that some of its scopes alone have. parameters: its own, with the values that it
    runs with. question: what its one page answers. stored: whether its file holds outputs.
    """

    path: Path
    family: str
    name: str
    title: str
    order: int
    scopes: tuple[AreaType, ...]
    data: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    downloads: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    index: bool = False
    kept: tuple[tuple[str, tuple[AreaType, ...]], ...] = ()
    parameters: tuple[tuple[str, Value], ...] = ()
    question: str = ""
    stored: bool = False

    @property
    def across_areas(self) -> bool:
        """Whether it reads frames of several areas."""
        return not ACROSS_AREAS.isdisjoint(self.data)

    @property
    def same_for_all(self) -> bool:
        """Whether readers of an LWIA and of its planners see the same (decisions 0014, 0016)."""
        return bool(self.data) and ACROSS_AREAS.issuperset(self.data) and not self.index

    @property
    def key(self) -> str:
        return f"{self.family}/{self.name}"

    def pages(self, kind: AreaType) -> tuple[tuple[str, str], ...]:
        """Path inside the scope's folder and title of every page that a run of it gives."""
        if not self.parts:
            return ((INDEX if self.index else f"{self.key}.html", self.title),)
        mine = (part for part in self.parts if kind in part.scopes)
        return tuple((self._file(part), part.title) for part in mine)

    def lands(self, kind: AreaType) -> bool:
        """Whether it makes the landing page of a kind of scope."""
        return INDEX in dict(self.pages(kind))

    def _file(self, part: Part) -> str:
        return INDEX if part.name == LANDING else f"{self.key}-{part.name}.html"

    def menu(self, kind: AreaType) -> tuple[tuple[str, str, str], ...]:
        """Path, title and question of its pages, without a landing page."""
        questions = [part.question for part in self.parts if kind in part.scopes]
        asked_pages = zip(self.pages(kind), questions or [self.question], strict=True)
        return tuple((*page, question) for page, question in asked_pages if page[0] != INDEX)

    @property
    def folder(self) -> str:
        """Where its downloads are, inside the scope's folder."""
        return "" if self.index else f"{self.family}/"

    def files(self, kind: AreaType) -> tuple[str, ...]:
        """Every file that a run of it may write, inside the scope's folder."""
        pages = sorted(file for file, _ in self.pages(kind))
        lists = (f"{name}.{ending}" for name in self.records for ending in ("csv", "json"))
        others = {name for name, scopes in self.kept if kind not in scopes}
        mine = (name for name in self.downloads if name not in others)
        return (*(f"{self.folder}{name}" for name in (*mine, *lists)), *pages)


def read_catalogue(folder: Path) -> tuple[Notebook, ...]:
    """All notebooks under the family folders, in publication order.

    NotebookError lists every fault: of a notebook's own declaration, of its cells (names of
    parameters are allow-listed: papermill would execute whatever is in a name), of files that two
    would write. Outputs that are stored in a notebook are left out, and a line says in which.
    """
    paths = [path for path in notebook_files(folder) if path.parent.name in FAMILIES]
    found, faults = examine(paths)
    if faults:
        raise NotebookError("\n".join(map(str, faults)))
    if not found:
        raise NotebookError(f"{folder} holds no notebook in {', '.join(FAMILIES)}.")
    values = set_values({each.key: dict(each.parameters) for each in found})
    found = [replace(each, parameters=tuple(values[each.key].items())) for each in found]
    if stored := [f"{one.path.parent.name}/{one.path.name}" for one in found if one.stored]:
        said = f"Outputs stored in {', '.join(stored)} are left out. `make outputs` keeps them out"
        say("stored-outputs", f"{said} of commits.", "yellow")
    families = list(FAMILIES)
    return tuple(sorted(found, key=lambda n: (families.index(n.family), n.order, n.name)))


def examine(paths: Sequence[Path]) -> tuple[list[Notebook], list[Fault]]:
    """The notebooks without a fault, with the defaults of their parameters; and all faults."""
    read = [_read(path) for path in paths]
    found = [one for one in read if isinstance(one, Notebook)]
    faults = [fault for one in read if isinstance(one, list) for fault in one]
    return found, [*faults, *_same_files(found)]


def _read(path: Path) -> Notebook | list[Fault]:
    try:
        notebook = _as_stored(path)
    except NotebookError as error:
        return [Fault(path, "", str(error))]
    declared = read_declaration(path, notebook.metadata.get("ipats", {}))
    own, faults = _parameters(path, notebook)
    if not _FILE_NAME.fullmatch(path.stem):
        faults.append(Fault(path, "the file name", "may hold a-z, 0-9, _ and - only."))
    if isinstance(declared, list):
        return [*declared, *faults]
    faults += _page_marks(path, notebook, declared)
    return faults or _notebook(path, notebook, declared, own)


def _notebook(
    path: Path, notebook: Any, declared: Declaration, own: Mapping[str, Value]
) -> Notebook:
    questions = _questions(notebook)
    scopes = declared.scopes
    return Notebook(
        path=path,
        family=declared.family,
        name=path.stem,
        title=declared.title,
        order=declared.order,
        scopes=scopes,
        data=tuple(sorted(declared.data)),
        parts=tuple(
            Part(page.name, page.title, page.scopes or scopes, questions[page.name])
            for page in declared.pages
        ),
        downloads=tuple(one if isinstance(one, str) else one.name for one in declared.downloads),
        kept=tuple((*one,) for one in declared.downloads if not isinstance(one, str)),
        records=declared.records,
        index=declared.index,
        parameters=tuple(own.items()),
        question=questions.get("", ""),
        stored=_without_outputs(notebook),
    )


def _questions(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """What each page answers, by its name; blank for the first cell, which heads the notebook."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    named = {
        tag.removeprefix("page-"): _question(cell.source)
        for cell in cells
        for tag in cell.metadata.get("tags", [])
    }
    return {"": _question(cells[0].source)} | named if cells else {}


def _question(source: str) -> str:
    """The first sentence below a heading, without Markdown's marks."""
    head, _, text = source.strip().partition("\n\n")
    if not head.startswith("# "):
        return ""
    first = _SENTENCE.match(text.strip().partition("\n\n")[0])
    words = _LINKED.sub(r"\1", first[0]) if first else ""
    return " ".join(words.translate({ord(mark): None for mark in "*`"}).split())


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """A notebook file as nbformat 4 without outputs, for the kernel that every notebook has.

    Older formats are upgraded. What it says of its kernel is replaced: tools strip it, and a
    publication uses its own Python. NotebookError when it is no notebook, or of another language.
    """
    notebook = _as_stored(path)
    _without_outputs(notebook)
    return notebook


def _without_outputs(notebook: nbformat.NotebookNode) -> bool:
    """Take outputs and numbers of executions out; whether there were outputs."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    held = any(cell.outputs for cell in code)
    for cell in code:
        cell.update(outputs=[], execution_count=None)
    return held


def _as_stored(path: Path) -> nbformat.NotebookNode:
    if not path.is_file():
        raise NotebookError(f"{path} is not a file.")
    try:
        with warnings.catch_warnings(action="ignore"):  # of ids that are lacking, and are added
            read = nbformat.reader.reads(path.read_text(encoding="utf-8-sig"))
            notebook = nbformat.v4.upgrade(nbformat.convert(read, 4))
            language = _language(notebook.metadata)
            notebook.metadata["kernelspec"] = nbformat.from_dict(KERNELSPEC)
            nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        where = _place(list(error.absolute_path))
        raise NotebookError(f"{path}: {where} is not as nbformat's rules have it.") from None
    except Exception as error:  # nbformat raises its own, JSON's and OS errors alike
        raise NotebookError(f"{path} is not a notebook that nbformat can read.") from error
    if language.lower() not in ("", PYTHON):
        raise NotebookError(f"{path} is written in {language}: notebooks are published in Python.")
    return notebook


def _language(metadata: Any) -> str:
    """What a notebook says that it is written in; nothing where tools have stripped that."""
    kernel, info = (metadata.get(name) or {} for name in ("kernelspec", "language_info"))
    return str(kernel.get("language") or info.get("name") or "")


def _place(where: list[Any]) -> str:
    """Which part of a notebook a path in its JSON leads to."""
    match where:
        case ["cells", int(index)]:
            return f"cell {index + 1}"
        case ["cells", int(index), *_, last]:
            return f"`{last}` of cell {index + 1}"
        case [*_, last]:
            return f"`{last}`"
    return "the notebook"


def _same_files(found: Sequence[Notebook]) -> Iterator[Fault]:
    """Two notebooks must not write the same file into the folder of a scope."""
    taken: dict[tuple[str, str], Path] = {}
    for notebook in found:
        own = [(kind, name) for kind in notebook.scopes for name in notebook.files(kind)]
        for kind, name in own:
            other = taken.setdefault((kind, name), notebook.path)
            if other != notebook.path or own.count((kind, name)) > 1:
                yield Fault(notebook.path, name, f"is a file of {other} already.")
            if name in OF_EVERY_SCOPE:
                yield Fault(notebook.path, name, "is a file of every scope already.")


def _parameters(path: Path, notebook: Any) -> tuple[dict[str, Value], list[Fault]]:
    """The notebook's own parameters and their defaults; and the faults of their cell."""
    tagged = [
        (number, cell.source)
        for number, cell in enumerate(notebook.cells, start=1)
        if "parameters" in cell.metadata.get("tags", [])
    ]
    if len(tagged) != 1:
        cells = ", ".join(str(number) for number, _ in tagged) or "none"
        said = f"exactly one cell must be tagged `parameters`; tagged are: {cells}."
        return {}, [Fault(path, "the notebook:", said)]
    [(number, source)] = tagged
    own, faults = read_defaults(source)
    return own, [Fault(path, f"cell {number}", f"(parameters) {said}") for said in faults]


def _page_marks(path: Path, notebook: Any, declared: Declaration) -> Iterator[Fault]:
    """A page begins with its title, so at a markdown cell: from any other, what follows is lost."""
    marked = []
    for number, cell in enumerate(notebook.cells, start=1):
        for tag in cell.metadata.get("tags", []):
            if tag.startswith("page-"):
                marked.append(tag.removeprefix("page-"))
                if cell.cell_type != "markdown":
                    said = f"a {cell.cell_type} cell is tagged {tag}; tag the markdown cell that "
                    yield Fault(path, f"cell {number}:", f"{said}holds the page's title.")
    pages = [page.name for page in declared.pages]
    if marked != pages:
        said = f"names {', '.join(pages) or 'none'}, and the markdown cells tagged page-<name> are "
        yield Fault(path, "`pages`", f"{said}{', '.join(marked) or 'none'}.")
