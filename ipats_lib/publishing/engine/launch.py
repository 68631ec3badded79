"""Start an ordinary kernel that never outlives the process that asked for it.

ipykernel watches its parent by a thread, which fails it twice: a parent that dies before the
thread has begun is not missed wherever its orphans go to another process than init, and under
libfaketime the thread dies of its first pause. Linux itself ends the kernel instead. On other
systems orphans go to init and ipykernel's thread must do.
"""

import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ipats_lib.publishing.engine import process_tree

OWN_KERNEL = "ipykernel_launcher"
_HOME = str(Path(__file__).parents[3])
_BEGIN = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from ipats_lib.publishing.engine.launch import become; "
    "home = sys.path.pop(0); home in sys.path or sys.path.append(home); "
    "become(int(sys.argv[2]), sys.argv[3:])"
)


def bound_to_us(command: Sequence[str]) -> list[str]:
    """The command that runs a kernel's `command` in a process that ends with this one.

    With the thread of ours that starts it, to be exact. Whatever its working directory, a kernel of
    this interpreter finds this library, and another one before it.
    """
    return [sys.executable, "-c", _BEGIN, _HOME, str(os.getpid()), *command]


def become(parent: int, command: Sequence[str]) -> NoReturn:
    """Be the kernel that `command` starts: an ipykernel of this interpreter without a detour."""
    if sys.platform.startswith("linux"):
        process_tree.die_with_parent(parent)
    if list(command[:3]) == [sys.executable, "-m", OWN_KERNEL]:
        sys.argv = list(command[2:])
        runpy.run_module(OWN_KERNEL, run_name="__main__", alter_sys=True)
        sys.exit()
    os.execvp(command[0], list(command))  # noqa: S606  (a kernel of another language)
