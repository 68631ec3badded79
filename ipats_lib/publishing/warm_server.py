"""Imported once, by the server process that every local worker is forked from.

It warms the engine, compiles the templates and does once what every notebook would do again: reads
`params/`, imports the reports, draws a first chart. It never holds a scope's data.
"""

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from inspect import Parameter, signature
from pkgutil import iter_modules

from ipats_lib.publishing.engine import warm_up
from ipats_lib.publishing.engine.process import die_with_parent

# Set while a publisher starts its server, and never seen by a notebook. Workers ask for SERVER.
SERVER = os.getpid() if (publisher := os.environ.pop("IPATS_PUBLISHER", "")) else None
if publisher:
    die_with_parent(int(publisher))

warm_up()

from ipats_lib import report  # noqa: E402  # after the engine has set its limits
from ipats_lib.errors import ParamsError  # noqa: E402
from ipats_lib.levels import load_levels  # noqa: E402
from ipats_lib.publishing import execute  # noqa: E402
from ipats_lib.report.charts import rehearse  # noqa: E402

for module in iter_modules(report.__path__, "ipats_lib.report."):
    import_module(module.name)


def read_params() -> None:
    """Call every loader of the library that needs no argument and keeps what it has read."""
    modules = [m for name, m in sys.modules.items() if name.startswith("ipats_lib.")]
    for module in modules:
        for name, loader in list(vars(module).items()):
            if not name.startswith("load_") or not hasattr(loader, "cache_info"):
                continue
            if all(p.default is not Parameter.empty for p in signature(loader).parameters.values()):
                with suppress(ParamsError):  # the notebook that reads it says what is wrong
                    loader()


read_params()
with suppress(ParamsError):
    load_levels(True)
    load_levels(False)
execute.render_nothing()
rehearse()
gc.collect()
gc.freeze()  # no worker looks through these again, or copies their pages by doing so
