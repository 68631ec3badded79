"""What is withheld from the same figures is sought once a run, not by each small publication.

The search takes a second or two of CPU, and most tests publish the same sample state. Its answer is
kept on file under a hash of all that it is sought from, where `PLACE` names a folder: in pytest's
workers and in warm commands. A command in a Python of its own searches again, and
`test_warm_commands.py` compares what both publish. One that need not is given to this program:

    python -m tests.remembered publish.py WORDS
"""

import hashlib
import os
import pickle
import runpy
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

PLACE = "IPATS_TEST_WITHHELD"


def remember_what_is_withheld() -> None:
    """From now on, in this process and its forks."""
    from ipats_lib.frames import editions

    if not hasattr(editions.withhold, "__wrapped__"):
        editions.withhold = remembered(editions.withhold)


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def answer(*asked: object) -> Any:
        if not (place := os.environ.get(PLACE)):
            return function(*asked)
        path = Path(place) / hashlib.sha256(pickle.dumps(asked)).hexdigest()
        if path.exists():
            return pickle.loads(path.read_bytes())
        found = function(*asked)
        unnamed = path.with_name(f"{path.name}-{os.getpid()}")
        unnamed.write_bytes(pickle.dumps(found))
        unnamed.rename(path)
        return found

    return answer


if __name__ == "__main__":
    del sys.argv[0]
    remember_what_is_withheld()
    runpy.run_path(sys.argv[0], run_name="__main__")
