"""How much memory processes have held."""

import sys


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
