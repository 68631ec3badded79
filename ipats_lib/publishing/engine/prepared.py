"""A kernel made before the fork, so that no notebook pays for its making again.

What a new shell leaves in its process (its own `__main__`, names among the builtins, environment,
prompts, warning filters, exit functions) is taken back at once, and put in place again in the
child that takes the kernel: the caller never sees a shell, and each notebook has its own copy.
"""

import atexit
import builtins
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import SingletonConfigurable

from ipats_lib.publishing.engine.kernel import PipeKernel, PipeSession, make_kernel

PROMPTS = ("ps1", "ps2", "ps3")
LOG = "ipats.engine.child"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A kernel and what belongs into its process."""

    kernel: PipeKernel
    main: Any
    builtins: dict[str, Any]
    environment: dict[str, str]
    prompts: dict[str, Any]
    filters: list[Any]
    at_exit: list[tuple[Any, ...]]


_kept: list[_Prepared] = []


def prepare() -> None:
    """Make a kernel for the children of this process; nothing where a shell is there already."""
    if _kept or InteractiveShell.initialized():
        return
    at_exit: list[tuple[Any, ...]] = []
    with _taken_back() as before, _noting_exit_functions(at_exit):
        kernel = make_kernel(PipeSession(), logging.getLogger(LOG))
        _kept.append(
            _Prepared(
                kernel,
                sys.modules["__main__"],
                _added(vars(builtins), before["builtins"]),
                _added(dict(os.environ), before["environment"]),
                {name: getattr(sys, name) for name in PROMPTS},
                [entry for entry in warnings.filters if entry not in before["filters"]],
                at_exit,
            )
        )


def take() -> PipeKernel | None:
    """In a child: the prepared kernel, now this process's; None where none was prepared."""
    if not _kept:
        return None
    prepared = _kept.pop()
    kernel = prepared.kernel
    _be_the_instance(kernel)
    _be_the_instance(kernel.shell)
    sys.modules["__main__"] = prepared.main
    vars(builtins).update(prepared.builtins)
    os.environ.update(prepared.environment)
    vars(sys).update(prepared.prompts)
    warnings.filters[:0] = prepared.filters  # type: ignore[index]
    for function, arguments, options in prepared.at_exit:
        atexit.register(function, *arguments, **options)
    here = os.getcwd()
    kernel.shell.starting_dir = here
    kernel.shell.user_ns["_dh"][:] = [Path(here)]
    return kernel


def _added(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return {n: value for n, value in now.items() if n not in before or before[n] != value}


def _be_the_instance(one: SingletonConfigurable) -> None:
    for kind in type(one)._walk_mro():
        kind._instance = one  # type: ignore[assignment]


@contextmanager
def _taken_back() -> Iterator[dict[str, Any]]:
    before: dict[str, Any] = {
        "builtins": dict(vars(builtins)),
        "environment": dict(os.environ),
        "filters": list(warnings.filters),
    }
    modules = {name: sys.modules.get(name) for name in ("__main__", "ipykernel.debugger")}
    prompts = {name: getattr(sys, name) for name in PROMPTS if hasattr(sys, name)}
    try:
        yield before
    finally:
        for kind in (PipeKernel, PipeKernel.shell_class.klass):
            kind.clear_instance()
        for name, module in modules.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module
        for name in PROMPTS:
            vars(sys).pop(name, None)
        vars(sys).update(prompts)
        for name in set(vars(builtins)) - set(before["builtins"]):
            delattr(builtins, name)
        vars(builtins).update(before["builtins"])
        os.environ.clear()
        os.environ.update(before["environment"])
        warnings.filters[:] = before["filters"]  # type: ignore[index]


@contextmanager
def _noting_exit_functions(noted: list[tuple[Any, ...]]) -> Iterator[None]:
    """The shell's own end belongs to the child, not to this process."""
    register: Callable[..., Any] = atexit.register

    def note(function: Any, *arguments: Any, **options: Any) -> Any:
        noted.append((function, arguments, options))
        return function

    atexit.register = note  # type: ignore[assignment]
    try:
        yield
    finally:
        atexit.register = register
