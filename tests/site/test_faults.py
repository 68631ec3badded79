"""F6, F10: a fault at each durable call, and readers during many switches.

Every durable call of one publication (fsync, replace, symlink, mkdir, unlink, link) is counted
once; then a fresh publisher is made to fail, or is killed, at each of them in turn. After every
fault readers see the old publication or the new one, whole, and the next publisher ends with the
same bytes as an undisturbed one.
"""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ipats_lib.publishing.site import Site, walk

PERIOD = "PY2024Q4"
CALLS = ("fsync", "replace", "symlink", "mkdir", "unlink", "rmdir")
PUBLISHER = f"""
import errno, os, sys
from pathlib import Path
root, text, at, kind = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
seen = 0
def fail_at(call):
    def durable(*args, **options):
        global seen
        seen += 1
        if seen == at and kind == "kill":
            os.kill(os.getpid(), 9)
        if seen == at:
            raise OSError(errno.ENOSPC, "no space left on device")
        return call(*args, **options)
    return durable
from ipats_lib.publishing.site import Site
for name in {CALLS!r}:
    setattr(os, name, fail_at(getattr(os, name)))
site = Site(root)
with site.publisher():
    staged = site.stage("{PERIOD}")
    for scope in ("state", "lwia/07", "lwia/07/planner/1042"):
        (staged / scope).mkdir(parents=True)
        (staged / scope / "index.html").write_text(text)
    site.switch("{PERIOD}", staged, {{"snapshot": text}})
print(seen)
"""


def publisher(root: Path, text: str, at: int = 0, kind: str = "none"):
    return subprocess.run(
        [sys.executable, "-c", PUBLISHER, str(root), text, str(at), kind],
        capture_output=True,
        text=True,
        check=False,
    )


def shown(root: Path) -> dict[str, str]:
    period = root / PERIOD
    return {p.relative_to(period).as_posix(): p.read_text() for p in walk(period)}


@pytest.fixture(scope="module")
def durable_calls(tmp_path_factory) -> int:
    root = tmp_path_factory.mktemp("counted")
    assert publisher(root, "one").returncode == 0
    return int(publisher(root, "two").stdout)


def test_the_shim_sees_the_durable_calls(durable_calls):
    assert durable_calls > 15


@pytest.mark.parametrize("kind", ["error", "kill"])
def test_a_fault_at_each_durable_call_leaves_a_whole_site(tmp_path, durable_calls, kind):
    torn = 0
    for at in range(1, durable_calls + 1):
        root = tmp_path / f"{at:03d}"
        assert publisher(root, "one").returncode == 0
        assert publisher(root, "two", at, kind).returncode != 0 or kind == "error"
        torn += set(shown(root).values()) not in ({"one"}, {"two"}) or len(shown(root)) != 3
        assert publisher(root, "two").returncode == 0
        assert set(shown(root).values()) == {"two"}
        assert Site(root).is_intact(PERIOD)
    print(f"F6 {kind}: {durable_calls} durable calls, {torn} partial sites")
    assert torn == 0


def test_readers_never_meet_half_a_publication(tmp_path):
    """F10: reads of a page while publications replace each other."""
    site = Site(tmp_path / "site")
    stop, bad, reads = threading.Event(), [], [0]

    def publish(text: str) -> None:
        with site.publisher():
            staged = site.stage(PERIOD)
            (staged / "state").mkdir()
            (staged / "state" / "index.html").write_text(text * 2000)
            site.switch(PERIOD, staged, {"snapshot": text})

    def read() -> None:
        page = site.root / PERIOD / "state" / "index.html"
        while not stop.is_set():
            try:
                text = page.read_text()
            except OSError as error:
                bad.append(str(error))
            else:
                reads[0] += 1
                bad.extend([] if len(text) == 2000 and len(set(text)) == 1 else [text[:20]])

    publish("a")
    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1_000):
        publish("abcdefgh"[number % 8])
    stop.set()
    reader.join()
    print(f"F10: {reads[0]} reads during 1,000 switches, {len(bad)} bad")
    assert reads[0] > 0
    assert not bad
