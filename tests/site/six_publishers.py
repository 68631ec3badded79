"""Six publishers at once, in a process that forks them: `python -m tests.site.six_publishers SITE`.

The winner's work begins only when the five others have ended, so the meeting is certain.
"""

import multiprocessing
import sys
from pathlib import Path

from ipats_lib.errors import PublisherBusyError
from ipats_lib.publishing.site import Site
from tests.switched import switch

NUMBER = 6


def publish(root: Path, start, ended, codes) -> None:
    site = Site(root)
    start.wait()
    try:
        with site.publisher():
            for _ in range(NUMBER - 1):
                ended.acquire()
            staged = site.stage("PY2024Q4")
            (staged / "state").mkdir()
            (staged / "state" / "index.html").write_text("whole")
            switch(site, "PY2024Q4", staged, {})
            codes.put(0)
    except PublisherBusyError as error:
        codes.put(error.exit_code)
        ended.release()


if __name__ == "__main__":
    fork = multiprocessing.get_context("fork")
    start, ended, codes = fork.Barrier(NUMBER), fork.Semaphore(0), fork.SimpleQueue()
    root = Path(sys.argv[1])
    publishers = [
        fork.Process(target=publish, args=(root, start, ended, codes)) for _ in range(NUMBER)
    ]
    for one in publishers:
        one.start()
    for one in publishers:
        one.join()
    print(sorted(codes.get() for _ in publishers))
