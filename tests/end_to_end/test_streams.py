"""However a command was started, its work is done and its result told as well as can be.

Standard streams that are closed, full, gone or of a small alphabet; paths that nothing can spell;
temporary folders too long for a socket.  Source: cases F08 and F21 of issue 16.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.extract.drawn import write_extract

PIRL = "100 | 108-A | 900 | 903\na | 17005 | 20250601 | 1"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small extract, and a store that holds its snapshot already."""
    folder = tmp_path_factory.mktemp("streams")
    write_extract(folder / "extract", PIRL)
    done = run(folder, "{snapshot}")
    assert done.returncode == 0, done.stderr
    return folder


def run(folder, line, **settings):
    """A shell's line; {publish} is the command line, {snapshot} a whole command."""
    publish = f"{sys.executable} {ROOT / 'publish.py'}"
    snapshot = f"{publish} snapshot --extract {folder / 'extract'} --store {folder / 'store'}"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.format(publish=publish, snapshot=snapshot)],
        capture_output=True, env={**os.environ, **settings}, cwd=folder, timeout=300, check=False,
    )  # fmt: skip


def said(done):
    return done.stderr.decode(errors="replace")


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("{snapshot} >&-", 0, "Snapshot"),
        ("{snapshot} 2>&-", 0, ""),
        ("{snapshot} <&-", 0, "Snapshot"),
        ("{snapshot} <&- >&- 2>&-", 0, ""),
        ("{snapshot} 2>/dev/full", 0, ""),
        ("{snapshot} | true", 0, "Snapshot"),
        ("{snapshot} 2>&1 | true", 0, ""),
        ("{snapshot} >/dev/full", 2, "Stopped: Standard output cannot be written: No space left"),
        ("{publish} --log-format json snapshot --extract nosuch 2>&-", 2, ""),
        ("{publish} snapshot --extract nosuch 2>/dev/full", 2, ""),
    ],
)
def test_a_stream_that_takes_nothing_stops_nothing(made, line, code, told):
    done = run(made, line)
    assert done.returncode == code, said(done)
    assert told in said(done)
    assert "Traceback" not in said(done)
    assert "Exception ignored" not in said(done)


def test_what_is_said_goes_into_no_file_that_is_opened(made, tmp_path):
    """With standard output and error closed, the next files to be opened got their numbers."""
    store = tmp_path / "store"
    done = run(made, f"{{publish}} snapshot --extract {made}/extract --store {store} >&- 2>&-")
    assert done.returncode == 0
    (kept,) = store.iterdir()
    for file in json.loads((kept / "snapshot.json").read_text())["files"]:
        assert (kept / file["path"]).stat().st_size == file["bytes"]
        assert b"Snapshot" not in (kept / file["path"]).read_bytes()


@pytest.mark.parametrize(
    ("name", "settings", "printed"),
    [
        ("store \N{LATIN SMALL LETTER U WITH DIAERESIS}", {"PYTHONIOENCODING": "ascii"}, rb"\xfc"),
        ("store \N{SNOWMAN}", {"PYTHONIOENCODING": "latin-1"}, rb"\u2603"),
        ("store \N{SNOWMAN}", {"PYTHONIOENCODING": "ascii:strict"}, rb"\u2603"),
    ],
)
def test_a_path_that_cannot_be_spelled_is_escaped(made, tmp_path, name, settings, printed):
    store = os.fsencode(tmp_path / name)
    done = subprocess.run(
        [sys.executable, ROOT / "publish.py", "snapshot", "--extract", made / "extract",
         "--store", store],
        capture_output=True, env={**os.environ, **settings}, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, said(done)
    assert printed in done.stdout
    assert len(os.listdir(store)) == 1


def test_a_byte_that_is_no_utf8_is_printed_as_it_is():
    """The path on standard output is the path."""
    told = "from ipats_lib.console import ready_streams as r; r(); print('a \\udcff \\u2603')"
    for alphabet, snowman in (("utf-8", b"\xe2\x98\x83"), ("ascii", rb"\u2603")):
        done = subprocess.run(
            [sys.executable, "-c", told], capture_output=True, cwd=ROOT, timeout=300, check=True,
            env={**os.environ, "PYTHONIOENCODING": alphabet},
        )  # fmt: skip
        assert done.stdout == b"a \xff " + snowman + b"\n"


def test_a_store_whose_name_is_not_utf8_is_refused(made, tmp_path):
    command = [sys.executable, ROOT / "publish.py", "snapshot", "--extract", made / "extract"]
    done = subprocess.run(
        [*command, "--store", os.fsencode(tmp_path) + b"/store \xff"],
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert rb"store \xff is not UTF-8" in done.stderr
    assert "Traceback" not in said(done)


def test_an_extract_in_a_folder_that_is_not_utf8_is_read_and_named(made, tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/extract \xff"))
    write_extract(folder, PIRL)
    command = [sys.executable, ROOT / "publish.py", "snapshot", "--store", tmp_path / "store"]
    done = subprocess.run(
        [*command, "--extract", folder], capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 0, said(done)
    (folder / "pirl.csv").unlink()
    done = subprocess.run(
        [*command, "--extract", folder], capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 2
    assert rb"extract \xff holds no PIRL file" in done.stderr


SOCKETS = """
import tempfile
from multiprocessing.connection import Listener
from ipats_lib.publishing import scratch
from ipats_lib.publishing.engine.papermill_engine import sockets_folder
before = tempfile.gettempdir()
scratch.keep_sockets_short()
with Listener(family="AF_UNIX") as listening:
    print(listening.address)
with sockets_folder() as folder, Listener(f"{folder}/k-65535", family="AF_UNIX"):
    print(tempfile.gettempdir() == before)
"""


@pytest.mark.parametrize("length", [1, 60, 90, 120, 200])
def test_sockets_fit_whatever_the_temporary_folder(tmp_path, length):
    """A socket's path is at most 107 bytes; everything else stays where TMPDIR says."""
    place = tmp_path / ("d" * length)
    place.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SOCKETS],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "TMPDIR": str(place)},
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    address, stays = done.stdout.split()
    assert stays == "True"
    assert not Path(address).parent.exists(), "the folder goes with its process"
    assert not list(place.iterdir())
