"""Who may read what is written, whatever the umask.  Source: ipats_lib/modes.py, docs/access.md.

Site and snapshots: folders 0750, files 0640, of one group when `--group` names it. Access store and
audit log: 0700 and 0600.
"""

import grp
import os
import stat
import subprocess
import sys

import pytest

from ipats_lib import modes
from ipats_lib.errors import UsageError
from tests.conftest import ROOT

ONE = "lwia/07/planner/1007"


def publish(umask, *words):
    command = [sys.executable, str(ROOT / "publish.py"), *map(str, words)]
    done = subprocess.run(
        command, cwd=ROOT, umask=umask, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def found(root):
    """The modes of all folders and of all files at and below a folder, and their groups."""
    folders, files, groups = set(), set(), set()
    for path in (root, *root.rglob("*")):
        facts = path.lstat()
        if not path.is_symlink():
            kind = folders if path.is_dir() else files
            kind.add(oct(stat.S_IMODE(facts.st_mode)))
            groups.add(facts.st_gid)
    return folders, files, groups


@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_site_and_snapshots_are_for_the_owner_and_one_group(extract, few, tmp_path, umask):
    site, store = tmp_path / "site", tmp_path / "store"
    publish(umask, "build", "--extract", extract, "--store", store, "--period", "PY2024Q4",
            "--notebooks", few, "--site", site, "--only", ONE)  # fmt: skip
    for root in (site, store):
        assert found(root)[:2] == ({"0o750"}, {"0o640"})


def other_group() -> str:
    """A group that this process may give files to, and that is not the one it writes as."""
    mine = range(1, 60_000) if os.geteuid() == 0 else os.getgroups()
    names = [g.gr_name for g in grp.getgrall() if g.gr_gid in mine and g.gr_gid != os.getegid()]
    if not names:
        pytest.skip("this account is in one group only")
    return names[0]


def test_a_group_gets_what_is_there_and_what_comes(extract, few, tmp_path):
    """A site and a store of before, readable by all; then the next publication without the word."""
    site, store, group = tmp_path / "site", tmp_path / "store", other_group()
    words = ("build", "--extract", extract, "--store", store, "--period", "PY2024Q4",
             "--notebooks", few, "--site", site, "--only", ONE)  # fmt: skip
    publish(0o022, *words)
    for root in (site, store):
        for path in (root, *root.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)
    publish(0o077, *words, "--group", group)
    number = grp.getgrnam(group).gr_gid
    for root in (site, store):
        assert found(root) == ({"0o2750"}, {"0o640"}, {number})
    publish(0o077, *words, "--clean")
    assert found(site) == ({"0o2750"}, {"0o640"}, {number})


def test_a_group_that_there_is_not_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match="no group nosuchgroup"):
        modes.shared_folder(tmp_path, "nosuchgroup")


def test_store_and_log_of_access_are_private(tmp_path):
    store, log = tmp_path / "access/access.db", tmp_path / "access/audit"
    words = ("access", "create", "anna", "--access", store, "--audit", log)
    publish(0, *words)
    assert found(tmp_path / "access")[:2] == ({"0o700"}, {"0o600"})
    store.chmod(0o644)
    log.chmod(0o755)
    (log / "lock").chmod(0o666)
    publish(0, *(word if word != "anna" else "bert" for word in words))
    assert found(tmp_path / "access")[:2] == ({"0o700"}, {"0o600"})


def test_only_one_module_sets_modes():
    """A mode elsewhere would be a second rule."""
    said = [
        path.name
        for path in (ROOT / "ipats_lib").rglob("*.py")
        if any(word in path.read_text() for word in ("chmod(", "umask(", "0o6", "0o7", "chown("))
    ]
    assert said == ["modes.py"]
