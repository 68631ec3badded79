"""`make demo-access`, as somebody types it: three people sign in, read theirs, and no more.

And the walk through access of docs/access.md, command by command.
"""

import os
import re
import shlex
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest

from tests.access.servers import ask, free_port, listens
from tests.access.test_signing_in import cookies, sign_in
from tests.conftest import ROOT, passed, publish
from tests.waiting import wait_until

PERIOD = "/PY2024Q4"
OWN = {
    "state1": ("state", "lwia/02", "lwia/02/planner/1002"),
    "admin01": ("lwia/01", "lwia/01/planner/1001"),
    "planner1001": ("lwia/01/planner/1001",),
}
OTHERS = {
    "state1": ("lwia/03",),
    "admin01": ("state", "lwia/02", "lwia/02/planner/1002"),
    "planner1001": ("state", "lwia/01", "lwia/02/planner/1002"),
}


@contextmanager
def started(command, said, **more):
    """A server in a process group of its own, until it has said where it serves."""
    running = subprocess.Popen(
        command, cwd=ROOT, text=True, start_new_session=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, **more,
    )  # fmt: skip
    try:
        for line in running.stdout:
            said.append(line)
            if line.startswith("Serving "):
                break
        assert said[-1].startswith("Serving "), "".join(said)
        yield
    finally:
        os.killpg(running.pid, signal.SIGINT)
        said += running.communicate(timeout=60)[0].splitlines()


def signed_in(port, user, password) -> str:
    """The Cookie header of somebody who has just signed in."""
    wait_until(lambda: listens(port))  # it says its address just before
    done = sign_in(port, user, password)
    assert (done.status, done.header("location")) == (303, "/")
    return f"Cookie: __Host-ipats={cookies(done)['__Host-ipats']}\r\n"


def read(port, cookie, folders) -> list[int]:
    return [ask(port, f"{PERIOD}/{folder}/index.html", cookie).status for folder in folders]


def kept(extract, store) -> str:
    """The folder of the snapshot of an extract, as the command prints it."""
    done = publish("snapshot", "--extract", extract, "--store", store)
    passed(done)
    return done.stdout


@pytest.fixture(params=["ready", pytest.param("made", marks=pytest.mark.soak)])
def doors(request, tmp_path) -> list[str]:
    """What `make` is told: to publish, or that the tests' small site and snapshot are there."""
    if request.param == "made":
        return []
    extract, store, site = map(request.getfixturevalue, ("extract", "store", "site"))
    (tmp_path / "now.txt").write_text(kept(extract, store))
    (tmp_path / "site").symlink_to(site)
    return ["-o", "demo-access-site"]


def test_the_demo_signs_three_people_in_and_each_reads_what_is_theirs(tmp_path, doors):
    port, said, began = free_port(), [], time.monotonic()
    # The environment is set up: what is measured is the demo.
    command = ["make", "-o", ".venv/.synced", *doors]
    command += ["demo-access", f"DOORS={tmp_path}", f"PORT={port}"]
    with started(command, said):
        print(f"demo-access: {time.monotonic() - began:.0f} s until it serves")
        given = re.findall(r"^  (\S+)  (\S+)$", "".join(said), re.MULTILINE)
        assert [user for user, _ in given] == list(OWN)
        assert f"at http://127.0.0.1:{port}/" in said[-1]
        for user, password in given:
            cookie = signed_in(port, user, password)
            assert set(read(port, cookie, OWN[user])) == {200}, user
            assert set(read(port, cookie, OTHERS[user])) == {404}, user
            assert read(port, "", OWN[user][:1]) == [404]
            assert f'href="{PERIOD}/{OWN[user][0]}/index.html"' in (
                ask(port, "/", cookie).body.decode()
            )
    assert not listens(port)
    assert "Traceback" not in "".join(said)


@pytest.fixture(scope="module")
def walk() -> list[str]:
    """The commands of the walk in docs/access.md."""
    text = (ROOT / "docs" / "access.md").read_text()
    block = text.split("## From nothing to a reader", 1)[1].split("```")[1]
    return [line.partition("#")[0].strip() for line in block.strip().splitlines()]


def test_the_walk_through_access_ends_with_somebody_reading(tmp_path, walk, extract, store, site):
    """As written, on the tests' small site instead of `make demo`'s; and in a folder of its own."""
    demo = tmp_path / "var" / "demo"
    demo.mkdir(parents=True)
    (demo / "now.txt").write_text(kept(extract, store))
    (demo / "site").symlink_to(site)
    assert walk[0] == "make demo"
    assert walk[-1].startswith("python publish.py serve ")
    python = f'python() {{ {ROOT}/.venv/bin/python "${{@/#publish.py/{ROOT}/publish.py}}"; }}; '
    for line in walk[1:-1]:
        done = subprocess.run(
            ["bash", "-c", python + line], cwd=tmp_path, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, (line, done.stderr)
    user, password = "admin01", "correct horse battery"
    assert any(f"create {user} " in line and password in line for line in walk)
    port, said = free_port(), []
    server = [str(ROOT / ".venv/bin/python"), str(ROOT / "publish.py"), *shlex.split(walk[-1])[2:]]
    where = {
        "--site": "var/demo/site",
        "--access": "var/access/access.db",
        "--audit": "var/access/audit",
    }
    server += [word for name, path in where.items() if name not in server for word in (name, path)]
    server = [str(tmp_path / word) if word.startswith("var/") else word for word in server]
    with started([*server, "--port", str(port)], said):
        cookie = signed_in(port, user, password)
        assert read(port, cookie, OWN[user]) == [200, 200]
        assert read(port, cookie, ("state", "lwia/02")) == [404, 404]
