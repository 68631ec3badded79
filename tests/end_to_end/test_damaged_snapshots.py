"""A damaged snapshot ends a command with exit 4 and the file's name, and is made again.

Source: issue "Every known wrong answer put right"; tests/snapshot/test_damage.py has every kind of
damage, this the commands.
"""

import shutil
from pathlib import Path

import pytest

from tests.conftest import publish


@pytest.fixture
def kept(extract, store, tmp_path) -> Path:
    """A snapshot of the sample state in a store of this test's own."""
    done = publish("snapshot", "--extract", extract, "--store", store)
    assert done.returncode == 0, done.stderr
    whole = Path(done.stdout.strip())
    return Path(shutil.copytree(whole, tmp_path / "store" / whole.name))


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def figures(place: Path, store: Path, out: Path):
    return publish("indicators", "--extract", place, "--store", store, "--period", "PY2024",
                   "--out", out)  # fmt: skip


def refused(done, name: str) -> None:
    assert done.returncode == 4, done.stderr
    assert name in done.stderr
    assert done.stderr.count("Stopped:") == 1
    assert "Traceback" not in done.stderr


def test_no_command_gives_a_figure_of_a_damaged_snapshot(kept, extract, tmp_path):
    good, out, site = tmp_path / "good.csv", tmp_path / "figures.csv", tmp_path / "site"
    assert figures(kept, kept.parent, good).returncode == 0
    part = sorted((kept / "pirl").iterdir())[3]
    flip(part, part.stat().st_size // 2)
    refused(figures(kept, kept.parent, out), f"pirl/{part.name}")
    assert not out.exists()
    build = ("build", "--store", kept.parent, "--period", "PY2024Q4", "--site", site)
    refused(publish(*build, "--extract", kept), f"pirl/{part.name}")
    refused(publish(*build, "--extract", extract, "--earlier", kept), f"pirl/{part.name}")
    assert not site.exists()
    again = publish("snapshot", "--extract", extract, "--store", kept.parent)
    assert (again.returncode, again.stdout.strip()) == (0, str(kept))
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    assert figures(extract, kept.parent, out).returncode == 0
    assert out.read_bytes() == good.read_bytes()


@pytest.mark.parametrize("how", ["flipped", "gone"])
def test_a_damaged_manifest_is_refused_and_replaced(kept, extract, tmp_path, how):
    path = kept / "snapshot.json"
    said = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        flip(path, said.index(b'"as_of"') + 18)
    refused(figures(kept, kept.parent, tmp_path / "out.csv"), "snapshot.json")
    assert publish("snapshot", "--extract", extract, "--store", kept.parent).returncode == 0
    assert path.read_bytes() == said
