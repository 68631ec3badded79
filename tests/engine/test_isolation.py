"""Nothing leaks from one run to the next, nor into the process that starts them."""

import builtins
import os
import random
import signal
import sys
import threading
import warnings
from importlib import import_module
from typing import Any

import pytest

from tests.engine.conftest import Elsewhere, Run, code, run_cells, text_of

pytestmark = pytest.mark.xdist_group("engine")

# What one run does, how the next one looks for it, and what it must find.
LEAKS = {
    "variable": ("leak = 1", "'leak' in globals()", "False"),
    "module": ("import this", "import sys; 'this' in sys.modules", "False"),
    "module state": (
        "import string; string.leak = 1",
        "import string; hasattr(string, 'leak')",
        "False",
    ),
    "builtin": ("import builtins; builtins.oct = lambda _: 'leak'", "oct(8)", "'0o10'"),
    "environment": (
        "import os; os.environ['LEAK'] = '1'",
        "import os; 'LEAK' in os.environ",
        "False",
    ),
    "environment taken": (
        "import os; del os.environ['PATH']",
        "import os; 'PATH' in os.environ",
        "True",
    ),
    "directory": ("import os; os.chdir('/')", "import os; os.getcwd() == '/'", "False"),
    "umask": ("import os; _ = os.umask(0o777)", "import os; os.umask(0) == 0o777", "False"),
    "import path": (
        "import sys; sys.path.append('/leak')",
        "import sys; '/leak' in sys.path",
        "False",
    ),
    "pandas": (
        "import pandas; pandas.set_option('display.max_rows', 3)",
        "import pandas; pandas.get_option('display.max_rows')",
        "60",
    ),
    "altair theme": (
        "import altair; altair.theme.enable('dark')",
        "import altair, ipats_lib.report; altair.theme.active",
        "'ipats'",
    ),
    "altair rows": (
        "import altair; altair.data_transformers.disable_max_rows()",
        "import altair; altair.data_transformers.options",
        "{}",
    ),
    "altair renderer": (
        "import altair; altair.renderers.enable('json')",
        "import altair, ipats_lib.report; altair.renderers.active",
        "'ipats'",
    ),
    "warnings": (
        "import warnings; warnings.simplefilter('error')",
        "import warnings; warnings.warn('w'); 'only a warning'",
        "UserWarning: w",
    ),
    "random": (
        "import random; random.seed(1)",
        "import random; random.random() == random.Random(1).random()",
        "False",
    ),
    "numpy random": (
        "import numpy; numpy.random.seed(1)",
        "import numpy; numpy.random.rand() == numpy.random.RandomState(1).rand()",
        "False",
    ),
    "numpy errors": (
        "import numpy; numpy.seterr(all='raise');",
        "import numpy; numpy.geterr()['divide']",
        "'warn'",
    ),
    "signal": (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);",
        "import signal; signal.getsignal(signal.SIGTERM) == signal.SIG_IGN",
        "False",
    ),
    "logging": (
        "import logging; logging.basicConfig(level=0); logging.disable(50)",
        "import logging; logging.root.handlers, logging.root.manager.disable",
        "([], 0)",
    ),
    "decimal": (
        "import decimal; decimal.getcontext().prec = 3",
        "import decimal; decimal.getcontext().prec",
        "28",
    ),
    "locale": (
        "import locale; _ = locale.setlocale(locale.LC_ALL, 'C.UTF-8')",
        "import locale; locale.setlocale(locale.LC_NUMERIC)",
        "'C'",
    ),
    "recursion limit": (
        "import sys; sys.setrecursionlimit(5000)",
        "import sys; sys.getrecursionlimit()",
        "1000",
    ),
    "standard streams": (
        "import sys, io; sys.stdout = io.StringIO()",
        "print('heard')",
        "heard",
    ),
    "trace": ("import sys; sys.settrace(lambda *_: None)", "import sys; sys.gettrace()", ""),
    "exit function": ("import atexit; atexit.register(print, 'bye');", "print('here')", "here"),
    "shell": ("get_ipython().execution_count = 50", "get_ipython().execution_count", "2"),
    "magic": (
        "%alias_magic leak time",
        "'leak' in get_ipython().magics_manager.lsmagic()['line']",
        "False",
    ),
    "data frame": (
        "import pandas; pandas.DataFrame.__repr__ = lambda _: 'leak'",
        "import pandas; repr(pandas.DataFrame({'a': [1]})) == 'leak'",
        "False",
    ),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_the_next_run_does_not_see_it(leak: str, run_here: Run) -> None:
    deed, question, answer = LEAKS[leak]
    run_here(code(deed))
    assert answer in text_of(run_here(question).cells[0])


def test_nor_does_it_in_ordinary_kernels(run_in_kernel: Run) -> None:
    run_in_kernel("leak = 1\nimport os; os.environ['LEAK'] = '1'")
    seen = run_in_kernel("'leak' in globals(), 'LEAK' in os.environ if 'os' in globals() else None")
    assert text_of(seen.cells[0]) == "(False, None)"


def state() -> dict[str, Any]:
    """Return what a run could have changed in the process that started it."""
    for library in ("numpy", "pandas", "altair"):
        import_module(library)
    return {
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "import path": list(sys.path),
        "main": sys.modules["__main__"].__name__ + str(id(sys.modules["__main__"])),
        "builtins": sorted(vars(builtins)),
        "builtin": oct(8),
        "filters": list(warnings.filters),
        "random": random.getstate(),
        "numpy random": sys.modules["numpy"].random.get_state()[2],
        "streams": (id(sys.stdout), id(sys.stderr), id(sys.displayhook), id(sys.excepthook)),
        "rows": sys.modules["pandas"].get_option("display.max_rows"),
        "theme": sys.modules["altair"].theme.active,
        "threads": threading.active_count(),
        "descriptors": sorted(os.listdir("/proc/self/fd")),
    }


def states_around_all_deeds() -> tuple[dict[str, Any], dict[str, Any]]:
    run_cells("1")  # the first kernel of a process opens what it then keeps
    before = state()
    for deed, _, _ in LEAKS.values():
        run_cells(deed)
    return before, state()


def test_the_warm_process_stays_as_it_was(elsewhere: Elsewhere) -> None:
    before, after = elsewhere(states_around_all_deeds)
    assert after == before


def run_in_another_folder(folder: str) -> str:
    here = os.getcwd()
    os.chdir(folder)
    try:
        return text_of(run_cells("print(get_ipython().starting_dir, *_dh)").cells[0])
    finally:
        os.chdir(here)


def test_a_notebook_begins_where_its_caller_is(elsewhere: Elsewhere, tmp_path: Any) -> None:
    there = str(tmp_path)
    assert elsewhere(run_in_another_folder, there) == f"{there} {there}\n"


def run_with_another_home() -> str:
    """What a notebook finds in an environment that was another when its process got warm."""
    before, os.environ["HOME"] = os.environ["HOME"], "/elsewhere"
    try:
        return text_of(run_cells("import os\nprint(os.environ['HOME'])").cells[0])
    finally:
        os.environ["HOME"] = before


def test_a_notebook_has_its_callers_environment(elsewhere: Elsewhere) -> None:
    assert elsewhere(run_with_another_home) == "/elsewhere\n"


PEEK = """
import os
def peek(number):
    try:
        os.set_blocking(number, False)
        return os.read(number, 100)
    except OSError:
        return b''
[peek(int(n)) for n in sorted(os.listdir('/proc/self/fd'), key=int) if int(n) > 2]
"""


def run_beside_open_files(folder: str) -> str:
    """What a notebook reads from whatever it finds open, while its caller holds three secrets."""
    reading, writing = os.pipe()
    os.write(writing, b"SECRET of a pipe")
    path = os.path.join(folder, "open")
    with open(path, "w+") as file:
        file.write("SECRET of a file")
        file.flush()
        file.seek(0)
        done = run_cells(PEEK)
        left = os.read(reading, 100)
    os.close(reading)
    os.close(writing)
    return text_of(done.cells[0]) + f" left {left!r}"


def test_a_notebook_reads_nothing_that_its_caller_has_open(
    elsewhere: Elsewhere, tmp_path: Any
) -> None:
    """A worker's pipe holds the next job: another scope's records."""
    seen, left = elsewhere(run_beside_open_files, str(tmp_path)).split(" left ")
    assert "SECRET" not in seen
    assert left == "b'SECRET of a pipe'"


def test_a_notebook_may_use_processes_of_its_own(run_here: Run) -> None:
    done = run_here(
        "from concurrent.futures import ProcessPoolExecutor as Pool\n"
        "from multiprocessing import get_context\n"
        "[list(Pool(1, mp_context=get_context(way)).map(abs, [-1]))\n"
        " for way in ('fork', 'spawn', 'forkserver')]"
    )
    assert text_of(done.cells[0]) == "[[1], [1], [1]]"


def run_in_a_disturbed_process() -> list[str]:
    """Set up what a caller may have set up, and report what a notebook sees of it."""
    import logging
    from unittest.mock import patch

    logging.basicConfig(format="from the caller: %(message)s")
    signal.signal(signal.SIGINT, lambda *_: None)  # as a worker does
    numpy: Any = sys.modules["numpy"]
    numpy.random.seed(1)
    with (
        warnings.catch_warnings(record=True),
        patch("sys.argv", ["caller", "--callers-option"]),
    ):
        warnings.simplefilter("error")
        done = run_cells(
            "import warnings; warnings.warn('heard')",
            "import logging; logging.warning('plain')",
            "import sys; '--callers-option' in sys.argv",
            "import multiprocessing as m; m.current_process().name, m.active_children()",
            "import signal; signal.getsignal(signal.SIGINT) is signal.default_int_handler",
            "import numpy; numpy.random.rand() == numpy.random.RandomState(1).rand()",
        )
    logging.root.handlers.clear()
    return [text_of(cell) for cell in done.cells]


def test_a_notebook_does_not_see_the_callers_settings(elsewhere: Elsewhere) -> None:
    heard, *rest = elsewhere(run_in_a_disturbed_process)
    assert "UserWarning: heard" in heard
    assert rest == ["WARNING:root:plain\n", "False", "('MainProcess', [])", "True", "False"]


def test_exit_functions_run_at_the_end_of_the_notebook(run: Run, tmp_path: Any) -> None:
    mark = tmp_path / "mark"
    run(f"import atexit, pathlib; atexit.register(pathlib.Path({str(mark)!r}).touch);")
    assert mark.exists()


def test_exit_functions_of_the_caller_do_not(elsewhere: Elsewhere, tmp_path: Any) -> None:
    assert elsewhere(folder_survives_a_run) is True


def folder_survives_a_run() -> bool:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        run_cells("1")
        return os.path.isdir(folder)
