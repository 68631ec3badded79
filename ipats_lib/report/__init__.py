"""What a notebook sees: it opens a report, reads its frames, and shows what it made of them.

`open_report` is loaded when first used; `show` and the other modules when they are imported. So a
page depends on what its notebook uses alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ipats_lib.report import show
from ipats_lib.report.show import theme  # noqa: F401  (enables Altair's theme and renderer)

if TYPE_CHECKING:
    from ipats_lib.report.report import Report, open_report

# The module of each name that is no module itself.
HOMES = {"Report": "ipats_lib.report.report", "open_report": "ipats_lib.report.report"}
__all__ = ["Report", "open_report", "show"]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"ipats_lib.report has no {name}.")
    found = getattr(import_module(HOMES[name]), name)
    globals()[name] = found
    return found
