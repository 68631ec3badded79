"""A command from the warm process of `tests/commands.py` does what a cold one does."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.commands import Server, Warm, cold, publish, start
from tests.conftest import planner_of
from tests.end_to_end.test_publishing import PERIOD, content
from tests.remembered import PLACE, remembered
from tests.waiting import alive, descendants, wait_until

WORDS = [
    ["--help"],
    ["plan"],
    ["nonsense"],
    ["plan", "--notebooks", "/nowhere"],
    ["--log-format", "json", "build", "--extract", "/nowhere", "--period", "PY2024", "--site", "x"],
]


def without_time(said: str) -> str:
    return "\n".join(line.partition('"time"')[0] for line in said.splitlines())


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_it_says_the_same_and_ends_with_the_same_code(words):
    warm, other = publish(*words), cold(*words)
    assert warm.returncode == other.returncode
    assert (warm.stdout, without_time(warm.stderr)) == (other.stdout, without_time(other.stderr))


def test_it_publishes_the_same_bytes_with_the_same_modes(extract, store, few, tmp_path):
    def modes(name):
        site = tmp_path / name
        return {p.relative_to(site): p.lstat().st_mode for p in (site / PERIOD).rglob("*")}

    command = ("build", "--extract", extract, "--store", store, "--period", PERIOD)
    more = ("--notebooks", few, "--only", planner_of(extract))
    for run, name in ((publish, "warm"), (cold, "cold")):
        done = run(*command, *more, "--site", tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == str(tmp_path / name / PERIOD)
    assert content(tmp_path / "warm") == content(tmp_path / "cold")
    assert modes("warm") == modes("cold")
    assert list(Path(os.environ[PLACE]).iterdir()), "a warm command keeps what it has sought"


def test_what_is_withheld_of_the_same_figures_is_sought_once(tmp_path, monkeypatch):
    monkeypatch.setenv(PLACE, str(tmp_path))
    asked = []
    seek = remembered(lambda *figures: asked.append(figures) or [*figures])
    assert [seek(1, "a"), seek(1, "a"), seek(1, "b")] == [[1, "a"], [1, "a"], [1, "b"]]
    assert asked == [(1, "a"), (1, "b")]
    monkeypatch.delenv(PLACE)
    assert seek(1, "a") == [1, "a"]
    assert len(asked) == 3


def begun(extract, store, few, tmp_path):
    """A build that has begun, in a session of its own."""
    words = ("build", "--extract", extract, "--store", store, "--period", PERIOD)
    site = tmp_path / "site"
    running = start(*words, "--notebooks", few, "--site", site, session=True)
    assert isinstance(running, Warm)
    wait_until(lambda: (site / PERIOD).parent.exists() or running.poll() is not None)
    assert running.poll() is None
    return running


def test_a_signal_ends_it_and_what_it_has_started(extract, store, few, tmp_path):
    with begun(extract, store, few, tmp_path) as running:
        assert os.getsid(running.pid) == running.pid
        started = descendants(running.pid)
        assert started
        with pytest.raises(subprocess.TimeoutExpired):
            running.communicate(0.1)
        assert running.wait() == -signal.SIGKILL
    wait_until(lambda: not any(map(alive, started)))


def test_ctrl_c_ends_in_a_sentence_and_its_code(extract, store, few, tmp_path):
    with begun(extract, store, few, tmp_path) as running:
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(60)
    assert "The publication was interrupted" in said
    assert running.returncode == 130


@pytest.mark.parametrize("name", ["IPATS_PARAMS", "IPATS_ENGINE", "NO_COLOR"])
def test_with_another_environment_it_is_cold(tmp_path, name):
    """Modules may have looked at it when they were imported; what only tests read may differ."""
    with start("plan", env={"IPATS_TEST_PLACE": "x"}) as warm:
        assert isinstance(warm, Warm)
    with start("plan", env={name: str(tmp_path)}) as other:
        assert isinstance(other, subprocess.Popen)
        other.kill()


def test_several_run_at_once(extract):
    running = [start("plan") for _ in range(3)]
    assert {one.communicate()[0] for one in running} == {publish("plan").stdout}


def test_the_server_ends_with_its_user():
    server = Server()
    server.end()
    assert server.process.returncode == 0
