"""The warning filters a notebook starts with: Python's own and those of the imported libraries.

The caller's own filters (a test runner's, for one) are not among them.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PYTHON_FILTERS: list[tuple[Any, ...]] = [
    ("default", None, DeprecationWarning, "__main__", 0),
    ("ignore", None, DeprecationWarning, None, 0),
    ("ignore", None, PendingDeprecationWarning, None, 0),
    ("ignore", None, ImportWarning, None, 0),
    ("ignore", None, ResourceWarning, None, 0),
]

_from_libraries: list[tuple[Any, ...]] = []


@contextmanager
def noting_library_filters() -> Iterator[None]:
    """Remember the filters that imports inside the block add; change none of the caller's."""
    before = list(warnings.filters)
    with warnings.catch_warnings():
        yield
        added = [entry for entry in warnings.filters if entry not in before]
    _from_libraries[:0] = added
    warnings.filters[:0] = added  # type: ignore[index]


def filters() -> list[tuple[Any, ...]]:
    """Return the list to start with, the first match counting.  -W and PYTHONWARNINGS are kept."""
    return [*_library_filters(), *_from_options(), *PYTHON_FILTERS]


def _library_filters() -> list[tuple[Any, ...]]:
    """Return what imports added.  numpy's are known by name, when it was imported before us."""
    own = [
        entry for entry in warnings.filters if _is_numpys(entry) and entry not in _from_libraries
    ]
    return [*_from_libraries, *own]


def _is_numpys(entry: tuple[Any, ...]) -> bool:
    pattern = getattr(entry[1], "pattern", entry[1]) or ""
    return str(pattern).startswith("numpy.") or entry[2].__module__.startswith("numpy.")


def _from_options() -> list[tuple[Any, ...]]:
    with warnings.catch_warnings():
        warnings.resetwarnings()
        options: Any = warnings
        options._processoptions(sys.warnoptions)
        return list(warnings.filters)
