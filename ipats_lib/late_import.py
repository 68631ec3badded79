"""Defers a slow, rarely used import until somebody first asks for it.

jsonschema imports `rfc3987_syntax` wherever it is installed (JupyterLab wants it), to be able to
check addresses of one kind, which no chart and no notebook has. The import builds a parser: 0.7
seconds of CPU and more in every process that imports altair, papermill or nbformat.
"""

import sys
from importlib.util import find_spec, module_from_spec
from typing import Any

ADDRESS_SYNTAX = "rfc3987_syntax"


def put_off_address_syntax() -> None:
    """Let `import rfc3987_syntax` cost nothing until it is used; no effect where it is too late."""
    if ADDRESS_SYNTAX in sys.modules or (spec := find_spec(ADDRESS_SYNTAX)) is None:
        return
    module: Any = module_from_spec(spec)

    def loaded() -> Any:
        if vars(module).pop("__getattr__", None) is not None and spec.loader is not None:
            spec.loader.exec_module(module)
        return module

    module.__getattr__ = lambda name: getattr(loaded(), name)
    # jsonschema takes this name at once, and calls it for an address alone.
    module.is_valid_syntax = lambda term, value: loaded().is_valid_syntax(term, value)
    sys.modules[ADDRESS_SYNTAX] = module
