"""What a page depends on, each part hashed by itself, so that a rebuild can say why.

A notebook depends on the modules that its cells import, and of `show`, which loads each name from
its own module when it is first used, on those of the names that it uses. What computes frames in
the publisher is no part of a key: the bytes of the declared frames are.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ipats_lib.durable import file_hash
from ipats_lib.params import params_folder
from ipats_lib.publishing.files import DOCS, GUIDE, TEMPLATES, notebook_files

_hash = cache(file_hash)  # of a module: once a process
LIBRARY = Path(__file__).resolve().parents[1]
REPORT = "ipats_lib.report"
SHOW = f"{REPORT}.show"
# Opens a report alone, on a whole snapshot: no published run does.
_NOT_PUBLISHED = frozenset({f"{REPORT}.alone"})
# With these code reaches what its text does not name.
_DYNAMIC = frozenset({"__import__", "eval", "exec", "globals", "import_module", "locals", "vars"})
# What every page goes through, beside what its notebook imports.
_ROOTS = (
    REPORT,
    "ipats_lib.publishing.execute",
    "ipats_lib.publishing.render",
    "ipats_lib.publishing.warm_server",  # what every notebook finds in its process
)


def hash_files(paths: Iterable[Path], base: Path) -> str:
    """One hash over names (relative to `base`) and contents."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(base).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def common_parts() -> dict[str, str]:
    """The parts that all pages share."""
    return {
        "packages": hashlib.sha256("\n".join(installed()).encode()).hexdigest(),
        "params": hash_files(_files(params_folder()) - _settings(), params_folder()),
        "template": hash_files([TEMPLATES / "page" / "body.html.j2"], TEMPLATES),
    }


def code_parts() -> dict[str, str]:
    """`common_parts` and all the code that any page can depend on: what a worker must share."""
    return {**common_parts(), "library": hash_files(library_files((*_ROOTS, *reports())), LIBRARY)}


def code_of(notebook: str) -> list[str]:
    """The text of each of a notebook's code cells."""
    cells = json.loads(notebook)["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]


def module_hashes(cells: Iterable[str]) -> dict[str, str]:
    """Hash of every module of the library that a notebook depends on, by name.

    cells: the text of its code cells. Every page depends on what makes and renders pages, too;
    one with a cell that is not Python (a shell's command) counts as importing every report.
    """
    asked = tuple(sorted({*_ROOTS, *(name for cell in cells for name in _cell_imports(cell))}))
    return {path.relative_to(LIBRARY).as_posix(): _hash(path) for path in library_files(asked)}


def _cell_imports(cell: str) -> tuple[str, ...]:
    """What a cell imports, also in the code that it hands to a magic."""
    # An unchanged publication reads no cell, and need not wait for IPython.
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        tree = ast.parse(TransformerManager().transform_cell(cell))
    except SyntaxError:
        return reports()
    inside = (name for text in _given_to_magics(tree) for name in _cell_imports(text))
    imported = _imported(tree)
    whole = {LIBRARY.name, REPORT} & {*_whole(tree)}  # then any name can follow
    return (*imported, *_shown(tree), *(reports() if whole else ()), *inside)


def _whole(tree: ast.AST) -> Iterator[str]:
    """The packages that code can reach every name of, as `import a.b` and `from a import *` do."""
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            parts = (alias.name.split(".") for alias in node.names)
            yield from (".".join(each[:n]) for each in parts for n in range(1, len(each) + 1))
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module if alias.name == "*" else f"{node.module}.{alias.name}"


def _shown(tree: ast.AST) -> Iterator[str]:
    """The modules of all that code uses as `show.<name>`.

    Every module of `show` where it is used in any other way, such as `getattr(show, name)`, under
    another name, or by code that is made while it runs.
    """
    nodes = [*ast.walk(tree)]
    taken = {id(n.value): n.attr for n in nodes if isinstance(n, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Name) and (node.id == "show" or node.id in _DYNAMIC):
            yield from _home(taken.get(id(node), "") if node.id == "show" else "")
        elif isinstance(node, ast.alias) and node.name in ("show", SHOW) and node.asname:
            yield from _home("")
        elif isinstance(node, ast.ImportFrom) and node.module == SHOW:
            yield from (home for alias in node.names for home in _home(alias.name))
        elif isinstance(node, ast.Attribute) and node.attr in ("show", "import_module"):
            yield from _home("")


def _home(name: str) -> list[str]:
    """The module that `show.<name>` is or comes from; all of `show` where there is no such name."""
    from ipats_lib.report.show import module_of

    every = [each for each in reports() if each.startswith(SHOW)]
    if f"{SHOW}.{name}" in every:
        return [f"{SHOW}.{name}"]
    try:
        return [module_of(name)]
    except AttributeError:
        return every


def _given_to_magics(tree: ast.AST) -> list[str]:
    """IPython writes a magic as a method of `get_ipython()` with the magic's name and text."""
    return [
        text.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(shell := call.func.value, ast.Call)
        and ast.unparse(shell) == "get_ipython()"
        for text in call.args
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    ]


def named(modules: Iterable[str]) -> Iterator[str]:
    """Modules that changed, as `--explain` names them: verbs by their own names."""
    verbs, others = "report/show/verbs/", []
    for module in sorted(modules):
        if module.startswith(verbs) and not module.endswith("__init__.py"):
            yield f"show.{module.removeprefix(verbs).removesuffix('.py')} changed"
        else:
            others.append(module)
    if others:
        yield f"library ({', '.join(others)})"


def hash_facts(facts: Mapping[str, object]) -> str:
    """One hash over facts by name, in any order."""
    return hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode()).hexdigest()


@cache
def reports() -> tuple[str, ...]:
    """Every module below `report`, whichever notebook uses it."""
    folder = LIBRARY / "report"
    files = (path.relative_to(LIBRARY.parent).with_suffix("") for path in folder.rglob("*.py"))
    return tuple(".".join(path.parts).removesuffix(".__init__") for path in files)


def installed() -> list[str]:
    """Python's version and name and version of every installed package, as pip left them."""
    kinds = ("*.dist-info", "*.egg-info")
    folders = [Path(place) for place in dict.fromkeys(sys.path) if Path(place).is_dir()]
    found = {path.name for folder in folders for kind in kinds for path in folder.glob(kind)}
    return [sys.version, *sorted(found)]


def publication_parts(notebooks: Path) -> dict[str, str]:
    """The parts that a whole publication depends on, beside its data."""
    return {
        **code_parts(),
        "notebooks": hash_files(notebook_files(notebooks), notebooks),
        "settings": hash_files(_settings(), params_folder()),
        "publishing": hash_files(
            {
                *_files(LIBRARY / "publishing"),
                *library_files(("ipats_lib.publishing.publication",)),
            },
            LIBRARY,
        ),
        "guide": hash_files(GUIDE, DOCS),
    }


def _settings() -> set[Path]:
    """Parameters of the publication itself: what a page takes from them has its own part."""
    files = (params_folder() / name for name in ("notebooks.csv", "redirects.csv"))
    return {path for path in files if path.is_file()}


def _files(folder: Path) -> set[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path for path in found if "__pycache__" not in path.parts}


@cache
def library_files(roots: tuple[str, ...]) -> frozenset[Path]:
    """The library's modules that the roots import, directly or not, and their packages' data."""
    found: set[Path] = set()
    open_ = [path for root in roots for path in _module_files(root)]
    while open_:
        path = open_.pop()
        if path not in found:
            found.add(path)
            if path.suffix == ".py":
                open_ += [p for name in _imports(path) for p in _module_files(name)]
    return frozenset(found)


@cache
def _imports(path: Path) -> tuple[str, ...]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = _imported(tree)
    uses_show = SHOW in names and path != LIBRARY / "report" / "__init__.py"
    return (*names, *_shown(tree)) if uses_show else names


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements of a module: most of a tree are expressions, which import nothing."""
    parts = ("body", "orelse", "finalbody", "handlers", "cases")
    open_ = [tree]
    while open_:
        yield (node := open_.pop())
        open_ += [inner for part in parts for inner in getattr(node, part, ())]


def _imported(tree: ast.AST) -> tuple[str, ...]:
    names: list[str] = []
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    ours = (name for name in names if name.split(".")[0] == LIBRARY.name)
    return tuple(name for name in ours if name not in _NOT_PUBLISHED)


@cache
def _module_files(name: str) -> list[Path]:
    """The files that an import of `name` takes: its packages' `__init__` and data, and itself."""
    parts = name.split(".")[1:]
    files = [LIBRARY.joinpath(*parts[:n], "__init__.py") for n in range(len(parts) + 1)]
    files += [table for init in files for table in init.parent.glob("*.csv")]
    files.append(LIBRARY.joinpath(*parts[:-1], f"{parts[-1]}.py") if parts else files[0])
    return [path for path in files if path.is_file()]


@dataclass(frozen=True, slots=True)
class Parts:
    """Hash per part of a page's input: notebook, library, params, template, packages, data/..."""

    hashes: Mapping[str, str]

    @property
    def key(self) -> str:
        return hash_facts(self.hashes)

    def changed_since(self, earlier: Mapping[str, str] | None) -> tuple[str, ...]:
        """The parts that differ from an earlier build's; ("new page",) when there was none."""
        if earlier is None:
            return ("new page",)
        names = sorted({*self.hashes, *earlier})
        return tuple(name for name in names if self.hashes.get(name) != earlier.get(name))
