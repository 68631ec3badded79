"""The engine uses public names alone, of whatever is not its own.

Source: issue "The notebook is the report": a plain engine on public names only.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT

PUBLISHING = ROOT / "ipats_lib" / "publishing"
FILES = (*sorted((PUBLISHING / "engine").glob("*.py")), PUBLISHING / "warm_server.py")
TREES = {path: ast.parse(path.read_text()) for path in FILES}
# Underscored names that the documentation of Python describes.
DOCUMENTED = {
    "os._exit", "sys.__stdin__", "sys.__stdout__", "sys.__stderr__", "super().__init__",
    "[__main__]",
}  # fmt: skip
BY_STRING = {"getattr", "setattr", "delattr", "hasattr", "import_module", "__import__",
             "attrgetter", "methodcaller"}  # fmt: skip


def private(name: str) -> bool:
    return any(part.startswith("_") for part in name.split("."))


def short(node: ast.expr) -> str:
    """A name as it is written, without what a call is given."""
    if isinstance(node, ast.Attribute):
        return f"{short(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{short(node.func)}()"
    return node.id if isinstance(node, ast.Name) else ast.unparse(node)


def underscored(tree: ast.AST) -> Iterator[str]:
    """Attributes, imports, names given as strings, and methods that replace another's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            yield short(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            names = [f"{module}.{alias.name}".strip(".") for alias in node.names]
            yield from filter(private, names)
        elif isinstance(node, ast.Call) and short(node.func).rpartition(".")[2] in BY_STRING:
            texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
            yield from (t for t in texts if isinstance(t, str) and private(t))
        elif isinstance(node, ast.ClassDef):
            for each in node.body:
                name = getattr(each, "name", "")
                if name.startswith("_") and not name.endswith("__"):
                    yield f"{node.name}.{name}"
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            key = node.slice.value  # vars(module)["_name"], sys.modules["package._module"]
            if isinstance(key, str) and private(key):
                yield f"[{key}]"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_private_name_is_used(path):
    assert set(underscored(TREES[path])) - DOCUMENTED == set()


def test_every_exception_is_needed():
    used = {name for tree in TREES.values() for name in underscored(tree)}
    assert used == DOCUMENTED


@pytest.mark.parametrize("code", [
    "shell._showtraceback()", "atexit._clear()", "getattr(signal, '_x')", "x = a.b._c.d",
    "from IPython.core import _private", "import a._b", "setattr(o, '_y', 1)",
    "import_module('narwhals._pandas_like')", "vars(m)['_z']", "self._hidden = 1",
    "class Shell(Base):\n    def _showtraceback(self): pass",
])  # fmt: skip
def test_each_way_to_a_private_name_is_found(code):
    assert list(underscored(ast.parse(code)))


def test_the_engine_stays_small():
    """All that serves to run notebooks, what is done before the fork included: 599 lines and a
    rehearsal of 119, which was not counted here, before cells were sent with their numbers.

    Not counted: `publishing/warm.py`, as what renders pages is forked from the warm server too.
    """
    assert sum(len(path.read_text().splitlines()) for path in FILES) <= 677
    assert len(FILES) == 5  # the engine's four, and what is imported before the fork
