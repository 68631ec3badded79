"""A cell of plain Python runs as one that its notebook's shell transforms itself.

Source: docs/decisions/0005-a-warm-engine-of-our-own.md, "Plain Python".
"""

import nbformat
import pytest
from nbformat import NotebookNode

from ipats_lib.publishing.engine.forked import hashed
from tests.engine.conftest import Elsewhere, code, run_despite_errors
from tests.engine.test_equality import comparable

pytestmark = pytest.mark.xdist_group("engine")

# Each has two lines or more: a line alone may be a command. By what a cell registers or sets, the
# cells after it are read in another way than by a new shell.
CELLS = {
    "value": "x = 1\nx + 1",
    "no value": "x = 1\ny = x",
    "semicolon": "x\nx + 1;",
    "semicolon and comment": "x\nx + 1;  # shown to nobody",
    "semicolon before a comment": "x\nx + 1;\n# shown to nobody\n",
    "semicolon in a text": "x\n';'",
    "semicolon in a comment": "x\nx + 1  # ;",
    "several values": "x\ny\n(x,\n y)",
    "function": "def of(n):\n    # a comment\n    return 1 / n\nof(1)",
    "traceback": "x = 0\n\nof(\n    x)",
    "traceback of an earlier cell's function": "print('before')\nof(0)\nprint('after')",
    "traceback of the last value": "x = 0\n1 / x",
    "source": "import inspect\nprint(inspect.getsource(of))",
    "name": "import warnings\nwarnings.warn('careful')\nof.__code__.co_filename[:5]",
    "syntax warning": "x = 1\nx is 1",
    "escape": "x = 1\nlen('\\d')",
    "syntax error": "x = 1\nx = = 2",
    "return": "x = 1\nreturn x",
    "comments": "# one\n# two",
    "empty lines": "\n\nx\n",
    "indented": "    x = 3\n    x",
    "prompt": ">>> x = 4\n>>> x",
    "await": "import asyncio\nawait asyncio.sleep(0)\nx",
    "await fails": "async def broken():\n    raise KeyError('k')\nawait broken()",
    "magic": "%precision 2\nx / 3",
    "cell magic": "%%capture said\nprint('hidden')\nx",
    "captured": "print(said.stdout)\nx",
    "again": "print('x')\nget_ipython().run_cell(In[1])\nNone",
    "history": "print(In[1])\nOut[1]",
    "class": "class Here:\n    n = 1\nHere.__module__, Here.__qualname__",
    "all values": "get_ipython().ast_node_interactivity = 'all'\nx",
    "all are shown": "x\nx + 1\nx + 2",
    "assignments": "get_ipython().ast_node_interactivity = 'last_expr_or_assign'\nx",
    "assignment is shown": "x\nz = 5",
    "usual values": "get_ipython().ast_node_interactivity = 'last_expr'\nx",
    "tree": (
        "import ast\nclass Seven(ast.NodeTransformer):\n    def visit_Constant(self, node):\n"
        "        return ast.Constant(7)\nget_ipython().ast_transformers.append(Seven())"
    ),
    "other tree": "x = 1\nx",
    "usual tree": "get_ipython().ast_transformers.clear()\nx",
    "lines": (
        "def louder(lines):\n    return [line.replace('quiet', 'LOUD') for line in lines]\n"
        "get_ipython().input_transformers_cleanup.append(louder)"
    ),
    "other lines": "print('quiet')\nx",
    "usual lines": "get_ipython().input_transformers_cleanup.remove(louder)\nx",
    "later lines": "get_ipython().input_transformers_post.append(louder)\nx",
    "other lines later": "print('quiet')\nx",
    "usual lines later": "get_ipython().input_transformers_post.clear()\nx",
    "before a cell": (
        "def before(info):\n    print('before', info.raw_cell)\n"
        "    get_ipython().ast_transformers[:] = [Seven()]\n"
        "get_ipython().events.register('pre_run_cell', before)"
    ),
    "after its event": "x = 1\nx",
    "usual events": (
        "get_ipython().events.unregister('pre_run_cell', before)\n"
        "get_ipython().ast_transformers.clear()"
    ),
    "no await": "%autoawait False\nx",
    "awaits nothing": "x\nawait asyncio.sleep(0)",
    "future": "from __future__ import annotations\nx = 1",
    "since": "def noted(a: undefined): pass\nnoted.__annotations__",
    "last": "x = 8\nx",
}  # fmt: skip

# A kernel compiles a cell first to see whether it awaits, and warns of "<>" and not of the cell.
DIFFERENT = {"syntax warning"}


def cells() -> list[NotebookNode]:
    return [code(source, "raises-exception") for source in CELLS.values()]


def outputs(done: NotebookNode) -> dict[str, object]:
    found = [(cell.execution_count, cell.outputs) for cell in comparable(done).cells]
    return dict(zip(CELLS, found, strict=True))


def test_each_cell_gives_what_it_gives_in_a_kernel(forks: None, elsewhere: Elsewhere) -> None:
    done = elsewhere(run_despite_errors, *cells())
    ours, theirs = outputs(done), outputs(run_despite_errors(*cells(), engine=None))
    assert {name for name in CELLS if ours[name] != theirs[name]} == DIFFERENT
    nbformat.validate(done)


TRANSFORMED = {
    "empty lines", "indented", "prompt", "magic", "cell magic", "no await",
    "semicolon before a comment",
}  # fmt: skip


def test_python_of_several_lines_is_not_transformed_again() -> None:
    assert {name for name, source in CELLS.items() if not hashed(source)} == TRANSFORMED
    assert not any(map(hashed, ("", "x", "exit", "len?", "!ls", "await x")))
