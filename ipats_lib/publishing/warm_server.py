"""Imported once, by the server process that notebooks and local workers are forked from.

It imports what they import, with pools of one thread, compiles the templates and shows made-up
rows, as every notebook would do again. It never holds a scope's data.
"""

import builtins
import gc
import os
import sys
import warnings
from importlib import import_module
from types import SimpleNamespace

for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
    os.environ.setdefault(f"{name}_NUM_THREADS", "1")
# pandas chooses the width of its tables when first imported, by asking where it is.
builtins.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
# What notebooks import, and what a table and a shell import when first used.
for name in (
    *("pandas", "pandas.io.formats.html", "pyarrow.pandas_compat", "altair", "bdb"),
    *("IPython.core.completerlib", "IPython.core.logger", "IPython.core.oinspect"),
    *("IPython.utils.wildcard", "ipats_lib.report.report"),
):
    import_module(name)
del builtins.get_ipython  # type: ignore[attr-defined]
sys.modules["pyarrow"].set_cpu_count(1)

with warnings.catch_warnings():  # nbconvert's filters are no notebook's
    from ipats_lib.publishing import execute

execute.render_nothing()
import_module("ipats_lib.report.show.rehearsal").rehearse()  # no page depends on all that it shows
gc.collect()
gc.freeze()  # no worker looks through these again, or copies their pages by doing so
