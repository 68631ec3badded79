"""Imported once, by the server process that notebooks and local workers are forked from.

It imports what they import, with pools of one thread, compiles the templates and does once what
every notebook would do again: reads `params/`, imports the reports, shows made-up rows. It never
holds a scope's data.
"""

import builtins
import gc
import os
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from types import SimpleNamespace

for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
    os.environ.setdefault(f"{name}_NUM_THREADS", "1")
# pandas chooses the width of its tables when first imported, by asking where it is.
builtins.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
# What notebooks import, and what these import when first used: by a shell, a table, a traceback.
for name in (
    *("numpy", "pandas", "pandas.io.formats.html", "pyarrow.parquet", "pyarrow.pandas_compat"),
    *("altair", "ipykernel.ipkernel", "IPython.core.completerlib", "IPython.core.crashhandler"),
    *("IPython.core.application", "IPython.core.logger", "IPython.core.magics.ast_mod"),
    *("IPython.core.magics.execution", "IPython.core.oinspect", "IPython.utils.wildcard"),
    *("stack_data", "pygments.lexers.python", "pygments.formatters.terminal256"),
):
    import_module(name)
del builtins.get_ipython  # type: ignore[attr-defined]
sys.modules["pyarrow"].set_cpu_count(1)

from ipats_lib import report  # noqa: E402  # after pandas has asked where it is
from ipats_lib.errors import ParamsError  # noqa: E402

with warnings.catch_warnings():  # nbconvert's filters are no notebook's
    from ipats_lib.publishing import execute

for module in iter_modules(report.__path__, "ipats_lib.report."):
    import_module(module.name)
ours = [module for name, module in sys.modules.items() if name.startswith("ipats_lib.")]
for name, loader in [each for module in ours for each in vars(module).items()]:
    if name.startswith("load_") and hasattr(loader, "cache_info"):
        with suppress(ParamsError, TypeError):  # a notebook says what is wrong; or asks for one
            loader()
execute.render_nothing()
import_module("ipats_lib.report.show.rehearsal").rehearse()
gc.collect()
gc.freeze()  # no worker looks through these again, or copies their pages by doing so
