"""What a page depends on, each part hashed by itself, so that a rebuild can say why."""

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ipats_lib.params import params_folder
from ipats_lib.publishing.files import TEMPLATES

LIBRARY = Path(__file__).resolve().parents[1]
# Packages whose version can change what a page says or looks like.
PACKAGES = ("altair", "jinja2", "nbconvert", "numpy", "pandas", "papermill", "pyarrow")
_ROOTS = ("ipats_lib.report", "ipats_lib.publishing.execute", "ipats_lib.publishing.render")


def hash_files(paths: Iterable[Path], base: Path) -> str:
    """One hash over names (relative to `base`) and contents."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(base).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def common_parts() -> dict[str, str]:
    """The parts that all pages share."""
    versions = " ".join(f"{name}={version(name)}" for name in PACKAGES)
    return {
        "library": hash_files(library_files(_ROOTS), LIBRARY),
        "packages": hashlib.sha256(versions.encode()).hexdigest(),
        "params": hash_files(_files(params_folder()), params_folder()),
        "template": hash_files([TEMPLATES / "page" / "body.html.j2"], TEMPLATES),
    }


def inputs_hash(facts: Mapping[str, object], notebooks: Path) -> str:
    """One hash over everything that a whole publication depends on."""
    whole = {
        **common_parts(),
        "facts": dict(facts),
        "notebooks": hash_files(notebooks.glob("*/*.ipynb"), notebooks),
        "publishing": hash_files(_files(LIBRARY / "publishing"), LIBRARY),
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _files(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if "__pycache__" not in path.parts]


@cache
def library_files(roots: tuple[str, ...]) -> frozenset[Path]:
    """The library's own modules that the roots import, directly or not."""
    found: set[Path] = set()
    open_ = [path for root in roots for path in _module_files(root)]
    while open_:
        path = open_.pop()
        if path not in found:
            found.add(path)
            open_ += [p for name in _imports(path) for p in _module_files(name)]
    return frozenset(found)


@cache
def _imports(path: Path) -> tuple[str, ...]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.split(".")[0] == LIBRARY.name)


def _module_files(name: str) -> list[Path]:
    """The files that an import of `name` runs: its packages' `__init__` and itself."""
    parts = name.split(".")[1:]
    files = [LIBRARY.joinpath(*parts[:n], "__init__.py") for n in range(len(parts) + 1)]
    files.append(LIBRARY.joinpath(*parts[:-1], f"{parts[-1]}.py") if parts else files[0])
    return [path for path in files if path.is_file()]
