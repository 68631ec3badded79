"""What a notebook shows with: ten verbs at most, and formats of columns.

Each name is loaded from its own module when a notebook first uses it, so a page depends on the
verbs of its notebook alone (decision 0014). `module_of` says which module that is.
"""

from importlib import import_module
from typing import Any

VERBS = (
    *("finding", "tiles", "table", "chart", "records", "choose", "download", "calendar", "note"),
    "grid",
)
# Formats of a column, and what an Altair chart uses, by the module that has them.
_MODULES = {
    "formats": ("figure", "status", "change", "link", "kind", "score"),
    "numbers": ("written",),
    "pictures": ("bullet", "bar", "interval", "spark"),
    "theme": ("PALETTE", "VERDICTS", "reference", "names"),
    "maps": ("counties",),
}
_OTHERS = {name: module for module, names in _MODULES.items() for name in names}


def module_of(name: str) -> str:
    """The module that `show.<name>` comes from; AttributeError where there is no such name."""
    if name in VERBS:
        return f"{__name__}.verbs.{name}"
    if name in _OTHERS:
        return f"{__name__}.{_OTHERS[name]}"
    raise AttributeError(f"show has no {name}; it has {', '.join((*VERBS, *_OTHERS))}.")


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    found = getattr(import_module(module_of(name)), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted((*VERBS, *_OTHERS, "module_of"))
