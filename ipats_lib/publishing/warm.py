"""Whether this system's processes may fork, and the warm server that workers and notebooks are
forked from; and how much memory processes have held."""

import multiprocessing
import os
import sys

from ipats_lib.publishing import scratch


def fork_hazard() -> str | None:
    """Why no process may fork on this system, or None where forks of the warm one are safe."""
    if os.environ.get("IPATS_ENGINE") == "kernel":
        return "IPATS_ENGINE=kernel asks for it"
    if not sys.platform.startswith("linux"):
        return f"forking is not safe on {sys.platform}"
    return None if hasattr(os, "pidfd_open") else "this Python cannot watch a process by descriptor"


def warm_context() -> multiprocessing.context.ForkServerContext:
    """What starts processes forked from the warm server.  Closed standard descriptors are taken
    first: a socket there would be passed on to every program that multiprocessing starts."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ipats_lib.publishing.warm_server"])
    scratch.keep_sockets_short()
    return context


def peak_memory_mb(of_children: bool = False) -> int:
    """The most memory that this process has held, or of_children: the largest process that it has
    waited for; resident, with what is shared. 0 where the system does not count."""
    try:
        import resource
    except ImportError:
        return 0
    whose = resource.RUSAGE_CHILDREN if of_children else resource.RUSAGE_SELF
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return resource.getrusage(whose).ru_maxrss // unit
