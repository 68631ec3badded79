"""The forked child: detach from the caller, become a kernel, run cells until told to stop."""

import asyncio
import json
import logging
import os
import sys
import traceback
from contextlib import suppress
from typing import Any, NoReturn

from ipats_lib.publishing.engine import prepared, process_tree
from ipats_lib.publishing.engine.fresh import make_fresh, run_exit_functions
from ipats_lib.publishing.engine.kernel import (
    PipeKernel,
    PipeSession,
    execute_request,
    make_kernel,
)
from ipats_lib.publishing.engine.streams import capture

SETUP_FAILED = 70  # EX_SOFTWARE


def be_the_notebook(parent: int, requests: int, messages: int, directory: str | None) -> NoReturn:
    """Run the cells that arrive at `requests`, answer on `messages`, and never return.

    The stack below belongs to the caller: nothing may unwind into it.
    """
    code = SETUP_FAILED
    try:
        _detach(parent)
        _let_go_of_files({requests, messages})
        if directory is not None:
            os.chdir(directory)
        make_fresh()
        kernel = _kernel(messages)
        _serve(kernel, requests)
        code = 0
        run_exit_functions()
    except BaseException:
        with suppress(Exception):
            traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def _detach(parent: int) -> None:
    os.setsid()
    process_tree.die_with_parent(parent)
    _volunteer_for_the_oom_killer()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115


def _let_go_of_files(kept: set[int]) -> None:
    """Put nothing in the place of every file, pipe and socket that the caller has open.

    A worker's pipe holds the next job, another scope's records. The numbers stay taken, so that
    an object of the caller's that closes its own cannot close one of the notebook's.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/proc/self/fd"):
        if (number := int(name)) > 2 and number not in {*kept, nothing}:
            with suppress(OSError):  # the listing's own is closed by now
                os.fstat(number)
                os.dup2(nothing, number, inheritable=False)
    os.close(nothing)


def _volunteer_for_the_oom_killer() -> None:
    """When the machine itself runs out of memory, Linux shall take this child, not the caller."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def _kernel(messages: int) -> PipeKernel:
    kernel = prepared.take()
    session: PipeSession = kernel.session if kernel else PipeSession()
    session.speak_through(messages)
    sys.stdout, sys.stderr = capture(session, session.lock)  # type: ignore[assignment]
    sys.__stdout__ = _text_file(1)  # type: ignore[misc]
    sys.__stderr__ = _text_file(2)  # type: ignore[misc]
    return kernel or make_kernel(session, logging.getLogger(prepared.LOG))


def _text_file(descriptor: int) -> Any:
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def _serve(kernel: PipeKernel, requests: int) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(_run_cells(kernel, requests))


async def _run_cells(kernel: PipeKernel, requests: int) -> None:
    """Run one cell after the other; tasks that cells have left go on while none is running."""
    lines = asyncio.StreamReader(limit=sys.maxsize)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(requests, "rb")
    )
    while line := await lines.readline():
        request = json.loads(line)
        await kernel.run(execute_request(request["source"], request["message_id"]))
        if kernel.shell.exit_now:
            return
