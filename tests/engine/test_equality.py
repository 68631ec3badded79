"""A cell's outputs are those of papermill's ordinary kernel."""

# ruff: noqa: E501  (a cell is read best on one line)

from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from tests.engine.conftest import Elsewhere, code, run_despite_errors
from tests.engine.settled import fold_stream, strip_volatile

pytestmark = pytest.mark.xdist_group("engine")  # one warm process is enough

# The ordinary kernel reads file descriptors in a thread: cells that write there give it time.
STRESS = {
    "expression": "1 + 1",
    "semicolon": "1 + 1;",
    "nothing": "x = 3",
    "print": "print('a', 'b', sep='\\n')",
    "both streams": "import sys\nprint('out'); print('err', file=sys.stderr); print('out again')",
    "no newline": "sys.stdout.write('abc')",
    "explicit flush": "print('a', flush=True); print('b')",
    "slow output": "import time\nfor i in range(3): print(i); time.sleep(0.3)",
    "display": "from IPython.display import *\nprint('before'); display({'a': 1}); print('after'); 5",
    "html": "HTML('<b>bold</b>')",
    "mime bundle": "display({'text/plain': 'p', 'application/json': {'k': [1, None]}}, raw=True)",
    "metadata": "display(HTML('x'), metadata={'text/html': {'isolated': True}})",
    "mixed bundle": "display({'text/html': '<b>x</b>', 'application/json': '{}'}, raw=True)",
    "picture": "Image(data=bytes([137, 80, 78, 71, 13, 10, 26, 10]), format='png')",
    "markdown and maths": "display(Markdown('# h'), Latex('$x$'), SVG('<svg></svg>'))",
    "repr html": "class R:\n    def _repr_html_(self): return '<i>r</i>'\n    def __repr__(self): return 'r'\nR()",
    "repr fails": "class B:\n    def _repr_html_(self): raise ValueError('broken')\n    def __repr__(self): return 'B'\nB()",
    "display id": "handle = display('first', display_id='box'); print('then')",
    "update from a later cell": "print('x'); handle.update('second')",
    "update own": "h = display(1, display_id=True); h.update(2)",
    "clear": "print('gone'); clear_output(); print('stays')",
    "clear and wait": "print('gone'); clear_output(wait=True); print('stays')",
    "clear and wait for nothing": "print('stays'); clear_output(wait=True)",
    "frame": "import pandas as pd\nframe = pd.DataFrame({'a': range(3), 'b': list('xyz')})\nframe",
    "wide frame": "pd.DataFrame([range(40)])",
    "long frame": "pd.DataFrame({'a': range(100)})",
    "column limit": "pd.get_option('display.max_columns'), pd.get_option('display.width')",
    "series": "print(frame['a']); frame.describe()",
    "styler": "frame.style.format({'a': '{:.1f}'})",
    "chart": "import altair as alt, ipats_lib.report\nalt.Chart(frame).mark_bar().encode(x=alt.X('b:N'), y=alt.Y('a:Q'))",
    "layered chart with parameter": "c = alt.Chart(frame).mark_point().encode(x='b', y='a')\n(c + c.mark_line()).add_params(alt.selection_interval())",
    "two charts": "display(c); c",
    "warning": "import warnings\nwarnings.warn('careful')",
    "deprecation warning": "warnings.warn('old', DeprecationWarning)",
    "repeated warning": "for _ in range(2): warnings.warn('once')",
    "caught warning": "with warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always'); warnings.warn('w')\nlen(seen)",
    "warning filters": "[f[:1] + f[3:] for f in warnings.filters if f[2].__module__ == 'builtins']",
    "numpy warning": "import numpy as np\nnp.array([1.0]) / 0",
    "logging": "import logging\nlogging.warning('w'); logging.info('i'); logging.getLogger('a.b').error('e')",
    "time magics": "%timeit -n1 -r1 -q pass\nresult = %timeit -n1 -r1 -o -q pass\ntype(result).__name__",
    "capture": "%%capture captured\nprint('hidden'); display('hidden too'); 3",
    "captured": "captured.stdout, captured.stderr, len(captured.outputs)",
    "magic who": "%who_ls str",
    "bash": "%%bash\necho from bash; echo to stderr >&2",
    "bang": "!echo from bang",
    "bang value": "lines = !printf 'a\\nb\\n'\nlines",
    "writefile": "%%script cat\nhello",
    "unknown magic": "%no_such_magic",
    "help": "len?",
    "history names": "_, __, In[1], type(Out).__name__",
    "last result": "40 + 2",
    "underscore": "_ + 1",
    "await": "import asyncio\nawait asyncio.sleep(0.01)\nprint('awaited')\n7",
    "await fails": "async def broken():\n    await asyncio.sleep(0)\n    raise KeyError('k')\nawait broken()",
    "running loop": "asyncio.get_running_loop().is_running()",
    "nested run": "try: asyncio.run(pause := asyncio.sleep(0))\nfinally: pause.close()",
    "task": "async def later():\n    await asyncio.sleep(0.01)\n    return 'done'\ntask = asyncio.create_task(later())",
    "await task": "await task",
    "async for": "async def gen():\n    for i in range(2): yield i\nasync for i in gen(): print(i)",
    "thread": "import threading\nt = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
    "os.system": "import os\nprint('before'); code = os.system('echo direct; echo direct err >&2'); time.sleep(0.1); print('after')",
    "subprocess": "import subprocess\nsubprocess.run(['echo', 'inherited']); time.sleep(0.1); subprocess.run(['echo', 'x'], capture_output=True).stdout",
    "stdout passed on": "subprocess.run(['echo', 'nowhere'], stdout=sys.stdout).returncode",
    "descriptor": "os.write(1, 'grüße\\n'.encode()); os.write(2, b'two\\n'); time.sleep(0.1)",
    "much direct output": "status = os.system('seq 1 30000'); time.sleep(0.3)",
    "original stdout": "print('original', file=sys.__stdout__, flush=True); time.sleep(0.1)",
    "input": "input('name?')",
    "password": "import getpass\ngetpass.getpass()",
    "stdin": "sys.stdin.read()",
    "is a terminal": "sys.stdout.isatty(), sys.stderr.isatty(), sys.stdout.encoding",
    "division": "1 / 0",
    "nested traceback": "def inner(n):\n    return 1 / n\ndef outer():\n    # a comment\n    value = 0\n    return inner(value)\nouter()",
    "chained": "try:\n    outer()\nexcept ZeroDivisionError as error:\n    raise ValueError('chained') from error",
    "library traceback": "frame['missing']",
    "json traceback": "import json\njson.loads('{')",
    "syntax error": "def (",
    "indentation error": "if True:\nprint(1)",
    "name error": "undefined_name",
    "assert": "assert x == 4, 'x is not 4'",
    "exception group": "raise ExceptionGroup('several', [ValueError(1), TypeError('t')])",
    "custom error": "class Own(Exception):\n    def __str__(self): return 'own text'\nraise Own()",
    "error after output": "print('shown'); display('d'); raise RuntimeError('late')",
    "exit code": "raise SystemExit(3)",
    "interrupt": "raise KeyboardInterrupt",
    "recursion": "def deep(): return deep()\ntry: deep()\nexcept RecursionError as e: print(type(e).__name__)",
    "module": "__name__, sys.modules['__main__'].__dict__ is globals()",
    "class module": "class Here: pass\nHere.__module__, repr(Here)",
    "source": "import inspect\nprint(inspect.getsource(inner))",
    "pickle": "import pickle\npickle.loads(pickle.dumps(Own))",
    "shell": "type(get_ipython()).__name__, hasattr(get_ipython(), 'kernel'), get_ipython().execution_count",
    "environment": "[os.environ.get(n) for n in ('TERM', 'PAGER', 'FORCE_COLOR', 'MPLBACKEND')]",
    "import from here": "place = sys.path.index('')\nsys.path[place + 1].endswith('site-packages')",
    "unicode": "print('äöü €', '\\N{SNOWMAN}')\n'\\x1b[31mred\\x1b[0m'",
    "carriage return": "print('10%\\r20%\\r30%')",
    "set": "{'b', 'a'}, {1: [2, (3,)]}, float('nan'), 1e100",
    "json with nan": "display({'application/json': {'v': 1.5}}, raw=True)",
    "multiprocessing": "import multiprocessing as mp\nctx = mp.get_context('fork')\np = ctx.Process(target=print, args=('from a child',)); p.start(); p.join()\np.exitcode",
    "pool": "from concurrent.futures import ProcessPoolExecutor\nwith ProcessPoolExecutor(2, mp_context=ctx) as pool: print(list(pool.map(abs, [-1, -2])))",
    "widget with buffers": "from comm import create_comm\nwidget = create_comm(comm_id='box', target_name='jupyter.widget', data={'state': {'_model_name': 'N', '_model_module': 'm', '_model_module_version': '1'}, 'buffer_paths': [['first'], ['second', 0]]}, buffers=[b'\\x00ab', memoryview(bytes(range(256)))])",
    "widget from a later cell": "widget.send({'method': 'update', 'state': {'v': 1}, 'buffer_paths': [['first']]}, buffers=[b'anew'])",
    "breakpoint": "breakpoint()\nprint('went on')",
    "breakpoint with arguments": "breakpoint(1)",
    "tqdm": "from tqdm import tqdm\nfor _ in tqdm(range(2), bar_format='{n}/{total}', mininterval=0): pass",
    "last": "print('end')",
}

# Cells that differ in a fork, and why; decision 0005 lists the same.
DIFFERENT = {
    "input": "`input()` finds the end of standard input, and no kernel that refuses the question",
    "password": "`getpass()` as well",
    "stdout passed on": "a subprocess that is given `sys.stdout` writes to the notebook",
    "breakpoint with arguments": "`breakpoint()` does nothing, whatever it is given",
}


def stress_cells() -> list[NotebookNode]:
    cells = [code(source, "raises-exception") for source in STRESS.values()]
    return [nbformat.v4.new_markdown_cell("# Stress", metadata={"tags": []}), *cells]


def comparable(done: NotebookNode) -> NotebookNode:
    """Settle what may differ, and merge what the ordinary kernel's clock has cut up."""
    settled = strip_volatile(done)
    for cell in settled.cells:
        if "outputs" in cell:
            cell.outputs = _folded(cell.outputs)
    return settled


def _folded(outputs: list[NotebookNode]) -> list[NotebookNode]:
    folded: list[NotebookNode] = []
    for output in outputs:
        folded.append(output)
        if output.output_type == "stream":
            fold_stream(folded)
    return folded


@pytest.fixture(scope="module")
def ordinary() -> NotebookNode:
    """The stress notebook run by papermill's own engine."""
    return comparable(run_despite_errors(*stress_cells(), engine=None))


def test_fork_equals_the_ordinary_kernel(
    forks: None, ordinary: NotebookNode, elsewhere: Elsewhere
) -> None:
    done = comparable(elsewhere(run_despite_errors, *stress_cells()))
    different = unequal_cells(ordinary, done)
    assert {name: cells for name, cells in different.items() if name not in DIFFERENT} == {}
    assert set(different) == set(DIFFERENT)
    widgets = {"widgets": ordinary.metadata["widgets"]}  # their messages lead nowhere in a fork
    assert {**done.metadata, **widgets} == ordinary.metadata


def test_fallback_equals_the_ordinary_kernel(
    ordinary: NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPATS_ENGINE", "kernel")
    done = comparable(run_despite_errors(*stress_cells()))
    assert unequal_cells(ordinary, done) == {}
    assert done.metadata == ordinary.metadata


def unequal_cells(theirs: NotebookNode, ours: NotebookNode) -> dict[str, Any]:
    pairs = zip(STRESS, _code_cells(theirs), _code_cells(ours), strict=False)
    return {name: (their, our) for name, their, our in pairs if their != our}


def _code_cells(done: NotebookNode) -> list[dict[str, Any]]:
    return [
        {"count": cell.execution_count, "outputs": cell.outputs}
        for cell in done.cells
        if cell.cell_type == "code"
    ]


def refusal(*cells: str, **options: Any) -> str:
    try:
        run_despite_errors(*cells, **options)
    except Exception as error:
        return type(error).__name__
    return ""


@pytest.mark.parametrize("data", ["{'text/plain': 5}", "{'text/html': ['a', 5]}"])
def test_what_the_format_refuses_is_refused_by_both(data: str, elsewhere: Elsewhere) -> None:
    cell = f"display({data}, raw=True)"
    theirs = refusal(cell, engine=None)
    assert theirs == elsewhere(refusal, cell) != ""


TIMES = ("start_time", "end_time", "duration")


def written_by_papermill(done: NotebookNode) -> list[dict[str, Any]]:
    """papermill's metadata of the notebook and of each cell; of a time, that it is one."""
    every = [done.metadata["papermill"], *(cell.metadata["papermill"] for cell in done.cells)]
    return [{name: name in TIMES or value for name, value in one.items()} for one in every]


def test_papermill_writes_the_same_metadata(elsewhere: Elsewhere) -> None:
    cells = ["x = 1", code("1 / 0", "raises-exception"), nbformat.v4.new_markdown_cell("# h"), ""]
    theirs = run_despite_errors(*cells, engine=None)
    ours = elsewhere(run_despite_errors, *cells)
    assert written_by_papermill(ours) == written_by_papermill(theirs)
    assert {"exception", "duration"} <= set(ours.cells[0].metadata["papermill"])
